//! Keys of `[facts]`.

use super::text_format::{DATE_FORMAT, DECIMAL_MARK, SEPARATOR, THOUSANDS_MARK};
use super::{Choice, Key, Kind, Section, VERSION};
use crate::pipeline::Policy;

pub(in crate::pipeline) static FACTS: Section = Section {
    header: "[facts]",
    keys: &[
        Key::required(
            "period",
            Kind::Words(&["week", "month", "quarter", "year"]),
            "The grain of costing; a week is an ISO week, from Monday",
        ),
        Key::optional(
            "timezone",
            Kind::Text,
            "\"UTC\"",
            "Where an instant's day begins, an IANA name; a timestamp without zone is local wall time",
        ),
        Key::required(
            "currency",
            Kind::Text,
            "ISO 4217 code of every money column: the reporting currency, where lines have others",
        ),
        Key::optional(
            "money_scale",
            Kind::Integer(0, 9),
            "4",
            "Digits after the point of every money column",
        ),
        Key::optional(
            "volume_scale",
            Kind::Integer(0, 9),
            "4",
            "Digits after the point of published units, and the most that a driver keeps of its expression",
        ),
        Key::optional(
            "earliest",
            Kind::Day,
            "",
            "The first day that a row of the transactions or events may have; rows before it are quarantined",
        ),
        Key::optional(
            "latest",
            Kind::Day,
            "",
            "The last day that such a row may have; rows after it are quarantined",
        ),
        Key::optional(
            "int96",
            Kind::Words(&["instant", "wall"]),
            "what the file says, else `\"wall\"`",
            "What an INT96 timestamp is in files that do not say it themselves, as Spark's do: a point in time, or wall time",
        ),
        Key::required("transactions", Kind::Table(&TRANSACTIONS), "The history: one row per order line"),
        Key::optional("events", Kind::NamedTables(&EVENTS), "", "Further sources: one row per event"),
        Key::optional("customers", Kind::Table(&CUSTOMERS), "", "Master data: one row per customer"),
        Key::optional("products", Kind::Table(&PRODUCTS), "", "Master data: one row per product"),
        Key::optional(
            "exchange_rates",
            Kind::Table(&EXCHANGE_RATES),
            "",
            "Exchange rates: money of order lines is converted to `currency` by them",
        ),
        Key::optional(
            "settlements",
            Kind::Table(&SETTLEMENTS),
            "",
            "Payments of invoices in other currencies: what is gained or lost between invoice and payment",
        ),
    ],
    choice: Choice::Free,
};

const UNKNOWN_CUSTOMER: Key = Key::optional(
    "unknown_customer",
    Kind::Words(&["cost_object", "quarantine"]),
    "\"cost_object\"",
    "Rows without customer form one unidentified cost object, or are quarantined",
);

const TRUST_STATISTICS: Key = Key::optional(
    "trust_statistics",
    Kind::Flag,
    "true",
    "Whether the footers' statistics on dates decide which row groups are read for which period; `false` reads all of them every night",
);

const WHERE: Key =
    Key::optional("where", Kind::Sql, "every row", "Rows for which it is not true are excluded, and counted");

