//! What the costing of a right file is resolved to.

use super::checked;
use crate::pipeline::{
    Amount, Capacity, CostingDef, Definition, DriverDef, Level, Line, NegativeVolume, Node, Quantity,
    RateDef, ResourceDriver, ServiceMethod, UnusedCapacity,
};
use std::path::Path;

const COMPLETE: &str = include_str!("../../../tests/definitions/right/complete.toml");

const FACTS: &str = r#"
[facts]
period = "quarter"
currency = "EUR"
[facts.transactions]
files = "orders.parquet"
customer = "customer_id"
order = "order_id"
at = "ordered_at"
revenue = "revenue"
[facts.events.call]
files = "calls.parquet"
customer = "customer_id"
at = "at"
[[costing.resource]]
name = "rent"
amount = 5
[[costing.resource]]
name = "service"
amount = 5
"#;

fn definition(text: &str) -> Definition {
    checked(Path::new("p.toml"), text.as_bytes()).unwrap()
}

fn costing(text: &str) -> CostingDef {
    definition(text).costing.unwrap()
}

/// The costing of two resources and what is added to them.
fn with(entries: &str) -> CostingDef {
    costing(&format!("{FACTS}{entries}"))
}

fn name(costing: &CostingDef, node: Node) -> &str {
    match node {
        Node::Resource(index) => &costing.resources[index].name,
        Node::Activity(index) => &costing.activities[index].name,
    }
}

fn quantity_text(quantity: &Quantity) -> String {
    match quantity {
        Quantity::EachPeriod(number) => number.to_string(),
        Quantity::ByPeriod(numbers) => {
            numbers.iter().map(|(period, number)| format!("{period}={number}")).collect::<Vec<_>>().join(" ")
        }
        Quantity::File(file) => format!("file {} {}", file.accounts.join("|"), file.amount_column),
        Quantity::Sql(driver) => driver_text(driver),
        Quantity::Volume => "volume".into(),
    }
}

fn driver_text(driver: &DriverDef) -> String {
    let part = |part: &crate::pipeline::DriverPart| {
        format!("{} × {} on {:?}", part.factor, part.sql.text.trim(), part.on)
    };
    driver.parts.iter().map(part).collect::<Vec<_>>().join("; ")
}

/// What a node takes, a line each.
fn takes(costing: &CostingDef, taker: &str) -> Vec<String> {
    let resources = costing.resources.iter().map(|resource| (&resource.name, &resource.takes));
    let activities = costing.activities.iter().map(|activity| (&activity.name, &activity.takes));
    let (_, takes) = resources.chain(activities).find(|(name, _)| *name == taker).unwrap();
    let text = |by: &ResourceDriver| match by {
        ResourceDriver::Share(share) => share.to_string(),
        ResourceDriver::Even => "even".into(),
        ResourceDriver::Quantity(quantity) => quantity_text(quantity),
        ResourceDriver::FixedAndVariable(fixed, quantity) => {
            format!("{fixed} + {}", quantity_text(quantity))
        }
        ResourceDriver::Minutes(quantity) => format!("minutes {}", quantity_text(quantity)),
        ResourceDriver::DirectCharge => "charge".into(),
    };
    takes.iter().map(|take| format!("{}: {}", name(costing, take.from), text(&take.by))).collect()
}

#[test]
fn nodes_take_by_every_kind_of_driver() {
    let costing = costing(COMPLETE);
    for (taker, expected) in [
        ("plant maintenance", vec!["information systems: 0 + 2024-01-01=10"]),
        ("information systems", vec!["plant maintenance: 0.2"]),
        ("desk", vec!["information systems: 0.25 + 120", "plant maintenance: 0.1"]),
        (
            "weld",
            vec![
                "machine hall: minutes volume",
                "information systems: 0.75 + 1 × sum(minutes) on Some(2)",
                "desk: even",
            ],
        ),
        ("paint", vec!["machine hall: minutes 5000", "paint shop: minutes 2024-01-01=90", "desk: even"]),
        ("charge freight", vec!["freight: charge"]),
        ("finance receivables", vec![]),
        ("help by channel", vec!["head office: file help hours"]),
        ("run the wholesale channel", vec!["head office: 2024-01-01=3"]),
    ] {
        assert_eq!(takes(&costing, taker), expected, "{taker}");
    }
}

#[test]
fn resources_have_all_their_properties() {
    let costing = costing(COMPLETE);
    let resource = |wanted: &str| costing.resources.iter().find(|resource| resource.name == wanted).unwrap();
    assert!(resource("plant maintenance").is_every_period_needed);
    assert!(!resource("freight").is_every_period_needed);
    assert_eq!(resource("information systems").fixed.to_string(), "0.4");
    assert!(matches!(resource("machine hall").amount, Amount::Nothing));
    let capacity = resource("machine hall").capacity.as_ref().unwrap();
    // 28 people × 520 hours × 0.8 × 60 minutes.
    assert_eq!(capacity.practical_minutes.to_string(), "698880");
    let by_period: Vec<String> =
        capacity.minutes_by_period.iter().map(|(period, minutes)| format!("{period} {minutes}")).collect();
    assert_eq!(by_period, ["2024-01-01 90000"], "any day of the quarter names it");
    let rate = capacity.standard_rate.unwrap();
    assert_eq!(
        (rate.numerator.to_string(), rate.denominator.to_string()),
        ("560000".into(), "700000".into())
    );
    assert_eq!(capacity.unused, UnusedCapacity::Proportional);
    let step = |capacity: &Capacity| capacity.step.map(|step| format!("{} {}", step.minutes, step.cost));
    assert_eq!(step(capacity).unwrap(), "60000 4000");
    assert_eq!(step(resource("paint shop").capacity.as_ref().unwrap()).unwrap(), "10 1");
}

