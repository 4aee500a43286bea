//! How long it takes to apply many activities to facts: the costs of every customer by every activity it uses.

use abacus::run::Events;
use abacus::stages::{self, RunOptions};
use abacus::synth::{SynthOptions, generate};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ACTIVITIES: [usize; 4] = [50, 100, 200, 400];

/// What drives the activities in turn: what every customer uses, what some do, and what few do.
const DRIVERS: [&str; 4] = [
    "count(*)",
    "count(distinct order) filter (where channel = 'web')",
    "count(distinct order) filter (where channel = 'phone')",
    "count(*) filter (where quantity < 0)",
];

/// A row of the table per number of activities, over a history of `ABACUS_BENCH_LINES` order lines.
pub(super) fn table() -> Result<String> {
    let scratch = tempfile::tempdir()?;
    let history = scratch.path().join("history");
    let lines = match std::env::var("ABACUS_BENCH_LINES") {
        Ok(text) => text.replace('_', "").parse()?,
        Err(_) => 1_000_000,
    };
    let customers = u32::try_from((lines / 20).max(1))?;
    generate(&history, &SynthOptions { lines, customers, ..SynthOptions::default() }, &|_, _| {})?;
    let mut table = format!("\n{lines} order lines of {customers} customers\n\n");
    writeln!(
        table,
        "{:<12}{:>16}{:>12}{:>14}{:>12}",
        "activities", "rows written", "seconds", "rows/s", "peak MiB"
    )?;
    for activities in ACTIVITIES {
        let pipeline = write_pipeline(scratch.path(), &history, activities)?;
        let outcome = stages::publish(&pipeline, RunOptions::default(), Arc::new(Silent))?;
        let report = outcome.made().ok_or("the first run has something to do")?;
        let seconds = report.timings.iter().filter(|timing| timing.stage == "profitability");
        let seconds: f64 = seconds.map(|timing| timing.seconds).sum();
        let release = report.release.as_ref().ok_or("a run commits a release")?;
        let long =
            release.tables.get("customer_activity").ok_or("past 40 activities there is a long table")?;
        let rows: u64 = long.files.iter().map(|file| file.rows).sum();
        let peak = report.peak_memory_bytes.unwrap_or(0) >> 20;
        writeln!(
            table,
            "{activities:<12}{rows:>16}{seconds:>12.3}{:>14.0}{peak:>12}",
            rows as f64 / seconds
        )?;
        std::fs::remove_dir_all(scratch.path().join("out"))?;
    }
    Ok(table)
}

fn write_pipeline(scratch: &Path, history: &Path, activities: usize) -> Result<PathBuf> {
    let mut text = format!(
        "[facts]\nperiod = \"month\"\ncurrency = \"EUR\"\n[facts.transactions]\n\
         files = \"{history}/transactions/*.parquet\"\nwhere = \"status <> 'test'\"\ncustomer = \"customer_id\"\n\
         order = \"order_id\"\nat = \"ordered_at\"\nquantity = \"quantity\"\n\
         revenue = \"quantity * unit_price\"\ncost = \"quantity * unit_cost\"\n\
         [publish]\npath = \"{out}\"\n",
        history = history.display(),
        out = scratch.join("out").display(),
    );
    for index in 0..activities {
        let driver = DRIVERS[index % DRIVERS.len()];
        write!(
            text,
            "[[costing.resource]]\nname = \"pool {index}\"\namount = {}\n\
             [[costing.activity]]\nname = \"activity {index}\"\nfrom = {{ \"pool {index}\" = 1 }}\n\
             driver = \"{} * {driver}\"\n",
            1_000 + index,
            1 + index / DRIVERS.len(),
        )?;
    }
    let path = scratch.join(format!("activities_{activities}.toml"));
    std::fs::write(&path, text)?;
    Ok(path)
}

struct Silent;

impl Events for Silent {
    fn stage_started(&self, _: &str, _: &str, _: Option<f64>) {}
    fn progress(&self, _: u64, _: u64) {}
    fn stage_finished(&self, _: &str, _: f64, _: &str) {}
}
