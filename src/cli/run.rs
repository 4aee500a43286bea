//! `abacus run`.

use super::run_files::RunFiles;
use super::{PipelineArg, pretty, progress, summary};
use crate::error::{Error, Result};
use crate::memory::MemorySize;
use crate::run::Events;
use crate::stages::{Outcome, RunOptions, publish};
use crate::units::Day;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Choose the models of lifetime value again; else each release keeps those of the one before.
    #[arg(long)]
    reselect: bool,
    /// Resident memory the run may take, such as 512MiB; default: three quarters of the machine's, or of what its control
    /// groups allow. What does not fit is put on disk beside the releases while the run lasts.
    #[arg(long, env = "ABACUS_MEMORY", value_name = "SIZE")]
    memory: Option<MemorySize>,
    /// Take the facts from what the job of a request handed over in this folder, which may lie in an object store (see abacus
    /// facts --to), instead of reading transactions and events.
    #[arg(long, value_name = "FOLDER")]
    facts: Option<PathBuf>,
    /// Make a release even if nothing that it follows from has changed since the current one.
    #[arg(long)]
    republish: bool,
    /// Publish nothing if control totals of periods that were published before change by more than `gate` of [publish]
    /// allows.
    #[arg(long)]
    gate: bool,
    /// Check everything and write nothing a reader sees.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    files: RunFiles,
}

/// Which rows and periods.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// Leave out rows on this day or later (YYYY-MM-DD); default: the day after the last row.
    #[arg(long, env = "ABACUS_AS_OF", value_name = "DAY")]
    as_of: Option<Day>,
    /// Make the periods from this day on again, even where inputs did not change.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// End of the periods to make again (exclusive).
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
    /// Make every period again.
    #[arg(long)]
    full: bool,
    /// Make no other tables than those of these stages, such as clv,segments, of those they take from, and of facts to
    /// profitability. The rest is taken over where it is as it was, and else left out until a run without --only.
    #[arg(long, value_name = "STAGE", value_delimiter = ',', conflicts_with = "full")]
    only: Vec<String>,
    /// Identify input files by all their bytes instead of path, size, time and footer.
    #[arg(long)]
    verify_inputs: bool,
}

impl ScopeArgs {
    pub(super) fn options(&self) -> Result<RunOptions> {
        let again = match (self.from, self.until) {
            (None, None) => None,
            (from, until) => Some((from.unwrap_or(Day::MIN), until.unwrap_or(Day::END))),
        };
        if let Some((from, until)) = again.filter(|(from, until)| from >= until) {
            return Err(Error::definition(format!("--from {from} is not before --until {until}")));
        }
        Ok(RunOptions {
            as_of: self.as_of,
            full: self.full,
            again,
            only: self.only.clone(),
            facts: None,
            verify_inputs: self.verify_inputs,
            reselect: false,
            republish: false,
            gate: false,
            memory: None,
            dry_run: false,
        })
    }
}

pub(super) fn run(args: &RunArgs, events: Arc<dyn Events>, json: bool, log_json: bool) -> Result<String> {
    let options = RunOptions {
        memory: args.memory,
        dry_run: args.dry_run,
        facts: args.facts.clone(),
        reselect: args.reselect,
        republish: args.republish,
        gate: args.gate,
        ..args.scope.options()?
    };
    // What is written for others to see is no reason to stop.
    let warn = |fault: Error| progress::tell_warning(log_json, &fault.to_string());
    let lineage = args.files.start(&args.pipeline.pipeline).unwrap_or_else(|fault| {
        warn(fault);
        None
    });
    let outcome = publish(&args.pipeline.pipeline, options, events);
    let ended = lineage.map_or(Ok(()), |lineage| lineage.end(&outcome));
    [ended, args.files.write(&args.pipeline.pipeline, &outcome)]
        .into_iter()
        .filter_map(Result::err)
        .for_each(warn);
    let outcome = outcome?;
    outcome.warnings().iter().for_each(|warning| progress::tell_warning(log_json, warning));
    Ok(match (&outcome, json) {
        (Outcome::Made(report), false) => summary::text(report),
        (Outcome::Made(report), true) => pretty(&summary::json(report)),
        (Outcome::Unchanged { release, .. }, false) => summary::unchanged(release),
        (Outcome::Unchanged { release, out, warnings }, true) => {
            pretty(&summary::unchanged_json(release, out, warnings))
        }
    })
}
