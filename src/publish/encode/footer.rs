//! Column chunk metadata, column index and offset index: what the footer says of a column chunk and of its pages. Readers
//! decide by them what they need not read.

use super::column::PageRows;
use super::physical::Physical;
use parquet::basic::{BoundaryOrder, Compression, Encoding, PageType};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, LevelHistogram, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::schema::types::ColumnDescPtr;

/// Bytes of the pages of a column chunk, with their headers.
pub(super) struct Sizes {
    pub(super) encoding: Encoding,
    /// Of the dictionary page, if there is one.
    pub(super) dictionary_bytes: Option<usize>,
    /// Of the data pages.
    pub(super) data_bytes: Vec<usize>,
}

/// All that the parquet crate needs to append the pages to a row group. Offsets begin at the first page.
pub(super) fn close<T: Physical>(
    column: &ColumnDescPtr,
    pages: &[PageRows<T>],
    range: Option<(T, T)>,
    sizes: &Sizes,
) -> ColumnCloseResult {
    let rows: usize = pages.iter().map(|page| page.rows).sum();
    let nulls: usize = pages.iter().map(PageRows::nulls).sum();
    let bytes = sizes.dictionary_bytes.unwrap_or(0) + sizes.data_bytes.iter().sum::<usize>();
    let (encodings, stats) = encodings(sizes);
    let metadata = ColumnChunkMetaData::builder(column.clone())
        .set_compression(Compression::UNCOMPRESSED)
        .set_encodings(encodings)
        .set_page_encoding_stats(stats)
        .set_total_compressed_size(signed(bytes))
        .set_total_uncompressed_size(signed(bytes))
        .set_num_values(signed(rows))
        .set_dictionary_page_offset(sizes.dictionary_bytes.map(|_| 0))
        .set_data_page_offset(signed(sizes.dictionary_bytes.unwrap_or(0)))
        .set_statistics(T::statistics(range, nulls as u64))
        .set_definition_level_histogram(histogram(column, rows, nulls));
    ColumnCloseResult {
        bytes_written: bytes as u64,
        rows_written: rows as u64,
        metadata: metadata.build().expect("the parts of a column chunk fit together"),
        bloom_filter: None,
        column_index: Some(column_index(column, pages)),
        offset_index: Some(offset_index(pages, sizes)),
    }
}

fn encodings(sizes: &Sizes) -> (Vec<Encoding>, Vec<PageEncodingStats>) {
    let mut encodings = vec![Encoding::RLE, sizes.encoding];
    let mut stats = Vec::new();
    if sizes.dictionary_bytes.is_some() {
        encodings.push(Encoding::PLAIN);
        let (page_type, encoding) = (PageType::DICTIONARY_PAGE, Encoding::PLAIN);
        stats.push(PageEncodingStats { page_type, encoding, count: 1 });
    }
    let count = i32::try_from(sizes.data_bytes.len()).expect("few pages");
    stats.push(PageEncodingStats { page_type: PageType::DATA_PAGE, encoding: sizes.encoding, count });
    (encodings, stats)
}

/// Definition levels by how often they occur, of a nullable column.
fn histogram(column: &ColumnDescPtr, rows: usize, nulls: usize) -> Option<LevelHistogram> {
    let mut histogram = LevelHistogram::try_new(column.max_def_level())?;
    histogram.increment_by(0, signed(nulls));
    histogram.increment_by(1, signed(rows - nulls));
    Some(histogram)
}

fn column_index<T: Physical>(column: &ColumnDescPtr, pages: &[PageRows<T>]) -> ColumnIndexMetaData {
    let mut index = ColumnIndexBuilder::new(column.physical_type());
    for page in pages {
        let nulls = signed(page.nulls());
        let (least, largest) = page.range.map(|(least, largest)| (least.plain(), largest.plain())).unzip();
        let (least, largest) = (least.unwrap_or_default(), largest.unwrap_or_default());
        index.append(page.range.is_none(), least, largest, nulls, None);
        index.append_histograms(&None, &histogram(column, page.rows, page.nulls()));
    }
    index.set_boundary_order(boundary_order(pages));
    index.build().expect("values are as long as their type")
}

/// Whether the ranges of the pages that have values ascend or descend.
fn boundary_order<T: Physical>(pages: &[PageRows<T>]) -> BoundaryOrder {
    let ranges: Vec<(T, T)> = pages.iter().filter_map(|page| page.range).collect();
    let mut pairs = ranges.windows(2).map(|pair| (pair[0], pair[1]));
    if pairs.clone().all(|(one, next)| one.0 <= next.0 && one.1 <= next.1) {
        return BoundaryOrder::ASCENDING;
    }
    if pairs.all(|(one, next)| one.0 >= next.0 && one.1 >= next.1) {
        return BoundaryOrder::DESCENDING;
    }
    BoundaryOrder::UNORDERED
}

fn offset_index<T>(pages: &[PageRows<T>], sizes: &Sizes) -> OffsetIndexMetaData {
    let mut index = OffsetIndexBuilder::new();
    let mut offset = sizes.dictionary_bytes.unwrap_or(0);
    for (page, &bytes) in pages.iter().zip(&sizes.data_bytes) {
        index.append_row_count(signed(page.rows));
        index.append_offset_and_size(signed(offset), i32::try_from(bytes).expect("a page is below 2 GiB"));
        offset += bytes;
    }
    index.build()
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("counts of a file fit 63 bits")
}
