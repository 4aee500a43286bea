//! Scenarios costed from kept facts.

use super::support::rows_of;
use super::support::{Outcome, Published};
use super::{Release, decimal, history, retail, scenario};
use abacus::memory::Memory;
use abacus::pipeline::{Change, FileEncoding, Node, ScenarioDef, apply};
use abacus::publish::schema::Sheet;
use abacus::publish::{Export, WriteOptions};
use abacus::questions::{CostedScenario, Recalled, WhatIf, WhatIfCustomers, whatifs};
use std::process::Command;
use std::sync::Mutex;

fn ask(release: &Release, scenario: &ScenarioDef) -> (WhatIf, Sheet) {
    let changed = apply(&release.definition, scenario);
    let costing = release.recalled.cost_again(&changed).unwrap();
    let asked = Recalled { definition: &changed, costing: &costing, ..release.ask() };
    compared(&release.ask(), &asked, scenario)
}

/// The answer, and the table of customers, who are those of one slice.
fn compared(base: &Recalled<'_>, asked: &Recalled<'_>, scenario: &ScenarioDef) -> (WhatIf, Sheet) {
    let folder = tempfile::tempdir().unwrap();
    let sheets = Mutex::new(Vec::new());
    let take = |sheet: Sheet| {
        sheets.lock().unwrap().push(sheet);
        Ok(())
    };
    let customers = WhatIfCustomers { top: 3, is_published: false, take: &take };
    let memory = Memory::of_machine(folder.path());
    let mut found =
        whatifs(base, &[CostedScenario { scenario, changed: *asked }], customers, &memory).unwrap();
    let mut sheets = sheets.into_inner().unwrap();
    assert_eq!(sheets.len(), 1);
    (found.remove(0), sheets.remove(0))
}

fn published() -> (super::Pipeline, Release) {
    let pipeline = history();
    pipeline.publish(&[]);
    let release = Release::of(&pipeline.file());
    (pipeline, release)
}

#[test]
fn nothing_changed_makes_no_difference() {
    let (_pipeline, release) = published();
    let (found, table) = ask(&release, &scenario(vec![]));
    assert!(found.profit.difference.is_zero() && found.avoidable_difference.is_zero());
    assert_eq!((found.customers_affected, found.gains.customers, found.losses.customers), (0, 0, 0));
    assert!(found.company.iter().all(|line| line.amount.difference.is_zero()));
    assert_eq!(table.arrays[0].len(), 0);
}

#[test]
fn profits_of_the_base_are_those_published() {
    let (pipeline, release) = published();
    let (found, table) = ask(&release, &scenario(vec![Change::Amount(1, decimal("99_000"))]));
    let path = pipeline.data("whatif.parquet");
    let options = WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 10, delta: false };
    let mut export = Export::begin(&path, &table.spec, options).unwrap();
    export.write(&table.arrays).unwrap();
    export.finish().unwrap();
    let rows = rows_of(&path);
    let customers = pipeline.published().rows("customer");
    assert_eq!(rows.len(), customers.len(), "everybody who bought pays for the warehouse");
    for (row, customer) in rows.iter().zip(&customers) {
        assert_eq!(row["customer_id"], customer["customer_id"]);
        assert_eq!(row["base_profit"], customer["customer_profit"]);
    }
    let turned =
        rows.iter().filter(|row| row["turns"] == "unprofitable" && row["customer_id"] != "null").count();
    assert_eq!(turned, found.turn_unprofitable.customers);
    assert!(turned > 0 && found.turn_profitable.customers == 0);
    assert_eq!(found.turn_unprofitable.top.len(), turned.min(3));
}

