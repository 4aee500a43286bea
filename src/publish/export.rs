//! A table in a file of the user's choice, encoded as published ones are; it belongs to no release.

use super::disk;
use super::encoding::Layout;
use super::row_groups::RowGroups;
use super::schema::TableSpec;
use super::staging::WriteOptions;
use crate::error::{Error, Kind, Result};
use arrow::array::ArrayRef;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file in the making beside its path, where it is put when it is whole: a file that was there is replaced in one step.
pub struct Export {
    path: PathBuf,
    row_groups: RowGroups<NamedTempFile>,
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
        let row_groups = RowGroups::begin(path, file, layout, options.row_group_rows)?;
        Ok(Self { path: path.to_owned(), row_groups })
    }

    /// Appends rows, one array per column.
    ///
    /// # Errors
    /// A value that does not fit its column, a file that cannot be written.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.row_groups.write(columns)
    }

    /// Writes what is left, and puts the file where it belongs.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<()> {
        let (file, _) = self.row_groups.finish()?;
        file.persist(&self.path).map_err(|fault| disk::failed(&self.path, &fault.error))?;
        Ok(())
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
