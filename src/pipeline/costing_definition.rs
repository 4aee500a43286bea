//! The checked definition of `[costing]`: what the network of resources and activities is made of.

use super::definition::{DriverSql, Files, Position};
use super::text_format::TextFormat;
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

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
    Ledger(Box<LedgerDef>),
}

/// Rows of a ledger file (Parquet or text) that feed a resource.
#[derive(Debug, Clone)]
pub struct LedgerDef {
    /// Parquet or text.
    pub files: Files,
    /// Accounts claimed by this resource.
    pub accounts: Vec<String>,
    /// Column of the account. Default `account`.
    pub account_column: String,
    /// Column of the date (any day of the period). Default `period`.
    pub period_column: String,
    /// Column of the amount. Default `amount`.
    pub amount_column: String,
    /// The keys that name these columns, for messages.
    pub column_keys: [&'static str; 3],
    /// Whether a row without an amount says nothing, rather than being a mistake.
    pub may_be_empty: bool,
    /// How text files write it.
    pub format: TextFormat,
}

impl LedgerDef {
    /// The columns of account, date and amount.
    pub fn columns(&self) -> [&String; 3] {
        [&self.account_column, &self.period_column, &self.amount_column]
    }

    /// Whether a row is about its day alone, which then stands for the account too.
    pub fn is_by_day(&self) -> bool {
        self.account_column == self.period_column
    }
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
    File(Box<LedgerDef>),
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
    /// Volumes are money by which revenue is less than invoiced: a price component. No pool holds it, and no contra line stands
    /// against it.
    Deducted,
    /// Volumes are money that is lost by currency: a realised exchange difference. No pool holds it, and no contra line stands
    /// against it.
    Exchange,
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
    /// Below contribution: realised exchange differences.
    ExchangeDifference,
    /// Below contribution: winning the customer.
    Acquisition,
    /// Below customer profit: cost of a higher level, spread by a declared basis.
    Spread,
}

impl Line {
    /// Whether it stands between gross margin and contribution.
    pub fn is_above_contribution(self) -> bool {
        matches!(self, Self::PriceConcession | Self::CostToServe)
    }
}
