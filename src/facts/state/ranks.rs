//! The ranks of a period's rows: delta encoded, chunk by chunk as the rows lie in state files, and spilled past the memory
//! budget. Rows are active customers of every period, so ranks as they are would take four bytes of each.

use super::period_run::CHUNK_CUSTOMERS;
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use std::ops::Range;

/// The rank of each row of a period, ascending.
#[derive(Debug)]
pub(crate) struct Ranks {
    /// Of each chunk the first.
    firsts: Vec<u32>,
    /// Of each chunk the steps from row to row.
    steps: Scratch,
}

impl Ranks {
    /// Keeps ranks.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn of(ranks: &[u32], memory: &Memory) -> Result<Self> {
        let chunks = ranks.chunks(CHUNK_CUSTOMERS);
        let steps = Scratch::new(chunks.len(), memory);
        for (number, chunk) in chunks.clone().enumerate() {
            let of_chunk: Vec<i64> = chunk.windows(2).map(|pair| i64::from(pair[1] - pair[0])).collect();
            steps.keep(number, [&of_chunk[..]])?;
        }
        Ok(Self { firsts: chunks.map(|chunk| chunk[0]).collect(), steps })
    }

    /// The ranks of a chunk.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn chunk(&self, number: usize) -> Result<Vec<u32>> {
        let mut rank = self.firsts[number];
        let steps = self.steps.column(number, 0)?;
        let mut ranks = Vec::with_capacity(steps.len() + 1);
        ranks.push(rank);
        for step in steps {
            rank += u32::try_from(step).expect("steps lie between ranks");
            ranks.push(rank);
        }
        Ok(ranks)
    }

    /// The ranks of these rows.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn of_rows(&self, rows: &Range<usize>) -> Result<Vec<u32>> {
        let mut ranks = Vec::with_capacity(rows.len());
        for number in rows.start / CHUNK_CUSTOMERS..rows.end.div_ceil(CHUNK_CUSTOMERS) {
            let first = number * CHUNK_CUSTOMERS;
            let (start, end) = (rows.start.max(first), rows.end.min(first + CHUNK_CUSTOMERS));
            ranks.extend_from_slice(&self.chunk(number)?[start - first..end - first]);
        }
        Ok(ranks)
    }

    /// The rows of customers of these ranks.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn rows_of(&self, ranks: &Range<usize>) -> Result<Range<usize>> {
        Ok(self.rows_before(ranks.start)?..self.rows_before(ranks.end)?)
    }

    /// Every rank, chunk by chunk.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Result<Vec<u32>>> {
        (0..self.firsts.len()).map(|number| self.chunk(number))
    }

    /// How many rows have a smaller rank.
    fn rows_before(&self, rank: usize) -> Result<usize> {
        let is_before = |known: &u32| (*known as usize) < rank;
        match self.firsts.partition_point(is_before).checked_sub(1) {
            None => Ok(0),
            Some(last) => Ok(last * CHUNK_CUSTOMERS + self.chunk(last)?.partition_point(is_before)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use std::sync::Arc;

    #[test]
    fn ranks_come_back_by_row_and_rows_by_rank_from_memory_and_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        for budget in [MemoryBudget::unlimited(), MemoryBudget::of(0)] {
            let memory = Memory { allocator: None, budget, spill: Arc::new(SpillFile::new(folder.path())) };
            // Two chunks and a bit, with steps of different widths.
            let ranks: Vec<u32> =
                (0..40_000).map(|row| row * 3 + if row > 20_000 { 1_000_000 } else { 0 }).collect();
            let kept = Ranks::of(&ranks, &memory).unwrap();
            for rows in [0..0, 0..40_000, 16_383..16_385, 32_768..40_000, 5..9] {
                assert_eq!(kept.of_rows(&rows).unwrap(), ranks[rows]);
            }
            assert_eq!(kept.chunks().collect::<Result<Vec<_>>>().unwrap().concat(), ranks);
            for bound in [0, 1, 3, 16_384 * 3, 16_384 * 3 + 1, 500_000, 1_120_000, usize::MAX] {
                let rows = kept.rows_of(&(bound / 2..bound)).unwrap();
                let before = |bound: usize| ranks.partition_point(|rank| (*rank as usize) < bound);
                assert_eq!(rows, before(bound / 2)..before(bound));
            }
            let none = Ranks::of(&[], &memory).unwrap();
            assert_eq!((none.rows_of(&(0..9)).unwrap(), none.of_rows(&(0..0)).unwrap()), (0..0, vec![]));
        }
    }
}
