//! Surveys, complaints and referrals against what customers are worth: the sample, and what rows and orders of rows do.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::clv::models::seed_formula::{Lifetime, PerPeriod, SeedFormula};
use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use support::{Columns, Dice, Outcome, Pipeline, Published, lines, table, write};

type Row = BTreeMap<String, String>;
/// Who, on which day, about what, and how much.
type Answer = (Option<i64>, i32, &'static str, f64);

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {}", row[column]))
}

/// The first row with these values.
fn find<'r>(rows: &'r [Row], wanted: &[(&str, &str)]) -> &'r Row {
    let fits = |row: &&Row| wanted.iter().all(|(column, value)| row[*column] == *value);
    rows.iter().find(fits).unwrap_or_else(|| panic!("no row {wanted:?}"))
}

/// The sample, published from a copy of its pipeline file.
fn sample() -> (tempfile::TempDir, Published) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pipelines")).unwrap();
    let pipeline = folder.path().join("pipelines/retail.toml");
    std::fs::copy(repository.join("pipelines/retail.toml"), &pipeline).unwrap();
    std::os::unix::fs::symlink(repository.join("sample_data"), folder.path().join("sample_data")).unwrap();
    let outcome = Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).arg("run").arg(&pipeline));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    (folder, published)
}

const TABLES: [&str; 16] = [
    "attribute_value",
    "attribute_value_period",
    "driver_weight",
    "competitor_value",
    "competitor_value_period",
    "satisfaction",
    "satisfaction_period",
    "satisfaction_effect",
    "satisfaction_factor",
    "complaint_outcome",
    "dissatisfaction_streak",
    "delivered_value",
    "delivered_value_part",
    "referral",
    "value_exchange",
    "customer_perception",
];

#[test]
fn the_sample_publishes_every_table_with_its_dictionary() {
    let (_folder, published) = sample();
    for name in TABLES {
        let table = &published.release["tables"][name];
        assert!(!published.rows(name).is_empty(), "{name} has rows");
        for column in table["columns"].as_array().unwrap() {
            let meaning = column["meaning"].as_str().unwrap();
            assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{name}: {column}");
        }
    }
    the_hidden_weights_are_found(&published);
    money_is_counted_once(&published);
}

/// The sample's README says by which weights the whole offer is judged.
fn the_hidden_weights_are_found(published: &Published) {
    let rows = published.rows("attribute_value");
    for (attribute, weight) in [
        ("consistency", 0.24),
        ("technical features", 0.12),
        ("delivery", 0.18),
        ("reliability of the firm", 0.10),
        ("advice", 0.07),
        ("catalogue", 0.03),
        ("price level", 0.20),
        ("terms of payment", 0.06),
    ] {
        let all = [("attribute", attribute), ("segment_by", "all"), ("attribute_level", "item")];
        let row = find(&rows, &all);
        let error = number(row, "importance_derived_error");
        let off = (number(row, "importance_derived") - weight).abs();
        assert!(off < 3.0 * error && error < 0.02, "{attribute}: {off} off, error {error}");
    }
}

/// The sums of the customer tables are those of the customers.
fn money_is_counted_once(published: &Published) {
    let sum = |rows: &[Row], column: &str| rows.iter().map(|row| number(row, column)).sum::<f64>();
    let exchange = published.rows("value_exchange");
    assert_eq!(exchange.len(), 12);
    let customers = published.rows("customer");
    let buyers: Vec<Row> = customers
        .into_iter()
        .filter(|row| row["is_prospect"] == "false" && row["is_unidentified"] == "false")
        .collect();
    assert!((sum(&exchange, "customers") - buyers.len() as f64).abs() < 0.5);
    assert!((sum(&exchange, "firm_value") - sum(&buyers, "customer_profit")).abs() < 0.01);
    let referral = published.rows("referral");
    assert_eq!(sum(&referral, "referrals"), 737.0);
    let brought = sum(&referral, "customers_brought");
    assert!(brought > 500.0 && brought <= 710.0, "each customer by one: {brought}");
    let delivered = published.rows("delivered_value");
    for row in &delivered {
        let parts = number(row, "core_value") + number(row, "added_value");
        assert!((parts - number(row, "delivered_value")).abs() < 1e-6, "{row:?}");
    }
}

const SURVEYS: &str = r#"
[perception.surveys]
files = "../data/surveys.parquet"
where = "attribute <> 'test'"
customer = "who"
at = "at"
attribute = "attribute"
expectation = "expectation"
performance = "performance"

[perception.complaints]
files = "../data/complaints.parquet"
customer = "who"
opened = "at"
"#;

