//! Published files as polars frames: only the tables and columns a query names.

use super::kind::{Kinds, NumberKind};
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatchReader};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use polars::prelude::{
    ChunkedArray, Column, DataFrame, Int128Type, IntoSeries, NamedFrom, NewChunkedArray, PlSmallStr, Series,
    TimeUnit, TimeZone,
};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Every word of a query, in lower case: its tables and columns are among them.
pub(super) fn words(sql: &str) -> std::result::Result<BTreeSet<String>, String> {
    let tokens = Tokenizer::new(&DuckDbDialect {}, sql).tokenize().map_err(|fault| fault.to_string())?;
    let word = |token| match token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        _ => None,
    };
    Ok(tokens.into_iter().filter_map(word).collect())
}

/// The named columns of a table, over all its files; the first column alone when none is named.
pub(super) fn read(files: &[PathBuf], words: &BTreeSet<String>) -> Result<DataFrame> {
    let mut columns: Vec<(String, Vec<ArrayRef>)> = Vec::new();
    for path in files {
        let fault = |fault: &dyn std::fmt::Display| Error::internal(format!("{}: {fault}", path.display()));
        let file = File::open(path).map_err(|error| fault(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fault(&error))?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let named = names.iter().filter(|name| words.contains(&name.to_lowercase()));
        let mut wanted: Vec<&str> = named.map(String::as_str).collect();
        if wanted.is_empty() {
            wanted.extend(names.first().map(String::as_str));
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
        let reader =
            builder.with_projection(mask).with_batch_size(131_072).build().map_err(|error| fault(&error))?;
        if columns.is_empty() {
            let schema = RecordBatchReader::schema(&reader);
            columns = schema
                .fields()
                .iter()
                .map(|field| (field.name().clone(), vec![arrow::array::new_empty_array(field.data_type())]))
                .collect();
        }
        for batch in reader {
            let batch = batch.map_err(|error| fault(&error))?;
            for ((_, parts), array) in columns.iter_mut().zip(batch.columns()) {
                parts.push(array.clone());
            }
        }
    }
    let mut joined = Vec::with_capacity(columns.len());
    for (name, parts) in columns {
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let whole = arrow::compute::concat(&parts).map_err(|fault| Error::internal(fault.to_string()))?;
        joined.push((name, whole));
    }
    frame(&joined)
}

/// Columns as a frame.
pub(super) fn frame(columns: &[(String, ArrayRef)]) -> Result<DataFrame> {
    let column = |(name, array): &(String, ArrayRef)| series(name, array).map(Column::from);
    let columns = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
    DataFrame::new_infer_height(columns).map_err(|fault| Error::internal(fault.to_string()))
}

/// What the columns of a table hold, by one of its files.
pub(super) fn add_kinds(path: &Path, kinds: &mut Kinds) -> Result<()> {
    let fault = |fault: &dyn std::fmt::Display| Error::internal(format!("{}: {fault}", path.display()));
    let file = File::open(path).map_err(|error| fault(&error))?;
    let metadata =
        ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| fault(&error))?;
    add_kinds_of(metadata.schema(), kinds);
    Ok(())
}

/// What these columns hold.
pub(super) fn add_kinds_of(schema: &Schema, kinds: &mut Kinds) {
    for field in schema.fields() {
        let kind = match field.data_type() {
            DataType::Decimal128(_, scale) => NumberKind::Decimal(u64::from(scale.unsigned_abs())),
            DataType::Float64 => NumberKind::Double,
            DataType::Int64 => NumberKind::Integer,
            _ => NumberKind::Other,
        };
        kinds.add(field.name(), kind);
    }
}

/// A column by value: tables here are customer-sized, and a copy needs no unsafe code.
fn series(name: &str, array: &ArrayRef) -> Result<Series> {
    let name = PlSmallStr::from_str(name);
    let fault = |fault: polars::prelude::PolarsError| Error::internal(format!("{fault}"));
    Ok(match array.data_type() {
        DataType::Int64 => Series::new(name, array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()),
        DataType::Float64 => {
            Series::new(name, array.as_primitive::<Float64Type>().iter().collect::<Vec<_>>())
        }
        DataType::Boolean => Series::new(name, array.as_boolean().iter().collect::<Vec<_>>()),
        DataType::Utf8 => Series::new(name, array.as_string::<i32>().iter().collect::<Vec<_>>()),
        DataType::Date32 => {
            Series::new(name, array.as_primitive::<Date32Type>().iter().collect::<Vec<_>>()).into_date()
        }
        DataType::Timestamp(_, _) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>();
            Series::new(name, micros).into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
        }
        DataType::Decimal128(precision, scale) => {
            let mantissas = array.as_primitive::<Decimal128Type>().iter();
            let chunked: ChunkedArray<Int128Type> = ChunkedArray::from_iter_options(name, mantissas);
            let scale = usize::from(scale.unsigned_abs());
            chunked.into_decimal(usize::from(*precision), scale).map_err(fault)?.into_series()
        }
        other => return Err(Error::internal(format!("no published column is {other}"))),
    })
}
