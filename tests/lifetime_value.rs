//! Lifetime value through the program: tables that agree with each other, choices that are kept, and histories that
//! teach little or nothing.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::{Dice, Line, Outcome, Pipeline, Published, table, those, write};

/// Customers who come one after another, buy in their own rhythm and stop after some purchases.
fn buyers(customers: i64) -> Vec<Line> {
    let mut lines = Vec::new();
    for customer in 1..=customers {
        let (first, gap, purchases) =
            (customer * 37 % 200, 3 + customer * customer % 60, 1 + customer * 7 % 9);
        let days = (0..purchases).map(|purchase| first + purchase * gap).filter(|day| *day < 365);
        for (purchase, day) in (0..).zip(days) {
            let price = i128::from(1_000 + 300 * (customer % 11) + 50 * purchase);
            lines.push(Line { price, ..Line::new(customer, 1_000 * customer + purchase, day) });
        }
    }
    // Somebody buys on the last day of the year, so that it is whole.
    lines.push(Line::new(customers + 1, 1, 365));
    lines
}

fn pipeline(lines: &[Line], clv: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(&format!("\n[clv]\n{clv}\n"));
    write(&pipeline.data("lines/all.parquet"), table(lines));
    pipeline
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

/// The sum of a column of money or estimates, null as nothing.
fn sum<'r>(rows: impl IntoIterator<Item = &'r BTreeMap<String, String>>, column: &str) -> f64 {
    rows.into_iter().filter(|row| row[column] != "null").map(|row| number(row, column)).sum()
}

const TABLES: [&str; 7] = [
    "value_model",
    "value_counts",
    "customer_value",
    "value_backtest",
    "value_backtest_bin",
    "value_backtest_week",
    "customer_equity",
];

/// No table holds anything but finite numbers.
fn check_finite(published: &Published) {
    for table in TABLES {
        for row in published.rows(table) {
            for (column, value) in &row {
                let is_number = !["NaN", "inf", "-inf"].contains(&value.as_str());
                assert!(is_number, "{table}: {column} in {row:?}");
            }
        }
    }
}

fn chosen(published: &Published) -> (String, String) {
    let segment = &published.release["run"]["clv"]["segments"][0];
    let why = if segment["kept"] == true { "kept" } else { segment["why"].as_str().unwrap() };
    (segment["chosen"].as_str().unwrap().to_owned(), why.to_owned())
}

#[test]
fn tables_agree_with_each_other() {
    let published = pipeline(&buyers(300), "horizons = [\"90 days\", \"1 year\"]").publish(&[]);
    check_finite(&published);
    let customers = published.rows("customer_value");
    let buying = published.rows("customer").into_iter().filter(|row| row["lines"] != "0").count();
    assert_eq!(customers.len(), buying);
    let [counts, equity] = ["value_counts", "customer_equity"].map(|table| published.rows(table));
    assert_eq!(sum(&counts, "customers"), 301.0);
    assert_eq!(equity.len(), 1);
    let within = ["value_within_90_days", "value_within_1_year"];
    for column in
        ["residual_value", "residual_value_full", "residual_revenue", "past_profit"].into_iter().chain(within)
    {
        let total = sum(&customers, column);
        assert!((number(&equity[0], column) - total).abs() < 1e-6 * total.abs().max(1.0), "{column}");
    }
    assert!((number(&equity[0], "alive_customers") - sum(&customers, "probability_alive")).abs() < 1e-9);
    let (low, high) = (number(&equity[0], "residual_value_low"), number(&equity[0], "residual_value_high"));
    assert!(low < number(&equity[0], "residual_value") && number(&equity[0], "residual_value") < high);
    for row in &customers {
        let [soon, later, ever] = ["value_within_90_days", "value_within_1_year", "residual_value"]
            .map(|column| number(row, column).abs());
        assert!(soon <= later && later <= ever, "{row:?}");
        let [low, high] = ["residual_value_low", "residual_value_high"].map(|column| number(row, column));
        assert!(low <= number(row, "residual_value") && number(row, "residual_value") <= high, "{row:?}");
        let [none_soon, none_later] =
            ["90_days", "1_year"].map(|horizon| number(row, &format!("no_purchase_probability_{horizon}")));
        assert!(none_later <= none_soon && none_soon <= 1.0, "{row:?}");
        assert!(none_later >= 1.0 - number(row, "probability_alive") - 1e-9, "{row:?}");
        assert!(row["next_purchase_date"] >= row["as_of_date"], "{row:?}");
    }
    // Past profit is what profitability says.
    let profits: BTreeMap<String, String> = published
        .rows("customer")
        .into_iter()
        .map(|row| (row["customer_id"].clone(), row["customer_profit"].clone()))
        .collect();
    assert!(customers.iter().all(|row| row["past_profit"] == profits[&row["customer_id"]]));
}

