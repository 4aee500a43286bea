//! Some rows of a published table.

use super::cell::Cell;
use super::row::Row;
use crate::publish::PublishedColumn;
use std::sync::Arc;

/// Some rows of a table, with their columns as the data dictionary has them.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    /// Which rows of the table these are, where they are not all: "the first 40 of 312".
    pub(crate) which: Option<String>,
    pub(crate) columns: Arc<[PublishedColumn]>,
    pub(crate) rows: Vec<Row>,
}

impl Rows {
    /// The first of them; what is left out is said.
    #[must_use]
    pub(crate) fn first(mut self, most: usize) -> Self {
        let all = self.rows.len();
        if all > most {
            self.rows.truncate(most);
            self.which = Some(format!("the first {most} of {all} rows"));
        }
        self
    }

    /// One of every 2, 5, 10, 20 … of them and the last, so that not many more than so many are left; what is left out is
    /// said.
    #[must_use]
    pub(crate) fn thinned(mut self, most: usize) -> Self {
        let all = self.rows.len();
        let steps = (0..).flat_map(|power| [1, 2, 5].map(|first| first * 10_usize.pow(power)));
        let step = steps.into_iter().find(|step| all.div_ceil(*step) <= most).expect("steps grow");
        if step > 1 {
            let mut places = 0..all;
            self.rows.retain(|_| places.next().is_some_and(|place| place % step == 0 || place + 1 == all));
            self.which = Some(format!("one of every {step} of {all} rows"));
        }
        self
    }

    /// The same rows without columns that only chose them.
    #[must_use]
    pub(crate) fn without(self, columns: &[&str]) -> Self {
        let keep: Vec<bool> = self.columns.iter().map(|column| !columns.contains(&&*column.name)).collect();
        let left: Arc<[PublishedColumn]> = kept(&self.columns, &keep).into();
        let row = |row: Row| Row { columns: left.clone(), cells: kept(&row.cells, &keep) };
        Self { rows: self.rows.into_iter().map(row).collect(), columns: left.clone(), ..self }
    }

    /// The numbers of a column that are there, to be drawn.
    pub(crate) fn numbers(&self, column: &str) -> Vec<f64> {
        self.rows.iter().filter_map(|row| row.cell(column).number()).collect()
    }

    /// The first row with this text in a column.
    pub(crate) fn find(&self, column: &str, text: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.cell(column).is(text))
    }

    /// The row whose number in a column is the lowest; the first of equal ones.
    pub(crate) fn lowest(&self, column: &str) -> Option<&Row> {
        self.foremost(column, 1.0)
    }

    /// The row whose number in a column is the highest; the first of equal ones.
    pub(crate) fn highest(&self, column: &str) -> Option<&Row> {
        self.foremost(column, -1.0)
    }

    fn foremost(&self, column: &str, sign: f64) -> Option<&Row> {
        let mut best: Option<(f64, &Row)> = None;
        for row in &self.rows {
            let Some(number) = row.cell(column).number() else { continue };
            if best.is_none_or(|(least, _)| sign * number < least) {
                best = Some((sign * number, row));
            }
        }
        best.map(|(_, row)| row)
    }

    /// The cell of the only row, or the first.
    pub(crate) fn only(&self, column: &str) -> &Cell {
        self.rows[0].cell(column)
    }
}

fn kept<T: Clone>(values: &[T], keep: &[bool]) -> Vec<T> {
    values.iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| value.clone()).collect()
}
