//! Delta logs beside the releases: what every version shows, and what becomes of them.

use super::published::{
    OPTIONS, check_delta, fill, listed_by_release, names, publish, sales_rows, shown_by_delta, totals,
};
use abacus::publish::schema::{Column, ColumnKind, TableSpec};
use abacus::publish::{Home, Release, Retention, Staging, WriteOptions};
use arrow::array::{
    ArrayRef, Decimal64Array, Decimal128Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::tempdir;

fn log(out: &Path, table: &str) -> PathBuf {
    out.join("delta").join(table).join("_delta_log")
}

fn version(out: &Path, table: &str, version: u64) -> String {
    fs::read_to_string(log(out, table).join(format!("{version:020}.json"))).unwrap()
}

fn links(out: &Path, table: &str, partition: &str) -> usize {
    names(&out.join("delta").join(table).join(partition)).len()
}

/// A run that fills a release as it likes.
fn commit(home: &Home, options: WriteOptions, fill: impl FnOnce(&Staging)) -> Release {
    let _lock = home.lock().unwrap();
    let staging = home.begin(options).unwrap();
    fill(&staging);
    staging.commit(serde_json::json!({ "generation": 0 })).unwrap()
}

#[test]
fn every_version_shows_its_release_and_nothing_else() {
    let out = tempdir().unwrap();
    let releases: Vec<Release> = (1..=3).map(|generation| publish(out.path(), generation).unwrap()).collect();
    for (release, expected) in releases.iter().zip(0..) {
        assert_eq!(
            release.delta.values().copied().collect::<Vec<u64>>(),
            [expected; 2],
            "{:?}",
            release.delta
        );
        for (table, version) in &release.delta {
            let shown = shown_by_delta(out.path(), table, Some(*version));
            assert_eq!(shown, Some(listed_by_release(release, table)), "{table}");
        }
    }
    let last = version(out.path(), "sales", 2);

    assert_eq!(last.lines().count(), 3, "commitInfo, remove, add: {last}");
    assert!(last.contains(&releases[2].id), "{last}");
}

#[test]
fn a_release_that_changes_nothing_needs_no_version() {
    let out = tempdir().unwrap();
    let first = publish(out.path(), 1).unwrap();
    let second = publish(out.path(), 1).unwrap();
    assert_eq!(first.delta, second.delta);
    assert_eq!(names(&log(out.path(), "sales")).len(), 1);
    check_delta(out.path());
}

#[test]
fn the_first_version_has_protocol_schema_and_comments() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let first = version(out.path(), "sales", 0);
    let lines: Vec<serde_json::Value> =
        first.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let protocol = serde_json::json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } });
    assert_eq!(lines[1], protocol);
    let metadata = &lines[2]["metaData"];
    let schema: serde_json::Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let expected = serde_json::json!({ "type": "struct", "fields": [
        { "name": "month", "type": "date", "nullable": false, "metadata": {} },
        { "name": "customer_id", "type": "long", "nullable": false, "metadata": { "comment": "who bought" } },
        { "name": "revenue", "type": "decimal(18,4)", "nullable": false,
          "metadata": { "comment": "what was paid (EUR)" } },
    ] });
    assert_eq!((schema, &metadata["partitionColumns"]), (expected, &serde_json::json!(["month"])));
}

