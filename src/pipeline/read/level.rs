//! Where an activity stands: its level of the cost hierarchy, its line of the waterfall, its channel or group.

use super::table::{Entry, Table};
use super::wording::{quoted, subject};
use crate::pipeline::{Level, Line};

/// Level, line and member, read together.
pub(super) struct Standing {
    pub(super) level: Level,
    pub(super) line: Option<Line>,
    pub(super) member: Option<String>,
}

/// Reads `level`, `line` and `of`, and what `spread` makes of them.
pub(super) fn standing(table: Table<'_>) -> Standing {
    let level = level(table);
    check(table, level);
    Standing { level, line: line(table), member: table.text("of").map(str::to_owned) }
}

/// The line of the waterfall; `None` for cost that stays at its level.
pub(super) fn line(table: Table<'_>) -> Option<Line> {
    match (table.text("line"), level(table)) {
        _ if table.has("spread") => Some(Line::Spread),
        (Some("price_concession"), _) => Some(Line::PriceConcession),
        (Some("financing"), _) => Some(Line::Financing),
        (Some("acquisition"), _) => Some(Line::Acquisition),
        (_, Level::Unit | Level::Order) => Some(Line::CostToServe),
        (_, Level::Customer) => Some(Line::CustomerLevel),
        (_, Level::Product | Level::Channel | Level::Facility) => None,
    }
}

/// Winning a customer is caused by the customer; everything else, unless said, by orders.
fn level(table: Table<'_>) -> Level {
    match (table.text("level"), table.text("line")) {
        (Some("unit"), _) => Level::Unit,
        (Some("customer"), _) | (None, Some("acquisition")) => Level::Customer,
        (Some("product"), _) => Level::Product,
        (Some("channel"), _) => Level::Channel,
        (Some("facility"), _) => Level::Facility,
        _ => Level::Order,
    }
}

/// Whether cost of this level stays there unless it is spread.
pub(super) fn is_above_customer(level: Level) -> bool {
    matches!(level, Level::Product | Level::Channel | Level::Facility)
}

fn check(table: Table<'_>, level: Level) {
    let who = subject("activity", table.text("name"));
    let word = quoted(table.text("level").unwrap_or("order"));
    let fault = |entry: Entry<'_>, message: String| entry.reading.fault(entry.key_offset, message);
    if let (Some(entry), false) = (table.entry("of"), matches!(level, Level::Product | Level::Channel)) {
        fault(
            entry,
            format!(
                "'of' names a channel or product group, but {who} has level {word}; write level = \"channel\" or \"product\""
            ),
        );
    }
    if let (Some(entry), false) = (table.entry("spread"), is_above_customer(level)) {
        fault(
            entry,
            format!(
                "'spread' is for levels product, channel and facility, but {who} has level {word}; write 'driver'"
            ),
        );
    }
    let Some(entry) = table.entry("line") else { return };
    let line = quoted(table.text("line").unwrap_or_default());
    if table.has("spread") {
        fault(entry, format!("{who} has both 'line' and 'spread', which forms a line of its own; keep one"));
    } else if is_above_customer(level) {
        fault(
            entry,
            format!(
                "line {line} is charged to customers, but cost of level {word} stays there; write a level of unit, order or customer"
            ),
        );
    } else if table.text("line") == Some("acquisition") && level != Level::Customer {
        fault(
            entry,
            format!(
                "line 'acquisition' is caused by winning a customer, not by level {word}; write level = \"customer\""
            ),
        );
    }
}
