//! Footers of Parquet files: read, asked for the types that are cheapest to read, and checked for what they claim.

use super::contain::contain;
use super::input_file::InputFile;
use super::thrift::check_footer;
use crate::facts::expr::as_uuid;
use crate::pipeline::Int96;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as Physical};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescriptor;
use std::sync::Arc;

/// A footer with its Arrow schema.
pub(crate) struct Footer {
    /// With decimals that fit read as 64-bit integers.
    pub(crate) metadata: ArrowReaderMetadata,
    /// INT96 columns of which the file does not say whether they are instants or wall time.
    pub(crate) silent_int96: Vec<String>,
}

/// Reads a footer; `int96` is what an INT96 column is where neither the file nor the schema of its `table` says.
///
/// # Errors
/// What is no footer, or one whose counts contradict each other; the file is still to be named.
pub(crate) fn read_footer(
    file: &impl ChunkReader,
    int96: Option<Int96>,
    table: &[Field],
) -> Result<Footer, String> {
    check_footer(file)?;
    let metadata = contain(|| ArrowReaderMetadata::load(file, ArrowReaderOptions::new()))?;
    check_row_counts(&metadata)?;
    let mut silent_int96 = Vec::new();
    let hints = hints(&metadata, int96.unwrap_or(Int96::Wall), table, &mut silent_int96);
    if int96.is_some() {
        silent_int96.clear(); // the pipeline file has said it
    }
    Ok(Footer { metadata: hinted(&metadata, &hints)?, silent_int96 })
}

/// Asks the reader for these fields; for those of them that it takes, if one is refused.
fn hinted(metadata: &ArrowReaderMetadata, hints: &[FieldRef]) -> Result<ArrowReaderMetadata, String> {
    if let Ok(hinted) = asked_for(metadata, hints.to_vec()) {
        return Ok(hinted);
    }
    let own = metadata.schema().fields();
    let mut taken = own.to_vec();
    for (index, hint) in hints.iter().enumerate() {
        taken[index] = Arc::clone(hint);
        if asked_for(metadata, taken.clone()).is_err() {
            taken[index] = Arc::clone(&own[index]);
        }
    }
    asked_for(metadata, taken)
}

fn asked_for(metadata: &ArrowReaderMetadata, fields: Vec<FieldRef>) -> Result<ArrowReaderMetadata, String> {
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(|fault| fault.to_string())
}

/// The rows of the file are those of its row groups.
fn check_row_counts(metadata: &ArrowReaderMetadata) -> Result<(), String> {
    let metadata = metadata.metadata();
    let rows = metadata.file_metadata().num_rows();
    let of_row_groups = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    if let Some(rows) = of_row_groups.clone().chain([rows]).find(|rows| *rows < 0) {
        return Err(format!("the footer claims {rows} rows"));
    }
    let sum: i64 = of_row_groups.fold(0, i64::saturating_add);
    if sum == rows { Ok(()) } else { Err(format!("the footer claims {rows} rows, and its row groups {sum}")) }
}

/// What to ask the reader for: 64-bit decimals where 18 digits suffice, half the memory traffic of 128-bit ones;
/// dictionaries for texts of few values, so that a filter or a group is looked up once per value and not per row; and
/// INT96 in microseconds, which reach further than the years 1677 to 2262.
fn hints(
    metadata: &ArrowReaderMetadata,
    int96: Int96,
    table: &[Field],
    silent: &mut Vec<String>,
) -> Vec<FieldRef> {
    let schema = metadata.schema();
    let file_says = Int96Columns::of(metadata);
    let of_table = |name: &str| match table.iter().find(|field| field.name() == name)?.data_type() {
        DataType::Timestamp(_, zone) => Some(zone.is_some()),
        _ => None,
    };
    let hint = |(root, field): (usize, &Arc<Field>)| {
        let Some(leaf) = leaf_of(metadata, root) else { return Arc::clone(field) };
        let column = metadata.parquet_schema().column(leaf);
        let to = |data_type| Arc::new(field.as_ref().clone().with_data_type(data_type));
        match (column.physical_type(), field.data_type()) {
            (Physical::INT96, DataType::Timestamp(_, zone)) => {
                let is_instant =
                    of_table(field.name()).or_else(|| file_says.is_instant(field.name(), zone.is_some()));
                let is_instant = match is_instant {
                    Some(is_instant) => is_instant,
                    None => {
                        silent.push(field.name().clone());
                        int96 == Int96::Instant
                    }
                };
                let zone = is_instant.then(|| zone.clone().unwrap_or_else(|| "UTC".into()));
                to(DataType::Timestamp(TimeUnit::Microsecond, zone))
            }
            (physical, DataType::Decimal128(precision, scale)) => match decimal_bits(&column, physical) {
                ..=64 if *precision <= 18 => to(DataType::Decimal64(*precision, *scale)),
                ..=128 => Arc::clone(field),
                _ => to(DataType::Decimal256(*precision, *scale)),
            },
            // An enumeration is the text of its members.
            (_, DataType::Utf8) => to(text_type(metadata, leaf)),
            (Physical::BYTE_ARRAY, DataType::Binary) if is_enumeration(&column) => {
                to(text_type(metadata, leaf))
            }
            // Without an Arrow schema in the footer, only Parquet's own type tells a UUID from sixteen other bytes.
            (_, DataType::FixedSizeBinary(16)) if column.logical_type_ref() == Some(&LogicalType::Uuid) => {
                Arc::new(as_uuid(field))
            }
            _ => Arc::clone(field),
        }
    };
    schema.fields().iter().enumerate().map(hint).collect()
}