/// Four columns of rows: who, day, attribute, performance; the expectation is 5.
fn rows_of(rows: &[(Option<i64>, i32, &str, f64)]) -> Columns {
    let column = |name: &'static str, array: ArrayRef| (name, array);
    vec![
        column("who", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>())),
        column("at", Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.1)))),
        column("attribute", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2)))),
        column("expectation", Arc::new(Float64Array::from(vec![5.0; rows.len()]))),
        column("performance", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.3)))),
    ]
}

/// The day the support's histories begin on, as days since 1970.
const START: i32 = 19_723;

fn pipeline(answers: &[(Option<i64>, i32, &str, f64)]) -> Pipeline {
    let pipeline = Pipeline::new().and(SURVEYS);
    write(&pipeline.data("lines/all.parquet"), table(&lines(3, 400, 60)));
    write(&pipeline.data("surveys.parquet"), rows_of(answers));
    let complaints = [(Some(1), START + 3, "x", 0.0), (Some(424_242), START + 4, "x", 0.0)];
    write(&pipeline.data("complaints.parquet"), rows_of(&complaints));
    pipeline
}

fn answers() -> Vec<Answer> {
    let mut answers = Vec::new();
    for who in 1..30_i64 {
        let day = START + i32::try_from(who % 20).unwrap();
        let (product, service) = ((who % 7) as f64, (who * 3 % 5) as f64);
        answers.extend([
            (Some(who), day, "product", product),
            (Some(who), day, "service", service),
            (Some(who), day, "overall", 1.0 + 0.5 * product + 0.25 * service),
        ]);
    }
    answers
}

/// A history in which complaints say nothing: a third of the customers complains on the day after one purchase in three,
/// and all go on as they did. Gives order lines and complaints.
fn meaningless_complaints() -> (Vec<support::Line>, Vec<Answer>) {
    let mut dice = Dice(7);
    let mut draw = |below: u64| dice.below(below);
    let (mut bought, mut complaints, mut order) = (Vec::new(), Vec::new(), 0);
    for customer in 1..=30_000_i64 {
        // Some buy every other week, some once a quarter; all lapse by chance.
        let gap = u64::try_from(10 + draw(120)).unwrap();
        let mut day = draw(300);
        while day < 700 {
            order += 1;
            bought.push(support::Line::new(customer, order, day));
            if customer % 3 == 0 && draw(3) == 0 {
                complaints.push((Some(customer), START + i32::try_from(day).unwrap() + 1, "x", 0.0));
            }
            if draw(5) == 0 {
                break;
            }
            day += 1 + draw(2 * gap);
        }
    }
    (bought, complaints)
}

/// With some 13,000 complaints of 10,000 customers the standard error of an effect is about 0.006. Neither the period nor the window may show.
#[test]
fn complaints_that_change_nothing_have_no_effect() {
    let (bought, complaints) = meaningless_complaints();
    for (period, window_days) in
        [("month", 60), ("quarter", 30), ("quarter", 180), ("year", 30), ("year", 180)]
    {
        let section = format!(
            "
[perception]
repurchase_days = {window_days}
[perception.complaints]
files = \"../data/complaints.parquet\"
customer = \"who\"
opened = \"at\"
"
        );
        let pipeline = Pipeline::new().with("\"month\"", &format!("\"{period}\"")).and(&section);
        write(&pipeline.data("lines/all.parquet"), table(&bought));
        write(&pipeline.data("complaints.parquet"), rows_of(&complaints));
        let rows = pipeline.publish(&[]).rows("complaint_outcome");
        let complained = find(&rows, &[("segment_by", "all"), ("outcome", "unresolved")]);
        assert!(number(complained, "matched") > 10_000.0, "{complained:?}");
        let effect = number(complained, "effect");
        assert!(effect.abs() < 0.015, "{period}, {window_days} days: {complained:?}");
        let silent = find(&rows, &[("segment_by", "all"), ("outcome", "no complaint")]);
        assert_eq!(silent["repurchase_rate"], complained["matched_rate"]);
    }
}

