//! A table in a file of the user's choice, encoded as published ones are; it belongs to no release.

use super::encoding::Layout;
use super::schema::TableSpec;
use super::staging::WriteOptions;
use crate::error::{Error, Kind, Result};
use arrow::array::{Array, ArrayRef};
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file in the making beside its path, where it is put when it is whole: a file that was there is replaced in one step.
pub struct Export {
    path: PathBuf,
    layout: Layout,
    writer: SerializedFileWriter<NamedTempFile>,
    factory: ArrowRowGroupWriterFactory,
    row_group_rows: usize,
    row_groups: usize,
    /// By column.
    pending: Vec<Vec<ArrayRef>>,
    pending_rows: usize,
}

impl Export {
    /// Begins a file for a table of these columns.
    ///
    /// # Errors
    /// A folder that is missing or cannot be written.
    pub fn begin(path: &Path, spec: &TableSpec, options: WriteOptions) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As readable as any file that is written: the umask decides.
        let readable = std::fs::Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().permissions(readable).tempfile_in(folder);
        let file = file.map_err(|error| Error::io(Kind::Input, path, &error))?;
        let layout = Layout::new(spec, options.encoding);
        let writer =
            SerializedFileWriter::new(file, layout.parquet.root_schema_ptr(), layout.properties.clone())
                .map_err(|error| failed(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            factory: ArrowRowGroupWriterFactory::new(&writer, layout.arrow.clone()),
            pending: vec![Vec::new(); layout.columns.len()],
            layout,
            writer,
            row_group_rows: options.row_group_rows,
            row_groups: 0,
            pending_rows: 0,
        })
    }

    /// Appends rows, one array per column.
    ///
    /// # Errors
    /// A value that does not fit its column, a file that cannot be written.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<()> {
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

    /// Writes what is left, and puts the file where it belongs.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(mut self) -> Result<()> {
        if self.pending_rows > 0 {
            self.close_row_group()?;
        }
        let file = self.writer.into_inner().map_err(|error| failed(&self.path, &error))?;
        file.persist(&self.path).map_err(|fault| Error::io(Kind::Input, &self.path, &fault.error))?;
        Ok(())
    }

    fn close_row_group(&mut self) -> Result<()> {
        let columns = std::mem::replace(&mut self.pending, vec![Vec::new(); self.layout.columns.len()]);
        let writers = self.factory.create_column_writers(self.row_groups);
        let chunks = self.layout.encode(writers.expect("every column kind has a writer"), columns)?;
        let mut row_group = self.writer.next_row_group().map_err(|error| failed(&self.path, &error))?;
        for chunk in chunks {
            chunk.append_to(&mut row_group).map_err(|error| failed(&self.path, &error))?;
        }
        row_group.close().map_err(|error| failed(&self.path, &error))?;
        self.row_groups += 1;
        self.pending_rows = 0;
        Ok(())
    }
}

fn failed(path: &Path, error: &ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast_ref::<std::io::Error>() {
            Some(cause) => Error::io(Kind::Input, path, cause),
            None => Error::internal(format!("{}: {error}", path.display())),
        },
        _ => Error::internal(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{Column, ColumnKind, Sheet};
    use super::*;
    use crate::pipeline::FileEncoding;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    const OPTIONS: WriteOptions =
        WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 2, delta: false };

    #[test]
    fn a_table_is_written_in_row_groups_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        for parts in [&[0][..], &[5], &[1, 0, 3, 1]] {
            let part = |rows: i64| {
                let mut sheet = Sheet::new("x", "number", None);
                let column = Column::new("n", ColumnKind::Integer, "", "A number");
                sheet.fixed(column, (0..rows).collect::<Vec<i64>>());
                sheet
            };
            let mut export = Export::begin(&path, &part(0).spec, OPTIONS).unwrap();
            parts.iter().for_each(|rows| export.write(&part(*rows).arrays).unwrap());
            export.finish().unwrap();
            let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
            let file = reader.metadata().file_metadata();
            let rows: i64 = parts.iter().sum();
            assert_eq!((file.num_rows(), reader.num_row_groups() as i64), (rows, (rows + 1) / 2));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("nowhere/x.parquet");
        assert!(Export::begin(&nowhere, &Sheet::new("x", "number", None).spec, OPTIONS).is_err());
    }
}
