//! How each kind of column becomes Parquet: types, encodings, and the row groups made of them.

use super::encode::Chunk;
use super::schema::{Column, ColumnKind, TableSpec};
use crate::error::{Error, Result};
use crate::pipeline::FileEncoding;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal64Type, Decimal128Type, Field, Float64Type, Schema, SchemaRef,
};

use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::Result as ParquetResult;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::{ColumnPath, SchemaDescPtr};
use rayon::prelude::*;
use std::io::Write;
use std::sync::Arc;

/// To be raised when the same columns would be written as other bytes.
const BUILD: u32 = 4;

/// Pages are cut by size alone: row limits would only make more of them.
const PAGE_BYTES: usize = 1 << 20;

/// A dictionary that grows beyond this does not pay; the column goes on with its other encoding.
const DICTIONARY_BYTES: usize = 1 << 18;

/// A table's columns as Arrow and as Parquet see them.
pub(super) struct Layout {
    pub(super) table: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) arrow: SchemaRef,
    pub(super) parquet: SchemaDescPtr,
    pub(super) properties: WriterPropertiesPtr,
    encoding: FileEncoding,
}

/// An encoded column of a row group.
pub(super) enum ColumnChunk {
    /// By our own encoder.
    Ours(Chunk),
    /// By the parquet crate.
    Theirs(ArrowColumnChunk),
}

impl ColumnChunk {
    pub(super) fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> ParquetResult<()> {
        match self {
            Self::Ours(chunk) => chunk.append_to(row_group),
            Self::Theirs(chunk) => chunk.append_to_row_group(row_group),
        }
    }
}

