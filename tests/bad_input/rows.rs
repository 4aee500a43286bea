//! Rows that cannot be counted, and rows that stand twice.

use super::support::{Columns, Line, Pipeline, Published, Written, replace, table, write, write_with};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use std::sync::Arc;

/// Publishes a history of twenty lines whose quantities or instants are as given.
fn published(column: &str, array: ArrayRef) -> (Pipeline, Published) {
    let pipeline = Pipeline::new();
    let columns: Columns = replace(table(&ten_customers()), column, array);
    let how = Written { row_group_rows: 8, ..Written::default() };
    write_with(&pipeline.data("lines/a.parquet"), columns, how);
    let published = pipeline.publish(&[]);
    (pipeline, published)
}

/// (row group, row, reason) of every quarantined row of the one file.
fn quarantined(published: &Published) -> Vec<(String, String, String)> {
    let rows = published.rows("quarantine");
    assert!(
        rows.iter().all(|row| row["source"] == "transactions" && row["file"].ends_with("lines/a.parquet"))
    );
    rows.into_iter()
        .map(|row| (row["row_group"].clone(), row["row"].clone(), row["reason"].clone()))
        .collect()
}

fn places(found: &[(String, String, String)]) -> Vec<(&str, &str)> {
    found.iter().map(|(row_group, row, _)| (row_group.as_str(), row.as_str())).collect()
}

#[test]
fn values_that_are_no_numbers_are_quarantined_with_their_place() {
    let mut quantity: Vec<Option<f64>> = vec![Some(2.0); 20];
    quantity[1] = Some(f64::NAN);
    quantity[8] = Some(f64::INFINITY);
    quantity[9] = Some(f64::NEG_INFINITY);
    quantity[10] = None;
    quantity[19] = Some(1e300);
    let (_, published) = published("quantity", Arc::new(Float64Array::from(quantity)));
    assert_eq!(published.counts(), [20, 15, 5, 0, 0]);
    let found = quarantined(&published);
    assert_eq!(places(&found), [("0", "1"), ("1", "0"), ("1", "1"), ("1", "2"), ("2", "3")]);
    let reasons: Vec<&str> = found.iter().map(|(_, _, reason)| reason.as_str()).collect();
    let expected = [": not finite", ": not finite", ": not finite", " is null", ": overflow"];
    assert_eq!(reasons, expected.map(|reason| format!("quantity{reason}")));
    let content = &published.rows("quarantine")[0]["content"];
    assert!(
        content.contains("\"customer_id\":\"1\"") && content.contains("\"quantity\":\"NaN\""),
        "{content}"
    );
}

#[test]
fn units_and_money_past_64_bits_are_quarantined() {
    let mut quantity = vec![2_i64; 20];
    // A whole number that fits, but not with the four digits after the point that units are published with.
    quantity[3] = i64::MAX / 20_000;
    quantity[4] = i64::MAX;
    quantity[5] = i64::MIN;
    // Units that fit, and a value that does not.
    quantity[6] = 99_000_000_000_000;
    let (_, published) = published("quantity", Arc::new(Int64Array::from(quantity)));
    assert_eq!(published.counts(), [20, 16, 4, 0, 0]);
    let found = quarantined(&published);
    assert_eq!(places(&found), [("0", "3"), ("0", "4"), ("0", "5"), ("0", "6")]);
    let reasons: Vec<&str> = found.iter().map(|(_, _, reason)| reason.as_str()).collect();
    assert_eq!(reasons[..3], ["quantity: overflow"; 3]);
    assert_eq!(reasons[3], "revenue: overflow");
}

#[test]
fn sums_past_the_published_digits_are_an_error_not_a_wrong_number() {
    let pipeline = Pipeline::new();
    let lines: Vec<Line> =
        (0..40).map(|order| Line { quantity: 300_000_000_000, ..Line::new(1, order, 1) }).collect();
    write(&pipeline.data("lines/a.parquet"), table(&lines));
    let outcome = pipeline.abacus(&["run"]);
    outcome.fails(3, &["exceeds 18 digits", "lower facts.money_scale"]);
    nothing_is_published(&pipeline);
}

