//! What the stages of a run made, tables aside, and what a person should know of it.

use crate::clv;
use crate::contracts;
use crate::costing::schema::CostTotals;
use crate::expect::Checked;
use crate::facts::schema::{Identity, LedgerSums};
use crate::facts::{FactSet, SourceMistake};
use crate::pipeline::Definition;
use crate::profitability;
use crate::restatement::PeriodTotals;
use std::collections::BTreeMap;

/// What the stages of a run made, tables aside.
pub(super) struct Made {
    pub(super) facts: FactSet,
    pub(super) costs: CostTotals,
    pub(super) ledgers: Ledgers,
    /// Control totals by period.
    pub(super) periods: BTreeMap<String, PeriodTotals>,
    pub(super) profit: profitability::Summary,
    pub(super) lifetime: Option<clv::Summary>,
    /// What was chosen for contracts.
    pub(super) contracts: Option<contracts::Chosen>,
    /// What row checks found.
    pub(super) mistakes: Vec<SourceMistake>,
    /// What a person should know of dates of the customer base and of the rules of segments.
    pub(super) doubts: Vec<String>,
    pub(super) checks: Vec<Checked>,
}

impl Made {
    /// What the stages warn of: the sources and their rows first, then what was computed of them.
    pub(super) fn warnings(&self, definition: &Definition) -> Vec<String> {
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

/// What checks say.
pub(super) fn messages<'c>(checks: impl Iterator<Item = &'c Checked>) -> Vec<String> {
    checks.filter_map(|check| check.message.clone()).collect()
}

/// The ledgers that were read.
pub(super) struct Ledgers {
    pub(super) sums: Vec<LedgerSums>,
    /// How their text was taken to be written, and doubts about their folders.
    pub(super) doubts: Vec<String>,
}

impl Ledgers {
    pub(super) fn files(&self) -> Vec<Identity> {
        self.sums.iter().flat_map(|ledger| ledger.inputs.clone()).collect()
    }

    /// Notes the ledgers that changed since these were read and do not look it.
    pub(super) fn compare(&mut self, earlier: &[Identity]) {
        self.doubts.extend(self.files().iter().filter_map(|file| file.changed_unseen(earlier)));
    }
}