#[test]
fn bins_of_the_back_test_add_up_to_its_totals() {
    let published = pipeline(&buyers(300), "calibration = [\"2024-06-01\", \"2024-09-01\"]").publish(&[]);
    let [totals, bins, weeks] =
        ["value_backtest", "value_backtest_bin", "value_backtest_week"].map(|table| published.rows(table));
    for date in ["2024-06-01", "2024-09-01"] {
        for model in ["mbg_nbd", "pareto_nbd"] {
            let of = [("calibration_date", date), ("forecaster", model)];
            let purchases = [&of[..], &[("target", "purchases")]].concat();
            let total = those(&totals, &purchases);
            assert_eq!(total.len(), 1);
            for kind in ["decile", "frequency", "recency"] {
                for column in ["customers", "expected", "actual"] {
                    let parts = sum(those(&bins, &[&purchases[..], &[("bin_by", kind)]].concat()), column);
                    assert!(
                        (parts - number(total[0], column)).abs() < 1e-9,
                        "{date} {model} {kind} {column}"
                    );
                }
            }
            let weeks = those(&weeks, &of);
            assert!(weeks.len() >= 50);
            let is_ascending = |pair: &[&BTreeMap<String, String>]| {
                number(pair[0], "expected") <= number(pair[1], "expected")
            };
            assert!(weeks.windows(2).all(is_ascending));
        }
        let rules = ["past_rate", "last_period", "idle_beyond_own_gap", "idle_beyond_mean_gap"];
        assert!(rules.iter().all(|rule| totals.iter().any(|row| row["forecaster"] == *rule)));
    }
}

#[test]
fn a_choice_is_kept_until_it_is_made_again() {
    let history = pipeline(&buyers(300), "models = [\"pareto_nbd\", \"bg_nbd\"]");
    let (first, why) = chosen(&history.publish(&[]));
    assert_eq!(why, "holdout");
    assert_eq!(chosen(&history.publish(&["--republish"])), (first.clone(), "kept".to_owned()));
    assert_eq!(chosen(&history.publish(&["--full"])), (first.clone(), "kept".to_owned()));
    assert_eq!(chosen(&history.publish(&["--reselect"])), (first.clone(), "holdout".to_owned()));
    let other = if first == "bg_nbd" { "pareto_nbd" } else { "bg_nbd" };
    let declared = history.with("[clv]\n", &format!("[clv]\nmodel = \"{other}\"\n"));
    assert_eq!(chosen(&declared.publish(&[])), (other.to_owned(), "declared".to_owned()));
    // What is no longer among the models is chosen again.
    let gone = declared
        .with(&format!("model = \"{other}\"\n"), "")
        .with("models = [\"pareto_nbd\", \"bg_nbd\"]", "models = [\"mbg_nbd\"]");
    assert_eq!(chosen(&gone.publish(&[])), ("mbg_nbd".to_owned(), "holdout".to_owned()));
}

#[test]
fn drift_is_measured_in_standard_errors_of_the_named_release() {
    let history = pipeline(&buyers(300), "");
    let first = history.publish(&[]);
    let later = history.with("[clv]\n", &format!("[clv]\ndrift_from = \"{}\"\n", first.id()));
    let rows = later.publish(&["--as-of", "2024-11-01"]).rows("value_model");
    let drifts: Vec<_> = rows.iter().filter(|row| row["drift"] != "null").collect();
    assert!(drifts.len() >= 8, "four parameters of two models");
    for row in &drifts {
        let moved = number(row, "estimate") - number(row, "earlier_estimate");
        assert!(row["sample"] == "whole" && (number(row, "drift") > 0.0) == (moved > 0.0), "{row:?}");
    }
    let unknown = later.with(first.id(), "20000101T000000Z");
    unknown.abacus(&["run"]).fails(2, &["history.toml:", "'drift_from' names release '20000101T000000Z'"]);
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let history = pipeline(
        &buyers(2_000),
        "models = [\"bg_nbd\", \"mbg_nbd\", \"pareto_nbd\"]\nspend = \"gamma_gamma\"",
    );
    let run = |threads: &str| {
        let outcome = Outcome::of(history.command(&["run", "--full"]).env("RAYON_NUM_THREADS", threads));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        history.published().digests()
    };
    assert_eq!(run("1"), run("5"));
}

