//! The customers source asked about one customer: reading all of it would be most of the time a question takes.

use super::record::Record;
use crate::error::{Error, Result};
use crate::facts::expr::{KeyColumn, Rows};
use crate::facts::inputs::bind_master::{MasterBounds, bind_master};
use crate::facts::inputs::file_outcome::FileOutcome;
use crate::facts::inputs::identity::Identity;
use crate::facts::inputs::input::open;
use crate::facts::inputs::raw_master::RawMaster;
use crate::facts::inputs::reading::batches;
use crate::pipeline::{CustomersDef, Definition};
use crate::units::Day;
use arrow::array::{Array, RecordBatch};
use std::collections::BTreeMap;

/// When a customer was won, where that is known, and what winning it cost, at `money_scale`.
pub type Acquired = (Option<Day>, i64);

/// What the customers source says of winning this customer; none if it does not list it.
///
/// # Errors
/// A source that changed since the facts were made, or cannot be read.
pub fn acquisition_of(definition: &Definition, record: &Record, key: &str) -> Result<Option<Acquired>> {
    let Some(def) = &definition.facts.customers else { return Ok(None) };
    let def = CustomersDef { attributes: BTreeMap::new(), ..def.clone() };
    let files = open(definition, &def.files, false)?;
    check_unchanged(files.iter().map(|file| &file.identity), record)?;
    let bounds = bind_master(definition, &def, &files)?;
    let columns = bounds.columns();
    for file in &files {
        for batch in batches(file, &columns)? {
            let batch = batch?;
            let Some(row) = row_of(&bounds.customer.keys(&Rows::of(&batch))?.value, key) else { continue };
            return listed(definition, &bounds, &batch.slice(row, 1), record);
        }
    }
    Ok(None)
}

/// A question about a release is answered from what the release was made of.
///
/// # Errors
/// Names the file that is another than in the record.
pub(crate) fn check_unchanged<'f>(
    files: impl IntoIterator<Item = &'f Identity>,
    record: &Record,
) -> Result<()> {
    for file in files {
        if !record.files.iter().any(|account| account.file == *file) {
            let way_out = "run the pipeline again to ask about today's customers";
            let path = &file.path;
            return Err(Error::check(format!("{path} has changed since the release; {way_out}")));
        }
    }
    Ok(())
}

fn row_of(keys: &KeyColumn, key: &str) -> Option<usize> {
    match keys {
        KeyColumn::Int { values, nulls } => {
            let key: i64 = key.parse().ok()?;
            let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            (0..values.len()).find(|row| values[*row] == key && is_valid(*row))
        }
        KeyColumn::Text { dictionary, codes, nulls } => {
            let code = (0..dictionary.len()).find(|code| dictionary.value(*code) == key)?;
            let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            (0..codes.len()).find(|row| usize::try_from(codes[*row]) == Ok(code) && is_valid(*row))
        }
        KeyColumn::PlainText(array) => array.iter().position(|value| value == Some(key)),
    }
}

/// What the row says, unless it broke the row contract.
fn listed(
    definition: &Definition,
    bounds: &MasterBounds,
    row: &RecordBatch,
    record: &Record,
) -> Result<Option<Acquired>> {
    let mut master = RawMaster::new(record.key_type);
    master.add(definition, bounds, row, &mut FileOutcome::default(), &mut [])?;
    Ok(master.first())
}
