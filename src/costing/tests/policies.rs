//! Drivers, capacity, rates and what is said when something is missing, one by one.

use super::model::{Model, activity, resource};
use super::{quantity, share};
use crate::costing::schema::{NO_DRIVER, NO_QUANTITY, NO_SHARE, NO_TAKER, NOT_CHARGED, RateKind};
use crate::facts::schema::LedgerSums;
use crate::pipeline::{
    Amount, Files, LedgerDef, Level, Line, Node, Position, Quantity, RateDef, Ratio, ResourceDriver,
    ServiceMethod, TextFormat, UnusedCapacity,
};
use crate::storage::Pattern;
use crate::units::Decimal;

fn ratio(text: &str) -> Ratio {
    Ratio { numerator: text.parse().unwrap(), denominator: Decimal::ONE }
}

fn minutes(text: &str) -> ResourceDriver {
    ResourceDriver::Minutes(Quantity::EachPeriod(text.parse().unwrap()))
}

/// One pool of 1,000, taken so by activities; what each takes, what stays and why.
fn spread(takes: &[ResourceDriver]) -> (Vec<i64>, i64, Option<&'static str>) {
    let mut model = Model::new(0);
    let pool = model.resource("pool", "1000");
    for (index, by) in takes.iter().enumerate() {
        let node = model.activity(&format!("activity {index}"));
        model.take(node, pool, by.clone());
    }
    let costing = model.cost().unwrap();
    let pool = &costing.periods[0].resources[0];
    (pool.assigned.iter().map(|given| given.amount).collect(), pool.unassigned, pool.reason)
}

#[test]
fn pools_are_spread_by_every_kind() {
    let mixed = |fixed: &str, units: &str| {
        let units = Quantity::EachPeriod(units.parse().unwrap());
        ResourceDriver::FixedAndVariable(fixed.parse().unwrap(), units)
    };
    for (takes, expected) in [
        (vec![share("0.7"), share("0.25")], (vec![700, 250], 50, Some(NO_SHARE))),
        (vec![share("0.333"), share("0.333"), share("0.334")], (vec![333, 333, 334], 0, None)),
        (vec![ResourceDriver::Even; 3], (vec![333, 334, 333], 0, None)),
        (vec![quantity("1.5"), quantity("0.5")], (vec![750, 250], 0, None)),
        (vec![quantity("0"), quantity("0")], (vec![0, 0], 1000, Some(NO_QUANTITY))),
        (vec![mixed("0.5", "30"), mixed("0.5", "10")], (vec![750, 250], 0, None)),
        (vec![], (vec![], 1000, Some(NO_TAKER))),
    ] {
        assert_eq!(spread(&takes), expected, "{takes:?}");
    }
}

#[test]
fn the_fixed_part_goes_by_shares_and_the_rest_by_quantities() {
    let mut model = Model::new(0);
    let pool = model.resource("pool", "1000");
    model.resource_def(pool).fixed = "0.4".parse().unwrap();
    for (name, part, units) in [("a", "0.6", "900"), ("b", "0.4", "300")] {
        let node = model.activity(name);
        let units = Quantity::EachPeriod(units.parse().unwrap());
        model.take(node, pool, ResourceDriver::FixedAndVariable(part.parse().unwrap(), units));
    }
    let costing = model.cost().unwrap();
    assert_eq!(costing.periods[0].activities.iter().map(|a| a.cost).collect::<Vec<_>>(), [690, 310]);
}

fn driver_file(account: &str) -> Box<LedgerDef> {
    let (root, below) = Pattern::split("d.csv").unwrap();
    let (pattern, path) = (root.to_owned(), root.into());
    Box::new(LedgerDef {
        files: Files { pattern, path, root: root.into(), below, version: None, at: Position::default() },
        accounts: vec![account.to_string()],
        account_column: "account".into(),
        period_column: "period".into(),
        amount_column: "amount".into(),
        column_keys: ["account_column", "period_column", "amount_column"],
        may_be_empty: false,
        format: TextFormat::default(),
    })
}