#[test]
fn segments_are_fitted_apart_and_add_up() {
    const CUSTOMERS: &str = "
[facts.customers]
files = \"../data/customers.parquet\"
customer = \"customer_id\"
channel = \"origin\"
";
    let history = pipeline(&buyers(300), "segment = \"channel\"").and(CUSTOMERS);
    let origin = |customer: i64| [Some("web"), Some("shop"), None][usize::try_from(customer % 3).unwrap()];
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("customer_id", Arc::new((1..=301).map(Some).collect::<Int64Array>())),
        ("origin", Arc::new((1..=301).map(origin).collect::<StringArray>())),
    ];
    write(&history.data("customers.parquet"), columns);
    let published = history.publish(&[]);
    check_finite(&published);
    let (total, segments) = (published.rows("customer_equity"), published.rows("segment_equity"));
    let names: Vec<(&str, &str)> =
        segments.iter().map(|row| (row["segment_by"].as_str(), row["segment"].as_str())).collect();
    assert_eq!(names, [("channel", "(none)"), ("channel", "shop"), ("channel", "web")]);
    assert_eq!(total.len(), 1);
    for column in ["customers", "residual_value", "past_profit"] {
        let parts = sum(&segments, column);
        assert!((number(&total[0], column) - parts).abs() < 1e-6 * parts.abs(), "{column}");
    }
    assert_eq!(published.release["run"]["clv"]["segments"].as_array().unwrap().len(), 3);
}

/// Customers 1 to 301 with a kind: `small` have one of their own, the others are 'big' or have none.
fn kinds(history: &Pipeline, small: impl Fn(i64) -> Option<&'static str>) {
    let kind = |customer: i64| small(customer).or((customer <= 290).then_some("big"));
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("customer_id", Arc::new((1..=301).map(Some).collect::<Int64Array>())),
        ("kind", Arc::new((1..=301).map(kind).collect::<StringArray>())),
    ];
    write(&history.data("customers.parquet"), columns);
}

