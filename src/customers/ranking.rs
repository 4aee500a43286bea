//! Ordinal ranking of customers by a value, from the highest on, ties in the order of keys: an external merge sort
//! (D. E. Knuth, The Art of Computer Programming, vol. 3, 5.4), for the values of all customers need not fit in memory.

use crate::error::Result;
use crate::memory::{Memory, Reservation, Scratch};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Entries of a block, which is read back at once.
const BLOCK: usize = 1 << 14;
/// Blocks of a sorted run.
const RUN_BLOCKS: usize = 16;

/// A customer's value, highest first when compared, then by rank.
type Entry = (Reverse<i64>, u32);

/// Values of customers while they are collected into sorted runs.
#[derive(Debug)]
pub(crate) struct Ranking {
    customers: usize,
    entries: usize,
    open: Vec<Entry>,
    /// By block of entries: values, ranks.
    sorted: Scratch,
    blocks: usize,
}

/// The place of each ranked customer, from 1.
#[derive(Debug, Default)]
pub(crate) struct Places {
    by_rank: Vec<u32>,
    _held: Option<Reservation>,
}

impl Places {
    /// None for a customer who is not ranked.
    pub(crate) fn of(&self, rank: usize) -> Option<u32> {
        self.by_rank.get(rank).copied().filter(|place| *place > 0)
    }
}

impl Ranking {
    /// Of the customers with a rank below `customers`.
    pub(crate) fn new(customers: usize, memory: &Memory) -> Self {
        let blocks = customers.div_ceil(BLOCK * RUN_BLOCKS) * RUN_BLOCKS;
        Self { customers, entries: 0, open: Vec::new(), sorted: Scratch::new(blocks, memory), blocks: 0 }
    }

    /// Adds a customer; each at most once.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn add(&mut self, rank: u32, value: i64) -> Result<()> {
        self.open.push((Reverse(value), rank));
        self.entries += 1;
        if self.open.len() == BLOCK * RUN_BLOCKS { self.close_run() } else { Ok(()) }
    }

    /// Customers added.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    fn close_run(&mut self) -> Result<()> {
        let mut run = std::mem::take(&mut self.open);
        run.par_sort_unstable();
        for block in run.chunks(BLOCK) {
            let values: Vec<i64> = block.iter().map(|(value, _)| value.0).collect();
            let ranks: Vec<i64> = block.iter().map(|(_, rank)| i64::from(*rank)).collect();
            self.sorted.keep(self.blocks, [&values[..], &ranks])?;
            self.blocks += 1;
        }
        Ok(())
    }

    /// Merges the runs: every value is visited from the highest on, and customers get their places.
    ///
    /// # Errors
    /// A disk that is full or fails.
    pub(crate) fn finish(mut self, mut visit: impl FnMut(i64)) -> Result<Places> {
        self.close_run()?;
        let mut runs = Vec::new();
        for first in (0..self.blocks).step_by(RUN_BLOCKS) {
            runs.push(Run { next: first, end: self.blocks.min(first + RUN_BLOCKS), block: Vec::new() });
        }
        let mut heads: BinaryHeap<Reverse<(Entry, usize)>> = BinaryHeap::with_capacity(runs.len());
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.pop(&self.sorted)?.map(|entry| Reverse((entry, number))));
        }
        let mut by_rank = vec![0; self.customers];
        let held = self.sorted.budget().hold(size_of_val(&by_rank[..]) as u64);
        let mut place = 0;
        while let Some(mut head) = heads.peek_mut() {
            let Reverse(((Reverse(value), rank), number)) = *head;
            visit(value);
            place += 1;
            by_rank[rank as usize] = place;
            match runs[number].pop(&self.sorted)? {
                Some(entry) => *head = Reverse((entry, number)),
                None => drop(std::collections::binary_heap::PeekMut::pop(head)),
            }
        }
        Ok(Places { by_rank, _held: Some(held) })
    }
}

/// A sorted run while it is merged.
struct Run {
    next: usize,
    end: usize,
    /// Of the block at hand what is left, the next entry last.
    block: Vec<Entry>,
}

impl Run {
    fn pop(&mut self, sorted: &Scratch) -> Result<Option<Entry>> {
        if self.block.is_empty() && self.next < self.end {
            let (values, ranks) = (sorted.column(self.next, 0)?, sorted.column(self.next, 1)?);
            let rank = |rank: i64| u32::try_from(rank).expect("ranks fit 32 bits");
            let entries = values.into_iter().zip(ranks).rev();
            self.block = entries.map(|(value, of)| (Reverse(value), rank(of))).collect();
            self.next += 1;
        }
        Ok(self.block.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Ranks the customers whose value is above −9.
    fn ranked(values: &[i64], budget: MemoryBudget) -> (Vec<i64>, Places) {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory { allocator: None, budget, spill: Arc::new(SpillFile::new(folder.path())) };
        let mut ranking = Ranking::new(values.len(), &memory);
        for (rank, value) in (0..).zip(values).filter(|(_, value)| **value > -9) {
            ranking.add(rank, *value).unwrap();
        }
        let mut visited = Vec::new();
        let places = ranking.finish(|value| visited.push(value)).unwrap();
        (visited, places)
    }

    fn check(values: &[i64], budget: MemoryBudget) {
        let (visited, places) = ranked(values, budget);
        let mut order: Vec<usize> = (0..values.len()).filter(|rank| values[*rank] > -9).collect();
        order.sort_by_key(|rank| (Reverse(values[*rank]), *rank));
        assert_eq!(visited, order.iter().map(|rank| values[*rank]).collect::<Vec<_>>());
        for (place, rank) in (1..).zip(&order) {
            assert_eq!(places.of(*rank), Some(place));
        }
        assert_eq!(
            (0..values.len()).filter(|rank| places.of(*rank).is_none()).count(),
            values.len() - order.len()
        );
    }

    proptest! {
        #[test]
        fn customers_rank_by_value_and_then_by_key(values in prop::collection::vec(-9..9_i64, 0..60)) {
            check(&values, MemoryBudget::unlimited());
        }
    }

    #[test]
    fn many_runs_are_merged_held_or_spilled() {
        let values: Vec<i64> = (0..600_000).map(|rank: i64| rank.wrapping_mul(7_919) % 1_000 - 8).collect();
        check(&values, MemoryBudget::unlimited());
        check(&values, MemoryBudget::of(0));
    }
}
