//! The tables of a release, as figures read them.

use super::cell::Cell;
use super::row::Row;
use super::rows::Rows;
use super::unit::Unit;
use super::value::Value;
use crate::error::{Error, Result};
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::{Home, PublishedColumn, Release};
use arrow::array::ArrayRef;
use std::sync::Arc;

/// Rows read at a time: of a table of all customers, only those that are wanted are held.
const WINDOW: usize = 1 << 16;

/// The tables of a release.
pub(crate) struct Tables<'r> {
    home: &'r Home,
    release: &'r Release,
    currency: &'r str,
}

impl<'r> Tables<'r> {
    pub(crate) fn new(home: &'r Home, release: &'r Release) -> Self {
        Self { home, release, currency: release.run["currency"].as_str().unwrap_or_default() }
    }

    /// All rows of a table; none where the release does not have it.
    ///
    /// # Errors
    /// A file that cannot be read, a column that is not there, a number that is not finite.
    pub(crate) fn all(&self, table: &'static str, columns: &[&str]) -> Result<Rows> {
        self.rows(table, columns, &|_| true)
    }

    /// The rows of a table that are wanted, in their order; none where the release does not have it.
    ///
    /// # Errors
    /// A file that cannot be read, a column that is not there, a number that is not finite.
    pub(crate) fn rows(
        &self,
        table: &'static str,
        columns: &[&str],
        is_wanted: &dyn Fn(&Row) -> bool,
    ) -> Result<Rows> {
        let mut found = Rows { table, which: None, columns: Arc::from([]), rows: Vec::new() };
        let Some(published) = self.release.tables.get(table) else { return Ok(found) };
        let mut described = Vec::new();
        for name in columns {
            let column = published.columns.iter().find(|column| column.name == *name);
            described.push(column.cloned().ok_or_else(|| self.without(table, name))?);
        }
        found.columns = described.into();
        let unit = |column: &PublishedColumn| Arc::new(Unit::of(column, self.currency));
        let units: Vec<Arc<Unit>> = found.columns.iter().map(unit).collect();
        let files: Vec<_> = published.files.iter().map(|file| self.home.path().join(&file.path)).collect();
        let reader = PublishedReader::open(&files)?;
        let asked: Vec<(&str, Wanted)> = columns.iter().map(|name| (*name, Wanted::Values)).collect();
        let mut cursor = reader.cursor(&asked)?;
        while cursor.rows_left() > 0 {
            let arrays = cursor.next(WINDOW)?;
            for place in 0..arrays[0].len() {
                let row = Row { columns: found.columns.clone(), cells: cells(&arrays, &units, place) };
                if is_wanted(&row) {
                    self.check_finite(table, &row)?;
                    found.rows.push(row);
                }
            }
        }
        Ok(found)
    }

    /// A browser stops at what is not finite in the middle of a curve, without a word.
    fn check_finite(&self, table: &str, row: &Row) -> Result<()> {
        for (column, cell) in row.columns.iter().zip(&row.cells) {
            if let Value::Float(number) = cell.value
                && !number.is_finite()
            {
                let id = &self.release.id;
                let found = format!("table '{table}' of release {id}: column '{}' has {number}", column.name);
                return Err(Error::internal(format!("{found}, expected a finite number; please report it")));
            }
        }
        Ok(())
    }

    /// A release that was made before a table had a column.
    fn without(&self, table: &str, column: &str) -> Error {
        let found = format!("table '{table}' of release {} has no column '{column}'", self.release.id);
        Error::input(format!("{found}; make a release with this abacus, by `abacus run --republish`"))
    }
}

fn cells(arrays: &[ArrayRef], units: &[Arc<Unit>], row: usize) -> Vec<Cell> {
    let columns = arrays.iter().zip(units);
    columns.map(|(array, unit)| Cell { value: Value::of(array, row), unit: unit.clone() }).collect()
}
