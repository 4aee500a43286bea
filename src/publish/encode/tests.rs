//! Column chunks against the parquet crate: its decoder reads back what went in, and its writer makes the same statistics.

#![allow(clippy::cast_possible_truncation, reason = "numbers are drawn and cut to size")]

use super::column::PAGE_ROWS;
use super::{Chunk, bits};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Date32Type, Field, Int64Type, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{BoundaryOrder, Encoding};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;
use std::sync::Arc;

/// A file of one column and one row group, from an array cut at some places.
fn file_of(array: &ArrayRef, nullable: bool, cuts: &[usize]) -> Bytes {
    let schema = Schema::new(vec![Field::new("x", array.data_type().clone(), nullable)]);
    let schema = ArrowSchemaConverter::new().convert(&schema).unwrap();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.root_schema_ptr(), Arc::default()).unwrap();
    let ends = cuts.iter().copied().chain([array.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let pieces: Vec<ArrayRef> =
        starts.zip(ends).map(|(start, end)| array.slice(start, end - start)).collect();
    let mut row_group = writer.next_row_group().unwrap();
    Chunk::encode(&schema.column(0), &pieces).append_to(&mut row_group).unwrap();
    row_group.close().unwrap();
    writer.into_inner().unwrap().into()
}

fn read(file: &Bytes) -> (ArrayRef, Arc<ParquetMetaData>) {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options).unwrap();
    let metadata = builder.metadata().clone();
    let batches: Vec<_> =
        builder.with_batch_size(10_000).build().unwrap().map(|batch| batch.unwrap()).collect();
    let columns: Vec<&dyn Array> = batches.iter().map(|batch| &**batch.column(0)).collect();
    (concat(&columns).unwrap(), metadata)
}

/// Writes the array, reads it back, and holds what the footer says against the array. Returns the encoding of the pages.
fn check(array: &ArrayRef, nullable: bool) -> Encoding {
    let file = file_of(array, nullable, &[]);
    let (found, metadata) = read(&file);
    assert_eq!(&found, array);
    let chunk = metadata.row_group(0).column(0);
    assert_eq!(statistics(chunk.statistics().unwrap()), facts(array));
    let (columns, offsets) = {
        let index = metadata.page_index_for_row_group(0);
        (index.column_index(0).unwrap().clone(), index.offset_index(0).unwrap().clone())
    };
    let mut seen = Vec::new();
    for (page, location) in offsets.page_locations().iter().enumerate() {
        let start = page * PAGE_ROWS;
        assert_eq!(usize::try_from(location.first_row_index), Ok(start));
        let rows = array.slice(start, PAGE_ROWS.min(array.len() - start));
        assert_eq!(page_facts(&columns, page), facts(&rows), "page {page}");
        assert_eq!(columns.is_null_page(page), rows.null_count() == rows.len());
        seen.extend(facts(&rows).0);
    }
    assert_eq!(offsets.page_locations().len(), array.len().div_ceil(PAGE_ROWS));
    let ascends = seen.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1);
    assert_eq!(columns.get_boundary_order() == Some(BoundaryOrder::ASCENDING), ascends);
    let stats = chunk.page_encoding_stats_mask().unwrap();
    if stats.is_set(Encoding::RLE_DICTIONARY) {
        Encoding::RLE_DICTIONARY
    } else {
        Encoding::DELTA_BINARY_PACKED
    }
}

/// Smallest and largest value, and nulls.
type Facts = (Option<(i64, i64)>, u64);

fn facts(array: &ArrayRef) -> Facts {
    let values: Vec<i64> = match array.data_type() {
        DataType::Date32 => array.as_primitive::<Date32Type>().iter().flatten().map(i64::from).collect(),
        _ => array.as_primitive::<Int64Type>().iter().flatten().collect(),
    };
    let range = values.iter().min().map(|&least| (least, *values.iter().max().unwrap()));
    (range, array.null_count() as u64)
}

fn statistics(statistics: &Statistics) -> Facts {
    let nulls = statistics.null_count_opt().unwrap();
    let range = match statistics {
        Statistics::Int32(found) => {
            found.min_opt().map(|&least| (least.into(), (*found.max_opt().unwrap()).into()))
        }
        Statistics::Int64(found) => found.min_opt().map(|&least| (least, *found.max_opt().unwrap())),
        other => panic!("{other}"),
    };
    (range, nulls)
}

