//! A table in a file of the user's choice, encoded as published ones are; it belongs to no release.

use super::encoding::Layout;
use super::schema::Sheet;
use super::staging::WriteOptions;
use crate::error::{Error, Kind, Result};
use arrow::array::{Array, ArrayRef};
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes the table whole beside `path`, then puts it there: a file that was there is replaced in one step.
///
/// # Errors
/// A folder that is missing or cannot be written, a value that does not fit its column.
pub fn export(path: &Path, sheet: &Sheet, options: WriteOptions) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let io = |error: &std::io::Error| Error::io(Kind::Input, path, error);
    // As readable as any file that is written: the umask decides.
    let readable = std::fs::Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().permissions(readable).tempfile_in(folder);
    let file = file.map_err(|error| io(&error))?;
    let layout = Layout::new(&sheet.spec, options.encoding);
    let mut writer =
        SerializedFileWriter::new(file, layout.parquet.root_schema_ptr(), layout.properties.clone())
            .map_err(|error| failed(path, &error))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, layout.arrow.clone());
    let rows = layout.rows_of(&sheet.arrays);
    for (index, start) in (0..rows).step_by(options.row_group_rows).enumerate() {
        let length = options.row_group_rows.min(rows - start);
        let columns = sheet.arrays.iter().map(|array: &ArrayRef| vec![array.slice(start, length)]);
        let writers = factory.create_column_writers(index).expect("every column kind has a writer");
        let chunks = layout.encode(writers, columns.collect())?;
        let mut row_group = writer.next_row_group().map_err(|error| failed(path, &error))?;
        for chunk in chunks {
            chunk.append_to(&mut row_group).map_err(|error| failed(path, &error))?;
        }
        row_group.close().map_err(|error| failed(path, &error))?;
    }
    let file = writer.into_inner().map_err(|error| failed(path, &error))?;
    file.persist(path).map_err(|fault| io(&fault.error))?;
    Ok(())
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
    use super::super::schema::{Column, ColumnKind};
    use super::*;
    use crate::pipeline::FileEncoding;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn a_table_is_written_in_row_groups_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        for rows in [0, 5] {
            let mut sheet = Sheet::new("x", "number", None);
            sheet.fixed(
                Column::new("n", ColumnKind::Integer, "", "A number"),
                (0..rows).collect::<Vec<i64>>(),
            );
            export(
                &path,
                &sheet,
                WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 2, delta: false },
            )
            .unwrap();
            let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
            let file = reader.metadata().file_metadata();
            assert_eq!((file.num_rows(), reader.num_row_groups() as i64), (rows, (rows + 1) / 2));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("nowhere/x.parquet");
        assert!(
            export(
                &nowhere,
                &Sheet::new("x", "number", None),
                WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 2, delta: false }
            )
            .is_err()
        );
    }
}
