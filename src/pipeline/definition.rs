//! The checked definition: what the rooms see of a pipeline file.
//!
//! Every name is resolved, every default filled in and every SQL text parsed; nothing later sees a raw string.
//! Column names inside expressions are still to be bound against the files, which `abacus check` and the scan do.

use super::sql::{Driver, Expr};
use crate::units::{Decimal, Period, PeriodKind};
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
    /// What-ifs, in the order of their names.
    pub scenarios: Vec<ScenarioDef>,
    /// Present when the file has the section: where the classes begin.
    pub profitability: Option<ProfitabilityDef>,
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

/// `[costing]`: a network of nodes through which money flows, from resource pools to cost objects.
#[derive(Debug, Clone, Default)]
pub struct CostingDef {
    /// Resource pools, in the order written.
    pub resources: Vec<ResourceDef>,
    /// Activities, in the order written.
    pub activities: Vec<ActivityDef>,
    /// Groups of nodes that serve each other.
    pub services: Vec<ServicesDef>,
}

/// A node of the cost network. Resources come before activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Index into `CostingDef::resources`.
    Resource(usize),
    /// Index into `CostingDef::activities`.
    Activity(usize),
}

/// `[[costing.services]]`: nodes that serve each other, and how their flows to each other are treated.
#[derive(Debug, Clone)]
pub struct ServicesDef {
    /// How.
    pub method: ServiceMethod,
    /// The members; for step-down in the order in which they give.
    pub members: Vec<Node>,
    /// Where the entry begins.
    pub at: Position,
}

/// How flows between services are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceMethod {
    /// Left out: members give to others only.
    Direct,
    /// Each gives to the members after it and to others, never back.
    StepDown,
    /// Solved as simultaneous equations.
    Reciprocal,
}

/// A pool of money per period.
#[derive(Debug, Clone)]
pub struct ResourceDef {
    /// As written.
    pub name: String,
    /// Where its own money comes from.
    pub amount: Amount,
    /// Factor on its own money: 1, unless a scenario says otherwise.
    pub factor: Decimal,
    /// What it receives from other nodes, in the order written.
    pub takes: Vec<Take>,
    /// Present when the resource is time-driven: it gives minutes, and keeps what nobody takes.
    pub capacity: Option<Capacity>,
    /// Share of the pool, in 0..=1, that is spread by fixed shares before quantities spread the rest.
    pub fixed: Decimal,
    /// A period of the run without any ledger row for the resource is an error; default: it has 0.
    pub is_every_period_needed: bool,
    /// Where the entry begins.
    pub at: Position,
}

/// Where a resource's own money comes from.
#[derive(Debug, Clone)]
pub enum Amount {
    /// It has none: all it has, it receives.
    Nothing,
    /// The same in every period.
    EachPeriod(Decimal),
    /// By first day of the period; a period that is not listed has 0.
    ByPeriod(BTreeMap<Period, Decimal>),
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

/// What a time-driven resource can do.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// Minutes per period at practical capacity, above 0.
    pub practical_minutes: Decimal,
    /// Minutes of single periods, in place of the above.
    pub minutes_by_period: BTreeMap<Period, Decimal>,
    /// Money per minute, if the resource is charged at a standard rate.
    pub standard_rate: Option<Ratio>,
    /// What becomes of unused capacity.
    pub unused: UnusedCapacity,
    /// The steps in which it can be bought, for budgets.
    pub step: Option<Step>,
}

impl Capacity {
    /// Practical minutes of a period.
    pub fn minutes(&self, period: Period) -> Decimal {
        self.minutes_by_period.get(&period).copied().unwrap_or(self.practical_minutes)
    }
}

/// Who bears the cost of unused capacity. Rates and the grand total never depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusedCapacity {
    /// Nobody: it stays at the resource. The default.
    Keep,
    /// The level that decided on the capacity: it is retained there.
    Owner(Level),
    /// Customers, in proportion to the minutes they took, as a line of its own.
    Proportional,
}

/// One more of a stepped resource, such as a supervisor per started 1,000 hours.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Minutes one step supplies, above 0.
    pub minutes: Decimal,
    /// Money one step costs per period.
    pub cost: Decimal,
}

/// An exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: Decimal,
    /// Below the line, above 0.
    pub denominator: Decimal,
}

/// What a node takes from another node.
#[derive(Debug, Clone)]
pub struct Take {
    /// From which.
    pub from: Node,
    /// By which resource driver.
    pub by: ResourceDriver,
    /// Where it is written.
    pub at: Position,
}

/// How a pool is spread over the nodes that take from it. All takers of one pool use the same kind, but for draws,
/// which come first.
#[derive(Debug, Clone)]
pub enum ResourceDriver {
    /// A share in 0..=1; the shares of a pool add up to at most 1.
    Share(Decimal),
    /// As much as every other taker.
    Even,
    /// In proportion to a quantity.
    Quantity(Quantity),
    /// A share of the fixed part, and of the rest in proportion to a quantity.
    FixedAndVariable(Decimal, Quantity),
    /// Minutes of a time-driven resource.
    Minutes(Quantity),
    /// Exactly what customers are charged directly.
    DirectCharge,
}

