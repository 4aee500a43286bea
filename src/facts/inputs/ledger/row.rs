//! Rows of one ledger file.

use crate::error::Error;
use crate::facts::schema::Identity;
use crate::units::{Day, Decimal};
use std::path::PathBuf;

/// The rows of one file.
pub(super) struct FileRows {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    /// Of a text file, between its columns.
    pub(super) separator: Option<u8>,
    pub(super) rows: Vec<Row>,
}

/// One row.
pub(super) struct Row {
    /// The line of a text file, the row of a Parquet file, from 1.
    pub(super) number: u64,
    pub(super) account: String,
    pub(super) day: Day,
    pub(super) amount: Amount,
}

/// An amount as far as one row settles it.
pub(super) enum Amount {
    /// Rounded already.
    Exact(Decimal),
    /// Which mark stands before its decimals is settled when all rows are known.
    Text(String),
}

impl FileRows {
    /// Which row of which file a row is.
    pub(super) fn place(&self, number: u64) -> String {
        place(&self.path, self.separator.is_some(), number)
    }

    /// A fault with its file and row. A bad row is an error and not quarantined: money of a ledger must not vanish.
    pub(super) fn fault(&self, number: u64, message: &str) -> Error {
        fault(&self.path, self.separator.is_some(), number, message)
    }
}

/// A fault with its file and its line or row.
pub(super) fn fault(path: &std::path::Path, is_text: bool, number: u64, message: &str) -> Error {
    Error::input(format!("{}: {message}", place(path, is_text, number)))
}

fn place(path: &std::path::Path, is_text: bool, number: u64) -> String {
    let path = path.display();
    if is_text { format!("{path}:{number}") } else { format!("{path}: row {number}") }
}

/// What is wrong with a row that lacks a value.
pub(super) fn nothing_in(column: &str) -> String {
    format!("nothing in the column '{column}'")
}
