//! `[facts]`: the grain and the transactions.

use super::acquisitions;
use super::customers::{customers, is_column_name, products};
use super::or_default::word_or;
use super::price;
use super::table::{Entry, Table};
use super::wording::{nearest, quoted};
use crate::pipeline::keys::{self, CHECKS, CUSTOMER_CHECKS, FACTS};
use crate::pipeline::{
    DayBounds, Duplicates, EventsDef, FactsDef, Int96, Mistake, Policy, RowChecks, Scalar, TransactionsDef,
    UnknownCustomer,
};
use crate::units::{Day, PeriodKind};
use std::collections::BTreeMap;

/// What other sections need to know of the facts; `None` where it is missing or faulty.
#[derive(Clone, Copy, Default)]
pub(super) struct Grain {
    pub(super) period: Option<PeriodKind>,
    pub(super) money_scale: Option<u8>,
}

/// Reads the grain from `[facts]`, which may be missing.
pub(super) fn grain(facts: Option<Table<'_>>) -> Grain {
    let Some(facts) = facts else { return Grain::default() };
    let word = facts.text("period");
    let period = PeriodKind::ALL.iter().find(|(name, _)| Some(*name) == word).map(|(_, kind)| *kind);
    Grain { period, money_scale: scale(facts, "money_scale") }
}

/// Reads `[facts]`, with the built-in source `acquisitions` if something speaks of it.
pub(super) fn facts(table: Table<'_>, grain: Grain, with_acquisitions: bool) -> Option<FactsDef> {
    let timezone = table.entry("timezone").map_or(Some(chrono_tz::UTC), timezone);
    let currency = table.entry("currency").and_then(currency);
    let transactions = table.table("transactions");
    let transactions_def = transactions.and_then(transactions_section);
    let mut events: Vec<EventsDef> = event_entries(table).into_iter().filter_map(event_source).collect();
    let customers_table = table.table("customers");
    let customers = customers_table.and_then(customers);
    events.extend(customers.as_ref().filter(|_| with_acquisitions).and_then(acquisitions::source));
    events.sort_by(|left, right| left.name.cmp(&right.name));
    let products = table.table("products").and_then(|table| products(table, transactions));
    Some(FactsDef {
        period: grain.period?,
        timezone: timezone?,
        currency: currency?,
        money_scale: grain.money_scale?,
        volume_scale: scale(table, "volume_scale")?,
        bounds: bounds(table),
        int96: int96(table),
        transactions: transactions_def?,
        events,
        customers,
        products,
        checks: row_checks(transactions, customers_table),
    })
}

/// Names of the event sources, in the order of `FactsDef::events`.
pub(super) fn event_names(facts: Table<'_>, with_acquisitions: bool) -> Vec<&str> {
    let built_in = with_acquisitions.then_some(acquisitions::ACQUISITIONS);
    let mut names: Vec<&str> = event_entries(facts).iter().map(|entry| entry.key).chain(built_in).collect();
    names.sort_unstable();
    names
}

fn event_entries(facts: Table<'_>) -> Vec<Entry<'_>> {
    let mut events = facts.table("events").map(Table::entries).unwrap_or_default();
    events.sort_by_key(|entry| entry.key);
    events
}

/// Digits after the point, 4 unless given.
fn scale(facts: Table<'_>, key: &str) -> Option<u8> {
    if !facts.has(key) {
        return Some(FACTS.default_integer(key));
    }
    facts.integer(key).and_then(|digits| u8::try_from(digits).ok())
}

/// A bound that is faulty reads as none: its fault has been noted.
fn bounds(facts: Table<'_>) -> DayBounds {
    let [earliest, latest] = ["earliest", "latest"].map(|key| facts.entry(key).and_then(day));
    if let (Some(first), Some(last), Some(entry)) = (earliest, latest, facts.entry("latest"))
        && last < first
    {
        entry.fault(format!("'latest' is {last}, before 'earliest' of {first}; no row lies between them"));
    }
    DayBounds { earliest, latest }
}

pub(super) fn day(entry: Entry<'_>) -> Option<Day> {
    let text = entry.text()?;
    let day = text.parse().ok().filter(|day| (Day::MIN..Day::END).contains(day));
    if day.is_none() {
        let (first, last) = (Day::MIN, Day(Day::END.0 - 1));
        entry.fault(format!("'{}' is {}, expected a day from {first} to {last}", entry.key, quoted(text)));
    }
    day
}

fn timezone(entry: Entry<'_>) -> Option<chrono_tz::Tz> {
    let name = entry.text()?;
    let zone = name.parse().ok();
    if zone.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = nearest(name, known).map(|zone| format!("; did you mean '{zone}'?")).unwrap_or_default();
        entry.fault(format!(
            "unknown 'timezone' {}, expected an IANA name such as 'Europe/Vienna'{hint}",
            quoted(name)
        ));
    }
    zone
}

