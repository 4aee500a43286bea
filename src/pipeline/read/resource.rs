//! `[[costing.resource]]`: pools of money, and the capacity of those that are time-driven.

use super::facts::Grain;
use super::ledger::ledger;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::{Amount, Capacity, ResourceDef, UnusedCapacity};
use crate::units::{Day, Decimal, Period};
use std::collections::BTreeMap;

/// Reads one `[[costing.resource]]`.
pub(super) fn resource(table: Table<'_>, grain: Grain) -> Option<ResourceDef> {
    let amount = amount(table, grain);
    let capacity = table.table("capacity").and_then(capacity);
    Some(ResourceDef {
        name: table.text("name")?.to_owned(),
        amount: amount?,
        factor: Decimal::ONE,
        takes: Vec::new(),
        capacity,
        fixed: Decimal::ZERO,
        is_every_period_needed: false,
        at: table.at(),
    })
}

/// That exactly one of the three is given is a matter of shape; here all that are given are read.
fn amount(table: Table<'_>, grain: Grain) -> Option<Amount> {
    let each_period = table.entry("amount").and_then(|entry| entry.money(grain.money_scale));
    let by_period = table.table("amounts").and_then(|amounts| amounts_by_period(amounts, grain));
    let ledger = table.table("ledger").and_then(ledger);
    each_period
        .map(Amount::EachPeriod)
        .or_else(|| by_period.map(Amount::ByPeriod))
        .or_else(|| ledger.map(Amount::Ledger))
}

fn amounts_by_period(table: Table<'_>, grain: Grain) -> Option<BTreeMap<Period, Decimal>> {
    let mut amounts: BTreeMap<Period, (Decimal, &str)> = BTreeMap::new();
    for entry in table.entries() {
        let (day, money) = (day(entry), entry.money(grain.money_scale));
        let (Some(day), Some(money), Some(kind)) = (day, money, grain.period) else { continue };
        let period = Period::containing(kind, day);
        match amounts.get(&period) {
            None => {
                amounts.insert(period, (money, entry.key));
            }
            Some((_, earlier)) => {
                let message = format!(
                    "'{}' and '{earlier}' lie in the same period, which begins on {period}; write one amount for it",
                    entry.key
                );
                entry.reading.fault(entry.key_offset, message);
            }
        }
    }
    grain.period.map(|_| amounts.into_iter().map(|(period, (money, _))| (period, money)).collect())
}

fn day(entry: Entry<'_>) -> Option<Day> {
    let day: Option<Day> = entry.key.parse().ok().filter(|day| (Day::MIN..Day::END).contains(day));
    if day.is_none() {
        let message = format!(
            "{} is not a day, expected YYYY-MM-DD from {} until {}",
            quoted(entry.key),
            Day::MIN,
            Day(Day::END.0 - 1)
        );
        entry.reading.fault(entry.key_offset, message);
    }
    day
}

fn capacity(table: Table<'_>) -> Option<Capacity> {
    let minutes = table.entry("practical_minutes").and_then(|entry| positive(entry, 1));
    let hours = table.entry("practical_hours").and_then(|entry| positive(entry, 60));
    minutes.or(hours).map(|practical_minutes| Capacity {
        practical_minutes,
        minutes_by_period: BTreeMap::new(),
        standard_rate: None,
        unused: UnusedCapacity::Keep,
        step: None,
    })
}

fn positive(entry: Entry<'_>, factor: i128) -> Option<Decimal> {
    let number = entry.number()?;
    if number.mantissa <= 0 {
        entry.fault(format!("'{}' is {number}, expected a number above 0", entry.key));
        return None;
    }
    let mantissa = number.mantissa.checked_mul(factor).expect("36 digits times 60 fit an i128");
    Some(Decimal { mantissa, ..number }.normalised())
}
