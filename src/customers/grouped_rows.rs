//! External aggregation by group: rows are partitioned by group as they come, so that the sums of one partition of groups fit
//! in memory and are made without those of the others (G. Graefe, "Query evaluation techniques for large databases", ACM
//! Computing Surveys 25 (1993), 4.1).

use super::slices::SLICE_CUSTOMERS;
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use rayon::prelude::*;
use std::ops::Range;

/// Groups of a partition: whole slices, so that sums are written slice by slice.
const PARTITION: usize = 8 * SLICE_CUSTOMERS;

/// Rows of integers that belong to groups, block by block of what they were made from.
#[derive(Debug)]
pub(crate) struct GroupedRows {
    groups: usize,
    blocks: usize,
    kept: Scratch,
}

impl GroupedRows {
    /// For rows of so many groups, which come in so many blocks.
    pub(crate) fn new(groups: usize, blocks: usize, memory: &Memory) -> Self {
        let partitions = groups.div_ceil(PARTITION);
        Self { groups, blocks, kept: Scratch::new(partitions * blocks, memory) }
    }

    /// The groups of every partition.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let groups = self.groups;
        (0..groups).step_by(PARTITION).map(move |first| first..groups.min(first + PARTITION))
    }

    /// Keeps the rows of a block: the group of each, and columns parallel to them.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep(&self, block: usize, groups: &[u32], columns: &[Vec<i64>]) -> Result<()> {
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); self.groups.div_ceil(PARTITION)];
        for (row, group) in (0..).zip(groups) {
            rows_of[*group as usize / PARTITION].push(row);
        }
        let keep_partition = |(partition, rows): (usize, &Vec<u32>)| {
            let first = partition * PARTITION;
            let place = |row: &u32| i64::try_from(groups[*row as usize] as usize - first).expect("a place");
            let places: Vec<i64> = rows.iter().map(place).collect();
            let taken = |column: &Vec<i64>| rows.iter().map(|row| column[*row as usize]).collect();
            let taken: Vec<Vec<i64>> = columns.iter().map(taken).collect();
            let all = std::iter::once(&places[..]).chain(taken.iter().map(Vec::as_slice));
            self.kept.keep(partition * self.blocks + block, all)
        };
        rows_of.par_iter().enumerate().map(keep_partition).collect()
    }

    /// Hands the rows of a partition to `add`, in the order in which they came: the place of each row's group in the partition,
    /// and the columns.
    ///
    /// # Errors
    /// A disk that fails, what `add` returns.
    pub(crate) fn read(
        &self,
        partition: usize,
        columns: usize,
        mut add: impl FnMut(&[i64], &[Vec<i64>]) -> Result<()>,
    ) -> Result<()> {
        for block in 0..self.blocks {
            let read = |column| self.kept.column(partition * self.blocks + block, column);
            let places = read(0)?;
            let columns = (1..=columns).into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
            add(&places, &columns)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_by_partition_in_the_order_they_came() {
        let folder = tempfile::tempdir().unwrap();
        let groups = 2 * PARTITION + 1;
        let last = u32::try_from(groups - 1).unwrap();
        let rows = GroupedRows::new(groups, 2, &Memory::of_machine(folder.path()));
        rows.keep(1, &[last, 3], &[vec![50, 60]]).unwrap();
        rows.keep(0, &[3, last, 3], &[vec![10, 20, 30]]).unwrap();
        let mut found = Vec::new();
        for (partition, of) in rows.partitions().enumerate() {
            rows.read(partition, 1, |places, columns| {
                for (place, value) in places.iter().zip(&columns[0]) {
                    found.push((of.start + usize::try_from(*place).unwrap(), *value));
                }
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(found, [(3, 10), (3, 30), (3, 60), (groups - 1, 20), (groups - 1, 50)]);
    }
}