#[test]
fn days_out_of_range_are_quarantined() {
    let day = 86_400_000_000_i64;
    let mut instants: Vec<Option<i64>> = vec![Some(19_723 * day); 20];
    instants[0] = Some(-25_567 * day - 1);
    instants[1] = Some(84_006 * day);
    instants[2] = None;
    instants[3] = Some(i64::MAX);
    instants[4] = Some(i64::MIN);
    instants[5] = Some(-25_567 * day);
    instants[6] = Some(84_006 * day - 1);
    let (pipeline, published) = published("ordered_at", Arc::new(TimestampMicrosecondArray::from(instants)));
    assert_eq!(published.counts(), [20, 15, 5, 0, 0]);
    let found = quarantined(&published);
    assert_eq!(places(&found), [("0", "0"), ("0", "1"), ("0", "2"), ("0", "3"), ("0", "4")]);
    let reasons: Vec<&str> = found.iter().map(|(_, _, reason)| reason.as_str()).collect();
    let out_of_range = "at: date out of range";
    assert_eq!(reasons, [out_of_range, out_of_range, "at is null", out_of_range, out_of_range]);
    let periods: Vec<_> =
        published.rows("customer_period").iter().map(|row| row["period_start"].clone()).collect();
    assert!(
        periods.contains(&"1900-01-01".to_owned()) && periods.contains(&"2199-12-01".to_owned()),
        "{periods:?}"
    );
    // Such a file reaches into all periods; what holds none of its rows is not read again for it.
    assert_eq!(pipeline.abacus(&["plan", "--format", "json"]).json()["rows"], 0);
}

#[test]
fn quarantined_rows_show_instants_of_any_zone_in_utc() {
    for zone in ["UTC", "Europe/Berlin", "+02:00"] {
        let mut instants = vec![Some(1_704_067_200_000_000_i64); 20];
        instants[7] = None;
        let mut lines = ten_customers();
        lines[4].customer = None;
        let array = TimestampMicrosecondArray::from(instants).with_timezone(zone);
        let pipeline =
            Pipeline::new().with("product_group = ", "unknown_customer = \"quarantine\"\nproduct_group = ");
        write(&pipeline.data("lines/a.parquet"), replace(table(&lines), "ordered_at", Arc::new(array)));
        let rows = pipeline.publish(&[]).rows("quarantine");
        assert!(rows[0]["content"].contains("\"ordered_at\":\"2024-01-01T00:00:00Z\""), "{zone}: {rows:?}");
        assert!(rows[1]["content"].contains("\"ordered_at\":null"), "{zone}: {rows:?}");
    }
}

#[test]
fn rows_without_an_order_are_quarantined() {
    let mut orders: Vec<Option<i64>> = (0..20).map(Some).collect();
    orders[11] = None;
    let (_, published) = published("order_id", Arc::new(Int64Array::from(orders)));
    assert_eq!(published.counts(), [20, 19, 1, 0, 0]);
    let expected = ("1".to_owned(), "3".to_owned(), "order is null".to_owned());
    assert_eq!(quarantined(&published), [expected]);
}

#[test]
fn excluded_rows_are_not_quarantined_and_every_row_is_counted_once() {
    let pipeline = Pipeline::new();
    let mut lines = ten_customers();
    lines[0].status = "test";
    lines[1].status = "test";
    let mut quantity: Vec<Option<i64>> = vec![Some(1); 20];
    quantity[1] = None;
    quantity[2] = None;
    quantity[12] = None;
    let columns = replace(table(&lines), "quantity", Arc::new(Int64Array::from(quantity)));
    write(&pipeline.data("lines/a.parquet"), columns);
    let published = pipeline.publish(&["--as-of", "2024-02-01"]);
    let [read, used, quarantined, excluded, after] = published.counts();
    assert_eq!((read, quarantined, excluded), (20, 2, 2));
    assert_eq!(read, used + quarantined + excluded + after);
    assert_eq!(published.rows("quarantine").len(), 2);
    let row = &published.rows("run")[0];
    assert_eq!((row["rows_read"].as_str(), row["rows_quarantined"].as_str()), ("20", "2"));
}

#[test]
fn a_condition_that_is_null_excludes_its_row() {
    let mut status: Vec<Option<&str>> = vec![Some("ok"); 20];
    status[4] = None;
    let (_, published) = published("status", Arc::new(StringArray::from(status)));
    assert_eq!(published.counts(), [20, 19, 0, 1, 0]);
}

/// A history in which order 3 has its line twice, in two files.
fn twice(rule: &str, second: Line) -> Pipeline {
    let pipeline = sound().with("product_group = ", &format!("line = \"line_no\"\n{rule}product_group = "));
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(50, 500, 2), second]));
    pipeline
}

#[test]
fn a_line_that_stands_twice_is_an_error_that_names_both_places() {
    let pipeline = twice("", ten_customers()[3].clone());
    pipeline.abacus(&["run"]).fails(
        3,
        &[
            "two rows have the same order and line",
            "lines/a.parquet row group 0 row 3",
            "lines/b.parquet row group 0 row 1",
            "duplicates = \"drop identical\"",
        ],
    );
    nothing_is_published(&pipeline);
}