#[test]
fn statistics_have_every_digit() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    let column = |name: &'static str, kind| Column::new(name, kind, "", "").nullable();
    let columns = vec![
        column("money", ColumnKind::Money(4)),
        column("total", ColumnKind::Total(4)),
        column("name", ColumnKind::Text),
        column("at", ColumnKind::Timestamp),
        column("none", ColumnKind::Integer),
    ];
    let spec = TableSpec { name: "edges", grain: "one row", partition: None, columns };
    let money = Decimal64Array::from(vec![Some(900_719_925_474_099_315), Some(-1), None]);
    let total = Decimal128Array::from(vec![Some(10_i128.pow(38) - 1), Some(-10_i128.pow(38) + 1), Some(0)]);
    let at = TimestampMicrosecondArray::from(vec![Some(1_000_001), Some(-1), None]).with_timezone("UTC");
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(money.with_precision_and_scale(18, 4).unwrap()),
        Arc::new(total.with_precision_and_scale(38, 4).unwrap()),
        Arc::new(StringArray::from(vec![Some("a\"b"), Some("Zoë"), None])),
        Arc::new(at),
        Arc::new(Int64Array::from(vec![None, None, None])),
    ];
    // Row groups of two rows: bounds are those of the file.
    let options = WriteOptions { row_group_rows: 2, ..OPTIONS };
    commit(&home, options, |staging| staging.put(&spec, None, arrays).unwrap());
    let line = version(out.path(), "edges", 0).lines().last().unwrap().to_owned();
    let add: serde_json::Value = serde_json::from_str(&line).unwrap();
    let nines = format!("{}.{}", "9".repeat(34), "9".repeat(4));
    let expected = format!(
        r#"{{"numRecords":3,"minValues":{{"money":-0.0001,"total":-{nines},"name":"Zoë","at":"1969-12-31T23:59:59.999Z"}},"#
    ) + &format!(
        r#""maxValues":{{"money":90071992547409.9315,"total":{nines},"name":"a\"b","at":"1970-01-01T00:00:01.001Z"}},"#
    ) + r#""nullCount":{"money":1,"total":0,"name":1,"at":1,"none":3}}"#;
    assert_eq!(add["add"]["stats"].as_str().unwrap(), expected);
}

#[test]
fn a_rollback_is_a_version_of_its_own() {
    let out = tempdir().unwrap();
    let first = publish(out.path(), 1).unwrap();
    publish(out.path(), 2).unwrap();
    Home::open(out.path()).unwrap().rollback(None).unwrap();
    assert_eq!(names(&log(out.path(), "sales")).len(), 3);
    check_delta(out.path());
    let views = fs::read_to_string(out.path().join("views_delta.sql")).unwrap();
    assert!(views.contains(&first.id) && views.contains("/delta/sales', version = 2)"), "{views}");
    publish(out.path(), 3).unwrap();
    assert_eq!(names(&log(out.path(), "sales")).len(), 4);
    check_delta(out.path());
}

#[test]
fn a_vacuum_removes_links_that_no_release_needs() {
    let out = tempdir().unwrap();
    (1..=3).for_each(|generation| drop(publish(out.path(), generation).unwrap()));
    let strange = out.path().join("delta/totals/part-0.parquet");
    fs::write(&strange, "another program's").unwrap();
    let home = Home::open(out.path()).unwrap();
    let lock = home.lock().unwrap();
    home.vacuum(&lock, Retention::newest(2)).unwrap();
    assert_eq!(links(out.path(), "sales", "month=2026-01-01"), 1, "in all releases");
    assert_eq!(links(out.path(), "sales", "month=2026-02-01"), 2);
    assert!(strange.exists());
    drop(lock);
    check_delta(out.path());
    home.rollback(None).unwrap();
    check_delta(out.path());
}

#[test]
fn what_a_run_that_died_left_undone_is_done_by_the_next_command() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let second = publish(out.path(), 2).unwrap();
    let path = log(out.path(), "sales").join("00000000000000000001.json");
    let before = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    Home::open(out.path()).unwrap();
    let after = fs::read_to_string(&path).unwrap();
    assert_eq!(after.lines().last(), before.lines().last());
    assert_eq!(second.delta["sales"], 1, "the version that the release named");
    check_delta(out.path());
}

#[test]
fn a_damaged_file_that_was_made_again_is_linked_again() {
    let out = tempdir().unwrap();
    let first = publish(out.path(), 1).unwrap();
    fs::write(out.path().join(&first.files("sales")[0].path), "torn").unwrap();
    let home = Home::open(out.path()).unwrap();
    commit(&home, OPTIONS, |staging| fill(staging, 1).unwrap());
    assert!(home.take_warnings()[0].contains("made again"));
    check_delta(out.path());
}

