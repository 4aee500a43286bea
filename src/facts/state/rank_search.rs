//! Ranks of keys that mostly ascend: galloping search (J. L. Bentley, A. C.-C. Yao, "An almost optimal algorithm for unbounded
//! searching", Information Processing Letters 5 (1976), 82–87) from the rank found before. Sources lie in the order of days and, on a
//! day, of customers, so that the next key is near, and what is compared with it lies in cache.

use crate::facts::expr::KeyColumn;
use crate::facts::inputs::key_text::{is_valid, text_of};
use crate::facts::schema::{Customers, Keys};
use arrow::array::Array;
use std::cmp::Ordering;

/// By row of a column, the rank of a customer whom the facts know.
pub(super) fn ranks(keys: &KeyColumn, rows: usize, customers: &Customers) -> Vec<Option<u32>> {
    let mut near = 0;
    let mut ranks = Vec::with_capacity(rows);
    for row in 0..rows {
        let found = if is_valid(keys, row) { search(keys, row, customers, near) } else { None };
        near = found.unwrap_or(near);
        ranks.push(found.and_then(|rank| u32::try_from(rank).ok()));
    }
    ranks
}

fn search(keys: &KeyColumn, row: usize, customers: &Customers, near: usize) -> Option<usize> {
    match (keys, &customers.keys) {
        (KeyColumn::Int { values, .. }, Keys::Int(known)) => {
            gallop(known.len(), near, |rank| known[rank].cmp(&values[row]))
        }
        (_, Keys::Int(known)) => {
            let key: i64 = text_of(keys, row).parse().ok()?;
            gallop(known.len(), near, |rank| known[rank].cmp(&key))
        }
        (_, Keys::Text(known)) => {
            let key = text_of(keys, row);
            gallop(known.len(), near, |rank| known.value(rank).as_bytes().cmp(key.as_bytes()))
        }
    }
}

/// The place of a key among `known` ones, which ascend; `compare` holds the one at a place against it.
fn gallop(known: usize, near: usize, compare: impl Fn(usize) -> Ordering) -> Option<usize> {
    let (mut low, mut high) = (0, known);
    let (mut probe, mut step) = (near, 1);
    while probe < high {
        match compare(probe) {
            Ordering::Equal => return Some(probe),
            Ordering::Greater => high = probe,
            Ordering::Less => {
                low = probe + 1;
                probe += step;
                step *= 2;
            }
        }
    }
    while low < high {
        let middle = usize::midpoint(low, high);
        match compare(middle) {
            Ordering::Equal => return Some(middle),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_key_is_found_from_anywhere(known: BTreeSet<u8>, key: u8, near in 0..300_usize) {
            let known: Vec<u8> = known.into_iter().collect();
            let found = gallop(known.len(), near, |rank| known[rank].cmp(&key));
            prop_assert_eq!(found, known.binary_search(&key).ok());
        }
    }
}
