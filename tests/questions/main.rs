//! Questions to a release: answers close in both directions, agree with what was published, and need no transaction.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod budget;
mod change;
mod explain;
mod full_lines;
mod kinds;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;
mod tours;
mod whatif;

use abacus::pipeline::{Change, Definition, ScenarioDef};
use abacus::questions;
use abacus::recall::{MasterData, Recalled, recall};
use abacus::units::{Day, Decimal, Period};
use std::collections::BTreeMap;
use std::path::Path;
use support::{Outcome, Pipeline, lines, table, write};
use tempfile::TempDir;

/// A small history with a release: 60 customers, two months, returns and lines without customer.
fn history() -> Pipeline {
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/a.parquet"), table(&lines(5, 900, 60)));
    pipeline
}

/// A published pipeline, recalled.
struct Release {
    definition: Definition,
    recalled: Recalled,
}

impl Release {
    fn of(path: &Path) -> Self {
        let definition = abacus::pipeline::read(path).unwrap();
        let recalled = recall(&definition, MasterData::Read).unwrap();
        Self { definition, recalled }
    }

    fn ask(&self) -> questions::Recalled<'_> {
        questions::Recalled::of(&self.recalled, &self.definition)
    }

    fn periods(&self) -> Vec<Period> {
        self.recalled.facts().periods.iter().map(|period| period.period).collect()
    }

    /// Keys of all customers with facts, and of the rows without customer.
    fn customers(&self) -> Vec<String> {
        let customers = &self.recalled.facts().customers;
        let known =
            (0..u32::try_from(customers.len()).unwrap()).filter(|rank| !customers.is_unidentified(*rank));
        let key = |rank| {
            let ids = customers.ids([rank]);
            arrow::util::display::array_value_to_string(&ids, 0).unwrap()
        };
        let unidentified = customers.has_unidentified.then(|| "unidentified".to_string());
        known.map(key).chain(unidentified).collect()
    }
}

/// The pipeline of the retail sample, published into a folder of its own.
fn retail() -> (TempDir, Release) {
    shipped("retail")
}

/// A pipeline of the sample data, published into a folder of its own.
fn shipped(name: &str) -> (TempDir, Release) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let file = format!("pipelines/{name}.toml");
    let text = std::fs::read_to_string(root.join(&file)).unwrap();
    let text = text.replace("../sample_data", root.join("sample_data").to_str().unwrap());
    let path = folder.path().join(&file);
    std::fs::create_dir(folder.path().join("pipelines")).unwrap();
    std::fs::write(&path, text).unwrap();
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_abacus"));
    let outcome = Outcome::of(run.arg("run").arg(&path));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let release = Release::of(&path);
    (folder, release)
}

fn scenario(changes: Vec<Change>) -> ScenarioDef {
    ScenarioDef {
        is_published: false,
        name: "changed".into(),
        about: None,
        changes,
        fees: vec![],
        price_changes: vec![],
        drop: None,
        planned: BTreeMap::new(),
        growth: Decimal::ONE,
        at: Default::default(),
    }
}

fn month(day: &str) -> Period {
    Period::containing(abacus::units::PeriodKind::Month, day.parse::<Day>().unwrap())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
