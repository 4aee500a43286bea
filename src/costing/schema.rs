//! What later rooms see of costing: per period and activity the cost, the volume and the pools behind it.
//! Small, global, and enough to post any slice of customers.

pub use super::driver::ActivityDriver;
pub use super::posting::{post, trace};
pub use super::rate::{Rate, RateKind};

use super::services::reciprocal::System;
use crate::pipeline::{Level, Line, NegativeVolume, Node};
use crate::units::{Decimal, Period, pow10};
use arrow::buffer::ScalarBuffer;
use std::sync::Arc;

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
    /// The line of the waterfall it forms; none: customers do not bear it.
    pub line: Option<Line>,
    /// The channel or product group it is caused by.
    pub member: Option<String>,
    /// `transactions` or the event source.
    pub source: String,
    /// Whether it is driven by minutes of a time-driven resource.
    pub is_timed: bool,
    /// Whether no pool holds its cost, so that a contra line stands against it.
    pub is_imputed: bool,
    /// Whether it is a price component off invoice or an exchange difference, which are imputed and have no contra line: the
    /// company has them too.
    pub is_deducted: bool,
    /// The driver's SQL; empty without driver.
    pub driver_text: String,
    /// How volumes follow from the facts.
    pub driver: Option<ActivityDriver>,
    /// How they follow in periods without volume of `driver`.
    pub fallback: Option<ActivityDriver>,
    /// What a negative volume of a customer in a period means.
    pub negative: NegativeVolume,
    /// Share of its cost that ends when what drives it ends.
    pub avoidable: Decimal,
}

/// Why a customer's volume cannot be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeFault {
    /// A volume has more than 18 digits.
    TooLarge,
    /// A volume is negative, and the activity does not say what that means.
    Negative {
        /// Which row.
        row: usize,
        /// Its volume, at the driver's scale.
        volume: i64,
    },
}

impl Activity {
    /// The driver that volumes of this period follow; none: customers are not charged by volume.
    pub fn driver_of(&self, costed: &ActivityCosting) -> Option<&ActivityDriver> {
        if costed.is_fallback { self.fallback.as_ref() } else { self.driver.as_ref() }
    }

    /// What stands in place of a pool where none pays it: what it is, and why.
    pub(crate) fn without_pool(&self) -> Option<(&'static str, &'static str)> {
        match (self.is_deducted, self.is_imputed) {
            (true, _) if self.line == Some(Line::ExchangeDifference) => {
                Some(("exchange difference", "rates moved between invoice and payment"))
            }
            (true, _) => Some(("price component", "revenue is less by it")),
            (false, true) => Some(("imputed", "no pool holds it")),
            (false, false) => None,
        }
    }

    /// The volume of every row after the policy for negative volumes: what rates are charged on.
    ///
    /// # Errors
    /// A volume beyond 18 digits; a negative one where the activity does not expect it.
    pub fn volumes(
        &self,
        costed: &ActivityCosting,
        aggregates: &[ScalarBuffer<i64>],
        rows: usize,
    ) -> Result<ScalarBuffer<i64>, VolumeFault> {
        match self.driver_of(costed) {
            Some(driver) => driver.charged_volumes(self.negative, aggregates, rows),
            None => Ok(vec![0; rows].into()),
        }
    }
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

/// One resource pool in one period:
/// cost + overdriven = assigned + unused + unused_retained + unused_charged + unassigned + variance.
#[derive(Debug, Clone, Default)]
pub struct ResourceCosting {
    /// What feeds it from outside the network.
    pub inputs: Vec<Input>,
    /// (sender, amount) of what it receives from nodes outside its own reciprocal group.
    pub received: Vec<(Node, i64)>,
    /// What it received from its reciprocal group less what it gave to it; 0 over the group.
    pub reciprocal_net: i64,
    /// Its cost before it gave to its reciprocal group, rounded: shown, never added up.
    pub reciprocated: Option<i64>,
    /// Inputs + received + reciprocal net.
    pub cost: i64,
    /// What went to nodes outside its own reciprocal group.
    pub assigned: Vec<Assigned>,
    /// Cost of practical capacity that no activity took, and that stays here.
    pub unused: i64,
    /// The same, where it goes to the level that owns the capacity.
    pub unused_retained: i64,
    /// The same, where customers bear it in proportion.
    pub unused_charged: i64,
    /// Cost of minutes, or direct charges, beyond the pool: assigned, but not in it.
    pub overdriven: i64,
    /// Cost that no share takes.
    pub unassigned: i64,
    /// Cost beyond the standard rate × practical capacity: the spending variance.
    pub variance: i64,
    /// Present when time-driven.
    pub minutes: Option<Minutes>,
    /// The level that owns unused capacity, where it is retained.
    pub owner: Option<Level>,
    /// Why something is unassigned.
    pub reason: Option<&'static str>,
    /// What it gave to its reciprocal group, each rounded on its own: shown, never added up.
    pub given: Vec<Assigned>,
    /// Present when charged at a standard rate.
    pub at_standard: Option<AtStandard>,
    /// The equations of its reciprocal group.
    pub(crate) system: Option<Arc<System>>,
}

/// Money of a time-driven resource at its standard rate, each boundary rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtStandard {
    /// Practical capacity.
    pub practical: i64,
    /// Minutes really worked: known ones, and standard minutes where they are not; none if none is known.
    pub worked: Option<i64>,
    /// Standard minutes of what was done.
    pub used: i64,
}

