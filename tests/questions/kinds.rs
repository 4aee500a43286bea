//! Every kind of node and rate: standard, charged, imputed, fallback, retained, spread, reciprocal, unused capacity.

use super::{Pipeline, Release, history};
use abacus::questions::{Flow, activity, customer, resource};
use std::collections::BTreeMap;

const NETWORK: &str = r#"
[[costing.resource]]
name = "power"
amount = 300.10
from = { "systems" = 0.1 }

[[costing.resource]]
name = "systems"
amount = 200.05
from = { "power" = 0.2 }

[[costing.resource]]
name = "freight"
amount = 60

[[costing.resource]]
name = "call desk"
amount = 400
capacity = { practical_minutes = 1_500, unused = "proportional" }

[[costing.services]]
method = "reciprocal"
members = ["power", "systems"]

[[costing.activity]]
name = "run shop"
from = { "systems" = 0.6, "power" = 0.3 }

[[costing.activity]]
name = "web care"
from = { "run shop" = 0.5 }
driver = "count(*) filter (where channel = 'web')"

[[costing.activity]]
name = "phone care"
from = { "run shop" = 0.4 }
driver = "count(*) filter (where channel = 'phone')"

[[costing.activity]]
name = "deliver"
resource = "freight"
charge = "0.05 * sum(quantity) filter (where quantity > 0)"

[[costing.activity]]
name = "answer"
resource = "call desk"
minutes = "1.5 * count(*)"
level = "customer"

[[costing.activity]]
name = "finance"
driver = "sum(quantity)"
rate = "0.10/365"
imputed = true
line = "financing"
negative = "signed"

[[costing.activity]]
name = "rebate"
line = "price_concession"
from = { "power" = 0.2 }
driver = "count(distinct order)"

[[costing.activity]]
name = "inspect"
from = { "warehouse" = 0.05 }
rate = 0.35
driver = "count(*)"
avoidable = 0.6

[[costing.activity]]
name = "read faxes"
from = { "warehouse" = 0.02 }
driver = "count(*) filter (where channel = 'fax')"
fallback = "count(distinct order)"

[[costing.activity]]
name = "house"
level = "facility"
from = { "systems" = 0.2, "power" = 0.1 }
spread = "per active customer"

[[costing.activity]]
name = "range"
level = "product"
of = "tools"
from = { "power" = 0.1 }

[scenario.dearer]
about = "What if power cost twice as much, and prices rose by a tenth?"
amount = { "power" = 600.20 }
rate = { "inspect" = 0.5 }
prices = 1.1
planned = { "web care" = 900 }
growth = 1.2
"#;

pub(super) fn network() -> Pipeline {
    let pipeline = history().and(NETWORK);
    pipeline.publish(&[]);
    pipeline
}

fn sum<'f>(flows: impl IntoIterator<Item = &'f Flow>) -> i128 {
    flows.into_iter().map(|flow| flow.amount.mantissa()).sum()
}

#[test]
fn a_customer_s_waterfall_is_the_published_one_with_every_line() {
    let pipeline = network();
    let release = Release::of(&pipeline.file());
    let rows = pipeline.published().rows("customer_period");
    for row in &rows {
        let key = if row["customer_id"] == "null" { "unidentified" } else { &row["customer_id"] };
        let found = customer(&release.ask(), key, Some(super::month(&row["period_start"]))).unwrap();
        for step in &found.waterfall {
            let published = row.get(&step.step).unwrap_or_else(|| panic!("no column {}", step.step));
            assert_eq!(*published, step.amount.to_string(), "{} of {key}", step.step);
        }
        let steps: Vec<&str> = found.waterfall.iter().map(|step| &*step.step).collect();
        for line in
            ["price_concessions", "financing_cost", "spread_cost", "unused_charged", "fully_loaded_profit"]
        {
            assert!(steps.contains(&line), "{line}");
        }
    }
    assert!(rows.len() > 100);
}

