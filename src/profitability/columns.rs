//! Arithmetic on whole columns of money: sums and differences, checked once per column.

use crate::error::{Error, Result};
use crate::units::{Fixed18, magnitude_bits};
use arrow::buffer::ScalarBuffer;

/// A column of fixed-point mantissas, shared with the array that is written.
pub(crate) type Values = ScalarBuffer<i64>;

/// Rows that stay in the first-level cache while the terms are added up.
const CHUNK: usize = 2048;

/// `plus[0] + plus[1] + … − minus[0] − …` row by row.
///
/// # Errors
/// When a value has more than 18 digits; `name` says of which column.
pub(crate) fn combine(name: &str, rows: usize, plus: &[&[i64]], minus: &[&[i64]]) -> Result<Values> {
    let mut sums = vec![0_i64; rows];
    let all_bits = add_up(&mut sums, plus, minus);
    // Bits below 2^50 bound each term, so that 512 of them stay below 18 digits; else every row is done exactly.
    if all_bits < 1 << 50 && plus.len() + minus.len() <= 512 {
        return Ok(sums.into());
    }
    exactly(name, rows, plus, minus)
}

/// Wrapping sums of the rows; returns all bits set in the terms.
fn add_up(sums: &mut [i64], plus: &[&[i64]], minus: &[&[i64]]) -> u64 {
    let mut all_bits = 0;
    for (chunk, sums) in sums.chunks_mut(CHUNK).enumerate() {
        let range = chunk * CHUNK..chunk * CHUNK + sums.len();
        for term in plus {
            all_bits |= magnitude_bits(&term[range.clone()]);
            sums.iter_mut().zip(&term[range.clone()]).for_each(|(sum, v)| *sum = sum.wrapping_add(*v));
        }
        for term in minus {
            all_bits |= magnitude_bits(&term[range.clone()]);
            sums.iter_mut().zip(&term[range.clone()]).for_each(|(sum, v)| *sum = sum.wrapping_sub(*v));
        }
    }
    all_bits
}

fn exactly(name: &str, rows: usize, plus: &[&[i64]], minus: &[&[i64]]) -> Result<Values> {
    let sum_of = |terms: &[&[i64]], row: usize| terms.iter().map(|term| i128::from(term[row])).sum::<i128>();
    let row_of = |row| Fixed18::new(sum_of(plus, row) - sum_of(minus, row)).map(Fixed18::get);
    let sums = (0..rows).map(row_of).collect::<Option<Vec<_>>>();
    sums.map(Values::from).ok_or_else(|| too_large(name))
}

/// Adds `values` to the `sums` of the customers `ranks`, the first of whom has the rank `first`.
///
/// # Errors
/// On overflow; `name` says of which column.
pub(crate) fn add_at(
    name: &str,
    sums: &mut [i64],
    first: usize,
    ranks: &[u32],
    values: &[i64],
) -> Result<()> {
    let mut has_overflowed = false;
    for (rank, value) in ranks.iter().zip(values) {
        let sum = &mut sums[*rank as usize - first];
        let (added, overflowed) = sum.overflowing_add(*value);
        *sum = added;
        has_overflowed |= overflowed;
    }
    if has_overflowed { Err(too_large(name)) } else { Ok(()) }
}

/// The column's sum.
pub(crate) fn total(values: &[i64]) -> i128 {
    values.iter().map(|value| i128::from(*value)).sum()
}

fn too_large(name: &str) -> Error {
    Error::too_many_digits(format!("profitability: a value of '{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_combine_exactly_across_chunks() {
        let rows = 5000;
        let a: Vec<i64> = (0..rows).map(|row| row * 3 - 4000).collect();
        let b: Vec<i64> = (0..rows).map(|row| row * row).collect();
        let found = combine("x", 5000, &[&a, &b], &[&a, &a]).unwrap();
        assert!(found.iter().zip(a.iter().zip(&b)).all(|(found, (a, b))| *found == b - a));
    }

    #[test]
    fn large_values_combine_exactly_or_not_at_all() {
        let large = Fixed18::LIMIT - 1;
        assert_eq!(combine("x", 1, &[&[large], &[large]], &[&[large]]).unwrap().to_vec(), [large]);
        assert!(combine("x", 1, &[&[large], &[1]], &[]).is_err());
        assert!(combine("x", 1, &[&[i64::MIN]], &[]).is_err());
    }

    #[test]
    fn an_overflowing_sum_is_refused() {
        let mut sums = [0, i64::MAX];
        add_at("x", &mut sums, 7, &[7, 7], &[1, 2]).unwrap();
        assert_eq!(sums[0], 3);
        assert!(add_at("x", &mut sums, 7, &[8], &[1]).is_err());
    }
}