#[test]
fn a_line_that_stands_again_in_another_month_is_an_error() {
    let pipeline = twice("", Line { at: (40, 36_000), ..ten_customers()[3].clone() });
    let months = "in the period of 2024-01-01 and again, with another date, in that of 2024-02-01";
    pipeline.abacus(&["run"]).fails(3, &["an order line stands", months]);
    nothing_is_published(&pipeline);
}

#[test]
fn a_line_that_stands_again_for_another_customer_is_an_error() {
    let pipeline = twice("", Line { customer: Some(8), ..ten_customers()[3].clone() });
    let message = "two rows have the same order and line";
    pipeline.abacus(&["run"]).fails(3, &[message, "lines/a.parquet", "lines/b.parquet"]);
    nothing_is_published(&pipeline);
}

#[test]
fn identical_rows_are_dropped_and_counted_where_that_is_declared() {
    let pipeline = twice("duplicates = \"drop identical\"\n", ten_customers()[3].clone());
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts(), [22, 21, 0, 1, 0]);
    let lines: i64 = published.rows("customer").iter().map(|row| row["lines"].parse::<i64>().unwrap()).sum();
    assert_eq!(lines, 21);
}

#[test]
fn rows_that_share_a_line_and_differ_are_an_error_even_so() {
    let other = Line { quantity: 9, ..ten_customers()[3].clone() };
    let pipeline = twice("duplicates = \"drop identical\"\n", other);
    pipeline
        .abacus(&["run"])
        .fails(3, &["two rows have the same order and line", "lines/a.parquet", "lines/b.parquet"]);
    nothing_is_published(&pipeline);
}

#[test]
fn the_same_line_number_in_another_order_is_no_duplicate() {
    let other = Line { order: 501, ..ten_customers()[3].clone() };
    assert_eq!(twice("", other).publish(&[]).counts(), [22, 22, 0, 0, 0]);
}

/// Twenty lines of which three name no customer.
fn without_customer(rule: &str) -> Published {
    let pipeline = Pipeline::new().with("product_group = ", &format!("{rule}product_group = "));
    let mut lines = ten_customers();
    [2, 9, 15].iter().for_each(|&line| lines[line].customer = None);
    write(&pipeline.data("lines/a.parquet"), table(&lines));
    pipeline.publish(&[])
}

#[test]
fn rows_without_customer_are_one_cost_object_without_rank() {
    let published = without_customer("unknown_customer = \"cost_object\"\n");
    assert_eq!(published.counts(), [20, 20, 0, 0, 0]);
    let customers = published.rows("customer");
    let unidentified: Vec<_> = customers.iter().filter(|row| row["customer_id"] == "null").collect();
    assert_eq!(unidentified.len(), 1);
    let unidentified = unidentified[0];
    assert_eq!((unidentified["lines"].as_str(), unidentified["list_revenue"].as_str()), ("3", "75.0000"));
    assert_eq!(unidentified["rank_profit"], "null");
    assert_eq!(customers.iter().filter(|row| row["rank_profit"] != "null").count(), 10);
}

#[test]
fn rows_without_customer_are_quarantined_where_that_is_declared() {
    let published = without_customer("unknown_customer = \"quarantine\"\n");
    assert_eq!(published.counts(), [20, 17, 3, 0, 0]);
    let found = quarantined(&published);
    assert!(found.iter().all(|(_, _, reason)| reason == "customer is null"), "{found:?}");
    assert!(published.rows("customer").iter().all(|row| row["customer_id"] != "null"));
}

#[test]
fn rows_in_another_currency_are_quarantined_by_name() {
    let pipeline = Pipeline::new().with("product_group = ", "currency = \"channel\"\nproduct_group = ");
    let mut currency: Vec<Option<&str>> = vec![Some("EUR"); 20];
    currency[6] = Some("USD");
    currency[7] = None;
    let columns = replace(table(&ten_customers()), "channel", Arc::new(StringArray::from(currency)));
    write(&pipeline.data("lines/a.parquet"), columns);
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts(), [20, 18, 2, 0, 0]);
    let reasons: Vec<String> = quarantined(&published).into_iter().map(|(_, _, reason)| reason).collect();
    assert_eq!(reasons, ["currency is 'USD', expected EUR", "currency is null, expected EUR"]);
}

#[test]
fn a_customer_listed_twice_in_the_master_data_is_an_error() {
    let master = "[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\n\n[[costing.resource]]";
    let pipeline = sound().with("[[costing.resource]]", master);
    write(
        &pipeline.data("customers.parquet"),
        table(&[Line::new(4, 1, 1), Line::new(5, 2, 1), Line::new(4, 3, 1)]),
    );
    pipeline
        .abacus(&["run"])
        .fails(3, &["customer '4' has more than one row in '../data/customers.parquet'"]);
    nothing_is_published(&pipeline);
}