#[test]
fn a_dearer_resource_costs_customers_what_it_gives_to_activities() {
    let (_pipeline, release) = published();
    let (found, _) = ask(&release, &scenario(vec![Change::Amount(1, decimal("1_777.77"))]));
    // 1,000 more in two months: 0.7 picked, 0.2 kept, 0.1 without taker.
    assert_eq!(found.profit.difference.to_string(), "-1800.0000");
    let line = |name: &str| {
        let line = found.company.iter().find(|line| line.line == name).unwrap();
        line.amount.difference.to_string()
    };
    assert_eq!([line("input"), line("assigned"), line("unassigned")], ["2000.0000", "1800.0000", "200.0000"]);
    let differences: Vec<String> =
        found.activities.iter().map(|activity| activity.cost.difference.to_string()).collect();
    assert_eq!(differences, ["0.0000", "1400.0000", "400.0000"]);
}

#[test]
fn only_avoidable_cost_counts_in_the_avoidable_difference() {
    let (_pipeline, mut release) = published();
    release.definition.costing.as_mut().unwrap().activities[1].avoidable = decimal("0.25");
    let costing = release.recalled.cost_again(&release.definition).unwrap();
    let base = Recalled { costing: &costing, ..release.ask() };
    let share = Change::Share { taker: Node::Activity(1), from: Node::Resource(1), share: decimal("0.4") };
    let scenario = scenario(vec![share]);
    let changed = apply(&release.definition, &scenario);
    let costing = release.recalled.cost_again(&changed).unwrap();
    let asked = Recalled { definition: &changed, costing: &costing, ..base };
    let (found, _) = compared(&base, &asked, &scenario);
    // 0.3 of 777.77 in two months, each rounded to 4 digits by posting, a quarter of it avoidable.
    assert_eq!(found.profit.difference.to_string(), "466.6620");
    assert_eq!(found.avoidable_difference.to_string(), "116.6655");
}

#[test]
fn prices_scale_revenue_discount_and_returns() {
    let (_pipeline, release) = published();
    let (found, _) = ask(&release, &scenario(vec![Change::Prices(decimal("2"))]));
    let facts = (0..2).map(|period| release.recalled.facts().customer_facts(period, ..).unwrap());
    let net_revenue: i128 = facts
        .flat_map(|facts| {
            let rows = 0..facts.ranks.len();
            rows.map(|row| facts.list_revenue[row] - facts.discount[row] - facts.returns[row])
                .collect::<Vec<_>>()
        })
        .map(i128::from)
        .sum();
    assert_eq!(found.gross_margin.difference.mantissa(), net_revenue);
    assert_eq!(found.profit.difference.mantissa(), net_revenue);
    assert_eq!(found.avoidable_difference.mantissa(), net_revenue);
}

#[test]
fn no_transaction_is_read_again() {
    let (pipeline, release) = published();
    let before = ask(&release, &scenario(vec![Change::Amount(1, decimal("5"))])).0;
    std::fs::remove_dir_all(pipeline.data("lines")).unwrap();
    let release = Release::of(&pipeline.file());
    assert_eq!(ask(&release, &scenario(vec![Change::Amount(1, decimal("5"))])).0, before);
    assert_eq!(pipeline.abacus(&["explain", "--customer", "1"]).code, Some(0));
}

#[test]
fn a_ledger_that_is_gone_is_asked_for() {
    let pipeline =
        history().with("amount = 777.77", "ledger = { files = \"../data/ledger.csv\", account = \"6100\" }");
    std::fs::write(pipeline.data("ledger.csv"), "account,period,amount\n6100,2024-01-01,500.00\n").unwrap();
    pipeline.publish(&[]);
    std::fs::remove_file(pipeline.data("ledger.csv")).unwrap();
    let told = ["ledger.csv", "questions need no transactions, but read the ledgers again"];
    pipeline.abacus(&["explain", "--customer", "1"]).fails(4, &told);
}

