//! Where money came from and what became of it, on networks small enough to follow by hand.

use super::model::{Model, activity, share};
use crate::costing::{Reached, origins};
use crate::pipeline::{Node, ServiceMethod};

#[test]
fn golden_g10_the_departments_cost_is_traced_to_the_services_own_money() {
    let mut model = Model::new(2);
    let [pm, is] = ["plant maintenance", "information systems"]
        .map(|name| model.resource(name, if name.starts_with('p') { "600_000" } else { "116_000" }));
    model.take(is, pm, share("0.2"));
    model.take(pm, is, share("0.1"));
    let [machining, assembly] = ["machining", "assembly"].map(|name| model.activity(name));
    for (department, shares) in [(machining, ["0.3", "0.8"]), (assembly, ["0.5", "0.1"])] {
        model.take(department, pm, share(shares[0]));
        model.take(department, is, share(shares[1]));
    }
    model.services(ServiceMethod::Reciprocal, &[pm, is]);
    let costing = model.cost().unwrap();
    let origins = origins(&costing, &model.definition, 0);
    // Of a dollar of maintenance, (0.3 + 0.2·0.8)/0.98 reaches machining; of one of systems (0.8 + 0.1·0.3)/0.98.
    let parts = origins.of(machining);
    let exact = [60_000_000.0 * 0.46 / 0.98, 11_600_000.0 * 0.83 / 0.98];
    for ((_, part), exact) in parts.iter().zip(exact) {
        assert!((*part as f64 - exact).abs() <= 2.0, "{parts:?}");
    }
    assert_eq!(parts.iter().map(|(_, part)| *part).sum::<i64>(), activity(&costing, machining).cost);
    let reached = origins.reached(0);
    assert_eq!(reached.iter().map(|(_, part)| *part).sum::<i64>(), 60_000_000);
    assert!(matches!(reached[..], [(Reached::Retained(0), _), (Reached::Retained(1), _)]), "{reached:?}");
}

#[test]
fn an_overdriven_pool_is_the_origin_of_what_it_gave_beyond() {
    let mut model = Model::new(0);
    let pool = model.timed("pool", "100", "10", crate::pipeline::UnusedCapacity::Keep);
    let node = model.activity("a");
    let minutes = crate::pipeline::Quantity::EachPeriod("12".parse().unwrap());
    model.take(node, pool, crate::pipeline::ResourceDriver::Minutes(minutes));
    let costing = model.cost().unwrap();
    let origins = origins(&costing, &model.definition, 0);
    assert_eq!(origins.of(Node::Activity(0)), [(0, 120)]);
    assert_eq!(origins.reached(0), [(Reached::Retained(0), 120), (Reached::Overdriven(0), -20)]);
}