#[test]
fn traces_of_every_kind_close_both_ways() {
    let pipeline = network();
    let release = Release::of(&pipeline.file());
    for period in release.periods() {
        let mut borne: BTreeMap<(String, &str, String), i128> = BTreeMap::new();
        for key in release.customers() {
            let Ok(found) = customer(&release.ask(), &key, Some(period)) else { continue };
            for used in &found.periods[0].activities {
                assert_eq!(sum(&used.from), used.cost.mantissa(), "{key}, {}", used.activity);
                assert_eq!(sum(&used.origins), used.cost.mantissa(), "{key}, {}", used.activity);
                assert_eq!(sum(&used.unused_origins), used.unused_charged.mantissa(), "{key}");
                for (way, flows) in [("from", &used.from), ("origins", &used.origins)] {
                    let mut add = |name: String, amount| {
                        *borne.entry((used.activity.clone(), way, name)).or_default() += amount;
                    };
                    flows.iter().for_each(|flow| add(flow.name.clone(), flow.amount.mantissa()));
                }
            }
        }
        let costing = release.ask().costing;
        let index = costing.periods.iter().position(|costed| costed.period == period).unwrap();
        for (known, costed) in costing.activities.iter().zip(&costing.periods[index].activities) {
            let of = |way: &str| {
                let parts =
                    borne.iter().filter(|((activity, of, _), _)| *activity == known.name && *of == way);
                parts.map(|(_, amount)| *amount).sum::<i128>()
            };
            assert_eq!((of("from"), of("origins")), (i128::from(costed.posted), i128::from(costed.posted)));
            let found = activity(&release.ask(), &known.name, Some(period), usize::MAX).unwrap();
            assert_eq!(sum(&found.from), sum(&found.to), "{}", known.name);
            assert_eq!(found.customers.amount.mantissa(), i128::from(costed.posted), "{}", known.name);
        }
        for (name, costed) in costing.resources.iter().zip(&costing.periods[index].resources) {
            let found = resource(&release.ask(), name, Some(period), usize::MAX).unwrap();
            assert_eq!((sum(&found.from), sum(&found.to)), (found.cost.mantissa(), found.cost.mantissa()));
            let inputs: i128 = costed.inputs.iter().map(|(_, amount)| i128::from(*amount)).sum();
            assert_eq!(sum(&found.reached), inputs, "{name}");
            // What customers bear of it, from their side.
            let own = borne
                .iter()
                .filter(|((_, way, origin), _)| *way == "origins" && origin.contains(name.as_str()));
            let own: i128 = own.map(|(_, amount)| *amount).sum();
            assert_eq!(found.customers.amount.mantissa(), own, "{name}");
        }
    }
}

#[test]
fn a_customer_who_left_would_leave_higher_levels_behind() {
    let pipeline = network();
    let release = Release::of(&pipeline.file());
    let left = customer(&release.ask(), "1", None).unwrap().if_left;
    let share = |name: &str| {
        let activity = left.activities.iter().find(|activity| activity.activity == name).unwrap();
        assert!(!activity.full_cost.is_zero());
        activity.avoidable_share.to_string()
    };
    assert_eq!([share("pick"), share("inspect"), share("house")], ["1", "0.6", "0"]);
}

#[test]
fn an_explanation_says_how_a_cost_is_rated() {
    let pipeline = network();
    let text = pipeline.abacus(&["explain", "--customer", "1", "--period", "2024-01-01"]).stdout;
    for expected in [
        "standard rate 0.35\n",
        "by the fallback driver",
        "imputed rate 0.1/365 ≈",
        "imputed no pool holds it",
        "charge rate 1\n",
        "and of unused capacity",
        "inline amount power",
        "activity run shop",
        "if this customer left",
    ] {
        assert!(text.contains(expected), "no '{expected}' in: {text}");
    }
    let text = pipeline.abacus(&["explain", "--activity", "range"]).stdout;
    assert!(text.contains("retained product level, tools") && text.contains("0 customers"), "{text}");
    let text = pipeline.abacus(&["explain", "--resource", "power"]).stdout;
    assert!(text.contains("customers through web care") && text.contains("reciprocal group"), "{text}");
}

#[test]
fn what_ifs_and_budgets_are_asked_on_the_command_line() {
    let pipeline = network();
    let path = pipeline.data("whatif.parquet");
    let path = path.to_str().unwrap();
    let json =
        pipeline.abacus(&["whatif", "--scenario", "dearer", "--output", path, "--format", "json"]).json();
    let affected = json["customers_affected"].as_u64().unwrap();
    assert!(affected > 50, "{json}");
    assert_eq!(
        super::support::rows_of(std::path::Path::new(path)).len() as u64,
        affected + 1,
        "and unidentified"
    );
    let text = pipeline.abacus(&["whatif", "--scenario", "dearer", "--top", "1"]).stdout;
    for expected in
        ["prices rose by a tenth", "turn profitable", "turn unprofitable", "inspect", "cost input"]
    {
        assert!(text.contains(expected), "no '{expected}' in: {text}");
    }
    let inside = pipeline.out().join("whatif.parquet");
    pipeline
        .abacus(&["whatif", "--scenario", "dearer", "--output", inside.to_str().unwrap()])
        .fails(2, &["folder of releases", "somewhere else"]);
    let json = pipeline.abacus(&["budget", "--scenario", "dearer", "--format", "json"]).json();
    let planned = json["activities"].as_array().unwrap();
    let web = planned.iter().find(|activity| activity["activity"] == "web care").unwrap();
    assert_eq!((&web["volume"], &web["is_planned"]), (&"900".into(), &true.into()));
    let text = pipeline.abacus(&["budget", "--scenario", "dearer"]).stdout;
    assert!(text.contains("call desk") && text.contains("shortfall"), "{text}");
}
