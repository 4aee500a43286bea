//! Pipeline files that read well and cannot be.

use super::support::{Outcome, Pipeline};
use super::{nothing_is_published, sound};
use std::fs;

#[track_caller]
fn fails(pipeline: &Pipeline, code: i32, texts: &[&str]) {
    let check: Outcome = pipeline.abacus(&["check"]);
    check.fails(code, texts);
    pipeline.abacus(&["run"]).fails(code, texts);
    nothing_is_published(pipeline);
}

/// A pipeline whose pools come from a CSV ledger.
fn with_ledger(desk: &str, warehouse: &str) -> Pipeline {
    let pipeline = sound();
    let rows =
        "account,period,amount\n6100,2024-01-01,900.00\n6110,2024-01-01,100.00\n6200,2024-02-01,777.77\n";
    fs::write(pipeline.data("ledger.csv"), rows).unwrap();
    let ledger =
        |accounts: &str| format!("ledger = {{ files = \"../data/ledger.csv\", account = {accounts} }}");
    pipeline.with("amount = 1_000.00", &ledger(desk)).with("amount = 777.77", &ledger(warehouse))
}

#[test]
fn shares_of_a_resource_over_one_are_an_error() {
    let pipeline = sound().with("\"warehouse\" = 0.7", "\"warehouse\" = 0.81");
    fails(&pipeline, 2, &["history.toml:", "'warehouse'", "1.01"]);
    sound().with("\"warehouse\" = 0.7", "\"warehouse\" = 0.8").publish(&[]);
}

#[test]
fn an_activity_named_twice_is_an_error() {
    let pipeline = sound().with("name = \"pick\"", "name = \"keep account\"");
    fails(&pipeline, 2, &["history.toml:", "'keep account'"]);
}

#[test]
fn a_ledger_account_without_rows_is_an_error() {
    let pipeline = with_ledger("[\"6100\", \"6999\"]", "\"6200\"");
    fails_in_run(
        &pipeline,
        &["history.toml:", "'6999'", "'order desk'", "has no rows in ../data/ledger.csv"],
    );
}

#[test]
fn a_ledger_row_claimed_twice_is_an_error() {
    let pipeline = with_ledger("[\"6100\", \"6200\"]", "\"6200\"");
    let message = "account '6200' of ../data/ledger.csv is claimed by resources 'order desk' and 'warehouse'";
    fails(&pipeline, 2, &["history.toml:25:52: ", message, "leave it to one"]);
}

/// What only a run sees, for it needs the ledger's rows beside the periods of the history.
#[track_caller]
fn fails_in_run(pipeline: &Pipeline, texts: &[&str]) {
    pipeline.abacus(&["run"]).fails(2, texts);
    nothing_is_published(pipeline);
}

#[test]
fn a_ledger_row_that_no_resource_claims_is_reported() {
    let pipeline = with_ledger("\"6100\"", "\"6200\"");
    let outcome = pipeline.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("100.00 EUR claimed by no resource"), "{outcome:?}");
    let rows = pipeline.published().rows("reconciliation");
    assert!(rows.iter().any(|row| row.values().any(|value| value.contains("6110"))), "{rows:?}");
}

#[test]
fn a_ledger_amount_that_is_no_number_is_named_with_its_row() {
    let pipeline = with_ledger("\"6100\"", "\"6200\"");
    fs::write(pipeline.data("ledger.csv"), "account,period,amount\n6100,2024-01-01,9\n6200,2024-01-01,n/a\n")
        .unwrap();
    pipeline.abacus(&["check"]).fails(4, &["ledger.csv:3: ", "'n/a'"]);
    fs::write(pipeline.data("ledger.csv"), "account,month,amount\n6100,2024-01-01,9\n").unwrap();
    pipeline.abacus(&["check"]).fails(4, &["ledger.csv: no column 'period'; found account, month, amount"]);
}

#[test]
fn a_missing_ledger_is_named() {
    let pipeline = with_ledger("\"6100\"", "\"6200\"");
    fs::remove_file(pipeline.data("ledger.csv")).unwrap();
    fails(&pipeline, 4, &["history.toml:", "'../data/ledger.csv'"]);
}
