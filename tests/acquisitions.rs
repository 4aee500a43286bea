//! The customers source as events: money spent on winning customers, spread over them or drawn out of a pool.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use std::sync::Arc;
use support::{Line, Pipeline, Published, table, write};

const CUSTOMERS: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "customer_id"
acquired_on = "won_on"
channel = "origin"
"#;

/// Campaigns are spread over those the web brought; what was spent on single customers comes out of marketing.
const ACTIVITIES: &str = r#"
[[costing.resource]]
name = "campaigns"
amount = 900

[[costing.resource]]
name = "marketing"
amount = 200

[[costing.activity]]
name = "campaign"
on = "acquisitions"
line = "acquisition"
resource = "campaigns"
driver = "count(*) filter (where origin = 'web')"

[[costing.activity]]
name = "win"
on = "acquisitions"
line = "acquisition"
resource = "marketing"
charge = "sum(spent)"
"#;

/// Each customer's day in 2024, if known, its channel, and what winning it cost.
const WON: [(Option<i32>, &str, i64); 7] = [
    (Some(3), "web", 100),
    (Some(8), "phone", 30),
    (Some(42), "web", 50),
    (Some(20), "web", 7),
    (Some(-40), "web", 1_000),
    (Some(100), "web", 2_000),
    (None, "web", 4_000),
];

/// Customers 1 to 3 buy in January and February.
fn pipeline(more: &[&str]) -> Pipeline {
    let pipeline = Pipeline::new().and(CUSTOMERS).and(&more.concat());
    let lines = [Line::new(1, 1, 5), Line::new(2, 2, 10), Line::new(1, 3, 40), Line::new(3, 4, 45)];
    write(&pipeline.data("lines/all.parquet"), table(&lines));
    let days = WON.map(|(day, _, _)| day.map(|day| 19_723 + day));
    let columns: Vec<(&'static str, ArrayRef)> = vec![
        ("customer_id", Arc::new((1..=7).map(Some).collect::<Int64Array>())),
        ("won_on", Arc::new(Date32Array::from(days.to_vec()))),
        ("origin", Arc::new(StringArray::from(WON.map(|(_, origin, _)| origin).to_vec()))),
        ("spent", Arc::new(Int64Array::from(WON.map(|(_, _, spent)| spent).to_vec()))),
    ];
    write(&pipeline.data("customers.parquet"), columns);
    pipeline
}

/// (customer, month, campaign, win), of rows that bear any.
fn borne(published: &Published) -> Vec<[String; 4]> {
    let of = |row: &std::collections::BTreeMap<String, String>| {
        let cost: f64 = row["acquisition_cost"].parse().unwrap();
        let parts =
            ["customer_id", "period_start", "cost_campaign", "cost_win"].map(|name| row[name].clone());
        (cost != 0.0).then_some(parts)
    };
    published.rows("customer_period").iter().filter_map(of).collect()
}

fn is_tied(published: &Published) -> bool {
    let mut statement = published.rows("reconciliation");
    statement.extend(published.rows("reconciliation_total"));
    let differences: Vec<_> = statement.iter().filter(|row| row["line"] == "difference").collect();
    assert!(!differences.is_empty(), "{statement:?}");
    differences.iter().all(|row| row["amount"].parse() == Ok(0.0))
}

fn months(published: &Published) -> Vec<String> {
    let mut months: Vec<String> =
        published.rows("activity_period").iter().map(|row| row["period_start"].clone()).collect();
    months.dedup();
    months
}

#[test]
fn money_spent_on_winning_customers_reaches_those_who_were_won() {
    let published = pipeline(&[ACTIVITIES]).publish(&[]);
    let expected = [
        ["1", "2024-01-01", "450.0000", "100.0000"],
        ["2", "2024-01-01", "0.0000", "30.0000"],
        ["4", "2024-01-01", "450.0000", "7.0000"],
        ["3", "2024-02-01", "900.0000", "50.0000"],
    ];
    assert_eq!(borne(&published), expected);
    assert!(is_tied(&published));
    let balance = published.rows("reconciliation");
    let unassigned: Vec<&str> =
        balance.iter().filter(|row| row["line"] == "unassigned").map(|row| row["amount"].as_str()).collect();
    // The warehouse keeps 0.1 of 777.77; marketing 200 less 137, and 200 less 50.
    assert_eq!(unassigned, ["140.7770", "227.7770"]);
}

#[test]
fn customers_won_before_or_after_the_history_make_no_period() {
    let published = pipeline(&[ACTIVITIES]).publish(&[]);
    assert_eq!(months(&published), ["2024-01-01", "2024-02-01"]);
    let customers = published.rows("customer");
    assert_eq!(customers.len(), 7);
    let buyers = customers.iter().filter(|row| row["lines"] != "0").count();
    assert_eq!(buyers, 3);
}

#[test]
fn a_history_that_grows_finds_those_who_were_won_before_it() {
    let pipeline = pipeline(&[ACTIVITIES]);
    pipeline.publish(&[]);
    write(&pipeline.data("lines/older.parquet"), table(&[Line::new(2, 9, -35)]));
    let published = pipeline.publish(&[]);
    assert_eq!(months(&published), ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"]);
    assert_eq!(borne(&published)[0], ["5", "2023-11-01", "900.0000", "1000.0000"]);
    assert!(is_tied(&published));
    assert_eq!(published.digests(), pipeline.publish(&["--full"]).digests());
}

#[test]
fn bills_and_what_nodes_take_may_count_customers_won() {
    let more = r#"
[[costing.resource]]
name = "kits"
amount = 60
from = { campaigns = { driver = "count(*)", on = "acquisitions" } }

[[costing.resource]]
name = "campaigns"
amount = 900

[[costing.activity]]
name = "send kit"
level = "customer"
from = { kits = 1 }

[[costing.bill]]
name = "welcome"
on = "acquisitions"
driver = "count(*)"
of = { "send kit" = 2 }
"#;
    let published = pipeline(&[more]).publish(&[]);
    let kits = published.rows("activity_period");
    let kits: Vec<_> = kits.iter().filter(|row| row["activity"] == "send kit").collect();
    let of = |name: &str| kits.iter().map(|row| row[name].as_str()).collect::<Vec<_>>();
    assert_eq!(of("cost"), ["960.0000", "960.0000"], "three customers in January, one in February");
    assert_eq!(of("volume"), ["6.0", "2.0"]);
    assert!(is_tied(&published));
}

#[test]
fn a_source_of_that_name_goes_before_the_built_in_one() {
    let own = r#"
[facts.events.acquisitions]
files = "../data/customers.parquet"
customer = "customer_id"
at = "won_on"
where = "origin = 'phone'"
"#;
    let pipeline = pipeline(&[own, ACTIVITIES]);
    let definition = abacus::pipeline::read(&pipeline.file()).unwrap();
    let [events] = &definition.facts.events[..] else { panic!("one source") };
    assert_eq!(
        (events.filter.as_ref().unwrap().text.as_str(), events.makes_periods),
        ("origin = 'phone'", true)
    );
}

#[test]
fn nothing_is_read_twice_that_nothing_speaks_of() {
    let definition = abacus::pipeline::read(&pipeline(&[]).file()).unwrap();
    assert!(definition.facts.events.is_empty());
}
