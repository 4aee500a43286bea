//! Which marks the amounts of a ledger are written with: declared, or settled by all amounts together.
//!
//! `1,100.50` says what its marks mean, `1,100` does not. A guess is made only where some amount rules out the other
//! reading, or where only a program can have written the file; it is said, and where neither holds the ledger is refused
//! with the key that settles it.

use super::amount::{Digits, digits};
use super::row::{Amount, FileRows};
use crate::error::{Error, Result};
use crate::pipeline::{LedgerDef, TextFormat};
use crate::units::Decimal;
use std::collections::BTreeSet;

/// The marks of a ledger's amounts.
pub(super) struct Marks<'d> {
    /// The column of the amounts, for messages.
    column: &'d str,
    decimal: char,
    thousands: Option<char>,
    currency: Option<&'d str>,
    /// An amount that reads as another number under the other mark, where nothing settled which.
    open: Option<String>,
}

/// The decimal mark of undeclared amounts.
struct Guess {
    decimal: char,
    open: Option<String>,
}

impl<'d> Marks<'d> {
    /// Settles the marks of all amounts in text.
    ///
    /// # Errors
    /// An amount that reads as two numbers, and none beside it that tells which.
    pub(super) fn settle(
        ledger: &'d LedgerDef,
        files: &[FileRows],
        currency: Option<&'d str>,
    ) -> Result<Self> {
        let (format, column) = (&ledger.format, ledger.amount_column.as_str());
        let declared = format.decimal_mark.or(match format.thousands_mark {
            Some('.') => Some(','),
            Some(',') => Some('.'),
            _ => None,
        });
        let Guess { decimal, open } = match declared {
            Some(decimal) => Guess { decimal, open: None },
            None => guess(files, column, currency)?,
        };
        Ok(Self { column, decimal, thousands: format.thousands_mark, currency, open })
    }

    /// Reads an amount, rounded to at most so many digits after the point.
    pub(super) fn read(&self, text: &str, finest: u8) -> Result<Decimal, String> {
        if text.is_empty() {
            return Err(format!("no {}", self.column));
        }
        let found = self.digits(text).ok_or_else(|| {
            let but = if digits(text, self.decimal, self.currency).is_some() {
                ", and thousands_mark is another"
            } else {
                ""
            };
            format!("{} '{text}' is not a number with the decimal mark '{}'{but}", self.column, self.decimal)
        })?;
        found.rounded(finest).ok_or_else(|| format!("{} '{text}' has more than 38 digits", self.column))
    }

    fn digits(&self, text: &str) -> Option<Digits> {
        let found = digits(text, self.decimal, self.currency)?;
        let is_allowed = |mark| self.thousands.is_none_or(|thousands| thousands == mark);
        found.thousands.is_none_or(is_allowed).then_some(found)
    }

    /// What was not declared and is not what every program writes, with the keys that make it certain.
    pub(super) fn guesses(&self, format: &TextFormat, files: &[FileRows]) -> Option<String> {
        let texts = texts(files).filter_map(|(_, _, text)| self.digits(text)?.thousands);
        let thousands: BTreeSet<char> = texts.filter(|_| format.thousands_mark.is_none()).collect();
        let separators: BTreeSet<u8> = files.iter().filter_map(|file| file.separator).collect();
        let separators = separators.into_iter().filter(|mark| *mark != b',' && format.separator.is_none());
        let is_declared = format.decimal_mark.is_some() || matches!(format.thousands_mark, Some('.' | ','));
        let is_decimal_guessed = !is_declared && (self.decimal != '.' || self.open.is_some());
        let mut keys: Vec<String> = separators
            .map(|separator| {
                format!(
                    "separator = \"{}\"",
                    if separator == b'\t' { "tab".into() } else { char::from(separator).to_string() }
                )
            })
            .collect();
        keys.extend(is_decimal_guessed.then(|| format!("decimal_mark = \"{}\"", self.decimal)));
        keys.extend(thousands.iter().map(|mark| match mark {
            ' ' => "thousands_mark = \"space\"".to_owned(),
            mark => format!("thousands_mark = \"{mark}\""),
        }));
        let path = files.iter().find(|file| file.separator.is_some()).or(files.first())?.path.display();
        let because = self
            .open
            .as_ref()
            .map(|amount| format!(", for '{amount}' reads as two numbers and no other amount tells which"));
        (!keys.is_empty()).then(|| {
            format!(
                "{path}: read with {}, a guess{}; write that to make it certain",
                keys.join(", "),
                because.unwrap_or_default()
            )
        })
    }
}

/// Amounts in text, with their files and rows.
fn texts(files: &[FileRows]) -> impl Iterator<Item = (&FileRows, u64, &str)> {
    files.iter().flat_map(|file| {
        file.rows.iter().filter_map(move |row| match &row.amount {
            Amount::Text(text) if !text.is_empty() => Some((file, row.number, text.as_str())),
            _ => None,
        })
    })
}

/// The one mark that all amounts fit; a point where both fit and mean the same.
fn guess(files: &[FileRows], column: &str, currency: Option<&str>) -> Result<Guess> {
    let mut fits = [0_u64; 2];
    let mut ambiguous = None;
    let (mut count, mut has_comma, mut is_from_program) = (0, false, true);
    for (file, number, text) in texts(files) {
        count += 1;
        has_comma |= text.contains(',');
        is_from_program &= matches!(file.separator, None | Some(b',' | b'|'));
        let readings = ['.', ','].map(|mark| digits(text, mark, currency));
        for (fits, reading) in fits.iter_mut().zip(&readings) {
            *fits += u64::from(reading.is_some());
        }
        if let [Some(point), Some(comma)] = &readings
            && !point.is_same(comma)
        {
            ambiguous.get_or_insert((file, number, text));
        }
    }
    let settled = |decimal: char| Ok(Guess { decimal, open: None });
    match (fits.map(|fits| fits == count), ambiguous) {
        // Programs write points and no groups; a decimal comma comes with semicolons or tabs.
        ([true, true], Some((file, number, text))) if has_comma || !is_from_program => {
            Err(ambiguous_amount(file, number, column, text))
        }
        ([true, true], Some((.., text))) => Ok(Guess { decimal: '.', open: Some(text.to_owned()) }),
        ([true, _], _) => settled('.'),
        ([false, true], _) => settled(','),
        // Some amount is wrong under both: it is named when it is read.
        ([false, false], _) => settled(if fits[0] >= fits[1] { '.' } else { ',' }),
    }
}

fn ambiguous_amount(file: &FileRows, number: u64, column: &str, text: &str) -> Error {
    let fault = format!(
        "{column} '{text}' reads as two numbers, and no other {column} tells which; \
         write decimal_mark = \".\" or decimal_mark = \",\" beside 'files'"
    );
    file.fault(number, &fault)
}
