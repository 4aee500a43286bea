//! The kernel and its floor: how long facts and the whole job take, beside what no program can do without, which is
//! decoding the needed columns and encoding the same outputs with the same encodings.
//!
//! `cargo bench --bench kernel [-- --floor-json FILE]`; benches/README.md says how to run it and to read the table.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to the person at the terminal")]

mod floor;

use abacus::error::{Error, Kind};
use abacus::facts::{FactSet, GatherOptions, gather};
use abacus::pipeline::{self, Definition};
use abacus::publish::Release;
use abacus::run::Events;
use abacus::stages::{self, RunOptions};
use abacus::synth::{SynthOptions, generate};
use floor::{Input, decode, encode, open_inputs, rows_below};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// The allocator of the binary, or the times would not be the binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROUNDS: usize = 5;

/// Order lines per customer of the history that is made.
const LINES_PER_CUSTOMER: u64 = 20;

/// The pipeline whose job is measured; its capacities fit a history of the default size.
const PIPELINE: &str = include_str!("../../pipelines/retail.toml");

fn main() -> ExitCode {
    match bench() {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("kernel: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<String> {
    let floor_json = floor_json_of(std::env::args().skip(1))?;
    let scratch = tempfile::tempdir()?;
    let history = history(scratch.path())?;
    let lines = rows_below(&history.join("transactions"))?;
    let pipeline = write_pipeline(scratch.path(), &history, lines)?;
    let definition = pipeline::read(&pipeline)?;
    let inputs = open_inputs(&definition)?;
    let round = |_| Round::measure(&definition, &inputs, scratch.path());
    let rounds = (0..ROUNDS).map(round).collect::<Result<Vec<Round>>>()?;
    let median = Round::median(&rounds);
    if let Some(path) = floor_json {
        let floor = serde_json::json!({ "decode_seconds": median.decode, "encode_seconds": median.encode });
        std::fs::write(path, format!("{floor}\n"))?;
    }
    Ok(median.table(lines, inputs.iter().map(Input::rows).sum()))
}

/// The file after `--floor-json`; cargo adds a `--bench` of its own.
fn floor_json_of(mut given: impl Iterator<Item = String>) -> Result<Option<PathBuf>> {
    let mut path = None;
    while let Some(flag) = given.next() {
        match flag.as_str() {
            "--bench" => {}
            "--floor-json" => path = Some(given.next().ok_or("--floor-json: expected a file")?.into()),
            other => return Err(format!("unknown flag '{other}'; there is --floor-json FILE").into()),
        }
    }
    Ok(path)
}

/// The folder named by `ABACUS_BENCH_HISTORY`, else a history of `ABACUS_BENCH_LINES` order lines.
fn history(scratch: &Path) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("ABACUS_BENCH_HISTORY") {
        return Ok(std::path::absolute(given)?);
    }
    let lines = match std::env::var("ABACUS_BENCH_LINES") {
        Ok(text) => text.replace('_', "").parse().map_err(|fault| {
            format!("ABACUS_BENCH_LINES: found '{text}', expected a number of order lines: {fault}")
        })?,
        Err(_) => 2_000_000,
    };
    let customers = u32::try_from((lines / LINES_PER_CUSTOMER).max(1))?;
    let out = scratch.join("history");
    generate(&out, &SynthOptions { lines, customers, ..SynthOptions::default() }, &|_, _| {})?;
    Ok(out)
}

/// The retail pipeline over this history, up to profitability: with capacities that grow with the lines, and without
/// the stages after it, which have benches of their own, and expectations, which speak of the sample history.
fn write_pipeline(scratch: &Path, history: &Path, lines: u64) -> Result<PathBuf> {
    let text = PIPELINE.split("[lifecycle]").next().expect("a text has a first part");
    let text = format!("{text}\n[publish]\npath = \"../out/retail\"\n");
    let sized_for = SynthOptions::default().lines;
    let mut scaled = String::new();
    for line in text.lines() {
        match line.split_once("practical_minutes = ") {
            Some((head, tail)) => {
                let (minutes, tail) = tail.split_once(' ').expect("a capacity is a table in one line");
                let minutes: u64 = minutes.replace('_', "").parse()?;
                let minutes = (minutes * lines).div_ceil(sized_for);
                writeln!(scaled, "{head}practical_minutes = {minutes} {tail}")?;
            }
            None => writeln!(scaled, "{line}")?,
        }
    }
    let quoted = |path: &Path| format!("\"{}", path.display());
    let replaced = scaled
        .replace("\"../sample_data/retail", &quoted(history))
        .replace("\"../out/retail", &quoted(&scratch.join("out")));
    assert!(!replaced.contains("\"../"), "every path of the pipeline is replaced");
    let path = scratch.join("retail.toml");
    std::fs::write(&path, replaced)?;
    Ok(path)
}

/// Seconds of each step, which take turns so that a busy minute of the machine meets them all.
struct Round {
    decode: f64,
    facts: f64,
    job: f64,
    encode: f64,
    published: u64,
}

impl Round {
    fn measure(definition: &Definition, inputs: &[Input], scratch: &Path) -> Result<Self> {
        let (decode, _) = timed(|| decode(inputs))?;
        let (state, copy) = (scratch.join("state"), scratch.join("copy"));
        let (facts, gathered) = timed(|| gather_all(definition, &state))?;
        drop(gathered);
        let (job, release) = timed(|| publish(definition))?;
        let (encode, published) = encode(definition, release, &copy)?;
        for folder in [&state, &copy, &definition.publish.path] {
            std::fs::remove_dir_all(folder)?;
        }
        Ok(Self { decode, facts, job, encode, published })
    }

    /// Step by step.
    fn median(rounds: &[Self]) -> Self {
        let of = |step: fn(&Self) -> f64| {
            let mut seconds: Vec<f64> = rounds.iter().map(step).collect();
            seconds.sort_unstable_by(f64::total_cmp);
            seconds[seconds.len() / 2]
        };
        Self {
            decode: of(|round| round.decode),
            facts: of(|round| round.facts),
            job: of(|round| round.job),
            encode: of(|round| round.encode),
            published: rounds[0].published,
        }
    }

    fn table(&self, lines: u64, read: u64) -> String {
        let threads = rayon::current_num_threads();
        let floor = self.decode + self.encode;
        let mut text = format!(
            "{lines} order lines, {threads} threads, medians of {ROUNDS} rounds, each from nothing\n\n"
        );
        text += &format!("{:<28}{:>10}{:>14}{:>14}\n", "step", "seconds", "rows", "rows/s");
        for (step, seconds, rows) in [
            ("decode the needed columns", self.decode, read),
            ("facts, both grains", self.facts, read),
            ("whole job", self.job, read),
            ("encode the same outputs", self.encode, self.published),
        ] {
            let rate = rows as f64 / seconds;
            text += &format!("{step:<28}{seconds:>10.3}{rows:>14}{rate:>14.0}\n");
        }
        text += &format!("{:<28}{floor:>10.3}\n", "floor: decode + encode");
        text += &format!("{:<28}{:>10.2}\n", "facts / decode", self.facts / self.decode);
        text += &format!("{:<28}{:>10.2}\n", "whole job / floor", self.job / floor);
        text
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let start = Instant::now();
    let made = work()?;
    Ok((start.elapsed().as_secs_f64(), made))
}

fn gather_all(definition: &Definition, folder: &Path) -> Result<FactSet> {
    let options = GatherOptions {
        folder: folder.to_owned(),
        as_of: None,
        full: true,
        again: None,
        verify_inputs: false,
        handover: None,
        previous: None,
        memory: abacus::memory::Memory::of_machine(folder),
        progress: &|_, _| {},
        opened: &|_, _| Ok(()),
    };
    Ok(gather(definition, &options)?)
}

fn publish(definition: &Definition) -> Result<Release> {
    let report = stages::publish(&definition.path, RunOptions::default(), Arc::new(Silent))?;
    let unpublished = || Error::new(Kind::Internal, "the run published nothing");
    Ok(report.made().and_then(|report| report.release).ok_or_else(unpublished)?)
}

/// Nobody watches a bench.
struct Silent;

impl Events for Silent {
    fn stage_started(&self, _: &str, _: &str, _: Option<f64>) {}
    fn progress(&self, _: u64, _: u64) {}
    fn stage_finished(&self, _: &str, _: f64, _: &str) {}
}