fn is_enumeration(column: &ColumnDescriptor) -> bool {
    column.logical_type_ref() == Some(&LogicalType::Enum) || column.converted_type() == ConvertedType::ENUM
}

/// Text, by dictionary where it has few values.
fn text_type(metadata: &ArrowReaderMetadata, leaf: usize) -> DataType {
    if has_few_values(metadata, leaf) {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    } else {
        DataType::Utf8
    }
}

/// Bits that the file's values may take, whatever their precision: a writer may choose any length, and the reader
/// refuses to put many bytes into few.
fn decimal_bits(column: &ColumnDescriptor, physical: Physical) -> i32 {
    match physical {
        Physical::INT32 | Physical::INT64 => 64,
        Physical::FIXED_LEN_BYTE_ARRAY => column.type_length().saturating_mul(8),
        _ => 256,
    }
}

/// What a file says of its INT96 columns, in the words of the engine that wrote it.
struct Int96Columns {
    /// Spark's schema of the rows, where a timestamp is an instant unless it is called `timestamp_ntz`.
    spark: Option<serde_json::Value>,
    /// Whether the writer left an Arrow schema, in which an instant has a zone.
    has_arrow_schema: bool,
}

impl Int96Columns {
    fn of(metadata: &ArrowReaderMetadata) -> Self {
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let value = |key: &str| {
            pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
        };
        let spark = value("org.apache.spark.sql.parquet.row.metadata");
        Self {
            spark: spark.and_then(|schema| serde_json::from_str(schema).ok()),
            has_arrow_schema: value("ARROW:schema").is_some(),
        }
    }

    fn is_instant(&self, name: &str, has_zone: bool) -> Option<bool> {
        let of_spark = self.spark.as_ref().and_then(|schema| {
            let field = schema["fields"].as_array()?.iter().find(|field| field["name"] == name)?;
            match field["type"].as_str()? {
                "timestamp" => Some(true),
                "timestamp_ntz" => Some(false),
                _ => None,
            }
        });
        of_spark.or(self.has_arrow_schema.then_some(has_zone))
    }
}

/// The leaf column of a field that is no group.
fn leaf_of(metadata: &ArrowReaderMetadata, root: usize) -> Option<usize> {
    let schema = metadata.parquet_schema();
    let field = schema.root_schema().get_fields().get(root)?;
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root)?;
    let is_same = field.is_primitive() && field.name() == metadata.schema().field(root).name();
    is_same.then_some(leaf)
}

/// Whether a text column is dictionary-encoded in every row group and takes at most two bytes a row.
fn has_few_values(metadata: &ArrowReaderMetadata, leaf: usize) -> bool {
    let few = |row_group: &RowGroupMetaData| {
        let chunk = row_group.column(leaf);
        chunk.dictionary_page_offset().is_some()
            && chunk.uncompressed_size() <= row_group.num_rows() * 2 + SMALL_DICTIONARY
    };
    metadata.metadata().row_groups().iter().all(few)
}

/// Bytes of a dictionary that are worth it whatever the number of rows.
const SMALL_DICTIONARY: i64 = 4_096;

impl InputFile {
    /// Place of a column among the file's fields, by the file's name for it; none if it stands in the path.
    pub(crate) fn root_of(&self, name: &str) -> Option<usize> {
        self.metadata.schema().fields().iter().position(|field| field.name() == name)
    }

    /// The leaf column of a field that is no group.
    pub(crate) fn leaf_of(&self, name: &str) -> Option<usize> {
        leaf_of(&self.metadata, self.root_of(name)?)
    }

    /// What the footer says of a column that no reader could make good; each with the file's name.
    pub(crate) fn faults_of(&self, name: &str) -> Option<String> {
        let leaf = self.leaf_of(self.stored_name(name)?)?;
        let row_groups = self.metadata.metadata().row_groups();
        let path = self.path.display();
        row_groups.iter().enumerate().find_map(|(number, row_group)| {
            let fault = chunk_fault(row_group, row_group.column(leaf))?;
            Some(format!("{path}: row group {number} column '{name}' {fault}"))
        })
    }

    /// Whether the footer claims that a column, by the file's name for it, has no value at all.
    pub(crate) fn claims_only_nulls(&self, name: &str) -> bool {
        let Some(leaf) = self.leaf_of(name) else { return false };
        self.metadata.metadata().row_groups().iter().all(|row_group| {
            let nulls =
                row_group.column(leaf).statistics().and_then(|statistics| statistics.null_count_opt());
            nulls.and_then(|nulls| i64::try_from(nulls).ok()) == Some(row_group.num_rows())
        })
    }
}

fn chunk_fault(row_group: &RowGroupMetaData, chunk: &ColumnChunkMetaData) -> Option<String> {
    if chunk.compression() == Compression::LZO {
        return Some(
            "is packed with LZO, which is read by none of today's libraries; write the file again with ZSTD or SNAPPY"
                .to_owned(),
        );
    }
    let (rows, values) = (row_group.num_rows(), chunk.num_values());
    let is_flat = chunk.column_descr().max_rep_level() == 0;
    (is_flat && rows != values).then(|| {
        format!("has {values} values by the footer, and the row group {rows} rows; write the file again")
    })
}
