//! Columns in the physical types and pages that other writers choose.

use super::support::{Pipeline, Published, with_row_groups};
use super::{sound, ten_customers};
use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type, Int96, Int96Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Writes the ten customers with `unit_price` and `ordered_at` in the given types, column by column.
fn write_plainly(
    path: &Path,
    [price, at]: [&str; 2],
    metadata: Option<(&str, &str)>,
    write: impl Fn(&str, &mut SerializedColumnWriter<'_>),
) {
    let message = format!(
        "message lines {{ required int64 customer_id; required int64 order_id; required binary product_group (UTF8); \
         required {at}; required int64 quantity; required {price}; required int64 unit_cost; \
         required binary channel (UTF8); required binary status (UTF8); }}"
    );
    let schema = Arc::new(parse_message_type(&message).unwrap());
    let metadata = metadata.map(|(key, value)| vec![KeyValue::new(key.to_owned(), value.to_owned())]);
    let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(metadata).build());
    let mut writer =
        SerializedFileWriter::new(fs::File::create(path).unwrap(), Arc::clone(&schema), properties).unwrap();
    let lines = ten_customers();
    let mut row_group = writer.next_row_group().unwrap();
    for field in schema.get_fields() {
        let mut column = row_group.next_column().unwrap().unwrap();
        let ints = |of: &dyn Fn(usize) -> i64| (0..lines.len()).map(of).collect::<Vec<_>>();
        let mut write_ints = |of: &dyn Fn(usize) -> i64| {
            column.typed::<Int64Type>().write_batch(&ints(of), None, None).unwrap();
        };
        match field.name() {
            "customer_id" => write_ints(&|row| lines[row].customer.unwrap()),
            "order_id" => write_ints(&|row| lines[row].order),
            "quantity" => write_ints(&|row| lines[row].quantity),
            "unit_cost" => write_ints(&|_| 6),
            "unit_price" | "ordered_at" => write(field.name(), &mut column),
            name => {
                let text = if name == "status" { "ok" } else { "web" };
                let texts = vec![ByteArray::from(text); lines.len()];
                column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
            }
        }
        column.close().unwrap();
    }
    row_group.close().unwrap();
    writer.close().unwrap();
}

/// INT96 of a number of seconds since 1970, as Spark and Impala write it: nanoseconds of a Julian day.
fn int96(seconds: i64) -> Int96 {
    let nanos = u64::try_from(seconds.rem_euclid(86_400) * 1_000_000_000).unwrap();
    let julian = u32::try_from(2_440_588 + seconds.div_euclid(86_400)).unwrap();
    let mut value = Int96::new();
    value.set_data(u32::try_from(nanos & 0xffff_ffff).unwrap(), u32::try_from(nanos >> 32).unwrap(), julian);
    value
}

/// Publishes lines of 2024-01-31 23:00, of which Berlin says 2024-02-01 if they are instants; with what stderr says.
fn of_the_last_evening(metadata: Option<(&str, &str)>, key: &str) -> (Published, String) {
    let zone = format!("[facts]\ntimezone = \"Europe/Berlin\"\n{key}");
    let pipeline = Pipeline::new().with("[facts]", &zone);
    let at = int96(1_706_742_000);
    write_plainly(
        &pipeline.data("lines/a.parquet"),
        ["int64 unit_price", "int96 ordered_at"],
        metadata,
        |name, column| {
            match name {
                "unit_price" => column.typed::<Int64Type>().write_batch(&[1250; 20], None, None).unwrap(),
                _ => column.typed::<Int96Type>().write_batch(&[at; 20], None, None).unwrap(),
            };
        },
    );
    let outcome = pipeline.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    (pipeline.published(), outcome.stderr)
}

