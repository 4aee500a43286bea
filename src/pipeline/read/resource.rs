//! `[[costing.resource]]`: pools of money.

use super::capacity::capacity;
use super::facts::Grain;
use super::ledger::ledger;
use super::number::{by_period, share};
use super::or_default::number_or;
use super::table::Table;
use super::take::{Taking, takes};
use crate::pipeline::keys::RESOURCE;
use crate::pipeline::{Amount, ResourceDef};
use crate::units::Decimal;

/// Reads one `[[costing.resource]]`, whose `from` has been read.
pub(super) fn resource(table: Table<'_>, takings: &[Taking], grain: Grain) -> Option<ResourceDef> {
    let amount = amount(table, grain);
    let capacity = table.table("capacity").map(|table| capacity(table, grain));
    let fixed = number_or(Some(table), &RESOURCE, "fixed", share);
    check_ledger_needed(table);
    Some(ResourceDef {
        name: table.text("name")?.to_owned(),
        amount: amount?,
        factor: Decimal::ONE,
        takes: takes(table, takings)?,
        capacity: capacity.unwrap_or(None),
        fixed: fixed?,
        is_every_period_needed: table.flag("every_period"),
        at: table.at(),
    })
}

/// That at most one of the three is given is a matter of shape; here all that are given are read.
fn amount(table: Table<'_>, grain: Grain) -> Option<Amount> {
    if !has_money(table) {
        return Some(Amount::Nothing);
    }
    let money = |entry: super::table::Entry<'_>| entry.money(grain.money_scale);
    let each_period = table.entry("amount").and_then(money);
    let amounts = table.table("amounts").and_then(|amounts| by_period(amounts, grain, money));
    let ledger = table.table("ledger").and_then(ledger);
    each_period
        .map(Amount::EachPeriod)
        .or_else(|| amounts.map(Amount::ByPeriod))
        .or_else(|| ledger.map(Amount::Ledger))
}

/// Whether the resource has money of its own, faulty or not.
pub(super) fn has_money(table: Table<'_>) -> bool {
    ["amount", "amounts", "ledger"].iter().any(|key| table.has(key))
}

fn check_ledger_needed(table: Table<'_>) {
    if let (Some(entry), true, false) =
        (table.entry("every_period"), table.flag("every_period"), table.has("ledger"))
    {
        let message =
            "'every_period' speaks of rows in a ledger, but the resource has none; add 'ledger' or remove it";
        entry.reading.fault(entry.key_offset, message);
    }
}