/// A quantity per period.
#[derive(Debug, Clone)]
pub enum Quantity {
    /// The same in every period.
    EachPeriod(Decimal),
    /// By first day of the period; a period that is not listed has 0.
    ByPeriod(BTreeMap<Period, Decimal>),
    /// Rows of a small driver file: who takes in the account's column, the quantity in the amount's.
    File(LedgerDef),
    /// The total of SQL aggregates over all customers.
    Sql(DriverDef),
    /// The taker's own activity driver.
    Volume,
}

/// What drives an activity: SQL aggregates of one or more sources, added up.
#[derive(Debug, Clone)]
pub struct DriverDef {
    /// At least one.
    pub parts: Vec<DriverPart>,
}

/// SQL aggregates of one source, times a factor.
#[derive(Debug, Clone)]
pub struct DriverPart {
    /// `None` for transactions, else the index into `FactsDef::events`.
    pub on: Option<usize>,
    /// Per customer × period.
    pub sql: DriverSql,
    /// 1, or what a bill of costs asks of the activity per unit.
    pub factor: Decimal,
}

impl DriverDef {
    /// The driver as a person reads it.
    pub fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| match part.factor {
            Decimal::ONE => part.sql.text.clone(),
            factor => format!("{factor} * ({})", part.sql.text),
        });
        parts.collect::<Vec<_>>().join(" + ")
    }
}

/// Something done for customers that takes resources.
#[derive(Debug, Clone)]
pub struct ActivityDef {
    /// As written.
    pub name: String,
    /// Its name as a column suffix: `volume_<column>`, `cost_<column>`; unique.
    pub column: String,
    /// What it takes from resources and other activities, in the order written.
    pub takes: Vec<Take>,
    /// What spreads its cost over customers. None: its cost stays at its level, or goes to other activities.
    pub driver: Option<DriverDef>,
    /// The driver of periods in which `driver` has no volume.
    pub fallback: Option<DriverDef>,
    /// What a negative volume of a customer in a period means.
    pub negative: NegativeVolume,
    /// How its cost is rated.
    pub rate: RateDef,
    /// Minutes really worked, where they are known: what efficiency is measured against. By period, one that is not
    /// listed is not known.
    pub actual_minutes: Option<Quantity>,
    /// Where in the cost hierarchy it stands.
    pub level: Level,
    /// Which line of the waterfall its cost forms; none: it is retained at its level.
    pub line: Option<Line>,
    /// The channel or product group it is caused by, for these levels; none: all of them.
    pub member: Option<String>,
    /// Share of its cost, in 0..=1, that ends when what drives it ends. Default 1.
    pub avoidable: Decimal,
    /// Where the entry begins.
    pub at: Position,
}

impl ActivityDef {
    /// The time-driven resource whose minutes are its volume.
    pub fn minutes_of(&self) -> Option<usize> {
        self.takes.iter().find_map(|take| match (take.from, &take.by) {
            (Node::Resource(resource), ResourceDriver::Minutes(Quantity::Volume)) => Some(resource),
            _ => None,
        })
    }
}

/// How an activity's cost is rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateDef {
    /// Cost over volume of the period.
    Actual,
    /// Given money per unit of volume; what it leaves over or under is a variance.
    Standard(Ratio),
    /// Volumes are money, charged as they are: a direct charge that draws down a pool.
    Charge,
    /// Given money per unit of volume that no pool holds; a contra line stands against it.
    Imputed(Ratio),
}

/// What a negative volume of a customer in a period means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NegativeVolume {
    /// The run stops and names the customer.
    #[default]
    Error,
    /// It is taken as it is, and earns a credit.
    Signed,
    /// It counts as much as a positive one.
    Absolute,
    /// It counts as none.
    Zero,
}

/// Level of the cost hierarchy at which an activity is caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Caused by order lines: reaches customer × product group.
    Unit,
    /// Caused by orders. The default.
    Order,
    /// Caused by having the customer.
    Customer,
    /// Caused by offering a product group.
    Product,
    /// Caused by serving a channel.
    Channel,
    /// Caused by the business as a whole.
    Facility,
}

/// A line of the margin waterfall that activities form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Above contribution: price concessions, such as rebates paid later.
    PriceConcession,
    /// Above contribution: what levels unit and order form.
    CostToServe,
    /// Below contribution: what level customer forms.
    CustomerLevel,
    /// Below contribution: financing of receivables.
    Financing,
    /// Below contribution: winning the customer.
    Acquisition,
    /// Below customer profit: cost of a higher level, spread by a declared basis.
    Spread,
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
}

/// `[publish]`.
#[derive(Debug, Clone)]
pub struct PublishDef {
    /// Folder of the releases. Default `out/<pipeline name>`, beside the `pipelines` folder.
    pub path: PathBuf,
    /// Use only PLAIN encodings, for old readers. Default false.
    pub plain: bool,
    /// Publish `customer_activity` although `customer_period` has room for all activities. Default false.
    pub customer_activity: bool,
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
