//! `[programme]`: points of a loyalty programme.

use super::customer_base::attributes;
use super::facts::Grain;
use super::number::{above_zero, bands, by_period, share};
use super::or_default::count_or;
use super::table::Table;
use crate::pipeline::keys::MATCHING;
use crate::pipeline::{MatchingDef, ProgrammeDef};
use std::collections::BTreeMap;

/// Reads `[programme]`; `None` if an entry is faulty.
pub(super) fn programme(table: Table<'_>, root: Table<'_>, grain: Grain) -> Option<ProgrammeDef> {
    let [filter, paid, cost] = ["where", "paid", "cost"].map(|key| table.sql(key));
    let [customer, booked, kind, points] = ["customer", "at", "kind", "points"].map(|key| table.sql(key));
    let files = table.files("files");
    let worth = table.entry("worth").and_then(above_zero);
    let redemption = match table.table("redemption") {
        Some(shares) => by_period(shares, grain, share),
        None => Some(BTreeMap::new()),
    };
    let matching = match table.table("matching") {
        Some(section) => Some(matching(section, root)?),
        None => None,
    };
    Some(ProgrammeDef {
        files: files?,
        filter,
        customer: customer?,
        booked: booked?,
        kind: kind?,
        points: points?,
        paid,
        cost,
        worth: worth?,
        redemption: redemption?,
        matching,
        at: table.at(),
    })
}

fn matching(table: Table<'_>, root: Table<'_>) -> Option<MatchingDef> {
    let by = attributes(table, "by", root);
    let bands_or = |key: &str| match table.entry(key) {
        Some(entry) => bands(entry),
        None => MATCHING.default_number_list(key),
    };
    Some(MatchingDef {
        window_days: count_or(Some(table), &MATCHING, "window_days"),
        baseline_days: count_or(Some(table), &MATCHING, "baseline_days"),
        by: by?,
        recency_days: bands_or("recency_days"),
        tenure_days: bands_or("tenure_days"),
        purchases: bands_or("purchases"),
        revenue: table.entry("revenue").map(bands).unwrap_or_default(),
        at: table.at(),
    })
}