#[test]
fn master_rows_without_customer_are_quarantined() {
    let master = "[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\n\n[[costing.resource]]";
    let pipeline = sound().with("[[costing.resource]]", master);
    let nobody = Line { customer: None, ..Line::new(5, 2, 1) };
    let how = Written { row_group_rows: 2, ..Written::default() };
    let rows = table(&[Line::new(4, 1, 1), Line::new(44, 3, 1), nobody]);
    write_with(&pipeline.data("customers.parquet"), rows, how);
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts(), [23, 22, 1, 0, 0]);
    let row = &published.rows("quarantine")[0];
    let found =
        (row["source"].as_str(), row["row_group"].as_str(), row["row"].as_str(), row["reason"].as_str());
    assert_eq!(found, ("customers", "1", "0", "customer is null"));
    assert_eq!(published.rows("customer").len(), 11);
}

#[test]
fn failed_casts_are_quarantined_with_the_value_wherever_they_stand() {
    let mut day: Vec<Option<&str>> = vec![Some("2024-01-31"); 20];
    day[1] = Some("31.01.2024");
    day[2] = None;
    let mut quantity = vec!["2"; 20];
    quantity[8] = "two";
    let pipeline = Pipeline::new()
        .with("at = \"ordered_at\"", "at = \"cast(ordered_at as date)\"")
        .with("status <> 'test'", "cast(quantity as integer) > 0")
        .with("quantity = \"quantity\"", "quantity = \"quantity::integer\"")
        .with("quantity * unit_price", "cast(quantity as integer) * unit_price")
        .with("quantity * unit_cost", "try_cast(quantity as integer) * unit_cost");
    let columns = replace(table(&ten_customers()), "ordered_at", Arc::new(StringArray::from(day)));
    let columns = replace(columns, "quantity", Arc::new(StringArray::from(quantity)));
    write_with(
        &pipeline.data("lines/a.parquet"),
        columns,
        Written { row_group_rows: 8, ..Written::default() },
    );
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts(), [20, 17, 3, 0, 0]);
    let found = quarantined(&published);
    assert_eq!(places(&found), [("0", "1"), ("0", "2"), ("1", "0")]);
    let reasons: Vec<&str> = found.iter().map(|(_, _, reason)| reason.as_str()).collect();
    assert_eq!(reasons, ["at: '31.01.2024' is no date", "at is null", "where: 'two' is no integer"]);
}

/// Half of the dates are text in another order of day and month than the pipeline file says.
#[test]
fn rows_that_are_left_out_are_said_by_check_and_run_with_the_first_of_them() {
    let pipeline = Pipeline::new().with("at = \"ordered_at\"", "at = \"strptime(ordered_at, '%d/%m/%Y')\"");
    let dated = |dates: [&str; 2]| {
        let dates: StringArray = (0..20).map(|row| Some(dates[row % 2])).collect();
        replace(table(&ten_customers()), "ordered_at", Arc::new(dates))
    };
    write(&pipeline.data("lines/a.parquet"), dated(["31/01/2024", "01/31/2024"]));
    let first = "lines/a.parquet row group 0 row 1: at: ";
    let check = pipeline.abacus(&["check"]);
    check.succeeds(&["transactions: 10 of 20 rows that were tried would be quarantined; the first: ", first]);
    let run = pipeline.abacus(&["run"]);
    run.succeeds(&["transactions: 10 of 20 rows are quarantined; the first: ", first, "table quarantine"]);
    write(&pipeline.data("lines/a.parquet"), dated(["2024-01-31", "01/31/2024"]));
    let texts = ["transactions: none of the 20 rows can be used, 20 would be quarantined", "row 0: at: "];
    pipeline.abacus(&["check"]).fails(3, &texts);
}

/// A chain of operators is a tree as deep as it is long.
#[test]
fn long_expressions_are_evaluated_and_too_long_ones_refused() {
    let of_terms = |terms: usize| {
        let cost = vec!["quantity"; terms].join(" + ");
        let pipeline = sound();
        pipeline.with("cost = \"quantity * unit_cost\"", &format!("cost = \"{cost}\""))
    };
    of_terms(2_000).publish(&[]);
    for terms in [2_002, 100_000] {
        let texts = [&format!("'cost': {} operators, expected at most 2000", terms - 1), "in (…)"];
        of_terms(terms).abacus(&["check"]).fails(2, &texts);
    }
}
