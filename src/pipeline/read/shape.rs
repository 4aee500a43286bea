//! The shape of the file: unknown and missing keys, wrong types, unknown words; all from the tables of `keys`.

use super::table::{Entry, Table};
use super::wording::{did_you_mean, lower_first, nearest, quoted};
use crate::pipeline::keys::{Choice, FILE, Key, Kind, Section, alternatives};
use toml::de::DeValue;

/// Notes every fault of shape. Missing keys are passed over when a syntax error may have swallowed them.
pub(super) fn check(root: Table<'_>, complete: bool) {
    check_section(root, &FILE, FILE.header, complete);
}

fn check_section(table: Table<'_>, section: &'static Section, header: &str, complete: bool) {
    for entry in table.entries() {
        match section.key(entry.key) {
            Some(key) => check_value(entry, key, complete),
            None => table.reading.fault(entry.key_offset, unknown_key(entry.key, section, header)),
        }
    }
    if complete {
        check_presence(table, section, header);
    }
}

fn unknown_key(name: &str, section: &Section, header: &str) -> String {
    let known = section.keys.iter().map(|key| key.name);
    let way_out = did_you_mean(name, known.clone(), || match home_of(name) {
        Some(home) if home == FILE.header => match FILE.key(name).map(|key| key.kind) {
            Some(Kind::Table(of) | Kind::Tables(of) | Kind::NamedTables(of)) => {
                format!("it is a section of its own, {}", of.header)
            }
            _ => "it stands at the head of the file, above all sections".to_owned(),
        },
        Some(home) => format!("it belongs in {home}"),
        None => format!("its keys are {}", known.collect::<Vec<_>>().join(", ")),
    });
    format!("unknown key {} in {header}; {way_out}", quoted(name))
}

/// The section that has a key of this name: TOML gives a key to the last header above it, which is easily forgotten.
fn home_of(name: &str) -> Option<&'static str> {
    FILE.with_descendants()
        .into_iter()
        .find(|section| section.key(name).is_some())
        .map(|section| section.header)
}

fn check_presence(table: Table<'_>, section: &Section, header: &str) {
    for key in section.keys.iter().filter(|key| key.required && !table.has(key.name)) {
        table.fault(format!(
            "missing key '{}' in {header}; add {}: {}",
            key.name,
            key.kind,
            lower_first(key.doc)
        ));
    }
    check_choice(table, section.choice, header);
}

fn check_choice(table: Table<'_>, choice: Choice, header: &str) {
    let given: Vec<&str> = choice.keys().iter().copied().filter(|key| table.has(key)).collect();
    let wanted = alternatives(choice.keys());
    match (given.as_slice(), choice) {
        ([], Choice::OneOf(_)) => table.fault(format!("{header} needs one of {wanted}; found none")),
        ([first, second, ..], _) => {
            let second_key = table.entry(second).expect("given keys have entries");
            let message = format!("{header} takes only one of {wanted}; found '{second}' beside '{first}'");
            table.reading.fault(second_key.key_offset, message);
        }
        _ => {}
    }
}

fn check_value(entry: Entry<'_>, key: &Key, complete: bool) {
    let value = entry.value.get_ref();
    match key.kind {
        Kind::Text | Kind::Day | Kind::Files | Kind::Sql | Kind::Driver | Kind::Query => {
            check_text(entry, key)
        }
        Kind::Words(words) => check_word(entry, key, words),
        Kind::Integer(least, most) => check_integer(entry, key, least, most),
        Kind::Flag => check_flag(entry, key),
        Kind::Number | Kind::Ratio => check_number(entry, key),
        Kind::NumberOrByDay => match value {
            DeValue::Table(_) => check_map(entry, &Key { kind: Kind::NumberByDay, ..*key }),
            _ => check_number(entry, key),
        },
        Kind::Texts => check_texts(entry, key),
        Kind::Numbers => check_numbers(entry, key),
        Kind::SqlByName
        | Kind::DriverByName
        | Kind::TextsByName
        | Kind::NumberByDay
        | Kind::NumberByName
        | Kind::RatioByName
        | Kind::NumberByNameByName => check_map(entry, key),
        Kind::Takes(section) => check_takes(entry, key, section, complete),
        Kind::Table(section) => match entry.table() {
            Some(table) => check_section(table, section, section.header, complete),
            None => wrong_type(entry, key),
        },
        Kind::Tables(section) => match value {
            DeValue::Array(items) => {
                for item in items.iter() {
                    check_item(entry, item, key, section, complete);
                }
            }
            _ => wrong_type(entry, key),
        },
        Kind::NamedTables(section) => match entry.table() {
            Some(tables) => check_named(tables, key, section, complete),
            None => wrong_type(entry, key),
        },
    }
}

