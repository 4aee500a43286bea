//! The sources that a run reads after the facts: those of later stages, ledgers and plans.

use crate::clv;
use crate::contracts;
use crate::costing;
use crate::counted_histories;
use crate::effects;
use crate::error::Faults;
use crate::facts::schema::LedgerSums;
use crate::facts::{self, SourceView};
use crate::hierarchy;
use crate::perception;
use crate::pipeline::{Definition, KeyType};
use crate::plan;
use crate::programme;

/// Opens them, checks what they hold as far as that needs no run, and gives what was found of each, with doubts. Together with
/// what `facts::check` or `facts::plan` find this is every source of [`facts::sources`].
pub(super) fn later_sources(
    definition: &Definition,
    customers: Option<KeyType>,
    faults: &mut Faults,
) -> Vec<SourceView> {
    let mut sources = faults.keep(perception::check(definition, customers)).unwrap_or_default();
    sources.extend(faults.keep(effects::check(definition, customers)).flatten());
    sources.extend(faults.keep(hierarchy::check(definition, customers)).flatten());
    sources.extend(faults.keep(clv::check(definition)).flatten());
    sources.extend(faults.keep(contracts::check(definition, customers)).flatten());
    sources.extend(faults.keep(programme::check(definition, customers)).flatten());
    sources.extend(faults.keep(counted_histories::check(definition)).flatten());
    let ledgers = facts::read_ledgers(definition).and_then(|ledgers| {
        costing::check(definition, &ledgers)?;
        Ok(ledgers)
    });
    let Some(ledgers) = faults.keep(ledgers) else { return sources };
    let planned = faults.keep(plan::check(definition, &ledgers)).unwrap_or_default();
    let of_ledger = |ledger: &LedgerSums| SourceView { warnings: doubts_of(ledger), ..ledger.view.clone() };
    sources.extend(ledgers.iter().map(of_ledger));
    sources.extend(planned);
    sources
}

/// What was guessed of how a ledger is written, and doubts about its folders.
pub(super) fn doubts_of(ledger: &LedgerSums) -> Vec<String> {
    ledger.guesses.iter().chain(&ledger.view.warnings).cloned().collect()
}
