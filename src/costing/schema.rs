//! What later rooms see of costing: per period and activity the cost, the volume and the pools behind it.
//! Small, global, and enough to post any slice of customers.

pub use super::driver::ActivityDriver;
pub use super::driver::fits;
pub(crate) use super::driver::{LIMIT, bits};
pub use super::posting::{post, trace};
pub(crate) use super::tables::level_name;
pub use super::tables::{activity_period, balance, cost_flow};

use crate::pipeline::Level;
use crate::units::{Decimal, Period};

/// The costing of a whole run.
#[derive(Debug, Clone, Default)]
pub struct Costing {
    /// Names of the resource pools, in the order declared.
    pub resources: Vec<String>,
    /// The activities, in the order declared.
    pub activities: Vec<Activity>,
    /// Parallel to the periods of the facts.
    pub periods: Vec<PeriodCosting>,
    /// Money that feeds no resource of any period.
    pub leftovers: Vec<Leftover>,
    /// Digits after the point of all money.
    pub money_scale: u8,
}

/// An activity, resolved.
#[derive(Debug, Clone)]
pub struct Activity {
    /// As written.
    pub name: String,
    /// Its suffix in column names.
    pub column: String,
    /// Where in the cost hierarchy it stands.
    pub level: Level,
    /// `transactions` or the event source.
    pub source: String,
    /// Whether it is driven by minutes of a time-driven resource.
    pub is_timed: bool,
    /// Whether most customers are likely to have none of it.
    pub is_sparse: bool,
    /// The driver's SQL.
    pub driver_text: String,
    /// How volumes follow from the facts.
    pub driver: ActivityDriver,
}

/// One period's money from ledger to activities.
#[derive(Debug, Clone)]
pub struct PeriodCosting {
    /// Which.
    pub period: Period,
    /// Parallel to `Costing::resources`.
    pub resources: Vec<ResourceCosting>,
    /// Parallel to `Costing::activities`.
    pub activities: Vec<ActivityCosting>,
}

/// One resource pool in one period: cost + overdriven = assigned + unused + unassigned.
#[derive(Debug, Clone, Default)]
pub struct ResourceCosting {
    /// What feeds it.
    pub inputs: Vec<Input>,
    /// Their sum.
    pub cost: i64,
    /// What went to activities.
    pub assigned: Vec<Assigned>,
    /// Cost of practical capacity that no activity took.
    pub unused: i64,
    /// Cost of minutes beyond practical capacity: assigned, but not in the pool.
    pub overdriven: i64,
    /// Cost that no share takes.
    pub unassigned: i64,
    /// Present when time-driven.
    pub minutes: Option<Minutes>,
}

/// Money that feeds a pool: its ledger account, or none for an inline amount.
pub type Input = (Option<String>, i64);

/// What one activity took from a resource.
#[derive(Debug, Clone, Copy)]
pub struct Assigned {
    /// Index into `Costing::activities`.
    pub activity: usize,
    /// The share, or minutes.
    pub quantity: Decimal,
    /// Money.
    pub amount: i64,
}

/// Minutes of a time-driven resource; practical + overdriven = used + unused.
#[derive(Debug, Clone, Copy)]
pub struct Minutes {
    /// What it can do.
    pub practical: Decimal,
    /// What activities took.
    pub used: Decimal,
    /// What they left.
    pub unused: Decimal,
    /// What they took beyond it.
    pub overdriven: Decimal,
}

/// One activity in one period.
#[derive(Debug, Clone, Default)]
pub struct ActivityCosting {
    /// (resource, amount), in the order the activity names its resources.
    pub pools: Vec<(usize, i64)>,
    /// Their sum.
    pub cost: i64,
    /// Volume of all customers, at the driver's scale.
    pub volume: i64,
}

/// Why a pool without driver volume stays where it is.
pub const NO_VOLUME: &str = "no driver volume";
/// Why part of a resource stays where it is.
pub const NO_SHARE: &str = "share not given";
/// Why a ledger row feeds no resource.
pub const UNCLAIMED: &str = "no resource claims the account";
/// Why money of another time feeds no resource.
pub const OUTSIDE: &str = "outside the periods of the run";

impl ActivityCosting {
    /// Whether customers bear its cost.
    pub fn is_assigned(&self) -> bool {
        self.volume > 0
    }

    /// What customers bear.
    pub fn assigned(&self) -> i64 {
        if self.is_assigned() { self.cost } else { 0 }
    }

    /// What stays for want of volume.
    pub fn unassigned(&self) -> i64 {
        self.cost - self.assigned()
    }
}

/// Money of a ledger or an inline amount that feeds no resource of any period of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The period it is booked in.
    pub period: Period,
    /// Ledger account or, for an inline amount, the resource.
    pub node: String,
    /// Money.
    pub amount: i64,
    /// `UNCLAIMED` (inside the run: part of its result) or `OUTSIDE`.
    pub reason: &'static str,
}

/// A run's money in five numbers, for its summary: input + overdriven = assigned + unused + unassigned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostTotals {
    /// Cost of all resource pools.
    pub input: i128,
    /// Borne by customers.
    pub assigned: i128,
    /// Unused capacity.
    pub unused: i128,
    /// Without share or without volume.
    pub unassigned: i128,
    /// Assigned beyond the pools' cost.
    pub overdriven: i128,
    /// Ledger rows of the run's periods that no resource claims; not part of `input`.
    pub unclaimed: i128,
}

impl Costing {
    /// The sums of all periods.
    pub fn totals(&self) -> CostTotals {
        let mut totals =
            self.periods.iter().map(PeriodCosting::totals).fold(CostTotals::default(), |a, b| CostTotals {
                input: a.input + b.input,
                assigned: a.assigned + b.assigned,
                unused: a.unused + b.unused,
                unassigned: a.unassigned + b.unassigned,
                overdriven: a.overdriven + b.overdriven,
                unclaimed: 0,
            });
        let unclaimed = self.leftovers.iter().filter(|leftover| leftover.reason == UNCLAIMED);
        totals.unclaimed = unclaimed.map(|leftover| i128::from(leftover.amount)).sum();
        totals
    }
}

impl PeriodCosting {
    /// The period's sums, without unclaimed ledger rows.
    pub fn totals(&self) -> CostTotals {
        let mut totals = CostTotals::default();
        for resource in &self.resources {
            totals.input += i128::from(resource.cost);
            totals.unused += i128::from(resource.unused);
            totals.unassigned += i128::from(resource.unassigned);
            totals.overdriven += i128::from(resource.overdriven);
        }
        for activity in &self.activities {
            totals.assigned += i128::from(activity.assigned());
            totals.unassigned += i128::from(activity.unassigned());
        }
        totals
    }
}
