//! What must hold before anything is published: money in equals money out, everywhere.

use super::schema::{Costing, PeriodCosting};
use crate::error::{Error, Result};
use crate::pipeline::Node;
use crate::units::format_fixed;

/// Money in equals money out at every node, between stages, in every period and in all.
///
/// # Errors
/// Names the first place that does not close.
pub fn verify(costing: &Costing) -> Result<()> {
    for period in &costing.periods {
        verify_nodes(costing, period)?;
        verify_stages(costing, period)?;
        let whole = costing.period_totals(period).difference();
        closes(costing, &format!("the total of {}", period.period), whole)?;
    }
    closes(costing, "the total of all periods", costing.totals().difference())
}

fn verify_nodes(costing: &Costing, period: &PeriodCosting) -> Result<()> {
    let resources = costing.resources.iter().zip(&period.resources);
    let activities = costing.activities.iter().map(|activity| &activity.name).zip(&period.activities);
    let differences = resources
        .map(|(name, resource)| (name, resource.difference()))
        .chain(activities.map(|(name, activity)| (name, activity.difference())));
    for (name, difference) in differences {
        closes(costing, &format!("'{name}' in {}", period.period), difference)?;
    }
    Ok(())
}

/// What resources and activities gave is what resources and activities received.
fn verify_stages(costing: &Costing, period: &PeriodCosting) -> Result<()> {
    let mut open = [[0_i128; 2]; 2];
    let stage = |node: Node| usize::from(matches!(node, Node::Activity(_)));
    let mut net = 0;
    for resource in &period.resources {
        resource.assigned.iter().for_each(|given| open[0][stage(given.to)] += i128::from(given.amount));
        resource.received.iter().for_each(|(from, amount)| open[stage(*from)][0] -= i128::from(*amount));
        net += i128::from(resource.reciprocal_net);
    }
    for activity in &period.activities {
        activity.passed_on.iter().for_each(|given| open[1][stage(given.to)] += i128::from(given.amount));
        activity.pools.iter().for_each(|(from, amount)| open[stage(*from)][1] -= i128::from(*amount));
        net += i128::from(activity.reciprocal_net);
    }
    let names = ["resources", "activities"];
    for (from, to) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let stage = format!("the stage from {} to {} in {}", names[from], names[to], period.period);
        closes(costing, &stage, open[from][to])?;
    }
    closes(costing, &format!("the exchange of reciprocal services in {}", period.period), net)?;
    let charged_to_customers: i128 =
        period.activities.iter().map(|activity| i128::from(activity.unused_charged)).sum();
    let charged: i128 = period.resources.iter().map(|resource| i128::from(resource.unused_charged)).sum();
    closes(costing, &format!("unused capacity charged in {}", period.period), charged - charged_to_customers)
}

fn closes(costing: &Costing, what: &str, difference: i128) -> Result<()> {
    if difference == 0 {
        return Ok(());
    }
    let found = format_fixed(difference, costing.money_scale);
    Err(Error::check(format!("costing: {what} does not close: input − output is {found}, expected 0")))
}
