//! Real histories, which lie outside the repository: `ABACUS_DATA` names the folder that holds them. Their control
//! totals are the `[[expect]]` entries of the pipeline files, so that a run that publishes has met them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Outcome, Published};
use tempfile::TempDir;

/// The folder of the histories, if it was named.
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("ABACUS_DATA").map(PathBuf::from);
    if data.is_none() {
        let lacking = "ABACUS_DATA names no folder with online_retail.parquet and cdnow_sample.parquet";
        // Written past the test harness, which hides what passing tests print.
        writeln!(std::io::stderr(), "skipped: {lacking}").expect("stderr is open");
    }
    data
}

/// Runs a pipeline of the repository beside a link to the data, twice: from nothing and from what it kept.
fn publish(name: &str, data: &Path) -> (TempDir, Published) {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join(format!("pipelines/{name}.toml"));
    fs::create_dir(folder.path().join("pipelines")).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{name}.toml")), &pipeline)
        .unwrap();
    std::os::unix::fs::symlink(fs::canonicalize(data).unwrap(), folder.path().join("data")).unwrap();
    let out = folder.path().join(format!("out/{name}"));
    let run = || {
        let outcome = Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).arg("run").arg(&pipeline));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        Published::read(&out).unwrap()
    };
    let (first, second) = (run(), run());
    assert_eq!((first.digests(), first.counts()), (second.digests(), second.counts()));
    (folder, first)
}

/// What each expectation found, all of them met.
fn found(published: &Published) -> Vec<&str> {
    let checks = published.release["run"]["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["met"] == true), "{checks:?}");
    checks.iter().map(|check| check["found"].as_str().unwrap()).collect()
}

#[test]
fn online_retail_meets_its_control_totals() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("online_retail", &data);
    // 2,517 rows at price 0 or below are excluded by a declared rule; those without customer are used.
    assert_eq!(published.counts(), [541_909, 539_392, 0, 2_517, 0]);
    assert_eq!(found(&published)[..4], ["4338", "18532", "397884", "8911407.904"]);
    let customers = published.rows("customer");
    let unidentified: Vec<_> = customers.iter().filter(|row| row["customer_id"] == "null").collect();
    assert_eq!(unidentified.len(), 1, "rows without customer are one cost object");
    assert_eq!(unidentified[0]["rank_profit"], "null");
}

#[test]
fn cdnow_meets_its_control_totals() {
    let Some(data) = data() else { return };
    let (_folder, published) = publish("cdnow", &data);
    assert_eq!(published.counts(), [6_919, 6_919, 0, 0, 0]);
    assert_eq!(found(&published), ["2357", "6696", "244091.94"]);
}
