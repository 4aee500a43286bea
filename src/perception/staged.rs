//! Tables of this run, read back from the files just written: single columns by name.

use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Decimal64Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// The named columns of a published file, in the order asked for; none for a column it does not have.
///
/// # Errors
/// A file that cannot be read back.
pub(crate) fn columns(path: &Path, names: &[&str]) -> Result<Vec<Option<ArrayRef>>> {
    let fault = |fault: &dyn std::fmt::Display| Error::internal(format!("{}: {fault}", path.display()));
    let file = File::open(path).map_err(|error| fault(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fault(&error))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let schema = builder.schema().clone();
    let reader = builder.with_projection(mask).with_batch_size(131_072).build();
    let reader = reader.map_err(|error| fault(&error))?;
    let mut parts: Vec<Vec<ArrayRef>> = vec![Vec::new(); names.len()];
    for batch in reader {
        let batch = batch.map_err(|error| fault(&error))?;
        for (name, parts) in names.iter().zip(&mut parts) {
            parts.extend(batch.column_by_name(name).cloned());
        }
    }
    let joined = |(name, parts): (&&str, Vec<ArrayRef>)| {
        let Ok(field) = schema.field_with_name(name) else { return Ok(None) };
        if parts.is_empty() {
            return Ok(Some(arrow::array::new_empty_array(field.data_type())));
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        arrow::compute::concat(&parts).map(Some).map_err(|error| fault(&error))
    };
    names.iter().zip(parts).map(joined).collect()
}

/// A column of integers, money or instants as integers.
pub(crate) fn integers(array: &ArrayRef) -> Vec<Option<i64>> {
    match array.data_type() {
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().collect(),
        DataType::Decimal64(..) => array.as_primitive::<Decimal64Type>().iter().collect(),
        DataType::Decimal128(..) => {
            let fits = |value: i128| i64::try_from(value).expect("published money has 18 digits");
            array.as_primitive::<Decimal128Type>().iter().map(|value| value.map(fits)).collect()
        }
        DataType::Timestamp(..) => array.as_primitive::<TimestampMicrosecondType>().iter().collect(),
        other => panic!("a published column of {other} holds no integers"),
    }
}

/// A column of ratios.
pub(crate) fn floats(array: &ArrayRef) -> Vec<Option<f64>> {
    array.as_primitive::<Float64Type>().iter().collect()
}
