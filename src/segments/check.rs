//! Mistakes of rules that need no history: unknown measures, sections that are off, types that do not fit.

use super::measures::{Home, Kind, Measure, kind, measures};
use crate::error::{Error, Kind as Fault, Result};
use crate::facts::schema::AttributeTypes;
use crate::pipeline::{Definition, Named, RuleSql, SegmentsDef, did_you_mean};
use crate::published::Tables;
use arrow::datatypes::DataType;

/// Checks every rule and measure that `[segments]` names; attributes whose type is not given fit everything.
///
/// # Errors
/// All faults, each with its place.
pub fn check(definition: &Definition, attributes: &AttributeTypes) -> Result<()> {
    let Some(segments) = &definition.segments else { return Ok(()) };
    let tables = Tables::of(definition);
    let measures = measures(definition, &tables, attributes);
    let known = Known { definition, tables: &tables, measures: &measures };
    let mut messages: Vec<String> = Vec::new();
    for treatment in &segments.treatments {
        let before = messages.len();
        let columns = treatment.when.columns.iter();
        messages.extend(columns.filter_map(|column| known.unknown(column, "rule")));
        if messages.len() == before {
            messages.extend(known.misfit(&treatment.when));
        }
    }
    let measure = &segments.pyramid.measure;
    messages.extend(known.unknown(measure, "pyramid"));
    let found = known.find(&measure.name);
    if found.is_some_and(|found| !matches!(found.kind, Kind::Number | Kind::Any)) {
        let place = definition.place(measure.at);
        messages
            .push(format!("{place}: '{}' is no number; rank customers by a count or money", measure.name));
    }
    messages.extend(uncounted_referrals(definition, segments, attributes));
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Fault::Definition, messages }) }
}

/// What rules may name in a pipeline.
struct Known<'d> {
    definition: &'d Definition,
    tables: &'d Tables,
    measures: &'d [Measure],
}

impl Known<'_> {
    fn find(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }

    fn unknown(&self, column: &Named, what: &str) -> Option<String> {
        let place = self.definition.place(column.at);
        let name = &column.name;
        let Some(measure) = self.find(name) else {
            let way_out = match self.tables.absent("customer", name) {
                Some(why) => format!("table customer will not have it: {why}"),
                None => did_you_mean(name, self.measures.iter().map(|measure| measure.name.as_str()), || {
                    "it may name the columns of customer, customer_segment, lifecycle, customer_value, early_warning, \
                     customer_voice, customer_contract and customer_points"
                        .to_owned()
                }),
            };
            return Some(format!("{place}: unknown measure '{name}' in a {what}; {way_out}"));
        };
        let missing = match measure.home {
            Home::Lifecycle if self.definition.lifecycle.is_none() => "[lifecycle]",
            Home::Clv if self.definition.clv.is_none() => "[clv]",
            Home::Contracts if self.definition.contracts.is_none() => "[contracts]",
            Home::Programme if self.definition.programme.is_none() => "[programme]",
            Home::Perception if self.definition.perception.is_none() => "[perception]",
            _ => return None,
        };
        Some(format!(
            "{place}: measure '{name}' comes with {missing}, which is off; add {missing} or use another"
        ))
    }

    fn misfit(&self, rule: &RuleSql) -> Option<String> {
        let of = |name: &str| self.find(name).map_or(Kind::Any, |found| found.kind);
        let place = self.definition.place(rule.at);
        match kind(&rule.expr, &of) {
            Err(fault) => Some(format!("{place}: {fault}")),
            Ok(Kind::Flag | Kind::Any) => None,
            Ok(_) => {
                Some(format!("{place}: a rule is true or false; compare what it computes with something"))
            }
        }
    }
}

/// An attribute that counts customers brought must be a number: left out, its weight would be spread in silence.
fn uncounted_referrals(
    definition: &Definition,
    segments: &SegmentsDef,
    attributes: &AttributeTypes,
) -> Option<String> {
    let name = segments.loyalty.referrals.as_ref()?;
    let found = match attributes.get(name)? {
        DataType::Int64 => return None,
        DataType::Boolean => "a condition",
        _ => "text",
    };
    let customers = definition.facts.customers.as_ref();
    let declared = customers.and_then(|customers| customers.attributes.get(name));
    let place = definition.place(declared.map_or(segments.at, |scalar| scalar.at));
    Some(format!(
        "{place}: segments.loyalty.referrals: attribute '{name}' is {found}, expected an integer, the count of customers \
         brought; give another attribute or leave 'referrals' out"
    ))
}