fn check_item<'a>(
    entry: Entry<'a>,
    item: &'a toml::Spanned<DeValue<'a>>,
    key: &Key,
    section: &'static Section,
    complete: bool,
) {
    let item = Entry { value: item, ..entry };
    match item.table() {
        Some(table) => check_section(table, section, section.header, complete),
        None => wrong_type(item, key),
    }
}

fn check_named(tables: Table<'_>, key: &Key, section: &'static Section, complete: bool) {
    for entry in tables.entries() {
        match entry.table() {
            Some(table) => {
                check_section(table, section, &section.header.replace("NAME", entry.key), complete);
            }
            None => wrong_type(entry, key),
        }
    }
}

fn check_text(entry: Entry<'_>, key: &Key) {
    match (entry.value.get_ref(), entry.text()) {
        (_, Some(_)) => {}
        (DeValue::String(_), None) => entry.fault(format!("'{}' is empty, expected {}", entry.key, key.kind)),
        _ => wrong_type(entry, key),
    }
}

fn check_word(entry: Entry<'_>, key: &Key, words: &[&str]) {
    let Some(text) = entry.text() else { return wrong_type(entry, key) };
    if words.contains(&text) {
        return;
    }
    let hint = nearest(text, words.iter().copied()).map(|word| format!("; did you mean '{word}'?"));
    let hint = hint.unwrap_or_default();
    entry.fault(format!("'{}' is {}, expected {}{hint}", entry.key, quoted(text), key.kind));
}

fn check_integer(entry: Entry<'_>, key: &Key, least: i64, most: i64) {
    match (entry.value.get_ref(), entry.integer()) {
        (_, Some(integer)) if (least..=most).contains(&integer) => {}
        (DeValue::Integer(integer), _) => {
            entry.fault(format!("'{}' is {integer}, expected {}", entry.key, key.kind));
        }
        _ => wrong_type(entry, key),
    }
}

fn check_flag(entry: Entry<'_>, key: &Key) {
    if !matches!(entry.value.get_ref(), DeValue::Boolean(_)) {
        wrong_type(entry, key);
    }
}

fn check_number(entry: Entry<'_>, key: &Key) {
    if !matches!(entry.value.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::String(_)) {
        wrong_type(entry, key);
    }
}

fn check_texts(entry: Entry<'_>, key: &Key) {
    match entry.value.get_ref() {
        DeValue::Array(items) if items.is_empty() => {
            entry.fault(format!("'{}' is an empty list, expected {}", entry.key, key.kind));
        }
        DeValue::Array(items) => {
            for item in items.iter() {
                check_text(Entry { value: item, ..entry }, key);
            }
        }
        _ => check_text(entry, key),
    }
}

fn check_numbers(entry: Entry<'_>, key: &Key) {
    match entry.value.get_ref() {
        DeValue::Array(items) if items.is_empty() => {
            entry.fault(format!("'{}' is an empty list, expected {}", entry.key, key.kind));
        }
        DeValue::Array(items) => {
            for item in items.iter() {
                check_number(Entry { value: item, ..entry }, &Key { kind: Kind::Number, ..*key });
            }
        }
        _ => wrong_type(entry, key),
    }
}

fn check_map(entry: Entry<'_>, key: &Key) {
    let Some(table) = entry.table() else { return wrong_type(entry, key) };
    if table.map.is_empty() {
        entry.fault(format!("'{}' is empty, expected {}", entry.key, key.kind));
    }
    let kind = key.kind.of_values().expect("a map says what its values are");
    for value in table.entries() {
        check_value(value, &Key { kind, ..*key }, true);
    }
}

/// Shares and the word `even` are read later: here only tables are looked into.
fn check_takes(entry: Entry<'_>, key: &Key, section: &'static Section, complete: bool) {
    let Some(takes) = entry.table() else { return wrong_type(entry, key) };
    if takes.map.is_empty() {
        entry.fault(format!("'{}' is empty, expected {}", entry.key, key.kind));
    }
    for take in takes.entries() {
        match take.table() {
            Some(table) => check_section(table, section, section.header, complete),
            None => check_number(take, &Key { kind: Kind::Number, ..*key }),
        }
    }
}

fn wrong_type(entry: Entry<'_>, key: &Key) {
    let found = match entry.value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    entry.fault(format!("{} is {found}, expected {}", quoted(entry.key), key.kind));
}