const KINDS: &str = "
[facts.customers]
files = \"../data/customers.parquet\"
customer = \"customer_id\"
attributes = { kind = \"kind\" }
";

/// pymc-marketing#1404 asks for the same: segments with limited data share what the others know.
#[test]
fn segments_too_small_to_fit_take_the_parameters_of_all() {
    let history = pipeline(&buyers(300), "segment = \"kind\"").and(KINDS);
    kinds(&history, |customer| match customer {
        101 => Some("one"),
        102..=104 => Some("three"),
        _ => None,
    });
    let outcome = history.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    for small in ["customers of kind 'one'", "customers of kind 'three'", "customers without kind"] {
        let warned = outcome.stderr.lines().find(|line| line.contains("too few for parameters of their own"));
        assert!(warned.is_some_and(|line| line.contains(small)), "{small}: {outcome:?}");
    }
    let published = history.published();
    check_finite(&published);
    let together = history.with("segment = \"kind\"", "").publish(&["--reselect"]);
    let small = |published: &Published| {
        let rows = published.rows("customer_value").into_iter();
        let is_small = |row: &BTreeMap<String, String>| {
            let customer = number(row, "customer_id");
            customer > 290.0 || (101.0..=104.0).contains(&customer)
        };
        rows.filter(is_small).collect::<Vec<_>>()
    };
    let [apart, alike] = [&published, &together].map(|published| sum(&small(published), "residual_value"));
    assert!((apart / alike - 1.0).abs() < 0.01, "{apart} for {alike}");
    let equity = published.rows("segment_equity");
    let fitted_to = |segment: &str| {
        let row = equity.iter().find(|row| row["segment"] == segment);
        row.unwrap()["fitted_to"].clone()
    };
    for segment in ["one", "three", "(none)"] {
        assert_eq!(fitted_to(segment), "all", "{segment}");
    }
    let models = published.rows("value_model");
    let own = models.iter().filter(|row| row["segment"] == "three" && row["role"] == "chosen");
    assert!(own.clone().count() > 0);
    assert!(own.into_iter().all(|row| row["reason"].contains("are needed for its own")), "{models:?}");
}

#[test]
fn a_segment_that_buys_otherwise_keeps_its_own_parameters() {
    let mut lines = buyers(300);
    // Customers 1 to 60 buy every third day, for far more.
    for customer in 1..=60_i64 {
        let often = (0..60).map(|purchase| customer + 3 * purchase);
        let line = |day| Line { price: 90_000, ..Line::new(customer, 500_000 + 1_000 * customer + day, day) };
        lines.extend(often.map(line));
    }
    let history = pipeline(&lines, "segment = \"kind\"").and(KINDS);
    kinds(&history, |customer| (customer <= 60).then_some("firm"));
    let rows = history.publish(&[]).rows("value_model");
    let of = |model: &str| {
        let row = |row: &&BTreeMap<String, String>| {
            row["segment"] == "firm" && row["model"] == model && row["sample"] == "whole"
        };
        rows.iter().find(row).unwrap()["fitted_to"].clone()
    };
    assert_eq!([of("pareto_nbd"), of("shrunken_margin")], ["segment", "segment"]);
}

#[test]
fn one_segment_has_one_lifetime() {
    let history = pipeline(&buyers(300), "segment = \"kind\"")
        .and("[lifecycle]\ngap_days = 60\nby = [\"kind\"]\n")
        .and(KINDS);
    kinds(&history, |customer| (customer % 3 == 0).then_some("third"));
    let published = history.publish(&[]);
    let (survival, models) = (published.rows("survival_summary"), published.rows("value_model"));
    for kind in ["big", "third", "(none)"] {
        let of_kind = |row: &&BTreeMap<String, String>| row["segment_by"] == "kind" && row["segment"] == kind;
        let row = survival.iter().find(of_kind).unwrap();
        let is_lifetime = |row: &&BTreeMap<String, String>| {
            row["segment"] == kind && row["model"] == "seed_formula" && row["parameter"] == "T"
        };
        let formula = number(models.iter().find(is_lifetime).unwrap(), "estimate");
        assert_eq!(number(row, "lifetime_periods"), formula, "{kind}");
        assert!((number(row, "churn_rate") * formula - 1.0).abs() < 1e-12, "{kind}");
    }
}

#[test]
fn a_declared_lifetime_stands_in_where_nobody_was_lost() {
    let of = |published: &Published, model: &str, parameter: &str| {
        let rows = published.rows("value_model");
        let row = rows.into_iter().find(|row| row["model"] == model && row["parameter"] == parameter);
        let row = row.unwrap();
        (row["estimate"].clone(), row["reason"].clone())
    };
    // Everybody buys every month to the end: nobody is lost.
    let loyal: Vec<(i64, i64)> =
        (1..=5).flat_map(|customer| (0..12).map(move |month| (customer, 30 * month + 5))).collect();
    let history = pipeline(&on(&loyal), "margin = \"revenue\"");
    let undeclared = history.publish(&[]);
    for (model, parameter) in [("seed_formula", "CLV"), ("retention", "CLV_first_margin_now")] {
        let (estimate, reason) = of(&undeclared, model, parameter);
        assert_eq!(estimate, "null", "{model}");
        assert!(reason.contains("clv.lifetime_periods or clv.churn_rate"), "{reason}");
    }
    let history = history.with("margin = \"revenue\"", "margin = \"revenue\"\nlifetime_periods = 20");
    let lifetime = history.publish(&[]);
    let churn = history.with("lifetime_periods = 20", "churn_rate = 0.05").publish(&[]);
    let float = |published: &Published, model: &str, parameter: &str| {
        of(published, model, parameter).0.parse::<f64>().unwrap()
    };
    for (published, key) in [(&lifetime, "lifetime_periods"), (&churn, "churn_rate")] {
        let of = |parameter: &str| float(published, "seed_formula", parameter);
        assert_eq!(of("T"), 20.0, "{key}");
        assert!((of("CLV") - ((of("RR") - of("TRC")) * 20.0 - of("AC"))).abs() < 0.01, "{key}");
        assert!((float(published, "retention", "r") - 0.95).abs() < 1e-12, "{key}");
    }
}

#[test]
fn who_returned_all_is_valued_by_the_shrunken_mean() {
    let mut lines = buyers(300);
    // Customer 400 buys twice and brings back all of it.
    for (order, day) in [(1, 300), (2, 330)] {
        lines.push(Line { price: 2_000, ..Line::new(400, 400_000 + order, day) });
        let back = Line { price: 2_000, ..Line::new(400, 400_000 + order, day + 2) };
        lines.push(Line { quantity: -back.quantity, ..back });
    }
    let of = |spend: &str| {
        let rows = pipeline(&lines, spend).publish(&[]).rows("customer_value");
        number(rows.iter().find(|row| row["customer_id"] == "400").unwrap(), "margin_per_purchase")
    };
    let [shrunken, gamma_gamma] = ["", "spend = \"gamma_gamma\""].map(of);
    assert!((gamma_gamma - shrunken).abs() < 1e-9, "{gamma_gamma} for {shrunken}");
}

#[test]
fn what_costs_more_than_it_brings_has_a_negative_value() {
    let cheap = |line: Line| Line { price: 3, ..line };
    let history = pipeline(&buyers(300).into_iter().map(cheap).collect::<Vec<_>>(), "");
    let published = history.publish(&[]);
    let customers = published.rows("customer_value");
    assert!(customers.iter().all(|row| number(row, "margin_per_purchase") < 0.0));
    assert!(number(&published.rows("customer_equity")[0], "residual_value") < 0.0);
}

/// Lines of customers on days: (customer, day).
fn on(days: &[(i64, i64)]) -> Vec<Line> {
    let line = |(order, (customer, day)): (i64, &(i64, i64))| Line::new(*customer, order, *day);
    (1..).zip(days).map(line).collect()
}

#[test]
fn histories_that_teach_little_are_told_so() {
    let one = on(&[(1, 3), (1, 40), (1, 90)]);
    let nobody_repeats: Vec<(i64, i64)> = (1..=50).map(|customer| (customer, 2 * customer)).collect();
    let daily: Vec<(i64, i64)> =
        (1..=20).flat_map(|customer| (0..60).map(move |day| (customer, day))).collect();
    let one_day: Vec<(i64, i64)> = (1..=20).map(|customer| (customer, 5)).collect();
    let alike: Vec<Line> = buyers(200).into_iter().map(|line| Line { price: 1_000, ..line }).collect();
    let short = on(&[(1, 0), (2, 1), (1, 2), (2, 3), (3, 3)]);
    for (name, lines, model, reason, is_valued) in [
        ("one customer", one, "pareto_nbd", "few_repeaters", false),
        ("nobody repeats", on(&nobody_repeats), "mbg_nbd", "no_repeaters", true),
        ("everybody daily", on(&daily), "pareto_nbd", "alike_and_nobody_lapses", false),
        ("one day", on(&one_day), "mbg_nbd", "no_time", false),
        ("all spends equal", alike, "gamma_gamma", "no heterogeneity", true),
        ("shorter than a gap", short, "mbg_nbd", "few_repeaters", false),
    ] {
        let history = pipeline(&lines, "");
        let outcome = history.abacus(&["run"]);
        assert_eq!(outcome.code, Some(0), "{name}: {outcome:?}");
        assert_eq!(
            outcome.stderr.contains("customers have no residual value"),
            !is_valued,
            "{name}: {outcome:?}"
        );
        let published = history.published();
        check_finite(&published);
        let rows = published.rows("value_model");
        let whole = rows.iter().filter(|row| row["model"] == model && row["sample"] == "whole");
        let reasons: Vec<&str> = whole.map(|row| row["reason"].as_str()).collect();
        assert!(reasons.iter().any(|found| found.to_lowercase().contains(reason)), "{name}: {reasons:?}");
        assert!(!published.rows("customer_value").is_empty(), "{name}");
        let equity = published.rows("customer_equity");
        assert_eq!(equity.len(), 1, "{name}");
        assert_eq!(equity[0]["residual_value"] != "null", is_valued, "{name}");
    }
}

/// Customers with returns only have a rank and a class, and the whale curve closes at the profit of all.
#[test]
fn who_only_returned_is_a_customer() {
    let back = |line: Line| Line { quantity: -line.quantity, ..line };
    let mut lines = buyers(20);
    lines.push(back(Line::new(500, 500, 100)));
    lines.push(back(Line::new(501, 501, 101)));
    let published = pipeline(&lines, "").publish(&[]);
    let customers = published.rows("customer");
    for row in customers.iter().filter(|row| ["500", "501"].contains(&row["customer_id"].as_str())) {
        assert_eq!((row["lines"].as_str(), row["is_prospect"].as_str()), ("0", "false"));
        assert!(row["rank_profit"] != "null" && row["profit_class"] == "loss", "{row:?}");
    }
    let whale = &published.rows("whale_summary")[0];
    assert_eq!(whale["customers"], "23");
    let profit = sum(&customers, "customer_profit");
    assert!((number(whale, "total_profit") - profit).abs() < 1e-6, "{whale:?}");
    assert_eq!(whale["total_profit"], whale["customer_profit"]);
    // Nobody ever bought: nothing to value, and no fault of ours.
    let returns: Vec<Line> = (1..=5).map(|customer| back(Line::new(customer, customer, customer))).collect();
    let history = pipeline(&returns, "").and("[lifecycle]\n[segments]\n");
    let outcome = history.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(history.published().rows("customer_value").is_empty());
    assert_eq!(history.published().rows("whale_summary")[0]["customers"], "5");
}

#[test]
fn data_that_begin_in_the_middle_of_relationships_are_warned_of() {
    let mut lines = buyers(120);
    lines.extend(on(&(1_000..1_200).map(|customer| (customer, customer % 28)).collect::<Vec<_>>()));
    let outcome = pipeline(&lines, "").abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("begin in the middle of relationships"), "{outcome:?}");
    let outcome = pipeline(&buyers(120), "").abacus(&["run"]);
    assert!(!outcome.stderr.contains("begin in the middle of relationships"), "{outcome:?}");
}

