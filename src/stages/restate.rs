//! What a release restates of another: the causes that follow from both manifests, and the counterfactual costings.

use super::recipe::Recipe;
use crate::error::Result;
use crate::facts::schema::LedgerSums;
use crate::facts::{self, FactSet, Record};
use crate::pipeline::{self, Definition, lies_in};
use crate::publish::{Home, Release};
use crate::recall::{facts_folder, record_of};
use crate::restatement::{Mover, PeriodTotals, Restated, Sides, counterfactual, movers, restated};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A release as far as it can be compared: its manifest, and what it was made of.
pub(super) struct Side<'r> {
    pub(super) run: &'r Value,
    pub(super) definition: &'r Definition,
    pub(super) record: &'r Record,
    /// None where they are not what they were when the release was made.
    pub(super) ledgers: Option<&'r [LedgerSums]>,
}

/// What differs in the control totals of a release and of a later one.
pub(super) fn restate(state: &Path, before: &Release, after: &Side<'_>) -> Vec<Restated> {
    let sides = sides(before, after);
    let causes =
        [sides.ledgers, sides.program, !sides.definition.is_empty()].into_iter().filter(|is| *is).count();
    let then = PeriodTotals::of_release(&before.run);
    let is_changed = |period: &String| !sides.same_facts.contains(period);
    let meet = causes > 1 || (causes == 1 && then.keys().any(is_changed));
    let costed = if meet { costed(state, before, after, &then) } else { None };
    restated(&before.run, after.run, &sides, costed.as_ref())
}

type ByPeriod = std::collections::BTreeMap<String, PeriodTotals>;

/// None where the facts of then are gone, or where today's definition or ledgers do not fit them: causes that meet are
/// then told as one.
fn costed(
    state: &Path,
    before: &Release,
    after: &Side<'_>,
    totals: &ByPeriod,
) -> Option<crate::restatement::Counterfactual> {
    let text = before.run["definition"]["text"].as_str()?;
    let then = pipeline::read_text(&after.definition.path, text).ok()?;
    if !facts::keep_the_same(&then, after.definition) {
        return None;
    }
    let record = record_of(before).ok()??;
    let as_of = before.run["as_of"].as_str().and_then(|day| day.parse().ok());
    let facts = FactSet::recall_kept(&then, &facts_folder(state), record, as_of).ok()?;
    counterfactual(totals, &facts, &then, after.definition, after.ledgers?).ok()
}

fn sides(before: &Release, after: &Side<'_>) -> Sides {
    let recipes = Recipe::of(before).zip(Recipe::of_run(after.run));
    let Some((was, is)) = recipes else { return Sides { program: true, ..Sides::default() } };
    let definition = is.changed_keys(&was).into_iter();
    let definition = definition.filter(|key| lies_in(key, "facts") || lies_in(key, "costing")).collect();
    // A record that cannot be read tells of no period that its facts are the same.
    let record = record_of(before).ok().flatten();
    let same = |runs: &&facts::PeriodRuns| {
        let mut then = record.iter().flat_map(|record| &record.periods);
        then.any(|was| was.period == runs.period && was.keys == runs.keys && was.customers == runs.customers)
    };
    let same_facts = after.record.periods.iter().filter(same).map(|runs| runs.period.clone());
    Sides {
        definition,
        ledgers: is.has_other_sources(&was, "costing"),
        program: is.is_of_another_program(&was),
        same_facts: same_facts.collect::<BTreeSet<_>>(),
    }
}

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
pub fn difference(path: &Path, before: Option<&str>, after: Option<&str>, most: usize) -> Result<Difference> {
    let definition = pipeline::read(path)?;
    let home = Home::open(&definition.publish.path)?;
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
    let then = then.unwrap_or(definition);
    let ledgers = facts::read_ledgers(&then).ok().filter(|ledgers| {
        let inputs: Vec<_> = ledgers.iter().flat_map(|ledger| ledger.inputs.clone()).collect();
        serde_json::to_value(inputs).ok().as_ref() == after.run.get("ledgers")
    });
    let totals = match record_of(&after)? {
        Some(record) => {
            let side =
                Side { run: &after.run, definition: &then, record: &record, ledgers: ledgers.as_deref() };
            restate(&home.state(), &before, &side)
        }
        None => Vec::new(),
    };
    let files = |release: &Release| -> Vec<_> {
        release.files("customer").iter().map(|file| home.path().join(&file.path)).collect()
    };
    let (movers, moved) = movers(&files(&before), &files(&after), most)?;
    Ok(Difference { before, after, totals, movers, moved })
}
