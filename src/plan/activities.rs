//! `plan_activity`: planned and actual volume, rate and cost of activities.

use super::planned::PlannedActivity;
use super::resources::{COMPLETE, OfTaker, ResourceRow};
use super::variances::{Meaning, NO_PLANNED_VOLUME, NOT_PLANNED, Variances, add_columns};
use crate::costing::line_name;
use crate::costing::schema::{Activity, ActivityCosting, Costing, PeriodCosting};
use crate::error::{Error, Result};
use crate::math::ratio::round_product;
use crate::pipeline::{CostingDef, Node};
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Decimal, Period, pow10};

/// One activity in one period.
pub(super) struct ActivityRow<'c> {
    pub(super) period: Period,
    pub(super) is_complete: bool,
    pub(super) activity: &'c Activity,
    pub(super) variances: Variances,
    planned_volume: Option<Decimal>,
    volume: Decimal,
    minutes_worked: Option<Decimal>,
    /// Money, and the volume it pays for; none without planned volume.
    planned_rate: Option<(i128, Decimal)>,
    reason: Option<&'static str>,
}

/// What activities of a period are compared by.
pub(super) struct Compared<'r, 'c> {
    pub(super) costing: &'c Costing,
    pub(super) definition: &'c CostingDef,
    pub(super) planned: &'r [PlannedActivity],
    /// The plan through the network; none where activities are planned with their cost.
    pub(super) plan: Option<&'c PeriodCosting>,
    /// Activities as the plan resolves them: a scenario may give them other drivers.
    pub(super) plan_activities: &'c [Activity],
    pub(super) actual: &'c PeriodCosting,
    pub(super) resources: &'r [ResourceRow<'c>],
    pub(super) is_complete: bool,
}

/// What an activity was planned to cost and by which rate.
struct Budget {
    planned: i128,
    /// Of the planned cost, what does not follow the volume.
    fixed: i128,
    volume: Option<Decimal>,
}

impl<'r, 'c> Compared<'r, 'c> {
    /// Every activity of the period.
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub(super) fn rows(&self) -> Result<Vec<ActivityRow<'c>>> {
        (0..self.costing.activities.len()).map(|place| self.row(place)).collect()
    }

    fn row(&self, place: usize) -> Result<ActivityRow<'c>> {
        let (activity, done) = (&self.costing.activities[place], &self.actual.activities[place]);
        let budget = self.budget(place);
        let volume = done.quantity(activity);
        let too_large =
            || Error::too_many_digits(format!("plan: '{}' in {}", activity.name, self.actual.period));
        let own = own_cost(activity, done);
        let of_minutes = self.of_minutes(place);
        let moving = budget.planned - budget.fixed;
        let rate = match &of_minutes {
            Some((resource, _)) => {
                resource.minutes.as_ref().map(|minutes| minutes.rate(resource.variances.planned))
            }
            None => budget.volume.filter(|volume| volume.mantissa > 0).map(|volume| (moving, volume)),
        };
        let (flexible, efficiency, actual) = match (&of_minutes, rate) {
            (Some((_, taker)), _) => (taker.flexible, taker.efficiency, own + taker.more_worked),
            (None, Some((money, of))) => {
                (budget.fixed + at_rate(volume, money, of).ok_or_else(too_large)?, 0, own)
            }
            (None, None) => (budget.planned, 0, own),
        };
        let is_planned = budget.planned != 0 || budget.volume.is_some();
        let reason = match (is_planned, rate) {
            (false, None) => Some(NOT_PLANNED),
            (true, None) => Some(NO_PLANNED_VOLUME),
            _ => None,
        };
        Ok(ActivityRow {
            period: self.actual.period,
            is_complete: self.is_complete,
            activity,
            variances: Variances {
                planned: budget.planned,
                volume: flexible - budget.planned,
                efficiency,
                capacity: 0,
                rate: actual - flexible - efficiency,
                actual,
            },
            planned_volume: budget.volume,
            volume,
            minutes_worked: done.actual_minutes,
            planned_rate: rate,
            reason,
        })
    }

    fn budget(&self, place: usize) -> Budget {
        let planned = &self.planned[place];
        let fixed = i128::from(planned.fixed_cost);
        match self.plan {
            Some(plan) => {
                let (activity, costed) = (&self.plan_activities[place], &plan.activities[place]);
                let scale = activity.volume_scale();
                // As the plan was costed: rounded to the digits of the driver.
                let volume = Decimal { mantissa: i128::from(costed.volume), scale };
                Budget { planned: own_cost(activity, costed), fixed, volume: planned.volume.map(|_| volume) }
            }
            None => Budget { planned: i128::from(planned.cost.unwrap_or(0)), fixed, volume: planned.volume },
        }
    }

    /// The time-driven resource whose minutes are all that the activity takes and costs.
    fn of_minutes(&self, place: usize) -> Option<(&'r ResourceRow<'c>, OfTaker)> {
        let (plan, done) = (&self.plan?.activities[place], &self.actual.activities[place]);
        let definition = &self.definition.activities[place];
        let resource = definition.minutes_of().filter(|_| definition.takes.len() == 1)?;
        let serves_none = |of: &ActivityCosting| of.passed_on.is_empty() && of.reciprocated.is_none();
        let is_alone = serves_none(plan) && serves_none(done) && self.planned[place].fixed_cost == 0;
        let row = &self.resources[resource];
        let taker = row.minutes.as_ref().filter(|_| is_alone)?.takers.get(&place)?;
        let is_of_it = done.pools.iter().all(|(from, _)| *from == Node::Resource(resource));
        is_of_it.then_some((row, *taker))
    }
}

