//! Which channel or product group an activity belongs to: `of` names one, and the facts know which there are.

use super::channels::Channels;
use crate::error::{Error, Faults, Result};
use crate::pipeline::{ActivityDef, Definition, Level, did_you_mean};

/// Checks that every `of` names a channel of the customers source or a product group of the transactions or the products source: cost of
/// an unknown one would stand in the cost hierarchy, but beside no income and in no row of `product_group`.
///
/// # Errors
/// Each activity whose channel or product group nobody has, with those there are.
pub(crate) fn check_members(definition: &Definition, channels: &Channels, groups: &[String]) -> Result<()> {
    let mut faults = Faults::default();
    for activity in definition.costing.iter().flat_map(|costing| &costing.activities) {
        let Some(member) = &activity.member else { continue };
        let known = if activity.level == Level::Channel { channels.names.as_slice() } else { groups };
        if !known.contains(member) {
            faults.keep::<()>(Err(unknown(definition, activity, member, known)));
        }
    }
    faults.none()
}

/// Checks, before anything is read, that an activity of a channel has a key by which customers have one.
///
/// # Errors
/// Each activity of a channel where `[facts.customers]` has no `channel`.
pub fn check_channels(definition: &Definition) -> Result<()> {
    let mut customers = definition.facts.customers.iter();
    if customers.any(|customers| customers.attributes.contains_key("channel")) {
        return Ok(());
    }
    let mut faults = Faults::default();
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    for activity in activities.filter(|activity| activity.level == Level::Channel) {
        if let Some(member) = &activity.member {
            faults.keep::<()>(Err(unknown(definition, activity, member, &[])));
        }
    }
    faults.none()
}

fn unknown(definition: &Definition, activity: &ActivityDef, member: &str, known: &[String]) -> Error {
    let (what, lacking) = match activity.level {
        Level::Channel => ("channel", "no customer has by 'channel' in [facts.customers]"),
        _ => ("product group", "no order line and no product of [facts.products] has"),
    };
    let subject = format!("{}: activity '{}'", definition.place(activity.at), activity.name);
    let way_out = way_out(activity, member, known);
    Error::check(format!("{subject} is of the {what} '{member}', which {lacking}; {way_out}"))
}

fn way_out(activity: &ActivityDef, member: &str, known: &[String]) -> String {
    match (activity.level, known) {
        (Level::Channel, []) => {
            "there is no channel at all: give [facts.customers] the key 'channel', or leave out 'of'"
                .to_owned()
        }
        _ => format!("{} the known ones are {}", nearest(member, known), some(known)),
    }
}

/// `did you mean 'x'?`, or what to do where no name is near.
fn nearest(member: &str, known: &[String]) -> String {
    let names = known.iter().map(String::as_str);
    did_you_mean(member, names, || "correct 'of' or leave it out;".to_owned())
}

/// The first of a list that may be long.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
