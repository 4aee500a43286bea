//! Customer × product group while a key range is reduced, one customer after another.

use super::reduce::{add_all, index_u32};
use super::reduced::{Cells, GROUP_MEASURES, columns_of};

/// Sums per product group of the customer at hand, and of all before it.
pub(crate) struct CellSums<'o> {
    /// By number of a group, its place among all names.
    order: &'o [u32],
    /// By place, the group's number.
    by_name: Vec<u32>,
    /// By number of a group, which of the open cells it has, or `NONE`.
    open_at: Vec<u32>,
    /// Places of the open cells, and which these are.
    open: Vec<(u32, u32)>,
    open_measures: Vec<[i64; GROUP_MEASURES]>,
    /// Aggregates that lines add up to, cell by cell.
    open_aggregates: Vec<i64>,
    rows: Vec<u32>,
    groups: Vec<u32>,
    measures: Vec<[i64; GROUP_MEASURES]>,
    aggregates: Vec<Vec<i64>>,
}

const NONE: u32 = u32::MAX;

impl<'o> CellSums<'o> {
    /// `order` gives the place of each group among all names; room is made for some cells.
    pub(crate) fn new(order: &'o [u32], aggregates: usize, cells: usize) -> Self {
        let mut by_name = vec![0; order.len()];
        (0..).zip(order).for_each(|(group, place)| by_name[*place as usize] = group);
        Self {
            order,
            by_name,
            open_at: vec![NONE; order.len()],
            open: Vec::new(),
            open_measures: Vec::new(),
            open_aggregates: Vec::new(),
            rows: Vec::with_capacity(cells),
            groups: Vec::with_capacity(cells),
            measures: Vec::with_capacity(cells),
            aggregates: vec![Vec::new(); aggregates],
        }
    }

    /// Measures and aggregates of a group of the customer at hand.
    #[inline(always)]
    pub(crate) fn of(&mut self, group: u32) -> (&mut [i64; GROUP_MEASURES], &mut [i64]) {
        let at = &mut self.open_at[group as usize];
        if *at == NONE {
            *at = index_u32(self.open.len());
            self.open.push((self.order[group as usize], *at));
            self.open_measures.push([0; GROUP_MEASURES]);
            self.open_aggregates.resize(self.open.len() * self.aggregates.len(), 0);
        }
        let (at, width) = (*at as usize, self.aggregates.len());
        let aggregates =
            if width == 0 { &mut [] } else { &mut self.open_aggregates[at * width..(at + 1) * width] };
        (&mut self.open_measures[at], aggregates)
    }

    /// Ends a customer: its cells stay by name of the group, and their measures are added to those of its row.
    ///
    /// True if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn close(&mut self, row: u32, measures: &mut [i64; GROUP_MEASURES]) -> bool {
        let mut overflow = false;
        if self.open.len() > 1 {
            self.open.sort_unstable();
        }
        for (place, at) in self.open.drain(..) {
            let (group, cell) = (self.by_name[place as usize], &self.open_measures[at as usize]);
            self.open_at[group as usize] = NONE;
            overflow |= add_all(measures, cell);
            self.rows.push(row);
            self.groups.push(group);
            self.measures.push(*cell);
            let from = at as usize * self.aggregates.len();
            for (column, sum) in self.aggregates.iter_mut().zip(self.open_aggregates.iter().skip(from)) {
                column.push(*sum);
            }
        }
        self.open_measures.clear();
        self.open_aggregates.clear();
        overflow
    }

    pub(crate) fn finish(self) -> Cells {
        let mut measures = columns_of(&self.measures);
        measures.extend(self.aggregates.into_iter().map(Into::into));
        Cells { measures, rows: self.rows, groups: self.groups }
    }
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
                let (measures, aggregates) = cells.of(*group);
                measures[0] += 1;
                aggregates[1] += i64::from(*group);
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
