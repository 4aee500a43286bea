//! What a person sees of a history before any pipeline speaks of it: its columns, from the footers alone.

use super::input::open;
use super::input_file::InputFile;
use crate::error::Result;
use crate::pipeline::Definition;
use arrow::datatypes::{DataType, Field};
use parquet::file::statistics::Statistics;

/// A column of the transactions, as their files have it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceColumn {
    /// As the files write it.
    pub name: String,
    /// What its values are.
    pub kind: SourceKind,
    /// The greatest number that footers claim, rounded; none where they claim none.
    pub greatest: Option<f64>,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Integers.
    Integer,
    /// Decimals and floating-point numbers.
    Number,
    /// Text.
    Text,
    /// Dates and timestamps.
    Instant,
    /// True and false, lists, and whatever else no role takes.
    Other,
}

/// The columns of the transactions of a pipeline, in the order of their files; and the rows of all files.
///
/// # Errors
/// No file matches, or a file is no complete Parquet file.
pub fn source_columns(definition: &Definition) -> Result<(Vec<SourceColumn>, u64)> {
    let files = open(definition, &definition.facts.transactions.files, false)?;
    let rows = files.iter().map(InputFile::rows).sum();
    let Some(first) = files.first() else { return Ok((Vec::new(), rows)) };
    let fields = first.schema.fields().iter();
    let columns = fields.map(|field| SourceColumn {
        name: field.name().clone(),
        kind: kind_of(field.data_type()),
        greatest: greatest(&files, field),
    });
    Ok((columns.collect(), rows))
}

fn kind_of(data_type: &DataType) -> SourceKind {
    match data_type {
        DataType::Dictionary(_, values) => kind_of(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => SourceKind::Text,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => SourceKind::Instant,
        other if other.is_integer() => SourceKind::Integer,
        other if other.is_numeric() => SourceKind::Number,
        _ => SourceKind::Other,
    }
}

fn greatest(files: &[InputFile], field: &Field) -> Option<f64> {
    let unit = match field.data_type() {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            10_f64.powi((*scale).into())
        }
        _ => 1.0,
    };
    let mut greatest: Option<f64> = None;
    for row_group in files.iter().flat_map(|file| file.metadata.metadata().row_groups()) {
        let mut chunks = row_group.columns().iter();
        let chunk = chunks.find(|chunk| chunk.column_path().string() == *field.name());
        let of_group = match chunk.and_then(|chunk| chunk.statistics()) {
            Some(Statistics::Double(claim)) => claim.max_opt().copied(),
            Some(Statistics::Float(claim)) => claim.max_opt().map(|max| f64::from(*max)),
            Some(Statistics::Int32(claim)) => claim.max_opt().map(|max| f64::from(*max) / unit),
            Some(Statistics::Int64(claim)) => claim.max_opt().map(|max| *max as f64 / unit),
            _ => None,
        };
        let of_group = of_group.filter(|max| max.is_finite());
        greatest = [greatest, of_group].into_iter().flatten().reduce(f64::max);
    }
    greatest
}
