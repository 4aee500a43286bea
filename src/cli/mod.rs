//! Flags to calls, events to progress bars. Nobody imports this room.
//!
//! stdout carries results, stderr progress and messages.

mod budget;
mod check;
mod explain;

mod plan;
mod progress;
mod releases;
mod run;
mod schema;
mod summary;
mod synth;
mod whatif;

use crate::error::{Error, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What each customer is worth, and why: activity-based costing over Parquet histories, exact to the cent.
#[derive(Debug, Parser)]
#[command(name = "abacus", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Worker threads; default: one per core. Results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// How results are printed on stdout.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How progress is told on stderr: bars on a terminal and lines elsewhere, or JSON lines.
    #[arg(long, global = true, value_enum, default_value_t = Log::Text)]
    log: Log,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compute a pipeline and publish a release.
    Run(run::RunArgs),
    /// Check a pipeline file, its sources' columns and types; writes nothing.
    Check(PipelineArg),
    /// Say what a run would read and why; writes nothing.
    Plan(plan::PlanArgs),
    /// Say where money comes from and where it goes: of a customer, product group, activity or resource.
    Explain(explain::ExplainArgs),
    /// Cost the kept facts by a scenario of the pipeline file, and tell the difference; publishes nothing.
    Whatif(whatif::WhatIfArgs),
    /// Say what a plan needs: activity volumes, minutes, capacity and money.
    Budget(budget::BudgetArgs),
    /// List, verify and roll back releases.
    Releases(releases::ReleasesArgs),
    /// Print the JSON Schema of pipeline files, or the columns of published tables.
    Schema(schema::SchemaArgs),
    /// Write a synthetic history.
    Synth(synth::SynthArgs),
}

/// The pipeline file every command on a pipeline takes.
#[derive(Debug, Clone, Args)]
struct PipelineArg {
    /// Pipeline file, for example pipelines/retail.toml.
    pipeline: PathBuf,
}

/// Runs the command line; the whole of the binary.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(output) => {
            // A closed pipe (`abacus … | head`) is no fault.
            let _ = std::io::stdout().write_all(output.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            progress::tell_error(cli.log == Log::Json, &error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(cli: &Cli) -> Result<String> {
    if let Some(threads) = cli.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(|fault| Error::internal(format!("cannot start {threads} threads: {fault}")))?;
    }
    let json = cli.format == Format::Json;
    let events = progress::observer(cli.log == Log::Json);
    match &cli.command {
        Command::Run(args) => run::run(args, events, json),
        Command::Check(args) => check::check(&args.pipeline, json),
        Command::Plan(args) => plan::plan(args, json),
        Command::Explain(args) => explain::explain(args, json),
        Command::Whatif(args) => whatif::whatif(args, json),
        Command::Budget(args) => budget::budget(args, json),
        Command::Releases(args) => releases::releases(args, json),
        Command::Schema(args) => schema::schema(args),
        Command::Synth(args) => synth::synth(args, events.as_ref(), json),
    }
}

/// An answer as the result of a command.
fn answer<A: std::fmt::Display + serde::Serialize>(answer: &A, json: bool) -> Result<String> {
    if !json {
        return Ok(answer.to_string());
    }
    let value = serde_json::to_value(answer).map_err(|fault| Error::internal(fault.to_string()))?;
    Ok(pretty(&value))
}

/// A JSON value as the result of a command.
fn pretty(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a JSON value prints");
    text.push('\n');
    text
}
