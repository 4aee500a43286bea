//! `[acquisition]`: what winning customers brought.

use super::customer_base::attributes;
use super::or_default::{count_or, word_or};
use super::table::Table;
use crate::pipeline::AcquisitionDef;
use crate::pipeline::keys::ACQUISITION;
use crate::units::Duration;

/// Reads `[acquisition]`; `None` if an entry is faulty.
pub(super) fn acquisition(table: Table<'_>, root: Table<'_>) -> Option<AcquisitionDef> {
    let attributes = match table.has("attributes") {
        true => attributes(table, "attributes", root),
        false => Some(channel(root)),
    };
    let horizon = horizon(table);
    Some(AcquisitionDef {
        attributes: attributes?,
        horizon: horizon?,
        holdout_days: count_or(Some(table), &ACQUISITION, "holdout_days"),
        at: table.at(),
    })
}

/// The channel, where the customers source gives one.
fn channel(root: Table<'_>) -> Vec<String> {
    let customers = root.table("facts").and_then(|facts| facts.table("customers"));
    let channel = customers.and_then(|customers| customers.entry("channel"));
    channel.map(|entry| entry.key.to_owned()).into_iter().collect()
}

fn horizon(table: Table<'_>) -> Option<Duration> {
    let found = word_or(Some(table), &ACQUISITION, "horizon").parse();
    match (found, table.entry("horizon")) {
        (Ok(horizon), _) => Some(horizon),
        (Err(fault), Some(entry)) => {
            entry.fault(fault);
            None
        }
        (Err(_), None) => unreachable!("the default is a duration"),
    }
}
