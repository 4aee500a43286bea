//! Merge join of a published table with customers, slice by slice: the rows of a table that has some customers only,
//! in ascending order of their keys.

use super::keyed_cursor::KeyedCursor;
use crate::error::{Error, Result};
use crate::facts::schema::{Customers, Keys};
use crate::publish::read::{PublishedReader, Wanted, names};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int64Type;
use std::cmp::Ordering;
use std::ops::Range;

/// Columns of a table and the customers they belong to, from some customer on.
pub(crate) struct KeyedRows<'t> {
    customers: &'t Customers,
    table: &'static str,
    rows: KeyedCursor<'t>,
}

/// Rows of consecutive customers.
pub(crate) struct RowsOfRanks {
    /// The customer of each row, ascending.
    pub(crate) ranks: Vec<u32>,
    /// In the order the columns were asked for.
    pub(crate) columns: Vec<ArrayRef>,
}

impl RowsOfRanks {
    /// By which of `values`, which ascend, each of these customers has in a column of names: its place among them, and as many as
    /// there are where it has none or no row. A customer has one row at the most.
    ///
    /// # Errors
    /// A column of another type.
    pub(crate) fn groups(
        &self,
        column: usize,
        values: &[String],
        ranks: &Range<usize>,
    ) -> Result<Vec<usize>> {
        let coded = names(&self.columns[column])?;
        let known = coded.values().as_string::<i32>().iter();
        let place = |name: Option<&str>| values.binary_search_by(|value| Some(value.as_str()).cmp(&name));
        let places: Vec<usize> = known.map(|name| place(name).unwrap_or(values.len())).collect();
        let mut groups = vec![values.len(); ranks.len()];
        let row_of = |rank: usize| self.ranks.partition_point(|of| (*of as usize) < rank);
        for row in row_of(ranks.start)..row_of(ranks.end) {
            if let Some(code) = coded.key(row) {
                groups[self.ranks[row] as usize - ranks.start] = places[code];
            }
        }
        Ok(groups)
    }
}

impl<'t> KeyedRows<'t> {
    /// Before the first customer. Keys must ascend; a customer may have several rows.
    ///
    /// # Errors
    /// A column that the table does not have, a file that cannot be read.
    pub(crate) fn open(
        customers: &'t Customers,
        table: &'static str,
        reader: &'t PublishedReader,
        columns: &[(&str, Wanted)],
    ) -> Result<Self> {
        Ok(Self { customers, table, rows: KeyedCursor::open(reader, columns)? })
    }

    /// The rows of these customers. Ranks are asked for in ascending order.
    ///
    /// # Errors
    /// Pages that cannot be decoded, a key that is no customer's.
    pub(crate) fn next(&mut self, ranks: Range<usize>) -> Result<RowsOfRanks> {
        let mut columns = self.rows.next(|keys| Ok(rows_up_to(keys, self.customers, ranks.end)))?;
        let keys = columns.remove(0);
        Ok(RowsOfRanks { ranks: self.ranks_of(&keys, ranks)?, columns })
    }

    /// The customer of each row.
    fn ranks_of(&self, keys: &ArrayRef, ranks: Range<usize>) -> Result<Vec<u32>> {
        let customers = ranks.start..ranks.end.min(self.customers.keys.len());
        let known_rows = keys.len() - keys.null_count();
        let mut found = match &self.customers.keys {
            Keys::Int(known) => {
                let values = &keys.as_primitive::<Int64Type>().values()[..known_rows];
                merged(values.iter().copied(), customers, |rank| known[rank])
            }
            Keys::Text(known) => {
                let values = keys.as_string::<i32>().iter().take(known_rows).flatten();
                merged(values, customers, |rank| known.value(rank))
            }
        };
        if found.len() < known_rows {
            return Err(Error::internal(format!(
                "{}: row {} after the first of customer {} is of no customer of this run",
                self.table,
                found.len(),
                ranks.start
            )));
        }
        // The unidentified cost object has a null key and comes last.
        found.resize(keys.len(), rank_u32(self.customers.keys.len()));
        Ok(found)
    }
}

/// The rank of each key, up to the first that no customer has; both sides ascend.
fn merged<K: Ord>(
    keys: impl Iterator<Item = K>,
    ranks: Range<usize>,
    known: impl Fn(usize) -> K,
) -> Vec<u32> {
    let mut found = Vec::with_capacity(keys.size_hint().0);
    let mut rank = ranks.start;
    for key in keys {
        while rank < ranks.end && known(rank) < key {
            rank += 1;
        }
        if rank == ranks.end || known(rank) != key {
            break;
        }
        found.push(rank_u32(rank));
    }
    found
}

fn rank_u32(rank: usize) -> u32 {
    u32::try_from(rank).expect("ranks fit 32 bits")
}

/// How many of these ascending keys are of customers before a rank.
fn rows_up_to(keys: &ArrayRef, customers: &Customers, end: usize) -> usize {
    let (mut low, mut high) = (0, keys.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match end < customers.len() && compare(customers, end, keys, middle).is_le() {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// A customer's key against that of a row. The unidentified cost object has a null key, and comes last.
fn compare(customers: &Customers, rank: usize, keys: &ArrayRef, row: usize) -> Ordering {
    let is_unidentified = rank >= customers.keys.len();
    match (is_unidentified, keys.is_null(row)) {
        (true, is_null) => {
            if is_null {
                Ordering::Equal
            } else {
                Ordering::Greater
            }
        }
        (false, true) => Ordering::Less,
        (false, false) => match &customers.keys {
            Keys::Int(known) => known[rank].cmp(&keys.as_primitive::<Int64Type>().value(row)),
            Keys::Text(known) => known.value(rank).cmp(keys.as_string::<i32>().value(row)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_find_their_customers_up_to_the_first_unknown_key() {
        let known = [2, 4, 6, 8];
        let of = |keys: &[i64], ranks| merged(keys.iter().copied(), ranks, |rank| known[rank]);
        assert_eq!(of(&[2, 2, 6, 8], 0..4), [0, 0, 2, 3]);
        assert_eq!(of(&[6, 8], 1..3), [2], "8 is of a later slice");
        assert_eq!(of(&[2, 3, 4], 0..4), [0]);
    }

    #[test]
    fn keys_are_cut_at_a_rank() {
        let keys = Keys::Int(vec![2, 4, 6]);
        let customers = Customers { keys, has_unidentified: true };
        let rows: ArrayRef =
            std::sync::Arc::new(arrow::array::Int64Array::from(vec![Some(2), Some(4), Some(4), None]));
        for (end, expected) in [(0, 0), (1, 1), (2, 3), (3, 3), (4, 4)] {
            assert_eq!(rows_up_to(&rows, &customers, end), expected, "{end}");
        }
    }
}