#[test]
fn a_driver_file_says_who_takes_how_much_in_each_period() {
    let mut model = Model::new(0);
    let pool = model.resource("pool", "1000");
    let (first, second) = (Model::month(1), Model::month(2));
    let sums = [(("machining".to_string(), first), 25), (("assembly".to_string(), first), 75)];
    let columns = ["account", "period", "amount"].map(str::to_string);
    model.files.push(LedgerSums {
        files: "d.csv".into(),
        key: ("d.csv".into(), columns),
        holds_quantities: true,
        scale: 1,
        sums: sums.into_iter().chain([(("machining".to_string(), second), 40)]).collect(),
        ..LedgerSums::default()
    });
    let nodes = ["machining", "assembly"].map(|name| {
        let node = model.activity(name);
        model.take(node, pool, ResourceDriver::Quantity(Quantity::File(driver_file(name))));
        node
    });
    let costing = model.cost_months(2).unwrap();
    let costs = |period: usize| costing.periods[period].activities.iter().map(|a| a.cost).collect::<Vec<_>>();
    assert_eq!((costs(0), costs(1)), (vec![250, 750], vec![1000, 0]));
    assert!(costing.leftovers.is_empty(), "quantities are no money");
    model.take(nodes[0], pool, ResourceDriver::Quantity(Quantity::File(driver_file("mashining"))));
    let message = model.cost().unwrap_err().to_string();
    assert!(message.contains("'mashining', by which 'machining' takes, has no rows in d.csv"), "{message}");
}

#[test]
fn a_direct_charge_comes_first_and_beyond_the_pool_is_overdriven() {
    for (pool_amount, charged, others, unassigned, overdriven) in
        [("1000", 300, 700, 0, 0), ("100", 300, 0, 0, 200), ("1000", 0, 1000, 0, 0)]
    {
        let mut model = Model::new(0);
        let pool = model.resource("freight", pool_amount);
        let (freight, other) = (model.activity("freight"), model.activity("other"));
        model.take(freight, pool, ResourceDriver::DirectCharge);
        model.take(other, pool, share("1"));
        model.volumes(freight, &[charged, 0]);
        model.rate(freight, RateDef::Charge);
        let costing = model.cost().unwrap();
        let pool = resource(&costing, pool);
        assert_eq!((pool.unassigned, pool.overdriven), (unassigned, overdriven));
        let freight = activity(&costing, freight);
        assert_eq!((freight.cost, freight.posted, freight.variance), (charged, charged, 0));
        assert_eq!(freight.rate_kind, Some(RateKind::Charge));
        assert_eq!(activity(&costing, other).cost, others);
    }
}

#[test]
fn what_is_not_charged_of_a_charged_pool_stays() {
    let mut model = Model::new(0);
    let pool = model.resource("freight", "1000");
    let freight = model.activity("freight");
    model.take(freight, pool, ResourceDriver::DirectCharge);
    model.volumes(freight, &[900]);
    model.rate(freight, RateDef::Charge);
    let costing = model.cost().unwrap();
    assert_eq!(
        (resource(&costing, pool).unassigned, resource(&costing, pool).reason),
        (100, Some(NOT_CHARGED))
    );
}

#[test]
fn overdriven_minutes_are_not_clamped_and_a_credit_pool_mirrors() {
    for (amount, taken, unused, overdriven) in
        [("1000", [600, 605], 0, 205), ("-1000", [-600, -605], 0, -205)]
    {
        let mut model = Model::new(0);
        let pool = model.timed("pool", amount, "100", UnusedCapacity::Keep);
        for (name, worked) in [("a", "60"), ("b", "60.5")] {
            let node = model.activity(name);
            model.take(node, pool, minutes(worked));
        }
        let costing = model.cost().unwrap();
        let pool = resource(&costing, pool);
        assert_eq!(pool.assigned.iter().map(|given| given.amount).collect::<Vec<_>>(), taken);
        assert_eq!((pool.unused, pool.overdriven, pool.unassigned), (unused, overdriven, 0));
    }
}

/// A pool of 1,000 with 100 minutes, of which two activities take 30 and 10, the second without customers.
fn half_idle(unused: UnusedCapacity) -> (Model, [Node; 3]) {
    let mut model = Model::new(0);
    let pool = model.timed("pool", "1000", "100", unused);
    let nodes = [("a", "30"), ("b", "10"), ("c", "20")].map(|(name, worked)| {
        let node = model.activity(name);
        model.take(node, pool, minutes(worked));
        node
    });
    model.volumes(nodes[0], &[3, 3]);
    model.volumes(nodes[1], &[1, 0]);
    (model, nodes)
}

