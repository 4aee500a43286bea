//! `plan_resource`: planned and actual cost and capacity of resources, and what the planned rate per minute makes of minutes.

use super::planned::PlannedResource;
use super::variances::{Meaning, NOT_PLANNED, Variances, add_columns};
use crate::costing::schema::{Costing, PeriodCosting, ResourceCosting};
use crate::error::{Error, Result};
use crate::math::ratio::round_product;
use crate::pipeline::Node;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

/// One resource in one period.
pub(super) struct ResourceRow<'c> {
    pub(super) period: Period,
    pub(super) is_complete: bool,
    pub(super) name: &'c str,
    pub(super) variances: Variances,
    pub(super) planned: &'c ResourceCosting,
    pub(super) actual: &'c ResourceCosting,
    /// What the minutes of its takers cost by the plan; none where it has no planned rate per minute.
    pub(super) minutes: Option<AtPlannedRate>,
    pub(super) reason: Option<&'static str>,
}

/// Minutes of a time-driven resource at its planned rate, every boundary rounded once.
pub(super) struct AtPlannedRate {
    /// By activity that takes minutes.
    pub(super) takers: BTreeMap<usize, OfTaker>,
    /// Money that minutes worked beyond standard ones took of unused capacity.
    pub(super) more_worked: i128,
    scale: u8,
    practical: [i128; 2],
    used: [i128; 2],
    worked: i128,
}

/// What a taker's minutes cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OfTaker {
    /// Standard minutes of what was done, at the planned rate.
    pub(super) flexible: i128,
    /// Minutes worked beyond them, at the planned rate.
    pub(super) efficiency: i128,
    /// The same at the rate that actual minutes cost.
    pub(super) more_worked: i128,
}

/// Every resource of a planned period.
///
/// # Errors
/// Minutes or money beyond 128 bits.
pub(super) fn rows<'c>(
    costing: &'c Costing,
    planned: &[PlannedResource],
    [plan, actual]: [&'c PeriodCosting; 2],
    is_complete: bool,
) -> Result<Vec<ResourceRow<'c>>> {
    let places = costing.resources.iter().enumerate();
    let row = |(place, name): (usize, &'c String)| {
        let (plan, done) = (&plan.resources[place], &actual.resources[place]);
        let is_planned = planned[place].cost.is_some() || plan.cost != 0;
        let too_large = || Error::too_many_digits(format!("plan: minutes of '{name}' in {}", actual.period));
        let minutes = at_planned_rate(plan, done, actual).ok_or_else(too_large)?;
        let (planned, came_to) = (i128::from(plan.cost), i128::from(done.cost));
        let variances = match &minutes {
            Some(minutes) => minutes.variances(planned, came_to).ok_or_else(too_large)?,
            None => Variances::of_spending(planned, came_to),
        };
        Ok(ResourceRow {
            period: actual.period,
            is_complete,
            name,
            variances,
            planned: plan,
            actual: done,
            minutes,
            reason: (!is_planned).then_some(NOT_PLANNED),
        })
    };
    places.map(row).collect()
}

/// None where the resource has no rate per minute: no capacity, no planned cost, or takers that take other than minutes of
/// it. `None` outside when digits outgrow 128 bits.
fn at_planned_rate(
    plan: &ResourceCosting,
    done: &ResourceCosting,
    actual: &PeriodCosting,
) -> Option<Option<AtPlannedRate>> {
    let (Some(planned), Some(minutes)) = (plan.minutes, done.minutes) else { return Some(None) };
    if plan.cost == 0 || !takes_minutes_only(plan)? || !takes_minutes_only(done)? {
        return Some(None);
    }
    let worked = |to: Node| match to {
        Node::Activity(index) => actual.activities[index].actual_minutes,
        Node::Resource(_) => None,
    };
    let known = done.assigned.iter().filter_map(|assigned| worked(assigned.to));
    let all = [planned.practical, planned.used, minutes.practical, minutes.used];
    let finest = all.into_iter().chain(known).map(|minutes| minutes.normalised().scale).max()?;
    let scale =
        done.assigned.iter().map(|assigned| assigned.quantity.normalised().scale).fold(finest, u8::max);
    let at = |minutes: Decimal| minutes.at_scale(scale);
    let practical = [at(planned.practical)?, at(minutes.practical)?];
    // Services that are left out may take all of a capacity, which then has no rate.
    if practical.iter().any(|minutes| *minutes <= 0) {
        return Some(None);
    }
    let planned_rate = |minutes| round_product(minutes, i128::from(plan.cost), practical[0]);
    let actual_rate = |minutes| round_product(minutes, i128::from(done.cost), practical[1]);
    let (mut takers, mut running, mut seen) = (BTreeMap::<usize, OfTaker>::new(), 0_i128, 0);
    for assigned in &done.assigned {
        running += at(assigned.quantity)?;
        let until = planned_rate(running)?;
        if let Node::Activity(index) = assigned.to {
            takers.entry(index).or_default().flexible += until - seen;
        }
        seen = until;
    }
    let used = running;
    let (mut seen_actual, mut more) = (actual_rate(running)?, 0);
    for assigned in &done.assigned {
        let (Node::Activity(index), Some(worked)) = (assigned.to, worked(assigned.to)) else { continue };
        running += at(worked)? - at(assigned.quantity)?;
        let (until, until_actual) = (planned_rate(running)?, actual_rate(running)?);
        let taker = takers.entry(index).or_default();
        taker.efficiency = until - seen;
        // At a standard rate minutes have cost that one, and what is left is the resource's own variance.
        let at_standard = actual.activities[index].efficiency.map(i128::from);
        taker.more_worked = at_standard.unwrap_or(until_actual - seen_actual);
        more += taker.more_worked;
        (seen, seen_actual) = (until, until_actual);
    }
    let used = [at(planned.used)?, used];
    Some(Some(AtPlannedRate { takers, more_worked: more, scale, practical, used, worked: running }))
}

