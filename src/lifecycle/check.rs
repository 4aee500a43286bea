//! Mistakes of `[lifecycle]`: those that the types of attributes show, and dates that the history does not reach.

use super::profile_table::check_wallet;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::AttributeTypes;
use crate::pipeline::Definition;

/// Checks the attributes that `[lifecycle]` names; those whose type is not given fit.
///
/// # Errors
/// A wallet that is no number.
pub fn check(definition: &Definition, attributes: &AttributeTypes) -> Result<()> {
    let Some(lifecycle) = &definition.lifecycle else { return Ok(()) };
    let Some(wallet) = &lifecycle.wallet else { return Ok(()) };
    attributes.get(wallet).map_or(Ok(()), |kind| check_wallet(definition, lifecycle, wallet, kind))
}

/// As-of dates that no row of `lifecycle` can be of, for a person to correct.
pub fn doubts(definition: &Definition, facts: &FactSet) -> Vec<String> {
    let Some(lifecycle) = &definition.lifecycle else { return Vec::new() };
    let Some(first) = facts.periods.first() else { return Vec::new() };
    let place = definition.place(lifecycle.at);
    let (start, own) = (first.period.start, facts.as_of);
    let mut warnings = Vec::new();
    for day in lifecycle.as_of.iter().filter(|day| **day <= start || **day > own) {
        let side = if *day > own { "after its end" } else { "before its first day" };
        warnings.push(format!(
            "{place}: lifecycle.as_of: the history goes from {start} to {own}, and {day} lies {side}: there are no rows of it; \
             give a date in between, or leave it out"
        ));
    }
    warnings
}