#[test]
fn unused_capacity_is_borne_as_declared_and_rates_stay() {
    let policies = [
        (UnusedCapacity::Keep, [400, 0, 0], [0, 0, 0]),
        (UnusedCapacity::Owner(Level::Facility), [0, 400, 0], [0, 0, 0]),
        (UnusedCapacity::Proportional, [0, 0, 400], [300, 100, 0]),
    ];
    let (model, nodes) = half_idle(UnusedCapacity::Keep);
    let kept = model.cost().unwrap();
    for (policy, moved, borne) in policies {
        let costing = half_idle(policy).0.cost().unwrap();
        let pool = &costing.periods[0].resources[0];
        assert_eq!([pool.unused, pool.unused_retained, pool.unused_charged], moved, "{policy:?}");
        assert_eq!(nodes.map(|node| activity(&costing, node).unused_charged), borne, "{policy:?}");
        for node in nodes {
            assert_eq!(activity(&costing, node).rate, activity(&kept, node).rate, "{policy:?}");
        }
        let totals = costing.totals();
        assert_eq!((totals.input, totals.difference()), (1000, 0));
    }
}

#[test]
fn unused_capacity_that_no_customer_can_bear_stays() {
    let mut model = Model::new(0);
    let pool = model.timed("pool", "1000", "100", UnusedCapacity::Proportional);
    let node = model.activity("a");
    model.take(node, pool, minutes("30"));
    let costing = model.cost().unwrap();
    assert_eq!((resource(&costing, pool).unused, resource(&costing, pool).unused_charged), (700, 0));
}

#[test]
fn a_standard_rate_leaves_spending_efficiency_and_unused_capacity_variances() {
    let mut model = Model::new(0);
    let pool = model.timed("service", "580_000", "700_000", UnusedCapacity::Keep);
    let capacity = model.resource_def(pool).capacity.as_mut().unwrap();
    capacity.standard_rate =
        Some(Ratio { numerator: "560_000".parse().unwrap(), denominator: "700_000".parse().unwrap() });
    let orders = model.activity("orders");
    model.take(orders, pool, minutes("392_000"));
    model.def(orders).actual_minutes = Some(Quantity::EachPeriod("400_000.5".parse().unwrap()));
    let costing = model.cost().unwrap();
    let service = resource(&costing, pool);
    assert_eq!((service.assigned[0].amount, service.unused, service.variance), (313_600, 246_400, 20_000));
    let at = service.at_standard.unwrap();
    assert_eq!((at.practical, at.worked, at.used), (560_000, Some(320_000), 313_600));
    assert_eq!(activity(&costing, orders).efficiency, Some(6_400));
    let parts = [580_000 - at.practical, at.practical - 320_000, 320_000 - at.used];
    assert_eq!(parts.iter().sum::<i64>(), service.cost - at.used);
}

#[test]
fn a_standard_activity_rate_is_over_or_under_absorbed() {
    for (volume, posted, variance) in [(10, 350, 650), (40, 1400, -400), (0, 0, 1000)] {
        let mut model = Model::new(0);
        let pool = model.resource("pool", "1000");
        let node = model.activity("entry");
        model.take(node, pool, share("1"));
        model.volumes(node, &[volume]);
        model.rate(node, RateDef::Standard(ratio("35")));
        let costing = model.cost().unwrap();
        let entry = activity(&costing, node);
        assert_eq!((entry.posted, entry.variance, entry.unassigned), (posted, variance, 0));
        assert_eq!(costing.totals().difference(), 0);
    }
}

#[test]
fn an_imputed_activity_stands_against_its_contra() {
    let mut model = Model::new(2);
    let node = model.activity("financing");
    model.volumes(node, &[1_000, 500]);
    model.rate(
        node,
        RateDef::Imputed(Ratio { numerator: "0.10".parse().unwrap(), denominator: "365".parse().unwrap() }),
    );
    let costing = model.cost().unwrap();
    let financing = activity(&costing, node);
    assert_eq!((financing.posted, financing.variance, financing.cost), (41, -41, 0));
    assert_eq!((costing.totals().imputed, costing.totals().assigned), (41, 41));
}

#[test]
fn a_fallback_drives_periods_without_volume() {
    for (volumes, expected) in [([0, 0], (true, 7)), ([1, 0], (false, 1))] {
        let mut model = Model::new(0);
        let pool = model.resource("pool", "100");
        let node = model.activity("a");
        model.take(node, pool, share("1"));
        model.volumes(node, &volumes);
        let fallback = model.driver(&[50, 20], 1);
        model.def(node).fallback = Some(fallback);
        let costing = model.cost().unwrap();
        let costed = activity(&costing, node);
        let scale = costing.activities[0].volume_scale();
        assert_eq!((costed.is_fallback, costed.volume / 10), expected, "at scale {scale}");
        assert_eq!(costed.posted, 100);
        let volumes = costing.activities[0].volumes(costed, &model.aggregates(), 2).unwrap();
        assert_eq!(volumes.iter().sum::<i64>(), costed.volume);
    }
}

