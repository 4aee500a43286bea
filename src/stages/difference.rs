//! Compares two releases: tables, control totals by period and cause, customers whose profit moved most.

use super::restate::restate;
use super::side::Side;
use crate::error::Result;
use crate::facts;
use crate::memory::Memory;
use crate::pipeline::{self, Definition};
use crate::publish::{Home, Release};
use crate::recall::record_of;
use crate::restatement::{Mover, Restated, movers};

/// What differs in two releases.
pub struct Difference {
    /// The release that is compared with.
    pub before: Release,
    /// The other.
    pub after: Release,
    /// Parts of changes of control totals.
    pub totals: Vec<Restated>,
    /// Customers whose profit moved most.
    pub movers: Vec<Mover>,
    /// How many customers' profit moved.
    pub moved: u64,
}

/// Compares two releases: by default the current one with the one before it.
///
/// # Errors
/// A release that is not there, or whose `customer` cannot be read.
pub fn difference(
    definition: &Definition,
    home: &Home,
    [before, after]: [Option<&str>; 2],
    most: usize,
) -> Result<Difference> {
    let after = match after {
        Some(id) => home.release(id)?,
        None => home.published()?,
    };
    let before = match before {
        Some(id) => home.release(id)?,
        None => home.before(&after)?,
    };
    let text = after.run["definition"]["text"].as_str();
    let then = text.and_then(|text| pipeline::read_text(&definition.path, text).ok());
    let then = then.unwrap_or_else(|| definition.clone());
    let ledgers = facts::read_ledgers(&then).ok().filter(|ledgers| {
        let inputs: Vec<_> = ledgers.iter().flat_map(|ledger| ledger.inputs.clone()).collect();
        serde_json::to_value(inputs).ok().as_ref() == after.run.get("ledgers")
    });
    let totals = match record_of(&after)? {
        Some(record) => {
            let side =
                Side { run: &after.run, definition: &then, record: &record, ledgers: ledgers.as_deref() };
            restate(&home.state(), &before, &side, &Memory::of_machine(&home.state()))
        }
        None => Vec::new(),
    };
    let files = |release: &Release| -> Vec<_> {
        release.files("customer").iter().map(|file| home.path().join(&file.path)).collect()
    };
    let (movers, moved) = movers(&files(&before), &files(&after), most)?;
    Ok(Difference { before, after, totals, movers, moved })
}
