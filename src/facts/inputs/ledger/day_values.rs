//! Columns of numbers by day that hold for everybody, such as a price index or a calendar of campaigns, read as ledgers are.

use super::marks::Marks;
use super::{Finest, MOST_DIGITS, amounts, read_files};
use crate::error::Result;
use crate::facts::inputs::source_view::SourceView;
use crate::pipeline::{Definition, LedgerDef};
use crate::units::{Day, Decimal};

/// A number as a file has it.
#[derive(Debug, Clone)]
pub struct DayValue {
    /// The row's day.
    pub day: Day,
    /// The number, with at most 9 digits after the point.
    pub value: Decimal,
    /// Which row of which file it is, for messages.
    pub place: String,
}

/// Reads one column of every row of the files.
///
/// # Errors
/// A missing or unreadable file, a missing column, a row without day or number.
pub fn read_day_values(definition: &Definition, column: &LedgerDef) -> Result<(Vec<DayValue>, SourceView)> {
    let (files, mut view) = read_files(definition, column, Finest::Quantity(MOST_DIGITS))?;
    let marks = Marks::settle(column, &files, None)?;
    view.warnings.extend(marks.guesses(&column.format, &files));
    let mut values = amounts(&files, &marks, MOST_DIGITS)?.into_iter();
    let mut found = Vec::new();
    for file in &files {
        for row in &file.rows {
            let value = values.next().expect("every row has an amount");
            found.push(DayValue { day: row.day, value, place: file.place(row.number) });
        }
    }
    Ok((found, view))
}
