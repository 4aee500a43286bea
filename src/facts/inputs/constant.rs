//! Columns that are constant over a file: values of its folders, partition values of a table's log, and nulls where a
//! table's column is younger than the file.

use super::input_file::InputFile;
use crate::error::{Error, Result};
use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array, new_null_array,
};
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use std::sync::Arc;

/// A column that is constant over a file.
#[derive(Debug, Clone)]
pub(crate) struct ConstantColumn {
    field: FieldRef,
    /// One row.
    value: ArrayRef,
    is_of_folder: bool,
}

impl ConstantColumn {
    /// The nulls of a column that the file is older than.
    pub(crate) fn nulls(field: &Field) -> Self {
        Self { is_of_folder: false, ..Self::new(field.name(), new_null_array(field.data_type(), 1)) }
    }

    /// A column of a folder's value, an array of one row; text becomes a dictionary, which is looked at once per batch.
    pub(crate) fn new(name: &str, value: ArrayRef) -> Self {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let value = match value.data_type() {
            DataType::Utf8 => cast(&value, &dictionary).expect("text becomes a dictionary"),
            _ => value,
        };
        Self { field: Arc::new(Field::new(name, value.data_type().clone(), true)), value, is_of_folder: true }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.field.name()
    }

    /// Its name and type.
    pub(crate) fn field(&self) -> &FieldRef {
        &self.field
    }

    /// Whether a folder or the log of a table gives it.
    pub(crate) fn is_of_folder(&self) -> bool {
        self.is_of_folder
    }

    /// The value, as an array of one row.
    pub(crate) fn value(&self) -> &ArrayRef {
        &self.value
    }

    fn array(&self, rows: usize) -> ArrayRef {
        let rows = UInt32Array::from(vec![0; rows]);
        take(&self.value, &rows, None).expect("the array has a first row")
    }
}

/// A value that a file's path gives for a column the file has too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathClaim {
    pub(crate) name: String,
    /// None for null.
    pub(crate) value: Option<String>,
}

impl InputFile {
    /// Adds constant columns to the schema.
    pub(crate) fn add_constants(&mut self, columns: Vec<ConstantColumn>) {
        let fields = self.schema.fields().iter().chain(columns.iter().map(ConstantColumn::field));
        self.schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
        self.constants.extend(columns);
    }

    /// A batch of the file with its constant columns.
    ///
    /// # Errors
    /// A column that is in the path too has another value in a row.
    pub(crate) fn complete(&self, batch: RecordBatch) -> Result<RecordBatch> {
        self.path_claims.iter().try_for_each(|claim| self.check_claim(claim, &batch))?;
        if self.constants.is_empty() {
            return Ok(batch);
        }
        let rows = batch.num_rows();
        let schema = batch.schema();
        let fields = schema.fields().iter().chain(self.constants.iter().map(ConstantColumn::field));
        let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
        let columns = batch.columns().iter().cloned();
        let columns = columns.chain(self.constants.iter().map(|column| column.array(rows))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|fault| Error::internal(fault.to_string()))
    }

    /// Engines differ in which of the two they take, so both must say the same.
    fn check_claim(&self, claim: &PathClaim, batch: &RecordBatch) -> Result<()> {
        let Some(column) = batch.column_by_name(&claim.name) else { return Ok(()) };
        let Some(row) = first_other_row(column, claim.value.as_deref()) else { return Ok(()) };
        let text = cast(&plain(&column.slice(row, 1)), &DataType::Utf8).ok();
        let text = text.as_ref().and_then(|text| text.as_string_opt::<i32>());
        let found = text.filter(|text| text.is_valid(0)).map_or("null", |text| text.value(0));
        Err(Error::input(format!(
            "{}: column '{}' is '{found}' in the file and '{}' in its path; move the file to the folder of its value, \
             or write it again without the column",
            self.path.display(),
            claim.name,
            claim.value.as_deref().unwrap_or("null")
        )))
    }
}

/// The first row that has not the value which this text means in the column's type.
fn first_other_row(column: &ArrayRef, claim: Option<&str>) -> Option<usize> {
    let plain = plain(column);
    let text: ArrayRef = Arc::new(StringArray::from(vec![claim]));
    // What is no value of the column's type becomes null, which no row has.
    let value = cast(&text, plain.data_type()).ok().filter(|value| value.is_null(0) == claim.is_none());
    let Some(value) = value else { return (!plain.is_empty()).then_some(0) };
    let differs = distinct(&plain, &arrow::array::Scalar::new(value)).ok()?;
    differs.values().set_indices().next()
}

/// The column without a dictionary; instants as wall time of UTC, for text is parsed and shown without names of zones.
fn plain(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values).expect("a dictionary becomes plain"),
        DataType::Timestamp(unit, Some(_)) => {
            let ticks = cast(column, &DataType::Int64).expect("instants are integers");
            cast(&ticks, &DataType::Timestamp(*unit, None)).expect("integers become timestamps")
        }
        _ => Arc::clone(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Decimal128Array, Int64Array};

    #[test]
    fn a_value_of_the_path_is_compared_in_the_type_of_the_files_column() {
        let decimals = Decimal128Array::from(vec![150, 150]).with_precision_and_scale(9, 2).unwrap();
        let columns: [(ArrayRef, Option<&str>, Option<usize>); 9] = [
            (Arc::new(Int64Array::from(vec![7, 7])), Some("7"), None),
            (Arc::new(Int64Array::from(vec![7, 7])), Some("007"), None),
            (Arc::new(Int64Array::from(vec![7, 8])), Some("7"), Some(1)),
            (Arc::new(Int64Array::from(vec![Some(7), None])), Some("7"), Some(1)),
            (Arc::new(Int64Array::from(vec![None, None])), None, None),
            (Arc::new(Int64Array::from(vec![7])), Some("x"), Some(0)),
            (Arc::new(Date32Array::from(vec![19_753])), Some("2024-01-31"), None),
            (Arc::new(StringArray::from(vec!["007"])), Some("7"), Some(0)),
            (Arc::new(decimals), Some("1.5"), None),
        ];
        for (column, claim, expected) in columns {
            assert_eq!(first_other_row(&column, claim), expected, "{column:?} {claim:?}");
        }
    }

    #[test]
    fn a_constant_column_has_as_many_rows_as_asked_for() {
        let text = ConstantColumn::new("region", Arc::new(StringArray::from(vec!["south"])));
        assert!(matches!(text.field().data_type(), DataType::Dictionary(..)));
        assert_eq!(text.array(3).len(), 3);
        let null = ConstantColumn::new("day", Arc::new(Date32Array::from(vec![None])));
        assert_eq!(null.array(2).null_count(), 2);
    }
}
