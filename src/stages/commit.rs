//! The end of a run: the table `run`, the manifest, and the commit, unless a check stops it.

use super::flow::Ledgers;
use super::report::Report;
use crate::clv;
use crate::costing::schema::CostTotals;
use crate::error::{Error, Kind, Result};
use crate::expect::Checked;
use crate::facts::{FactSet, SourceMistake};
use crate::pipeline::Definition;
use crate::profitability;
use crate::publish::Staging;
use crate::report;
use crate::run::{Timing, peak_memory_bytes};
use crate::segments::UsedFile;

/// What the stages of a run made, tables aside.
pub(super) struct Made {
    pub(super) facts: FactSet,
    pub(super) costs: CostTotals,
    pub(super) ledgers: Ledgers,
    pub(super) profit: profitability::Summary,
    pub(super) lifetime: Option<clv::Summary>,
    /// What row checks found.
    pub(super) mistakes: Vec<SourceMistake>,
    /// What a person should know of dates of the customer base and of the rules of segments.
    pub(super) doubts: Vec<String>,
    pub(super) checks: Vec<Checked>,
}

impl Made {
    /// What the stages warn of: the sources and their rows first, then what was computed of them.
    fn warnings(&self, definition: &Definition) -> Vec<String> {
        let mut warnings = self.facts.warnings.clone();
        warnings.extend(self.facts.quarantine_warnings(definition));
        let mistakes = self.mistakes.iter().filter(|mistake| mistake.warns());
        warnings.extend(mistakes.map(|mistake| mistake.message(&definition.facts)));
        warnings.extend(self.profit.warning.clone());
        warnings.extend(self.lifetime.iter().flat_map(|lifetime| &lifetime.warnings).cloned());
        warnings.extend(self.doubts.iter().chain(&self.ledgers.doubts).cloned());
        warnings.extend(messages(self.checks.iter().filter(|check| !check.met && !check.stops)));
        warnings
    }
}

fn messages<'c>(checks: impl Iterator<Item = &'c Checked>) -> Vec<String> {
    checks.filter_map(|check| check.message.clone()).collect()
}

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
