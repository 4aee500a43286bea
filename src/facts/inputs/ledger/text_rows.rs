//! Rows of a text file: comma-separated values and their relatives, RFC 4180 with any separator.

use super::day::parse_day;
use super::row::{Amount, FileRows, Row, fault, nothing_in};
use super::text_file::{Columns, TextFile};
use crate::error::{Error, Result};
use crate::facts::inputs::find::FoundFile;
use crate::pipeline::{Definition, LedgerDef};
use csv::StringRecord;
use std::path::Path;

/// Reads every row that is not empty.
///
/// # Errors
/// Text that is not UTF-8, a missing column, a row without account or date, or with too few fields.
pub(super) fn read(definition: &Definition, ledger: &LedgerDef, found: &FoundFile) -> Result<FileRows> {
    let path = &found.path;
    let file = TextFile::open(found)?;
    let (separator, head) = file.head(ledger)?;
    let columns = Columns::find(found, ledger, &head)?;
    let mut reader = file.reader(separator);
    let mut record = StringRecord::new();
    let mut rows = Vec::new();
    let mut is_head = true;
    while read_record(&mut reader, &mut record, path)? {
        let line = record.position().map_or(0, csv::Position::line) + file.lines_before;
        let is_empty = record.iter().all(|field| field.trim().is_empty());
        if !is_head && !is_empty {
            check_width(&record, &head, separator)
                .and_then(|()| columns.check_claims(&record))
                .and_then(|()| row(definition, ledger, &columns, &record, line))
                .map(|row| rows.extend(row))
                .map_err(|message| fault(path, true, line, &message))?;
        }
        is_head &= is_empty;
    }
    Ok(FileRows { path: path.to_owned(), identity: file.identity, separator: Some(separator), rows })
}

fn read_record(reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord, path: &Path) -> Result<bool> {
    reader.read_record(record).map_err(|error| Error::input(format!("{}: {error}", path.display())))
}

/// A field too many is most likely an unquoted decimal comma: reading on would take its half for the amount.
fn check_width(record: &StringRecord, head: &StringRecord, separator: u8) -> Result<(), String> {
    let excess = record.iter().skip(head.len()).any(|field| !field.trim().is_empty());
    if !excess {
        return Ok(());
    }
    let separator = char::from(separator).escape_default();
    Err(format!(
        "{} fields where the head has {}; quote fields that hold '{separator}', or write the file with another separator",
        record.len(),
        head.len()
    ))
}

fn row(
    definition: &Definition,
    ledger: &LedgerDef,
    columns: &Columns,
    record: &StringRecord,
    line: u64,
) -> Result<Option<Row>, String> {
    let account = columns.account.of(record).to_owned();
    if account.is_empty() {
        return Err(nothing_in(&ledger.account_column));
    }
    let format = ledger.format.date_format.as_deref();
    let date = columns.period.of(record);
    if date.trim().is_empty() {
        return Err(nothing_in(&ledger.period_column));
    }
    let day = parse_day(date, format, definition.facts.timezone)?;
    let amount = columns.amount.of(record).to_owned();
    match amount.is_empty() {
        true if ledger.may_be_empty => Ok(None),
        true => Err(nothing_in(&ledger.amount_column)),
        false => Ok(Some(Row { number: line, account, day, amount: Amount::Text(amount) })),
    }
}
