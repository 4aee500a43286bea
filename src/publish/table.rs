//! Writes one Parquet file of a release, digested on the way to disk.

use super::disk;
use super::encoding::Layout;
use super::row_groups::RowGroups;
use super::staging::Shelf;
use crate::error::Result;
use arrow::array::ArrayRef;
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
        self.0.as_mut().map_or(Ok(()), |file| file.row_groups.write(&columns))
    }

    /// Writes what is left and the footer, and lists the file in the staged release.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), FileWriter::finish)
    }
}

/// Writes one file of a release.
pub(super) struct FileWriter {
    shelf: Arc<Shelf>,
    place: Place,
    row_groups: RowGroups<BufWriter<Digested>>,
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
        let sink = BufWriter::with_capacity(DIGESTED_BYTES, Digested::new(disk::File::create(&place.path)?));
        let row_groups = RowGroups::begin(&place.path, sink, layout, row_group_rows)?;
        Ok(TableWriter(Some(Self { shelf, place, row_groups, recipe: None })))
    }

    fn with_recipe(mut self, recipe: &str) -> Self {
        self.recipe = Some(self.shelf.recipe(&self.row_groups.layout.columns, recipe));
        self
    }

    fn finish(self) -> Result<()> {
        let Self { shelf, place, row_groups, recipe } = self;
        let (sink, rows) = row_groups.finish()?;
        let sink = sink.into_inner().map_err(|error| disk::failed(&place.path, error.error()))?;
        let (bytes, blake3) = (sink.bytes, sink.hasher.finalize().to_string());
        shelf.sync_later(sink.file.handle()?);
        shelf.list(place, Finished { rows, bytes, blake3, recipe });
        Ok(())
    }
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
