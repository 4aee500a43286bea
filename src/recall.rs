//! Recalls a release from what its run kept, so that questions need neither transactions nor events.

use crate::costing::{self, schema::Costing};
use crate::error::{Error, Kind, Result};
use crate::facts::schema::{Identity, LedgerSums};
use crate::facts::{self, FactSet, Record};
use crate::memory::Memory;
use crate::pipeline::{Definition, changed_keys, lies_in};
use crate::publish::{Home, Release};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A release's facts and costing, for questions about it.
pub struct Recalled {
    facts: FactSet,
    costing: Costing,
    ledgers: Vec<LedgerSums>,
}

/// Whether questions need the customers source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasterData {
    /// It is read whole.
    Read,
    /// Kept state is enough.
    Leave,
}

/// Recalls the current release from kept facts; ledgers are read again, transactions and events are not.
///
/// # Errors
/// There is no release, the pipeline file or an input has changed since, or kept state cannot be read.
pub fn recall(definition: &Definition, master: MasterData) -> Result<Recalled> {
    let home = Home::open(&definition.publish.path)?;
    let way_out = "make one with `abacus run`";
    let release = home.published()?;
    let before = release.run["recipe"]["definition"].clone();
    let before: BTreeMap<String, String> = serde_json::from_value(before).unwrap_or_default();
    let mut changed = changed_keys(&definition.sections.decisive(), &before);
    // Scenarios that runs publish may be asked about as they are written now: neither facts nor costs follow from them.
    changed.retain(|key| !lies_in(key, "whatif") && !lies_in(key, "sensitivity"));
    if !changed.is_empty() {
        return Err(Error::check(format!(
            "{} has changed since release {}, in {}; {way_out} first",
            definition.path.display(),
            release.id,
            some_of(&changed)
        )));
    }
    let record =
        record_of(&release)?.ok_or_else(|| Error::check(format!("release {} lists no facts", release.id)))?;
    let as_of = release.run["as_of"].as_str().and_then(|day| day.parse().ok());
    let folder = facts_folder(&home.state());
    let facts = match master {
        MasterData::Read => FactSet::recall(definition, &folder, record, as_of)?,
        MasterData::Leave => {
            FactSet::recall_kept(definition, &folder, record, as_of, &Memory::of_machine(&folder))?
        }
    };
    let ledgers = read_ledgers_of(definition, &release)?;
    let costing = costing::run(definition, &facts, &ledgers)?;
    Ok(Recalled { facts, costing, ledgers })
}

/// The first of them, and how many more there are.
fn some_of(keys: &[String]) -> String {
    let shown = keys.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    match keys.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The ledgers that a release was costed from.
fn read_ledgers_of(definition: &Definition, release: &Release) -> Result<Vec<LedgerSums>> {
    let ledgers = facts::read_ledgers(definition).map_err(|mut fault| {
        let way_out =
            "questions need no transactions, but read the ledgers again: put them back where they were";
        fault.messages.push(format!("release {}: {way_out}", release.id));
        fault
    })?;
    let read: Vec<Identity> = ledgers.iter().flat_map(|ledger| ledger.inputs.clone()).collect();
    if serde_json::to_value(&read).ok().as_ref() != release.run.get("ledgers") {
        return Err(Error::check(format!(
            "a ledger has changed since release {}; make one with `abacus run` first",
            release.id
        )));
    }
    Ok(ledgers)
}

impl Recalled {
    /// Kept facts.
    pub fn facts(&self) -> &FactSet {
        &self.facts
    }

    /// The same, for further sources to be read beside them.
    pub fn facts_mut(&mut self) -> &mut FactSet {
        &mut self.facts
    }

    /// Their costing by the release's own definition.
    pub fn costing(&self) -> &Costing {
        &self.costing
    }

    /// The same facts costed by another definition, which has the same facts section.
    ///
    /// # Errors
    /// A number beyond 18 digits, a node that does not close.
    pub fn cost_again(&self, definition: &Definition) -> Result<Costing> {
        costing::run(definition, &self.facts, &self.ledgers)
    }
}

/// Files of the kept facts that are missing or not what was kept, relative to the out folder.
///
/// # Errors
/// The release's record cannot be read, or a file may not be.
pub fn damaged_state(home: &Home, release: &Release) -> Result<Vec<String>> {
    let folder = facts_folder(&home.state());
    let record = record_of(release)?;
    let mut damaged = Vec::new();
    for file in record.iter().flat_map(Record::state_files) {
        if !file.is_whole(&folder)? {
            damaged.push(format!("state/facts/{}.arrow", file.digest));
        }
    }
    Ok(damaged)
}

/// Where an out folder's state has the facts.
pub(crate) fn facts_folder(state: &Path) -> PathBuf {
    state.join("facts")
}

/// The ledger files that a release was costed from, as far as it says so.
pub(crate) fn ledgers_of(release: Option<&Release>) -> Vec<Identity> {
    let ledgers = release.and_then(|release| release.run.get("ledgers")).cloned();
    ledgers.and_then(|ledgers| serde_json::from_value(ledgers).ok()).unwrap_or_default()
}

/// What a release's run kept of its facts, if it says so.
pub(crate) fn record_of(release: &Release) -> Result<Option<Record>> {
    let Some(record) = release.run.get("facts") else { return Ok(None) };
    let way_out = "run the pipeline again, which makes them again";
    serde_json::from_value(record.clone()).map(Some).map_err(|fault| {
        let message = format!("release {}: its facts cannot be read: {fault}; {way_out}", release.id);
        Error::new(Kind::State, message)
    })
}
