//! The customers this room is about, those with a sale line, and their measures by column name.

use super::source::{Keys, Source};
use super::values::{Data, Values};
use crate::error::{Error, Result};
use crate::units::Day;
use std::path::PathBuf;

/// Customers with a sale line, in key order.
pub(crate) struct Base {
    pub(crate) keys: Keys,
    /// Where the measures are, the first of a name wins.
    homes: Vec<Home>,
}

struct Home {
    source: Source,
    /// The row of each customer; none: row by row.
    rows: Option<Vec<u32>>,
}

impl Base {
    /// From the tables of this run; `files` gives the files of one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn open(files: &dyn Fn(&str) -> Vec<PathBuf>, as_of: Day) -> Result<Self> {
        let customer = Source::open(&files("customer"))?;
        let rows = with_a_sale_line(&customer)?;
        let keys = customer.keys(rows.as_deref())?;
        let mut homes = vec![Home { source: customer, rows }];
        for table in ["lifecycle", "customer_value"] {
            let source = Source::open(&of_date(files(table), as_of))?;
            let known = source.keys(None)?;
            let rows = keys.places_in(&known);
            let rows = rows.ok_or_else(|| Error::internal(format!("{table}: keys of another type")))?;
            homes.push(Home { source, rows: Some(rows) });
        }
        Ok(Self { keys, homes })
    }

    /// How many customers.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A measure of every customer; none where no table of this run has it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn column(&self, name: &str) -> Result<Option<Values>> {
        let Some(home) = self.homes.iter().find(|home| home.source.has(name)) else { return Ok(None) };
        let values = home.source.read(&[name])?.remove(name).expect("the table has the column");
        Ok(Some(match &home.rows {
            None => values,
            Some(rows) => values.gather(rows),
        }))
    }

    /// Counts or money of every customer; none where no table of this run has it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn fixed(&self, name: &str) -> Result<Option<Vec<i64>>> {
        Ok(self.column(name)?.and_then(|values| match values.data {
            Data::Fixed(values, _) => Some(values),
            _ => None,
        }))
    }

    /// The same of a column that every run publishes.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn needed(&self, name: &str) -> Result<Vec<i64>> {
        self.fixed(name)?.ok_or_else(|| Error::internal(format!("table 'customer' has no column '{name}'")))
    }
}

/// Rows of identified customers with a sale line; none where all rows are.
fn with_a_sale_line(customer: &Source) -> Result<Option<Vec<u32>>> {
    let mut columns = customer.read(&["lines", "is_unidentified"])?;
    let (Some(lines), Some(unknown)) = (columns.remove("lines"), columns.remove("is_unidentified")) else {
        return Err(Error::internal("table 'customer' lacks 'lines' or 'is_unidentified'"));
    };
    let (Data::Fixed(lines, _), Data::Flags(unknown)) = (lines.data, unknown.data) else {
        return Err(Error::internal("table 'customer' has 'lines' or 'is_unidentified' of another type"));
    };
    let rows = (0_u32..).zip(lines.iter().zip(&unknown));
    let kept: Vec<u32> =
        rows.filter(|(_, (lines, unknown))| **lines > 0 && !**unknown).map(|(row, _)| row).collect();
    Ok((kept.len() < lines.len()).then_some(kept))
}

/// The files of one as-of date, of a table that may have several.
fn of_date(mut files: Vec<PathBuf>, as_of: Day) -> Vec<PathBuf> {
    let folder = format!("as_of={as_of}");
    files.retain(|path| path.components().any(|part| part.as_os_str() == folder.as_str()));
    files
}
