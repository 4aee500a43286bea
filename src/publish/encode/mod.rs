//! Column chunks of whole numbers, encoded here. The parquet crate's writer takes several times as long for them, and
//! most of what is published are whole numbers; it still writes the other kinds, and the file around the chunks.
//!
//! ```text
//! pieces ─ column ─► values, nulls, pages ─ dictionary or delta ─► pages ─ footer ─► statistics, page index
//! ```
//!
//! A chunk is a dictionary of its distinct values where that is clearly smaller, else steps from value to value. It
//! knows neither tables nor files.

mod bits;
mod chunk;
mod column;
mod delta;
mod dictionary;
mod footer;
mod header;
mod hybrid;
mod levels;
mod physical;
#[cfg(test)]
mod tests;
mod varint;

use arrow::array::ArrayRef;
use bytes::Bytes;
use column::Rows;
use parquet::basic::Type;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::{Read, Write};

/// A column chunk ready to be appended to a row group.
pub(super) struct Chunk {
    pages: Pages,
    close: ColumnCloseResult,
    /// Smallest and largest value, if there is one.
    pub(super) range: Option<(i64, i64)>,
}

impl Chunk {
    /// Encodes a column of a row group from its pieces, arrays of whole numbers. How it was cut does not matter.
    pub(super) fn encode(column: &ColumnDescPtr, pieces: &[ArrayRef]) -> Self {
        let encoded = match column.physical_type() {
            Type::INT32 => chunk::encode::<i32>(column, &Rows::gather(pieces)),
            Type::INT64 => chunk::encode::<i64>(column, &Rows::gather(pieces)),
            other => unreachable!("{other} is no whole number"),
        };
        Self { pages: Pages(encoded.pages), close: encoded.close, range: encoded.range }
    }

    pub(super) fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<()> {
        row_group.append_column(&self.pages, self.close)
    }
}

/// Headers and bodies of pages, read one after another.
struct Pages(Vec<Bytes>);

impl Length for Pages {
    fn len(&self) -> u64 {
        self.0.iter().map(|part| part.len() as u64).sum()
    }
}

impl ChunkReader for Pages {
    type T = PagesReader;

    fn get_read(&self, start: u64) -> Result<PagesReader> {
        assert_eq!(start, 0, "a column chunk is read from its first page");
        Ok(PagesReader { part: Bytes::new(), rest: self.0.clone().into_iter() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

struct PagesReader {
    part: Bytes,
    rest: std::vec::IntoIter<Bytes>,
}

impl Read for PagesReader {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        while self.part.is_empty() {
            let Some(part) = self.rest.next() else { return Ok(0) };
            self.part = part;
        }
        let length = target.len().min(self.part.len());
        target[..length].copy_from_slice(&self.part.split_to(length));
        Ok(length)
    }
}
