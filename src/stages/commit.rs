//! The end of a run: the table `run`, the manifest, and the commit, unless a check stops it.

use super::before::Before;
use super::made::{Made, messages};
use super::night::StageRecord;
use super::report::Report;
use super::restate::{Side, restate};
use super::run_options::RunOptions;
use crate::error::{Error, Kind, Result};
use crate::expect::Checked;
use crate::pipeline::Definition;
use crate::publish::Staging;
use crate::recall::facts_folder;
use crate::report;
use crate::restatement::{beyond, restatement_table};
use crate::run::{Timing, peak_memory_bytes};
use crate::units::format_fixed;
use std::collections::BTreeMap;

/// Publishes the table `run`, keeps the state and commits, unless a check stops it.
///
/// # Errors
/// A missed check of severity `error`; a failed write.
pub(super) fn commit(
    definition: Definition,
    made: Made,
    before: Before,
    records: BTreeMap<&'static str, StageRecord>,
    mut timings: Vec<Timing>,
    options: RunOptions,
    staging: Staging,
) -> Result<Report> {
    let stops: Vec<&Checked> = made.checks.iter().filter(|check| !check.met && check.stops).collect();
    if !stops.is_empty() {
        return Err(Error { kind: Kind::Check, messages: messages(stops.into_iter()) });
    }
    let start = std::time::Instant::now();
    let warnings = made.warnings(&definition);
    let Made { facts, costs, ledgers, periods, profit, lifetime, mistakes, checks, .. } = made;
    let sheet = report::run_table(&definition, &facts, &costs, &profit, &timings);
    staging.put(&sheet.spec, None, sheet.arrays)?;
    let mut manifest =
        report::manifest(&definition, &facts, &costs, &profit, &timings, &checks, &ledgers.files());
    if let Some(lifetime) = &lifetime {
        manifest["clv"] = lifetime.manifest.clone();
        let equity = lifetime.customer_equity;
        let equity = equity.map(|equity| format_fixed(equity, definition.facts.money_scale));
        manifest["control_totals"]["customer_equity"] = serde_json::json!(equity);
    }
    if definition.segments.is_some() {
        manifest["segments"] = serde_json::json!({ "earlier": before.groups.used() });
    }
    manifest["data_mistakes"] = serde_json::json!(mistakes);
    manifest["warnings"] = serde_json::json!(warnings);
    manifest["recipe"] = serde_json::json!(before.recipe);
    manifest["stages"] = serde_json::json!(records);
    manifest["period_totals"] =
        periods.iter().map(|(period, totals)| (period.clone(), totals.to_json())).collect();
    let restated = match &before.base {
        Some(base) => {
            let (run, ledgers) = (&manifest, Some(&ledgers.sums[..]));
            let side = Side { run, definition: &definition, record: &facts.record, ledgers };
            restate(&before.state, base, &side)
        }
        None => Vec::new(),
    };
    if let Some(base) = before.base.as_ref().filter(|_| options.gate) {
        let messages = beyond(&definition.publish.gate, &base.run, &restated);
        if !messages.is_empty() {
            return Err(Error { kind: Kind::Check, messages });
        }
    }
    let base = before.base.as_ref().map(|base| base.id.as_str());
    let currency = &definition.facts.currency;
    let sheet = restatement_table(base, &restated, currency, definition.facts.money_scale);
    staging.put(&sheet.spec, None, sheet.arrays)?;
    let sources = facts.accounts();
    let release = if options.dry_run {
        None
    } else {
        facts.state_paths().iter().try_for_each(|path| staging.keep(path))?;
        let release = staging.commit(manifest)?;
        crate::facts::forget_finished(&facts_folder(&before.state));
        Some(release)
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
        memory_budget_bytes: before.memory.budget.bytes(),
        mistakes,
        warnings,
    })
}
