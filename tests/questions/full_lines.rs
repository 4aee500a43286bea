//! Scenarios and plans where the waterfall has every line, and what answers say they leave out.

use super::history;
use super::kinds::network;
use super::support::rows_of;
use serde_json::Value;

const SCENARIOS: &str = r#"
[scenario.house]
from = { "house" = { "systems" = 0.1 } }
[scenario.room]
capacity = { "call desk" = 3_000 }
[scenario.plan]
growth = 1.5
"#;

const COMMISSION: &str = r#"
[[costing.activity]]
name = "commission"
line = "financing"
driver = "sum(revenue)"
rate = 0.05
imputed = true
negative = "signed"
"#;

const IDLE: &str = r#"
[[costing.resource]]
name = "fax desk"
amount = 700
capacity = { practical_minutes = 300, standard_rate = "7/3" }

[[costing.activity]]
name = "file faxes"
resource = "fax desk"
minutes = "3 * count(*) filter (where channel = 'fax')"
from = { "warehouse" = 0.01 }

[[costing.activity]]
name = "burn faxes"
from = { "warehouse" = 0.02 }
driver = "count(*) filter (where channel = 'fax')"

[scenario.file]
planned = { "file faxes" = 100 }
[scenario.burn]
planned = { "burn faxes" = 3 }
"#;

const BILLS: &str = r#"
[[costing.activity]]
name = "weld"
from = { "warehouse" = 0.01 }
[[costing.activity]]
name = "paint"
from = { "warehouse" = 0.01 }
driver = "count(*)"
[[costing.bill]]
name = "bike"
driver = "count(*)"
of = { weld = 2, paint = 0.5 }
[scenario.bikes]
"#;

/// In ten-thousandths.
fn difference(answer: &Value, line: &str) -> i64 {
    answer[line]["difference"].as_str().unwrap().replace('.', "").parse().unwrap()
}

#[test]
fn a_what_if_shows_spread_cost_and_unused_capacity_and_who_bears_them() {
    let pipeline = network().and(SCENARIOS);
    pipeline.publish(&[]);
    for (scenario, line, other) in
        [("house", "spread_cost", "unused_charged"), ("room", "unused_charged", "spread_cost")]
    {
        let path = pipeline.data("whatif.parquet");
        let path = path.to_str().unwrap();
        let flags = ["whatif", "--scenario", scenario, "--format", "json", "--output", path];
        let found = pipeline.abacus(&flags).json();
        assert!(difference(&found, line) != 0 && difference(&found, other) == 0, "{found}");
        let below = difference(&found, "profit") - difference(&found, line);
        assert_eq!(difference(&found, "fully_loaded_profit"), below, "{scenario}: {found}");
        let rows = rows_of(std::path::Path::new(path));
        let cents = |amount: &str| amount.replace('.', "").parse::<i64>().unwrap();
        let sum: i64 = rows.iter().map(|row| cents(&row["fully_loaded_difference"])).sum();
        assert_eq!(sum, cents(found["fully_loaded_profit"]["difference"].as_str().unwrap()));
    }
    let text = pipeline.abacus(&["whatif", "--scenario", "house"]).stdout;
    for expected in ["spread cost", "unused capacity charged", "customers whose fully loaded profit differs"]
    {
        assert!(text.contains(expected), "no '{expected}' in: {text}");
    }
}

#[test]
fn a_charge_costs_1_and_a_given_rate_what_was_given() {
    let pipeline = network();
    let found = pipeline.abacus(&["whatif", "--scenario", "dearer", "--format", "json"]).json();
    let activities = found["activities"].as_array().unwrap();
    let rates = |name: &str| {
        let activity = activities.iter().find(|activity| activity["activity"] == name).unwrap();
        (activity["base_rate"].as_f64().unwrap(), activity["scenario_rate"].as_f64().unwrap())
    };
    assert_eq!((rates("deliver"), rates("inspect")), ((1.0, 1.0), (0.35, 0.5)));
}

#[test]
fn a_what_if_says_what_prices_leave_alone_and_that_plans_change_nothing() {
    let pipeline =
        history().and(COMMISSION).and("[scenario.dear]\nprices = 1.1\n[scenario.plan]\ngrowth = 2\n");
    pipeline.publish(&[]);
    for (scenario, told) in
        [("dear", "add up revenue or discount stay as they are: 'commission'"), ("plan", "abacus budget")]
    {
        let found = pipeline.abacus(&["whatif", "--scenario", scenario, "--format", "json"]).json();
        assert!(found["notes"][0].as_str().unwrap().contains(told), "{found}");
        assert!(pipeline.abacus(&["whatif", "--scenario", scenario]).stdout.contains(told), "{scenario}");
    }
}

#[test]
fn a_pool_that_is_only_charged_says_why_money_stays() {
    let pipeline = network().with("amount = 60\n", "amount = 600\n");
    pipeline.publish(&[]);
    let text = pipeline.abacus(&["explain", "--resource", "freight"]).stdout;
    assert!(text.contains("not charged to customers") && !text.contains("share not given"), "{text}");
}

#[test]
fn a_month_without_volume_is_planned_at_the_standard_rate_of_minutes() {
    let pipeline = history().and(IDLE);
    pipeline.publish(&[]);
    let found = pipeline.abacus(&["budget", "--scenario", "file", "--format", "json"]).json();
    let planned = found["activities"].as_array().unwrap();
    let filing = planned.iter().find(|activity| activity["activity"] == "file faxes").unwrap();
    // 777.77 / 100 of rent whatever is filed, and 100 minutes at 7/3.
    assert_eq!((&filing["fixed_cost"], &filing["cost"]), (&"7.7777".into(), &"241.1110".into()));
    assert_eq!((&filing["rate_kind"], &filing["rate_exact"]), (&"standard".into(), &"7/3".into()));
    let told = ["'burn faxes' has no volume", "no rate for the 3 planned", "--period"];
    pipeline.abacus(&["budget", "--scenario", "burn"]).fails(2, &told);
}

#[test]
fn a_planned_bill_asks_volumes_of_its_activities() {
    let pipeline = history().and(BILLS).and("planned = { bike = 10, paint = 3 }\n");
    pipeline.publish(&[]);
    let found = pipeline.abacus(&["budget", "--scenario", "bikes", "--format", "json"]).json();
    let planned = found["activities"].as_array().unwrap();
    let volume =
        |name: &str| &planned.iter().find(|activity| activity["activity"] == name).unwrap()["volume"];
    assert_eq!((volume("weld"), volume("paint")), (&"20".into(), &"8".into()));
    let told = ["activity 'paint' has volume of a driver of its own beside the bill 'bike'"];
    history().and(BILLS).and("planned = { bike = 10 }\n").abacus(&["check"]).fails(2, &told);
}