#[test]
fn dates_outside_the_history_are_left_out_and_told() {
    let history = pipeline(&buyers(100), "calibration = [\"2020-01-01\", \"2024-07-01\"]");
    let outcome = history.abacus(&["run"]);
    assert!(outcome.stderr.contains("calibration 2020-01-01 is left out"), "{outcome:?}");
    let rows = history.published().rows("value_backtest");
    assert!(rows.iter().all(|row| row["calibration_date"] == "2024-07-01"));
}

/// Customers who come one after another and buy every few weeks, to a day or two, until they stop.
fn regulars(customers: i64) -> Vec<Line> {
    let mut lines = Vec::new();
    for customer in 1..=customers {
        let (first, gap, purchases) = (customer * 37 % 330, 14 + customer % 21, 2 + customer * 7 % 9);
        let late = |purchase: i64| (customer * 31 + purchase * purchase * 17) % 7 - 3;
        for purchase in 0..purchases {
            let day = first + purchase * gap + if purchase > 0 { late(purchase) } else { 0 };
            if day < 365 {
                lines.push(Line::new(customer, 1_000 * customer + purchase, day));
            }
        }
    }
    lines.push(Line::new(customers + 1, 1, 365));
    lines
}

fn parameter(published: &Published, model: &str, parameter: &str) -> f64 {
    let rows = published.rows("value_model");
    let is = |row: &&BTreeMap<String, String>| {
        row["model"] == model && row["parameter"] == parameter && row["sample"] == "whole"
    };
    number(rows.iter().find(is).unwrap_or_else(|| panic!("{model} {parameter}")), "estimate")
}

