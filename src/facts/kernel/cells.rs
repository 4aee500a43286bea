//! Customer × product group while a key range is reduced, one customer after another.

use super::measures::{
    self, GROUP_MEASURES, LINES, LIST_REVENUE, PRODUCT_COST, RETURNED_UNITS, RETURNS, UNITS,
};
use super::reduced::{Cells, columns_of, columns_of_width};
use super::sums::{add, add_all, index_u32};
use crate::facts::inputs::source::{COST, DISCOUNT, QUANTITY, REVENUE};

/// Sums per product group of the customer at hand, and of all before it.
pub(crate) struct CellSums<'o> {
    /// By number of a group, its place among all names.
    order: &'o [u32],
    /// By number of a group, which of the open cells is its, or `NONE`.
    at: Vec<u32>,
    /// Cells of the customer at hand, and their sums in the order they were met.
    open: Vec<Cell>,
    open_measures: Vec<[i64; GROUP_MEASURES]>,
    open_aggregates: Vec<i64>,
    /// Aggregates that lines add up to, `width` of each cell.
    width: usize,
    /// All before it, by customer and name of the group.
    rows: Vec<u32>,
    groups: Vec<u32>,
    measures: Vec<[i64; GROUP_MEASURES]>,
    aggregates: Vec<i64>,
}

struct Cell {
    /// The group's place among all names.
    place: u32,
    group: u32,
    /// Which of the open sums are its.
    at: u32,
}

const NONE: u32 = u32::MAX;

impl<'o> CellSums<'o> {
    /// `order` gives the place of each group among all names; there is room for so many `cells`.
    pub(crate) fn new(order: &'o [u32], width: usize, cells: usize) -> Self {
        Self {
            order,
            at: vec![NONE; order.len()],
            open: Vec::new(),
            open_measures: Vec::new(),
            open_aggregates: Vec::new(),
            width,
            rows: Vec::with_capacity(cells),
            groups: Vec::with_capacity(cells),
            measures: Vec::with_capacity(cells),
            aggregates: Vec::with_capacity(cells * width),
        }
    }

    /// The cell of a group of the customer at hand.
    #[inline(always)]
    pub(crate) fn of(&mut self, group: u32) -> usize {
        let at = &mut self.at[group as usize];
        if *at == NONE {
            *at = index_u32(self.open.len());
            self.open.push(Cell { place: self.order[group as usize], group, at: *at });
            self.open_measures.push([0; GROUP_MEASURES]);
            // Mostly there are none, and even nothing costs some steps.
            if self.width > 0 {
                self.open_aggregates.extend(std::iter::repeat_n(0, self.width));
            }
        }
        *at as usize
    }

    #[inline(always)]
    pub(crate) fn measures(&mut self, cell: usize) -> &mut [i64; GROUP_MEASURES] {
        &mut self.open_measures[cell]
    }

    #[inline(always)]
    pub(crate) fn aggregates(&mut self, cell: usize) -> &mut [i64] {
        &mut self.open_aggregates[cell * self.width..][..self.width]
    }

    /// Ends a customer: its cells leave by name of the group, and their measures are added to those of its row.
    ///
    /// True if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn close(&mut self, row: u32, measures: &mut [i64; GROUP_MEASURES]) -> bool {
        let mut overflow = false;
        if self.open.len() > 1 {
            self.open.sort_unstable_by_key(|cell| cell.place);
        }
        for cell in &self.open {
            self.at[cell.group as usize] = NONE;
            let at = cell.at as usize;
            overflow |= add_all(measures, &self.open_measures[at]);
            self.rows.push(row);
            self.groups.push(cell.group);
            self.measures.push(self.open_measures[at]);
            if self.width > 0 {
                self.aggregates.extend_from_slice(&self.open_aggregates[at * self.width..][..self.width]);
            }
        }
        self.open.clear();
        self.open_measures.clear();
        self.open_aggregates.clear();
        overflow
    }

    pub(crate) fn finish(self) -> Cells {
        let mut measures = columns_of(&self.measures);
        measures.extend(columns_of_width(self.width, &self.aggregates));
        Cells { measures, rows: self.rows, groups: self.groups }
    }
}

/// Adds a sale or return line, of which `values` are the four of every sale; true if a sum left 64 bits.
#[inline(always)]
pub(crate) fn post(cell: &mut [i64; GROUP_MEASURES], values: [i64; 4], is_return: bool) -> bool {
    let (quantity, revenue, discount) = (values[QUANTITY], values[REVENUE], values[DISCOUNT]);
    let mut overflow = false;
    add(&mut cell[PRODUCT_COST], values[COST], &mut overflow);
    if is_return {
        add(&mut cell[RETURNED_UNITS], -quantity, &mut overflow);
        add(&mut cell[RETURNS], discount - revenue, &mut overflow);
    } else {
        cell[LINES] += 1;
        add(&mut cell[UNITS], quantity, &mut overflow);
        add(&mut cell[LIST_REVENUE], revenue, &mut overflow);
        add(&mut cell[measures::DISCOUNT], discount, &mut overflow);
    }
    overflow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_leave_by_customer_and_name_of_the_group() {
        // Names stand the other way round than numbers.
        let order: Vec<u32> = (0..1000).rev().collect();
        let mut cells = CellSums::new(&order, 2, 1);
        let mut totals = Vec::new();
        for (row, groups) in [(0, &[3, 999, 3][..]), (1, &[]), (2, &[0, 3, 40])] {
            for group in groups {
                let cell = cells.of(*group);
                cells.measures(cell)[0] += 1;
                cells.aggregates(cell)[1] += i64::from(*group);
            }
            let mut measures = [0; GROUP_MEASURES];
            assert!(!cells.close(row, &mut measures));
            totals.push(measures[0]);
        }
        let cells = cells.finish();
        assert_eq!(totals, [3, 0, 3]);
        assert_eq!(cells.rows, [0, 0, 2, 2, 2]);
        assert_eq!(cells.groups, [999, 3, 40, 3, 0]);
        assert_eq!(cells.measures[0].widened(), [1, 2, 1, 1, 1]);
        assert_eq!(cells.measures[GROUP_MEASURES].widened(), [0; 5]);
        assert_eq!(cells.measures[GROUP_MEASURES + 1].widened(), [999, 6, 40, 3, 0]);
    }
}