/// What Spark 4.1 writes in the footer, but for the columns that do not matter.
fn of_spark(data_type: &str) -> (&'static str, String) {
    let field = format!(r#"{{"name":"ordered_at","type":"{data_type}","nullable":true,"metadata":{{}}}}"#);
    let schema = format!(r#"{{"type":"struct","fields":[{field}]}}"#);
    ("org.apache.spark.sql.parquet.row.metadata", schema)
}

#[test]
fn int96_is_what_its_file_says_else_what_the_pipeline_file_says_else_wall_time_with_a_warning() {
    for (metadata, key, period, is_told) in [
        (Some(of_spark("timestamp")), "", "2024-02-01", false),
        (Some(of_spark("timestamp_ntz")), "", "2024-01-01", false),
        (Some(of_spark("timestamp")), "int96 = \"wall\"", "2024-02-01", false),
        (None, "int96 = \"instant\"", "2024-02-01", false),
        (None, "int96 = \"wall\"", "2024-01-01", false),
        (None, "", "2024-01-01", true),
    ] {
        let metadata = metadata.as_ref().map(|(key, value)| (*key, value.as_str()));
        let (published, stderr) = of_the_last_evening(metadata, key);
        let periods = published.rows("customer_period").into_iter().map(|row| row["period_start"].clone());
        assert!(periods.clone().all(|found| found == period), "{metadata:?} {key}: {periods:?}");
        let warning = "column 'ordered_at' is INT96, and ";
        assert_eq!(stderr.contains(warning), is_told, "{metadata:?} {key}: {stderr}");
    }
}

#[test]
fn decimals_are_read_from_every_physical_type() {
    let cents = 1_250_i128;
    let expected = sound().publish(&[]).rows("customer_product");
    let written = |bytes: usize| cents.to_be_bytes()[16 - bytes.min(16)..].to_vec();
    let wide = |bytes: usize| [vec![0; bytes.saturating_sub(16)], written(bytes)].concat();
    let lengths = [2, 5, 8, 9, 16, 17, 32];
    let fixed =
        lengths.map(|bytes| (format!("fixed_len_byte_array({bytes}) unit_price (DECIMAL(4, 2))"), bytes));
    let variable = [2, 7, 16, 20].map(|bytes| ("binary unit_price (DECIMAL(4, 2))".to_owned(), bytes));
    for (price, bytes) in
        fixed.into_iter().chain(variable).chain([("binary unit_price (DECIMAL(40, 2))".into(), 3)])
    {
        let pipeline = Pipeline::new();
        let at = "int64 ordered_at (TIMESTAMP(MICROS,false))";
        write_plainly(&pipeline.data("lines/a.parquet"), [&price, at], None, |name, column| {
            let lines = ten_customers();
            if name == "ordered_at" {
                let micros: Vec<i64> =
                    lines.iter().map(|line| (19_723 + line.at.0) * 86_400_000_000).collect();
                column.typed::<Int64Type>().write_batch(&micros, None, None).unwrap();
            } else if price.starts_with("binary") {
                let values = vec![ByteArray::from(wide(bytes)); lines.len()];
                column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            } else {
                let values = vec![FixedLenByteArray::from(wide(bytes)); lines.len()];
                column.typed::<FixedLenByteArrayType>().write_batch(&values, None, None).unwrap();
            }
        });
        let revenue = |rows: &[std::collections::BTreeMap<String, String>]| -> Vec<String> {
            rows.iter().map(|row| row["net_revenue"].clone()).collect()
        };
        let found = pipeline.publish(&[]).rows("customer_product");
        assert_eq!(revenue(&found), revenue(&expected), "{price} of {bytes} bytes");
    }
}

/// The sound history with its pages written in a given way.
fn paged(properties: WriterProperties) -> Pipeline {
    let pipeline = Pipeline::new();
    let columns = super::table(&ten_customers()).into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = fs::File::create(pipeline.data("lines/a.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    pipeline
}

#[test]
fn every_codec_is_read() {
    let expected = sound().publish(&[]).digests();
    for codec in [
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let pipeline = paged(WriterProperties::builder().set_compression(codec).build());
        assert_eq!(pipeline.publish(&[]).digests(), expected, "{codec:?}");
    }
}

#[test]
fn a_codec_that_nothing_reads_is_refused_by_check() {
    let pipeline = sound();
    with_row_groups(&pipeline.data("lines/a.parquet"), |row_group| {
        let columns = row_group.columns().iter().cloned();
        let columns =
            columns.map(|column| column.into_builder().set_compression(Compression::LZO).build().unwrap());
        let columns = columns.collect();
        row_group.into_builder().set_column_metadata(columns).build().unwrap()
    });
    let texts =
        ["lines/a.parquet: row group 0 column 'customer_id' is packed with LZO", "with ZSTD or SNAPPY"];
    pipeline.abacus(&["check"]).fails(4, &texts);
    pipeline.abacus(&["run"]).fails(4, &texts);
}

/// Puts a checksum into the header of the first page of the last column, and flips a byte of the page if asked.
///
/// parquet-rs 60 writes none; pyarrow 22 and parquet-mr do. The header is a thrift struct in the compact protocol: three
/// 32-bit integers, the checksum, and one struct for the kind of page.
fn add_checksum(path: &Path, is_damaged: bool) {
    let bytes = fs::read(path).unwrap();
    let reader = parquet::file::metadata::ParquetMetaDataReader::new();
    let metadata = reader.parse_and_finish(&fs::File::open(path).unwrap()).unwrap();
    let chunk = metadata.row_group(0).columns().last().unwrap();
    let start = usize::try_from(chunk.byte_range().0).unwrap();
    let mut end = start;
    let mut sizes = Vec::new();
    for _ in 0..3 {
        assert_eq!(bytes[end], 0x15, "a 32-bit field, the next one");
        let (size, length) = varint(&bytes[end + 1..]);
        sizes.push(usize::try_from(size / 2).unwrap());
        end += 1 + length;
    }
    assert_eq!(bytes[end] & 0x0f, 12, "a struct");
    // The field, the struct, and the end of the header.
    let header_end = end + 1 + struct_length(&bytes[end + 1..]) + 1;
    let mut page = bytes[header_end..header_end + sizes[2]].to_vec();
    let checksum = crc32(&page).cast_signed();
    if is_damaged {
        *page.last_mut().unwrap() ^= 0x10;
    }
    let zigzag = u64::from(((checksum << 1) ^ (checksum >> 31)).cast_unsigned());
    let field = [vec![0x15], to_varint(zigzag), vec![bytes[end] - 0x10]].concat();
    let added = i64::try_from(field.len() - 1).unwrap();
    let rest = &bytes[header_end + sizes[2]..];
    fs::write(path, [&bytes[..end], &field, &bytes[end + 1..header_end], &page, rest].concat()).unwrap();
    with_row_groups(path, |row_group| {
        let mut columns: Vec<_> = row_group.columns().to_vec();
        let last = columns.pop().unwrap();
        let (size, data) = (last.compressed_size() + added, last.data_page_offset());
        let has_dictionary = last.dictionary_page_offset().is_some();
        let last = last.into_builder().set_total_compressed_size(size);
        let last = last.set_data_page_offset(if has_dictionary { data + added } else { data });
        columns.push(last.build().unwrap());
        row_group.into_builder().set_column_metadata(columns).build().unwrap()
    });
}

fn varint(bytes: &[u8]) -> (u64, usize) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    (value, length)
}

fn to_varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// Bytes of a struct of integers and truth values, its end included.
fn struct_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while bytes[at] != 0 {
        let is_truth = matches!(bytes[at] & 0x0f, 1 | 2);
        at += 1 + if is_truth { 0 } else { varint(&bytes[at + 1..]).1 };
    }
    at + 1
}

/// CRC-32 as gzip has it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn page_checksums_are_verified_on_every_kind_of_page() {
    let expected = sound().publish(&[]).digests();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for has_dictionary in [false, true] {
            let properties = || {
                let properties = WriterProperties::builder().set_writer_version(version);
                properties.set_dictionary_enabled(has_dictionary).set_offset_index_disabled(true).build()
            };
            let pipeline = paged(properties());
            add_checksum(&pipeline.data("lines/a.parquet"), false);
            assert_eq!(pipeline.publish(&[]).digests(), expected, "{version:?} {has_dictionary}");
            let pipeline = paged(properties());
            add_checksum(&pipeline.data("lines/a.parquet"), true);
            let texts = [
                "lines/a.parquet: row group 0 column 'status' cannot be decoded",
                "CRC",
                "write the file again",
            ];
            pipeline.abacus(&["run"]).fails(4, &texts);
        }
    }
}

