//! What a comparison leaves out, said beside it.

use super::lives::bearing;
use super::recalled::Recalled;
use crate::pipeline::{
    Change, CostingDef, DriverDef, DropDef, FeeDef, Function, Quantity, ResourceDriver, ScenarioDef,
    SelectedBy, Take,
};

pub(super) fn notes(base: &Recalled<'_>, scenario: &ScenarioDef) -> Vec<String> {
    let definition = base.definition;
    let is_priced = scenario.changes.iter().any(|change| matches!(change, Change::Prices(_)));
    let untouched = definition.costing.as_ref().filter(|_| is_priced).and_then(untouched_by_prices);
    let beside = stays(base, scenario);
    let only_plans = scenario.has_only_plans().then(|| {
        format!(
            "the scenario has nothing but plans, so nothing differs; ask `abacus budget --scenario '{}'` what they need",
            scenario.name
        )
    });
    untouched.into_iter().chain(beside).chain(only_plans).collect()
}

/// What facts keep neither by order nor by product group does not change with these.
fn stays(base: &Recalled<'_>, scenario: &ScenarioDef) -> Option<String> {
    let reacts = |fee: &FeeDef| [fee.lost, fee.merged, fee.raised].iter().any(|share| share.mantissa != 0);
    let is_of_orders =
        |drop: &DropDef| drop.only.iter().any(|condition| matches!(condition.by, SelectedBy::Dimension(_)));
    let drop = scenario.drop.as_ref();
    let of_orders = scenario.fees.iter().any(reacts) || drop.is_some_and(is_of_orders);
    let of_goods = scenario.price_changes.iter().any(|price| price.elasticity.mantissa != 0)
        || drop.is_some_and(|drop| !drop.product_groups.is_empty());
    let (kept, by) = match (of_orders, of_goods) {
        (true, _) => (&base.facts.order_aggregates, "order"),
        (_, true) => (&base.facts.line_aggregates, "product group"),
        _ => return None,
    };
    let names = bearing(base).filter_map(|index| {
        let activity = &base.costing.activities[index];
        let drivers = activity.driver.iter().chain(&activity.fallback);
        let mut terms = drivers.flat_map(|driver| &driver.terms);
        terms.any(|(aggregate, _)| !kept.contains(aggregate)).then(|| format!("'{}'", activity.name))
    });
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| {
        format!(
            "volumes that facts do not keep by {by} stay as they are, in whole or in part: {}",
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
        Function::Sum(value) | Function::Money(value) => {
            value.columns().iter().any(|name| ["revenue", "discount"].contains(name))
        }
        _ => false,
    })
}