#[test]
fn an_unknown_scenario_names_those_there_are() {
    let pipeline = history();
    pipeline.publish(&[]);
    pipeline
        .abacus(&["whatif", "--scenario", "x"])
        .fails(2, &["unknown scenario 'x'", "has none", "[scenario.x]"]);
    pipeline.abacus(&["budget", "--scenario", "x"]).fails(2, &["unknown scenario 'x'"]);
    let definition = abacus::pipeline::read(&pipeline.file()).unwrap();
    let scenarios = vec![ScenarioDef { name: "cheaper calls".into(), ..scenario(vec![]) }];
    let definition = abacus::pipeline::Definition { scenarios, ..definition };
    for (name, expected) in
        [("cheeper calls", "did you mean 'cheaper calls'?"), ("zzz", "known are 'cheaper calls'")]
    {
        let told = abacus::questions::scenario(&definition, name).unwrap_err().messages;
        assert_eq!(told[0], format!("unknown scenario '{name}'; {expected}"));
        assert!(told[1].ends_with("history.toml: cheaper calls"), "{told:?}");
    }
}

#[test]
fn a_factor_on_a_resource_s_money_scales_what_it_gives() {
    let (_pipeline, release) = published();
    let (found, _) = ask(&release, &scenario(vec![Change::AmountFactor(0, decimal("1.5"))]));
    let desk = &found.activities[0].cost;
    assert_eq!(
        2 * desk.scenario.mantissa(),
        3 * desk.base.mantissa(),
        "half as much again, to the last digit"
    );
    let input = found.company.iter().find(|line| line.line == "input").unwrap();
    assert_eq!(input.amount.difference.to_string(), "1000.0000");
}

#[test]
fn what_a_scenario_selects_must_be_there() {
    let pipeline = history()
        .with(
            "quantity = \"quantity\"",
            "quantity = \"quantity\"\ndimensions = { order_channel = \"channel\" }",
        )
        .and(
            "[[scenario.group.price]]\nname = \"a\"\nfactor = 1.1\nproduct_group = \"papper\"\n\
             [scenario.customer.drop]\nonly = { customer = \"999999\" }\n\
             [[scenario.member.fee]]\nname = \"a\"\namount = 1\nonly = { order_channel = \"fone\" }\n",
        );
    pipeline.publish(&[]);
    for (scenario, told) in [
        ("group", ["no order line has the product group 'papper'", "history.toml:"]),
        ("customer", ["no customer has the key '999999'", "customers have facts"]),
        ("member", ["no order has the order_channel 'fone'; there are", "'phone'"]),
    ] {
        pipeline.abacus(&["whatif", "--scenario", scenario]).fails(2, &told);
    }
}

