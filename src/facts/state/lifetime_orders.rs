//! Distinct orders over life: an order may have lines in several periods, so the periods' orders do not add up.

use super::packed::rows_of;
use super::period_run::{ORDER_WORDS, STEP};
use super::record::{PeriodRuns, Record, StateFile};
use super::state_file::Kept;
use crate::error::Result;
use rayon::prelude::*;
use std::path::Path;

/// Distinct orders with a sale line, by rank; `ranks` has the rank of each row of each period.
///
/// # Errors
/// Kept state that cannot be read.
pub(crate) fn count(
    folder: &Path,
    record: &Record,
    ranks: &[Vec<u32>],
    customers: usize,
) -> Result<Vec<i64>> {
    let read = |(runs, ranks): (&PeriodRuns, &Vec<u32>)| OrderRun::read(folder, &runs.orders, ranks);
    let runs = record.periods.par_iter().zip(ranks).map(read).collect::<Result<Vec<_>>>()?;
    let mut orders = vec![0_i64; customers];
    orders.par_chunks_mut(SLICE).enumerate().for_each(|(slice, orders)| {
        count_orders(&runs, u32::try_from(slice * SLICE).expect("ranks fit 32 bits"), orders);
    });
    Ok(orders)
}

/// Ranks handled by one thread at a time.
const SLICE: usize = 65_536;

/// The distinct orders of a period, sorted by rank.
struct OrderRun {
    ranks: Vec<u32>,
    words: [Vec<i64>; 2],
}

impl OrderRun {
    fn read(folder: &Path, file: &StateFile, ranks: &[u32]) -> Result<Self> {
        let kept = Kept::read(folder, file)?;
        let words = ORDER_WORDS.map(|word| kept.sums(word));
        Ok(Self { ranks: rows_of(kept.integers(STEP)).map(|row| ranks[row]).collect(), words })
    }
}

/// Counts distinct orders of the ranks from `first` on.
fn count_orders(runs: &[OrderRun], first: u32, orders: &mut [i64]) {
    let end = first + u32::try_from(orders.len()).expect("a slice is short");
    let mut cursors: Vec<usize> =
        runs.iter().map(|run| run.ranks.partition_point(|rank| *rank < first)).collect();
    let mut seen: Vec<(i64, i64)> = Vec::new();
    for rank in first..end {
        seen.clear();
        let mut periods = 0;
        for (run, cursor) in runs.iter().zip(&mut cursors) {
            let start = *cursor;
            while *cursor < run.ranks.len() && run.ranks[*cursor] == rank {
                seen.push((run.words[0][*cursor], run.words[1][*cursor]));
                *cursor += 1;
            }
            periods += usize::from(*cursor > start);
        }
        if periods > 1 {
            seen.sort_unstable();
            seen.dedup();
        }
        orders[(rank - first) as usize] = i64::try_from(seen.len()).expect("a count fits 63 bits");
    }
}