/// Money that feeds a pool: its ledger account, or none for an inline amount.
pub type Input = (Option<String>, i64);

/// What one node took from another.
#[derive(Debug, Clone, Copy)]
pub struct Assigned {
    /// Who.
    pub to: Node,
    /// The share, quantity or minutes.
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

/// One activity in one period: cost = passed on + posted + retained + unassigned + variance,
/// where an imputed activity has a negative variance, its contra, in place of cost.
#[derive(Debug, Clone, Default)]
pub struct ActivityCosting {
    /// (sender, amount), in the order the activity names them.
    pub pools: Vec<(Node, i64)>,
    /// What it received from its reciprocal group less what it gave to it; 0 over the group.
    pub reciprocal_net: i64,
    /// Its cost before it gave to its reciprocal group, rounded: shown, never added up.
    pub reciprocated: Option<i64>,
    /// Pools + reciprocal net.
    pub cost: i64,
    /// What went to nodes outside its own reciprocal group.
    pub passed_on: Vec<Assigned>,
    /// Volume of all customers, at the driver's scale, after the policy for negative volumes.
    pub volume: i64,
    /// Whether `volume` is that of the fallback driver.
    pub is_fallback: bool,
    /// What customers are charged per unit of volume; none: they are not charged.
    pub rate: Option<Rate>,
    /// Where that rate comes from.
    pub rate_kind: Option<RateKind>,
    /// What customers bear, `rate.at(volume)`.
    pub posted: i64,
    /// What stays at its level by intent.
    pub retained: i64,
    /// What stays for want of volume.
    pub unassigned: i64,
    /// Over- (negative) or under-absorbed at a standard rate; less what is imputed.
    pub variance: i64,
    /// Unused capacity that customers bear beside `posted`, over the same volumes.
    pub unused_charged: i64,
    /// Minutes really worked, where they are known.
    pub actual_minutes: Option<Decimal>,
    /// What these cost at standard rate beyond the standard minutes of what was done.
    pub efficiency: Option<i64>,
    /// Why something is unassigned.
    pub reason: Option<&'static str>,
    /// What it gave to its reciprocal group, each rounded on its own: shown, never added up.
    pub given: Vec<Assigned>,
    /// The equations of its reciprocal group.
    pub(crate) system: Option<Arc<System>>,
}

/// Why an activity without driver volume keeps its cost.
pub const NO_VOLUME: &str = "no driver volume";
/// Why an activity whose credits outweigh its volume keeps its cost.
pub const NOT_ABOVE_ZERO: &str = "signed driver volume not above zero";
/// Why an activity that only serves others keeps what they do not take.
pub const NO_DRIVER: &str = "no activity driver";
/// Why part of a pool stays where it is.
pub const NO_SHARE: &str = "share not given";
/// Why a pool spread by quantities stays where it is.
pub const NO_QUANTITY: &str = "no resource driver quantity";
/// Why a pool stays where it is.
pub const NO_TAKER: &str = "nothing takes it";
/// Why part of a pool that is charged directly stays where it is.
pub const NOT_CHARGED: &str = "not charged to customers";
/// Why a ledger row feeds no resource.
pub const UNCLAIMED: &str = "no resource claims the account";
/// Why money of another time feeds no resource.
pub const OUTSIDE: &str = "outside the periods of the run";

impl ResourceCosting {
    /// Cost + overdriven − all that left and stayed: 0.
    pub fn difference(&self) -> i128 {
        let inputs: i128 = self.inputs.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let received: i128 = self.received.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let out = [self.unused, self.unused_retained, self.unused_charged, self.unassigned, self.variance];
        inputs + received + i128::from(self.reciprocal_net) + i128::from(self.overdriven)
            - self.assigned_total()
            - out.iter().map(|amount| i128::from(*amount)).sum::<i128>()
    }

    /// What other nodes took.
    pub fn assigned_total(&self) -> i128 {
        self.assigned.iter().map(|assigned| i128::from(assigned.amount)).sum()
    }
}

impl ActivityCosting {
    /// What goes to customers, to other nodes and elsewhere is what came: 0.
    pub fn difference(&self) -> i128 {
        let pools: i128 = self.pools.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let out = [self.posted, self.retained, self.unassigned, self.variance];
        pools + i128::from(self.reciprocal_net)
            - self.passed_on_total()
            - out.iter().map(|amount| i128::from(*amount)).sum::<i128>()
    }

