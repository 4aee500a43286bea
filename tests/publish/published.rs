//! A small release of three files, and what a reader finds of it.

use abacus::error::Result;
use abacus::pipeline::FileEncoding;
use abacus::publish::schema::{Column, ColumnKind, TableSpec};
use abacus::publish::{Home, Release, Staging, WriteOptions};
use arrow::array::{ArrayRef, Decimal64Array, Int64Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

pub(crate) const OPTIONS: WriteOptions =
    WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 100, delta: true };

/// A partitioned table of two columns.
pub(crate) fn sales() -> TableSpec {
    TableSpec {
        name: "sales",
        grain: "one row per customer and month",
        partition: Some("month"),
        columns: vec![
            Column::new("customer_id", ColumnKind::IntKey, "", "who bought"),
            Column::new("revenue", ColumnKind::Money(4), "EUR", "what was paid"),
        ],
    }
}

/// A table of one column.
pub(crate) fn totals() -> TableSpec {
    TableSpec {
        name: "totals",
        grain: "one row",
        partition: None,
        columns: vec![Column::new("customers", ColumnKind::Integer, "customers", "how many there are")],
    }
}

/// `rows` rows of `sales` that tell the run that wrote them.
pub(crate) fn sales_rows(generation: i64, rows: i64) -> Vec<ArrayRef> {
    let revenue = Decimal64Array::from_iter_values((0..rows).map(|row| generation * 1_000_000 + row));
    let revenue = revenue.with_precision_and_scale(18, 4).unwrap();
    vec![Arc::new(Int64Array::from_iter_values(0..rows)), Arc::new(revenue)]
}

/// Fills a release: one month that never changes, one that does, and a small table.
pub(crate) fn fill(staging: &Staging, generation: i64) -> Result<()> {
    if !staging.reuse(&sales(), Some("2026-01-01"), "frozen month")? {
        let mut writer = staging.table(&sales(), Some("2026-01-01"))?.with_recipe("frozen month");
        writer.write(sales_rows(0, 250))?;
        writer.finish()?;
    }
    staging.put(&sales(), Some("2026-02-01"), sales_rows(generation, 250))?;
    staging.put(&totals(), None, vec![Arc::new(Int64Array::from(vec![generation]))])
}

/// A whole run: lock, fill, commit.
pub(crate) fn publish(out: &Path, generation: i64) -> Result<Release> {
    let home = Home::open(out)?;
    let _lock = home.lock()?;
    let staging = home.begin(OPTIONS)?;
    fill(&staging, generation)?;
    staging.commit(serde_json::json!({ "generation": generation }))
}

/// Reads what `release.json` names as any reader would, fails if anything of it is missing, damaged or mixed,
/// and says which run wrote it.
pub(crate) fn read_published(out: &Path) -> Option<i64> {
    let text = fs::read(out.join("release.json")).ok()?;
    let release: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let generation = release["run"]["generation"].as_i64().unwrap();
    for table in release["tables"].as_object().unwrap().values() {
        for file in table["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            let bytes = fs::read(out.join(path)).unwrap();
            assert_eq!(file["blake3"].as_str().unwrap(), blake3::hash(&bytes).to_string(), "{path}");
            assert_eq!(file["bytes"].as_u64().unwrap(), bytes.len() as u64, "{path}");
            let batches = read(&out.join(path));
            let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
            assert_eq!(file["rows"].as_u64().unwrap(), rows as u64, "{path}");
        }
    }
    let totals = release["tables"]["totals"]["files"][0]["path"].as_str().unwrap();
    let written = read(&out.join(totals))[0].column(0).clone();
    assert_eq!(written.as_ref(), &Int64Array::from(vec![generation]), "the release is of one run");
    Some(generation)
}

/// Digests of the files that a Delta log shows as of a version, or of its newest, by partition; none without a log. Fails
/// if one of them is missing or not what its name says.
pub(crate) fn shown_by_delta(
    out: &Path,
    table: &str,
    version: Option<u64>,
) -> Option<BTreeMap<String, String>> {
    let root = out.join("delta").join(table);
    let versions = names_if_there(&root.join("_delta_log")).into_iter().filter(|name| !name.starts_with('.'));
    let (mut live, mut newest) = (BTreeMap::new(), None);
    for (number, name) in versions.enumerate() {
        assert_eq!(name, format!("{number:020}.json"), "versions follow one another");
        if version.is_some_and(|version| number as u64 > version) {
            break;
        }
        newest = Some(number);
        for line in fs::read_to_string(root.join("_delta_log").join(name)).unwrap().lines() {
            let action: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["remove"]["path"].as_str() {
                assert!(live.remove(path).is_some(), "{path} was live");
            } else if let Some(path) = action["add"]["path"].as_str() {
                let partition = action["add"]["partitionValues"]["month"].as_str().unwrap_or_default();
                live.insert(path.to_owned(), partition.to_owned());
            }
        }
    }
    let digest = |path: &str| blake3::hash(&fs::read(root.join(path)).unwrap()).to_string();
    let shown = live.into_iter().map(|(path, partition)| (partition, digest(&path))).collect();
    newest.map(|_| shown)
}

/// The same of a table of a release, by the release's own account.
pub(crate) fn listed_by_release(release: &Release, table: &str) -> BTreeMap<String, String> {
    let files = release.files(table).iter();
    files.map(|file| (file.partition.clone().unwrap_or_default(), file.blake3.clone())).collect()
}

/// Names of the Delta tables; a file that begins with a point is none.
fn delta_tables(out: &Path) -> impl Iterator<Item = String> {
    names_if_there(&out.join("delta")).into_iter().filter(|name| !name.starts_with('.'))
}

/// Fails unless every Delta log shows the current release.
pub(crate) fn check_delta(out: &Path) {
    let release = Home::open(out).unwrap().published().unwrap();
    for table in delta_tables(out) {
        let expected = listed_by_release(&release, &table);
        assert_eq!(shown_by_delta(out, &table, None), Some(expected), "{table}");
    }
}

/// Fails if `views.sql`, `current` or a Delta log, where they exist, lead to anything incomplete.
pub(crate) fn check_conveniences(out: &Path) {
    if let Ok(views) = fs::read_to_string(out.join("views.sql")) {
        for path in views.split('\'').filter(|text| text.ends_with(".parquet")) {
            assert!(Path::new(path).exists(), "{path}");
        }
    }
    if fs::symlink_metadata(out.join("current")).is_ok() {
        assert!(out.join("current/manifest.json").exists());
    }
    for table in delta_tables(out) {
        shown_by_delta(out, &table, None);
    }
}

fn names_if_there(folder: &Path) -> BTreeSet<String> {
    if folder.exists() { names(folder) } else { BTreeSet::new() }
}

pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

pub(crate) fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(|batch| batch.unwrap()).collect()
}
