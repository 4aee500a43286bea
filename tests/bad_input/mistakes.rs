//! Rows whose values contradict each other: counted, told with an example, and treated as their policy says.

use super::support::{Line, Outcome, Pipeline, Published, Written, replace, table, write, write_with};
use super::{nothing_is_published, ten_customers};
use arrow::array::{ArrayRef, Decimal128Array};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pipeline whose lines are as given, with discounts of their own; `checks` are its policies.
fn pipeline(checks: &str, lines: &[Line], costs: &[i128], discounts: &[i128]) -> Pipeline {
    let pipeline = Pipeline::new().with(
        "cost = \"quantity * unit_cost\"",
        &format!("cost = \"unit_cost\"\ndiscount = \"discount\"\nchecks = {{ {checks} }}"),
    );
    let money = |cents: &[i128]| -> ArrayRef {
        Arc::new(Decimal128Array::from(cents.to_vec()).with_precision_and_scale(10, 2).unwrap())
    };
    let mut columns = replace(table(lines), "unit_cost", money(costs));
    columns.push(("discount", money(discounts)));
    let how = Written { row_group_rows: 8, ..Written::default() };
    write_with(&pipeline.data("lines/a.parquet"), columns, how);
    pipeline
}

/// Twenty lines with one of each kind of mistake, from row 1 on.
fn one_of_each(checks: &str) -> Pipeline {
    let mut lines = ten_customers();
    let (mut costs, mut discounts) = (vec![500; 20], vec![0; 20]);
    let mut set = |row: usize, quantity: i64, price: i128, discount: i128, cost: i128| {
        (lines[row].quantity, lines[row].price, discounts[row], costs[row]) =
            (quantity, price, discount, cost);
    };
    set(1, 1, 1000, 0, -500);
    set(2, -1, 1000, 0, 500);
    set(3, 1, 1000, -100, 500);
    set(4, 1, 1000, 1001, 500);
    set(5, 1, -1000, 0, 500);
    set(9, -1, -1000, 0, 0);
    set(10, 0, 1000, 0, 0);
    // A discount as large as the list value, and a return with every sign reversed, are right.
    set(11, 1, 1000, 1000, 500);
    set(18, -1, 1000, -100, -500);
    pipeline(checks, &lines, &costs, &discounts).with(
        "\"quantity * unit_price\"",
        "\"case when quantity = 0 then unit_price else quantity * unit_price end\"",
    )
}

/// (kind, policy, rows, money, row group, row) of every kind found.
fn found(published: &Published) -> Vec<[String; 6]> {
    let keys = ["kind", "policy", "rows", "money", "example_row_group", "example_row"];
    published.rows("data_mistake").iter().map(|row| keys.map(|key| row[key].clone())).collect()
}

#[track_caller]
fn warnings(outcome: &Outcome) -> Vec<&str> {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    outcome.stderr.lines().filter(|line| line.starts_with("warning: transactions: ")).collect()
}

#[test]
fn every_kind_is_counted_and_told_with_its_first_row() {
    let pipeline = one_of_each("");
    let outcome = pipeline.abacus(&["run"]);
    let expected = [
        ["negative_cost", "quarantine", "1", "-5.0000", "0", "1"],
        ["return_cost", "warn", "1", "5.0000", "0", "2"],
        ["negative_discount", "warn", "1", "-1.0000", "0", "3"],
        ["discount_above_list", "warn", "1", "0.0100", "0", "4"],
        ["sale_sign", "warn", "1", "-10.0000", "0", "5"],
        ["return_sign", "quarantine", "1", "10.0000", "1", "1"],
        ["no_quantity", "warn", "1", "10.0000", "1", "2"],
    ];
    let published = pipeline.published();
    assert_eq!(found(&published), expected.map(|row| row.map(str::to_owned)));
    assert_eq!(published.counts(), [20, 18, 2, 0, 0]);
    let warnings = warnings(&outcome);
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    let whole = "negative_cost: 1 row, sales with a cost below 0, -5.0000 EUR together; the first: in ";
    assert!(warnings[0].contains(whole), "{}", warnings[0]);
    let example = "lines/a.parquet row group 0 row 1: a sale of quantity 1, list value 10.0000, discount 0.0000, cost -5.0000";
    assert!(warnings[0].contains(example), "{}", warnings[0]);
    let way_out = "they are quarantined; write 'cost' so that it is positive on sales and negative on returns, or say \
                   negative_cost = \"warn\" in [facts.transactions.checks]";
    assert!(warnings[0].ends_with(way_out), "{}", warnings[0]);
    let lines: Vec<&str> = outcome.stdout.lines().filter(|line| line.starts_with("mistakes")).collect();
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, [kind, policy, ..]) in lines.into_iter().zip(expected) {
        assert!(line.contains(policy) && line.contains(kind) && line.contains("row group"), "{line}");
    }
    let reasons: Vec<_> = published.rows("quarantine").iter().map(|row| row["reason"].clone()).collect();
    assert!(reasons[0].starts_with("negative_cost: a sale of quantity 1, list value 10.0000"), "{reasons:?}");
    assert!(
        reasons[1].starts_with("return_sign: a return of quantity -1, list value 10.0000"),
        "{reasons:?}"
    );
    let json = pipeline.abacus(&["run", "--republish", "--format", "json"]).json();
    assert_eq!(json["warnings"].as_array().unwrap().len(), expected.len());
    assert_eq!(
        (&json["data_mistakes"][0]["kind"], &json["data_mistakes"][0]["rows"]),
        (&"negative_cost".into(), &1.into())
    );
}

