//! What a column of order lines may be.

use crate::facts::SourceKind;

/// What a column of order lines may be; by the keys of `[facts.transactions]`, but for prices per unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Who bought.
    Customer,
    /// The order, invoice or receipt.
    Order,
    /// The line of the order.
    Line,
    /// The article.
    Product,
    /// What the article belongs to.
    ProductGroup,
    /// When it was bought.
    At,
    /// Units.
    Quantity,
    /// List value of the line.
    Revenue,
    /// List price of a unit.
    UnitPrice,
    /// Discount, as money or as a share of the list value.
    Discount,
    /// Cost of the goods of the line.
    Cost,
    /// Cost of a unit.
    UnitCost,
    /// Currency of the row.
    Currency,
}

impl Role {
    /// In the order of a pipeline file; where two roles could take a column the first does.
    pub const ALL: [Role; 13] = [
        Role::Customer,
        Role::Order,
        Role::Line,
        Role::Product,
        Role::ProductGroup,
        Role::At,
        Role::Quantity,
        Role::UnitPrice,
        Role::UnitCost,
        Role::Revenue,
        Role::Discount,
        Role::Cost,
        Role::Currency,
    ];

    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Line => "line",
            Self::Product => "product",
            Self::ProductGroup => "product_group",
            Self::At => "at",
            Self::Quantity => "quantity",
            Self::Revenue => "revenue",
            Self::UnitPrice => "unit_price",
            Self::Discount => "discount",
            Self::Cost => "cost",
            Self::UnitCost => "unit_cost",
            Self::Currency => "currency",
        }
    }

    /// What a person is asked for.
    pub fn question(self) -> &'static str {
        match self {
            Self::Customer => "which column says who bought",
            Self::Order => "which column says which order, invoice or receipt a line is of",
            Self::At => "which column says when it was bought",
            _ => "which column, or SQL over columns, is the list value of a line",
        }
    }

    /// Names that systems of record give it, the likeliest first, in lower case and without anything between words.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &[
                "customerid",
                "customer",
                "customerkey",
                "customerno",
                "customernumber",
                "custid",
                "clientid",
                "client",
                "memberid",
                "masterid",
                "accountid",
                "buyerid",
                "userid",
                "householdkey",
                "householdid",
                "kundennummer",
                "kunde",
                "user",
            ],
            Self::Order => &[
                "orderid",
                "order",
                "orderno",
                "ordernumber",
                "invoiceno",
                "invoice",
                "invoiceid",
                "invoicenumber",
                "transactionid",
                "receiptid",
                "receiptno",
                "basketid",
                "documentno",
                "bestellnummer",
                "rechnung",
            ],
            Self::Line => &["lineid", "lineno", "line", "linenumber", "orderlineid", "positionno", "rowid"],
            Self::Product => &[
                "productid",
                "product",
                "productkey",
                "sku",
                "stockcode",
                "itemid",
                "item",
                "articleid",
                "article",
                "productcode",
                "artikelnummer",
                "upc",
                "ean",
            ],
            Self::ProductGroup => &[
                "productgroup",
                "productcategory",
                "category",
                "productline",
                "department",
                "productclass",
                "subcategory",
                "warengruppe",
                "commodity",
            ],
            Self::At => &[
                "orderedat",
                "orderdate",
                "invoicedate",
                "purchasedat",
                "purchasedate",
                "transactiondate",
                "soldat",
                "saledate",
                "salesdate",
                "datetime",
                "timestamp",
                "date",
                "day",
                "createdat",
                "datum",
            ],
            Self::Quantity => {
                &["quantity", "qty", "orderquantity", "units", "unitssold", "pieces", "count", "menge", "cds"]
            }
            Self::UnitPrice => {
                &["unitprice", "price", "listprice", "priceperunit", "salesprice", "einzelpreis"]
            }
            Self::UnitCost => &["unitcost", "costperunit", "standardcost", "purchaseprice"],
            Self::Revenue => &[
                "revenue",
                "listrevenue",
                "grossrevenue",
                "netrevenue",
                "salesvalue",
                "sales",
                "salesamount",
                "linetotal",
                "totalprice",
                "extendedprice",
                "amount",
                "turnover",
                "umsatz",
                "usd",
                "eur",
                "value",
                "total",
                "spend",
            ],
            Self::Discount => {
                &["discount", "discountamount", "rebate", "rabatt", "discountrate", "discountpct"]
            }
            Self::Cost => &["cost", "productcost", "cogs", "costofgoods", "costamount", "wareneinsatz"],
            Self::Currency => &["currency", "currencycode", "waehrung"],
        }
    }

    /// Whether values of this kind can be it.
    pub(super) fn takes(self, kind: SourceKind) -> bool {
        match self {
            Self::Customer | Self::Line | Self::Product => {
                matches!(kind, SourceKind::Integer | SourceKind::Text)
            }
            Self::Order => matches!(kind, SourceKind::Integer | SourceKind::Text | SourceKind::Instant),
            Self::ProductGroup | Self::Currency => kind == SourceKind::Text,
            Self::At => matches!(kind, SourceKind::Instant | SourceKind::Text),
            _ => matches!(kind, SourceKind::Integer | SourceKind::Number),
        }
    }
}
