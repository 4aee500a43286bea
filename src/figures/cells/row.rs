//! A row of a published table.

use super::cell::Cell;
use crate::publish::PublishedColumn;
use std::sync::Arc;

/// A row, with the columns that a figure asks for.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) columns: Arc<[PublishedColumn]>,
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column that was asked for.
    pub(crate) fn cell(&self, column: &str) -> &Cell {
        let place = self.columns.iter().position(|known| known.name == column);
        &self.cells[place.unwrap_or_else(|| panic!("the figure did not ask for column '{column}'"))]
    }
}