/// Whether all that leaves the resource is minutes, none of it to services that serve it.
fn takes_minutes_only(resource: &ResourceCosting) -> Option<bool> {
    let minutes = resource.minutes?;
    let scales = resource.assigned.iter().map(|assigned| assigned.quantity.scale);
    let scale = scales.fold(minutes.used.scale, u8::max);
    let mut sum = 0_i128;
    for assigned in &resource.assigned {
        sum = sum.checked_add(assigned.quantity.at_scale(scale)?)?;
    }
    Some(resource.reciprocated.is_none() && sum == minutes.used.at_scale(scale)?)
}

impl AtPlannedRate {
    /// Of a resource that was planned to cost `planned` and cost `actual`.
    fn variances(&self, planned: i128, actual: i128) -> Option<Variances> {
        let at = |minutes| round_product(minutes, planned, self.practical[0]);
        let [planned_used, used] = [at(self.used[0])?, at(self.used[1])?];
        let (worked, practical) = (at(self.worked)?, at(self.practical[1])?);
        Some(Variances {
            planned,
            volume: used - planned_used,
            efficiency: worked - used,
            capacity: (practical - worked) - (planned - planned_used),
            rate: actual - practical,
            actual,
        })
    }

    /// The planned rate, as money and the minutes that it pays for.
    pub(super) fn rate(&self, planned: i128) -> (i128, Decimal) {
        (planned, Decimal { mantissa: self.practical[0], scale: self.scale })
    }
}

impl ResourceRow<'_> {
    /// What stays of it beside what is taken: unused less overdriven, with minutes worked beyond standard ones taken off.
    pub(super) fn unused(&self) -> Variances {
        let kept = |of: &ResourceCosting| {
            [of.unused, of.unused_retained, of.unused_charged, -of.overdriven]
                .map(i128::from)
                .iter()
                .sum::<i128>()
        };
        let more = self.minutes.as_ref().map_or(0, |minutes| minutes.more_worked);
        let (planned, actual) = (kept(self.planned), kept(self.actual) - more);
        let capacity = self.variances.capacity;
        Variances { planned, capacity, rate: actual - planned - capacity, actual, ..Variances::default() }
    }
}

/// `plan_resource`.
pub(super) fn sheet(format: TableFormat<'_>, rows: &[ResourceRow<'_>]) -> Sheet {
    let mut draft = format.draft("plan_resource", "resource and planned period", None, rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.flag("is_complete", COMPLETE, |row| row.is_complete);
    draft.name("resource", "Name of the resource", |row| row.name);
    add_columns(&mut draft, Meaning::Cost, |row| &row.variances);
    let practical = |of: &ResourceCosting| of.minutes.map(|minutes| minutes.practical);
    let used = |of: &ResourceCosting| of.minutes.map(|minutes| minutes.used);
    let minutes = rows.iter().flat_map(|row| [row.planned, row.actual]).filter_map(|of| of.minutes);
    let scales =
        minutes.flat_map(|minutes| [minutes.practical, minutes.used]).map(|of| of.normalised().scale);
    let scale = scales.max().unwrap_or(0);
    let mut add = |name, meaning, of: &dyn Fn(&ResourceRow<'_>) -> Option<Decimal>| {
        let column = Column::new(name, ColumnKind::Total(scale), "minutes", meaning);
        draft.wide(column, |row| of(row).and_then(|minutes| minutes.at_scale(scale)));
    };
    add("planned_practical_minutes", "Planned practical capacity", &|row| practical(row.planned));
    add("practical_minutes", "Practical capacity that there was", &|row| practical(row.actual));
    add("planned_used_minutes", "Minutes that planned volumes take", &|row| used(row.planned));
    add("used_minutes", "Standard minutes of what was done", &|row| used(row.actual));
    draft.name("reason", "Why nothing is planned: not planned, all of its cost is a rate variance", |row| {
        row.reason
    });
    draft.finish()
}

/// Meaning of a column that every table of a plan has.
pub(super) const COMPLETE: &str =
    "Whether the as-of date has reached the end of the period; the plan is of the whole of it";
