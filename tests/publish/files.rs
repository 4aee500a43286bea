//! The Parquet files themselves: types, encodings, row groups, bytes.

use super::published::{OPTIONS, publish, read, sales, sales_rows};
use abacus::error::Kind;
use abacus::pipeline::FileEncoding;
use abacus::publish::schema::{Column, ColumnKind, TableSpec};
use abacus::publish::{Home, WriteOptions};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal64Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{cast, concat_batches};
use parquet::basic::{Compression, Encoding, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{TempDir, tempdir};

fn metadata(path: &Path) -> ParquetMetaData {
    SerializedFileReader::new(File::open(path).unwrap()).unwrap().metadata().clone()
}

fn one_column(kind: ColumnKind) -> TableSpec {
    let columns = vec![Column::new("value", kind, "", "a value").nullable()];
    TableSpec { name: "kinds", grain: "one row per value", partition: None, columns }
}

/// Publishes one table, written in the given batches.
fn write(spec: &TableSpec, options: WriteOptions, batches: &[Vec<ArrayRef>]) -> (TempDir, PathBuf) {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let staging = home.begin(options).unwrap();
    let mut writer = staging.table(spec, spec.partition.map(|_| "p")).unwrap();
    for batch in batches {
        writer.write(batch.clone()).unwrap();
    }
    writer.finish().unwrap();
    let release = staging.commit(serde_json::json!({})).unwrap();
    let path = out.path().join(&release.files(spec.name)[0].path);
    (out, path)
}

fn money(values: Vec<Option<i64>>, scale: i8) -> ArrayRef {
    Arc::new(Decimal64Array::from(values).with_precision_and_scale(18, scale).unwrap())
}

/// Each kind with values at its edges, its physical type and its first encoding.
fn kinds() -> Vec<(ColumnKind, ArrayRef, Type, Encoding)> {
    let integers = || Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(0), Some(i64::MAX)]));
    let texts = || Arc::new(StringArray::from(vec![Some(""), None, Some("Zoë"), Some("a;b\n")]));
    let amounts = vec![Some(999_999_999_999_999_999), None, Some(0), Some(-999_999_999_999_999_999)];
    let largest = 10_i128.pow(38) - 1;
    let total = Decimal128Array::from(vec![Some(largest), None, Some(0), Some(-largest)]);
    let total = Arc::new(total.with_precision_and_scale(38, 4).unwrap());
    let floats = Arc::new(Float64Array::from(vec![Some(f64::MIN), None, Some(-0.0), Some(f64::MAX)]));
    let days = Arc::new(Date32Array::from(vec![Some(i32::MIN), None, Some(0), Some(20_000)]));
    let instants = TimestampMicrosecondArray::from(vec![Some(i64::MIN), None, Some(-1), Some(i64::MAX)]);
    let flags = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]));
    let (delta, dictionary) = (Encoding::DELTA_BINARY_PACKED, Encoding::RLE_DICTIONARY);
    vec![
        (ColumnKind::IntKey, integers(), Type::INT64, delta),
        (ColumnKind::Integer, integers(), Type::INT64, delta),
        (ColumnKind::Text, texts(), Type::BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY),
        (ColumnKind::Name, texts(), Type::BYTE_ARRAY, dictionary),
        (ColumnKind::Money(4), money(amounts.clone(), 4), Type::INT64, delta),
        (ColumnKind::Money(0), money(amounts.clone(), 0), Type::INT64, delta),
        (ColumnKind::Volume(18), money(amounts, 18), Type::INT64, delta),
        (ColumnKind::Total(4), total, Type::FIXED_LEN_BYTE_ARRAY, Encoding::PLAIN),
        (ColumnKind::Float, floats, Type::DOUBLE, Encoding::PLAIN),
        (ColumnKind::Date, days, Type::INT32, delta),
        (ColumnKind::Timestamp, Arc::new(instants.with_timezone("UTC")), Type::INT64, delta),
        (ColumnKind::Bool, flags, Type::BOOLEAN, Encoding::PLAIN),
    ]
}

#[test]
fn every_kind_comes_back_as_written() {
    for (kind, array, physical, encoding) in kinds() {
        for how in FileEncoding::ALL {
            let options = WriteOptions { encoding: how, row_group_rows: 3, delta: false };
            let (_out, path) = write(&one_column(kind), options, &[vec![array.clone()]]);
            let batches = read(&path);
            let read = concat_batches(&batches[0].schema(), &batches).unwrap();
            let read = cast(read.column(0), array.data_type()).unwrap();
            assert_eq!(&read, &array, "{kind:?}");
            let metadata = metadata(&path);
            let chunk = metadata.row_group(0).column(0);
            assert_eq!(chunk.column_type(), physical, "{kind:?}");
            let expected = match how {
                FileEncoding::Compact => encoding,
                FileEncoding::Portable if kind != ColumnKind::Bool => Encoding::RLE_DICTIONARY,
                _ => Encoding::PLAIN,
            };
            assert!(chunk.encodings().any(|found| found == expected), "{kind:?}, {how:?}");
            let dictionary = chunk.dictionary_page_offset().is_some();
            assert_eq!(dictionary, expected == Encoding::RLE_DICTIONARY, "{kind:?}, {how:?}");
            let packed = [Encoding::DELTA_BINARY_PACKED, Encoding::DELTA_LENGTH_BYTE_ARRAY];
            assert!(how == FileEncoding::Compact || chunk.encodings().all(|found| !packed.contains(&found)));
            let is_compressed = chunk.compression() != Compression::UNCOMPRESSED;
            assert_eq!(is_compressed, how == FileEncoding::Portable, "{kind:?}, {how:?}");
        }
    }
}