/// Who buys to a beat and has missed one is gone; who has just bought will buy at the next.
#[test]
fn regular_buyers_are_valued_by_their_rhythm() {
    let lines = regulars(400);
    let with = |model: &str| {
        let clv =
            format!("model = \"{model}\"\nmodels = [\"mbg_nbd\", \"mbg_cnbd_k\"]\nhorizons = [\"14 days\"]");
        pipeline(&lines, &clv).publish(&[])
    };
    let (random, regular) = (with("mbg_nbd"), with("mbg_cnbd_k"));
    check_finite(&regular);
    let k = parameter(&regular, "mbg_cnbd_k", "k");
    assert!((4.0..=12.0).contains(&k) && k.fract() == 0.0, "{k}");
    let likelihood = |model: &str| {
        let rows = regular.rows("value_model");
        number(
            rows.iter().find(|row| row["model"] == model && row["sample"] == "whole").unwrap(),
            "log_likelihood",
        )
    };
    assert!(likelihood("mbg_cnbd_k") > likelihood("mbg_nbd") + 100.0);
    let error = |model: &str| {
        let rows = regular.rows("value_backtest");
        let is = |row: &&BTreeMap<String, String>| row["forecaster"] == model && row["target"] == "purchases";
        number(rows.iter().find(is).unwrap(), "rmse")
    };
    assert!(error("mbg_cnbd_k") < error("mbg_nbd"), "{} {}", error("mbg_cnbd_k"), error("mbg_nbd"));
    // Of those who bought often, the overdue are surer to be gone, and who bought lately to be there.
    let (mut overdue, mut lately) = (0, 0);
    for (random, regular) in random.rows("customer_value").iter().zip(&regular.rows("customer_value")) {
        let alive = |row| number(row, "probability_alive");
        let idle = number(regular, "recency_days");
        if number(regular, "repeat_purchases") >= 3.0 && idle > 100.0 {
            assert!(alive(regular) < alive(random) && alive(regular) < 0.01, "{random:?} {regular:?}");
            overdue += 1;
        } else if number(regular, "repeat_purchases") >= 3.0 && idle < 5.0 {
            lately += 1;
            assert!(alive(regular) > 0.6, "{regular:?}");
        }
        assert!(regular["next_purchase_date"] >= regular["as_of_date"], "{regular:?}");
        let none = number(regular, "no_purchase_probability_14_days");
        assert!((0.0..=1.0).contains(&none) && none >= 1.0 - alive(regular) - 1e-9, "{regular:?}");
    }
    assert!(overdue > 30 && lately > 5, "{overdue} {lately}");
}