#[test]
fn a_night_without_changes_tells_the_same_and_reads_nothing() {
    let pipeline = one_of_each("");
    let first = pipeline.abacus(&["run"]);
    let found_first = found(&pipeline.published());
    assert_eq!(pipeline.abacus(&["plan", "--format", "json"]).json()["rows"], 0);
    let second = pipeline.abacus(&["run"]);
    assert_eq!(warnings(&first), warnings(&second));
    assert_eq!(found_first, found(&pipeline.published()));
    // What is only said or kept quiet reads nothing again; what is left out does.
    let pipeline = pipeline.with("checks = {  }", "checks = { sale_sign = \"allow\" }");
    assert_eq!(pipeline.abacus(&["plan", "--format", "json"]).json()["rows"], 0);
    assert_eq!(warnings(&pipeline.abacus(&["run"])).len(), warnings(&first).len() - 1);
    assert_eq!(found(&pipeline.published())[4][1], "allow");
    let pipeline = pipeline.with("sale_sign = \"allow\"", "sale_sign = \"quarantine\"");
    assert_eq!(pipeline.abacus(&["plan", "--format", "json"]).json()["rows"], 20);
    assert_eq!(pipeline.publish(&[]).counts(), [20, 17, 3, 0, 0]);
}

#[test]
fn a_kind_whose_policy_is_error_publishes_nothing_whatever_else_there_is() {
    let pipeline = one_of_each("no_quantity = \"error\", sale_sign = \"error\"");
    let outcome = pipeline.abacus(&["run"]);
    outcome.fails(
        3,
        &[
            "sale_sign: 1 row, sales with a list value or quantity below 0",
            "no_quantity: 1 row, lines of quantity 0",
            "row group 1 row 2",
            "nothing is published",
        ],
    );
    nothing_is_published(&pipeline);
}

#[test]
fn rows_and_money_do_not_depend_on_files_row_groups_or_threads() {
    let mut seen: Option<Vec<BTreeMap<String, String>>> = None;
    for (row_group_rows, files, threads) in [(1 << 20, 1, "1"), (3, 1, "2"), (7, 4, "2"), (1 << 20, 5, "1")] {
        let pipeline = Pipeline::new();
        let lines: Vec<Line> = (0..200)
            .map(|order| Line {
                price: if order % 7 == 0 { -1000 - i128::from(order) } else { 1000 },
                ..Line::new(order % 9, order, order % 50)
            })
            .collect();
        for (number, part) in lines.chunks(lines.len().div_ceil(files)).enumerate() {
            let how = Written { row_group_rows, ..Written::default() };
            write_with(&pipeline.data(&format!("lines/{number}.parquet")), table(part), how);
        }
        let mut rows = pipeline.publish(&["--threads", threads]).rows("data_mistake");
        rows.iter_mut()
            .for_each(|row| row.retain(|key, _| ["kind", "rows", "money"].contains(&key.as_str())));
        assert_eq!(rows.len(), 2, "a negative price is a negative cost too: {rows:?}");
        assert_eq!(seen.get_or_insert_with(|| rows.clone()), &rows);
    }
}

#[test]
fn rows_that_are_left_out_anyway_have_no_mistakes() {
    let pipeline = Pipeline::new();
    let mut lines = ten_customers();
    (lines[0].price, lines[0].status) = (-1000, "test");
    lines[19].price = -1000;
    write(&pipeline.data("lines/a.parquet"), table(&lines));
    let outcome = pipeline.abacus(&["run", "--as-of", "2024-02-01"]);
    assert!(warnings(&outcome).is_empty(), "{outcome:?}");
    assert!(pipeline.published().rows("data_mistake").is_empty());
}

#[test]
fn customers_who_returned_more_than_they_bought_are_counted_over_all_periods() {
    let lines = |returned: i64| {
        let mut lines = ten_customers();
        // Bought in January, returned in February.
        lines[13].quantity = -returned;
        lines
    };
    for (returned, count) in [(2, 0), (3, 1)] {
        let pipeline = Pipeline::new();
        write(&pipeline.data("lines/a.parquet"), table(&lines(returned)));
        let outcome = pipeline.abacus(&["run"]);
        assert_eq!(warnings(&outcome).len(), count, "{outcome:?}");
        assert_eq!(pipeline.published().rows("data_mistake").len(), count);
        if count == 1 {
            let text = "unbought_return: 1 customer, more units returned than bought, 37.5000 EUR together; \
                        the first: customer 3 returned 3.0000 units and bought 2.0000; they are used";
            assert!(warnings(&outcome)[0].contains(text), "{outcome:?}");
            let pipeline = pipeline
                .with("at = \"ordered_at\"", "at = \"ordered_at\"\nchecks = { unbought_return = \"error\" }");
            pipeline.abacus(&["run"]).fails(3, &["customer 3 returned 3.0000 units", "nothing is published"]);
        }
    }
}

#[test]
fn without_a_quantity_the_list_value_tells_sales_from_returns() {
    let pipeline = Pipeline::new()
        .with(
            "quantity = \"quantity\"\nrevenue = \"quantity * unit_price\"\ncost = \"quantity * unit_cost\"",
            "revenue = \"unit_price\"\nreturn = \"unit_price < 0\"",
        )
        .with("count(*) filter (where quantity > 0)", "count(*)");
    let mut lines = ten_customers();
    lines[3].price = -1000;
    lines[4].price = 0;
    write(&pipeline.data("lines/a.parquet"), table(&lines));
    let outcome = pipeline.abacus(&["run"]);
    assert!(warnings(&outcome).is_empty(), "{outcome:?}");
    assert_eq!(pipeline.published().counts(), [20, 20, 0, 0, 0]);
}