#[test]
fn activities_have_all_their_properties() {
    let costing = costing(COMPLETE);
    let activity = |wanted: &str| costing.activities.iter().find(|activity| activity.name == wanted).unwrap();
    let standing = |wanted: &str| (activity(wanted).level, activity(wanted).line);
    assert_eq!(standing("weld"), (Level::Unit, Some(Line::CostToServe)));
    assert_eq!(standing("charge freight"), (Level::Order, Some(Line::PriceConcession)));
    assert_eq!(standing("finance receivables"), (Level::Order, Some(Line::Financing)));
    assert_eq!(standing("run the wholesale channel"), (Level::Channel, Some(Line::Spread)));
    assert_eq!(activity("run the wholesale channel").member.as_deref(), Some("wholesale"));
    assert_eq!(activity("weld").minutes_of(), Some(7));
    assert_eq!(activity("weld").avoidable.to_string(), "0.6");
    assert_eq!(quantity_text(activity("weld").actual_minutes.as_ref().unwrap()), "2024-01-01=5000");
    assert_eq!((activity("desk").driver.is_none(), activity("pick").rate), (true, RateDef::Actual));
    assert_eq!(activity("charge freight").rate, RateDef::Charge);
    assert_eq!(activity("charge freight").negative, NegativeVolume::Signed);
    let RateDef::Imputed(rate) = activity("finance receivables").rate else { panic!("an imputed rate") };
    assert_eq!(format!("{}/{}", rate.numerator, rate.denominator), "0.1/365");
    let fallback = activity("help by channel").fallback.as_ref().unwrap();
    assert_eq!(driver_text(fallback), "1 × per active customer on None");
}

#[test]
fn bills_add_to_the_drivers_of_activities() {
    let costing = costing(COMPLETE);
    let driver = |wanted: &str| {
        let activity = costing.activities.iter().find(|activity| activity.name == wanted).unwrap();
        driver_text(activity.driver.as_ref().unwrap())
    };
    let bikes = "count(*) filter (where product_group = 'bikes') on None";
    assert_eq!(driver("weld"), format!("1 × 3 * sum(quantity) on None; 2 × {bikes}"));
    assert_eq!(driver("paint"), format!("0.5 × {bikes}"), "it has no driver of its own");
}

#[test]
fn a_bill_alone_makes_minutes_of_a_time_driven_resource() {
    let text = r#"
        capacity = { practical_hours = 10 }
        [[costing.activity]]
        name = "weld"
        resource = "service"
        [[costing.activity]]
        name = "paint"
        resource = "rent"
        [[costing.bill]]
        name = "bikes"
        driver = "count(*)"
        of = { weld = 2, paint = 1 }"#;
    let costing = with(text);
    assert_eq!(costing.activities[0].minutes_of(), Some(1));
    assert_eq!(takes(&costing, "paint"), ["rent: 1"]);
}

#[test]
fn weights_become_part_of_the_sql() {
    let costing = costing(COMPLETE);
    let activity = costing.activities.iter().find(|activity| activity.name == "help by channel").unwrap();
    let case = "case when channel = 'phone' then 1.5 when channel = 'web' then 1.0 else 0.0 end";
    let expected = format!("1 × sum({case}) + 2 * sum(quantity * {case}) on None");
    assert_eq!(driver_text(activity.driver.as_ref().unwrap()), expected);
    let text = r#"
        [[costing.activity]]
        name = "call"
        on = "call"
        from = { service = 1 }
        driver = "count(*)"
        weights = { column = "topic", by = { claim = 3 } }"#;
    let of_events = with(text);
    let expected = "1 × sum(case when topic = 'claim' then 3 else 1 end) on Some(0)";
    assert_eq!(driver_text(of_events.activities[0].driver.as_ref().unwrap()), expected);
}

