//! What a run keeps is used again only while it still holds; each case once went wrong.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::fs;
use support::{Line, Pipeline, replace, table, write};

/// Two customers in January, one of them again in March; nothing in February.
fn january_and_march() -> [Line; 3] {
    [Line::new(1, 10, 3), Line::new(2, 11, 5), Line::new(1, 12, 65)]
}

fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/a.parquet"), table(&january_and_march()));
    pipeline
}

/// Periods that the next run would make again.
fn made(pipeline: &Pipeline) -> usize {
    pipeline.abacus(&["plan", "--format", "json"]).json()["made"].as_array().unwrap().len()
}

#[test]
fn another_group_column_of_the_products_makes_the_facts_again() {
    let pipeline = pipeline()
        .with("product_group = \"product_group\"", "product = \"channel\"")
        .and("\n[facts.products]\nfiles = \"../data/products.parquet\"\nproduct = \"channel\"\ngroup = \"product_group\"\n");
    write(&pipeline.data("products.parquet"), table(&january_and_march()[..1]));
    let groups = |pipeline: &Pipeline| {
        let rows = pipeline.publish(&[]).rows("product_group");
        rows.iter().map(|row| row["product_group"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(groups(&pipeline), ["tools"]);
    let pipeline = pipeline.with("group = \"product_group\"", "group = \"status\"");
    assert_eq!(groups(&pipeline), ["ok"]);
}

/// Flips a bit in the middle of every file of kept state.
fn damage(pipeline: &Pipeline) {
    for entry in fs::read_dir(pipeline.out().join("state/facts")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn facts_are_not_asked_of_another_engine_where_all_are_kept() {
    let pipeline = pipeline();
    pipeline.publish(&[]);
    let folder = pipeline.data("request");
    let to = folder.display().to_string();
    let asked = pipeline.abacus(&["facts", "--sql", "spark", "--to", &to]);
    asked.succeeds(&[]);
    assert!(asked.stdout.contains("there is nothing to ask for, and nothing was written"), "{asked:?}");
    assert!(!folder.exists());
    let asked = pipeline.abacus(&["facts", "--sql", "spark", "--format", "json", "--to", &to]);
    assert!(asked.json()["request"].is_null() && !folder.exists(), "{asked:?}");
    let asked = pipeline.abacus(&["facts", "--sql", "spark", "--full", "--to", &format!("{to}/")]);
    asked.succeeds(&[]);
    assert!(folder.join("request.json").exists() && !asked.stdout.contains("//"), "{asked:?}");
}

#[test]
fn damaged_state_is_told_and_made_again() {
    let pipeline = pipeline();
    let before = pipeline.publish(&[]).digests();
    damage(&pipeline);
    pipeline
        .abacus(&["explain", "--customer", "1"])
        .fails(4, &["kept state cannot be read", "run the pipeline again"]);
    pipeline.abacus(&["releases", "verify"]).fails(3, &["state/facts/", "the next run makes it again"]);
    pipeline.abacus(&["run"]).succeeds(&["warning: ", "state/facts/", "it was made again"]);
    assert_eq!(pipeline.published().digests(), before);
    assert_eq!(pipeline.abacus(&["releases", "verify"]).code, Some(0));
}

#[test]
fn quarantined_rows_whose_state_is_gone_or_damaged_are_read_again() {
    let pipeline = pipeline();
    let spoiled = Line { quantity: i64::MAX, ..Line::new(3, 13, 70) };
    write(&pipeline.data("lines/b.parquet"), table(&[spoiled]));
    let quarantined = |pipeline: &Pipeline| pipeline.publish(&[]).rows("quarantine").len();
    assert_eq!(quarantined(&pipeline), 1);
    damage(&pipeline);
    assert_eq!(quarantined(&pipeline), 1);
    fs::remove_dir_all(pipeline.out().join("state/facts")).unwrap();
    assert_eq!(quarantined(&pipeline), 1);
}

#[test]
fn a_record_of_facts_that_cannot_be_read_makes_them_again() {
    let pipeline = pipeline();
    let before = pipeline.publish(&[]).digests();
    change_release(&pipeline, |release| release["run"]["facts"]["periods"] = "lost".into());
    pipeline.abacus(&["run"]).succeeds(&["warning: ", "its facts cannot be read"]);
    assert_eq!(pipeline.published().digests(), before);
}

/// Writes `release.json` as an abacus without digests of it would.
fn change_release(pipeline: &Pipeline, change: impl Fn(&mut serde_json::Value)) {
    let pointer = pipeline.out().join("release.json");
    let mut release: serde_json::Value = serde_json::from_slice(&fs::read(&pointer).unwrap()).unwrap();
    release.as_object_mut().unwrap().remove("digest").unwrap();
    change(&mut release);
    fs::write(&pointer, release.to_string()).unwrap();
}

#[test]
fn a_period_without_rows_still_accounts_for_its_resources() {
    let published = pipeline().publish(&[]);
    let balance = published.rows("balance");
    let february: Vec<_> = balance
        .iter()
        .filter(|row| {
            row["period_start"] == "2024-02-01"
                && row["node"] == "order desk"
                && row["node_kind"] == "resource"
        })
        .collect();
    assert_eq!(february.len(), 1, "{balance:?}");
    assert_eq!((&*february[0]["input"], &*february[0]["unused"]), ("1000.0000", "1000.0000"));
    let customers = published.rows("customer_period");
    assert!(customers.iter().all(|row| row["period_start"] != "2024-02-01"));
}

#[test]
fn a_file_without_rows_leaves_the_other_periods_kept() {
    let pipeline = pipeline();
    let before = pipeline.publish(&[]).digests();
    write(&pipeline.data("lines/empty.parquet"), table(&[]));
    assert_eq!(made(&pipeline), 0);
    assert_eq!(pipeline.publish(&[]).digests(), before);
}

#[test]
fn columns_of_the_path_are_columns() {
    let pipeline = Pipeline::new()
        .with("../data/lines/*.parquet", "../data/lines/**/*.parquet")
        .with("product_group = \"product_group\"", "product_group = \"region\"")
        .with("status <> 'test'", "status <> 'test' and year >= 2023");
    for (folder, line) in [
        ("year=2022/region=south", Line::new(1, 10, 3)),
        ("year=2023/region=south", Line::new(1, 11, 4)),
        ("year=2024/region=north", Line::new(2, 12, 5)),
    ] {
        let folder = pipeline.data(&format!("lines/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        write(&folder.join("part.parquet"), table(&[line]));
    }
    let published = pipeline.publish(&[]);
    assert_eq!(published.counts()[..4], [3, 2, 0, 1]);
    let groups: Vec<_> =
        published.rows("product_group").iter().map(|row| row["product_group"].clone()).collect();
    assert_eq!(groups, ["north", "south"]);
}

#[test]
fn explain_refuses_a_ledger_that_changed_since_the_release() {
    let pipeline =
        pipeline().with("amount = 777.77", "ledger = { files = \"../data/ledger.csv\", account = \"6100\" }");
    let ledger = |amount: &str| {
        let rows = format!("account,period,amount\n6100,2024-01-01,{amount}\n");
        fs::write(pipeline.data("ledger.csv"), rows).unwrap();
    };
    ledger("500.00");
    pipeline.publish(&[]);
    assert_eq!(pipeline.abacus(&["explain", "--customer", "1"]).code, Some(0));
    ledger("900.00");
    pipeline.abacus(&["explain", "--customer", "1"]).fails(3, &["a ledger has changed", "abacus run"]);
}

#[test]
fn facts_that_an_earlier_version_kept_are_not_misread() {
    let pipeline = pipeline();
    pipeline.publish(&[]);
    change_release(&pipeline, |release| {
        let version = &mut release["run"]["facts"]["version"];
        assert!(version.is_string(), "the record says how the state is written");
        *version = "an earlier one".into();
    });
    pipeline
        .abacus(&["explain", "--customer", "1"])
        .fails(3, &["an earlier version", "run the pipeline again"]);
    pipeline.publish(&["--full"]);
    assert_eq!(pipeline.abacus(&["explain", "--customer", "1"]).code, Some(0));
}

#[test]
fn an_order_line_in_two_months_is_an_error() {
    let pipeline = Pipeline::new().with("order = \"order_id\"", "order = \"order_id\"\nline = \"line_no\"");
    write(&pipeline.data("lines/a.parquet"), table(&[Line::new(1, 10, 3)]));
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(1, 11, 40)]));
    pipeline.publish(&[]);
    write(&pipeline.data("lines/c.parquet"), table(&[Line::new(1, 10, 65)]));
    pipeline.abacus(&["run"]).fails(3, &["2024-01-01", "2024-03-01", "order line"]);
}

#[test]
fn a_run_keeps_as_many_releases_as_the_pipeline_says() {
    let pipeline = pipeline().and("\n[publish]\nkeep = 2\ngrace_minutes = 0\n");
    for _ in 0..3 {
        pipeline.publish(&["--republish"]);
    }
    let releases = pipeline.abacus(&["releases", "list", "--format", "json"]).json();
    assert_eq!(releases.as_array().unwrap().len(), 2);
    assert_eq!(pipeline.abacus(&["releases", "verify"]).code, Some(0));
}

#[test]
fn wall_time_is_published_as_utc() {
    let pipeline =
        Pipeline::new().with("currency = \"EUR\"", "currency = \"EUR\"\ntimezone = \"Europe/Berlin\"");
    let columns = table(&[Line { at: (182, 1_800), ..Line::new(1, 10, 0) }]);
    let at = columns.iter().find(|(name, _)| *name == "ordered_at").unwrap().1.clone();
    let naive = arrow::datatypes::DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None);
    let wall = arrow::compute::cast(&at, &naive).unwrap();
    write(&pipeline.data("lines/a.parquet"), replace(columns, "ordered_at", wall));
    let rows = pipeline.publish(&[]).rows("customer_period");
    assert_eq!(rows[0]["first_order_at"], "2024-06-30T22:30:00Z");
    assert_eq!(rows[0]["period_start"], "2024-07-01");
}

#[test]
fn a_run_that_published_nothing_is_resumed_by_the_next() {
    let expect = "\n[[expect]]\nname = \"nobody\"\nsql = \"select count(*) from customer\"\nequals = 0\n";
    let pipeline = pipeline().and(expect);
    pipeline.abacus(&["run"]).fails(3, &["'nobody' expected 0"]);
    let rows = |pipeline: &Pipeline| pipeline.abacus(&["plan", "--format", "json"]).json()["rows"].clone();
    assert_eq!(rows(&pipeline), 0);
    let pipeline = pipeline.with("equals = 0", "at_least = 1");
    let resumed = pipeline.publish(&[]).digests();
    assert_eq!(resumed, pipeline.publish(&["--full"]).digests());
    // What a release lists needs no journal, and a journal alone is not trusted.
    assert!(!pipeline.out().join("state/facts.journal").exists());
}

#[test]
fn a_tagged_release_stays_and_one_that_was_just_replaced_has_a_grace() {
    let pipeline = pipeline().and("\n[publish]\nkeep = 1\n");
    let first = pipeline.publish(&[]);
    let second = pipeline.publish(&["--republish"]);
    let listed = |pipeline: &Pipeline| pipeline.abacus(&["releases", "list", "--format", "json"]).json();
    assert_eq!(listed(&pipeline).as_array().unwrap().len(), 2, "readers of the first have an hour");
    let tag = |pipeline: &Pipeline| {
        let words = ["releases", "tag"];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
        support::Outcome::of(command.args(words).arg(pipeline.file()).args([first.id(), "audit 2024"]))
    };
    tag(&pipeline).succeeds(&[]);
    let pipeline = pipeline.with("keep = 1", "keep = 1\ngrace_minutes = 0");
    let third = pipeline.publish(&["--republish"]);
    let ids: Vec<_> =
        listed(&pipeline).as_array().unwrap().iter().map(|entry| entry["release"].clone()).collect();
    assert_eq!(ids, [first.id(), third.id()], "{} is gone", second.id());
    assert_eq!(listed(&pipeline)[0]["tag"], "audit 2024");
}
