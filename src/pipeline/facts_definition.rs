//! The checked definition of `[facts]`: the sources, and the grain of what is kept.

use super::definition::{Files, Scalar};
use super::exchange_definition::{Conversion, ExchangeRatesDef, SettlementsDef};
use super::price_definition::PriceComponent;
use super::row_checks::RowChecks;
use super::sql::Expr;
use crate::units::{Day, PeriodKind};
use std::collections::BTreeMap;

/// `[facts]`.
#[derive(Debug, Clone)]
pub struct FactsDef {
    /// The grain of costing.
    pub period: PeriodKind,
    /// Where an instant's day begins.
    pub timezone: chrono_tz::Tz,
    /// ISO 4217 code of every money column.
    pub currency: String,
    /// Digits after the point of every money column, 0–9. Default 4.
    pub money_scale: u8,
    /// Digits after the point kept of quantities and of float or high-scale driver expressions, 0–9. Default 4.
    pub volume_scale: u8,
    /// The first and the last day that a row of the transactions or events may have.
    pub bounds: DayBounds,
    /// What an INT96 timestamp is where its file does not say; wall time unless given.
    pub int96: Option<Int96>,
    /// Order lines.
    pub transactions: TransactionsDef,
    /// Further event sources, in the order of their names.
    pub events: Vec<EventsDef>,
    /// Customer master data.
    pub customers: Option<CustomersDef>,
    /// What foreign currencies are worth.
    pub exchange_rates: Option<ExchangeRatesDef>,
    /// Product master data.
    pub products: Option<ProductsDef>,
    /// What becomes of rows that contradict themselves, of the transactions and of the customers source.
    pub checks: RowChecks,
}

/// The days a history may have: from the earliest to the latest, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayBounds {
    /// Rows before it are quarantined.
    pub earliest: Option<Day>,
    /// Rows after it are quarantined.
    pub latest: Option<Day>,
}

/// `[facts.transactions]`: one row per order line.
#[derive(Debug, Clone)]
pub struct TransactionsDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted. Speaks of file columns.
    pub filter: Option<Scalar>,
    /// Customer key: an integer or text.
    pub customer: Scalar,
    /// Order key: an integer, text or date.
    pub order: Scalar,
    /// Line key inside the order, needed by `duplicates`.
    pub line: Option<Scalar>,
    /// Product key.
    pub product: Option<Scalar>,
    /// Product group; defaults to the group the products source gives, then to one group `all`.
    pub product_group: Option<Scalar>,
    /// When: a date or timestamp.
    pub at: Scalar,
    /// Units; default 1 per line.
    pub quantity: Option<Scalar>,
    /// True on return lines. Speaks of roles first, then file columns. Default `quantity < 0`.
    pub is_return: Option<Scalar>,
    /// List value before discount, natural sign.
    pub revenue: Scalar,
    /// Discount, natural sign; default 0.
    pub discount: Option<Scalar>,
    /// Product cost, natural sign; default 0.
    pub cost: Option<Scalar>,
    /// The row's currency: converted by exchange rates, else checked against `facts.currency`.
    pub currency: Option<Scalar>,
    /// What money is before it is converted; none without exchange rates.
    pub conversion: Option<Conversion>,
    /// The company of the group that the line is of.
    pub company: Option<Scalar>,
    /// True on lines between companies of the group, which are eliminated.
    pub intercompany: Option<Scalar>,
    /// What orders are divided by, by name: order channel, ship mode, warehouse.
    pub dimensions: BTreeMap<String, Scalar>,
    /// What stands between list price and pocket price, in the order of the waterfall.
    pub price_components: Vec<PriceComponent>,
    /// What becomes of rows without customer.
    pub unknown_customer: UnknownCustomer,
    /// Whether row groups are planned by the statistics of their footers.
    pub trust_statistics: bool,
    /// What a second row of the same (order, line) means.
    pub duplicates: Duplicates,
}

impl TransactionsDef {
    /// Whether lines are added up by company and currency.
    pub fn has_books(&self) -> bool {
        self.conversion.is_some() || self.company.is_some()
    }

    /// A role in the line's own currency.
    pub(crate) fn own_money(&self, role: &str) -> Option<&Expr> {
        self.conversion.as_ref().and_then(|conversion| conversion.roles.get(role))
    }

    /// What each role is, by the key that declares it: what conditions and drivers may speak of by that name.
    pub(crate) fn roles(&self) -> [(&'static str, Option<&Scalar>); 10] {
        [
            ("customer", Some(&self.customer)),
            ("order", Some(&self.order)),
            ("line", self.line.as_ref()),
            ("product", self.product.as_ref()),
            ("product_group", self.product_group.as_ref()),
            ("at", Some(&self.at)),
            ("quantity", self.quantity.as_ref()),
            ("revenue", Some(&self.revenue)),
            ("discount", self.discount.as_ref()),
            ("cost", self.cost.as_ref()),
        ]
    }
}

/// `[facts.events.NAME]`: one row per event.
#[derive(Debug, Clone)]
pub struct EventsDef {
    /// The name activities refer to with `on`.
    pub name: String,
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// Customer key, of the same kind as in the transactions.
    pub customer: Scalar,
    /// When.
    pub at: Scalar,
    /// What becomes of rows without customer.
    pub unknown_customer: UnknownCustomer,
    /// Whether row groups are planned by the statistics of their footers.
    pub trust_statistics: bool,
    /// Whether the run begins and ends with its rows too. Not those of the built-in source `acquisitions`: rows of it
    /// before the first period of the other sources, or after the last, are left aside.
    pub makes_periods: bool,
    /// What the built-in source of settlements has besides.
    pub settlements: Option<SettlementsDef>,
}

/// `[facts.customers]`: one row per customer.
#[derive(Debug, Clone)]
pub struct CustomersDef {
    /// Parquet files.
    pub files: Files,
    /// Customer key.
    pub customer: Scalar,
    /// Whether row groups are planned by the statistics of their footers, in the source `acquisitions`.
    pub trust_statistics: bool,
    /// The day the customer was won.
    pub acquired_on: Option<Scalar>,
    /// What winning the customer cost.
    pub acquisition_cost: Option<Scalar>,
    /// Attributes published with the customer (`channel` among them, if given), by column name.
    pub attributes: BTreeMap<String, Scalar>,
}

/// `[facts.products]`: one row per product.
#[derive(Debug, Clone)]
pub struct ProductsDef {
    /// Parquet files.
    pub files: Files,
    /// Product key.
    pub product: Scalar,
    /// Its group.
    pub group: Scalar,
}

/// What an INT96 timestamp of Parquet is: the type itself does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Int96 {
    /// A point in time, in UTC, as Spark and Hive write it.
    Instant,
    /// Local wall time.
    Wall,
}

/// What becomes of rows without customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownCustomer {
    /// They form one unidentified cost object, with volume, revenue and cost. The default.
    CostObject,
    /// They are quarantined.
    Quarantine,
}

/// What a second row of the same (order, line) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Not looked for: the default while no `line` is declared.
    Allow,
    /// An error that names the order and line: the default when `line` is declared.
    Error,
    /// Identical rows count once, the rest are counted as excluded; differing ones are an error.
    DropIdentical,
}