fn page_facts(index: &ColumnIndexMetaData, page: usize) -> Facts {
    let nulls = index.null_count(page).unwrap() as u64;
    let range = match index {
        ColumnIndexMetaData::INT32(index) => {
            index.min_value(page).map(|&least| (least.into(), (*index.max_value(page).unwrap()).into()))
        }
        ColumnIndexMetaData::INT64(index) => {
            index.min_value(page).map(|&least| (least, *index.max_value(page).unwrap()))
        }
        other => panic!("{other:?}"),
    };
    (range, nulls)
}

fn long(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// The low 32 bits, with a sign.
fn low_half(value: i64) -> i32 {
    value as i32
}

/// Numbers without a pattern, the same in every run (xorshift).
fn scattered(count: usize) -> impl Iterator<Item = u64> {
    let next = |state: &u64| Some(state ^ state << 13).map(|x| x ^ x >> 7).map(|x| x ^ x << 17);
    std::iter::successors(Some(0x2545_f491_4f6c_dd1d), next).skip(1).take(count)
}

#[test]
fn every_width_packs_and_unpacks() {
    for width in 0..=64 {
        let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
        let values: Vec<u64> = scattered(64).map(|value| value & mask).collect();
        let mut out = Vec::new();
        bits::pack(values.as_slice().try_into().unwrap(), width, &mut out);
        assert_eq!(out.len(), 8 * width as usize);
        for (lane, &value) in values.iter().enumerate() {
            let bit = |at: usize| u64::from(out[at / 8] >> (at % 8) & 1);
            let start = lane * width as usize;
            let found = (0..width as usize).map(|at| bit(start + at) << at).sum::<u64>();
            assert_eq!(found, value, "lane {lane} of width {width}");
        }
    }
}

#[test]
fn steps_of_every_width_are_read_back() {
    for width in 0..64 {
        let array = long(scattered(1000).map(|value| (value >> (63 - width)).cast_signed()));
        check(&array, false);
        if width < 32 {
            let dates = scattered(1000).map(|value| low_half((value >> (63 - width)).cast_signed()));
            let array: ArrayRef = Arc::new(Date32Array::from_iter_values(dates));
            check(&array, false);
        }
    }
}

#[test]
fn steps_wrap_around_at_the_extremes() {
    let extremes = [i64::MIN, i64::MAX, 0, -1, i64::MAX, i64::MIN, 1, i64::MIN + 1, i64::MAX - 1];
    for count in 1..=extremes.len() {
        check(&long(extremes[..count].iter().copied()), false);
    }
    check(&long(extremes.into_iter().cycle().take(1000)), false);
    let days = [i32::MIN, i32::MAX, 0, -1, i32::MAX, i32::MIN].into_iter().cycle().take(1000);
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values(days));
    check(&days, true);
}

#[test]
fn blocks_and_pages_may_end_anywhere() {
    let counts = [1, 2, 7, 8, 9, 63, 64, 65, 66, 127, 128, 129, 255, 256, 257, 258, 512, 513];
    let pages = [PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 2 * PAGE_ROWS + 100, 131_072];
    for count in counts.into_iter().chain(pages) {
        assert_eq!(check(&long(0..count as i64), count % 2 == 0), encoding_of_keys(count), "{count} rows");
        check(&long(scattered(count).map(|value| (value % 7).cast_signed())), count % 2 == 1);
        check(&long(scattered(count).map(u64::cast_signed)), false);
        check(&long((0..count as i64).rev()), false);
    }
}

/// A single value is a dictionary of one.
fn encoding_of_keys(count: usize) -> Encoding {
    if count == 1 { Encoding::RLE_DICTIONARY } else { Encoding::DELTA_BINARY_PACKED }
}

