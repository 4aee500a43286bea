//! One Parquet file, complete or not there at all.

use crate::error::{Error, Result};
use arrow::array::{ArrayRef, Decimal32Array, Decimal64Array, DictionaryArray, StringArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, UInt8Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a full row group; each is written from one batch.
pub(super) const ROWS_PER_GROUP: usize = 131_072;

/// A file being written under another name.
pub(super) struct TableFile {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    path: PathBuf,
    unfinished: PathBuf,
}

impl TableFile {
    /// `ascending` names the columns that mostly rise from row to row and are stored as differences.
    pub(super) fn create(path: &Path, fields: Vec<Field>, ascending: &[&str]) -> Result<Self> {
        let unfinished = path.with_extension("unfinished");
        let file = File::create(&unfinished).map_err(|error| io(&unfinished, &error))?;
        let schema = Arc::new(Schema::new(fields));
        // The Arrow schema is left out: it would tell readers of our dictionaries, which are not theirs.
        let options =
            ArrowWriterOptions::new().with_properties(properties(ascending)?).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options)
            .map_err(|error| failed(&unfinished, &error))?;
        Ok(Self { writer, schema, path: path.to_path_buf(), unfinished })
    }

    /// Writes one row group, of at most `ROWS_PER_GROUP` rows.
    pub(super) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns)
            .expect("the columns are built for this file's schema");
        let written = self.writer.write(&batch).and_then(|()| self.writer.flush());
        written.map_err(|error| failed(&self.unfinished, &error))
    }

    /// Writes the footer and gives the file its name.
    pub(super) fn finish(self) -> Result<()> {
        self.writer.close().map_err(|error| failed(&self.unfinished, &error))?;
        std::fs::rename(&self.unfinished, &self.path).map_err(|error| io(&self.path, &error))
    }
}

fn properties(ascending: &[&str]) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(|error| Error::internal(error.to_string()))?;
    let mut properties = WriterProperties::builder()
        .set_created_by("abacus synth".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP));
    for name in ascending {
        properties = properties
            .set_column_dictionary_enabled((*name).into(), false)
            .set_column_encoding((*name).into(), Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

/// A failed file operation on an output.
pub(super) fn io(path: &Path, error: &std::io::Error) -> Error {
    Error::output(path, error)
}

/// The writer wraps what the disk said; a full disk must still be told as one.
fn failed(path: &Path, error: &ParquetError) -> Error {
    if let ParquetError::External(inner) = error
        && let Some(inner) = inner.downcast_ref::<std::io::Error>()
    {
        return io(path, inner);
    }
    Error::input(format!("{}: {error}", path.display()))
}

/// The type of an instant.
pub(super) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of names from a short list.
pub(super) fn short_list() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8))
}

/// Names from a short list, by number.
pub(super) fn names(numbers: Vec<u8>, list: &[&'static str]) -> ArrayRef {
    let names = Arc::new(StringArray::from(list.to_vec()));
    Arc::new(DictionaryArray::<UInt8Type>::new(UInt8Array::from(numbers), names))
}

/// DECIMAL(10, 2).
pub(super) fn cents(values: Vec<i64>) -> ArrayRef {
    let array = Decimal64Array::from(values).with_precision_and_scale(10, 2);
    Arc::new(array.expect("a valid precision and scale"))
}

/// A DECIMAL of up to 9 digits.
pub(super) fn small_decimal(values: Vec<i32>, precision: u8, scale: i8) -> ArrayRef {
    let array = Decimal32Array::from(values).with_precision_and_scale(precision, scale);
    Arc::new(array.expect("a valid precision and scale"))
}
