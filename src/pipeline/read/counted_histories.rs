//! `[counted_histories]`: histories of purchases at discrete opportunities, counted.

use super::or_default::{count_or, word_or};
use super::table::Table;
use crate::pipeline::CountedHistoriesDef;
use crate::pipeline::keys::COUNTED_HISTORIES;
use crate::units::Duration;

/// Reads `[counted_histories]`; `None` if an entry is faulty.
pub(super) fn counted_histories(table: Table<'_>) -> Option<CountedHistoriesDef> {
    let [filter, customers, contribution] = ["where", "customers", "contribution"].map(|key| table.sql(key));
    let [purchases, last_purchase, opportunities] =
        ["purchases", "last_purchase", "opportunities"].map(|key| table.sql(key));
    let files = table.files("files");
    let every = every(table);
    Some(CountedHistoriesDef {
        files: files?,
        filter,
        purchases: purchases?,
        last_purchase: last_purchase?,
        opportunities: opportunities?,
        customers,
        contribution,
        every: every?,
        horizon: count_or(Some(table), &COUNTED_HISTORIES, "horizon"),
        at: table.at(),
    })
}

fn every(table: Table<'_>) -> Option<Duration> {
    let found = word_or(Some(table), &COUNTED_HISTORIES, "every").parse();
    match (found, table.entry("every")) {
        (Ok(every), _) => Some(every),
        (Err(fault), Some(entry)) => {
            entry.fault(fault);
            None
        }
        (Err(_), None) => unreachable!("the default is a duration"),
    }
}
