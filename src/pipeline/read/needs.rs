//! `[needs]`: what customers need.

use super::customer_base::{attribute_names, distinct};
use super::number::share;
use super::or_default::{count_or, number_or, word_or};
use super::table::Table;
use super::wording::{did_you_mean, quoted};
use crate::pipeline::keys::NEEDS;
use crate::pipeline::{NeedCriterion, NeedTrait, NeedsDef};

/// Reads `[needs]`; `None` if an entry is faulty.
pub(super) fn needs(table: Table<'_>, root: Table<'_>) -> Option<NeedsDef> {
    let traits = traits(table, root);
    let holdout = number_or(Some(table), &NEEDS, "holdout", share);
    let segments = ["fewest_segments", "most_segments"].map(|key| count_or(Some(table), &NEEDS, key));
    let criterion = match word_or(Some(table), &NEEDS, "criterion") {
        "silhouette" => NeedCriterion::Silhouette,
        _ => NeedCriterion::CalinskiHarabasz,
    };
    let [fewest, most] = segments;
    let mut is_right = true;
    if fewest > most {
        let entry = table.entry("most_segments").or(table.entry("fewest_segments"));
        entry.expect("the defaults are in order").fault(format!(
            "'most_segments' is {most}, below 'fewest_segments' of {fewest}; expected a range of at least one number"
        ));
        is_right = false;
    }
    let surveys = root.table("perception").and_then(|perception| perception.table("surveys"));
    if !surveys.is_some_and(|surveys| surveys.has("importance")) {
        table.fault(
            "[needs] groups customers by what they say matters, and no answer says so; add [perception.surveys] with 'importance'",
        );
        is_right = false;
    }
    let seed = count_or(Some(table), &NEEDS, "seed");
    let (traits, holdout) = (traits?, holdout?);
    is_right.then(|| NeedsDef { traits, segments, criterion, holdout, seed, at: table.at() })
}

/// Attributes of the customers source, and columns of `customer_segment`.
fn traits(table: Table<'_>, root: Table<'_>) -> Option<Vec<NeedTrait>> {
    let attributes = attribute_names(root);
    distinct(table.entry("traits")?, |item, name| {
        if attributes.contains(name) {
            return Some(NeedTrait::Attribute(name.to_owned()));
        }
        match NeedTrait::SEGMENTS.into_iter().find(|known| *known == name) {
            Some(known) if root.has("segments") => return Some(NeedTrait::Segment(known)),
            Some(_) => {
                item.fault(format!(
                    "trait {} comes with [segments], which is off; add that or name attributes",
                    quoted(name)
                ));
                return None;
            }
            None => {}
        }
        let known = || attributes.iter().copied().chain(NeedTrait::SEGMENTS);
        let way_out = did_you_mean(name, known(), || {
            format!("there are {}", known().map(quoted).collect::<Vec<_>>().join(", "))
        });
        item.fault(format!("unknown trait {}; {way_out}", quoted(name)));
        None
    })
}
