//! Scenarios: a definition with some of its numbers changed. Nothing that decides facts changes, so the facts of the
//! definition serve its scenarios.

use super::{
    Amount, Change, CostingDef, Definition, DriverDef, Node, RateDef, Ratio, ResourceDriver, ScenarioDef,
    Take,
};
use crate::units::Decimal;
use std::collections::BTreeMap;

/// The definition with the scenario's changes. Prices, planned volumes and growth stay in the scenario: they change
/// facts and budgets, not the definition.
pub fn apply(definition: &Definition, scenario: &ScenarioDef) -> Definition {
    let mut changed = definition.clone();
    if let Some(costing) = &mut changed.costing {
        for change in &scenario.changes {
            apply_one(costing, change);
        }
    }
    changed
}

fn apply_one(costing: &mut CostingDef, change: &Change) {
    match change {
        Change::Amount(index, amount) => costing.resources[*index].amount = Amount::EachPeriod(*amount),
        Change::AmountFactor(index, factor) => costing.resources[*index].factor = *factor,
        Change::Capacity(index, minutes) => set_capacity(costing, *index, *minutes),
        Change::Share { taker, from, share } => set_share(costing, *taker, *from, *share),
        Change::Rate(index, rate) => set_rate(costing, *index, *rate),
        Change::Driver(index, driver) => set_driver(costing, *index, driver),
        Change::Prices(_) => {}
    }
}

fn set_capacity(costing: &mut CostingDef, index: usize, minutes: Decimal) {
    let capacity = costing.resources[index].capacity.as_mut();
    let capacity = capacity.expect("a scenario changes the capacity of a time-driven resource");
    capacity.practical_minutes = minutes;
    capacity.minutes_by_period = BTreeMap::new();
}

fn set_share(costing: &mut CostingDef, taker: Node, from: Node, share: Decimal) {
    let take = takes_of(costing, taker)
        .iter_mut()
        .find(|take| take.from == from && matches!(take.by, ResourceDriver::Share(_)))
        .expect("a scenario changes a share that the definition has");
    take.by = ResourceDriver::Share(share);
}

fn takes_of(costing: &mut CostingDef, taker: Node) -> &mut Vec<Take> {
    match taker {
        Node::Resource(index) => &mut costing.resources[index].takes,
        Node::Activity(index) => &mut costing.activities[index].takes,
    }
}

/// An imputed rate stays imputed; an activity that is rated at its actual cost is charged at a standard one.
fn set_rate(costing: &mut CostingDef, index: usize, rate: Ratio) {
    let rating = &mut costing.activities[index].rate;
    *rating = match rating {
        RateDef::Imputed(_) => RateDef::Imputed(rate),
        RateDef::Standard(_) | RateDef::Actual => RateDef::Standard(rate),
        RateDef::Charge => unreachable!("a scenario gives no rate to a direct charge"),
    };
}

fn set_driver(costing: &mut CostingDef, index: usize, driver: &DriverDef) {
    costing.activities[index].driver = Some(driver.clone());
}
