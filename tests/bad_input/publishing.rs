//! Runs that may not publish: no room, no lock, a missed expectation.

use super::support::{Line, Pipeline, table, write};
use super::{nothing_is_published, sound, ten_customers};
use abacus::publish::Home;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file of the out folder but the lock and the kept facts, with its bytes.
fn visible(pipeline: &Pipeline) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() && !path.is_symlink() {
                true if path.ends_with("state") => {}
                true => walk(&path, files),
                false => {
                    let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                    files.insert(path.display().to_string(), bytes);
                }
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&pipeline.out(), &mut files);
    files
}

/// A published release, and a history that has grown since.
fn published_and_grown() -> Pipeline {
    let pipeline = sound();
    pipeline.publish(&[]);
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(3, 900, 70)]));
    pipeline
}

#[test]
fn a_full_disk_ends_the_run_and_leaves_the_release_before() {
    let pipeline = published_and_grown();
    let before = visible(&pipeline);
    for write in [1, 2, 5, 12] {
        let mut command = pipeline.command(&["run"]);
        let outcome = super::support::Outcome::of(command.env("ABACUS_DISK_FULL_AT", write.to_string()));
        outcome.fails(8, &["disk full", "free some space and run again; the last release is untouched"]);
        assert!(before == visible(&pipeline), "disk full at write {write}");
    }
    assert_eq!(pipeline.publish(&[]).counts()[0], 21);
}

#[test]
fn a_full_disk_at_the_first_run_leaves_nothing() {
    let pipeline = sound();
    let outcome = super::support::Outcome::of(pipeline.command(&["run"]).env("ABACUS_DISK_FULL_AT", "3"));
    outcome.fails(8, &["disk full"]);
    nothing_is_published(&pipeline);
}

#[test]
fn a_second_run_is_told_who_holds_the_lock() {
    let pipeline = published_and_grown();
    let before = visible(&pipeline);
    {
        let home = Home::open(&pipeline.out()).unwrap();
        let _lock = home.lock().unwrap();
        let holder = format!("another run holds the lock (process {} since ", std::process::id());
        let way_out = "wait for it to end, or end that process: its lock ends with it";
        pipeline.abacus(&["run"]).fails(5, &["state/lock", &holder, way_out]);
        pipeline.abacus(&["releases", "rollback"]).fails(5, &["another run holds the lock"]);
        assert_eq!(pipeline.abacus(&["plan"]).code, Some(0), "reading needs no lock");
        assert_eq!(pipeline.abacus(&["releases", "list"]).code, Some(0));
    }
    assert!(before == visible(&pipeline));
    pipeline.publish(&[]);
}

const CUSTOMERS: &str =
    "\n[[expect]]\nname = \"customers\"\nsql = \"select count(*) from customer\"\nequals = 11\n";

#[test]
fn a_missed_expectation_publishes_nothing() {
    let pipeline = sound().and(CUSTOMERS);
    pipeline.abacus(&["run"]).fails(3, &["history.toml:", "'customers' expected 11, found 10"]);
    nothing_is_published(&pipeline);
    // With an eleventh customer it is met; without, the release before stays.
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(77, 900, 3)]));
    pipeline.publish(&[]);
    let before = visible(&pipeline);
    write(&pipeline.data("lines/b.parquet"), table(&[Line::new(7, 900, 3)]));
    pipeline.abacus(&["run"]).fails(3, &["'customers' expected 11, found 10"]);
    assert!(before == visible(&pipeline));
}

#[test]
fn a_missed_expectation_of_severity_warn_is_said_and_published() {
    let pipeline = sound().and(CUSTOMERS).and("severity = \"warn\"\n");
    let outcome = pipeline.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("warning: "), "{outcome:?}");
    assert!(outcome.stderr.contains("'customers' expected 11, found 10"), "{outcome:?}");
    let checks = &pipeline.published().release["run"]["checks"];
    assert_eq!((&checks[0]["found"], &checks[0]["met"]), (&"10".into(), &false.into()));
}

#[test]
fn an_expectation_that_fails_or_yields_no_number_is_missed() {
    for (sql, found) in [
        ("select net_revenue from customer where lines > 0", "the query must yield one number"),
        ("select max(customer_id) from customer where customer_id > 1000", "no value"),
    ] {
        let pipeline = sound().and(&CUSTOMERS.replace("select count(*) from customer", sql));
        pipeline.abacus(&["run"]).fails(3, &["'customers' expected 11, found ", found]);
        nothing_is_published(&pipeline);
    }
}

#[test]
fn a_dry_run_tells_everything_and_publishes_nothing() {
    let pipeline = published_and_grown();
    let before = visible(&pipeline);
    let outcome = pipeline.abacus(&["run", "--dry-run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("21 read, 21 used") && outcome.stdout.contains("dry run"), "{outcome:?}");
    assert!(before == visible(&pipeline));
    assert_eq!(pipeline.publish(&[]).rows("customer").len(), ten_customers().len() / 2);
}
