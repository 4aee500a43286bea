//! Runs that are killed at every operation, or find the disk full at every write.
//!
//! This process takes no lock of its own: a child that is being started holds a copy of its parent's open files until
//! it runs its own program, and a copied lock is a held one.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, reason = "each test program takes its own part of it")]
#[path = "../publish/published.rs"]
mod published;

use abacus::error::Result;
use abacus::publish::{Home, Retention};
use published::{check_conveniences, check_delta, names, publish, read_published};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};
use tempfile::TempDir;

/// Not a test of its own: the process that the others kill.
#[test]
#[ignore = "the other tests of this file run it in a process of its own"]
fn publishes_in_a_process_of_its_own() {
    let out = std::env::var_os("ABACUS_TEST_OUT").expect("set by the test that runs this process");
    let generation = std::env::var("ABACUS_TEST_GENERATION").unwrap().parse().unwrap();
    let done = match generation {
        LOOK => Home::open(Path::new(&out)).map(drop),
        GO_BACK => go_back(Path::new(&out)),
        generation => publish(Path::new(&out), generation).map(drop),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(error.exit_code().into());
    }
}

/// In place of a generation: a command that only looks at the folder, and a rollback with a vacuum of all that is not current.
const LOOK: i64 = -1;
const GO_BACK: i64 = 0;

fn go_back(out: &Path) -> Result<()> {
    let home = Home::open(out)?;
    home.rollback(None)?;
    let lock = home.lock()?;
    home.vacuum(&lock, Retention::newest(0)).map(drop)
}

fn run_child(out: &Path, generation: i64, hook: Option<(&str, &str)>) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "publishes_in_a_process_of_its_own", "--ignored"]);
    command.env("ABACUS_TEST_OUT", out).env("ABACUS_TEST_GENERATION", generation.to_string());
    command.envs(hook).output().unwrap().status
}

/// The operations of a run that publishes generation 2, after generation 1 or as the first.
fn operations(after_another: bool) -> (TempDir, Vec<(String, String)>) {
    operations_of(2, i64::from(after_another))
}

/// The operations of what a child does after so many generations.
fn operations_of(what: i64, generations: i64) -> (TempDir, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let (out, log) = (folder.path().join("out"), folder.path().join("log"));
    (1..=generations).for_each(|generation| publish_apart(&out, generation));
    assert!(run_child(&out, what, Some(("ABACUS_DISK_LOG", log.to_str().unwrap()))).success());
    let log = fs::read_to_string(log).unwrap();
    let operations = log.lines().map(|line| line.split_once(' ').unwrap());
    (folder, operations.map(|(operation, path)| (operation.to_owned(), path.to_owned())).collect())
}

/// Publishes a generation in a process of its own.
fn publish_apart(out: &Path, generation: i64) {
    assert!(run_child(out, generation, None).success(), "generation {generation} is published");
}

fn kill_at_every_operation(after_another: bool) {
    let (_, operations) = operations(after_another);
    let before = after_another.then_some(1);
    let mut seen = [false; 2];
    for n in 1..=operations.len() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        if after_another {
            publish_apart(&out, 1);
        }
        let status = run_child(&out, 2, Some(("ABACUS_CRASH_AT", &n.to_string())));
        assert_eq!(status.code(), None, "operation {n} of {} exists", operations.len());
        let found = read_published(&out);
        assert!(found == before || found == Some(2), "killed at operation {n}: {found:?}");
        seen[usize::from(found == Some(2))] = true;
        check_conveniences(&out);

        publish_apart(&out, 3);
        assert_eq!(read_published(&out), Some(3), "the run after one killed at operation {n}");
        check_conveniences(&out);
        check_delta(&out);
        assert!(names(&out.join("state/staging")).is_empty(), "killed at operation {n}");
        let kept = usize::from(after_another) + usize::from(found == Some(2)) + 1;
        assert_eq!(names(&out.join("releases")).len(), kept, "killed at operation {n}");
    }
    assert_eq!(seen, [true, true], "kills fell both before and after the commit");
}

#[test]
fn a_first_run_killed_anywhere_leaves_nothing_or_a_release() {
    kill_at_every_operation(false);
}

#[test]
fn a_run_killed_anywhere_leaves_the_old_or_the_new_release() {
    kill_at_every_operation(true);
}

