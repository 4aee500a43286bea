//! Footers that claim what is not so: the pages of a file with another footer.

use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::file::statistics::Statistics;
use std::fs::{self, File};
use std::path::Path;

/// Writes a file again with the row groups of its footer changed, and with so many rows in all.
pub(crate) fn with_row_groups(path: &Path, change: impl Fn(RowGroupMetaData) -> RowGroupMetaData) {
    let file = File::open(path).expect("the file exists");
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).expect("a whole file");
    let of_file = metadata.file_metadata();
    let row_groups: Vec<RowGroupMetaData> = metadata.row_groups().iter().cloned().map(change).collect();
    let of_file = FileMetaData::new(
        of_file.version(),
        row_groups.iter().map(RowGroupMetaData::num_rows).sum(),
        of_file.created_by().map(str::to_owned),
        of_file.key_value_metadata().cloned(),
        of_file.schema_descr_ptr(),
        of_file.column_orders().cloned(),
    );
    let mut changed = pages_of(path);
    let metadata = ParquetMetaData::new(of_file, row_groups);
    ParquetMetaDataWriter::new(&mut changed, &metadata).finish().expect("a vector takes all bytes");
    fs::write(path, changed).expect("files can be written");
}

/// The file without its footer.
fn pages_of(path: &Path) -> Vec<u8> {
    let mut whole = fs::read(path).expect("the file exists");
    let length = u32::from_le_bytes(whole[whole.len() - 8..][..4].try_into().expect("four bytes"));
    whole.truncate(whole.len() - 8 - usize::try_from(length).expect("a short footer"));
    whole
}

/// Makes the footer claim another number of rows than its row groups have together. The library writes their sum, so the
/// bytes are changed: the field `num_rows` in Thrift's compact protocol, up to the beginning of the list of row groups.
pub(crate) fn claiming_rows(path: &Path, rows: i64, claimed: i64) {
    let field = |rows: i64| [0x16, u8::try_from((rows << 1) ^ (rows >> 63)).expect("few rows"), 0x19];
    let mut whole = fs::read(path).expect("the file exists");
    let pages = pages_of(path).len();
    let is_field = |bytes: &[u8]| bytes == field(rows);
    let mut places = whole[pages..].windows(3).enumerate().filter(|(_, bytes)| is_field(bytes));
    let (place, _) = places.next().expect("the footer has the field");
    assert_eq!(places.next(), None, "no other bytes look like the field");
    whole[pages + place..][..3].copy_from_slice(&field(claimed));
    fs::write(path, whole).expect("files can be written");
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
    with_row_groups(path, |row_group| {
        let columns = row_group.columns().iter().cloned().map(change).collect();
        row_group.into_builder().set_column_metadata(columns).build().expect("a whole row group")
    });
}
