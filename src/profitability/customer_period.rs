//! What consecutive customers had in one period, as bridges see it.

use super::columns::Values;
use super::customer_change::BELOW_CONTRIBUTION;
use super::sold::Sold;
use crate::facts::schema::ProductFacts;
use arrow::buffer::ScalarBuffer;
use std::ops::Range;

/// Columns parallel to `ranks`.
pub(crate) struct CustomerPeriod<'w> {
    /// Ascending, distinct.
    pub(crate) ranks: ScalarBuffer<u32>,
    /// Sale lines.
    pub(crate) lines: Values,
    /// By service: driver volume.
    pub(crate) volumes: Vec<Values>,
    /// By service.
    pub(crate) costs: Vec<Values>,
    /// Where the run has such a line.
    pub(crate) below: [Option<Values>; BELOW_CONTRIBUTION.len()],
    /// Cells of product groups, and which of them are of these customers.
    pub(crate) cells: &'w ProductFacts,
    pub(crate) rows_of_cells: Range<usize>,
    /// By service: driver volume of all customers before the first of these.
    pub(crate) volumes_before: Vec<i128>,
}

/// How far a period is read.
#[derive(Default)]
pub(crate) struct Place {
    next_row: usize,
    next_cell: usize,
    /// Of the customer in question.
    pub(crate) row: Option<usize>,
    pub(crate) cells: Range<usize>,
}

impl CustomerPeriod<'_> {
    /// Before the first customer.
    pub(crate) fn start(&self) -> Place {
        Place { next_cell: self.rows_of_cells.start, ..Place::default() }
    }

    /// Moves on to a customer, who is none before the last one moved to.
    pub(crate) fn move_to(&self, rank: u32, place: &mut Place) {
        place.row = (self.ranks.get(place.next_row) == Some(&rank)).then_some(place.next_row);
        place.next_row += usize::from(place.row.is_some());
        let first = place.next_cell;
        while place.next_cell < self.rows_of_cells.end && self.cells.ranks[place.next_cell] == rank {
            place.next_cell += 1;
        }
        place.cells = first..place.next_cell;
    }

    /// The lines of a cell.
    pub(crate) fn sold(&self, cell: usize) -> Sold {
        Sold {
            units: self.cells.units[cell].into(),
            list_revenue: self.cells.list_revenue[cell].into(),
            discount: self.cells.discount[cell].into(),
            returns: self.cells.returns[cell].into(),
            product_cost: self.cells.product_cost[cell].into(),
        }
    }
}