fn currency(entry: Entry<'_>) -> Option<String> {
    let code = entry.text()?;
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(code.to_owned());
    }
    entry.fault(format!("'currency' is {}, expected three capital letters such as 'EUR'", quoted(code)));
    None
}

fn transactions_section(table: Table<'_>) -> Option<TransactionsDef> {
    let required = ["customer", "order", "at", "revenue"].map(|key| table.sql(key));
    let optional =
        ["where", "line", "product", "product_group", "quantity", "return", "discount", "cost", "currency"]
            .map(|key| table.sql(key));
    let dimensions = dimensions(table);
    let price_components = price::components(table);
    let duplicates = duplicates(table);
    let files = table.files("files");
    let [customer, order, at, revenue] = required;
    let [filter, line, product, product_group, quantity, is_return, discount, cost, currency] = optional;
    Some(TransactionsDef {
        files: files?,
        filter,
        customer: customer?,
        order: order?,
        line,
        product,
        product_group,
        at: at?,
        quantity,
        is_return,
        revenue: revenue?,
        discount,
        cost,
        currency,
        dimensions,
        price_components,
        unknown_customer: unknown_customer(table),
        trust_statistics: trust_statistics(table),
        duplicates,
    })
}

/// What orders are divided by; a name stands in the column `dimension`, where `all` is all orders.
fn dimensions(table: Table<'_>) -> BTreeMap<String, Scalar> {
    let mut dimensions = BTreeMap::new();
    for entry in table.entries_of("dimensions") {
        if !is_column_name(entry.key) || entry.key == ALL {
            let message = format!(
                "dimension {} is no name for one, expected a–z, 0–9 and _, a letter first, and not '{ALL}'",
                quoted(entry.key)
            );
            entry.reading.fault(entry.key_offset, message);
        } else if let Some(sql) = entry.sql() {
            dimensions.insert(entry.key.to_owned(), sql);
        }
    }
    dimensions
}

/// Stands for all orders, undivided.
const ALL: &str = "all";

/// The declared policies; the table of keys has the defaults.
fn row_checks(transactions: Option<Table<'_>>, customers: Option<Table<'_>>) -> RowChecks {
    let policy = |mistake: Mistake| {
        let is_of_customers = mistake.is_of_customers_source();
        let (source, section) =
            if is_of_customers { (customers, &CUSTOMER_CHECKS) } else { (transactions, &CHECKS) };
        let table = source.and_then(|source| source.table("checks"));
        let declared = table.and_then(|table| table.text(mistake.name())).and_then(Policy::of_word);
        let default = Policy::of_word(section.default_word(mistake.name()));
        declared.or(default).expect("the default of a check is a policy")
    };
    RowChecks(Mistake::ALL.map(policy))
}

fn duplicates(table: Table<'_>) -> Duplicates {
    let has_line = table.has("line");
    let word = table.text("duplicates");
    if let (Some(entry), Some("error" | "drop identical"), false) =
        (table.entry("duplicates"), word, has_line)
    {
        entry.fault(
            "'duplicates' are recognised by (order, line), but 'line' is missing; add line = \"…\", the line's key",
        );
    }
    match word {
        Some("error") => Duplicates::Error,
        Some("drop identical") => Duplicates::DropIdentical,
        Some(_) => Duplicates::Allow,
        None if has_line => Duplicates::Error,
        None => Duplicates::Allow,
    }
}

fn unknown_customer(table: Table<'_>) -> UnknownCustomer {
    match word_or(Some(table), &keys::TRANSACTIONS, "unknown_customer") {
        "quarantine" => UnknownCustomer::Quarantine,
        _ => UnknownCustomer::CostObject,
    }
}

pub(super) fn trust_statistics(table: Table<'_>) -> bool {
    !table.has("trust_statistics") || table.flag("trust_statistics")
}

fn int96(table: Table<'_>) -> Option<Int96> {
    match table.text("int96")? {
        "instant" => Some(Int96::Instant),
        "wall" => Some(Int96::Wall),
        _ => None,
    }
}

fn event_source(entry: Entry<'_>) -> Option<EventsDef> {
    if entry.key == TRANSACTIONS || entry.key.trim().is_empty() {
        let message = format!("{} cannot name an event source; choose another name", quoted(entry.key));
        entry.reading.fault(entry.key_offset, message);
    }
    let table = entry.table()?;
    let files = table.files("files");
    let [filter, customer, at] = ["where", "customer", "at"].map(|key| table.sql(key));
    Some(EventsDef {
        name: entry.key.to_owned(),
        files: files?,
        filter,
        customer: customer?,
        at: at?,
        unknown_customer: unknown_customer(table),
        trust_statistics: trust_statistics(table),
        makes_periods: true,
    })
}

/// The name of the source that every pipeline has.
pub(super) const TRANSACTIONS: &str = "transactions";
