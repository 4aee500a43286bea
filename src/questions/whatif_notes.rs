//! What a comparison leaves out, said beside it.

use super::lives::bearing;
use super::recalled::Recalled;
use crate::pipeline::{
    Change, CostingDef, DriverDef, FeeDef, Function, Quantity, ResourceDriver, ScenarioDef, Take,
};

pub(super) fn notes(base: &Recalled<'_>, scenario: &ScenarioDef) -> Vec<String> {
    let definition = base.definition;
    let is_priced = scenario.changes.iter().any(|change| matches!(change, Change::Prices(_)));
    let untouched = definition.costing.as_ref().filter(|_| is_priced).and_then(untouched_by_prices);
    let react = |fee: &FeeDef| [fee.lost, fee.merged, fee.raised].iter().any(|share| share.mantissa != 0);
    let beside_orders = scenario.fees.iter().any(react).then(|| beside_orders(base)).flatten();
    let only_plans = scenario.has_only_plans().then(|| {
        format!(
            "the scenario has nothing but plans, so nothing differs; ask `abacus budget --scenario '{}'` what they need",
            scenario.name
        )
    });
    untouched.into_iter().chain(beside_orders).chain(only_plans).collect()
}

/// What is not of orders does not change with them.
fn beside_orders(base: &Recalled<'_>) -> Option<String> {
    let kept = &base.facts.order_aggregates;
    let names = bearing(base).filter_map(|index| {
        let activity = &base.costing.activities[index];
        let drivers = activity.driver.iter().chain(&activity.fallback);
        let mut terms = drivers.flat_map(|driver| &driver.terms);
        terms.any(|(aggregate, _)| !kept.contains(aggregate)).then(|| format!("'{}'", activity.name))
    });
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| {
        format!(
            "volumes that facts do not keep by order stay as they are, in whole or in part: {}",
            names.join(", ")
        )
    })
}

/// Kept facts hold what drivers add up, not what they would add up at other prices.
fn untouched_by_prices(costing: &CostingDef) -> Option<String> {
    let activities = costing.activities.iter().filter(|activity| {
        let own = activity.driver.iter().chain(&activity.fallback);
        own.chain(taken(&activity.takes)).any(adds_up_prices)
    });
    let resources = costing.resources.iter().filter(|resource| taken(&resource.takes).any(adds_up_prices));
    let names: Vec<String> = activities
        .map(|activity| format!("'{}'", activity.name))
        .chain(resources.map(|resource| format!("resource '{}'", resource.name)))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "prices change revenue, discount and returns, but no driver; volumes that add up revenue or discount stay \
             as they are: {}",
            names.join(", ")
        )
    })
}

fn taken(takes: &[Take]) -> impl Iterator<Item = &DriverDef> {
    takes.iter().filter_map(|take| match &take.by {
        ResourceDriver::Quantity(Quantity::Sql(driver))
        | ResourceDriver::FixedAndVariable(_, Quantity::Sql(driver))
        | ResourceDriver::Minutes(Quantity::Sql(driver)) => Some(driver),
        _ => None,
    })
}

/// Whether the driver sums the revenue or discount of transactions.
fn adds_up_prices(driver: &DriverDef) -> bool {
    let of_lines = driver.parts.iter().filter(|part| part.on.is_none());
    let mut functions = of_lines.flat_map(|part| &part.sql.driver.terms).map(|(_, of)| &of.function);
    functions.any(|function| match function {
        Function::Sum(value) => value.columns().iter().any(|name| ["revenue", "discount"].contains(name)),
        _ => false,
    })
}
