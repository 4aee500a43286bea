//! Master data that match nothing, that say the opposite, or that speak of days nobody has seen.

use super::support::{Outcome, Pipeline, Published, replace, table, write};
use super::{nothing_is_published, ten_customers};
use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use std::sync::Arc;

/// 2024-01-01.
const START: i32 = 19_723;

const CUSTOMERS: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "customer"
acquired_on = "won_on"
acquisition_cost = "spent"
attributes = { region = "region" }
"#;

/// Ten customers with text keys who buy in January and on the first of February, and a list of customers: key, day won
/// since 2024-01-01, cost.
fn listing(customers: &[(&str, i32, i64)]) -> Pipeline {
    let pipeline = Pipeline::new().and(CUSTOMERS);
    let lines = ten_customers();
    let keys: StringArray = lines.iter().map(|line| line.customer.map(|key| key.to_string())).collect();
    write(&pipeline.data("lines/a.parquet"), replace(table(&lines), "customer_id", Arc::new(keys)));
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("customer", Arc::new(StringArray::from_iter_values(customers.iter().map(|row| row.0)))),
        ("won_on", Arc::new(Date32Array::from_iter_values(customers.iter().map(|row| START + row.1)))),
        ("spent", Arc::new(Int64Array::from_iter_values(customers.iter().map(|row| row.2)))),
        ("region", Arc::new(StringArray::from_iter_values(customers.iter().map(|_| "north")))),
    ];
    write(&pipeline.data("customers.parquet"), columns);
    pipeline
}

const KEYS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

#[track_caller]
fn warnings(outcome: &Outcome) -> Vec<&str> {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    outcome.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).collect()
}

fn sum(published: &Published, column: &str) -> f64 {
    published.rows("customer").iter().map(|row| row[column].parse::<f64>().unwrap()).sum()
}

#[test]
fn an_acquisition_cost_below_0_is_no_profit() {
    let customers = KEYS.map(|key| (key, 3, if key < "2" { -5_000 } else { 10 }));
    let pipeline = listing(&customers);
    let outcome = pipeline.abacus(&["run"]);
    let warnings = warnings(&outcome);
    assert!(warnings[0].starts_with("customers: 2 of 10 customers of the transactions"), "{warnings:?}");
    let expected = "customers: negative_acquisition_cost: 2 rows, customers with an acquisition cost below 0, -10000.0000 EUR \
                    together; the first: in ";
    assert!(warnings[1].starts_with(expected), "{warnings:?}");
    let expected = "customers.parquet row group 0 row 0: an acquisition cost of -5000.0000; they are quarantined; write \
                    'acquisition_cost' so that what was spent is positive, or say negative_acquisition_cost = \"warn\" in \
                    [facts.customers.checks]";
    assert!(warnings[1].ends_with(expected), "{warnings:?}");
    let published = pipeline.published();
    assert_eq!(sum(&published, "acquisition_cost"), 80.0);
    let rows = &published.rows("data_mistake")[0];
    assert_eq!((rows["source"].as_str(), rows["rows"].as_str()), ("customers", "2"));
    let reason = &published.rows("quarantine")[0]["reason"];
    assert_eq!(reason, "negative_acquisition_cost: an acquisition cost of -5000.0000");

    let checks =
        |policy: &str| format!("[facts.customers]\nchecks = {{ negative_acquisition_cost = \"{policy}\" }}");
    let stops = listing(&customers).with("[facts.customers]", &checks("error"));
    stops.abacus(&["run"]).fails(3, &["negative_acquisition_cost: 2 rows", "nothing is published"]);
    nothing_is_published(&stops);
    let used = listing(&customers).with("[facts.customers]", &checks("allow")).publish(&[]);
    assert_eq!(sum(&used, "acquisition_cost"), 80.0 - 10_000.0);
}

#[test]
fn acquisition_cost_that_is_charged_to_no_period_is_said() {
    let days = [3, 3, 3, 3, 3, 60, 61, 62, -50, -60];
    let customers: Vec<(&str, i32, i64)> =
        KEYS.into_iter().zip(days).map(|(key, day)| (key, day, 5)).collect();
    let outcome = listing(&customers).abacus(&["run"]);
    let expected = "customers: acquisition cost of 15.0000 EUR of 3 customers won on or after 2024-02-02, where the history \
                    ends, is charged nowhere; correct 'acquired_on', or run again when the history reaches those days";
    assert_eq!(warnings(&outcome), [expected]);
    let expected = "10.00 EUR of 2 customers won in no period of the history, charged to their lives alone";
    assert!(outcome.stdout.contains(&format!("acquisition  {expected}")), "{outcome:?}");
}

#[test]
fn customers_who_are_not_listed_are_told_with_keys_of_both_sides() {
    let customers = [("0", 3, 5), ("1", 3, 5), ("02", 3, 5), ("03", 3, 5)];
    let outcome = listing(&customers).abacus(&["run"]);
    let expected = "customers: 8 of 10 customers of the transactions and events are not listed in '../data/customers.parquet', \
                    the first '2', '3', '4'; it lists, without a row, '02', '03'; they have no attributes and no \
                    acquisition cost; list them, or write 'customer' in [facts.customers] so that both have the same keys";
    assert_eq!(warnings(&outcome), [expected]);
    let all = listing(&KEYS.map(|key| (key, 3, 5)));
    assert_eq!(warnings(&all.abacus(&["run"])), [""; 0]);
}