#[test]
fn few_distant_values_are_a_dictionary_and_many_are_not() {
    let rows = 3 * PAGE_ROWS + 5;
    for distinct in [1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000, 2000] {
        let array = long(scattered(rows).map(|value| (value % distinct * 1_000_003).cast_signed()));
        assert_eq!(check(&array, false), Encoding::RLE_DICTIONARY, "{distinct} values");
    }
    for distinct in [5000, 100_000] {
        let array = long(scattered(rows).map(|value| (value % distinct * 1_000_003).cast_signed()));
        assert_eq!(check(&array, false), Encoding::DELTA_BINARY_PACKED, "{distinct} values");
    }
    // Sorted, few values are short steps.
    let sorted = long((0..rows as i64).map(|row| row / 100));
    assert_eq!(check(&sorted, false), Encoding::DELTA_BINARY_PACKED);
}

#[test]
fn mostly_zero_columns_become_runs() {
    let sparse =
        |value: u64| if value.is_multiple_of(50) { (value % 100 * 1_000_003).cast_signed() } else { 0 };
    let array = long(scattered(100_000).map(sparse));
    assert_eq!(check(&array, true), Encoding::RLE_DICTIONARY);
    assert!(file_of(&array, true, &[]).len() < 20_000);
    assert!(file_of(&long(vec![5; 131_072]), true, &[]).len() < 1000);
}

/// By row, for arrays of nulls in patterns.
fn with_nulls(count: usize, is_null: fn(usize) -> bool) -> ArrayRef {
    let nulls = NullBuffer::from_iter((0..count).map(|row| !is_null(row)));
    // What lies below a null must not be seen.
    let values = scattered(count).map(|value| (value % 100_000).cast_signed()).collect::<Vec<_>>();
    Arc::new(Int64Array::new(values.into(), Some(nulls)))
}

#[test]
fn nulls_may_be_everywhere_or_nowhere() {
    let patterns: [fn(usize) -> bool; 8] = [
        |_| true,
        |_| false,
        |row| row % 2 == 0,
        |row| row % 1000 == 999,
        |row| row % 1000 != 999,
        |row| row / 64 % 2 == 0,
        |row| row / 200 % 3 == 1,
        // A page without values, and one without nulls.
        |row| row < PAGE_ROWS || row > 2 * PAGE_ROWS && row % 3 == 0,
    ];
    for is_null in patterns {
        for count in [1, 63, 64, 65, 1000, 3 * PAGE_ROWS + 77] {
            check(&with_nulls(count, is_null), true);
        }
    }
}

#[test]
fn bytes_do_not_depend_on_how_rows_came() {
    let nullable = with_nulls(2 * PAGE_ROWS, |row| row % 5 == 0 && row > 100);
    for array in [nullable, long(scattered(2 * PAGE_ROWS).map(u64::cast_signed))] {
        let whole = file_of(&array, true, &[]);
        for cuts in [vec![1], vec![100, 101, 40_000], vec![0, PAGE_ROWS], vec![63, 65_000]] {
            assert!(file_of(&array, true, &cuts) == whole, "{cuts:?}");
        }
    }
}

/// Runs of numbers of one sort: steady, repeated, from a short list, or of so many bits.
fn stretch() -> impl Strategy<Value = Vec<Option<i64>>> {
    let lengths = prop_oneof![1..20_usize, 1..600_usize, Just(8_usize), Just(64_usize)];
    (lengths, 0..6_u8, any::<i64>(), 0..64_u32, any::<u64>()).prop_map(|(length, sort, base, bits, seed)| {
        let draw = |row: usize| (seed ^ row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = |row: usize| match sort {
            0 => Some(base.wrapping_add(row as i64)),
            1 => Some(base),
            2 => Some((draw(row) >> 61).cast_signed().wrapping_mul(base)),
            3 => Some((draw(row) >> bits).cast_signed()),
            4 => None,
            _ => (draw(row) >> 63 == 0).then(|| (draw(row) >> bits).cast_signed()),
        };
        (0..length).map(value).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_written_is_read(stretches in proptest::collection::vec(stretch(), 1..30), narrow: bool) {
        let values: Vec<Option<i64>> = stretches.concat();
        let array: ArrayRef = if narrow {
            Arc::new(Date32Array::from_iter(values.iter().map(|value| value.map(low_half))))
        } else {
            Arc::new(Int64Array::from(values))
        };
        check(&array, true);
        if array.null_count() == 0 {
            check(&array, false);
        }
    }
}