/// Cost that other nodes do not take; of an imputed activity what customers are charged.
pub(super) fn own_cost(activity: &Activity, costed: &ActivityCosting) -> i128 {
    match activity.is_imputed {
        true => i128::from(costed.posted),
        false => i128::from(costed.cost) - costed.passed_on_total(),
    }
}

/// What a volume costs at `money` for `of`, rounded once.
fn at_rate(volume: Decimal, money: i128, of: Decimal) -> Option<i128> {
    let scale = volume.scale.max(of.scale);
    round_product(volume.at_scale(scale)?, money, of.at_scale(scale)?)
}

/// `plan_activity`.
pub(super) fn sheet(format: TableFormat<'_>, rows: &[ActivityRow<'_>]) -> Sheet {
    let mut draft = format.draft("plan_activity", "activity and planned period", None, rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.flag("is_complete", COMPLETE, |row| row.is_complete);
    draft.name("activity", "Name of the activity", |row| &row.activity.name);
    let meaning = "Line of the waterfall it forms; null: it is not charged to customers";
    draft.name("line", meaning, |row| row.activity.line.map(line_name));
    add_columns(&mut draft, Meaning::Cost, |row| &row.variances);
    let quantities = rows.iter().flat_map(|row| [row.planned_volume, Some(row.volume), row.minutes_worked]);
    let scale = quantities.flatten().map(|quantity| quantity.normalised().scale).max().unwrap_or(0);
    let mut add = |name, unit, meaning, of: &dyn Fn(&ActivityRow<'_>) -> Option<Decimal>| {
        let column = Column::new(name, ColumnKind::Total(scale), unit, meaning);
        draft.wide(column, |row| of(row).and_then(|quantity| quantity.at_scale(scale)));
    };
    add("planned_volume", "driver units", "Planned driver volume", &|row| row.planned_volume);
    add("volume", "driver units", "Driver volume of all customers", &|row| Some(row.volume));
    add("minutes_worked", "minutes", "Minutes really worked, where they are known", &|row| {
        row.minutes_worked
    });
    let per_unit = format!("{} per unit of volume", format.currency);
    let meaning = "Planned cost that follows the volume ÷ planned volume; of minutes planned cost ÷ planned capacity; shown rounded";
    draft.float("planned_rate", per_unit.clone(), meaning, |row| {
        row.planned_rate.map(|rate| shown(rate, format.money_scale))
    });
    draft.float("rate", per_unit, "Actual ÷ volume, shown rounded", |row| {
        (row.volume.mantissa > 0).then(|| shown((row.variances.actual, row.volume), format.money_scale))
    });
    let meaning = "Why it has no planned rate: not planned, or no planned volume; all but its plan is then a rate variance";
    draft.name("reason", meaning, |row| row.reason);
    draft.finish()
}

/// Scaled as integers, so that only the division rounds.
#[allow(clippy::cast_precision_loss, reason = "shown rounded; the exact rate is the fraction itself")]
fn shown((money, volume): (i128, Decimal), money_scale: u8) -> f64 {
    (money * pow10(volume.scale)) as f64 / (volume.mantissa * pow10(money_scale)) as f64
}
