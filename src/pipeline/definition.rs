//! The checked definition: what the rooms see of a pipeline file.
//!
//! Every name is resolved, every default filled in and every SQL text parsed; nothing later sees a raw string.
//! Column names inside expressions are still to be bound against the files, which `abacus check` and the scan do.

use super::bridge_span::BridgeSpan;
use super::costing_definition::*;
use super::customer_base_definition::{ClvDef, LifecycleDef};
use super::effects_definition::EffectsDef;
use super::file_encoding::FileEncoding;
use super::keys::PROFITABILITY;
use super::perception_definition::PerceptionDef;
use super::plan_definition::PlanDef;
use super::row_checks::RowChecks;
use super::sections::Sections;
use super::segments_definition::{Named, SegmentsDef};
use super::sql::{Driver, Expr};
use crate::memory::MemorySize;
use crate::storage::Pattern;
use crate::units::{Day, Decimal, PeriodKind};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Resolved against that folder, as one text: what makes two definitions the same files.
    pub path: PathBuf,
    /// The folders or the file before the first special character, resolved against that folder and literal.
    pub root: PathBuf,
    /// The rest.
    pub below: Pattern,
    /// The version of a lake table; the newest without it.
    pub version: Option<u64>,
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
    /// The file's text, which releases keep.
    pub text: String,
    /// Digests of its parts.
    pub sections: Sections,
    /// Sources and grain.
    pub facts: FactsDef,
    /// Present when the file has resources or activities.
    pub costing: Option<CostingDef>,
    /// What-ifs, in the order of their names.
    pub scenarios: Vec<ScenarioDef>,
    /// Present when the file has the section: where the classes begin.
    pub profitability: Option<ProfitabilityDef>,
    /// Present when the file has the section: the customer base over time.
    pub lifecycle: Option<LifecycleDef>,
    /// Present when the file has the section: what customers are going to bring.
    pub clv: Option<ClvDef>,
    /// Present when the file has the section: what was planned.
    pub plan: Option<PlanDef>,
    /// Present when the file has the section: groups of customers and what to do with them.
    pub segments: Option<SegmentsDef>,
    /// Present when the file has the section: whether treatments worked.
    pub effects: Option<EffectsDef>,
    /// Present when the file has the section: the value customers get.
    pub perception: Option<PerceptionDef>,
    /// What a run may take of the machine.
    pub run: RunDef,
    /// Where and how to publish.
    pub publish: PublishDef,
    /// Control totals and data checks.
    pub expect: Vec<ExpectDef>,
}

impl Definition {
    /// Every driver of the costing, in the order written: what the facts keep aggregates for.
    pub fn drivers(&self) -> impl Iterator<Item = &DriverDef> {
        let costing = self.costing.iter();
        costing.flat_map(|costing| {
            let quantities = costing.resources.iter().flat_map(|resource| &resource.takes);
            let activities = costing.activities.iter();
            let taken = activities.clone().flat_map(|activity| &activity.takes);
            let taken = quantities.chain(taken).filter_map(|take| match &take.by {
                ResourceDriver::Quantity(Quantity::Sql(driver))
                | ResourceDriver::FixedAndVariable(_, Quantity::Sql(driver))
                | ResourceDriver::Minutes(Quantity::Sql(driver)) => Some(driver),
                _ => None,
            });
            let worked = activities.clone().filter_map(|activity| match &activity.actual_minutes {
                Some(Quantity::Sql(driver)) => Some(driver),
                _ => None,
            });
            let own = activities.flat_map(|activity| activity.driver.iter().chain(&activity.fallback));
            own.chain(taken).chain(worked)
        })
    }

    /// Whether a stage looks at what customers bring and cost day by day.
    pub fn wants_days(&self) -> bool {
        self.lifecycle.is_some() || self.clv.is_some() || self.effects.is_some()
    }

    /// Net revenue at which bands of order size begin, ascending.
    pub fn order_bands(&self) -> Vec<Decimal> {
        let declared = self.profitability.as_ref().map(|profitability| profitability.order_bands.clone());
        declared.unwrap_or_else(|| PROFITABILITY.default_number_list("order_bands"))
    }

    /// Spans whose contribution is compared.
    pub fn bridges(&self) -> Vec<BridgeSpan> {
        let declared = self.profitability.as_ref().map(|profitability| profitability.bridges.clone());
        declared.unwrap_or_else(BridgeSpan::by_default)
    }

    /// How many of the last spans of each kind are compared.
    pub fn bridge_history(&self) -> usize {
        let declared = self.profitability.as_ref().map(|profitability| profitability.bridge_history);
        let spans = declared.unwrap_or_else(|| PROFITABILITY.default_integer("bridge_history"));
        usize::try_from(spans).unwrap_or(usize::MAX)
    }

    /// The parts of every driver, each of one source.
    pub fn driver_parts(&self) -> impl Iterator<Item = &DriverPart> {
        self.drivers().flat_map(|driver| &driver.parts)
    }

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
    /// The row's currency, checked against `facts.currency`.
    pub currency: Option<Scalar>,
    /// What orders are divided by, by name: order channel, ship mode, warehouse.
    pub dimensions: BTreeMap<String, Scalar>,
    /// What becomes of rows without customer.
    pub unknown_customer: UnknownCustomer,
    /// Whether row groups are planned by the statistics of their footers.
    pub trust_statistics: bool,
    /// What a second row of the same (order, line) means.
    pub duplicates: Duplicates,
}

