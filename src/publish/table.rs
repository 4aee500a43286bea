//! Writes one Parquet file: full row groups, columns encoded in parallel, digested on the way to disk.

use super::disk;
use super::encoding::{ColumnChunk, Layout};
use super::staging::Shelf;
use crate::error::{Error, Kind, Result};
use arrow::array::{Array, ArrayRef};
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Writes one table, or one partition of it, into a staged release; or passes rows by, where the release has the table
/// already.
pub struct TableWriter(Option<FileWriter>);

impl TableWriter {
    pub(super) fn passing_by() -> Self {
        Self(None)
    }

    /// Names what the rows follow from, so that a later release may take the file over (see `Staging::reuse`).
    #[must_use]
    pub fn with_recipe(self, recipe: &str) -> Self {
        Self(self.0.map(|file| file.with_recipe(recipe)))
    }

    /// Appends rows, one array per column. Large contiguous batches are the fastest.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        self.0.as_mut().map_or(Ok(()), |file| file.write(columns))
    }

    /// Writes what is left and the footer, and lists the file in the staged release.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), FileWriter::finish)
    }
}

/// Writes one file.
///
/// Rows are cut into row groups of one size whatever the calls, so the bytes depend on the rows alone. Rows
/// that do not fill a row group wait for the next call, keeping the arrays handed in alive until then.
pub(super) struct FileWriter {
    shelf: Arc<Shelf>,
    place: Place,
    layout: Layout,
    factory: ArrowRowGroupWriterFactory,
    file: SerializedFileWriter<BufWriter<Digested>>,
    row_group_rows: usize,
    row_groups: usize,
    pending: Vec<Vec<ArrayRef>>,
    pending_rows: usize,
    encoded: Option<Vec<ColumnChunk>>,
    rows: u64,
    recipe: Option<String>,
}

/// Which file of a release.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) partition: Option<String>,
    /// Relative to the out folder once committed, with `/`.
    pub(super) name: String,
    /// While it is staged.
    pub(super) path: PathBuf,
}

/// What a finished file is.
pub(super) struct Finished {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) blake3: String,
    pub(super) recipe: Option<String>,
}

impl FileWriter {
    pub(super) fn create(
        shelf: Arc<Shelf>,
        place: Place,
        layout: Layout,
        row_group_rows: usize,
    ) -> Result<TableWriter> {
        assert!(row_group_rows > 0, "a row group holds rows");
        let sink = BufWriter::with_capacity(DIGESTED_BYTES, Digested::new(disk::File::create(&place.path)?));
        let file =
            SerializedFileWriter::new(sink, layout.parquet.root_schema_ptr(), layout.properties.clone())
                .map_err(|error| failed(&place, error))?;
        Ok(TableWriter(Some(Self {
            factory: ArrowRowGroupWriterFactory::new(&file, layout.arrow.clone()),
            pending: vec![Vec::new(); layout.columns.len()],
            shelf,
            place,
            layout,
            file,
            row_group_rows,
            row_groups: 0,
            pending_rows: 0,
            encoded: None,
            rows: 0,
            recipe: None,
        })))
    }

    fn with_recipe(mut self, recipe: &str) -> Self {
        self.recipe = Some(self.shelf.recipe(&self.layout.columns, recipe));
        self
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let rows = self.layout.rows_of(&columns);
        let mut start = 0;
        while rows - start >= self.row_group_rows - self.pending_rows {
            let length = self.row_group_rows - self.pending_rows;
            self.hold(&columns, start, length);
            self.close_row_group()?;
            start += length;
        }
        if start < rows {
            self.hold(&columns, start, rows - start);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        if self.pending_rows > 0 {
            self.close_row_group()?;
        }
        append(&mut self.file, self.encoded.take()).map_err(|error| failed(&self.place, error))?;
        self.file.finish().map_err(|error| failed(&self.place, error))?;
        let sink = self.file.inner().get_ref();
        let finished = Finished {
            rows: self.rows,
            bytes: sink.bytes,
            blake3: sink.hasher.finalize().to_string(),
            recipe: self.recipe,
        };
        self.shelf.sync_later(sink.file.handle()?);
        self.shelf.list(self.place, finished);
        Ok(())
    }

    fn hold(&mut self, columns: &[ArrayRef], start: usize, length: usize) {
        for (pieces, column) in self.pending.iter_mut().zip(columns) {
            pieces.push(column.slice(start, length));
        }
        self.pending_rows += length;
    }

    /// Encodes the pending rows while the row group before them goes to disk.
    fn close_row_group(&mut self) -> Result<()> {
        let pieces = std::mem::replace(&mut self.pending, vec![Vec::new(); self.layout.columns.len()]);
        let writers = self.factory.create_column_writers(self.row_groups);
        let writers = writers.expect("every column kind has a writer");
        let (file, earlier, layout) = (&mut self.file, self.encoded.take(), &self.layout);
        let (appended, encoded) = rayon::join(|| append(file, earlier), || layout.encode(writers, pieces));
        appended.map_err(|error| failed(&self.place, error))?;
        self.encoded = Some(encoded?);
        self.rows += self.pending_rows as u64;
        self.row_groups += 1;
        self.pending_rows = 0;
        Ok(())
    }
}

fn append(
    file: &mut SerializedFileWriter<BufWriter<Digested>>,
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

fn failed(place: &Place, error: ParquetError) -> Error {
    if let ParquetError::External(cause) = &error
        && let Some(cause) = cause.downcast_ref::<io::Error>()
    {
        return disk::failed(&place.path, cause);
    }
    Error::new(Kind::Internal, format!("{}: {error}", place.path.display()))
}

/// Bytes digested and written in one go: the crate hands appended pages on by 8 KiB, and the digest is faster over more.
const DIGESTED_BYTES: usize = 1 << 17;

/// Digests what passes to disk, so that no file is read again to learn its digest.
struct Digested {
    file: disk::File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Digested {
    fn new(file: disk::File) -> Self {
        Self { file, hasher: blake3::Hasher::new(), bytes: 0 }
    }
}

impl Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
