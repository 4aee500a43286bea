//! How each kind of column becomes Parquet: types, encodings, and the row groups made of them.

use super::schema::{Column, ColumnKind, TableSpec};
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal64Type, Decimal128Type, Field, Float64Type, Schema, SchemaRef,
};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::Encoding;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::{ColumnPath, TypePtr};
use rayon::prelude::*;
use std::sync::Arc;

/// Part of every recipe, to be raised when the same columns would be written as other bytes.
pub(super) const VERSION: &str = "2, parquet 60";

/// Pages are cut by size alone: row limits would only make more of them.
const PAGE_BYTES: usize = 1 << 20;

/// A dictionary that grows beyond this does not pay; the column goes on with its other encoding.
const DICTIONARY_BYTES: usize = 1 << 18;

/// A table's columns as Arrow and as Parquet see them.
pub(super) struct Layout {
    pub(super) table: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) arrow: SchemaRef,
    pub(super) parquet: TypePtr,
    pub(super) properties: WriterPropertiesPtr,
}

impl Layout {
    pub(super) fn new(spec: &TableSpec, plain: bool) -> Self {
        let field = |column: &Column| Field::new(&*column.name, column.kind.data_type(), column.nullable);
        let arrow = Arc::new(Schema::new(spec.columns.iter().map(field).collect::<Vec<_>>()));
        let parquet = ArrowSchemaConverter::new().schema_root("schema").convert(&arrow);
        Self {
            table: spec.name,
            columns: spec.columns.clone(),
            parquet: parquet.expect("every column kind has a Parquet type").root_schema_ptr(),
            arrow,
            properties: Arc::new(properties(&spec.columns, plain)),
        }
    }

    /// Rows of a batch, after making sure that it is one of this table.
    pub(super) fn rows_of(&self, batch: &[ArrayRef]) -> usize {
        assert_eq!(batch.len(), self.columns.len(), "{}: columns handed to the writer", self.table);
        let rows = batch.first().map_or(0, |array| array.len());
        for (column, array) in self.columns.iter().zip(batch) {
            let place = format!("{}.{}", self.table, column.name);
            assert_eq!(array.data_type(), &column.kind.data_type(), "{place}: type");
            assert_eq!(array.len(), rows, "{place}: rows");
            assert!(column.nullable || array.null_count() == 0, "{place}: null in a column without nulls");
        }
        rows
    }

    /// Encodes one row group, its columns in parallel. Each column arrives in pieces and is encoded from one
    /// contiguous array, because page cuts, and with them the bytes, follow the arrays.
    pub(super) fn encode(
        &self,
        writers: Vec<ArrowColumnWriter>,
        pieces: Vec<Vec<ArrayRef>>,
    ) -> Result<Vec<ArrowColumnChunk>> {
        let jobs: Vec<_> = writers.into_iter().zip(pieces).enumerate().collect();
        let chunks = jobs.into_par_iter().with_max_len(1).map(|(index, (mut writer, pieces))| {
            let array = contiguous(pieces);
            check_values(self.table, &self.columns[index], &array)?;
            let leaves = compute_leaves(self.arrow.field(index), &array).expect("columns are flat");
            for leaf in &leaves {
                writer.write(leaf).expect("a checked array is encoded in memory");
            }
            Ok(writer.close().expect("a column chunk is closed in memory"))
        });
        // Collected as results first, so that the first faulty column is reported, not the fastest.
        chunks.collect::<Vec<Result<_>>>().into_iter().collect()
    }
}

fn contiguous(mut pieces: Vec<ArrayRef>) -> ArrayRef {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
    arrow::compute::concat(&pieces).expect("the pieces of a column are of one type")
}

fn properties(columns: &[Column], plain: bool) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by("abacus".to_owned())
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(usize::MAX)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in columns {
        let path = ColumnPath::from(column.name.as_ref());
        let (encoding, dictionary) = if plain { (Encoding::PLAIN, false) } else { encoding(column.kind) };
        builder = builder
            .set_column_encoding(path.clone(), encoding)
            .set_column_dictionary_enabled(path, dictionary);
    }
    builder.build()
}

/// The encoding, and whether a dictionary is tried first.
fn encoding(kind: ColumnKind) -> (Encoding, bool) {
    match kind {
        // Trying dictionaries first makes a release a sixth smaller and slower to write, see benches/README.md.
        ColumnKind::IntKey
        | ColumnKind::Integer
        | ColumnKind::Money(_)
        | ColumnKind::Volume(_)
        | ColumnKind::Date
        | ColumnKind::Timestamp => (Encoding::DELTA_BINARY_PACKED, false),
        ColumnKind::Text => (Encoding::DELTA_LENGTH_BYTE_ARRAY, false),
        ColumnKind::Name => (Encoding::DELTA_LENGTH_BYTE_ARRAY, true),
        ColumnKind::Total(_) | ColumnKind::Float | ColumnKind::Bool => (Encoding::PLAIN, false),
    }
}

/// Sums may outgrow their column, which the user must hear; a float that is not a number is our fault.
fn check_values(table: &str, column: &Column, array: &ArrayRef) -> Result<()> {
    let place = || format!("{table}.{}", column.name);
    let largest = match array.data_type() {
        DataType::Decimal64(..) => {
            largest::<Decimal64Type>(array).filter(|&value| value >= 10_u64.pow(18)).map(u128::from)
        }
        DataType::Decimal128(..) => {
            largest::<Decimal128Type>(array).filter(|&value| value >= 10_u128.pow(38))
        }
        DataType::Float64 => {
            let finite = array.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite);
            assert!(finite, "{}: a float that is not finite", place());
            None
        }
        _ => None,
    };
    let Some(found) = largest else { return Ok(()) };
    let (digits, scale) = match column.kind.data_type() {
        DataType::Decimal64(digits, scale) | DataType::Decimal128(digits, scale) => (digits, scale),
        other => unreachable!("{}: {other} has no digits", place()),
    };
    Err(Error::check(format!(
        "{}: a value of {found} units of 10^-{scale} does not fit the {digits} digits of its column; \
         lower the scale or look for a faulty amount",
        place()
    )))
}

fn largest<T>(array: &ArrayRef) -> Option<<T::Native as Magnitude>::Size>
where
    T: ArrowPrimitiveType,
    T::Native: Magnitude,
{
    let array = array.as_primitive::<T>();
    if array.null_count() == 0 {
        return array.values().iter().map(|value| value.magnitude()).max();
    }
    array.iter().flatten().map(Magnitude::magnitude).max()
}

trait Magnitude: Copy {
    type Size: Ord;
    fn magnitude(self) -> Self::Size;
}

impl Magnitude for i64 {
    type Size = u64;
    fn magnitude(self) -> u64 {
        self.unsigned_abs()
    }
}

impl Magnitude for i128 {
    type Size = u128;
    fn magnitude(self) -> u128 {
        self.unsigned_abs()
    }
}
