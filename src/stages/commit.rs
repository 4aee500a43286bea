//! The end of a run: the tables `run` and `restatement`, the manifest, and the commit, unless a check stops it.

use super::before::Before;
use super::made::{Made, messages};
use super::report::Report;
use super::restate::restate;
use super::run_options::RunOptions;
use super::side::Side;
use super::stage_record::StageRecord;
use crate::error::{Error, Kind, Result};
use crate::expect::Checked;
use crate::facts::forget_finished;
use crate::pipeline::Definition;
use crate::publish::Staging;
use crate::recall::facts_folder;
use crate::report;
use crate::restatement::{Restated, beyond, restatement_table};
use crate::run::{Timing, peak_memory_bytes};
use crate::units::format_fixed;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Publishes the tables about the run, keeps the state and commits, unless a check stops it.
///
/// # Errors
/// A missed check of severity `error`; a failed write.
pub(super) fn commit(
    definition: Definition,
    made: Made,
    before: Before,
    records: BTreeMap<&'static str, StageRecord>,
    mut timings: Vec<Timing>,
    options: &RunOptions,
    staging: Staging,
) -> Result<Report> {
    let stops: Vec<&Checked> = made.checks.iter().filter(|check| !check.met && check.stops).collect();
    if !stops.is_empty() {
        return Err(Error { kind: Kind::Check, messages: messages(stops.into_iter()) });
    }
    let start = std::time::Instant::now();
    let warnings = made.warnings(&definition);
    let manifest = manifest(&definition, &made, &before, &records, &timings, &warnings);
    let restated = restated(&definition, &made, &before, &manifest);
    check_gate(&definition, &before, options, &restated)?;
    let base = before.base.as_ref().map(|base| base.id.as_str());
    let (currency, money_scale) = (&definition.facts.currency, definition.facts.money_scale);
    let about_run = report::run_table(&definition, &made.facts, &made.costs, &made.profit, &timings);
    for sheet in [about_run, restatement_table(base, &restated, currency, money_scale)] {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    let Made { facts, costs, profit, lifetime, mistakes, .. } = made;
    let sources = facts.accounts();
    let release = if options.dry_run {
        None
    } else {
        facts.state_paths().iter().try_for_each(|path| staging.keep(path))?;
        let release = staging.commit(manifest)?;
        forget_finished(&facts_folder(&before.state));
        Some(release)
    };
    timings.push(Timing { stage: "commit".to_owned(), seconds: start.elapsed().as_secs_f64() });
    Ok(Report {
        definition,
        release,
        store: None,
        sources,
        costs,
        profit,
        lifetime,
        timings,
        peak_memory_bytes: peak_memory_bytes(),
        memory_budget_bytes: before.memory.budget.bytes(),
        mistakes,
        warnings,
    })
}

/// The release's account of itself.
fn manifest(
    definition: &Definition,
    made: &Made,
    before: &Before,
    records: &BTreeMap<&'static str, StageRecord>,
    timings: &[Timing],
    warnings: &[String],
) -> Value {
    let Made { facts, costs, ledgers, periods, profit, lifetime, mistakes, checks, .. } = made;
    let mut manifest = report::manifest(definition, facts, costs, profit, timings, checks, &ledgers.files());
    if let Some(lifetime) = lifetime {
        manifest["clv"] = lifetime.manifest.clone();
        let equity = lifetime.customer_equity;
        let equity = equity.map(|equity| format_fixed(equity, definition.facts.money_scale));
        manifest["control_totals"]["customer_equity"] = json!(equity);
    }
    if let Some(chosen) = &made.contracts {
        manifest["contracts"] = json!(chosen);
    }
    if definition.segments.is_some() {
        manifest["segments"] = json!({ "earlier": before.groups.used() });
    }
    manifest["data_mistakes"] = json!(mistakes);
    manifest["warnings"] = json!(warnings);
    manifest["recipe"] = json!(before.recipe);
    manifest["stages"] = json!(records);
    manifest["period_totals"] =
        periods.iter().map(|(period, totals)| (period.clone(), totals.to_json())).collect();
    manifest
}

/// What the run changes in the current release; nothing without one.
fn restated(definition: &Definition, made: &Made, before: &Before, manifest: &Value) -> Vec<Restated> {
    let Some(base) = &before.base else { return Vec::new() };
    let ledgers = Some(&made.ledgers.sums[..]);
    let side = Side { run: manifest, definition, record: &made.facts.record, ledgers };
    restate(&before.state, base, &side, &before.memory)
}

/// # Errors
/// More is restated than the pipeline allows, where the run was asked to hold it against that.
fn check_gate(
    definition: &Definition,
    before: &Before,
    options: &RunOptions,
    restated: &[Restated],
) -> Result<()> {
    let Some(base) = before.base.as_ref().filter(|_| options.gate) else { return Ok(()) };
    let messages = beyond(&definition.publish.gate, &base.run, restated);
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Check, messages }) }
}
