//! The end of a run: the table `run`, the manifest, and the commit, unless a check stops it.

use super::made::{Made, messages};
use super::report::Report;
use crate::error::{Error, Kind, Result};
use crate::expect::Checked;
use crate::pipeline::Definition;
use crate::publish::Staging;
use crate::report;
use crate::run::{Timing, peak_memory_bytes};
use crate::segments::UsedFile;

/// Publishes the table `run`, keeps the state and commits, unless a check stops it. `earlier_groups` names the releases
/// that segments started from.
///
/// # Errors
/// A missed check of severity `error`; a failed write.
pub(super) fn commit(
    definition: Definition,
    made: Made,
    earlier_groups: Vec<UsedFile>,
    mut timings: Vec<Timing>,
    is_dry: bool,
    memory_budget_bytes: Option<u64>,
    staging: Staging,
) -> Result<Report> {
    let stops: Vec<&Checked> = made.checks.iter().filter(|check| !check.met && check.stops).collect();
    if !stops.is_empty() {
        return Err(Error { kind: Kind::Check, messages: messages(stops.into_iter()) });
    }
    let start = std::time::Instant::now();
    let warnings = made.warnings(&definition);
    let Made { facts, costs, ledgers, profit, lifetime, mistakes, checks, .. } = made;
    let sheet = report::run_table(&definition, &facts, &costs, &profit, &timings);
    staging.put(&sheet.spec, None, sheet.arrays)?;
    let mut manifest =
        report::manifest(&definition, &facts, &costs, &profit, &timings, &checks, &ledgers.files);
    if let Some(lifetime) = &lifetime {
        manifest["clv"] = lifetime.manifest.clone();
    }
    if definition.segments.is_some() {
        manifest["segments"] = serde_json::json!({ "earlier": earlier_groups });
    }
    let sources = facts.accounts();
    let release = if is_dry {
        None
    } else {
        facts.state_paths().iter().try_for_each(|path| staging.keep(path))?;
        Some(staging.commit(manifest)?)
    };
    timings.push(Timing { stage: "commit".to_owned(), seconds: start.elapsed().as_secs_f64() });
    Ok(Report {
        definition,
        release,
        sources,
        costs,
        profit,
        lifetime,
        timings,
        peak_memory_bytes: peak_memory_bytes(),
        memory_budget_bytes,
        mistakes,
        warnings,
    })
}