    /// What other nodes took.
    pub fn passed_on_total(&self) -> i128 {
        self.passed_on.iter().map(|passed| i128::from(passed.amount)).sum()
    }
}

impl Activity {
    /// Digits after the point of its volume.
    pub fn volume_scale(&self) -> u8 {
        self.driver.as_ref().map_or(0, |driver| driver.scale)
    }
}

impl ActivityCosting {
    /// Why customers do not bear its cost, if they do not.
    pub fn reason(&self) -> Option<&'static str> {
        self.reason
    }

    /// Its volume with its scale.
    pub fn quantity(&self, activity: &Activity) -> Decimal {
        Decimal { mantissa: i128::from(self.volume), scale: activity.volume_scale() }
    }

    /// Money per unit of volume, rounded to a double; none without rate.
    #[allow(clippy::cast_precision_loss, reason = "shown rounded; the exact rate is the fraction itself")]
    pub fn rate_shown(&self, activity: &Activity, money_scale: u8) -> Option<f64> {
        // Scaled as integers, so that only the division rounds: 112,000.00 over 2,500 is 44.8.
        let rate = self.rate?;
        let money = i128::from(rate.money) * pow10(activity.volume_scale());
        let volume = i128::from(rate.volume) * pow10(money_scale);
        Some(money as f64 / volume as f64)
    }
}

/// The word for a level.
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Unit => "unit",
        Level::Order => "order",
        Level::Customer => "customer",
        Level::Product => "product",
        Level::Channel => "channel",
        Level::Facility => "facility",
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

/// A run's money, for its summary:
/// input + imputed + overdriven = assigned + retained + unused + unassigned + variance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostTotals {
    /// Money that feeds resource pools.
    pub input: i128,
    /// Assigned to customers without a pool behind it, price components among it.
    pub imputed: i128,
    /// Of these, what the company has too: price components off invoice, exchange differences.
    pub deducted: i128,
    /// Of these, realised exchange losses less gains.
    pub exchange: i128,
    /// Assigned to customers, unused capacity charged to them among it.
    pub assigned: i128,
    /// Stays at its level by intent.
    pub retained: i128,
    /// Unused capacity that is charged to no customer.
    pub unused: i128,
    /// Without share or without volume.
    pub unassigned: i128,
    /// Assigned beyond the pools' cost.
    pub overdriven: i128,
    /// What standard rates left over or under.
    pub variance: i128,
    /// Ledger rows of the run's periods that no resource claims; not part of `input`.
    pub unclaimed: i128,
}

impl std::ops::AddAssign for CostTotals {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.imputed += other.imputed;
        self.deducted += other.deducted;
        self.exchange += other.exchange;
        self.assigned += other.assigned;
        self.retained += other.retained;
        self.unused += other.unused;
        self.unassigned += other.unassigned;
        self.overdriven += other.overdriven;
        self.variance += other.variance;
        self.unclaimed += other.unclaimed;
    }
}

impl CostTotals {
    /// Money in less money out: 0.
    pub fn difference(&self) -> i128 {
        self.input + self.imputed + self.overdriven
            - self.assigned
            - self.retained
            - self.unused
            - self.unassigned
            - self.variance
    }
}

impl Costing {
    /// The sums of all periods.
    pub fn totals(&self) -> CostTotals {
        let mut totals = CostTotals::default();
        self.periods.iter().for_each(|period| totals += self.period_totals(period));
        let unclaimed = self.leftovers.iter().filter(|leftover| leftover.reason == UNCLAIMED);
        totals.unclaimed = unclaimed.map(|leftover| i128::from(leftover.amount)).sum();
        totals
    }

    /// The sums of one period, without unclaimed ledger rows.
    pub fn period_totals(&self, period: &PeriodCosting) -> CostTotals {
        let mut totals = CostTotals::default();
        for resource in &period.resources {
            totals.input += resource.inputs.iter().map(|(_, amount)| i128::from(*amount)).sum::<i128>();
            totals.assigned += i128::from(resource.unused_charged);
            totals.retained += i128::from(resource.unused_retained);
            totals.unused += i128::from(resource.unused);
            totals.unassigned += i128::from(resource.unassigned);
            totals.overdriven += i128::from(resource.overdriven);
            totals.variance += i128::from(resource.variance);
        }
        for (activity, costed) in self.activities.iter().zip(&period.activities) {
            totals.assigned += i128::from(costed.posted);
            totals.retained += i128::from(costed.retained);
            totals.unassigned += i128::from(costed.unassigned);
            match activity.is_imputed {
                true => totals.imputed -= i128::from(costed.variance),
                false => totals.variance += i128::from(costed.variance),
            }
            if activity.is_deducted {
                totals.deducted -= i128::from(costed.variance);
            }
            if activity.line == Some(Line::ExchangeDifference) {
                totals.exchange -= i128::from(costed.variance);
            }
        }
        totals
    }
}
