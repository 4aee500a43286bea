//! `forecast_resource`: minutes that the coming periods ask of time-driven resources, against their practical capacity and in the
//! steps in which it is bought.

use super::outlook::Outlook;
use crate::costing::capacity_steps::{plus, started};
use crate::costing::schema::{Costing, PeriodCosting};
use crate::error::{Error, Result};
use crate::pipeline::{Capacity, CostingDef, Node};
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Decimal, Period};
use std::collections::BTreeSet;

/// A time-driven resource in one of the coming periods.
pub(super) struct ResourceRow<'c> {
    pub(super) resource: &'c str,
    pub(super) period: Period,
    ahead: usize,
    /// Expected, lower and upper end.
    minutes: [Decimal; 3],
    practical: Decimal,
    steps: Option<Steps>,
}

/// Capacity that is bought in steps.
struct Steps {
    started: i128,
    minutes: Decimal,
    cost: i128,
}

/// Every resource with a capacity, in every coming period. Minutes of each taker are forecast, and those of all added up; so
/// are the ends of their intervals, which holds where takers rise and fall together, and is cautious where they do not.
///
/// # Errors
/// Minutes beyond 128 bits.
pub(super) fn rows<'c>(
    definition: &CostingDef,
    costing: &'c Costing,
    complete: &[PeriodCosting],
    next: &[Period],
    money_scale: u8,
) -> Result<Vec<ResourceRow<'c>>> {
    let mut rows = Vec::new();
    for (index, resource) in definition.resources.iter().enumerate() {
        let Some(capacity) = &resource.capacity else { continue };
        let name = &costing.resources[index];
        let too_large = || Error::too_many_digits(format!("forecast: minutes of '{name}'"));
        let takers: BTreeSet<Node> =
            complete.iter().flat_map(|period| &period.resources[index].assigned).map(|of| of.to).collect();
        let mut minutes = vec![[Decimal::ZERO; 3]; next.len()];
        for taker in takers {
            let Some(outlook) = of_taker(complete, index, taker, next.len(), name)? else { continue };
            for (sums, of) in minutes.iter_mut().zip(&outlook.volumes) {
                let [low, high] = of.bounds.unwrap_or([of.expected; 2]);
                for (sum, more) in sums.iter_mut().zip([of.expected, low, high]) {
                    *sum = plus(*sum, more).ok_or_else(too_large)?;
                }
            }
        }
        for (ahead, (period, minutes)) in next.iter().zip(minutes).enumerate() {
            let steps = steps(capacity, minutes[0], money_scale).ok_or_else(too_large)?;
            let practical = capacity.minutes(*period);
            rows.push(ResourceRow { resource: name, period: *period, ahead, minutes, practical, steps });
        }
    }
    Ok(rows)
}

/// Minutes that a node took of a resource, forecast; 0 in periods in which it took none.
fn of_taker(
    complete: &[PeriodCosting],
    resource: usize,
    taker: Node,
    periods: usize,
    name: &str,
) -> Result<Option<Outlook>> {
    let too_large = || Error::too_many_digits(format!("forecast: minutes of '{name}'"));
    let mut taken = Vec::with_capacity(complete.len());
    for period in complete {
        let of_taker = period.resources[resource].assigned.iter().filter(|assigned| assigned.to == taker);
        let sum = |sum: Option<Decimal>, more: Decimal| plus(sum?, more);
        taken.push(
            of_taker
                .map(|assigned| assigned.quantity)
                .fold(Some(Decimal::ZERO), sum)
                .ok_or_else(too_large)?,
        );
    }
    let scale = taken.iter().map(|minutes| minutes.normalised().scale).max().unwrap_or(0);
    let mantissas: Option<Vec<i128>> = taken.iter().map(|minutes| minutes.at_scale(scale)).collect();
    let season = complete.first().map_or(1, |period| period.period.kind.in_a_year());
    Outlook::of(&mantissas.ok_or_else(too_large)?, scale, season, periods, &format!("minutes of '{name}'"))
}

/// None outside when a number leaves 128 bits.
fn steps(capacity: &Capacity, minutes: Decimal, money_scale: u8) -> Option<Option<Steps>> {
    let Some(step) = capacity.step else { return Some(None) };
    let started = started(step, minutes)?;
    Some(Some(Steps {
        started,
        minutes: Decimal { mantissa: step.minutes.mantissa.checked_mul(started)?, ..step.minutes },
        cost: step.cost.at_scale(money_scale)?.checked_mul(started)?,
    }))
}

impl ResourceRow<'_> {
    /// Whether the minutes that are expected are beyond practical capacity.
    pub(super) fn is_short(&self) -> bool {
        self.shortfall().is_some_and(|minutes| minutes.mantissa > 0)
    }

    /// Minutes beyond practical capacity; below 0 what is left. None beyond 128 bits.
    fn shortfall(&self) -> Option<Decimal> {
        plus(self.minutes[0], Decimal { mantissa: -self.practical.mantissa, ..self.practical })
    }
}

/// The table.
pub(super) fn sheet(format: TableFormat<'_>, rows: &[ResourceRow<'_>]) -> Sheet {
    let mut draft = format.draft("forecast_resource", "time-driven resource and coming period", None, rows);
    draft.as_of();
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.count("periods_ahead", "periods", "How many periods after the last complete one", |row| {
        i64::try_from(row.ahead + 1).expect("few periods")
    });
    draft.name("resource", "Name of the resource", |row| row.resource);
    let of_row = |row: &ResourceRow<'_>| {
        let steps = row.steps.as_ref().map(|steps| steps.minutes);
        row.minutes.into_iter().chain([row.practical]).chain(steps).map(|of| of.normalised().scale).max()
    };
    let scale = rows.iter().filter_map(of_row).max().unwrap_or(0);
    let mut add = |name, meaning, of: &dyn Fn(&ResourceRow<'_>) -> Option<Decimal>| {
        let column = Column::new(name, ColumnKind::Total(scale), "minutes", meaning);
        draft.wide(column, |row| of(row).and_then(|minutes| minutes.at_scale(scale)));
    };
    add("minutes", "Minutes that are expected to be taken: the forecasts of all takers", &|row| {
        Some(row.minutes[0])
    });
    add("minutes_low", "Sum of the lower ends of their intervals of 95 %", &|row| Some(row.minutes[1]));
    add("minutes_high", "Sum of the upper ends", &|row| Some(row.minutes[2]));
    add("practical_minutes", "Practical capacity", &|row| Some(row.practical));
    add("shortfall_minutes", "Minutes beyond practical capacity; below 0 what is left of it", &|row| {
        row.shortfall()
    });
    draft.flag("is_short", "Whether practical capacity is not going to suffice", |row| row.is_short());
    let meaning =
        "Steps of capacity that have to be started for the minutes; null where it is not bought in steps";
    draft.count("steps", "steps", meaning, |row| {
        row.steps.as_ref().and_then(|steps| i64::try_from(steps.started).ok())
    });
    let column =
        Column::new("step_minutes", ColumnKind::Total(scale), "minutes", "Minutes that these steps supply");
    draft.wide(column, |row| row.steps.as_ref().and_then(|steps| steps.minutes.at_scale(scale)));
    draft.total("step_cost", "Money that these steps cost", |row| row.steps.as_ref().map(|steps| steps.cost));
    draft.finish()
}
