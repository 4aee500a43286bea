//! Scores of the two real histories against DuckDB. Needs ABACUS_DATA and the peers' virtual environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The data folder and python, or a word that the test is skipped.
fn tools() -> Option<(PathBuf, PathBuf)> {
    let data = std::env::var_os("ABACUS_DATA").map(PathBuf::from);
    let given = std::env::var_os("ABACUS_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| Path::new(ROOT).join("benches/peers/.venv/bin/python"));
    if let (Some(data), true) = (data, python.exists()) {
        return Some((std::fs::canonicalize(data).unwrap(), python));
    }
    let lacking = "needs ABACUS_DATA and benches/peers/setup.sh";
    // Written past the test harness, which hides what passing tests print.
    writeln!(std::io::stderr(), "skipped: {lacking}").expect("stderr is open");
    None
}

/// Publishes a pipeline of the repository with a section of ours, and lets DuckDB recompute its scores.
fn agrees(name: &str, section: &str) {
    let Some((data, python)) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join(format!("pipelines/{name}.toml"));
    std::fs::create_dir(folder.path().join("pipelines")).unwrap();
    let text = std::fs::read_to_string(Path::new(ROOT).join(format!("pipelines/{name}.toml"))).unwrap();
    std::fs::write(&pipeline, text + section).unwrap();
    std::os::unix::fs::symlink(&data, folder.path().join("data")).unwrap();
    succeed(Command::new(env!("CARGO_BIN_EXE_abacus")).arg("run").arg(&pipeline));
    let script = Path::new(ROOT).join("tests/segments/rfm_oracle.py");
    let method = if section.contains("rank") { "rank" } else { "value" };
    let out = folder.path().join(format!("out/{name}"));
    succeed(Command::new(python).arg(script).args([name, method]).arg(&out).arg(&data));
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn scores_of_cdnow_equal_those_of_duckdb() {
    agrees("cdnow", "\n[segments]\n");
}

#[test]
fn scores_of_online_retail_equal_those_of_duckdb() {
    agrees("online_retail", "\n[segments]\n");
}

#[test]
fn rank_bins_of_online_retail_equal_ntile() {
    agrees("online_retail", "\n[segments.rfm]\nmethod = \"rank\"\n");
}
