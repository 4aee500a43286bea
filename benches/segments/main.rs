//! How long all segment tables take for 10 M customers, and how much memory: customer, customer × product group, state and
//! residual value are drawn and staged, then the stage runs on them as in a run.
//!
//! `cargo bench --bench segments [-- CUSTOMERS]`; aim: 10 M customers below 30 s on 2 cores, within 4 GiB.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to the person at the terminal")]

mod made;

use abacus::memory::Memory;
use abacus::pipeline::FileEncoding;
use abacus::publish::{Home, WriteOptions};
use abacus::segments::{self, Earlier};
use abacus::stages::STAGES;
use abacus::units::Day;
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CUSTOMERS: usize = 10_000_000;

/// A pipeline with treatments over own measures, money and the state of the relationship.
const PIPELINE: &str = r#"
[facts]
period = "month"
currency = "EUR"
[facts.transactions]
files = "none.parquet"
customer = "customer"
order = "order_id"
at = "day"
revenue = "revenue"
[facts.customers]
files = "none.parquet"
customer = "customer"
channel = "channel"
[lifecycle]
[clv]
[segments]
[[segments.treatment]]
name = "most valuable"
when = "customer_profit > 0 and tier in ('vip', 'key')"
[[segments.treatment]]
name = "key"
when = "residual_value > 100.00 and state in ('active', 'new')"
[[segments.treatment]]
name = "no loyalty"
when = "repeat_rate < 0.5 or discount / list_revenue > 0.2"
[[segments.treatment]]
name = "self-serving"
when = "customer_profit <= 0"
"#;

fn main() -> ExitCode {
    // `cargo bench` passes its own flags too.
    let given = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    match bench(given.unwrap_or(CUSTOMERS)) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("segments: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn bench(customers: usize) -> std::result::Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.toml");
    std::fs::write(&file, PIPELINE)?;
    let definition = abacus::pipeline::read(&file)?;
    let home = Home::open(&folder.path().join("out"))?;
    let _lock = home.lock()?;
    let staging =
        home.begin(WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 131_072, delta: false })?;
    let as_of = Day::from_ymd(2025, 1, 1).expect("a day");
    let start = Instant::now();
    let pairs = made::stage(&staging, customers, as_of)?;
    let made_in = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let stage = STAGES.iter().find(|stage| stage.name == "segments").expect("the stage of segments");
    let tables = staging.for_stage(stage, false);
    let memory = Memory::of_machine(folder.path());
    let summary = segments::run(&definition, as_of, tables, &Earlier::default(), &memory)?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = abacus::run::peak_memory_bytes().unwrap_or(0) >> 20;
    Ok(format!(
        "{customers} customers, {pairs} customer × product groups, {} threads; made in {made_in:.1} s\n\
         all segment tables: {seconds:.2} s, {} treated, {} offers, peak memory {peak} MiB\n",
        rayon::current_num_threads(),
        summary.treated,
        summary.offers,
    ))
}
