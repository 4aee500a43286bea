//! The one reader of published tables: columns by name, decoded forward, row by row once.
//!
//! A stage reads what an earlier stage of its run published. Pages are decoded in the order of rows, so a reader that
//! jumped to a slice in the middle of a row group would decode the rows before it again; a [`Cursor`] goes forward
//! instead and hands out as many rows as are asked for, and nothing holds a column of all rows. Each column has a
//! decoder of its own, so that columns are decoded in parallel.
//!
//! Money is read as 64-bit decimals, as it was written; names from a short list keep their dictionary where that is
//! asked for.

use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, PrimitiveArray, new_empty_array};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Decimal64Type, Field, Float64Type, Int32Type, Int64Type, Schema, SchemaRef,
    TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows decoded at a time: a row group, unless the pipeline says otherwise. Rows asked for that begin and end with
/// decoded ones are handed out without a copy.
const BATCH_ROWS: usize = 1 << 17;

/// The files of a published table, in the order of their rows.
pub(crate) struct PublishedReader {
    files: Vec<TableFile>,
}

struct TableFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

/// How a column is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// As it is.
    Values,
    /// Texts of a short list, by number: a dictionary array of `Int32` and `Utf8`.
    Names,
}

impl PublishedReader {
    /// Opens the files of a table, such as `Staging::written` gives them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn open(files: &[PathBuf]) -> Result<Self> {
        Ok(Self { files: files.iter().map(|path| TableFile::open(path)).collect::<Result<_>>()? })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.files.iter().map(TableFile::rows).sum()
    }

    /// Whether the table has this column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.files.first().is_some_and(|file| file.field(column).is_some())
    }

    /// The type a column is read as; none where the table does not have it.
    pub(crate) fn data_type(&self, column: &str) -> Option<DataType> {
        let field = self.files.first()?.field(column)?;
        Some(hint(field.data_type(), Wanted::Values))
    }

    /// The distinct values of a column of names, sorted.
    ///
    /// # Errors
    /// A column that the table does not have, a file that cannot be read.
    pub(crate) fn distinct_names(&self, column: &str) -> Result<Vec<String>> {
        let mut cursor = self.cursor(&[(column, Wanted::Names)])?;
        let mut found = BTreeSet::new();
        while cursor.rows_left() > 0 {
            let rows = cursor.next(BATCH_ROWS)?;
            let coded = names(&rows[0])?;
            let known = coded.values().as_string::<i32>();
            let mut is_used = vec![false; known.len()];
            for code in coded.keys().iter().flatten() {
                is_used[usize::try_from(code).expect("a place in the dictionary")] = true;
            }
            let used = known.iter().zip(is_used).filter(|(_, is_used)| *is_used);
            found.extend(used.filter_map(|(name, _)| name.map(str::to_owned)));
        }
        Ok(found.into_iter().collect())
    }

    /// A cursor over these columns, before the first row.
    ///
    /// # Errors
    /// A column that the table does not have, a file that cannot be read.
    pub(crate) fn cursor(&self, columns: &[(&str, Wanted)]) -> Result<Cursor<'_>> {
        let open = |(name, wanted): &(&str, Wanted)| ColumnCursor::open(&self.files, name, *wanted);
        Ok(Cursor { columns: columns.iter().map(open).collect::<Result<_>>()?, rows_left: self.rows() })
    }
}

impl TableFile {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|fault| failed(path, &fault))?;
        let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = plain.map_err(|fault| failed(path, &fault))?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    fn rows(&self) -> usize {
        usize::try_from(self.metadata.metadata().file_metadata().num_rows()).expect("a number of rows")
    }

    fn field(&self, column: &str) -> Option<&Field> {
        self.metadata.schema().field_with_name(column).ok()
    }

    /// Decodes one column from the first row on.
    fn decode(&self, column: &str, wanted: Wanted) -> Result<ParquetRecordBatchReader> {
        let fault = |fault: &dyn std::fmt::Display| failed(&self.path, fault);
        let schema = with_hint(self.metadata.schema(), column, wanted);
        let options = ArrowReaderOptions::new().with_schema(schema);
        let metadata = ArrowReaderMetadata::try_new(self.metadata.metadata().clone(), options);
        let file = File::open(&self.path).map_err(|error| fault(&error))?;
        let metadata = metadata.map_err(|error| fault(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        reader.map_err(|error| fault(&error))
    }
}

/// The schema of a file, with the type one column is to be decoded to.
fn with_hint(schema: &SchemaRef, column: &str, wanted: Wanted) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.name() == column {
        true => Arc::new(field.as_ref().clone().with_data_type(hint(field.data_type(), wanted))),
        false => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

fn hint(file_type: &DataType, wanted: Wanted) -> DataType {
    match (file_type, wanted) {
        (DataType::Decimal128(digits @ ..=18, scale), _) => DataType::Decimal64(*digits, *scale),
        (DataType::Utf8, Wanted::Names) => {
            DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into())
        }
        (other, _) => other.clone(),
    }
}

/// Columns of a table from some row on.
pub(crate) struct Cursor<'t> {
    columns: Vec<ColumnCursor<'t>>,
    rows_left: usize,
}

