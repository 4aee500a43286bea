//! Scenarios: a definition with some of its numbers changed. Nothing that decides facts changes, so the facts of the
//! definition serve its scenarios.

use super::{
    Amount, Change, CostingDef, Definition, DriverDef, Node, Quantity, RateDef, Ratio, ResourceDriver,
    ScenarioDef, Take,
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
        Change::CapacityFactor(index, factor) => scale_capacity(costing, *index, *factor),
        Change::QuantityFactor { taker, from, factor } => scale_quantity(costing, *taker, *from, *factor),
        Change::Prices(_) => {}
    }
}

fn set_capacity(costing: &mut CostingDef, index: usize, minutes: Decimal) {
    let capacity = costing.resources[index].capacity.as_mut();
    let capacity = capacity.expect("a scenario changes the capacity of a time-driven resource");
    capacity.practical_minutes = minutes;
    capacity.minutes_by_period = BTreeMap::new();
}

fn scale_capacity(costing: &mut CostingDef, index: usize, factor: Decimal) {
    let capacity = costing.resources[index].capacity.as_mut();
    let capacity = capacity.expect("only capacity that is there is scaled");
    let minutes =
        std::iter::once(&mut capacity.practical_minutes).chain(capacity.minutes_by_period.values_mut());
    minutes.for_each(|minutes| *minutes = times(*minutes, factor));
}

fn scale_quantity(costing: &mut CostingDef, taker: Node, from: Node, factor: Decimal) {
    for take in takes_of(costing, taker).iter_mut().filter(|take| take.from == from) {
        let (ResourceDriver::Quantity(quantity)
        | ResourceDriver::FixedAndVariable(_, quantity)
        | ResourceDriver::Minutes(quantity)) = &mut take.by
        else {
            continue;
        };
        match quantity {
            Quantity::EachPeriod(quantity) => *quantity = times(*quantity, factor),
            Quantity::ByPeriod(quantities) => {
                quantities.values_mut().for_each(|quantity| *quantity = times(*quantity, factor));
            }
            Quantity::File(_) | Quantity::Sql(_) | Quantity::Volume => {}
        }
    }
}

/// Numbers of the file have at most 18 digits on either side of the point, factors few.
fn times(number: Decimal, factor: Decimal) -> Decimal {
    let (number, factor) = (number.normalised(), factor.normalised());
    let mantissa = number.mantissa.checked_mul(factor.mantissa).expect("factors have few digits");
    Decimal { mantissa, scale: number.scale + factor.scale }.normalised()
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
        RateDef::Charge | RateDef::Deducted | RateDef::Exchange => {
            unreachable!("a scenario gives no rate to what is charged as it is")
        }
    };
}

fn set_driver(costing: &mut CostingDef, index: usize, driver: &DriverDef) {
    costing.activities[index].driver = Some(driver.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::read;
    use std::path::Path;

    fn complete() -> Definition {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions/right");
        read(&folder.join("complete.toml")).unwrap()
    }

    fn share_text(take: &Take) -> String {
        match &take.by {
            ResourceDriver::Share(share) => share.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_scenario_changes_what_it_says() {
        let definition = complete();
        let scenario = &definition.scenarios[0];
        let changed = apply(&definition, scenario).costing.unwrap();
        let resource =
            |wanted: &str| changed.resources.iter().find(|resource| resource.name == wanted).unwrap();
        let activity =
            |wanted: &str| changed.activities.iter().find(|activity| activity.name == wanted).unwrap();
        let Amount::EachPeriod(amount) = resource("head office").amount else { panic!("one amount") };
        assert_eq!(amount.to_string(), "60");
        assert_eq!(resource("plant maintenance").factor.to_string(), "1.05");
        assert_eq!(resource("paint shop").capacity.as_ref().unwrap().practical_minutes.to_string(), "120");
        let RateDef::Imputed(rate) = activity("finance receivables").rate else { panic!("still imputed") };
        assert_eq!(rate.numerator.to_string(), "0.08");
        assert_eq!(activity("take order").driver.as_ref().unwrap().text(), "4 * count(distinct order)");
        let shares: Vec<String> = activity("pick").takes.iter().map(share_text).collect();
        assert_eq!(shares, ["0.1", "0.5"], "of wages as before, of rent as the scenario says");
        assert_eq!(scenario.planned[&0].to_string(), "12000");
        assert_eq!(scenario.growth.to_string(), "1.1");
        assert_eq!(scenario.changes.len(), 7);
    }

    #[test]
    fn what_a_scenario_does_not_name_stays() {
        let definition = complete();
        let changed = apply(&definition, &definition.scenarios[0]).costing.unwrap();
        let before = definition.costing.as_ref().unwrap();
        for (was, is) in before.activities.iter().zip(&changed.activities) {
            let is_same = format!("{:?}", was.takes) == format!("{:?}", is.takes);
            assert_eq!(is_same, was.name != "pick", "{}", was.name);
        }
        assert_eq!(changed.activities[0].minutes_of(), Some(0), "minutes stay its volume");
        let volume = |take: &Take| matches!(take.by, ResourceDriver::Minutes(Quantity::Volume));
        assert!(changed.activities[0].takes.iter().all(volume));
    }

    #[test]
    fn a_capacity_holds_in_every_period() {
        let definition = complete();
        let mut scenario = definition.scenarios[0].clone();
        let mut resources = definition.costing.as_ref().unwrap().resources.iter();
        let hall = resources.position(|resource| resource.name == "machine hall").unwrap();
        scenario.changes = vec![Change::Capacity(hall, Decimal::ONE)];
        let changed = apply(&definition, &scenario).costing.unwrap();
        assert!(changed.resources[hall].capacity.as_ref().unwrap().minutes_by_period.is_empty());
    }

    #[test]
    fn a_rate_makes_an_activity_standard() {
        let definition = complete();
        let mut scenario = definition.scenarios[0].clone();
        let rate = Ratio { numerator: Decimal::ONE, denominator: Decimal { mantissa: 3, scale: 0 } };
        scenario.changes = vec![Change::Rate(2, rate)];
        assert_eq!(
            apply(&definition, &scenario).costing.unwrap().activities[2].rate,
            RateDef::Standard(rate)
        );
    }
}
