//! Distinct orders over life: an order may have lines in several periods, so the periods' orders do not add up.

use std::ops::Range;

/// The distinct orders of a period, sorted by rank.
pub(super) struct OrderRun {
    pub(super) ranks: Vec<u32>,
    /// High and low words of the orders' keys.
    pub(super) words: [Vec<i64>; 2],
}

/// Distinct orders over all periods of the customers of these ranks.
pub(super) fn count_orders(runs: &[OrderRun], ranks: Range<usize>) -> Vec<i64> {
    let rank = |rank: usize| u32::try_from(rank).expect("ranks fit 32 bits");
    let mut orders = vec![0; ranks.len()];
    let (first, end) = (rank(ranks.start), rank(ranks.end));
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
    orders
}