pub(in crate::pipeline) static TRANSACTIONS: Section = Section {
    header: "[facts.transactions]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet files, relative to this file's folder; `*`, `**` and `?` match",
        ),
        VERSION,
        WHERE,
        Key::required("customer", Kind::Sql, "Customer key: an integer or text"),
        Key::required("order", Kind::Sql, "Order key inside the customer: an integer, text or date"),
        Key::optional("line", Kind::Sql, "", "Line key inside the order, which `duplicates` needs"),
        Key::optional("product", Kind::Sql, "", "Product key, which `[facts.products]` needs"),
        Key::optional(
            "product_group",
            Kind::Sql,
            "the group `[facts.products]` gives, else `all`",
            "Product group: the product axis of the customer × product matrix",
        ),
        Key::required("at", Kind::Sql, "When: a date or timestamp"),
        Key::optional("quantity", Kind::Sql, "\"1\"", "Units of the line; negative on a return"),
        Key::optional(
            "return",
            Kind::Sql,
            "\"quantity < 0\"",
            "True on return lines; speaks of roles first, then of file columns",
        ),
        Key::required("revenue", Kind::Sql, "List value before discount; negative on a return"),
        Key::optional("discount", Kind::Sql, "\"0\"", "Discount; negative on a return"),
        Key::optional("cost", Kind::Sql, "\"0\"", "Product cost; negative on a return"),
        Key::optional(
            "currency",
            Kind::Sql,
            "",
            "The row's currency. With `[facts.exchange_rates]` its money is converted; without them, rows in another than \
             `facts.currency` are quarantined",
        ),
        Key::optional(
            "in_reporting_currency",
            Kind::Texts,
            "",
            "Money of a line that is in `facts.currency` already, whatever the line's: `\"cost\"`, or names of price components",
        ),
        Key::optional(
            "company",
            Kind::Sql,
            "",
            "The company of the group that the line is of: text or an integer; `company_period` has each",
        ),
        Key::optional(
            "intercompany",
            Kind::Sql,
            "false",
            "True on lines between companies of the group, which are eliminated: no customer has them, and `company_period` shows \
             them apart",
        ),
        Key::optional(
            "dimensions",
            Kind::SqlByName,
            "",
            "Keys of orders or their lines by which `order_profile` divides orders, such as `{ order_channel = \"channel\", \
             ship_mode = \"ship_mode\" }`",
        ),
        Key::optional(
            "price_component",
            Kind::Tables(&PRICE_COMPONENT),
            "",
            "What stands between list price and pocket price of a line, such as discounts, rebates, bonuses and freight allowances, in \
             the order of the waterfall",
        ),
        UNKNOWN_CUSTOMER,
        TRUST_STATISTICS,
        Key::optional(
            "duplicates",
            Kind::Words(&["error", "drop identical", "allow"]),
            "\"error\" with `line`, else \"allow\"",
            "What a second row of the same (order, line) means",
        ),
        Key::optional(
            "checks",
            Kind::Table(&CHECKS),
            "",
            "What becomes of rows that contradict themselves, kind by kind",
        ),
    ],
    choice: Choice::Free,
};

static PRICE_COMPONENT: Section = Section {
    header: "[[facts.transactions.price_component]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique"),
        Key::required(
            "amount",
            Kind::Sql,
            "What the price of the line is less by, in money; speaks of roles first, then of file columns; negative on a return, null is nothing",
        ),
        Key::required(
            "invoice",
            Kind::Words(&["on", "off"]),
            "Whether the invoice shows it: on invoice it is a part of `discount`; off invoice it is a price concession",
        ),
        Key::optional(
            "column",
            Kind::Text,
            "the name in snake case",
            "Suffix of the columns `volume_…` and `cost_…` of a component off invoice: a–z, 0–9 and _, unique among activities",
        ),
    ],
    choice: Choice::Free,
};

const fn check(name: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key::optional(name, Kind::Words(Policy::WORDS), default, doc)
}

pub(in crate::pipeline) static CHECKS: Section = Section {
    header: "[facts.transactions.checks]",
    keys: &[
        check("negative_cost", "\"quarantine\"", "Sales with a cost below 0"),
        check("return_cost", "\"warn\"", "Returns with a cost above 0, as if the goods were bought again"),
        check(
            "negative_discount",
            "\"warn\"",
            "Discounts that raise the price: below 0 on a sale, above 0 on a return",
        ),
        check("discount_above_list", "\"warn\"", "Discounts larger than the list value"),
        check(
            "sale_sign",
            "\"warn\"",
            "Sales with a list value or quantity below 0, such as price adjustments",
        ),
        check("return_sign", "\"quarantine\"", "Returns with a list value or quantity above 0"),
        check("no_quantity", "\"warn\"", "A list value on a line of quantity 0, such as a fee"),
        check("unlisted_product", "\"warn\"", "Lines whose product `[facts.products]` does not list"),
        Key::optional(
            "unbought_return",
            Kind::Words(Policy::WORDS_WITHOUT_ROWS),
            "\"warn\"",
            "Customers who returned more units than they bought, as where purchases lie before the history",
        ),
    ],
    choice: Choice::Free,
};

