//! The checked definition: what the rooms see of a pipeline file.
//!
//! Every name is resolved, every default filled in and every SQL text parsed; nothing later sees a raw string.
//! Column names inside expressions are still to be bound against the files, which `abacus check` and the scan do.

use super::sql::{Driver, Expr};
use crate::units::{Decimal, PeriodKind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What customer keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// 64-bit integers.
    Int,
    /// Text, compared bytewise.
    Text,
}

/// Where a value stands in the pipeline file, for messages that come later than parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// A scalar SQL expression of the pipeline file.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// As written.
    pub text: String,
    /// As parsed.
    pub expr: Expr,
    /// Where the text begins.
    pub at: Position,
}

/// A linear combination of SQL aggregates of the pipeline file: an activity driver or a time equation.
#[derive(Debug, Clone)]
pub struct DriverSql {
    /// As written.
    pub text: String,
    /// As parsed.
    pub driver: Driver,
    /// Where the text begins.
    pub at: Position,
}

/// A file pattern of the pipeline file.
#[derive(Debug, Clone)]
pub struct Files {
    /// As written, relative to the pipeline file's folder.
    pub pattern: String,
    /// Resolved against that folder; may hold `*`, `**` and `?`.
    pub path: PathBuf,
    /// Where the text begins.
    pub at: Position,
}

/// A whole pipeline file, checked.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The file it was read from.
    pub path: PathBuf,
    /// The file's stem: the pipeline's name.
    pub name: String,
    /// What the pipeline is for.
    pub about: Option<String>,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub digest: String,
    /// Sources and grain.
    pub facts: FactsDef,
    /// Present when the file has resources or activities.
    pub costing: Option<CostingDef>,
    /// Present when the file has the section: where the classes begin.
    pub profitability: Option<ProfitabilityDef>,
    /// Where and how to publish.
    pub publish: PublishDef,
    /// Control totals and data checks.
    pub expect: Vec<ExpectDef>,
}

impl Definition {
    /// `path:line:column`, the head of every message about this file.
    pub fn place(&self, at: Position) -> String {
        format!("{}:{}:{}", self.path.display(), at.line, at.column)
    }
}

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
    /// Order lines.
    pub transactions: TransactionsDef,
    /// Further event sources, in the order of their names.
    pub events: Vec<EventsDef>,
    /// Customer master data.
    pub customers: Option<CustomersDef>,
    /// Product master data.
    pub products: Option<ProductsDef>,
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
    /// The row's currency, checked against `facts.currency`.
    pub currency: Option<Scalar>,
    /// What becomes of rows without customer.
    pub unknown_customer: UnknownCustomer,
    /// What a second row of the same (order, line) means.
    pub duplicates: Duplicates,
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
}

/// `[facts.customers]`: one row per customer.
#[derive(Debug, Clone)]
pub struct CustomersDef {
    /// Parquet files.
    pub files: Files,
    /// Customer key.
    pub customer: Scalar,
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

/// `[[costing.resource]]` and `[[costing.activity]]`.
#[derive(Debug, Clone)]
pub struct CostingDef {
    /// Resource pools, in the order written.
    pub resources: Vec<ResourceDef>,
    /// Activities, in the order written.
    pub activities: Vec<ActivityDef>,
}

/// A pool of money per period.
#[derive(Debug, Clone)]
pub struct ResourceDef {
    /// As written.
    pub name: String,
    /// Where its money comes from.
    pub amount: Amount,
    /// Present when the resource is time-driven.
    pub capacity: Option<Capacity>,
    /// Where the entry begins.
    pub at: Position,
}

/// Where a resource's money comes from.
#[derive(Debug, Clone)]
pub enum Amount {
    /// The same in every period.
    EachPeriod(Decimal),
    /// By first day of the period; a period that is not listed has 0.
    ByPeriod(BTreeMap<crate::units::Period, Decimal>),
    /// Rows of a ledger file.
    Ledger(LedgerDef),
}

/// Rows of a ledger file (Parquet or CSV) that feed a resource.
#[derive(Debug, Clone)]
pub struct LedgerDef {
    /// Parquet or CSV.
    pub files: Files,
    /// Accounts claimed by this resource.
    pub accounts: Vec<String>,
    /// Column of the account. Default `account`.
    pub account_column: String,
    /// Column of the date (any day of the period). Default `period`.
    pub period_column: String,
    /// Column of the amount. Default `amount`.
    pub amount_column: String,
}

/// What a time-driven resource can do in one period.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// Minutes per period at practical capacity, above 0.
    pub practical_minutes: Decimal,
}

/// Something done for customers that takes resources.
#[derive(Debug, Clone)]
pub struct ActivityDef {
    /// As written.
    pub name: String,
    /// Its name as a column suffix: `volume_<column>`, `cost_<column>`; unique.
    pub column: String,
    /// `None` for transactions, else the index into `FactsDef::events`.
    pub on: Option<usize>,
    /// What it takes and what drives it.
    pub feed: Feed,
    /// Where in the cost hierarchy it stands.
    pub level: Level,
    /// Where the entry begins.
    pub at: Position,
}

/// What an activity takes from which resources, and its driver.
#[derive(Debug, Clone)]
pub enum Feed {
    /// Time-driven: minutes of one resource.
    Time {
        /// Index into `CostingDef::resources`.
        resource: usize,
        /// Minutes per customer × period.
        minutes: DriverSql,
    },
    /// Shares of resources, spread by an activity driver.
    Shares {
        /// (index into `CostingDef::resources`, share in 0..=1), in the order written.
        from: Vec<(usize, Decimal)>,
        /// Volume per customer × period.
        driver: DriverSql,
    },
}

impl ActivityDef {
    /// The SQL that gives the activity's volume per customer × period.
    pub fn driver(&self) -> &DriverSql {
        match &self.feed {
            Feed::Time { minutes, .. } => minutes,
            Feed::Shares { driver, .. } => driver,
        }
    }
}

/// Level of the cost hierarchy at which an activity is caused (issue 3 adds the others).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Caused by orders and their lines: part of cost to serve and contribution. The default.
    Order,
    /// Caused by having the customer: below contribution.
    Customer,
}

/// `[profitability]`.
#[derive(Debug, Clone)]
pub struct ProfitabilityDef {
    /// |profit| up to this amount per customer lifetime is break-even. Default 0.
    pub break_even: Decimal,
    /// Profit above this is high profit; default: the profit of the customer at the top 20 %.
    pub high_profit: Option<Decimal>,
}

/// `[publish]`.
#[derive(Debug, Clone)]
pub struct PublishDef {
    /// Folder of the releases. Default `out/<pipeline name>`, beside the `pipelines` folder.
    pub path: PathBuf,
    /// Use only PLAIN encodings, for old readers. Default false.
    pub plain: bool,
    /// Rows per Parquet row group. Default 131,072.
    pub row_group_rows: usize,
    /// Releases kept by `run` when it commits; default: all.
    pub keep: Option<usize>,
}

/// One entry of `[[expect]]`: a control total or a data check.
#[derive(Debug, Clone)]
pub struct ExpectDef {
    /// What it says.
    pub name: String,
    /// A SQL query over published tables that yields one number.
    pub sql: String,
    /// The least it may be.
    pub at_least: Option<Decimal>,
    /// The most it may be.
    pub at_most: Option<Decimal>,
    /// Whether a miss stops the release.
    pub severity: Severity,
    /// Where the entry begins.
    pub at: Position,
}

/// How bad a missed expectation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Said in the summary.
    Warn,
    /// Nothing is published.
    Error,
}