#[test]
fn a_rollback_or_a_vacuum_killed_anywhere_is_whole_after_the_next_command() {
    let (_folder, operations) = operations_of(GO_BACK, 2);
    let mut seen = [false; 2];
    for n in 1..=operations.len() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        [1, 2].into_iter().for_each(|generation| publish_apart(&out, generation));
        let status = run_child(&out, GO_BACK, Some(("ABACUS_CRASH_AT", &n.to_string())));
        assert_eq!(status.code(), None, "operation {n} of {} exists", operations.len());
        check_conveniences(&out);
        publish_apart(&out, LOOK);
        let found = read_published(&out).unwrap();
        seen[usize::from(found == 1)] = true;
        check_conveniences(&out);
        check_delta(&out);
    }
    assert_eq!(seen, [true, true], "kills fell both before and after the rollback");
}

#[test]
fn the_pointer_is_replaced_after_files_and_folders_are_on_disk() {
    let (_folder, operations) = operations(true);
    let positions = |operation: &str, path: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let found = operations.iter().enumerate();
        found.filter(|(_, (name, on))| name == operation && path(on)).map(|(index, _)| index).collect()
    };
    let only = |operation: &str, path: &dyn Fn(&str) -> bool| {
        let found = positions(operation, path);
        assert_eq!(found.len(), 1, "{operation}");
        found[0]
    };
    let parquet = |path: &str| path.ends_with(".parquet");
    let staged = |path: &str| path.contains("/state/staging/") && path.contains("/release");
    let moved = only("rename", &|path| path.contains("/out/releases/"));
    let listed = positions("syncdir", &|path| path.ends_with("/out/releases"));
    let pointer = only("rename", &|path| path.ends_with("/out/release.json"));
    let committed = positions("syncdir", &|path| path.ends_with("/out"));

    let writes = positions("write", &parquet);
    let syncs = positions("sync", &parquet);
    let folders = positions("syncdir", &staged);
    assert_eq!(positions("create", &parquet).len(), syncs.len(), "every file is synced");
    for created in positions("create", &parquet) {
        let path = &operations[created].1;
        let (wrote, synced) = (positions("write", &|on| on == path), only("sync", &|on| on == path));
        assert!(wrote.iter().all(|&wrote| wrote < synced), "{path} is synced after its last write");
    }
    assert!(!writes.is_empty() && syncs.iter().max() < folders.iter().min(), "files before folders");
    for parent in &folders {
        let below = format!("{}/", operations[*parent].1);
        let children = positions("syncdir", &|path| path.starts_with(&below));
        assert!(children.iter().all(|child| child < parent), "{below} is synced after what it holds");
    }
    assert_eq!(folders.len(), 5, "the release, two tables, two months");
    assert!(folders.iter().all(|&folder| folder < moved), "complete before it is moved");
    assert!(listed.iter().any(|&synced| moved < synced && synced < pointer), "moved before it is named");
    assert!(committed.iter().any(|&synced| pointer < synced), "the commit is durable");
    let logs = [
        "/delta/sales/_delta_log/00000000000000000001.json",
        "/delta/totals/_delta_log/00000000000000000001.json",
    ];
    for convenience in ["/out/views.sql", "/out/current", "/out/views_delta.sql", logs[0], logs[1]] {
        assert!(pointer < only("rename", &|path| path.ends_with(convenience)), "{convenience}");
    }
}

#[test]
fn a_full_disk_leaves_the_current_release_and_no_rest() {
    let (_, operations) = operations(true);
    let writes = operations.iter().filter(|(operation, _)| operation == "write").count();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    publish_apart(out, 1);
    let before = fs::read(out.join("release.json")).unwrap();
    for n in 1..=writes {
        let status = run_child(out, 2, Some(("ABACUS_DISK_FULL_AT", &n.to_string())));
        assert_eq!(status.code(), Some(8), "disk full at write {n} of {writes}");
        assert_eq!(fs::read(out.join("release.json")).unwrap(), before, "write {n}");
        assert_eq!(names(&out.join("releases")).len(), 1, "write {n}");
        assert!(names(&out.join("state/staging")).is_empty(), "write {n}");
        assert_eq!(read_published(out), Some(1));
        check_delta(out);
        assert_eq!(names(&out.join("delta/sales/month=2026-02-01")).len(), 1, "write {n}: no link is left");
    }
    assert!(run_child(out, 2, Some(("ABACUS_DISK_FULL_AT", &(writes + 1).to_string()))).success());
    assert_eq!(read_published(out), Some(2));
}