#[test]
fn rhythms_do_not_depend_on_threads_or_segments() {
    let clv = "models = [\"mbg_cnbd_k\"]\nsegment = \"kind\"\nseason = \"auto\"";
    let history = pipeline(&regulars(300), clv).and(KINDS);
    kinds(&history, |customer| (customer % 3 == 0).then_some("third"));
    let run = |threads: &str| history.publish(&["--full", "--threads", threads]);
    let one = run("1");
    assert_eq!(one.digests(), run("3").digests());
    check_finite(&one);
    let rows = one.rows("value_model");
    let ks = rows.iter().filter(|row| row["parameter"] == "k" && row["sample"] == "whole");
    assert!(ks.clone().count() >= 3 && ks.clone().all(|row| number(row, "estimate") > 3.0), "{rows:?}");
}

/// x, tₓ, donors: annual gifts of the 1995 cohort of a non-profit organisation after six years; Fader, Hardie & Shang (2010), table 2.
fn donations() -> Vec<[i64; 3]> {
    let rows = include_str!("../src/clv/models/testdata/donations.csv").lines().skip(1);
    let numbers = |row: &str| row.split(',').map(|number| number.parse().unwrap()).collect::<Vec<i64>>();
    rows.map(|row| numbers(row).try_into().unwrap()).collect()
}

/// Each donor gives first in 2024, x − 1 times from the next year on and last in the year tₓ after.
fn donors() -> Vec<Line> {
    let mut lines = Vec::new();
    let mut donor = 0;
    for [gifts, last, donors] in donations() {
        for _ in 0..donors {
            donor += 1;
            let years = (0..gifts.max(1)).chain((gifts > 0).then_some(last));
            lines.extend(years.map(|year| Line::new(donor, 10 * donor + year, year * 1461 / 4 + 100)));
        }
    }
    lines
}

