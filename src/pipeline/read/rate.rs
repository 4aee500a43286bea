//! How the cost of an activity is rated: at actual cost, at a given rate, by direct charges.

use super::number::{from_zero, ratio, share};
use super::or_default::number_or;
use super::table::{Entry, Table};
use super::wording::subject;
use super::{facts::Grain, names::Names, number::by_period};
use crate::pipeline::keys::ACTIVITY;
use crate::pipeline::{NegativeVolume, Quantity, RateDef};
use crate::units::Decimal;

/// Reads `rate` and `imputed`, and what `charge` makes of them.
pub(super) fn rate(table: Table<'_>, is_billed: bool) -> Option<RateDef> {
    let given = table.entry("rate").map(ratio);
    check_rate(table, is_billed);
    Some(match given {
        _ if table.has("charge") => RateDef::Charge,
        Some(rate) if table.flag("imputed") => RateDef::Imputed(rate?),
        Some(rate) => RateDef::Standard(rate?),
        None => RateDef::Actual,
    })
}

fn check_rate(table: Table<'_>, is_billed: bool) {
    let who = subject("activity", table.text("name"));
    let fault = |entry: Entry<'_>, message: String| entry.reading.fault(entry.key_offset, message);
    let has = |key: &str| table.has(key);
    match table.entry("rate") {
        None if table.flag("imputed") => {
            let entry = table.entry("imputed").expect("it is true");
            let instead = if has("charge") {
                "write 'charge' as 'driver' and add rate = 1"
            } else {
                "add rate = …, money per unit of 'driver'"
            };
            fault(
                entry,
                format!("{who} is imputed, so its cost is volume × 'rate', which is missing; {instead}"),
            );
        }
        Some(entry) if has("charge") => {
            fault(entry, format!("{who} has both 'rate' and 'charge', which is money already; keep one"));
        }
        Some(entry) if has("minutes") => {
            fault(entry, "minutes are rated by their resource; write the rate per minute as 'standard_rate' in its capacity".to_owned());
        }
        Some(entry) if !has("driver") && !has("spread") && !is_billed => {
            fault(
                entry,
                "'rate' is money per unit of volume, but there is no 'driver'; add one or remove it"
                    .to_owned(),
            );
        }
        _ => {}
    }
}

/// Reads `negative`.
pub(super) fn negative(table: Table<'_>) -> NegativeVolume {
    match table.text("negative") {
        Some("signed") => NegativeVolume::Signed,
        Some("absolute") => NegativeVolume::Absolute,
        Some("zero") => NegativeVolume::Zero,
        _ => NegativeVolume::Error,
    }
}

/// Reads `avoidable`.
pub(super) fn avoidable(table: Table<'_>) -> Option<Decimal> {
    number_or(Some(table), &ACTIVITY, "avoidable", share)
}

/// Reads `actual_minutes` of an activity that takes minutes of `resource`; `Some(None)` without the key.
pub(super) fn actual_minutes(
    table: Table<'_>,
    resource: Option<usize>,
    names: Names<'_>,
    grain: Grain,
) -> Option<Option<Quantity>> {
    let Some(entry) = table.entry("actual_minutes") else { return Some(None) };
    check_efficiency(entry, table, resource, names);
    let minutes = match entry.table() {
        Some(minutes) => Quantity::ByPeriod(by_period(minutes, grain, from_zero)?),
        None => Quantity::EachPeriod(from_zero(entry)?),
    };
    Some(Some(minutes))
}

/// Efficiency compares minutes worked with minutes allowed, at the standard rate.
fn check_efficiency(entry: Entry<'_>, table: Table<'_>, resource: Option<usize>, names: Names<'_>) {
    let capacity = resource.and_then(|resource| names.resources[resource].table("capacity"));
    let message = if !table.has("minutes") {
        "'actual_minutes' are held against 'minutes', which are missing; add a time equation or remove them"
    } else if capacity.is_some_and(|capacity| !capacity.has("standard_rate")) {
        "'actual_minutes' are valued at a standard rate, which the resource lacks; add standard_rate = … to its capacity"
    } else {
        return;
    };
    entry.reading.fault(entry.key_offset, message);
}
