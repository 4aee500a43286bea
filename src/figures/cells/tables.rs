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
    pub(crate) release: &'r Release,
    pub(crate) currency: &'r str,
}

impl<'r> Tables<'r> {
    pub(crate) fn new(home: &'r Home, release: &'r Release) -> Self {
        Self { home, release, currency: release.run["currency"].as_str().unwrap_or_default() }
    }

    /// All rows of a table; none where the release does not have it.
    ///
    /// # Errors
    /// A file that cannot be read, or without one of the columns.
    pub(crate) fn all(&self, table: &'static str, columns: &[&str]) -> Result<Rows> {
        self.rows(table, columns, &|_| true)
    }

    /// The rows of a table that are wanted, in their order; none where the release does not have it.
    ///
    /// # Errors
    /// A file that cannot be read, or without one of the columns.
    pub(crate) fn rows(
        &self,
        table: &'static str,
        columns: &[&str],
        is_wanted: &dyn Fn(&Row) -> bool,
    ) -> Result<Rows> {
        let mut found = Rows { table, which: None, columns: Arc::from([]), rows: Vec::new() };
        let Some(published) = self.release.tables.get(table) else { return Ok(found) };
        let mut described: Vec<PublishedColumn> = Vec::new();
        for name in columns {
            let column = published.columns.iter().find(|column| column.name == *name).cloned();
            let older = || {
                Error::input(format!(
                    "table '{table}' of release {} has no column '{name}'; make a release with this version of abacus",
                    self.release.id
                ))
            };
            described.push(column.ok_or_else(older)?);
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
                    found.rows.push(row);
                }
            }
        }
        Ok(found)
    }
}

fn cells(arrays: &[ArrayRef], units: &[Arc<Unit>], row: usize) -> Vec<Cell> {
    let columns = arrays.iter().zip(units);
    columns.map(|(array, unit)| Cell { value: Value::of(array, row), unit: unit.clone() }).collect()
}
