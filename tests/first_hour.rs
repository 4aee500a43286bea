//! What a newcomer and a scheduler meet first: a drafted pipeline, the data dictionary, results and metrics in files.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::Outcome;
use tempfile::TempDir;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample_data/retail");

fn abacus(folder: &TempDir, words: &[&str]) -> Outcome {
    Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).current_dir(folder.path()).args(words))
}

fn text(folder: &TempDir, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

#[test]
fn a_drafted_pipeline_runs_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("{SAMPLE}/transactions/*.parquet");
    let drafted = abacus(&folder, &["init", &lines]);
    assert_eq!(drafted.code, Some(0), "{drafted:?}");
    assert!(drafted.stdout.contains("abacus run pipeline.toml"), "{drafted:?}");
    assert!(drafted.stdout.contains("  discount       quantity * unit_price * discount\n"), "{drafted:?}");
    let pipeline = text(&folder, "pipeline.toml");
    for line in [
        "#:schema ./abacus.schema.json",
        "customer      = \"customer_id\"",
        "revenue       = \"quantity * unit_price\"",
        "discount      = \"quantity * unit_price * discount\"",
        "cost          = \"quantity * unit_cost\"",
        "# columns that nothing speaks of: campaign_rate, rebate_rate, freight_allowance, channel, status",
    ] {
        assert!(pipeline.lines().any(|found| found.starts_with(line)), "{line} in\n{pipeline}");
    }
    assert!(
        serde_json::from_str::<serde_json::Value>(&text(&folder, "abacus.schema.json")).unwrap().is_object()
    );
    let again = abacus(&folder, &["init", &lines]);
    assert!(again.code == Some(2) && again.stderr.contains("there already"), "{again:?}");
    let run =
        abacus(&folder, &["run", "pipeline.toml", "--result", "result.json", "--metrics", "abacus.prom"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let result: serde_json::Value = serde_json::from_str(&text(&folder, "result.json")).unwrap();
    assert_eq!((&result["pipeline"], &result["unchanged"]), (&"pipeline".into(), &false.into()));
    let metrics = text(&folder, "abacus.prom");
    assert!(metrics.contains("abacus_run_exit_code{pipeline=\"pipeline\"} 0\n"), "{metrics}");
    assert!(
        metrics.contains("abacus_rows{pipeline=\"pipeline\",source=\"transactions\",fate=\"read\"} 60000\n")
    );
    for (words, said) in [
        (&["describe", "pipeline.toml"][..], "where to look first\n  customer "),
        (&["describe", "pipeline.toml", "whale_curve"], "whale_curve: one row per "),
        (&["describe", "pipeline.toml", "--markdown"], "\n## dim_customer\n"),
        (&["describe", "pipeline.toml", "--dbt"], "            external_location: \"read_parquet('/"),
    ] {
        let found = abacus(&folder, words);
        assert!(found.code == Some(0) && found.stdout.contains(said), "{words:?}: {found:?}");
    }
    let unknown = abacus(&folder, &["describe", "pipeline.toml", "whale_curv"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("did you mean 'whale_curve'?"), "{unknown:?}");
    // What fails is said in the same places.
    fs::write(folder.path().join("pipeline.toml"), pipeline.replace("period ", "perio ")).unwrap();
    let failed =
        abacus(&folder, &["run", "pipeline.toml", "--result", "result.json", "--metrics", "abacus.prom"]);
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("\n7 | perio "), "{failed:?}");
    let result: serde_json::Value = serde_json::from_str(&text(&folder, "result.json")).unwrap();
    assert_eq!(result["error"]["exit_code"], 2);
    assert!(text(&folder, "abacus.prom").contains("abacus_run_exit_code{pipeline=\"pipeline\"} 2\n"));
}

#[test]
fn what_no_column_says_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = format!("{SAMPLE}/ledger.parquet");
    let asked = abacus(&folder, &["init", &ledger]);
    assert_eq!(asked.code, Some(2), "{asked:?}");
    let columns = "there are account, account_name, period, amount";
    assert!(
        asked.stderr.contains("say --role customer=COLUMN") && asked.stderr.contains(columns),
        "{asked:?}"
    );
    assert!(!folder.path().join("pipeline.toml").exists());
    let roles = ["customer=account", "order=period", "at=period"].map(|role| ["--role", role]).concat();
    let answered = abacus(&folder, &[&["init", &ledger], &roles[..]].concat());
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let roles = ["customer=nobody", "order=period", "at=period"].map(|role| ["--role", role]).concat();
    let wrong = abacus(&folder, &[&["init", &ledger, "--output", "b.toml"], &roles[..]].concat());
    assert!(wrong.code == Some(2) && wrong.stderr.contains("nobody"), "{wrong:?}");
    assert!(!wrong.stderr.contains("b.toml:"), "a place in a file that is not written: {wrong:?}");
    assert!(!folder.path().join("b.toml").exists());
    let nowhere = abacus(&folder, &["init", "nowhere.parquet", "--output", "c.toml"]);
    assert!(nowhere.code == Some(4) && nowhere.stderr.starts_with("error: 'nowhere.parquet' does not exist"));
}

#[test]
fn the_demo_meets_its_expectations() {
    let folder = tempfile::tempdir().unwrap();
    let made = abacus(&folder, &["init", "--demo", "demo"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    // Every file that a run reads is listed by check and by plan, once however many parts of the pipeline name it.
    for name in ["retail", "group"] {
        let pipeline = format!("{name}.toml");
        let root = env!("CARGO_MANIFEST_DIR");
        let definition = fs::read_to_string(format!("{root}/pipelines/{name}.toml")).unwrap();
        let definition = definition.replace("../sample_data", &format!("{root}/sample_data"));
        fs::write(folder.path().join(&pipeline), &definition).unwrap();
        let patterns = definition
            .split("files")
            .skip(1)
            .filter_map(|text| text.split_once(" = \"")?.1.split('"').next());
        let patterns: BTreeSet<&str> = patterns.filter(|pattern| pattern.contains("/sample_data/")).collect();
        let listed = ["check", "plan"].map(|command| {
            let outcome = abacus(&folder, &["--format", "json", command, &pipeline]);
            let sources = outcome.json()["sources"].as_array().unwrap().clone();
            sources.iter().map(|source| source["source"].to_string()).collect::<BTreeSet<_>>()
        });
        assert_eq!(listed[0], listed[1]);
        assert_eq!(listed[0].len(), patterns.len(), "{listed:?} {patterns:?}");
    }
    let run = abacus(&folder, &["run", "demo/pipelines/retail.toml"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(Path::new(&folder.path().join("demo/out/retail/release.json")).exists());
}

#[test]
fn a_variable_in_a_path_is_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let roles = ["customer=account", "order=period", "at=period"].map(|role| ["--role", role]).concat();
    let ledger = "${HISTORY}/ledger.parquet";
    let words = [&["init", ledger], &roles[..]].concat();
    let unset = abacus(&folder, &words);
    assert!(unset.code == Some(2) && unset.stderr.contains("HISTORY is not set"), "{unset:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
    command.current_dir(folder.path()).args(&words).env("HISTORY", SAMPLE);
    assert_eq!(Outcome::of(&mut command).code, Some(0));
    let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
    command.current_dir(folder.path()).args(["run", "pipeline.toml"]).env("HISTORY", SAMPLE);
    assert_eq!(Outcome::of(&mut command).code, Some(0));
}
