//! Values of keys, or else the defaults that the key tables document.

use super::table::{Entry, Table};
use crate::pipeline::keys::Section;
use crate::units::Decimal;

/// A count from 0.
pub(super) fn count(table: Table<'_>, key: &str) -> Option<u32> {
    table.integer(key).and_then(|count| u32::try_from(count).ok())
}

/// A count, or the section's default.
pub(super) fn count_or(table: Option<Table<'_>>, section: &Section, key: &str) -> u32 {
    table.and_then(|table| count(table, key)).unwrap_or_else(|| section.default_integer(key))
}

/// A number as `read` says, or the section's default.
pub(super) fn number_or<'a>(
    table: Option<Table<'a>>,
    section: &Section,
    key: &str,
    read: impl FnOnce(Entry<'a>) -> Option<Decimal>,
) -> Option<Decimal> {
    match table.and_then(|table| table.entry(key)) {
        Some(entry) => read(entry),
        None => Some(section.default_number(key)),
    }
}

/// A text or word, or the section's default.
pub(super) fn word_or<'a>(table: Option<Table<'a>>, section: &Section, key: &str) -> &'a str {
    table.and_then(|table| table.text(key)).unwrap_or_else(|| section.default_word(key))
}
