//! `variance`: what actual cost is beyond standard cost, and why.
//!
//! For a time-driven resource at the standard rate s per minute, with actual cost A, every boundary rounded once:
//! spending A − R(s·practical), unused capacity R(s·practical) − R(s·worked), efficiency R(s·worked) − R(s·standard
//! minutes). Where minutes worked are not known they are taken as the standard ones, and efficiency is null.

use crate::costing::schema::{
    Activity, ActivityCosting, AtStandard, Costing, PeriodCosting, RateKind, ResourceCosting,
};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::Period;

/// One row per node at a standard rate and period.
pub(crate) fn variance(costing: &Costing, format: TableFormat<'_>) -> Sheet {
    let rows: Vec<Row> = costing.periods.iter().flat_map(|period| rows(costing, period)).collect();
    let mut draft = format.draft("variance", "node at a standard rate and period", None, &rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    let meaning = "resource, or activity; an activity's efficiency is part of its resource's, so the two are not added up";
    draft.name("node_kind", meaning, |row| row.kind);
    draft.name("node", "Which of them", |row| row.name);
    draft.total("actual", "What it really cost", |row| Some(row.actual));
    draft.total("standard", "What was done, at the standard rate", |row| Some(row.standard));
    let meaning = "Actual cost less practical capacity at the standard rate";
    draft.total("spending", meaning, |row| row.spending);
    let meaning = "Practical capacity that was not worked, at the standard rate";
    draft.total("unused_capacity", meaning, |row| row.unused);
    let meaning = "Minutes worked beyond the standard ones; null when not known";
    draft.total("efficiency", meaning, |row| row.efficiency);
    let meaning = "Cost that the standard rate left over; negative: over-absorbed";
    draft.total("under_absorbed", meaning, |row| row.absorption);
    draft.total("variance", "Actual − standard", |row| Some(row.actual - row.standard));
    draft.total("difference", "Variance − all its parts, always 0", |row| Some(row.difference()));
    draft.finish()
}

struct Row<'c> {
    period: Period,
    kind: &'static str,
    name: &'c str,
    actual: i128,
    standard: i128,
    spending: Option<i128>,
    unused: Option<i128>,
    efficiency: Option<i128>,
    absorption: Option<i128>,
}

fn rows<'c>(costing: &'c Costing, period: &'c PeriodCosting) -> impl Iterator<Item = Row<'c>> {
    let resources = costing.resources.iter().zip(&period.resources);
    let resources = resources.filter_map(|(name, resource)| {
        resource.at_standard.map(|at| Row::of_resource(period.period, name, resource, at))
    });
    let activities = costing.activities.iter().zip(&period.activities);
    let activities =
        activities.filter_map(|(activity, costed)| Row::of_activity(period.period, activity, costed));
    resources.chain(activities)
}

impl<'c> Row<'c> {
    fn of_resource(period: Period, name: &'c str, resource: &ResourceCosting, at: AtStandard) -> Self {
        let worked = i128::from(at.worked.unwrap_or(at.used));
        let (actual, practical) = (i128::from(resource.cost), i128::from(at.practical));
        Self {
            period,
            kind: "resource",
            name,
            actual,
            standard: i128::from(at.used),
            spending: Some(actual - practical),
            unused: Some(practical - worked),
            efficiency: at.worked.map(|worked| i128::from(worked) - i128::from(at.used)),
            absorption: None,
        }
    }

    /// An activity with a standard rate, or with known minutes of a resource that has one.
    fn of_activity(period: Period, activity: &'c Activity, costed: &ActivityCosting) -> Option<Self> {
        let efficiency = costed.efficiency.map(i128::from);
        let own = i128::from(costed.cost) - costed.passed_on_total();
        let is_standard = costed.rate_kind == Some(RateKind::Standard);
        let absorption = is_standard.then_some(i128::from(costed.variance));
        (efficiency.is_some() || absorption.is_some()).then(|| Self {
            period,
            kind: "activity",
            name: &activity.name,
            actual: own + efficiency.unwrap_or(0),
            standard: own - absorption.unwrap_or(0),
            spending: None,
            unused: None,
            efficiency,
            absorption,
        })
    }

    fn difference(&self) -> i128 {
        let parts = [self.spending, self.unused, self.efficiency, self.absorption];
        self.actual - self.standard - parts.into_iter().flatten().sum::<i128>()
    }
}
