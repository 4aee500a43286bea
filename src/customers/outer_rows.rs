//! Outer merge of a published table with customers that come block by block: rows in ascending order of their keys, of
//! which some may be of no customer, as those of an earlier release are.
//!
//! Where every row is of a customer of this run and customers are ranks, `keyed_rows` does it.

use super::keyed_cursor::KeyedCursor;
use crate::error::{Error, Result};
use crate::publish::read::{PublishedReader, Wanted};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use std::ops::Range;

/// Columns of a table from some key on.
pub(crate) struct OuterRows<'t> {
    table: &'static str,
    rows: KeyedCursor<'t>,
}

/// The rows up to the last of some keys.
pub(crate) struct RowsOfKeys {
    /// By key: its rows. Rows in none of these ranges have no key among them.
    pub(crate) of_key: Vec<Range<u32>>,
    /// How many rows there are.
    pub(crate) rows: usize,
    /// In the order the columns were asked for.
    pub(crate) columns: Vec<ArrayRef>,
}

impl<'t> OuterRows<'t> {
    /// Before the first key. Keys must ascend, null ones last; a key may have several rows.
    ///
    /// # Errors
    /// A column that the table does not have, a file that cannot be read.
    pub(crate) fn open(
        table: &'static str,
        reader: &'t PublishedReader,
        columns: &[(&str, Wanted)],
    ) -> Result<Self> {
        Ok(Self { table, rows: KeyedCursor::open(reader, columns)? })
    }

    /// The rows up to the last of these keys, which ascend from call to call; with `is_last` all that are left. Null
    /// keys, which come last, have no rows.
    ///
    /// # Errors
    /// Pages that cannot be decoded, keys of another type.
    pub(crate) fn next(&mut self, keys: &ArrayRef, is_last: bool) -> Result<RowsOfKeys> {
        let table = self.table;
        let up_to =
            |rows: &ArrayRef| if is_last { Ok(rows.len()) } else { rows_up_to_last(table, keys, rows) };
        let mut columns = self.rows.next(up_to)?;
        let rows = columns.remove(0);
        Ok(RowsOfKeys { of_key: self.ranges(keys, &rows)?, rows: rows.len(), columns })
    }

    fn ranges(&self, keys: &ArrayRef, rows: &ArrayRef) -> Result<Vec<Range<u32>>> {
        let mut found = if rows.is_empty() {
            Vec::new()
        } else {
            match (keys.data_type(), rows.data_type()) {
                (DataType::Int64, DataType::Int64) => {
                    let [keys, rows] =
                        [keys, rows].map(|keys| &keys.as_primitive::<Int64Type>().values()[..known(keys)]);
                    merged(keys.iter(), rows.len(), |row| &rows[row])
                }
                (DataType::Utf8, DataType::Utf8) => {
                    let (texts, of_row) = (keys.as_string::<i32>(), rows.as_string::<i32>());
                    merged(texts.iter().take(known(keys)).flatten(), known(rows), |row| of_row.value(row))
                }
                _ => return Err(other_type(self.table)),
            }
        };
        found.resize(keys.len(), 0..0);
        Ok(found)
    }
}

/// How many rows have keys up to the last of these.
fn rows_up_to_last(table: &str, keys: &ArrayRef, rows: &ArrayRef) -> Result<usize> {
    let (Some(last), false) = (known(keys).checked_sub(1), rows.is_empty()) else { return Ok(0) };
    Ok(match (keys.data_type(), rows.data_type()) {
        (DataType::Int64, DataType::Int64) => {
            let last = keys.as_primitive::<Int64Type>().value(last);
            rows.as_primitive::<Int64Type>().values()[..known(rows)].partition_point(|key| *key <= last)
        }
        (DataType::Utf8, DataType::Utf8) => {
            let (last, rows) = (keys.as_string::<i32>().value(last), rows.as_string::<i32>());
            let (mut low, mut high) = (0, known(rows));
            while low < high {
                let middle = usize::midpoint(low, high);
                if rows.value(middle) <= last { low = middle + 1 } else { high = middle }
            }
            low
        }
        _ => return Err(other_type(table)),
    })
}

fn other_type(table: &str) -> Error {
    Error::internal(format!("{table}: keys of another type than those of customers"))
}

/// How many keys are not null; these come first.
fn known(keys: &dyn Array) -> usize {
    keys.len() - keys.null_count()
}

/// The rows of each key; both sides ascend.
fn merged<K: Ord>(
    keys: impl Iterator<Item = K>,
    rows: usize,
    key_of: impl Fn(usize) -> K,
) -> Vec<Range<u32>> {
    let wide = |row: usize| u32::try_from(row).expect("rows of a block fit 32 bits");
    let mut found = Vec::with_capacity(keys.size_hint().0);
    let mut row = 0;
    for key in keys {
        while row < rows && key_of(row) < key {
            row += 1;
        }
        let first = row;
        while row < rows && key_of(row) == key {
            row += 1;
        }
        found.push(wide(first)..wide(row));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_key_are_in_no_range() {
        let rows = [1, 2, 2, 5, 6];
        let found = merged([2, 3, 6].into_iter(), rows.len(), |row| rows[row]);
        assert_eq!(found, [1..3, 3..3, 4..5]);
    }
}
