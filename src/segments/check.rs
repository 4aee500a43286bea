//! Mistakes of rules that need no history: unknown measures, sections that are off, types that do not fit.

use super::measures::{Home, Kind, Measure, kind, measures};
use crate::error::{Error, Kind as Fault, Result};
use crate::facts::schema::AttributeTypes;
use crate::pipeline::{Definition, Named, RuleSql, did_you_mean};

/// Checks every rule and measure that `[segments]` names; attributes whose type is not given fit everything.
///
/// # Errors
/// All faults, each with its place.
pub fn check(definition: &Definition, attributes: &AttributeTypes) -> Result<()> {
    let Some(segments) = &definition.segments else { return Ok(()) };
    let known = measures(definition, attributes);
    let mut messages: Vec<String> = Vec::new();
    for treatment in &segments.treatments {
        let before = messages.len();
        let columns = treatment.when.columns.iter();
        messages.extend(columns.filter_map(|column| unknown(definition, &known, column, "rule")));
        if messages.len() == before {
            messages.extend(misfit(definition, &known, &treatment.when));
        }
    }
    let measure = &segments.pyramid.measure;
    messages.extend(unknown(definition, &known, measure, "pyramid"));
    let is_number = |measure: &&Measure| matches!(measure.kind, Kind::Number | Kind::Any);
    let found = known.iter().find(|known| known.name == measure.name);
    if found.is_some_and(|found| !is_number(&found)) {
        let place = definition.place(measure.at);
        messages
            .push(format!("{place}: '{}' is no number; rank customers by a count or money", measure.name));
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Fault::Definition, messages }) }
}

fn unknown(definition: &Definition, known: &[Measure], column: &Named, what: &str) -> Option<String> {
    let place = definition.place(column.at);
    let name = &column.name;
    let Some(measure) = known.iter().find(|measure| measure.name == *name) else {
        let way_out = did_you_mean(name, known.iter().map(|measure| measure.name.as_str()), || {
            "it may name the columns of customer, customer_segment, lifecycle and customer_value".to_owned()
        });
        return Some(format!("{place}: unknown measure '{name}' in a {what}; {way_out}"));
    };
    let missing = match measure.home {
        Home::Lifecycle if definition.lifecycle.is_none() => "[lifecycle]",
        Home::Clv if definition.clv.is_none() => "[clv]",
        _ => return None,
    };
    Some(format!(
        "{place}: measure '{name}' comes with {missing}, which is off; add {missing} or use another"
    ))
}

fn misfit(definition: &Definition, known: &[Measure], rule: &RuleSql) -> Option<String> {
    let of =
        |name: &str| known.iter().find(|measure| measure.name == name).map_or(Kind::Any, |found| found.kind);
    let place = definition.place(rule.at);
    match kind(&rule.expr, &of) {
        Err(fault) => Some(format!("{place}: {fault}")),
        Ok(Kind::Flag | Kind::Any) => None,
        Ok(_) => Some(format!("{place}: a rule is true or false; compare what it computes with something")),
    }
}