#[test]
fn levels_have_their_lines_unless_told_otherwise() {
    let line = |keys: &str| {
        let text = format!("[[costing.activity]]\nname = \"a\"\nfrom = {{ rent = 1 }}\n{keys}");
        let activity = &with(&text).activities[0];
        (activity.level, activity.line)
    };
    let driver = "driver = \"count(*)\"";
    for (keys, expected) in [
        ("", (Level::Order, Some(Line::CostToServe))),
        ("level = \"unit\"", (Level::Unit, Some(Line::CostToServe))),
        ("level = \"customer\"", (Level::Customer, Some(Line::CustomerLevel))),
        ("line = \"acquisition\"", (Level::Customer, Some(Line::Acquisition))),
        ("level = \"customer\"\nline = \"price_concession\"", (Level::Customer, Some(Line::PriceConcession))),
        ("level = \"product\"\nof = \"bikes\"", (Level::Product, None)),
        ("level = \"facility\"", (Level::Facility, None)),
    ] {
        assert_eq!(line(&format!("{keys}\n{driver}")), expected, "{keys}");
    }
    assert_eq!(line("level = \"facility\"\nspread = \"count(*)\""), (Level::Facility, Some(Line::Spread)));
    assert_eq!(line("level = \"facility\""), (Level::Facility, None), "it needs no driver");
}

#[test]
fn services_keep_the_order_of_their_members() {
    let services = |method: &str| {
        let text = format!(
            r#"from = {{ rent = 0.1 }}
            [[costing.activity]]
            name = "desk"
            level = "facility"
            from = {{ service = 0.1, rent = 0.1 }}
            [[costing.services]]
            method = "{method}"
            members = ["desk", "service"]"#
        );
        with(&text).services.remove(0)
    };
    for (method, expected) in [
        ("reciprocal", ServiceMethod::Reciprocal),
        ("step-down", ServiceMethod::StepDown),
        ("direct", ServiceMethod::Direct),
    ] {
        let services = services(method);
        assert_eq!(services.method, expected);
        assert_eq!(services.members, [Node::Activity(0), Node::Resource(1)]);
    }
}

/// The messages about two resources and what is added to them.
fn faults(entries: &str) -> Vec<String> {
    let text = format!("{FACTS}{entries}");
    checked(Path::new("p.toml"), text.as_bytes()).map_or_else(|error| error.messages, |_| Vec::new())
}

#[test]
fn a_cycle_is_right_inside_a_group_and_wrong_without() {
    let cycle = r#"
        from = { office = 0.5 }
        [[costing.resource]]
        name = "office"
        from = { service = 0.5 }"#;
    let group = |method: &str, members: &str| {
        format!("{cycle}\n[[costing.services]]\nmethod = \"{method}\"\nmembers = [{members}]")
    };
    assert!(faults(cycle)[0].contains("'service' -> 'office' -> 'service'"), "{:?}", faults(cycle));
    assert!(faults(&group("reciprocal", "'office', 'service'")).is_empty());
    assert!(faults(&group("step-down", "'service', 'office'")).is_empty());
    assert!(faults(&group("reciprocal", "'rent', 'service'")).len() == 1, "office stays outside");
}

#[test]
fn a_service_may_take_of_itself_in_a_reciprocal_group() {
    let own = r#"
        from = { service = 0.1, office = "0.2" }
        [[costing.resource]]
        name = "office"
        from = { service = 0.3 }
        [[costing.services]]
        method = "reciprocal"
        members = ["service", "office"]"#;
    assert_eq!(faults(own), Vec::<String>::new());
}

#[test]
fn only_a_group_without_any_way_out_is_closed() {
    let group = |shares: (&str, &str), extra: &str| {
        let text = format!(
            r#"
            from = {{ office = {} }}
            [[costing.resource]]
            name = "office"
            from = {{ service = {} }}
            [[costing.services]]
            method = "reciprocal"
            members = ["service", "office"]
            {extra}"#,
            shares.0, shares.1
        );
        faults(&text)
    };
    let taker = "[[costing.activity]]\nname = \"lead\"\nlevel = \"facility\"\nfrom = { office = \"even\" }";
    assert!(group(("1", "1"), "")[0].contains("no cost can leave"));
    assert!(group(("0.9", "1"), "").is_empty(), "a tenth stays at the office");
    assert!(group(("\"even\"", "1"), taker).is_empty(), "half goes to the lead");
    assert_eq!(group(("\"even\"", "1"), "").len(), 1);
}

#[test]
fn a_network_of_many_nodes_is_read_soon() {
    let resource = |index: usize| format!("[[costing.resource]]\nname = \"r{index}\"\namount = {index}\n");
    let takes: Vec<String> = (0..100).map(|index| format!("r{index} = \"0.001\"")).collect();
    let activity = |index: usize| {
        let from = takes.join(", ");
        format!("[[costing.activity]]\nname = \"a{index}\"\ndriver = \"count(*)\"\nfrom = {{ {from} }}\n")
    };
    let resources: String = (0..100).map(resource).collect();
    let activities: String = (0..200).map(activity).collect();
    let started = std::time::Instant::now();
    assert_eq!(with(&(resources + &activities)).activities.len(), 200);
    assert!(started.elapsed().as_secs() < 20, "20,000 takes took {:?}", started.elapsed());
}

#[test]
fn scenarios_stand_in_the_order_of_their_names() {
    let text = format!("{FACTS}[scenario.b]\nprices = 2\n[scenario.a]\ngrowth = \"1.5\"\n");
    let scenarios = definition(&text).scenarios;
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!((scenarios[0].growth.to_string(), scenarios[0].changes.len()), ("1.5".into(), 0));
}