#[test]
fn an_activity_rates_what_others_do_not_take() {
    let mut model = Model::new(0);
    let pool = model.resource("pool", "1000");
    let (setup, assembly, upkeep) =
        (model.activity("setup"), model.activity("assembly"), model.resource("upkeep", "0"));
    model.take(setup, pool, share("1"));
    model.take(assembly, setup, share("0.3"));
    model.take(upkeep, setup, share("0.2"));
    model.volumes(setup, &[5]);
    let costing = model.cost().unwrap();
    let setup = activity(&costing, setup);
    assert_eq!((setup.cost, setup.passed_on_total(), setup.posted), (1000, 500, 500));
    assert_eq!(resource(&costing, upkeep).received, [(Node::Activity(0), 200)]);
    assert_eq!(activity(&costing, assembly).retained, 300);
}

#[test]
fn what_a_service_without_driver_keeps_is_unassigned() {
    let mut model = Model::new(0);
    let pool = model.resource("pool", "1000");
    let (setup, assembly) = (model.activity("setup"), model.activity("assembly"));
    model.take(setup, pool, share("1"));
    model.take(assembly, setup, share("0.3"));
    model.def(setup).line = Some(Line::CostToServe);
    let costing = model.cost().unwrap();
    let setup = activity(&costing, setup);
    assert_eq!((setup.unassigned, setup.reason), (700, Some(NO_DRIVER)));
}

#[test]
fn a_circle_outside_services_names_its_path() {
    let mut model = Model::new(0);
    let nodes = ["a", "b", "c"].map(|name| model.resource(name, "10"));
    model.take(nodes[0], nodes[2], share("0.1"));
    model.take(nodes[1], nodes[0], share("0.1"));
    model.take(nodes[2], nodes[1], share("0.1"));
    let message = model.cost().unwrap_err().to_string();
    assert!(
        message.contains("→") && ["'a'", "'b'", "'c'"].iter().all(|name| message.contains(name)),
        "{message}"
    );
    model.services(ServiceMethod::Reciprocal, &nodes);
    assert_eq!(model.cost().unwrap().totals().unassigned, 30);
}

#[test]
fn a_group_that_no_cost_can_leave_is_named() {
    let mut model = Model::new(0);
    let nodes = ["a", "b", "c"].map(|name| model.resource(name, "10"));
    model.take(nodes[1], nodes[0], share("1"));
    model.take(nodes[0], nodes[1], share("1"));
    model.take(nodes[0], nodes[2], share("0.5"));
    model.services(ServiceMethod::Reciprocal, &nodes);
    let message = model.cost().unwrap_err().to_string();
    assert!(message.contains("no cost can leave 'a', 'b', which give all"), "{message}");
}

#[test]
fn a_service_that_consumes_itself_gives_the_rest() {
    let mut model = Model::new(0);
    let power = model.resource("power", "900");
    model.take(power, power, share("0.1"));
    let user = model.activity("user");
    model.take(user, power, share("0.9"));
    model.services(ServiceMethod::Reciprocal, &[power]);
    let costing = model.cost().unwrap();
    assert_eq!((activity(&costing, user).cost, resource(&costing, power).reciprocated), (900, Some(1000)));
}

#[test]
fn a_charged_pool_cannot_be_solved_with_services() {
    let mut model = Model::new(0);
    let nodes = ["a", "b"].map(|name| model.resource(name, "10"));
    model.take(nodes[1], nodes[0], share("0.1"));
    let freight = model.activity("freight");
    model.take(freight, nodes[0], ResourceDriver::DirectCharge);
    model.services(ServiceMethod::Reciprocal, &nodes);
    let message = model.cost().unwrap_err().to_string();
    assert!(message.contains("'a' is charged directly and cannot be solved"), "{message}");
}

#[test]
fn a_period_without_ledger_row_is_an_error_where_every_one_is_needed() {
    let mut model = Model::new(2);
    let pool = model.resource("rent", "0");
    model.resource_def(pool).amount = Amount::Ledger(driver_file("6100"));
    let columns = ["account", "period", "amount"].map(str::to_string);
    model.files.push(LedgerSums {
        files: "l.csv".into(),
        key: ("d.csv".into(), columns),
        scale: 2,
        resources: vec![0],
        sums: [(("6100".to_string(), Model::month(1)), 10_000)].into_iter().collect(),
        ..LedgerSums::default()
    });
    assert_eq!(model.cost_months(2).unwrap().totals().input, 10_000);
    model.resource_def(pool).is_every_period_needed = true;
    assert!(model.cost_months(1).is_ok());
    let message = model.cost_months(2).unwrap_err().to_string();
    assert!(message.contains("resource 'rent' has no row in 2024-02-01"), "{message}");
}