#[test]
fn who_does_what_he_did_bears_what_he_bore() {
    let pipeline = history();
    pipeline.publish(&[]);
    let customers = pipeline.published().rows("customer");
    let key = customers[customers.len() / 2]["customer_id"].clone();
    let pipeline = pipeline.and(&format!("[scenario.one.drop]\nonly = {{ customer = \"{key}\" }}\n"));
    let path = pipeline.data("whatif.parquet");
    let path = path.to_str().unwrap();
    let found =
        pipeline.abacus(&["whatif", "--scenario", "one", "--format", "json", "--output", path]).json();
    assert_eq!(found["customers_affected"], 1, "{found}");
    let rows = rows_of(std::path::Path::new(path));
    assert_eq!(rows.iter().map(|row| &row["customer_id"]).collect::<Vec<_>>(), [&key]);
    // What the customer brought and cost is gone, and of what it cost all but the committed minutes of the desk ends.
    // What changes is posted by itself, so that the last digit may stay for each of 3 activities in 2 months.
    assert!(rows[0]["scenario_profit"].parse::<f64>().unwrap().abs() < 0.0007, "{rows:?}");
    let line = |name: &str| {
        let lines = found["company"].as_array().unwrap().iter();
        let line = lines.clone().find(|line| line["line"] == name).unwrap();
        line["difference"].as_str().unwrap().parse::<f64>().unwrap()
    };
    let cost = |name: &str| {
        let activities = found["activities"].as_array().unwrap().iter();
        let activity = activities.clone().find(|activity| activity["activity"] == name).unwrap();
        activity["cost"]["difference"].as_str().unwrap().parse::<f64>().unwrap()
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
    near(line("idle"), -cost("take order"));
    near(line("input"), cost("pick") + cost("keep account"));
}

/// Customers of a tier or treatment are those whom the release places there, key by key; scenarios of a run go by its own.
#[test]
fn customers_are_selected_by_tier_and_treatment() {
    let (folder, _release) = retail();
    let path = folder.path().join("pipelines/retail.toml");
    let abacus = |words: &[&str]| {
        Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).arg(words[0]).arg(&path).args(&words[1..]))
    };
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    let placed = published.rows("customer_segment");
    let keys = |column: &str, value: &str| {
        let of = placed.iter().filter(|row| row[column] == value && row["customer_id"] != "null");
        of.map(|row| format!("\"{}\"", row["customer_id"])).collect::<Vec<_>>().join(", ")
    };
    let original = std::fs::read_to_string(&path).unwrap();
    let scenarios = format!(
        "[scenario.by_tier.drop]\nonly = {{ tier = \"vip\" }}\n[scenario.by_tier_keys.drop]\nonly = {{ customer = [{}] }}\n\
         [scenario.let_go_keys.drop]\nonly = {{ customer = [{}] }}\n",
        keys("tier", "vip"),
        keys("treatment", "self-serving")
    );
    std::fs::write(&path, format!("{original}\n{scenarios}")).unwrap();
    let ask = |name: &str| {
        let mut found = abacus(&["whatif", "--scenario", name, "--format", "json"]).json();
        let found_of = found.as_object_mut().unwrap();
        found_of.retain(|key, _| !["scenario", "about"].contains(&key.as_str()));
        found_of["responses"][0].as_object_mut().unwrap().remove("name");
        found
    };
    for [by_placement, by_key] in [["by_tier", "by_tier_keys"], ["let_go", "let_go_keys"]] {
        let found = ask(by_placement);
        assert!(found["responses"][0]["customers"].as_u64().unwrap() > 10, "{found}");
        assert_eq!(found, ask(by_key), "{by_placement}");
    }
    let golden = "\n[scenario.golden.drop]\nonly = { tier = \"golden\" }\n";
    std::fs::write(&path, format!("{original}{golden}")).unwrap();
    abacus(&["check"]).fails(2, &["[segments] has no tier 'golden'; it has '"]);
    // A run publishes the same of its own placements, whatever stages are asked for.
    let dropped = "about = \"Self-serving customers are dropped.\"";
    let text = original.replace(dropped, &format!("{dropped}\npublish = true"));
    std::fs::write(&path, text).unwrap();
    let run = abacus(&["run", "--only", "whatif"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    let row = published.rows("whatif").into_iter().find(|row| row["scenario"] == "let_go").unwrap();
    let asked = abacus(&["whatif", "--scenario", "let_go", "--format", "json"]).json();
    assert_eq!(asked["profit"]["difference"], *row["profit_difference"]);
}

/// Who is declared may be nobody on a day, which is no fault of the night.
#[test]
fn a_treatment_that_nobody_has_selects_nobody() {
    let sections = "\n[segments]\n\n[[segments.treatment]]\nname = \"let go\"\nwhen = \"customer_profit < -1000000000\"\n\n\
                    [scenario.gone]\npublish = true\n\n[scenario.gone.drop]\nonly = { treatment = \"let go\" }\n";
    let published = history().and(sections).publish(&[]);
    let row = &published.rows("whatif")[0];
    assert_eq!(
        (row["customers_affected"].as_str(), row["profit_difference"].parse()),
        ("0", Ok(0.0)),
        "{row:?}"
    );
}

#[test]
fn a_release_without_placements_says_so() {
    let scenario = "\n[segments]\n\n[scenario.top.drop]\nonly = { tier = \"vip\" }\n";
    let pipeline = history().and(scenario);
    pipeline.publish(&["--only", "profitability"]);
    let lacking = "scenario 'top' selects customers by tier, and release ";
    pipeline
        .abacus(&["whatif", "--scenario", "top"])
        .fails(3, &[lacking, "has no customer_segment, for its run left that out"]);
}
