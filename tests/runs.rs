//! The program killed at any moment: readers find the release before or the new one, whole, and the next run works.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Outcome, Pipeline, Published, lines, table, write};

/// Releases by what is in them, so that they can be told apart.
type Digests = BTreeMap<String, String>;

/// A pipeline with a release, and late rows that its next run will see.
struct Growing {
    pipeline: Pipeline,
    old: Digests,
    new: Digests,
}

impl Growing {
    fn new() -> Self {
        let before = || {
            let pipeline = Pipeline::new();
            write(&pipeline.data("lines/a.parquet"), table(&lines(5, 600, 60)));
            pipeline
        };
        let grow = |pipeline: &Pipeline| write(&pipeline.data("lines/b.parquet"), table(&lines(6, 300, 90)));
        let reference = before();
        grow(&reference);
        let new = reference.publish(&[]).digests();
        let pipeline = before();
        let old = pipeline.publish(&[]).digests();
        grow(&pipeline);
        assert_ne!(old, new);
        Self { pipeline, old, new }
    }

    /// Fails unless the current release is whole and one of the two; says whether it is the new one.
    #[track_caller]
    fn is_new(&self, what: &str) -> bool {
        let found = self.pipeline.published().digests();
        assert!(found == self.old || found == self.new, "{what}: neither the old nor the new release");
        check_conveniences(&self.pipeline.out());
        found == self.new
    }

    /// Makes the old release current again, so that the next kill meets the same state.
    fn go_back(&self) {
        let list = self.pipeline.abacus(&["releases", "list", "--format", "json"]).json();
        let first = list[0]["release"].as_str().expect("a release").to_owned();
        let mut command = self.pipeline.command(&["releases", "rollback"]);
        let outcome = Outcome::of(command.arg(first));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(self.pipeline.published().digests(), self.old);
    }
}

/// Fails if `views.sql` or `current`, where they exist, lead to anything incomplete.
#[track_caller]
fn check_conveniences(out: &Path) {
    if let Ok(views) = fs::read_to_string(out.join("views.sql")) {
        for path in views.split('\'').filter(|text| text.ends_with(".parquet")) {
            assert!(Path::new(path).exists(), "{path}");
        }
    }
    if fs::symlink_metadata(out.join("current")).is_ok() {
        assert!(out.join("current/manifest.json").exists());
    }
}

/// Operations on disk that a run of this pipeline does.
fn operations(pipeline: &Pipeline) -> u64 {
    let log = pipeline.data("operations.log");
    let outcome = Outcome::of(pipeline.command(&["run"]).env("ABACUS_DISK_LOG", &log));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    u64::try_from(fs::read_to_string(log).expect("a log").lines().count()).expect("a count")
}

#[test]
fn a_run_killed_at_any_operation_leaves_the_old_or_the_new_release() {
    let growing = Growing::new();
    let operations = operations(&growing.pipeline);
    assert!(growing.is_new("a whole run") && operations > 100, "{operations}");
    // Each table is written alike; the commit at the end is where every single operation matters.
    let every = (1..operations - 40).step_by(9).chain(operations - 40..=operations);
    let mut seen = [0, 0];
    for n in every {
        growing.go_back();
        let outcome = Outcome::of(growing.pipeline.command(&["run"]).env("ABACUS_CRASH_AT", n.to_string()));
        let what = format!("killed at operation {n} of {operations}");
        assert!(outcome.code.is_none() || n > operations - 3, "{what}: {outcome:?}");
        seen[usize::from(growing.is_new(&what))] += 1;
        if n % 5 == 0 {
            assert_eq!(growing.pipeline.publish(&[]).digests(), growing.new, "the run after one {what}");
            let staging = fs::read_dir(growing.pipeline.out().join("state/staging")).expect("a folder");
            assert_eq!(staging.count(), 0, "the run after one {what}");
        }
    }
    assert!(seen[0] > 10 && seen[1] > 0, "kills fell before and after the commit: {seen:?}");
}

#[test]
fn a_first_run_killed_at_any_operation_leaves_nothing_or_a_release() {
    let whole = Pipeline::new();
    write(&whole.data("lines/a.parquet"), table(&lines(5, 600, 60)));
    let operations = operations(&whole);
    let expected = whole.published().digests();
    for n in (1..operations).step_by(23).chain(operations - 12..=operations) {
        let pipeline = Pipeline::new();
        write(&pipeline.data("lines/a.parquet"), table(&lines(5, 600, 60)));
        Outcome::of(pipeline.command(&["run"]).env("ABACUS_CRASH_AT", n.to_string()));
        if let Some(published) = Published::read(&pipeline.out()) {
            assert_eq!(published.digests(), expected, "killed at operation {n} of {operations}");
        }
        check_conveniences(&pipeline.out());
        assert_eq!(pipeline.publish(&[]).digests(), expected, "the run after one killed at operation {n}");
    }
}

#[test]
fn a_run_killed_at_any_time_leaves_the_old_or_the_new_release() {
    let growing = Growing::new();
    let start = Instant::now();
    growing.pipeline.publish(&[]);
    let whole = start.elapsed();
    let kills = 25;
    let mut killed = 0;
    for kill in 0..kills {
        growing.go_back();
        let mut child = growing.pipeline.command(&["run"]).spawn().expect("abacus starts");
        // A little past the end of a run, so that the commit is met too.
        std::thread::sleep(
            whole.mul_f64(1.2 * f64::from(kill) / f64::from(kills)) + Duration::from_micros(300),
        );
        child.kill().expect("a child can be killed");
        killed += u32::from(child.wait().expect("a child ends").code().is_none());
        growing.is_new(&format!("kill {kill}"));
    }
    assert!(killed > 0, "no run was killed before its end");
    assert_eq!(growing.pipeline.publish(&[]).digests(), growing.new);
    assert_eq!(growing.pipeline.abacus(&["releases", "verify"]).code, Some(0));
}

#[test]
fn a_lock_ends_with_its_process() {
    let growing = Growing::new();
    let outcome = Outcome::of(growing.pipeline.command(&["run"]).env("ABACUS_CRASH_AT", "40"));
    assert_eq!(outcome.code, None, "{outcome:?}");
    assert_eq!(growing.pipeline.publish(&[]).digests(), growing.new);
}

#[test]
fn kept_facts_that_a_kill_left_half_written_are_not_believed() {
    let growing = Growing::new();
    for n in [1, 30, 60] {
        Outcome::of(growing.pipeline.command(&["run"]).env("ABACUS_CRASH_AT", n.to_string()));
    }
    // What no release lists is rubbish, whatever its name says.
    let folder = growing.pipeline.out().join("state/facts");
    let listed = growing.pipeline.published().release["run"]["state"].to_string();
    let mut spoilt = 0;
    for entry in fs::read_dir(&folder).expect("kept facts") {
        let path = entry.expect("an entry").path();
        if !listed.contains(path.file_name().and_then(|name| name.to_str()).expect("a name")) {
            fs::write(&path, b"half").expect("files can be written");
            spoilt += 1;
        }
    }
    assert!(spoilt > 0, "the killed runs kept something");
    assert_eq!(growing.pipeline.publish(&[]).digests(), growing.new);
}