impl TransactionsDef {
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

/// `[scenario.NAME]`: what would be if some numbers were others. Facts stay as they are.
#[derive(Debug, Clone)]
pub struct ScenarioDef {
    /// Of the user's choice.
    pub name: String,
    /// What it asks.
    pub about: Option<String>,
    /// What differs, in the order written.
    pub changes: Vec<Change>,
    /// Planned driver volume per period, by index of the activity: what a budget starts from.
    pub planned: BTreeMap<usize, Decimal>,
    /// Factor on the volumes of activities that are not planned one by one. Default 1.
    pub growth: Decimal,
    /// Whether runs publish it as tables.
    pub is_published: bool,
    /// Where the section begins.
    pub at: Position,
}

/// One number that is another in a scenario.
#[derive(Debug, Clone)]
pub enum Change {
    /// The resource's own money in every period.
    Amount(usize, Decimal),
    /// A factor on the resource's own money.
    AmountFactor(usize, Decimal),
    /// Practical minutes of the resource in every period.
    Capacity(usize, Decimal),
    /// The share that a node takes of another, which it takes by share anyway.
    Share {
        /// Who takes.
        taker: Node,
        /// From whom.
        from: Node,
        /// In 0..=1.
        share: Decimal,
    },
    /// The standard or imputed rate of the activity.
    Rate(usize, Ratio),
    /// The driver of the activity: other coefficients of aggregates that the facts keep.
    Driver(usize, DriverDef),
    /// A factor on list revenue; discounts and returns follow it.
    Prices(Decimal),
}

/// `[profitability]`.
#[derive(Debug, Clone)]
pub struct ProfitabilityDef {
    /// |profit| up to this amount per customer lifetime is break-even. Default 0.
    pub break_even: Decimal,
    /// Profit above this is high profit; default: the profit of the customer at the top 20 %.
    pub high_profit: Option<Decimal>,
    /// Net revenue at which bands of order size begin, ascending.
    pub order_bands: Vec<Decimal>,
    /// Spans whose contribution is compared.
    pub bridges: Vec<BridgeSpan>,
    /// How many of the last spans of each kind are compared. Default 2.
    pub bridge_history: u32,
}

/// `[run]`. Nothing of it changes what is published.
#[derive(Debug, Clone, Default)]
pub struct RunDef {
    /// Resident memory that a run may take; default: a share of the machine's.
    pub memory: Option<MemorySize>,
    /// A list of digests that inputs are held against, resolved against the pipeline file's folder.
    pub digests: Option<PathBuf>,
}

/// `[publish]`.
#[derive(Debug, Clone)]
pub struct PublishDef {
    /// Folder of the releases. Default `out/<pipeline name>`, beside the `pipelines` folder.
    pub path: PathBuf,
    /// How columns of published files are encoded. Default compact.
    pub encoding: FileEncoding,
    /// Address in an object store that releases are published to as well.
    pub store: Option<PathBuf>,
    /// Show releases as Delta tables too. Default false.
    pub delta: bool,
    /// Publish `customer_activity` although `customer_period` has room for all activities. Default false.
    pub customer_activity: bool,
    /// Publish `customer_order`. Default false.
    pub customer_order: bool,
    /// Publish `customer_bridge`. Default false.
    pub customer_bridge: bool,
    /// Rows per Parquet row group. Default 131,072.
    pub row_group_rows: usize,
    /// Releases kept by `run` when it commits; default: all.
    pub keep: Option<usize>,
    /// Calendar months whose last release is kept besides. Default 0.
    pub keep_month_ends: usize,
    /// Minutes for which a release is kept after another took its place. Default 60.
    pub grace_minutes: usize,
    /// By control total, how much of it `run --gate` may change in periods published before, as a share.
    pub gate: BTreeMap<String, Decimal>,
}

/// One entry of `[[expect]]`: a control total or a data check.
#[derive(Debug, Clone)]
pub struct ExpectDef {
    /// What it says.
    pub name: String,
    /// A SQL query over published tables that yields one number.
    pub sql: String,
    /// The names it speaks of.
    pub names: QueryNames,
    /// The least it may be.
    pub at_least: Option<Decimal>,
    /// The most it may be.
    pub at_most: Option<Decimal>,
    /// Whether a miss stops the release.
    pub severity: Severity,
    /// Where the entry begins.
    pub at: Position,
}

/// The names of a query, with their places in the pipeline file.
#[derive(Debug, Clone, Default)]
pub struct QueryNames {
    /// Tables, those that a `with` defines left out.
    pub tables: Vec<Named>,
    /// Columns.
    pub columns: Vec<Named>,
    /// What stands before the point of a column: tables and their aliases.
    pub qualifiers: Vec<Named>,
    /// Names that the query itself gives, in lower case.
    pub defined: BTreeSet<String>,
}

/// How bad a missed expectation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Said in the summary.
    Warn,
    /// Nothing is published.
    Error,
}
