//! Footers that claim what is not so: the pages of a file with another footer.

use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::file::statistics::Statistics;
use std::fs::{self, File};
use std::path::Path;

/// Writes a file again with the row groups of its footer changed, and with so many rows in all.
pub(crate) fn with_row_groups(
    path: &Path,
    rows: Option<i64>,
    change: impl Fn(RowGroupMetaData) -> RowGroupMetaData,
) {
    let file = File::open(path).expect("the file exists");
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).expect("a whole file");
    let of_file = metadata.file_metadata();
    let row_groups: Vec<RowGroupMetaData> = metadata.row_groups().iter().cloned().map(change).collect();
    let rows = rows.unwrap_or_else(|| row_groups.iter().map(RowGroupMetaData::num_rows).sum());
    let of_file = FileMetaData::new(
        of_file.version(),
        rows,
        of_file.created_by().map(str::to_owned),
        of_file.key_value_metadata().cloned(),
        of_file.schema_descr_ptr(),
        of_file.column_orders().cloned(),
    );
    let whole = fs::read(path).expect("the file exists");
    let length = u32::from_le_bytes(whole[whole.len() - 8..][..4].try_into().expect("four bytes"));
    let pages = whole.len() - 8 - usize::try_from(length).expect("a short footer");
    let mut changed = whole[..pages].to_vec();
    let metadata = ParquetMetaData::new(of_file, row_groups);
    ParquetMetaDataWriter::new(&mut changed, &metadata).finish().expect("a vector takes all bytes");
    fs::write(path, changed).expect("files can be written");
}

/// Writes a file again with other statistics of one column; without any, for `None`.
pub(crate) fn with_statistics(path: &Path, column: &str, statistics: Option<Statistics>) {
    let change = |chunk: ColumnChunkMetaData| {
        if chunk.column_path().string() != column {
            return chunk;
        }
        let chunk = chunk.into_builder();
        let chunk = match &statistics {
            Some(statistics) => chunk.set_statistics(statistics.clone()),
            None => chunk.clear_statistics(),
        };
        chunk.build().expect("a whole chunk")
    };
    with_row_groups(path, None, |row_group| {
        let columns = row_group.columns().iter().cloned().map(change).collect();
        row_group.into_builder().set_column_metadata(columns).build().expect("a whole row group")
    });
}
