//! Customer × product group while a key range is reduced: where each cell's sums are.

use super::reduce::{hash, index_u32};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Finds the cell of a row and a group; cells are numbered as they come.
pub(crate) struct CellIndex {
    /// With few groups, the cell of every row × group, `NONE` where there is none yet.
    dense: Vec<u32>,
    /// How many groups `dense` has room for; 0 where groups are too many and cells are hashed.
    width: usize,
    hashed: HashTable<u32>,
    keys: Vec<(u32, u32)>,
}

const NONE: u32 = u32::MAX;

/// A table of this many groups for the rows of a key range stays in the second-level cache.
const MAX_WIDTH: usize = 128;

impl CellIndex {
    /// `groups` is above every group's number.
    pub(crate) fn new(groups: usize, rows: usize, cells: usize) -> Self {
        let width = if groups <= MAX_WIDTH { groups } else { 0 };
        Self {
            dense: Vec::with_capacity(rows * width),
            width,
            hashed: HashTable::with_capacity(if width == 0 { cells } else { 0 }),
            keys: Vec::with_capacity(cells),
        }
    }

    /// The row and group of each cell.
    pub(crate) fn keys(&self) -> &[(u32, u32)] {
        &self.keys
    }

    /// Makes room for one more row.
    pub(crate) fn add_row(&mut self) {
        self.dense.resize(self.dense.len() + self.width, NONE);
    }

    /// The number of a cell, which is the count of cells so far if it is new.
    pub(crate) fn find(&mut self, row: u32, group: u32) -> usize {
        if self.width == 0 {
            return self.find_hashed(row, group);
        }
        let cell = &mut self.dense[row as usize * self.width + group as usize];
        if *cell == NONE {
            *cell = index_u32(self.keys.len());
            self.keys.push((row, group));
        }
        *cell as usize
    }

    fn find_hashed(&mut self, row: u32, group: u32) -> usize {
        let keys = &mut self.keys;
        let hash_of = |(row, group): (u32, u32)| hash(u64::from(row) << 20 | u64::from(group));
        let wanted = (row, group);
        let is_it = |cell: &u32| keys[*cell as usize] == wanted;
        match self.hashed.entry(hash_of(wanted), is_it, |cell| hash_of(keys[*cell as usize])) {
            Entry::Occupied(entry) => *entry.get() as usize,
            Entry::Vacant(entry) => {
                let cell = keys.len();
                entry.insert(index_u32(cell));
                keys.push(wanted);
                cell
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_groups_and_many_find_the_same_cells() {
        let wanted = [(0, 3), (1, 3), (0, 3), (2, 0), (1, 3), (0, 99)];
        for groups in [100, MAX_WIDTH + 1] {
            let mut cells = CellIndex::new(groups, 1, 1);
            (0..3).for_each(|_| cells.add_row());
            let found: Vec<usize> = wanted.iter().map(|&(row, group)| cells.find(row, group)).collect();
            assert_eq!(found, [0, 1, 0, 2, 1, 3]);
            assert_eq!(cells.keys(), [(0, 3), (1, 3), (2, 0), (0, 99)]);
        }
    }
}
