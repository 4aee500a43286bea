//! Exchange rates as rows of (currency, day, rate), read as ledgers are.

use super::marks::Marks;
use super::{Finest, amounts, read_files};
use crate::error::Result;
use crate::facts::inputs::identity::Identity;
use crate::facts::inputs::source_view::SourceView;
use crate::pipeline::{Definition, LedgerDef};
use crate::units::{Day, Decimal};

/// A rate as a file has it.
#[derive(Debug, Clone)]
pub(crate) struct RateRow {
    pub(crate) currency: String,
    pub(crate) day: Day,
    pub(crate) rate: Decimal,
    /// Which row of which file it is, for messages.
    pub(crate) place: String,
}

/// Digits after the point of a rate.
pub(crate) const RATE_DIGITS: u8 = 10;

/// Reads every rate of the files, which have at most two digits more than rates may have.
///
/// # Errors
/// A missing or unreadable file, a missing column, a row without currency, day or rate.
pub(crate) fn read_rates(
    definition: &Definition,
    rows: &LedgerDef,
) -> Result<(Vec<RateRow>, SourceView, Vec<Identity>)> {
    let finest = RATE_DIGITS + 2;
    let (files, view) = read_files(definition, rows, Finest::Quantity(finest))?;
    let marks = Marks::settle(rows, &files, None)?;
    let mut rates = amounts(&files, &marks, finest)?.into_iter();
    let mut found = Vec::new();
    for file in &files {
        for row in &file.rows {
            let (rate, place) = (rates.next().expect("every row has an amount"), file.place(row.number));
            found.push(RateRow { currency: row.account.clone(), day: row.day, rate, place });
        }
    }
    Ok((found, view, files.into_iter().map(|file| file.identity).collect()))
}
