//! A run of some stages: those that were named, those they take from, and the ones that are in every release.

use crate::error::{Error, Result};
use crate::pipeline::{Definition, Stage, did_you_mean};
use std::collections::BTreeSet;

/// The last of the stages that are in every release: its books are those of profitability.
const LAST_OF_ALL: &str = "profitability";

/// The stages of a plan whose tables are asked for; all of them where none is named.
///
/// # Errors
/// A name of no stage of the plan.
pub(super) fn wanted(
    plan: &[&'static Stage],
    definition: &Definition,
    only: &[String],
) -> Result<BTreeSet<&'static str>> {
    let named: Vec<&str> = plan.iter().map(|stage| stage.name).collect();
    if only.is_empty() {
        return Ok(named.into_iter().collect());
    }
    if let Some(unknown) = only.iter().find(|name| !named.contains(&name.as_str())) {
        let way_out =
            did_you_mean(unknown, named.iter().copied(), || format!("there are {}", named.join(", ")));
        let message = format!("--only {unknown}: this pipeline has no such stage; {way_out}");
        return Err(Error::definition(message));
    }
    let in_all = named.iter().position(|name| *name == LAST_OF_ALL).map_or(0, |last| last + 1);
    let mut wanted: BTreeSet<&'static str> = BTreeSet::new();
    for (place, stage) in plan.iter().enumerate().rev() {
        let takes_it = |later: &&'static Stage| later.takes_of(stage, definition);
        let is_taken = plan[place + 1..].iter().any(|later| wanted.contains(later.name) && takes_it(later));
        if place < in_all || is_taken || only.iter().any(|name| name == stage.name) {
            wanted.insert(stage.name);
        }
    }
    Ok(wanted)
}
