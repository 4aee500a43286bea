//! `[profitability]`, `[run]` and `[publish]`.

use super::customer_base::distinct;
use super::facts::Grain;
use super::or_default::{count_or, word_or};
use super::paths;
use super::reading::Reading;
use super::table::{Entry, Table, compare};
use super::wording::{did_you_mean, quoted};
use crate::memory::MemorySize;
use crate::pipeline::keys::{PROFITABILITY, PUBLISH};
use crate::pipeline::{BridgeSpan, CONTROL_TOTALS, FileEncoding, ProfitabilityDef, PublishDef, RunDef};
use crate::storage::Location;
use crate::units::{Decimal, PeriodKind};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads `[profitability]`.
pub(super) fn profitability(table: Table<'_>, grain: Grain) -> ProfitabilityDef {
    let money = |key: &str| table.entry(key).and_then(|entry| entry.money(grain.money_scale));
    let break_even = money("break_even").unwrap_or_else(|| PROFITABILITY.default_number("break_even"));
    let high_profit = money("high_profit");
    if break_even.mantissa < 0 {
        let entry = table.entry("break_even").expect("0 unless given");
        entry.fault(format!(
            "'break_even' is {break_even}, expected an amount from 0: it bounds profit and loss alike"
        ));
    } else if let Some(high) = high_profit.filter(|high| compare(*high, break_even) == Ordering::Less) {
        let entry = table.entry("high_profit").expect("None unless given");
        entry.fault(format!(
            "'high_profit' is {high}, below 'break_even' of {break_even}; raise it or leave it out"
        ));
    }
    ProfitabilityDef {
        break_even,
        high_profit,
        order_bands: order_bands(table, grain),
        bridges: bridges(table, grain).unwrap_or_else(BridgeSpan::by_default),
        bridge_history: count_or(Some(table), &PROFITABILITY, "bridge_history"),
    }
}

/// The declared spans whose contribution is compared; none: the default.
fn bridges(table: Table<'_>, grain: Grain) -> Option<Vec<BridgeSpan>> {
    distinct(table.entry("bridges")?, |item, word| {
        let Some(span) = BridgeSpan::of_name(word) else {
            let known = BridgeSpan::ALL.map(BridgeSpan::name);
            let all = || format!("the spans are {}", known.join(", "));
            let way_out = did_you_mean(word, known, all);
            item.fault(format!("unknown span {} in 'bridges'; {way_out}", quoted(word)));
            return None;
        };
        if let Some(period) = grain.period.filter(|period| !adds_up_to(*period, span)) {
            item.fault(format!(
                "'bridges': several periods of a {} do not make up a {word}; leave it out, or set facts.period to a shorter one",
                period.name()
            ));
            return None;
        }
        Some(span)
    })
}

/// Whether periods of a kind make up spans: weeks run over the ends of quarters and years.
fn adds_up_to(kind: PeriodKind, span: BridgeSpan) -> bool {
    match span {
        BridgeSpan::Period => true,
        BridgeSpan::Quarter => kind == PeriodKind::Month,
        BridgeSpan::Year | BridgeSpan::YearToDate => {
            matches!(kind, PeriodKind::Month | PeriodKind::Quarter)
        }
    }
}

/// The declared limits of order size, or else the default.
fn order_bands(table: Table<'_>, grain: Grain) -> Vec<Decimal> {
    let Some(entry) = table.entry("order_bands") else {
        return PROFITABILITY.default_number_list("order_bands");
    };
    let items = entry.items();
    let limits: Vec<Decimal> = items.iter().filter_map(|item| item.money(grain.money_scale)).collect();
    for (pair, item) in limits.windows(2).zip(items.iter().skip(1)) {
        if compare(pair[0], pair[1]) != Ordering::Less {
            item.fault(format!("'order_bands' has {} after {}, expected them ascending", pair[1], pair[0]));
        }
    }
    limits
}