/// The key decides what every row of such a column means, wherever the column is used.
#[test]
fn another_meaning_of_int96_makes_the_facts_again() {
    let days_of_february = "cast(ordered_at as date) >= date '2024-02-01'";
    let pipeline = Pipeline::new()
        .with("[facts]", "[facts]\ntimezone = \"Europe/Berlin\"")
        .with("status <> 'test'", days_of_february)
        .with("at = \"ordered_at\"", "at = \"date '2024-03-01'\"");
    let at = int96(1_706_742_000);
    write_plainly(
        &pipeline.data("lines/a.parquet"),
        ["int64 unit_price", "int96 ordered_at"],
        None,
        |name, column| {
            match name {
                "unit_price" => column.typed::<Int64Type>().write_batch(&[1250; 20], None, None).unwrap(),
                _ => column.typed::<Int96Type>().write_batch(&vec![at; 20], None, None).unwrap(),
            };
        },
    );
    pipeline.abacus(&["run"]).fails(3, &["20 are excluded by 'where'"]);
    let pipeline = pipeline.with("[facts]", "[facts]\nint96 = \"instant\"");
    assert_eq!(pipeline.publish(&[]).counts(), [20, 20, 0, 0, 0]);
}

/// The file says nothing, but the log of its table does.
#[test]
fn int96_of_a_delta_table_is_what_the_table_says() {
    for (data_type, period) in [("timestamp", "2024-02-01"), ("timestamp_ntz", "2024-01-01")] {
        let pipeline = Pipeline::new()
            .with("[facts]", "[facts]\ntimezone = \"Europe/Berlin\"")
            .with("../data/lines/*.parquet", "../data/lines");
        let (at, path) = (int96(1_706_742_000), pipeline.data("lines/part-0.parquet"));
        write_plainly(&path, ["int64 unit_price", "int96 ordered_at"], None, |name, column| {
            match name {
                "unit_price" => column.typed::<Int64Type>().write_batch(&[1250; 20], None, None).unwrap(),
                _ => column.typed::<Int96Type>().write_batch(&[at; 20], None, None).unwrap(),
            };
        });
        let (_, schema) = of_spark(data_type);
        let size = fs::metadata(&path).unwrap().len();
        let actions = [
            serde_json::json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
            serde_json::json!({"metaData": {
                "id": "1", "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
                "partitionColumns": [], "configuration": {}
            }}),
            serde_json::json!({"add": {
                "path": "part-0.parquet", "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": true
            }}),
        ];
        fs::create_dir(pipeline.data("lines/_delta_log")).unwrap();
        let log = actions.map(|action| action.to_string()).join("\n");
        fs::write(pipeline.data("lines/_delta_log/00000000000000000000.json"), log).unwrap();
        let outcome = pipeline.abacus(&["run"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(!outcome.stderr.contains("INT96"), "{}", outcome.stderr);
        let rows = pipeline.published().rows("customer_period");
        assert!(rows.iter().all(|row| row["period_start"] == period), "{data_type}: {rows:?}");
    }
}