#[test]
fn a_list_that_holds_none_of_the_customers_is_refused() {
    let pipeline = listing(&[("000", 3, 5), ("001", 3, 5), ("002", 3, 5), ("003", 3, 5)]);
    let place = "history.toml:47:13: none of the 10 customers of the transactions and events is listed in ";
    let keys =
        "they are '0', '1', '2' and so on, it lists '000', '001', '002'; write 'customer' so that both have";
    pipeline.abacus(&["run"]).fails(3, &[place, keys]);
    nothing_is_published(&pipeline);
}

#[test]
fn a_list_whose_rows_are_all_refused_says_how_many_and_why() {
    let pipeline = listing(&KEYS.map(|key| (key, 3, -5)));
    let expected = "it has 10 rows, and all of them are refused, the first for negative_acquisition_cost: an acquisition cost of \
                    -5.0000; mend them";
    pipeline
        .abacus(&["run"])
        .fails(3, &["none of the 10 customers of the transactions and events is listed in", expected]);
    let some = listing(&[("0", 3, 5), ("1", 3, -5)]);
    let expected = "9 of 10 customers of the transactions and events are not listed";
    let refused = "1 of its rows are refused, the first for negative_acquisition_cost";
    some.abacus(&["run"]).succeeds(&[expected, refused]);
}

const PRODUCTS: &str = r#"
[facts.products]
files = "../data/products.parquet"
product = "product"
group = "family"
"#;

/// Twenty lines of the products 0 to 4, and a list of products: key and group.
fn selling(products: &[(Option<&str>, Option<&str>)], checks: &str) -> Pipeline {
    let pipeline = Pipeline::new()
        .with("product_group = \"product_group\"", &format!("product = \"sku\"\nchecks = {{ {checks} }}"))
        .and(PRODUCTS);
    let mut lines = table(&ten_customers());
    let sold: StringArray = (0..20).map(|row| (row > 0).then(|| format!("p{}", row % 5))).collect();
    lines.push(("sku", Arc::new(sold)));
    write(&pipeline.data("lines/a.parquet"), lines);
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("product", Arc::new(products.iter().map(|row| row.0).collect::<StringArray>())),
        ("family", Arc::new(products.iter().map(|row| row.1).collect::<StringArray>())),
    ];
    write(&pipeline.data("products.parquet"), columns);
    pipeline
}

#[test]
fn lines_whose_product_is_not_listed_are_counted_with_keys_of_both_sides() {
    let products = [(Some("p0"), Some("tools")), (Some("p1"), Some("paint")), (Some("P2"), Some("paint"))];
    let pipeline = selling(&products, "");
    let outcome = pipeline.abacus(&["run"]);
    let found = warnings(&outcome);
    let expected = "transactions: unlisted_product: 12 rows, lines whose product [facts.products] does not list, 300.0000 EUR \
                    together; the first: in ";
    assert!(found[0].starts_with(expected), "{found:?}");
    let expected = "row 2: product 'p2' is not listed, 'p0', 'p1', 'P2' are: a sale of quantity 2, list value 25.0000, cost \
                    12.5000; they are used unless another check leaves them out; list the product, or write 'product' so that both have the same keys, or say \
                    unlisted_product = \"allow\" in [facts.transactions.checks]";
    assert!(found[0].ends_with(expected), "{found:?}");
    let groups = |published: &Published| -> Vec<(String, String)> {
        let rows = published.rows("product_group");
        rows.iter().map(|row| (row["product_group"].clone(), row["net_revenue"].clone())).collect()
    };
    let of = |name: &str, lines: i64| (name.to_owned(), format!("{}.0000", 25 * lines));
    assert_eq!(groups(&pipeline.published()), [of("(none)", 13), of("paint", 4), of("tools", 3)]);
    // A night without changes says the same.
    assert_eq!(warnings(&pipeline.abacus(&["run"])), found);

    let without = selling(&products, "unlisted_product = \"quarantine\"").publish(&[]);
    assert_eq!(without.counts(), [23, 11, 12, 0, 0], "3 of them are products");
    let reason = &without.rows("quarantine")[0]["reason"];
    assert_eq!(reason, "unlisted_product: product 'p2' is not listed, 'p0', 'p1', 'P2' are");
}

#[test]
fn a_list_that_holds_none_of_the_products_is_refused() {
    let products = [(Some("P0"), Some("tools")), (Some("P1"), Some("paint"))];
    let pipeline = selling(&products, "");
    let expected =
        ["no line of the transactions has a product of '../data/products.parquet'", "'P0', 'P1' are"];
    pipeline.abacus(&["run"]).fails(3, &expected);
    nothing_is_published(&pipeline);
    selling(&products, "unlisted_product = \"allow\"").publish(&[]);
}

#[test]
fn rows_of_the_products_are_accounted_for() {
    let all = (0..5).map(|key| ["p0", "p1", "p2", "p3", "p4"][key]);
    let mut products: Vec<(Option<&str>, Option<&str>)> = all.map(|key| (Some(key), Some("tools"))).collect();
    products[4].1 = None;
    products.push((None, Some("lost")));
    let pipeline = selling(&products, "");
    let outcome = pipeline.abacus(&["run"]);
    let warnings = warnings(&outcome);
    assert_eq!(warnings.len(), 1, "a product of no group is listed: {warnings:?}");
    assert!(warnings[0].starts_with("products: 1 of 6 rows are quarantined; the first: "), "{warnings:?}");
    assert!(outcome.stdout.contains("rows products 6 read, 5 used, 1 quarantined (1 file)"), "{outcome:?}");
    let quarantine = pipeline.published().rows("quarantine");
    let row = ["source", "row", "reason"].map(|column| quarantine[0][column].as_str());
    assert_eq!(row, ["products", "5", "product is null"]);
    let of_none = |row: &std::collections::BTreeMap<String, String>| row["product_group"] == "(none)";
    assert!(pipeline.published().rows("product_group").iter().any(of_none));
}