impl Cursor<'_> {
    /// How many rows are left.
    pub(crate) fn rows_left(&self) -> usize {
        self.rows_left
    }

    /// The next rows, fewer at the end: an array per column, in the order the columns were asked for.
    ///
    /// # Errors
    /// Pages that cannot be decoded.
    pub(crate) fn next(&mut self, rows: usize) -> Result<Vec<ArrayRef>> {
        let rows = rows.min(self.rows_left);
        self.rows_left -= rows;
        let columns = self.columns.par_iter_mut().with_max_len(1);
        columns.map(|column| column.next(rows)).collect::<Vec<_>>().into_iter().collect()
    }
}

/// One column from some row on.
struct ColumnCursor<'t> {
    name: String,
    wanted: Wanted,
    data_type: DataType,
    /// The file being decoded, and the ones after it.
    current: Option<(&'t TableFile, ParquetRecordBatchReader)>,
    files: std::slice::Iter<'t, TableFile>,
    /// Decoded, but not handed out yet.
    decoded: Option<ArrayRef>,
}

impl<'t> ColumnCursor<'t> {
    fn open(files: &'t [TableFile], name: &str, wanted: Wanted) -> Result<Self> {
        let mut data_type = DataType::Null;
        for file in files {
            let field = file.field(name);
            let field = field.ok_or_else(|| failed(&file.path, &format!("there is no column '{name}'")))?;
            data_type = hint(field.data_type(), wanted);
        }
        let (current, decoded, name) = (None, None, name.to_owned());
        Ok(Self { name, wanted, data_type, current, files: files.iter(), decoded })
    }

    fn next(&mut self, rows: usize) -> Result<ArrayRef> {
        let mut parts: Vec<ArrayRef> = Vec::new();
        let mut missing = rows;
        while missing > 0 {
            let decoded = match self.decoded.take() {
                Some(decoded) => decoded,
                None => self.decode()?,
            };
            let taken = decoded.len().min(missing);
            if taken < decoded.len() {
                self.decoded = Some(decoded.slice(taken, decoded.len() - taken));
            }
            parts.push(decoded.slice(0, taken));
            missing -= taken;
        }
        match parts.len() {
            0 => Ok(new_empty_array(&self.data_type)),
            1 => Ok(parts.remove(0)),
            _ => {
                let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                arrow::compute::concat(&parts)
                    .map_err(|fault| Error::internal(format!("column '{}': {fault}", self.name)))
            }
        }
    }

    /// The next rows as the decoder gives them, at least one.
    fn decode(&mut self) -> Result<ArrayRef> {
        loop {
            if let Some((file, reader)) = &mut self.current
                && let Some(batch) = reader.next()
            {
                let batch = batch.map_err(|fault| failed(&file.path, &fault))?;
                if batch.num_rows() > 0 {
                    return Ok(batch.column(0).clone());
                }
                continue;
            }
            let file = self.files.next().expect("rows are left only while a file is");
            self.current = Some((file, file.decode(&self.name, self.wanted)?));
        }
    }
}

fn failed(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("{}: {fault}", path.display()))
}

/// A column of whole numbers, without a copy: integers, money, or instants in microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Integers {
    values: ScalarBuffer<i64>,
    nulls: Option<NullBuffer>,
}

impl Integers {
    /// # Errors
    /// A column of something else.
    pub(crate) fn of(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Int64 => Self::from_primitive(array.as_primitive::<Int64Type>()),
            DataType::Decimal64(..) => Self::from_primitive(array.as_primitive::<Decimal64Type>()),
            DataType::Timestamp(..) => Self::from_primitive(array.as_primitive::<TimestampMicrosecondType>()),
            other => return Err(unexpected("whole numbers", other)),
        })
    }

    fn from_primitive<T: arrow::datatypes::ArrowPrimitiveType<Native = i64>>(
        array: &PrimitiveArray<T>,
    ) -> Self {
        Self { values: array.values().clone(), nulls: array.nulls().cloned() }
    }

    /// So many rows of no value.
    pub(crate) fn unknown(rows: usize) -> Self {
        Self { values: vec![0; rows].into(), nulls: Some(NullBuffer::new_null(rows)) }
    }

    /// The value of a row, none where it is null.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        let is_valid = self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        is_valid.then(|| self.values[row])
    }

    /// The value of a row, 0 where it is null.
    pub(crate) fn or_zero(&self, row: usize) -> i64 {
        self.get(row).unwrap_or(0)
    }
}

/// A column of floats.
///
/// # Errors
/// A column of something else.
pub(crate) fn floats(array: &ArrayRef) -> Result<&PrimitiveArray<Float64Type>> {
    array.as_primitive_opt().ok_or_else(|| unexpected("floats", array.data_type()))
}

/// A column that was asked for as names.
///
/// # Errors
/// A column of something else.
pub(crate) fn names(array: &ArrayRef) -> Result<&DictionaryArray<Int32Type>> {
    array.as_dictionary_opt().ok_or_else(|| unexpected("names", array.data_type()))
}

fn unexpected(expected: &str, found: &DataType) -> Error {
    Error::internal(format!("a published column is {found}, expected {expected}"))
}

impl FromIterator<Option<i64>> for Integers {
    fn from_iter<I: IntoIterator<Item = Option<i64>>>(values: I) -> Self {
        Self::from_primitive(&values.into_iter().collect::<PrimitiveArray<Int64Type>>())
    }
}
