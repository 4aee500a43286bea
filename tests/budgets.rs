//! Whole runs of the shipped pipeline, every stage, over a customer base of several slices: the same bytes for any
//! number of threads and any memory budget, and nothing left of what was spilled.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Outcome, Published};

/// Three slices of 16,384 customers, the last one not full.
const CUSTOMERS: &str = "40000";
const LINES: &str = "300000";

fn abacus(folder: &Path, words: &[&str]) {
    let outcome = Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).current_dir(folder).args(words));
    assert_eq!(outcome.code, Some(0), "{words:?}: {outcome:?}");
}

/// `pipelines/retail.toml` over the history in `data`, without the totals of the sample.
fn pipeline(folder: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/retail.toml");
    let text = fs::read_to_string(shipped).unwrap();
    let (text, _expectations) = text.split_once("[[expect]]").unwrap();
    let text = text.replace("../sample_data/retail/", "data/").replace("../out/retail", "out");
    fs::write(folder.join("retail.toml"), text).unwrap();
}

/// Digest by file, the table of the run itself aside. A release before this one would be kept to.
fn run(folder: &Path, options: &[&str]) -> BTreeMap<String, String> {
    let _ = fs::remove_dir_all(folder.join("out"));
    abacus(folder, &[&["run", "retail.toml", "--full"], options].concat());
    Published::read(&folder.join("out")).unwrap().digests()
}

#[test]
fn bytes_depend_neither_on_threads_nor_on_memory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    abacus(
        folder,
        &["synth", "data", "--lines", LINES, "--customers", CUSTOMERS, "--months", "12", "--seed", "3"],
    );
    pipeline(folder);
    let expected = run(folder, &["--threads", "1"]);
    assert!(expected.len() > 50, "all stages publish: {} files", expected.len());
    for options in [
        &["--threads", "2", "--memory", "64MiB"][..],
        &["--threads", "8", "--memory", "64MiB"],
        &["--threads", "8", "--memory", "256MiB"],
        &["--threads", "2", "--memory", "1TiB"],
    ] {
        let found = run(folder, options);
        let differing: Vec<&String> =
            expected.keys().filter(|file| found.get(*file) != expected.get(*file)).collect();
        assert!(differing.is_empty() && found.len() == expected.len(), "{options:?}: {differing:?}");
    }
    let state = fs::read_dir(folder.join("out/state")).unwrap();
    let mut names: Vec<_> = state.map(|entry| entry.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["facts", "lock", "staging"], "nothing that was spilled is left");
}