impl Layout {
    pub(super) fn new(spec: &TableSpec, encoding: FileEncoding) -> Self {
        let arrow = Arc::new(Schema::new(spec.columns.iter().map(arrow_field).collect::<Vec<_>>()));
        let parquet = ArrowSchemaConverter::new().schema_root("schema").convert(&arrow);
        Self {
            table: spec.name,
            columns: spec.columns.clone(),
            parquet: Arc::new(parquet.expect("every column kind has a Parquet type")),
            arrow,
            properties: Arc::new(properties(&spec.columns, encoding)),
            encoding,
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

    /// Encodes one row group, its columns in parallel, each from the pieces it arrived in.
    pub(super) fn encode(
        &self,
        writers: Vec<ArrowColumnWriter>,
        pieces: Vec<Vec<ArrayRef>>,
    ) -> Result<Vec<ColumnChunk>> {
        let jobs: Vec<_> = writers.into_iter().zip(pieces).enumerate().collect();
        let jobs = jobs.into_par_iter().with_max_len(1);
        let chunks = jobs.map(|(index, (writer, pieces))| self.encode_column(index, writer, pieces));
        // Collected as results first, so that the first faulty column is reported, not the fastest.
        chunks.collect::<Vec<Result<_>>>().into_iter().collect()
    }

    fn encode_column(
        &self,
        index: usize,
        writer: ArrowColumnWriter,
        pieces: Vec<ArrayRef>,
    ) -> Result<ColumnChunk> {
        let column = &self.columns[index];
        if self.encoding != FileEncoding::Compact || !is_whole_number(column.kind) {
            return Ok(ColumnChunk::Theirs(self.encode_by_crate(index, writer, pieces)?));
        }
        let chunk = Chunk::encode(&self.parquet.column(index), &pieces);
        if let (DataType::Decimal64(..), Some((least, largest))) = (column.kind.data_type(), chunk.range) {
            check_digits(self.table, column, least.unsigned_abs().max(largest.unsigned_abs()).into())?;
        }
        Ok(ColumnChunk::Ours(chunk))
    }

    /// From one contiguous array, because page cuts of the crate, and with them the bytes, follow the arrays.
    fn encode_by_crate(
        &self,
        index: usize,
        mut writer: ArrowColumnWriter,
        pieces: Vec<ArrayRef>,
    ) -> Result<ArrowColumnChunk> {
        let array = contiguous(pieces);
        check_values(self.table, &self.columns[index], &array)?;
        for leaf in &compute_leaves(self.arrow.field(index), &array).expect("columns are flat") {
            writer.write(leaf).expect("a checked array is encoded in memory");
        }
        Ok(writer.close().expect("a column chunk is closed in memory"))
    }
}

/// Without a field id. Iceberg gives each table ids of its own; with other ids in a file its columns read as null, without
/// a word, where without any they are found by name (`findings/iceberg_field_ids.sh`).
fn arrow_field(column: &Column) -> Field {
    Field::new(&*column.name, column.kind.data_type(), column.nullable)
}

/// Whether our own encoder takes it.
fn is_whole_number(kind: ColumnKind) -> bool {
    match kind {
        ColumnKind::IntKey
        | ColumnKind::Integer
        | ColumnKind::Money(_)
        | ColumnKind::Volume(_)
        | ColumnKind::Date
        | ColumnKind::Timestamp => true,
        ColumnKind::Text | ColumnKind::Name | ColumnKind::Total(_) | ColumnKind::Float | ColumnKind::Bool => {
            false
        }
    }
}

fn contiguous(mut pieces: Vec<ArrayRef>) -> ArrayRef {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
    arrow::compute::concat(&pieces).expect("the pieces of a column are of one type")
}

/// What the crate is to do with the columns it encodes.
fn properties(columns: &[Column], encoding: FileEncoding) -> WriterProperties {
    let (statistics, compression) = match encoding {
        FileEncoding::Compact => (EnabledStatistics::Page, Compression::UNCOMPRESSED),
        FileEncoding::Portable => (EnabledStatistics::Page, Compression::ZSTD(ZstdLevel::default())),
        FileEncoding::Plain => (EnabledStatistics::Chunk, Compression::UNCOMPRESSED),
    };
    let mut builder = WriterProperties::builder()
        .set_created_by(created_by())
        .set_compression(compression)
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(usize::MAX)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(statistics);
    for column in columns {
        let path = ColumnPath::from(column.name.as_ref());
        let (encoding, dictionary) = match encoding {
            FileEncoding::Compact => compact(column.kind),
            FileEncoding::Portable => (Encoding::PLAIN, column.kind != ColumnKind::Bool),
            FileEncoding::Plain => (Encoding::PLAIN, false),
        };
        builder = builder
            .set_column_encoding(path.clone(), encoding)
            .set_column_dictionary_enabled(path, dictionary);
    }
    builder.build()
}

/// Program, version and build as Java readers take it apart: statistics of writers that they cannot make out are taken
/// for wrong, and pass over nothing. The same for every run, so that the same rows are the same bytes.
pub(super) fn created_by() -> String {
    format!("abacus version {} (build {BUILD})", env!("CARGO_PKG_VERSION"))
}

/// The encoding of a column that the crate encodes, and whether a dictionary is tried first.
fn compact(kind: ColumnKind) -> (Encoding, bool) {
    match kind {
        ColumnKind::Text => (Encoding::DELTA_LENGTH_BYTE_ARRAY, false),
        ColumnKind::Name => (Encoding::DELTA_LENGTH_BYTE_ARRAY, true),
        _ => (Encoding::PLAIN, false),
    }
}

/// Sums may outgrow their column, which the user must hear; a float that is not a number is our fault.
fn check_values(table: &str, column: &Column, array: &ArrayRef) -> Result<()> {
    match array.data_type() {
        DataType::Decimal64(..) => check_digits(table, column, largest::<Decimal64Type>(array)),
        DataType::Decimal128(..) => check_digits(table, column, largest::<Decimal128Type>(array)),
        DataType::Float64 => {
            let finite = array.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite);
            assert!(finite, "{table}.{}: a float that is not finite", column.name);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The magnitude of the value furthest from 0.
fn largest<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef) -> u128 {
    let values = array.as_primitive::<T>().iter().flatten();
    values.map(|value| value.into().unsigned_abs()).max().unwrap_or(0)
}

fn check_digits(table: &str, column: &Column, found: u128) -> Result<()> {
    let (digits, scale) = match column.kind.data_type() {
        DataType::Decimal64(digits, scale) | DataType::Decimal128(digits, scale) => (digits, scale),
        other => unreachable!("{table}.{}: {other} has no digits", column.name),
    };
    if found < 10_u128.pow(digits.into()) {
        return Ok(());
    }
    Err(Error::check(format!(
        "{table}.{}: a value of {found} units of 10^-{scale} does not fit the {digits} digits of its column; \
         lower the scale or look for a faulty amount",
        column.name
    )))
}
