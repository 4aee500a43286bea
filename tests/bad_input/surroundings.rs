//! What a run finds around it: the folder it is started in, the umask, links and folders in its way, data that speaks to
//! the terminal.

use super::support::{Line, Outcome, Pipeline, replace, table, write};
use super::{sound, ten_customers};
use arrow::array::StringArray;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// A command on the pipeline file as it is named from another folder.
fn from(folder: &Path, words: &[&str], file: &Path, flags: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
    command.current_dir(folder).args(words).arg(file).args(flags);
    Outcome::of(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

fn with_ledger() -> Pipeline {
    let pipeline =
        sound().with("amount = 777.77", "ledger = { files = \"../data/ledger.csv\", account = \"6100\" }");
    fs::write(pipeline.data("ledger.csv"), "account,period,amount\n6100,2024-01-01,500.00\n").unwrap();
    pipeline
}

#[test]
fn inputs_are_the_same_from_any_folder() {
    let pipeline = with_ledger();
    pipeline.publish(&[]);
    let folder = pipeline.file().parent().unwrap().to_owned();
    for (cwd, file) in
        [(folder.as_path(), "history.toml"), (folder.parent().unwrap(), "pipelines/history.toml")]
    {
        let plan = from(cwd, &["plan"], Path::new(file), &["--format", "json"]).json();
        assert_eq!(plan["made"].as_array().unwrap().len(), 0, "{file}: {plan}");
        from(cwd, &["explain"], Path::new(file), &["--customer", "1"]).succeeds(&[]);
    }
}

#[test]
fn kept_state_is_as_readable_as_releases() {
    let pipeline = sound();
    let published = pipeline.publish(&[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let release = pipeline.out().join("releases").join(published.id()).join("manifest.json");
    for entry in fs::read_dir(pipeline.out().join("state/facts")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), mode(&release));
    }
}

/// Steers a terminal, and forges a line.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{202e}\rtools\nerror: all is lost";

#[test]
fn what_comes_from_data_does_not_steer_the_terminal() {
    let lines: Vec<Line> = ten_customers();
    let groups = vec![EVIL; lines.len()];
    let pipeline = Pipeline::new();
    write(
        &pipeline.data("lines/a.parquet"),
        replace(table(&lines), "product_group", Arc::new(StringArray::from(groups))),
    );
    pipeline.publish(&[]);
    let clean = |outcome: &Outcome| {
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        let steers = |character: char| character != '\n' && character.is_control() || character == '\u{202e}';
        assert!(!said.contains(steers) && !said.contains("\nerror: all is lost"), "{outcome:?}");
    };
    let explained = pipeline.abacus(&["explain", "--product", EVIL]);
    assert!(explained.stdout.contains("\\u{1b}]0;owned"), "{explained:?}");
    clean(&explained);
    clean(&pipeline.abacus(&["explain", "--product", EVIL, "--format", "json"]));
    fs::write(pipeline.data("lines/\u{1b}[31mred\n.parquet"), "PAR1").unwrap();
    let refused = pipeline.abacus(&["run"]);
    refused.fails(4, &["\\u{1b}[31mred\\n.parquet"]);
    clean(&refused);
    clean(&pipeline.abacus(&["run", "--log", "json"]));
}

#[test]
fn what_fails_after_the_commit_is_a_warning() {
    let pipeline = sound().and("\n[publish]\nkeep = 1\ngrace_minutes = 0\n");
    let first = pipeline.publish(&[]).id().to_owned();
    for name in ["current", "views.sql"] {
        fs::remove_file(pipeline.out().join(name)).unwrap();
        fs::create_dir_all(pipeline.out().join(name).join("copied")).unwrap();
    }
    let again = pipeline.abacus(&["run", "--republish"]);
    again.succeeds(&["warning: ", "current: is a folder and no link", "views.sql"]);
    let second = pipeline.published();
    assert_ne!(second.id(), first);
    assert_eq!(
        fs::read_dir(pipeline.out().join("releases")).unwrap().count(),
        1,
        "removed under the same lock"
    );
}

#[test]
fn more_threads_than_are_of_use_are_not_started() {
    let pipeline = sound();
    pipeline.publish(&["--threads", "1024"]);
}

#[test]
fn open_files_follow_the_limit() {
    let pipeline = sound();
    for month in 0..100 {
        write(&pipeline.data(&format!("lines/m{month}.parquet")), table(&[Line::new(month, 100 + month, 3)]));
    }
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" run \"$1\"", env!("CARGO_BIN_EXE_abacus")]);
    command.arg(pipeline.file()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Outcome::of(&mut command).succeeds(&[]);
    assert_eq!(pipeline.published().counts()[..2], [120, 120]);
}

#[test]
fn the_smallest_64_bit_integer_is_a_key() {
    let pipeline = Pipeline::new();
    let line = |key: i64, order: i64| Line { customer: Some(key), ..Line::new(1, order, 3) };
    write(
        &pipeline.data("lines/a.parquet"),
        table(&[line(i64::MIN, i64::MIN), line(i64::MAX - 1, 2), line(0, 3)]),
    );
    let keys: Vec<String> =
        pipeline.publish(&[]).rows("customer").iter().map(|row| row["customer_id"].clone()).collect();
    assert_eq!(keys, [i64::MIN, 0, i64::MAX - 1].map(|key| key.to_string()));
    pipeline.abacus(&["explain", "--customer", &i64::MIN.to_string()]).succeeds(&[]);
}