#[test]
fn a_version_of_another_program_is_told_and_stops_no_release() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let strange = log(out.path(), "sales").join("00000000000000000001.json");
    fs::write(&strange, "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n").unwrap();
    let home = Home::open(out.path()).unwrap();
    let release = commit(&home, OPTIONS, |staging| fill(staging, 2).unwrap());
    let warnings = home.take_warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("no version that abacus wrote"), "{warnings:?}");
    assert_eq!(release.delta.keys().collect::<Vec<_>>(), ["totals"]);
    fs::remove_dir_all(out.path().join("delta/sales")).unwrap();
    drop(Home::open(out.path()).unwrap());
    check_delta(out.path());
}

#[test]
fn a_table_that_is_gone_has_no_rows() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let home = Home::open(out.path()).unwrap();
    let generation: ArrayRef = Arc::new(Int64Array::from(vec![2]));
    commit(&home, OPTIONS, |staging| staging.put(&totals(), None, vec![generation]).unwrap());
    assert_eq!(shown_by_delta(out.path(), "sales", None).map(|files| files.len()), Some(0));
    assert!(!fs::read_to_string(out.path().join("views_delta.sql")).unwrap().contains("sales"));
    check_delta(out.path());
}

#[test]
fn without_the_key_no_log_is_left_that_would_show_an_old_release() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let home = Home::open(out.path()).unwrap();
    let release =
        commit(&home, WriteOptions { delta: false, ..OPTIONS }, |staging| fill(staging, 2).unwrap());
    assert!(release.delta.is_empty());
    assert!(!out.path().join("delta").exists() && !out.path().join("views_delta.sql").exists());
    assert_eq!(publish(out.path(), 3).unwrap().delta["sales"], 0, "begun anew");
}

#[test]
fn a_dropped_release_leaves_no_link() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let stray = out.path().join("delta/sales/month=2026-02-01/sales-0123456789abcdef.parquet");
    fs::write(&stray, "of a release that was never committed").unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let staging = home.begin(OPTIONS).unwrap();
    staging.put(&totals(), None, vec![sales_rows(0, 1)[0].clone()]).unwrap();
    drop(staging);
    assert!(!stray.exists());
    check_delta(out.path());
}

#[test]
fn a_link_in_the_place_of_the_tables_is_not_followed() {
    let (out, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), out.path().join("delta")).unwrap();
    let fault = publish(out.path(), 1).unwrap_err().to_string();
    assert!(fault.contains("delta: is there, and abacus did not make it; move it away"), "{fault}");
    assert!(names(elsewhere.path()).is_empty());
}

#[test]
fn a_folder_of_somebody_else_is_neither_written_to_nor_removed() {
    let out = tempdir().unwrap();
    fs::create_dir(out.path().join("delta")).unwrap();
    let theirs = out.path().join("delta/notes.txt");
    fs::write(&theirs, "somebody's").unwrap();
    let home = Home::open(out.path()).unwrap();
    let without = WriteOptions { delta: false, ..OPTIONS };
    commit(&home, without, |staging| fill(staging, 1).unwrap());
    assert!(names(&out.path().join("delta")).iter().eq(["notes.txt"]));
    let fault = publish(out.path(), 2).unwrap_err().to_string();
    assert!(fault.contains("delta: is there, and abacus did not make it"), "{fault}");
    assert_eq!(fs::read_to_string(theirs).unwrap(), "somebody's");
}

#[test]
fn a_log_without_a_version_is_no_table_and_strays_are_passed_by() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    fs::create_dir_all(log(out.path(), "of_a_run_that_died")).unwrap();
    fs::write(out.path().join("delta/notes.txt"), "somebody's").unwrap();
    publish(out.path(), 2).unwrap();
    assert!(names(&log(out.path(), "of_a_run_that_died")).is_empty());
}