#[test]
fn rows_that_break_the_contract_are_quarantined_and_all_are_accounted_for() {
    let mut rows = answers();
    let used = rows.len() as u64;
    rows.extend([
        (None, START, "product", 1.0),
        (Some(1), START, "product", f64::NAN),
        (Some(1), START, "test", 1.0),
        (Some(1), START + 10_000, "product", 1.0),
        (Some(1), -50_000, "product", 1.0),
    ]);
    let published = pipeline(&rows).publish(&[]);
    let sources = published.release["run"]["sources"].as_array().unwrap();
    let of = |name: &str| &sources.iter().find(|source| source["source"] == name).unwrap()["rows"];
    let surveys = of("surveys");
    let counts = ["used", "quarantined", "excluded", "after_as_of"].map(|key| surveys[key].as_u64().unwrap());
    assert_eq!(counts, [used, 3, 1, 1]);
    assert_eq!(of("complaints")["quarantined"], 1, "nobody knows customer 424242");
    let quarantine = published.rows("quarantine");
    let reasons: Vec<&str> = quarantine
        .iter()
        .filter(|row| ["surveys", "complaints"].contains(&row["source"].as_str()))
        .map(|row| row["reason"].as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "customer is null",
            "performance: not finite",
            "at: date out of range",
            "customer '424242' is in no other source"
        ]
    );
}

#[test]
fn the_order_of_rows_and_the_number_of_threads_change_nothing() {
    let forwards = answers();
    let mut backwards = forwards.clone();
    backwards.reverse();
    let first = pipeline(&forwards).publish(&["--threads", "1"]).digests();
    let second = pipeline(&backwards).publish(&["--threads", "3"]).digests();
    assert_eq!(first, second);
    assert!(first.keys().any(|table| table.starts_with("attribute_value")), "{first:?}");
}

#[test]
fn a_day_before_answers_leaves_them_out() {
    let published = pipeline(&answers()).publish(&["--as-of", "2024-01-05"]);
    let rows = published.rows("satisfaction");
    let all = find(&rows, &[("attribute_level", "overall"), ("segment_by", "all")]);
    assert_eq!(all["answers"], "7", "those of the first four days");
}

#[test]
fn check_tells_columns_and_measures_that_do_not_exist() {
    let wrong = pipeline(&answers())
        .with("performance = \"performance\"", "performance = \"performence\"")
        .and("\n[perception.delivered.relationship]\nvalue = { image = \"performance_overall + ordres\" }\n");
    wrong.abacus(&["check"]).fails(2, &["performence", "ordres", "history.toml:"]);
    let both =
        pipeline(&answers()).and("\n[perception.delivered.relationship]\nvalue = { image = \"'much'\" }\n");
    both.abacus(&["check"]).fails(2, &["'image' is text, expected a number"]);
}

/// A customer without cost of acquisition, in whole units of money a year.
fn yearly(per_period: PerPeriod, lifetime: Lifetime) -> SeedFormula {
    SeedFormula { per_period, lifetime, acquisition_cost: 0 }
}

fn revenue(recurring_revenue: i128) -> PerPeriod {
    PerPeriod::Surplus { recurring_revenue, relationship_cost: 0 }
}

fn margin(recurring_revenue: i128, margin: &str) -> PerPeriod {
    PerPeriod::Margin { recurring_revenue, margin: margin.parse().unwrap() }
}

#[test]
fn the_shopper_lost_who_spends_100_a_week_takes_50_000_along() {
    let ten_years = Lifetime::of("10".parse().unwrap()).unwrap();
    assert_eq!(yearly(revenue(100 * 50), ten_years).customer_lifetime_value(), Ok(50_000));
}

#[test]
fn a_churn_of_10_per_cent_is_a_lifetime_of_10_years() {
    let lifetime = Lifetime::from_churn(10, 100).unwrap();
    assert_eq!(yearly(revenue(1), lifetime).customer_lifetime_value(), Ok(10));
}

#[test]
fn the_courier_account_of_1_500_a_month_is_180_000_in_ten_years_and_18_000_at_10_per_cent() {
    let ten_years = Lifetime::from_churn(1, 10).unwrap();
    assert_eq!(yearly(revenue(1_500 * 12), ten_years).customer_lifetime_value(), Ok(180_000));
    let at_10_per_cent = yearly(margin(1_500 * 12, "0.10"), ten_years);
    assert_eq!(at_10_per_cent.customer_lifetime_value(), Ok(18_000));
}

/// CLV = (RR − TRC) · T − AC and TP = CLV · N.
#[test]
fn clv_and_tp_follow_from_the_courier_accounts() {
    let per_period = PerPeriod::Surplus { recurring_revenue: 18_000, relationship_cost: 16_200 };
    let lifetime = Lifetime::from_churn(1, 10).unwrap();
    let account = SeedFormula { per_period, lifetime, acquisition_cost: 3_000 };
    assert_eq!(account.customer_lifetime_value(), Ok(15_000));
    assert_eq!(account.total_profit(40), Ok(600_000));
}
