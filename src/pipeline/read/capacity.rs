//! `capacity = { … }` of a time-driven resource.

use super::facts::Grain;
use super::level::line;
use super::network::{Flow, Network};
use super::number::{above_zero, by_period, from_zero, product, ratio};
use super::or_default::number_or;
use super::table::{Entry, Table, compare};
use super::wording::quoted;
use crate::pipeline::keys::CAPACITY;
use crate::pipeline::{Capacity, Level, Node, Ratio, Step, UnusedCapacity};
use crate::units::Decimal;
use std::collections::BTreeMap;

const MINUTES_PER_HOUR: Decimal = Decimal { mantissa: 60, scale: 0 };

/// Reads a capacity.
pub(super) fn capacity(table: Table<'_>, grain: Grain) -> Option<Capacity> {
    let practical_minutes = practical_minutes(table);
    let minutes_by_period =
        table.table("minutes_by_period").map(|minutes| by_period(minutes, grain, above_zero));
    let standard_rate = table.entry("standard_rate").map(standard_rate);
    let step = table.table("step").map(|step| self::step(step, grain));
    Some(Capacity {
        practical_minutes: practical_minutes?,
        minutes_by_period: minutes_by_period.unwrap_or(Some(BTreeMap::new()))?,
        standard_rate: standard_rate.unwrap_or(None),
        unused: unused(table),
        step: step.unwrap_or(None),
    })
}

/// That exactly one way is taken is a matter of shape; here all that are given are read.
fn practical_minutes(table: Table<'_>) -> Option<Decimal> {
    let minutes = table.entry("practical_minutes").and_then(above_zero);
    let hours = table.entry("practical_hours").and_then(hours);
    let people = table.entry("people").and_then(|people| people_minutes(table, people));
    for key in ["hours", "practical_share"] {
        if let (Some(entry), false) = (table.entry(key), table.has("people")) {
            let message = format!("'{key}' speaks of 'people', who are missing; add people = …");
            entry.reading.fault(entry.key_offset, message);
        }
    }
    minutes.or(hours).or(people)
}

fn hours(entry: Entry<'_>) -> Option<Decimal> {
    product(entry, &[above_zero(entry)?, MINUTES_PER_HOUR])
}

fn people_minutes(table: Table<'_>, people: Entry<'_>) -> Option<Decimal> {
    let count = above_zero(people);
    let hours = table.entry("hours").map(above_zero);
    let share = number_or(Some(table), &CAPACITY, "practical_share", practical_share);
    if hours.is_none() {
        people.reading.fault(
            people.key_offset,
            "'people' work hours, but 'hours' is missing; add hours = …, the paid hours of each per period",
        );
    }
    product(people, &[count?, hours??, share?, MINUTES_PER_HOUR])
}

fn practical_share(entry: Entry<'_>) -> Option<Decimal> {
    let share = entry.number()?;
    let is_right = share.mantissa > 0 && compare(share, Decimal::ONE).is_le();
    if !is_right {
        entry.fault(format!("{} is {share}, expected above 0 and up to 1", quoted(entry.key)));
    }
    is_right.then_some(share)
}

fn standard_rate(entry: Entry<'_>) -> Option<Ratio> {
    let rate = ratio(entry)?;
    if rate.numerator.mantissa == 0 {
        entry.fault(
            "'standard_rate' is 0, expected money per minute above 0; leave it out to charge actual cost",
        );
        return None;
    }
    Some(rate)
}

fn unused(table: Table<'_>) -> UnusedCapacity {
    match table.text("unused") {
        Some("proportional") => UnusedCapacity::Proportional,
        Some("customer") => UnusedCapacity::Owner(Level::Customer),
        Some("product") => UnusedCapacity::Owner(Level::Product),
        Some("channel") => UnusedCapacity::Owner(Level::Channel),
        Some("facility") => UnusedCapacity::Owner(Level::Facility),
        _ => UnusedCapacity::Keep,
    }
}

/// Notes unused minutes that customers shall bear although nobody takes minutes for them.
pub(super) fn check_unused(network: &Network<'_>) {
    let is_proportional = |table: &Table<'_>| table.text("unused") == Some("proportional");
    for (index, resource) in network.names.resources.iter().enumerate() {
        let Some(capacity) = resource.table("capacity").filter(is_proportional) else { continue };
        let reaches_customers = |flow: &Flow| match flow.taker {
            Node::Activity(activity) => line(network.names.activities[activity]).is_some(),
            Node::Resource(_) => false,
        };
        if !network.out_of(Node::Resource(index)).any(reaches_customers) {
            let entry = capacity.entry("unused").expect("it is proportional");
            entry.fault(format!(
                "unused minutes of {} are charged in proportion to minutes taken for customers, but no activity that reaches customers takes any; write 'keep' or the level that owns them",
                network.names.subject(Node::Resource(index))
            ));
        }
    }
}

fn step(table: Table<'_>, grain: Grain) -> Option<Step> {
    let minutes = table.entry("minutes").and_then(above_zero);
    let hours = table.entry("hours").and_then(hours);
    let cost = table.entry("cost").and_then(|entry| {
        from_zero(entry)?;
        entry.money(grain.money_scale)
    });
    Some(Step { minutes: minutes.or(hours)?, cost: cost? })
}