#[test]
fn the_footer_says_nothing_but_the_schema() {
    let (_out, path) = write(&sales(), OPTIONS, &[sales_rows(1, 3)]);
    let metadata = metadata(&path);
    let file = metadata.file_metadata();
    let created_by = file.created_by().unwrap();
    let (version, build) =
        created_by.strip_prefix("abacus version ").unwrap().split_once(" (build ").unwrap();
    assert_eq!(
        (version, build.strip_suffix(')')),
        (env!("CARGO_PKG_VERSION"), Some("4")),
        "as Java reads it"
    );
    assert_eq!(file.key_value_metadata(), None);
    let mut fields = file.schema().get_fields().iter();
    assert!(fields.all(|field| !field.get_basic_info().has_id()), "findings/iceberg_field_ids.sh");
    let revenue = file.schema_descr().column(1);
    assert_eq!(revenue.logical_type_ref(), Some(&LogicalType::decimal(4, 18)));
    assert!(
        metadata.row_group(0).column(1).statistics().is_some_and(|found| found.min_bytes_opt().is_some())
    );
}

#[test]
fn every_row_group_but_the_last_is_full() {
    let (_out, path) = write(&sales(), OPTIONS, &[sales_rows(1, 30), sales_rows(2, 230), sales_rows(3, 0)]);
    let metadata = metadata(&path);
    let rows: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(rows, [100, 100, 60]);
}

#[test]
fn a_table_without_rows_is_a_file_with_its_columns() {
    let (_out, path) = write(&sales(), OPTIONS, &[]);
    assert_eq!(metadata(&path).file_metadata().schema_descr().num_columns(), 2);
    assert!(read(&path).is_empty());
}

#[test]
fn bytes_do_not_depend_on_threads_or_batches() {
    let options = WriteOptions { encoding: FileEncoding::Compact, row_group_rows: 20_000, delta: false };
    let spec = TableSpec { partition: None, ..sales() };
    let rows = sales_rows(7, 50_000);
    let digest = |threads: usize, batch_rows: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let starts = (0..50_000).step_by(batch_rows);
        let length = |start: usize| batch_rows.min(50_000 - start);
        let cut = |start| rows.iter().map(|column| column.slice(start, length(start))).collect();
        let batches: Vec<Vec<ArrayRef>> = starts.map(cut).collect();
        let (_out, path) = pool.install(|| write(&spec, options, &batches));
        blake3::hash(&std::fs::read(path).unwrap())
    };
    let expected = digest(1, 50_000);
    for (threads, batch_rows) in [(2, 50_000), (8, 50_000), (1, 1_000), (8, 777), (2, 20_000)] {
        assert_eq!(digest(threads, batch_rows), expected, "{threads} threads, {batch_rows} rows a batch");
    }
}

#[test]
fn two_runs_publish_the_same_bytes_under_other_names() {
    let (a, b) = (tempdir().unwrap(), tempdir().unwrap());
    let (first, second) = (publish(a.path(), 1).unwrap(), publish(b.path(), 1).unwrap());
    let digests = |release: &abacus::publish::Release| -> Vec<String> {
        release.files("sales").iter().map(|file| file.blake3.clone()).collect()
    };
    assert_ne!(first.id, second.id);
    assert_eq!(digests(&first), digests(&second));
}

#[test]
fn an_amount_beyond_its_digits_is_refused() {
    let limit = 10_i64.pow(18);
    let hidden = Decimal64Array::new(vec![limit, 1].into(), Some(vec![false, true].into()));
    let hidden: ArrayRef = Arc::new(hidden.with_precision_and_scale(18, 4).unwrap());
    let cases = [
        (money(vec![Some(limit - 1)], 4), true),
        (money(vec![Some(limit)], 4), false),
        (money(vec![Some(-limit)], 4), false),
        (money(vec![None, Some(i64::MIN)], 4), false),
        (hidden, true),
    ];
    for (array, fits) in cases {
        let out = tempdir().unwrap();
        let home = Home::open(out.path()).unwrap();
        let _lock = home.lock().unwrap();
        let staging = home.begin(OPTIONS).unwrap();
        let put = staging.put(&one_column(ColumnKind::Money(4)), None, vec![array.clone()]);
        assert_eq!(put.is_ok(), fits, "{array:?}");
        if let Err(error) = put {
            assert_eq!(error.kind, Kind::Check);
            assert!(error.to_string().starts_with("kinds.value: "), "{error}");
        }
    }
}

#[test]
#[should_panic(expected = "not finite")]
fn a_float_that_is_not_a_number_is_our_fault() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
    write(&one_column(ColumnKind::Float), OPTIONS, &[vec![values]]);
}

#[test]
#[should_panic(expected = "sales.customer_id: null")]
fn a_null_in_a_column_without_nulls_is_our_fault() {
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![None]));
    write(&sales(), OPTIONS, &[vec![keys, money(vec![Some(1)], 4)]]);
}
