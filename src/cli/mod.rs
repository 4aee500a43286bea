//! Flags to calls, events to progress bars. Nobody imports this room.
//!
//! stdout carries results, stderr progress and messages.

mod budget;
mod check;
mod completions;
mod dbt_sources;
mod describe;
mod diff;
mod excerpt;
mod explain;
mod facts;
mod heartbeat;
mod init;
mod lineage_file;
mod output;
mod plan;
mod progress;
mod releases;
mod report;
mod run;
mod run_files;
mod schema;
mod summary;
mod synth;
mod tmdl;
mod whatif;

use crate::error::{Error, Kind, Result};
use crate::pipeline::sql::STACK_BYTES;
use crate::terminal::{escaped_json, escaped_lines};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

/// What each customer is worth, and why: activity-based costing over Parquet histories, exact to the cent.
#[derive(Debug, Parser)]
#[command(name = "abacus", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Worker threads; default: one per core, at most four per core or 16. Results do not depend on it.
    #[arg(long, global = true, env = "ABACUS_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// How results are printed on stdout.
    #[arg(long, global = true, env = "ABACUS_FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How progress is shown on stderr: bars on a terminal and lines elsewhere, or JSON lines.
    #[arg(long, global = true, env = "ABACUS_LOG", value_enum, default_value_t = Log::Text)]
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

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draft a pipeline file from your own order lines, or write a history to try with.
    Init(init::InitArgs),
    /// Compute a pipeline and publish a release.
    Run(run::RunArgs),
    /// Check a pipeline file, its sources' columns and types; writes nothing.
    Check(PipelineArg),
    /// Say what a run would read and why; writes nothing.
    Plan(plan::PlanArgs),
    /// Print the facts of a pipeline as SQL of DuckDB or Spark, one view per grain; writes nothing.
    Facts(facts::FactsArgs),
    /// Say where money comes from and where it goes: of a customer, product group, activity or resource.
    Explain(explain::ExplainArgs),
    /// Cost the kept facts by a scenario of the pipeline file, and tell the difference; publishes nothing.
    Whatif(whatif::WhatIfArgs),
    /// Say what a plan needs: activity volumes, minutes, capacity and money.
    Budget(budget::BudgetArgs),
    /// Write a release as one HTML page: pictures, a sentence on each, and the numbers behind them.
    Report(report::ReportArgs),
    /// List, verify and roll back releases.
    Releases(releases::ReleasesArgs),
    /// Say what published tables and their columns mean, and where to look first.
    Describe(describe::DescribeArgs),
    /// Print the JSON Schema of pipeline files, or the columns of published tables.
    Schema(schema::SchemaArgs),
    /// Write a synthetic history.
    Synth(synth::SynthArgs),
    /// Print a script that completes commands and flags in a shell.
    Completions(completions::CompletionsArgs),
    /// Write a man page for every command into a folder.
    Man(completions::ManArgs),
}

/// The pipeline file every command on a pipeline takes.
#[derive(Debug, Clone, Args)]
struct PipelineArg {
    /// Pipeline file, for example pipelines/retail.toml.
    pipeline: PathBuf,
}

/// Runs the command line; the whole of the binary.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return misused(&usage),
    };
    match contained(|| on_large_stack(|| dispatch(&cli))) {
        Ok(output) => {
            let is_json = cli.format == Format::Json;
            print(&if is_json { escaped_json(&output) } else { escaped_lines(&output) });
            ExitCode::SUCCESS
        }
        Err(error) => {
            progress::tell_error(cli.log == Log::Json, &error);
            if cli.format == Format::Json {
                print(&escaped_json(&pretty(&error_json(&error))));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// Ends the process where the system gives no more memory. Nothing here asks for any; what a run has staged is removed by
/// the next.
pub fn out_of_memory(bytes: usize) -> ! {
    let mut stderr = std::io::stderr();
    // Nothing is left to do when stderr is gone.
    let _ = writeln!(
        stderr,
        "error: out of memory: {bytes} bytes were asked for; allow more, or say a smaller --memory; the last release is \
         untouched"
    );
    std::process::exit(Kind::Resource.exit_code().into())
}

/// A closed pipe (`abacus … | head`) is no fault.
fn print(output: &str) {
    let _ = std::io::stdout().write_all(output.as_bytes());
}

/// A broken assertion ends with the exit code of a fault of ours, reported where programs look for it. The hook has said
/// where on stderr.
fn contained(work: impl FnOnce() -> Result<String>) -> Result<String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        Err(Error::internal(format!("a fault of abacus, not of the data: {text}; please report it")))
    })
}

/// Help and versions, which clap prints, and command lines it does not take.
fn misused(usage: &clap::Error) -> ExitCode {
    // Nothing is left to do when the terminal is gone.
    let _ = usage.print();
    let words: Vec<String> = std::env::args().collect();
    let wants_json = std::env::var("ABACUS_FORMAT").is_ok_and(|format| format == "json")
        || words.iter().any(|word| word == "--format=json")
        || words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if usage.use_stderr() && wants_json {
        let text = usage.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        print(&pretty(&error_json(&Error::definition(text))));
    }
    ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
}

/// A failed command as its JSON result.
fn error_json(error: &Error) -> serde_json::Value {
    serde_json::json!({
        "error": {
            "kind": error.kind_name(),
            "exit_code": error.exit_code(),
            "messages": error.messages,
        }
    })
}

/// Works in a thread whose stack bears the longest expressions; a panic goes on in the calling thread.
fn on_large_stack(work: impl FnOnce() -> Result<String> + Send) -> Result<String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("main".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, work).map_err(|fault| cannot_start(&fault))?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// More threads than this wait for cores, and each takes a stack and buffers of its own.
fn most_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_mul(4).max(16)
}

fn cannot_start(fault: &dyn std::fmt::Display) -> Error {
    let way_out = "allow more memory or processes (ulimit -v, -u), or say --threads 1";
    Error::new(Kind::Resource, format!("cannot start threads: {fault}; {way_out}"))
}

fn dispatch(cli: &Cli) -> Result<String> {
    let threads = cli.threads.map_or(0, usize::from).min(most_threads()); // 0: as many as there are cores
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES);
    pool.build_global().map_err(|fault| cannot_start(&fault))?;
    let json = cli.format == Format::Json;
    let log_json = cli.log == Log::Json;
    let events = progress::observer(log_json);
    match &cli.command {
        Command::Init(args) => init::init(args, events.as_ref()),
        Command::Run(args) => run::run(args, events, json, log_json),
        Command::Check(args) => check::check(&args.pipeline, json, log_json),
        Command::Plan(args) => plan::plan(args, json, log_json),
        Command::Facts(args) => facts::facts(args, json),
        Command::Explain(args) => explain::explain(args, json),
        Command::Whatif(args) => whatif::whatif(args, json),
        Command::Budget(args) => budget::budget(args, json),
        Command::Report(args) => report::report(args, json),
        Command::Releases(args) => releases::releases(args, json, log_json),
        Command::Describe(args) => describe::describe(args, json),
        Command::Schema(args) => schema::schema(args),
        Command::Completions(args) => Ok(completions::completions(args, &mut Cli::command())),
        Command::Man(args) => completions::man(args, Cli::command()),
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
