//! Mistakes of a pipeline file that only its data can tell.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use arrow::array::{Int64Array, StringArray};
use std::sync::Arc;
use support::{Line, Pipeline, table, write};

const CUSTOMERS: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "customer_id"
channel = "origin"
"#;

/// Two customers, one of each channel, who buy tools.
fn pipeline(more: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(more);
    write(&pipeline.data("lines/all.parquet"), table(&[Line::new(1, 1, 5), Line::new(2, 2, 10)]));
    let ids = Arc::new(Int64Array::from(vec![1, 2]));
    let origins = Arc::new(StringArray::from(vec!["web", "phone"]));
    write(&pipeline.data("customers.parquet"), vec![("customer_id", ids), ("origin", origins)]);
    pipeline
}

fn above(level: &str, of: &str) -> String {
    format!(
        "\n[[costing.activity]]\nname = \"run it\"\nlevel = \"{level}\"\nof = \"{of}\"\nfrom = {{ warehouse = 0.1 }}\n"
    )
}

/// Where the last activity begins.
fn place(pipeline: &Pipeline) -> String {
    let text = std::fs::read_to_string(pipeline.file()).unwrap();
    let line =
        text.lines().count() - text.lines().rev().position(|line| line == "[[costing.activity]]").unwrap();
    format!("history.toml:{line}:1: activity 'run it'")
}

#[test]
fn cost_of_a_channel_that_no_customer_has_stops_the_run() {
    let pipeline = pipeline(&[CUSTOMERS, &above("channel", "phon")].concat());
    let found = ["of the channel 'phon'", "[facts.customers]", "did you mean 'phone'?", "'phone', 'web'"];
    pipeline.abacus(&["run"]).fails(3, &[&[place(&pipeline).as_str()], &found[..]].concat());
    assert!(!pipeline.out().join("release.json").exists());
    let steps = pipeline.with("\"phon\"", "\"web\"").publish(&[]).rows("cost_hierarchy");
    let web = steps.iter().find(|step| step["member"] == "web").unwrap();
    assert_eq!((&*web["customers"], &*web["retained_cost"]), ("1", "77.7770"));
}

#[test]
fn the_column_channel_of_transactions_is_no_channel_of_customers() {
    let pipeline = pipeline(&above("channel", "web"));
    for command in ["check", "run"] {
        let outcome = pipeline.abacus(&[command]);
        outcome.fails(3, &[&place(&pipeline), "there is no channel at all", "[facts.customers]"]);
    }
}

#[test]
fn cost_of_a_product_group_that_nobody_sells_stops_the_run() {
    let pipeline = pipeline(&above("product", "paint"));
    let found = ["of the product group 'paint'", "the known ones are 'tools'"];
    pipeline.abacus(&["run"]).fails(3, &[&[place(&pipeline).as_str()], &found[..]].concat());
    let groups = pipeline.with("\"paint\"", "\"tools\"").publish(&[]).rows("product_group");
    assert_eq!(groups[0]["product_level_cost"], "77.7770");
}

#[test]
fn an_account_without_rows_in_a_driver_file_is_found_by_check() {
    let taking = |account: &str| {
        format!(
            "\n[[costing.resource]]\nname = \"power\"\namount = 10\n\n[[costing.activity]]\nname = \"weld\"\ndriver = \"count(*)\"\n\
             from = {{ power = {{ file = {{ files = \"../data/hours.csv\", account = \"{account}\" }} }} }}\n"
        )
    };
    let wrong = pipeline(&taking("wielding"));
    std::fs::write(wrong.data("hours.csv"), "account,period,amount\nwelding,2024-01-01,5\n").unwrap();
    let expected = ["'wielding', by which 'weld' takes, has no rows in"];
    wrong.abacus(&["check"]).fails(2, &expected);
    wrong.abacus(&["run"]).fails(2, &expected);
    let right = wrong.with("wielding", "welding");
    assert_eq!(right.abacus(&["check"]).code, Some(0));
    right.publish(&[]);
}

#[test]
fn cost_of_a_listed_product_group_that_nobody_bought_yet_stays_with_it() {
    let products = "\n[facts.products]\nfiles = \"../data/products.parquet\"\nproduct = \"product_id\"\ngroup = \"kind\"\n";
    let pipeline = pipeline(&[products, &above("product", "paint")].concat())
        .with("product_group = ", "product = \"order_id\"\nproduct_group = ");
    let ids = Arc::new(Int64Array::from(vec![1]));
    let kinds = Arc::new(StringArray::from(vec!["paint"]));
    write(&pipeline.data("products.parquet"), vec![("product_id", ids), ("kind", kinds)]);
    let groups = pipeline.publish(&[]).rows("product_group");
    let paint = groups.iter().find(|group| group["product_group"] == "paint").unwrap();
    assert_eq!((&*paint["lines"], &*paint["product_level_cost"]), ("0", "77.7770"));
}
