//! Customer × product group while a key range is reduced: where each cell's sums are.

use super::reduce::{hash, index_u32};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Finds the cell of a row and a group; cells are numbered as they come.
pub(crate) struct CellIndex<'o> {
    /// By number of a group, its place among all names.
    order: &'o [u32],
    /// With few groups, the cell of every row × place of the group, `NONE` where there is none yet.
    dense: Vec<u32>,
    /// How many groups `dense` has room for; 0 where groups are too many and cells are hashed.
    width: usize,
    /// Beside it, the places that each row has, one bit each.
    places: Vec<u64>,
    hashed: HashTable<u32>,
    /// Row and group of each hashed cell.
    keys: Vec<(u32, u32)>,
    cells: usize,
}

/// One cell: its row, its group and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) row: u32,
    pub(crate) group: u32,
    pub(crate) number: u32,
}

const NONE: u32 = u32::MAX;

/// A table of this many groups for the rows of a key range stays in the second-level cache, and a word has their bits.
const MAX_WIDTH: usize = 64;

impl<'o> CellIndex<'o> {
    /// `order` gives the place of each group among all names; room is made for some rows and cells.
    pub(crate) fn new(order: &'o [u32], rows: usize, cells: usize) -> Self {
        let width = if order.len() <= MAX_WIDTH { order.len() } else { 0 };
        let hashed = if width == 0 { cells } else { 0 };
        Self {
            order,
            dense: Vec::with_capacity(rows * width),
            width,
            places: Vec::with_capacity(if width == 0 { 0 } else { rows }),
            hashed: HashTable::with_capacity(hashed),
            keys: Vec::with_capacity(hashed),
            cells: 0,
        }
    }

    /// Makes room for one more row.
    pub(crate) fn add_row(&mut self) {
        if self.width > 0 {
            self.dense.resize(self.dense.len() + self.width, NONE);
            self.places.push(0);
        }
    }

    /// The number of a cell, which is the count of cells so far if it is new.
    pub(crate) fn find(&mut self, row: u32, group: u32) -> usize {
        if self.width == 0 {
            return self.find_hashed(row, group);
        }
        let place = self.order[group as usize] as usize;
        let cell = &mut self.dense[row as usize * self.width + place];
        if *cell == NONE {
            *cell = index_u32(self.cells);
            self.places[row as usize] |= 1 << place;
            self.cells += 1;
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
                entry.insert(index_u32(keys.len()));
                keys.push(wanted);
                keys.len() - 1
            }
        }
    }

    /// All cells by row, in the order of `rows`, and by name of the group; a row is numbered by its place there.
    pub(crate) fn in_order(&self, rows: &[u32]) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(self.cells.max(self.keys.len()));
        if self.width == 0 {
            let mut place = vec![0; rows.len()];
            (0..).zip(rows).for_each(|(at, row)| place[*row as usize] = at);
            let cell = |(number, &(row, group)): (u32, &(u32, u32))| Cell {
                row: place[row as usize],
                group,
                number,
            };
            cells.extend((0..).zip(&self.keys).map(cell));
            cells.sort_unstable_by_key(|cell| (cell.row, self.order[cell.group as usize]));
            return cells;
        }
        let mut by_name = vec![0; self.width];
        (0..).zip(self.order).for_each(|(group, place)| by_name[*place as usize] = group);
        for (row, from) in (0..).zip(rows) {
            let of_row = &self.dense[*from as usize * self.width..][..self.width];
            let mut places = self.places[*from as usize];
            while places != 0 {
                let place = places.trailing_zeros() as usize;
                cells.push(Cell { row, group: by_name[place], number: of_row[place] });
                places &= places - 1;
            }
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_groups_and_many_find_the_same_cells_in_the_same_order() {
        let wanted = [(0, 3), (1, 3), (0, 3), (2, 0), (1, 3), (0, 39)];
        for groups in [40, 1000] {
            // Names stand the other way round than numbers.
            let order: Vec<u32> = (0..groups).rev().collect();
            let mut cells = CellIndex::new(&order, 1, 1);
            (0..3).for_each(|_| cells.add_row());
            let found: Vec<usize> = wanted.iter().map(|&(row, group)| cells.find(row, group)).collect();
            assert_eq!(found, [0, 1, 0, 2, 1, 3]);
            let in_order = cells.in_order(&[1, 2, 0]);
            let in_order = in_order.iter().map(|cell| (cell.row, cell.group, cell.number));
            assert_eq!(in_order.collect::<Vec<_>>(), [(0, 3, 1), (1, 0, 2), (2, 39, 3), (2, 3, 0)]);
        }
    }
}
