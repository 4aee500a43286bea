//! The keys that say how a text file is written.

use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::TextFormat;
use crate::units::Day;

/// Reads them from the table of a ledger or a driver file.
pub(super) fn text_format(table: Table<'_>) -> TextFormat {
    let first = |text: &str| text.chars().next();
    let decimal_mark = table.text("decimal_mark").and_then(first);
    let thousands_mark = table.entry("thousands_mark").and_then(|entry| thousands_mark(entry, decimal_mark));
    TextFormat {
        separator: table.text("separator").and_then(separator),
        decimal_mark,
        thousands_mark,
        date_format: table.entry("date_format").and_then(date_format),
    }
}

fn separator(word: &str) -> Option<u8> {
    if word == "tab" { Some(b'\t') } else { word.bytes().next() }
}

fn thousands_mark(entry: Entry<'_>, decimal_mark: Option<char>) -> Option<char> {
    let word = entry.text()?;
    let mark = if word == "space" { ' ' } else { word.chars().next()? };
    if decimal_mark == Some(mark) {
        entry.fault(format!(
            "'thousands_mark' and 'decimal_mark' are both {}; one of them is another",
            quoted(word)
        ));
    }
    Some(mark)
}

/// A format is usable if a day written with it reads back as itself, or as the first of its month or year.
fn date_format(entry: Entry<'_>) -> Option<String> {
    let format = entry.text()?;
    let day = |month, day| Day::from_ymd(2024, month, day);
    let sample = day(11, 23)?;
    let read = sample.formatted(format).and_then(|written| Day::parse_formatted(&written, format));
    if read.is_some() && [Some(sample), day(11, 1), day(1, 1)].contains(&read) {
        return Some(format.to_owned());
    }
    entry.fault(format!(
        "'date_format' is {}, by which no day reads back; expected letters of strftime such as '%d.%m.%Y' or '%Y%m'",
        quoted(format)
    ));
    None
}
