//! `abacus facts`: the facts as SQL of another engine, printed or as a request for a job.

use super::{PipelineArg, pretty};
use crate::error::Result;
use crate::facts::{Engine, script, write_request};
use crate::stages::{RunOptions, request};
use crate::units::Day;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct FactsArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// Whose SQL to print.
    #[arg(long, value_enum, value_name = "ENGINE")]
    sql: Engine,
    /// Leave out rows on this day or later (YYYY-MM-DD).
    #[arg(long, env = "ABACUS_AS_OF", value_name = "DAY")]
    as_of: Option<Day>,
    /// Write the request into this new folder instead: request.json with files, settings and statements, and job.py, which
    /// makes the facts there (`spark-submit FOLDER/job.py`) and hands them over as Parquet to `abacus run --facts FOLDER`. It
    /// asks for what a run would make now: a night that brings one month asks for that month. The folder may lie in an object
    /// store (s3://…, az://…, abfss://…, gs://…): `spark-submit FOLDER/job.py FOLDER`.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Ask for every period, those that are kept too.
    #[arg(long, requires = "to")]
    full: bool,
}

pub(super) fn facts(args: &FactsArgs, json: bool) -> Result<String> {
    let Some(folder) = &args.to else {
        let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
        let script = script(&definition, args.sql, args.as_of)?;
        return Ok(if json { pretty(&script.json()) } else { script.to_string() });
    };
    let options = RunOptions { as_of: args.as_of, full: args.full, ..RunOptions::default() };
    let script = request(&args.pipeline.pipeline, args.sql, &options)?;
    let pipeline = args.pipeline.pipeline.display();
    if script.asks_for_nothing() {
        if json {
            return Ok(pretty(&serde_json::json!({ "request": null, "job": null })));
        }
        return Ok(format!(
            "every period is kept as its inputs are: there is nothing to ask for, and nothing was written; abacus run {pipeline} \
             needs no facts from elsewhere, and --full asks for all periods again\n"
        ));
    }
    write_request(&script, folder)?;
    if json {
        return Ok(pretty(
            &serde_json::json!({ "request": folder.join("request.json"), "job": folder.join("job.py") }),
        ));
    }
    let command = if args.sql == Engine::Spark { "spark-submit" } else { "python" };
    // What Spark runs from a store is a copy on its own machine, which does not know where it came from.
    let folder = folder.display().to_string();
    // A slash at its end is no part of a folder's name.
    let folder = folder.trim_end_matches('/');
    let job = format!("{folder}/job.py");
    let argument = if folder.contains("://") { format!(" {folder}") } else { String::new() };
    Ok(format!(
        "{folder}/request.json and {job}; run it with {command} {job}{argument}, then abacus run {pipeline} --facts {folder}\n"
    ))
}
