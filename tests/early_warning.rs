//! How well the early warning tells those who leave, counted here customer by customer, of the sample and of CDNOW: the list
//! of a run one holdout earlier, which knows nothing of what followed, against what followed.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Outcome, Published};
use tempfile::TempDir;

type Row = BTreeMap<String, String>;

struct Base {
    _folder: TempDir,
    pipeline: PathBuf,
    out: PathBuf,
}

impl Base {
    /// A pipeline of the repository with links to where its data lie, without expectations of a whole run.
    fn new(name: &str, links: &[(&str, &Path)], more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(repository.join(format!("pipelines/{name}.toml"))).unwrap();
        let (text, _) = text.split_once("\n[[expect]]").unwrap();
        let pipeline = folder.path().join(format!("pipelines/{name}.toml"));
        fs::create_dir(folder.path().join("pipelines")).unwrap();
        fs::write(&pipeline, format!("{text}{more}")).unwrap();
        for (link, target) in links {
            std::os::unix::fs::symlink(fs::canonicalize(target).unwrap(), folder.path().join(link)).unwrap();
        }
        let out = folder.path().join(format!("out/{name}"));
        Self { _folder: folder, pipeline, out }
    }

    fn publish(&self, flags: &[&str]) -> Published {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
        let outcome = Outcome::of(command.arg("run").arg(&self.pipeline).args(flags));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        Published::read(&self.out).unwrap()
    }
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {row:?}"))
}

/// Area under the ROC curve: of all pairs of one who lapsed and one who did not, those in which the former scores higher.
fn area(scored: &[(f64, bool)]) -> f64 {
    let (lapsed, stayed): (Vec<_>, Vec<_>) = scored.iter().partition(|(_, has_lapsed)| *has_lapsed);
    let mut won = 0.0;
    for (of_lapsed, _) in &lapsed {
        for (of_stayed, _) in &stayed {
            won += if of_lapsed > of_stayed {
                1.0
            } else if of_lapsed < of_stayed {
                0.0
            } else {
                0.5
            };
        }
    }
    won / (lapsed.len() * stayed.len()) as f64
}

/// What is lost with the first tenth of these, by the score.
fn lost_in_first_tenth(rows: &[(f64, f64)]) -> f64 {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows[..rows.len().div_ceil(10)].iter().map(|row| row.1).sum()
}

/// Area and lift of the list of a run as of `then`, by what a run of the whole history says followed; both are held
/// against what the latter says of itself. The area is at most 0.01 below that of any published predictor.
#[track_caller]
fn measured(base: &Base, then: &str) -> [f64; 2] {
    let now = base.publish(&[]);
    let predictors = now.rows("early_warning_predictor");
    assert!(predictors.iter().all(|row| row["warned_date"] == then), "{predictors:?}");
    let mut came: BTreeSet<String> = BTreeSet::new();
    for row in now.rows("lifecycle") {
        if row["last_purchase_date"].as_str() >= then {
            came.insert(row["customer_id"].clone());
        }
    }
    let list = base.publish(&["--as-of", then]).rows("early_warning");
    let values = base.publish(&["--as-of", then, "--republish"]).rows("customer_value");
    let expected: BTreeMap<&str, f64> = values
        .iter()
        .map(|row| (row["customer_id"].as_str(), number(row, "expected_purchases_90_days")))
        .collect();
    let has_lapsed = |row: &Row| !came.contains(&row["customer_id"]);
    let scored = |score: &dyn Fn(&Row) -> f64| -> Vec<(f64, bool)> {
        list.iter().map(|row| (score(row), has_lapsed(row))).collect()
    };
    let found = area(&scored(&|row| number(row, "no_purchase_probability")));
    let by_expected = area(&scored(&|row| -expected[row["customer_id"].as_str()]));
    let best = predictors.iter().map(|row| number(row, "auc")).fold(by_expected, f64::max);
    assert!(found > best - 0.01, "{found}, {best} by another: {predictors:?}");
    let lost = |row: &Row| if has_lapsed(row) { number(row, "contribution_at_stake").max(0.0) } else { 0.0 };
    let first_tenth = |column: &str| {
        lost_in_first_tenth(&list.iter().map(|row| (number(row, column), lost(row))).collect::<Vec<_>>())
    };
    let lift = first_tenth("expected_loss") / first_tenth("contribution_at_stake");
    let chosen = predictors.iter().find(|row| row["is_chosen"] == "true").unwrap();
    // The run's own measure takes the parameters of the whole history, and counts by steps.
    assert!((number(chosen, "auc") - found).abs() < 0.01, "{found}: {chosen:?}");
    assert!((number(chosen, "lift") - lift).abs() < 0.1, "{lift}: {chosen:?}");
    [found, lift]
}

#[test]
fn the_sample() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let base = Base::new("retail", &[("sample_data", &sample)], "");
    let [area, lift] = measured(&base, "2024-10-03");
    assert!(area > 0.76 && lift > 1.1, "{area}, {lift}");
}

/// Signs alone told nothing: 0.49.
#[test]
fn cdnow() {
    let Some(data) = std::env::var_os("ABACUS_DATA") else { return };
    let base = Base::new("cdnow", &[("data", Path::new(&data))], "\n[lifecycle]\n");
    let text = fs::read_to_string(&base.pipeline).unwrap();
    fs::write(&base.pipeline, text.replace("\"39 weeks\"", "\"90 days\"")).unwrap();
    let [area, lift] = measured(&base, "1998-04-02");
    assert!(area > 0.71 && lift > 1.25, "{area}, {lift}");
}
