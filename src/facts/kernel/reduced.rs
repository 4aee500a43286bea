//! What the reduction of a key range leaves: rows sorted by customer, with their cells and orders.

use super::books::BookSums;
use super::column::Column;
use super::days::Days;
use super::measures::{RETURNED_UNITS, UNITS};
use super::row_match::RowMatch;
use crate::facts::expr::to_utc;
use crate::facts::schema::NO_INSTANT;
use arrow::array::StringArray;

/// Rows of one key range, sorted by key; `cells` and `orders` refer to rows by index.
#[derive(Debug, Default)]
pub(crate) struct Reduced {
    pub(crate) keys: Vec<u64>,
    /// `MEASURES`.
    pub(crate) measures: Vec<Column>,
    /// First and last sale line, or `NO_INSTANT`.
    pub(crate) instants: Vec<[i64; 2]>,
    pub(crate) orders: Column,
    pub(crate) active_days: Column,
    pub(crate) aggregates: Vec<Column>,
    /// Customer × product group, sorted by (row, group).
    pub(crate) cells: Cells,
    /// What no customer has a part of: lines by company and currency.
    pub(crate) books: BookSums,
    /// Distinct (row, order), sorted.
    pub(crate) order_rows: OrderRows,
    /// Customer × day, if they are kept.
    pub(crate) days: Option<Days>,
    /// By source, what drivers make of its rows.
    pub(crate) matches: Vec<RowMatch>,
    /// Identical rows that were dropped.
    pub(crate) duplicates: u64,
    /// Whether a sum left the range of 64 bits.
    pub(crate) overflow: bool,
}

impl Reduced {
    /// Whether the units still fit 64 bits when they are this many times as fine.
    pub(crate) fn units_fit(&self, factor: i64) -> bool {
        let fit = |measures: &[Column]| {
            measures[UNITS].fits_times(factor) && measures[RETURNED_UNITS].fits_times(factor)
        };
        fit(&self.measures) && fit(&self.cells.measures)
    }

    /// Turns the instants from wall time into UTC.
    pub(crate) fn shift_to_utc(&mut self, zone: chrono_tz::Tz) {
        let instants = self.instants.iter_mut().flatten();
        instants.filter(|at| **at != NO_INSTANT).for_each(|at| *at = to_utc(*at, zone));
    }
}

/// Rows of customer × product group, sorted by row and name of the group.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) rows: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    /// `MEASURES`, then the aggregates that lines add up to.
    pub(crate) measures: Vec<Column>,
}

/// Distinct orders of customers, sorted by row and words.
#[derive(Debug, Default)]
pub(crate) struct OrderRows {
    pub(crate) rows: Vec<u32>,
    pub(crate) words: Vec<[u64; 2]>,
    /// `ORDER_MEASURES`, then the aggregates that orders have parts of.
    pub(crate) columns: Vec<Column>,
    /// By dimension, the number of each order's member.
    pub(crate) members: Vec<Vec<u32>>,
    /// Texts of the keys, where they are kept.
    pub(crate) texts: Option<StringArray>,
}

/// The columns of a table, row after row.
pub(crate) fn columns_of<const COLUMNS: usize>(rows: &[[i64; COLUMNS]]) -> Vec<Column> {
    gathered(COLUMNS, |index| rows.iter().map(move |row| row[index]))
}

/// The same, where the number of columns comes with the pipeline.
pub(crate) fn columns_of_width(width: usize, table: &[i64]) -> Vec<Column> {
    gathered(width, |index| table.chunks_exact(width).map(move |row| row[index]))
}

fn gathered<V: Iterator<Item = i64>>(columns: usize, values_of: impl Fn(usize) -> V) -> Vec<Column> {
    let mut values = Vec::new();
    let column = |index: usize| {
        values.clear();
        values.extend(values_of(index));
        Column::from(&values[..])
    };
    (0..columns).map(column).collect()
}
