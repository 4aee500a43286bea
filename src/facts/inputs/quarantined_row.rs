//! A row that broke the row contract, with the reason and the place it came from.

use super::row_in_group::row_in_group;
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::sync::Arc;

/// One quarantined row.
#[derive(Debug, Clone)]
pub(crate) struct QuarantinedRow {
    pub(crate) row_group: usize,
    pub(crate) row: u64,
    pub(crate) reason: String,
    pub(crate) content: String,
}

impl QuarantinedRow {
    /// Takes row `index` of a batch, which is row `row` of its row group.
    pub(crate) fn new(
        batch: &RecordBatch,
        index: usize,
        row: u64,
        row_group: usize,
        reason: &str,
    ) -> Result<Self> {
        let options = FormatOptions::default().with_null("null");
        let mut content = serde_json::Map::new();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let fault = |fault| Error::internal(format!("quarantine: {fault}"));
            let value = without_zone_name(&column.slice(index, 1)).map_err(fault)?;
            let formatter = ArrayFormatter::try_new(&value, &options).map_err(fault)?;
            let value = if value.is_null(0) {
                serde_json::Value::Null
            } else {
                serde_json::Value::String(formatter.value(0).to_string())
            };
            content.insert(field.name().clone(), value);
        }
        let content = serde_json::Value::Object(content).to_string();
        Ok(Self { row_group, row, reason: reason.to_owned(), content })
    }

    /// In words: file, row group, row and reason.
    pub(crate) fn words(&self, file: &str) -> String {
        let Self { row_group, row, reason, .. } = self;
        format!("{file} row group {row_group} row {row}: {reason}")
    }

    /// Turns a row counted over the whole file into its row group and the row in it.
    pub(crate) fn place(&mut self, rows_of_groups: impl Iterator<Item = u64>) {
        (self.row_group, self.row) = row_in_group(self.row, rows_of_groups);
    }
}

/// Instants are shown in UTC: a zone's name would need the formatter to know all zones.
fn without_zone_name(column: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            cast(column, &DataType::Timestamp(*unit, Some("+00:00".into())))
        }
        _ => Ok(Arc::clone(column)),
    }
}
