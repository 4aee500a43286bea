//! `from = { … }`: what a resource or an activity takes of other nodes.

use super::facts::Grain;
use super::ledger::ledger;
use super::names::Names;
use super::number::{by_period, from_zero, is_share, share};
use super::table::{Entry, Table};
use super::wording::{did_you_mean, quoted};
use crate::pipeline::{DriverDef, DriverPart, Node, Quantity, ResourceDriver, Take};
use crate::units::Decimal;

/// A take as written: the giver is known even while the driver is faulty, so that the network can be looked at.
pub(super) struct Taking {
    /// From which node.
    pub(super) from: Node,
    /// `None` where it is faulty.
    pub(super) by: Option<ResourceDriver>,
    /// Byte offset of where it is written.
    pub(super) offset: usize,
}

/// Reads `from`, which may be missing.
pub(super) fn takings<'a>(table: Table<'a>, names: Names<'a>, grain: Grain) -> Vec<Taking> {
    let taking = |entry: Entry<'a>| {
        let from = names.node(entry, entry.key);
        let by = by(entry, names, grain);
        Some(Taking { from: from?, by, offset: entry.value_offset() })
    };
    table.entries_of("from").into_iter().filter_map(taking).collect()
}

/// The takes of a node, if none is faulty.
pub(super) fn takes(table: Table<'_>, takings: &[Taking]) -> Option<Vec<Take>> {
    let take = |taking: &Taking| {
        let at = table.reading.position(taking.offset);
        Some(Take { from: taking.from, by: taking.by.clone()?, at })
    };
    takings.iter().map(take).collect()
}

fn by(entry: Entry<'_>, names: Names<'_>, grain: Grain) -> Option<ResourceDriver> {
    match (entry.table(), entry.text()) {
        (Some(table), _) => quantity_driver(table, names, grain),
        (None, Some("even")) => Some(ResourceDriver::Even),
        (None, Some(word)) if word.chars().all(char::is_alphabetic) => {
            let way_out = did_you_mean(word, ["even"], || "write a quantity as a table".to_owned());
            entry.fault(format!(
                "what is taken of {} is {}, expected a share such as 0.4, 'even' or a table such as {{ quantity = 120 }}; {way_out}",
                quoted(entry.key),
                quoted(word)
            ));
            None
        }
        _ => fixed_share(entry),
    }
}

fn fixed_share(entry: Entry<'_>) -> Option<ResourceDriver> {
    let number = entry.number()?;
    if !is_share(number) {
        let way_out = if number.mantissa > 0 {
            format!("; for a quantity write {{ quantity = {number} }}")
        } else {
            String::new()
        };
        entry.fault(format!("the share of {} is {number}, expected 0 to 1{way_out}", quoted(entry.key)));
        return None;
    }
    Some(ResourceDriver::Share(number))
}

fn quantity_driver(table: Table<'_>, names: Names<'_>, grain: Grain) -> Option<ResourceDriver> {
    check_companions(table);
    let fixed = table.entry("fixed").map(share);
    let minutes = minutes(table, grain);
    let quantity = quantity(table, names, grain);
    match (minutes, fixed) {
        (Some(minutes), _) => Some(ResourceDriver::Minutes(minutes?)),
        (None, Some(fixed)) => Some(ResourceDriver::FixedAndVariable(fixed?, quantity?)),
        (None, None) => Some(ResourceDriver::Quantity(quantity?)),
    }
}

/// `on` goes with `driver`, `fixed` with anything but minutes.
fn check_companions(table: Table<'_>) {
    if let (Some(entry), false) = (table.entry("on"), table.has("driver")) {
        let message = "'on' names the source of 'driver', which is missing; add driver = \"…\" or remove it";
        entry.reading.fault(entry.key_offset, message);
    }
    let has_minutes = table.has("minutes") || table.has("minutes_by_period");
    if let (Some(entry), true) = (table.entry("fixed"), has_minutes) {
        let message =
            "'fixed' stands beside a quantity, not beside minutes: a time-driven resource has no fixed part";
        entry.reading.fault(entry.key_offset, message);
    }
}

/// `None` without any, `Some(None)` where it is faulty.
fn minutes(table: Table<'_>, grain: Grain) -> Option<Option<Quantity>> {
    let each = table.entry("minutes").map(|entry| from_zero(entry).map(Quantity::EachPeriod));
    each.or_else(|| {
        let minutes = table.table("minutes_by_period")?;
        Some(by_period(minutes, grain, from_zero).map(Quantity::ByPeriod))
    })
}

fn quantity(table: Table<'_>, names: Names<'_>, grain: Grain) -> Option<Quantity> {
    let each = table.entry("quantity").and_then(from_zero).map(Quantity::EachPeriod);
    let quantities = table.table("quantities").and_then(|table| by_period(table, grain, from_zero));
    let file = table.table("file").and_then(ledger);
    let source = names.source(table);
    let sql = table.entry("driver").and_then(Entry::driver);
    let driver = sql.zip(source).map(|(sql, on)| DriverPart { on, sql, factor: Decimal::ONE });
    each.or_else(|| quantities.map(Quantity::ByPeriod))
        .or_else(|| file.map(Quantity::File))
        .or_else(|| driver.map(|part| Quantity::Sql(DriverDef { parts: vec![part] })))
}