/// Reads `[run]`, which may be missing.
pub(super) fn run(reading: &Reading<'_>, table: Option<Table<'_>>) -> RunDef {
    let path = |key: &str| table.and_then(|table| table.entry(key)).and_then(Entry::path);
    let memory = table.and_then(|table| table.entry("memory")).and_then(memory);
    RunDef { memory, digests: path("digests").map(|path| paths::resolved(reading.folder(), &path)) }
}

fn memory(entry: Entry<'_>) -> Option<MemorySize> {
    let size = entry.text()?.parse::<MemorySize>();
    size.map_err(|fault| entry.fault(format!("'memory': {fault}"))).ok()
}

/// Reads `[publish]`, which may be missing.
pub(super) fn publish(reading: &Reading<'_>, table: Option<Table<'_>>, name: &str) -> PublishDef {
    let count =
        |key: &str| table.and_then(|table| table.integer(key)).and_then(|count| usize::try_from(count).ok());
    let path = table.and_then(|table| table.entry("path")).and_then(folder);
    let path = path.map_or_else(|| format!("out/{name}"), Cow::into_owned);
    PublishDef {
        path: paths::resolved(reading.folder(), &path),
        store: table.and_then(|table| table.entry("store")).and_then(store),
        encoding: FileEncoding::of_word(word_or(table, &PUBLISH, "encoding"))
            .unwrap_or(FileEncoding::Compact),
        delta: table.is_some_and(|table| table.flag("delta")),
        customer_activity: table.is_some_and(|table| table.flag("customer_activity")),
        customer_order: table.is_some_and(|table| table.flag("customer_order")),
        customer_bridge: table.is_some_and(|table| table.flag("customer_bridge")),
        customer_price: table.is_some_and(|table| table.flag("customer_price")),
        customer_group_period: table.is_some_and(|table| table.flag("customer_group_period")),
        customer_group_member: table.is_some_and(|table| table.flag("customer_group_member")),
        row_group_rows: count("row_group_rows").unwrap_or_else(|| PUBLISH.default_integer("row_group_rows")),
        keep: count("keep"),
        keep_month_ends: count("keep_month_ends")
            .unwrap_or_else(|| PUBLISH.default_integer("keep_month_ends")),
        grace_minutes: count("grace_minutes").unwrap_or_else(|| PUBLISH.default_integer("grace_minutes")),
        gate: table.map(gate).unwrap_or_default(),
    }
}

/// A folder of this machine.
fn folder(entry: Entry<'_>) -> Option<Cow<'_, str>> {
    let path = entry.path()?;
    if path.contains("://") {
        let way_out =
            "releases are made in a folder of this machine, and published to an address by 'store' as well";
        entry.fault(format!("'path' is {}: {way_out}", quoted(&path)));
        return None;
    }
    Some(path)
}

/// An address of a folder in an object store.
fn store(entry: Entry<'_>) -> Option<PathBuf> {
    let address = entry.path()?;
    let path = PathBuf::from(address.trim_end_matches('/'));
    let none =
        || "expected an address such as s3://bucket/folder; a folder of this machine is 'path'".to_owned();
    let fault = Location::fault(&address).or_else(|| Location::of(&path).is_none().then(none));
    if let Some(fault) = &fault {
        entry.address_fault(&address, fault);
    }
    fault.is_none().then_some(path)
}

fn gate(table: Table<'_>) -> BTreeMap<String, Decimal> {
    let mut bounds = BTreeMap::new();
    for entry in table.entries_of("gate") {
        if !CONTROL_TOTALS.contains(&entry.key) {
            let way_out = did_you_mean(entry.key, CONTROL_TOTALS.iter().copied(), || {
                format!("expected one of {}", CONTROL_TOTALS.join(", "))
            });
            let fault = format!("publish.gate: no control total '{}'; {way_out}", entry.key);
            entry.reading.fault(entry.key_offset, fault);
        } else if let Some(bound) = entry.number() {
            if bound.mantissa < 0 {
                entry.fault(format!("publish.gate.{} is {bound}, expected a share from 0", entry.key));
            }
            bounds.insert(entry.key.to_owned(), bound);
        }
    }
    bounds
}
