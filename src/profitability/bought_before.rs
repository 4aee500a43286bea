//! Digests of the sets of customers who had bought before a period: incremental hashing by addition (M. Bellare, D. Micciancio, "A new
//! paradigm for collision-free hashing", EUROCRYPT '97, 163–192). Those before a period are those before the one before it and those who
//! first bought in that, so that the digests of all periods are running sums.

use super::lives::Lives;
use crate::customers::slices::slices;
use crate::error::Result;
use crate::facts::schema::{Customers, Keys};
use rayon::prelude::*;
use std::ops::Range;

/// By period, of the customers with a purchase before it.
///
/// # Errors
/// A disk that fails.
pub(crate) fn bought_before(lives: &Lives<'_>, customers: &Customers, periods: usize) -> Result<Vec<u128>> {
    let of_slice = |ranks: Range<usize>| -> Result<Vec<u128>> {
        let mut first_in = vec![0_u128; periods];
        for (rank, first) in ranks.clone().zip(lives.first_periods(&ranks)?) {
            if let Ok(first) = usize::try_from(first) {
                first_in[first] = first_in[first].wrapping_add(digest(&customers.keys, rank));
            }
        }
        Ok(first_in)
    };
    let slices: Vec<Range<usize>> = slices(0..customers.len()).collect();
    let of_slices = slices.into_par_iter().with_max_len(1).map(of_slice).collect::<Vec<Result<Vec<u128>>>>();
    let mut first_in = vec![0_u128; periods];
    for of_slice in of_slices {
        for (sum, more) in first_in.iter_mut().zip(of_slice?) {
            *sum = sum.wrapping_add(more);
        }
    }
    let mut before = Vec::with_capacity(periods);
    let mut sum = 0_u128;
    for first_in in first_in {
        before.push(sum);
        sum = sum.wrapping_add(first_in);
    }
    Ok(before)
}

/// Of the key of a customer; 0 of the unidentified cost object.
fn digest(keys: &Keys, rank: usize) -> u128 {
    if rank >= keys.len() {
        return 0;
    }
    let hash = match keys {
        Keys::Int(keys) => blake3::hash(&keys[rank].to_le_bytes()),
        Keys::Text(keys) => blake3::hash(keys.value(rank).as_bytes()),
    };
    u128::from_le_bytes(std::array::from_fn(|byte| hash.as_bytes()[byte]))
}
