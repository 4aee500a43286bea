//! Names of members of small published tables.

use crate::error::{Error, Result};
use crate::publish::read::{PublishedReader, Wanted};
use arrow::array::{Array, AsArray};

/// What stands for a member that has no name.
pub(super) const NONE: &str = "(none)";

/// A short column of texts, whole; nulls are [`NONE`].
///
/// # Errors
/// A table that cannot be read, a column of another type.
pub(super) fn texts(table: &PublishedReader, column: &str) -> Result<Vec<String>> {
    let arrays = table.cursor(&[(column, Wanted::Values)])?.next(table.rows())?;
    let texts = arrays[0].as_string_opt::<i32>();
    let texts = texts.ok_or_else(|| Error::internal(format!("column '{column}' is no text")))?;
    Ok((0..texts.len())
        .map(|row| if texts.is_null(row) { NONE } else { texts.value(row) }.to_owned())
        .collect())
}
