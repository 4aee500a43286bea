//! Row groups of one size, whatever the calls that bring the rows: a file's bytes depend on the rows alone.

use super::disk;
use super::encoding::{ColumnChunk, Layout};
use crate::error::{Error, Kind, Result};
use arrow::array::{Array, ArrayRef};
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A Parquet file in the making. Rows that do not fill a row group wait for the next call, keeping the arrays handed in
/// alive until then.
pub(super) struct RowGroups<W: Write + Send> {
    /// Where it is written, for messages.
    path: PathBuf,
    pub(super) layout: Layout,
    factory: ArrowRowGroupWriterFactory,
    file: SerializedFileWriter<W>,
    row_group_rows: usize,
    row_groups: usize,
    /// By column.
    pending: Vec<Vec<ArrayRef>>,
    pending_rows: usize,
    encoded: Option<Vec<ColumnChunk>>,
    rows: u64,
}

impl<W: Write + Send> RowGroups<W> {
    /// A file without rows.
    ///
    /// # Errors
    /// A sink that takes nothing.
    pub(super) fn begin(path: &Path, sink: W, layout: Layout, row_group_rows: usize) -> Result<Self> {
        assert!(row_group_rows > 0, "a row group holds rows");
        let file =
            SerializedFileWriter::new(sink, layout.parquet.root_schema_ptr(), layout.properties.clone())
                .map_err(|error| failed(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            factory: ArrowRowGroupWriterFactory::new(&file, layout.arrow.clone()),
            pending: vec![Vec::new(); layout.columns.len()],
            layout,
            file,
            row_group_rows,
            row_groups: 0,
            pending_rows: 0,
            encoded: None,
            rows: 0,
        })
    }

    /// Appends rows, one array per column.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn write(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let (rows, mut start) = (self.layout.rows_of(columns), 0);
        while start < rows {
            let length = (self.row_group_rows - self.pending_rows).min(rows - start);
            for (pieces, column) in self.pending.iter_mut().zip(columns) {
                pieces.push(column.slice(start, length));
            }
            self.pending_rows += length;
            start += length;
            if self.pending_rows == self.row_group_rows {
                self.close_row_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is left and the footer; gives the sink back, and how many rows there are.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn finish(mut self) -> Result<(W, u64)> {
        if self.pending_rows > 0 {
            self.close_row_group()?;
        }
        append(&mut self.file, self.encoded.take()).map_err(|error| failed(&self.path, error))?;
        let sink = self.file.into_inner().map_err(|error| failed(&self.path, error))?;
        Ok((sink, self.rows))
    }

    /// Encodes the pending rows while the row group before them goes to disk.
    fn close_row_group(&mut self) -> Result<()> {
        let pieces = std::mem::replace(&mut self.pending, vec![Vec::new(); self.layout.columns.len()]);
        let writers = self.factory.create_column_writers(self.row_groups);
        let writers = writers.expect("every column kind has a writer");
        let (file, earlier, layout) = (&mut self.file, self.encoded.take(), &self.layout);
        let (appended, encoded) = rayon::join(|| append(file, earlier), || layout.encode(writers, pieces));
        appended.map_err(|error| failed(&self.path, error))?;
        self.encoded = Some(encoded?);
        self.rows += self.pending_rows as u64;
        self.row_groups += 1;
        self.pending_rows = 0;
        Ok(())
    }
}

fn append<W: Write + Send>(
    file: &mut SerializedFileWriter<W>,
    encoded: Option<Vec<ColumnChunk>>,
) -> Result<(), ParquetError> {
    let Some(chunks) = encoded else { return Ok(()) };
    let mut row_group = file.next_row_group()?;
    for chunk in chunks {
        chunk.append_to(&mut row_group)?;
    }
    row_group.close()?;
    Ok(())
}

fn failed(path: &Path, error: ParquetError) -> Error {
    if let ParquetError::External(cause) = &error
        && let Some(cause) = cause.downcast_ref::<io::Error>()
    {
        return disk::failed(path, cause);
    }
    Error::new(Kind::Internal, format!("{}: {error}", path.display()))
}
