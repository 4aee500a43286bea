//! Customer × product group while a key range is reduced, one customer after another.

use super::reduced::{
    Cells, DISCOUNTS, GROUP_MEASURES, LINES, LIST_REVENUE, PRODUCT_COST, RETURNED_UNITS, RETURNS, UNITS,
    columns_of,
};
use super::source::{COST, DISCOUNT, QUANTITY, REVENUE};
use super::sums::{add, add_all, index_u32};

/// Sums per product group of the customer at hand, and of all before it.
pub(crate) struct CellSums<'o> {
    /// By number of a group, its place among all names.
    order: &'o [u32],
    /// By place, the group's number.
    by_name: Vec<u32>,
    /// By number of a group, which cell the customer at hand has of it, or `NONE`.
    at: Vec<u32>,
    /// Cells of the customer at hand: the group's place, and which cell it is.
    open: Vec<(u32, u32)>,
    /// All cells in the order they were met.
    measures: Vec<[i64; GROUP_MEASURES]>,
    /// Aggregates that lines add up to, `width` of each cell.
    aggregates: Vec<i64>,
    width: usize,
    /// All closed cells in the order they leave.
    closed: Vec<Cell>,
}

struct Cell {
    row: u32,
    group: u32,
    /// Where its sums are.
    at: u32,
}

const NONE: u32 = u32::MAX;

impl<'o> CellSums<'o> {
    /// `order` gives the place of each group among all names; room is made for some cells.
    pub(crate) fn new(order: &'o [u32], width: usize, cells: usize) -> Self {
        let mut by_name = vec![0; order.len()];
        (0..).zip(order).for_each(|(group, place)| by_name[*place as usize] = group);
        Self {
            order,
            by_name,
            at: vec![NONE; order.len()],
            open: Vec::new(),
            measures: Vec::with_capacity(cells),
            aggregates: Vec::with_capacity(cells * width),
            width,
            closed: Vec::with_capacity(cells),
        }
    }

    /// The cell of a group of the customer at hand.
    #[inline(always)]
    pub(crate) fn of(&mut self, group: u32) -> usize {
        let at = &mut self.at[group as usize];
        if *at == NONE {
            *at = index_u32(self.measures.len());
            self.open.push((self.order[group as usize], *at));
            self.measures.push([0; GROUP_MEASURES]);
            self.aggregates.resize(self.measures.len() * self.width, 0);
        }
        *at as usize
    }

    #[inline(always)]
    pub(crate) fn measures(&mut self, cell: usize) -> &mut [i64; GROUP_MEASURES] {
        &mut self.measures[cell]
    }

    #[inline(always)]
    pub(crate) fn aggregates(&mut self, cell: usize) -> &mut [i64] {
        &mut self.aggregates[cell * self.width..(cell + 1) * self.width]
    }

    /// Ends a customer: its cells leave by name of the group, and their measures are added to those of its row.
    ///
    /// True if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn close(&mut self, row: u32, measures: &mut [i64; GROUP_MEASURES]) -> bool {
        let mut overflow = false;
        if self.open.len() > 1 {
            self.open.sort_unstable();
        }
        self.closed.extend(self.open.iter().map(|(place, at)| {
            let group = self.by_name[*place as usize];
            self.at[group as usize] = NONE;
            Cell { row, group, at: *at }
        }));
        // In any order, hence in the order they lie.
        let first = self.measures.len() - self.open.len();
        self.measures[first..].iter().for_each(|cell| overflow |= add_all(measures, cell));
        self.open.clear();
        overflow
    }

    pub(crate) fn finish(self) -> Cells {
        let order = self.closed.iter().map(|cell| cell.at as usize);
        let mut measures = columns_of(GROUP_MEASURES, self.measures.as_flattened(), order.clone());
        measures.extend(columns_of(self.width, &self.aggregates, order));
        Cells {
            measures,
            rows: self.closed.iter().map(|cell| cell.row).collect(),
            groups: self.closed.iter().map(|cell| cell.group).collect(),
        }
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
        add(&mut cell[DISCOUNTS], discount, &mut overflow);
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