#[test]
fn golden_bg_bb_values_donors_as_the_paper_does() {
    let clv = "model = \"bg_bb\"\nhorizons = [\"5 years\"]";
    let pipeline = pipeline(&donors(), clv).with("period = \"month\"", "period = \"year\"");
    let published = pipeline.publish(&["--as-of", "2031-01-01"]);
    check_finite(&published);
    assert_eq!(chosen(&published), ("bg_bb".to_owned(), "declared".to_owned()));
    let models = published.rows("value_model");
    for (parameter, expected) in [("alpha", 1.204), ("beta", 0.750), ("gamma", 0.657), ("delta", 2.783)] {
        let of = [("model", "bg_bb"), ("parameter", parameter), ("role", "chosen"), ("sample", "whole")];
        let row = those(&models, &of)[0];
        assert!((number(row, "estimate") - expected).abs() < 1e-3, "{row:?}");
    }
    let customers = published.rows("customer_value");
    assert_eq!(customers.len(), 11_104);
    // By the paper's rounded parameters; (0, 0) is donor 1, (6, 6) the last one.
    for (donor, alive, expected, discounted) in [("1", 0.1161, 0.0728, 0.1146), ("11104", 1.0, 3.752, 5.909)]
    {
        let row = those(&customers, &[("customer_id", donor)])[0];
        let close = |column: &str, expected: f64| {
            assert!((number(row, column) / expected - 1.0).abs() < 3e-3, "{column} {expected}: {row:?}");
        };
        close("probability_alive", alive);
        close("expected_purchases_5_years", expected);
        close("discounted_purchases", discounted);
        assert!(number(row, "expected_purchases_5_years_se") > 0.0 && number(row, "residual_value_se") > 0.0);
        let residual = number(row, "discounted_purchases") * number(row, "margin_per_purchase");
        assert!((number(row, "residual_value") - residual).abs() < 1e-3, "{row:?}");
        assert!(number(row, "value_within_5_years") < number(row, "residual_value"));
    }
    let total = sum(&customers, "expected_purchases_5_years");
    assert!((total / 12_884.2 - 1.0).abs() < 1e-3, "{total}");
    let equity = &published.rows("customer_equity")[0];
    assert!((sum(&customers, "residual_value") - number(equity, "residual_value")).abs() < 1e-2);
    assert!(number(equity, "residual_value_se") > 0.0);
}

/// Donors who give in a year with a probability of their own, uniform over donors, and lapse before it with one that is beta(1, 8).
fn simulated_donors() -> Vec<Line> {
    let mut dice = Dice(3);
    let mut uniform = || f64::from(u32::try_from(dice.below(1 << 30)).unwrap()) / f64::from(1 << 30);
    let mut lines = Vec::new();
    for donor in 1..=4_000 {
        let (gives, lapses) = (uniform(), 1.0 - uniform().powf(1.0 / 8.0));
        for year in 0..9 {
            if year > 0 && uniform() < lapses {
                break;
            }
            if year == 0 || uniform() < gives {
                lines.push(Line::new(donor, 10 * donor + year, year * 1461 / 4 + 100));
            }
        }
    }
    lines
}

#[test]
fn bg_bb_is_held_against_the_others_and_is_chosen_where_it_made_the_data() {
    let clv = "models = [\"mbg_nbd\", \"bg_bb\"]\nhorizons = [\"1 year\", \"2 years\"]\ncalibration = \"2030-01-01\"";
    let pipeline = pipeline(&simulated_donors(), clv).with("period = \"month\"", "period = \"year\"");
    let published = pipeline.publish(&["--as-of", "2033-01-01"]);
    check_finite(&published);
    let tests = published.rows("value_backtest");
    let [of_periods, continuous] = ["bg_bb", "mbg_nbd"].map(|model| {
        let rows = those(&tests, &[("target", "purchases"), ("forecaster", model), ("segment", "all")]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        (number(rows[0], "rmse"), number(rows[0], "bias"))
    });
    assert!(of_periods.1.abs() < 0.04, "{of_periods:?}");
    assert!(
        of_periods.0 < continuous.0 && of_periods.1.abs() < continuous.1.abs(),
        "{of_periods:?} {continuous:?}"
    );
    assert_eq!(chosen(&published), ("bg_bb".to_owned(), "holdout".to_owned()));
    let bins = published.rows("value_backtest_bin");
    let deciles = those(&bins, &[("forecaster", "bg_bb"), ("bin_by", "decile")]);
    assert!(deciles.len() > 3, "{deciles:?}");
    let digests = published.digests();
    assert_eq!(
        pipeline.publish(&["--as-of", "2033-01-01", "--threads", "3", "--republish"]).digests(),
        digests
    );
}
