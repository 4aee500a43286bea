//! What a run finds around it: the folder it is started in, the umask, links and folders in its way, data that speaks to
//! the terminal.

use super::support::{Line, Outcome, Pipeline, replace, table, write};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Int64Array, StringArray};
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
fn the_folder_of_the_pipeline_is_no_pattern() {
    let pipeline = with_ledger();
    let root = pipeline.file().parent().unwrap().parent().unwrap().to_owned();
    let folder = root.join("a[1]{b,c}*?");
    fs::create_dir(&folder).unwrap();
    ["pipelines", "data"].iter().for_each(|name| fs::rename(root.join(name), folder.join(name)).unwrap());
    for file in [folder.join("pipelines/history.toml"), "pipelines/history.toml".into()] {
        from(&folder, &["run"], &file, &[]).succeeds(&[]);
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

#[test]
fn digests_that_were_handed_over_are_held_against_the_files() {
    let pipeline = with_ledger().and("\n[run]\ndigests = \"../data/B3SUMS\"\n");
    let digest = |name: &str| blake3::hash(&fs::read(pipeline.data(name)).unwrap()).to_string();
    let list = |lines: &[(&str, String)]| {
        let lines = lines.iter().map(|(name, digest)| format!("{digest}  {name}\n"));
        fs::write(pipeline.data("B3SUMS"), lines.collect::<String>()).unwrap();
    };
    let (lines, ledger) = (digest("lines/a.parquet"), digest("ledger.csv"));
    list(&[("lines/a.parquet", lines.clone()), ("ledger.csv", ledger.clone())]);
    pipeline.publish(&[]);
    for (wrong, lines, ledger) in
        [("lines/a.parquet", ledger.clone(), ledger.clone()), ("ledger.csv", lines.clone(), lines.clone())]
    {
        list(&[("lines/a.parquet", lines), ("ledger.csv", ledger)]);
        pipeline.abacus(&["run"]).fails(4, &[wrong, "its bytes have the digest", "B3SUMS says"]);
        pipeline.abacus(&["check"]).fails(4, &[wrong]);
    }
    list(&[("lines/a.parquet", lines.clone()), ("lines/b.parquet", lines)]);
    pipeline.abacus(&["run"]).fails(4, &["B3SUMS:2: ", "b.parquet", "take it out of the list"]);
    fs::write(pipeline.data("B3SUMS"), "d41d8cd9  lines/a.parquet\n").unwrap();
    pipeline.abacus(&["run"]).fails(4, &["B3SUMS:1: expected a BLAKE3 digest of 64 hexadecimal digits"]);
}

#[test]
fn bytes_that_changed_behind_size_and_time_are_said() {
    let pipeline = with_ledger();
    pipeline.publish(&["--verify-inputs"]);
    let ledger = fs::read_to_string(pipeline.data("ledger.csv")).unwrap();
    let path = pipeline.data("lines/a.parquet");
    let before = fs::metadata(&path).unwrap();
    let mut lines = ten_customers();
    lines.iter_mut().for_each(|line| line.quantity = 3);
    write(&path, table(&lines));
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(file.metadata().unwrap().len(), before.len());
    let said =
        "lines/a.parquet: its bytes changed since the last release, and its size and time of change did not";
    pipeline.abacus(&["run", "--verify-inputs"]).succeeds(&[said]);

    let path = pipeline.data("ledger.csv");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, ledger.replace("500.00", "600.00")).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    pipeline.abacus(&["run"]).succeeds(&["ledger.csv: its bytes changed since the last release"]);
}

#[test]
fn a_limit_of_file_sizes_is_a_resource_and_no_signal() {
    let pipeline = sound();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 1; exec \"$0\" run \"$1\"", env!("CARGO_BIN_EXE_abacus")]);
    command.arg(pipeline.file()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Outcome::of(&mut command).fails(8, &["File too large"]);
    nothing_is_published(&pipeline);
}

#[test]
fn a_key_of_more_than_64_kib_is_quarantined() {
    let lines = ten_customers();
    let long = "k".repeat(70_000);
    let key = |line: &Line| line.customer.map(|key| if key == 3 { long.clone() } else { format!("k{key}") });
    let keys: StringArray = lines.iter().map(key).collect();
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/a.parquet"), replace(table(&lines), "customer_id", Arc::new(keys)));
    let published = pipeline.publish(&[]);
    assert_eq!((published.rows("customer").len(), published.counts()[2]), (9, 2));
    assert_eq!(
        published.rows("quarantine")[0]["reason"],
        "customer is a text of 70000 bytes, expected at most 65536"
    );
}

#[test]
fn a_customers_source_that_memory_cannot_hold_is_refused_before_it_is_read() {
    let pipeline =
        sound().and("\n[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"key\"\n");
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![7; 4_000_000]));
    write(&pipeline.data("customers.parquet"), vec![("key", keys)]);
    let said = "the customers source has 4000000 rows, which take 76 MiB at least, and 64 MiB are allowed";
    pipeline.abacus(&["run", "--memory", "64MiB"]).fails(8, &[said]);
}