static EVENTS: Section = Section {
    header: "[facts.events.NAME]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per event"),
        VERSION,
        WHERE,
        Key::required("customer", Kind::Sql, "Customer key, of the same type as in the transactions"),
        Key::required("at", Kind::Sql, "When: a date or timestamp"),
        UNKNOWN_CUSTOMER,
        TRUST_STATISTICS,
    ],
    choice: Choice::Free,
};

static CUSTOMERS: Section = Section {
    header: "[facts.customers]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per customer"),
        VERSION,
        Key::required("customer", Kind::Sql, "Customer key, of the same type as in the transactions"),
        TRUST_STATISTICS,
        Key::optional("acquired_on", Kind::Sql, "", "The day the customer was won"),
        Key::optional(
            "acquisition_cost",
            Kind::Sql,
            "",
            "What winning the customer cost, charged in the period of `acquired_on`",
        ),
        Key::optional(
            "channel",
            Kind::Sql,
            "",
            "Where the customer came from; published as attribute `channel`",
        ),
        Key::optional(
            "attributes",
            Kind::SqlByName,
            "",
            "Further columns published with the customer: texts, whole numbers, conditions; `{ region = \"region\" }`",
        ),
        Key::optional(
            "checks",
            Kind::Table(&CUSTOMER_CHECKS),
            "",
            "What becomes of rows that contradict themselves, kind by kind",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static CUSTOMER_CHECKS: Section = Section {
    header: "[facts.customers.checks]",
    keys: &[check(
        "negative_acquisition_cost",
        "\"quarantine\"",
        "Customers with an acquisition cost below 0, which would be profit",
    )],
    choice: Choice::Free,
};

pub(in crate::pipeline) static EXCHANGE_RATES: Section = Section {
    header: "[facts.exchange_rates]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet or text files (CSV), one row per currency and day: how much of `facts.currency` 1 of it is worth",
        ),
        VERSION,
        Key::optional(
            "currency_column",
            Kind::Text,
            "\"currency\"",
            "Column of the currency, as lines have it",
        ),
        Key::optional("day_column", Kind::Text, "\"day\"", "Column of the day, or of any day of the period"),
        Key::optional(
            "rate_column",
            Kind::Text,
            "\"rate\"",
            "Column of the rate: above 0, at most 10 digits after the point and 8 before it",
        ),
        Key::optional(
            "holds",
            Kind::Words(&["day", "period"]),
            "\"day\"",
            "Whether a rate is that of its day, or of the whole period of the facts its day lies in",
        ),
        Key::optional(
            "carry_days",
            Kind::Integer(0, 366),
            "0",
            "Days on which the rate of a day still holds while none follows it, such as weekends and holidays; lines on a day without \
             rate are quarantined",
        ),
        Key::optional(
            "constant_day",
            Kind::Day,
            "",
            "The day at whose rates `currency_period` shows net revenue besides: at constant currency",
        ),
        SEPARATOR,
        Key { default: "\".\"", ..DECIMAL_MARK },
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};

static SETTLEMENTS: Section = Section {
    header: "[facts.settlements]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet files, one row per payment; those of the transactions, where lines say when they were paid",
        ),
        VERSION,
        WHERE,
        Key::required("customer", Kind::Sql, "Customer key, of the same type as in the transactions"),
        Key::required(
            "at",
            Kind::Sql,
            "When it was paid: a date or timestamp; rows where it is null are excluded, as not paid yet",
        ),
        Key::required("currency", Kind::Sql, "The row's currency"),
        Key::required(
            "amount",
            Kind::Sql,
            "What was invoiced and is paid, in the row's currency; speaks of file columns; negative on a refund",
        ),
        Key::required(
            "invoiced_on",
            Kind::Sql,
            "The day at whose rate the amount was booked: a date or timestamp",
        ),
        TRUST_STATISTICS,
    ],
    choice: Choice::Free,
};

static PRODUCTS: Section = Section {
    header: "[facts.products]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per product"),
        VERSION,
        Key::required("product", Kind::Sql, "Product key, of the same type as in the transactions"),
        Key::required("group", Kind::Sql, "The product's group"),
    ],
    choice: Choice::Free,
};
