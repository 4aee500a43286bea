//! What a release restates of another: the causes that follow from both manifests, and the counterfactual costings.

use super::recipe::Recipe;
use super::side::Side;
use crate::facts::{self, FactSet};
use crate::memory::Memory;
use crate::pipeline::{self, lies_in};
use crate::publish::Release;
use crate::recall::{facts_folder, record_of};
use crate::restatement::{Counterfactual, PeriodTotals, Restated, Sides, counterfactual, restated};
use std::collections::BTreeMap;
use std::path::Path;

/// What differs in the control totals of a release and of a later one.
pub(super) fn restate(state: &Path, before: &Release, after: &Side<'_>, memory: &Memory) -> Vec<Restated> {
    let sides = sides(before, after);
    let causes =
        [sides.ledgers, sides.program, !sides.definition.is_empty()].into_iter().filter(|is| *is).count();
    let then = PeriodTotals::of_release(&before.run);
    let is_changed = |period: &String| !sides.same_facts.contains(period);
    let meet = causes > 1 || (causes == 1 && then.keys().any(is_changed));
    let costed = if meet { costed(state, before, after, &then, memory) } else { None };
    restated(&before.run, after.run, &sides, costed.as_ref())
}

/// None where the facts of then are gone, or where today's definition or ledgers do not fit them: causes that meet are
/// then reported as one.
fn costed(
    state: &Path,
    before: &Release,
    after: &Side<'_>,
    totals: &BTreeMap<String, PeriodTotals>,
    memory: &Memory,
) -> Option<Counterfactual> {
    let text = before.run["definition"]["text"].as_str()?;
    let then = pipeline::read_text(&after.definition.path, text).ok()?;
    if !facts::keep_the_same(&then, after.definition) {
        return None;
    }
    let record = record_of(before).ok()??;
    let as_of = before.run["as_of"].as_str().and_then(|day| day.parse().ok());
    let facts = FactSet::recall_kept(&then, &facts_folder(state), record, as_of, memory).ok()?;
    counterfactual(totals, &facts, &then, after.definition, after.ledgers?).ok()
}

fn sides(before: &Release, after: &Side<'_>) -> Sides {
    let recipes = Recipe::of(before).zip(Recipe::of_run(after.run));
    let Some((was, is)) = recipes else {
        return Sides { program: true, rows: true, ..Sides::default() };
    };
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
        rows: is.has_other_sources(&was, "facts") || is.has_another_as_of(&was),
        same_facts: same_facts.collect(),
    }
}
