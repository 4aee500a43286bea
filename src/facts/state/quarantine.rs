//! Rows that broke the row contract, kept with the reason and the place they came from.

use super::record::StateFile;
use super::state_file::{Kept, Lists, write};
use crate::error::{Error, Result};
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::publish::schema::{Column, ColumnKind, TableSpec};
use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The published table `quarantine`.
pub fn table() -> TableSpec {
    let text = |name: &'static str, meaning: &'static str| Column::new(name, ColumnKind::Name, "", meaning);
    let number =
        |name: &'static str, meaning: &'static str| Column::new(name, ColumnKind::Integer, "", meaning);
    TableSpec {
        name: "quarantine",
        grain: "one row per input row that broke the row contract",
        partition: None,
        columns: vec![
            text("source", "name of the source"),
            text("file", "path of the input file, from the pipeline file's folder"),
            number("row_group", "row group in the file, from 0"),
            number("row", "row in the row group, from 0"),
            text("reason", "what is wrong with the row"),
            Column::new("content", ColumnKind::Text, "", "the row's columns that were read, as JSON"),
        ],
    }
}

/// Keeps a file's quarantined rows.
pub(crate) fn keep(
    folder: &Path,
    source: &str,
    file: &str,
    mut rows: Vec<QuarantinedRow>,
) -> Result<Option<StateFile>> {
    if rows.is_empty() {
        return Ok(None);
    }
    rows.sort_by_key(|row| (row.row_group, row.row));
    let texts = |of: &dyn Fn(&QuarantinedRow) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let numbers = |of: &dyn Fn(&QuarantinedRow) -> u64| -> ArrayRef {
        let number = |row| i64::try_from(of(row)).expect("row numbers fit 63 bits");
        Arc::new(rows.iter().map(number).collect::<Int64Array>())
    };
    let lists = |_| {
        let mut lists = Lists::default();
        lists.add("source", texts(&|_| source.to_owned()));
        lists.add("file", texts(&|_| file.to_owned()));
        lists.add("row_group", numbers(&|row| row.row_group as u64));
        lists.add("row", numbers(&|row| row.row));
        lists.add("reason", texts(&|row| row.reason.clone()));
        lists.add("content", texts(&|row| row.content.clone()));
        lists
    };
    write(folder, rows.len(), 1, BTreeMap::new(), lists).map(Some)
}

/// The first kept row in words: file, row group, row and reason; none where there is none or it cannot be read.
pub(crate) fn first<'s>(folder: &Path, files: impl Iterator<Item = &'s StateFile>) -> Option<String> {
    let columns = load(folder, files).ok()?;
    let options = FormatOptions::default();
    let text = |column: &ArrayRef| {
        let formatter = ArrayFormatter::try_new(column, &options).ok()?;
        (!column.is_empty()).then(|| formatter.value(0).to_string())
    };
    let [_, file, row_group, row, reason, _] = &columns[..] else { return None };
    Some(format!("{} row group {} row {}: {}", text(file)?, text(row_group)?, text(row)?, text(reason)?))
}

/// All kept rows as columns of the published table.
pub(crate) fn load<'s>(folder: &Path, files: impl Iterator<Item = &'s StateFile>) -> Result<Vec<ArrayRef>> {
    let files = files.map(|file| Kept::read(folder, file)).collect::<Result<Vec<_>>>()?;
    let load = |column: &Column| {
        if files.is_empty() {
            return Ok(arrow::array::new_empty_array(&column.kind.data_type()));
        }
        let lists: Vec<ArrayRef> = files.iter().map(|kept| kept.list(column.name.as_ref())).collect();
        let parts: Vec<&dyn Array> = lists.iter().map(AsRef::as_ref).collect();
        arrow::compute::concat(&parts).map_err(|fault| Error::internal(format!("quarantine: {fault}")))
    };
    table().columns.iter().map(load).collect()
}
