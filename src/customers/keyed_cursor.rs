//! Reads a published table forward, key column first, up to a key at a time: what both merges with customers share.

use crate::error::{Error, Result};
use crate::publish::read::{Cursor, PublishedReader, Wanted};
use arrow::array::{Array, ArrayRef};

/// The key column of every table of customers.
const KEY: &str = "customer_id";

/// Rows read at a time.
const BATCH_ROWS: usize = 1 << 17;

/// Columns of a table from some key on.
pub(super) struct KeyedCursor<'t> {
    cursor: Cursor<'t>,
    /// Read, but of later keys: the key column first.
    pending: Vec<ArrayRef>,
}

impl<'t> KeyedCursor<'t> {
    /// Before the first key. Keys must ascend, null ones last; a key may have several rows.
    ///
    /// # Errors
    /// A column that the table does not have, a file that cannot be read.
    pub(super) fn open(reader: &'t PublishedReader, columns: &[(&str, Wanted)]) -> Result<Self> {
        let with_key: Vec<(&str, Wanted)> =
            std::iter::once((KEY, Wanted::Values)).chain(columns.iter().copied()).collect();
        let mut cursor = reader.cursor(&with_key)?;
        let pending = cursor.next(0)?;
        Ok(Self { cursor, pending })
    }

    /// The next rows, keys first. `taken` says how many of some rows, by their keys, belong to them; the others wait.
    ///
    /// # Errors
    /// Pages that cannot be decoded, what `taken` returns.
    pub(super) fn next(&mut self, taken: impl Fn(&ArrayRef) -> Result<usize>) -> Result<Vec<ArrayRef>> {
        let mut parts: Vec<Vec<ArrayRef>> = Vec::new();
        loop {
            let rows = self.pending[0].len();
            let taken = taken(&self.pending[0])?;
            parts.push(self.pending.iter().map(|column| column.slice(0, taken)).collect());
            if taken < rows || self.cursor.rows_left() == 0 {
                self.pending = self.pending.iter().map(|column| column.slice(taken, rows - taken)).collect();
                return joined(parts);
            }
            self.pending = self.cursor.next(BATCH_ROWS)?;
        }
    }
}

/// Consecutive rows, column by column; there is at least one part.
fn joined(mut parts: Vec<Vec<ArrayRef>>) -> Result<Vec<ArrayRef>> {
    if parts.iter().any(|part| !part[0].is_empty()) {
        parts.retain(|part| !part[0].is_empty());
    } else {
        parts.truncate(1);
    }
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let mut columns = Vec::with_capacity(parts[0].len());
    for index in 0..parts[0].len() {
        let pieces: Vec<&dyn Array> = parts.iter().map(|part| part[index].as_ref()).collect();
        let whole = arrow::compute::concat(&pieces);
        columns.push(whole.map_err(|fault| Error::internal(fault.to_string()))?);
    }
    Ok(columns)
}
