//! Statistics of a file in a log: rows, and least and largest value and number of nulls of each column, from its footer.
//!
//! Readers pass over files by them, so a bound may be too wide and never too narrow. Decimals are written digit by digit:
//! through a float 90071992547409.9315 becomes ….94, and readers find no row of that value. They are digits in the text
//! that the log holds as a string, so no JSON library of ours turns them into numbers.

use super::super::release::PublishedFile;
use crate::error::{Error, Kind, Result};
use crate::units::format_fixed;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use parquet::basic::{LogicalType, TimeUnit, Type};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::path::Path;

/// The JSON text of the statistics.
pub(super) fn statistics(path: &Path, file: &PublishedFile) -> Result<String> {
    let opened = File::open(path).map_err(|error| Error::io(Kind::Input, path, &error))?;
    let footer = ParquetMetaDataReader::new().parse_and_finish(&opened);
    let footer = footer.map_err(|fault| Error::input(format!("{}: {fault}", path.display())))?;
    let (mut least, mut largest, mut nulls) = (Vec::new(), Vec::new(), Vec::new());
    let columns = footer.file_metadata().schema_descr().columns();
    for (index, column) in columns.iter().enumerate() {
        let name = serde_json::to_string(column.name()).expect("a text is JSON");
        let Some(chunks) = statistics_of(&footer, index) else { continue };
        if let Some(count) = chunks.iter().map(|chunk| chunk.null_count_opt()).sum::<Option<u64>>() {
            nulls.push(format!("{name}:{count}"));
        }
        if let Some((low, high)) = bounds(column, &chunks) {
            least.push(format!("{name}:{low}"));
            largest.push(format!("{name}:{high}"));
        }
    }
    let [least, largest, nulls] = [least, largest, nulls].map(|entries| entries.join(","));
    let rows = file.rows;
    Ok(format!(
        r#"{{"numRecords":{rows},"minValues":{{{least}}},"maxValues":{{{largest}}},"nullCount":{{{nulls}}}}}"#
    ))
}

/// Those of a column in every row group; none if a row group has none.
fn statistics_of(footer: &ParquetMetaData, column: usize) -> Option<Vec<&Statistics>> {
    footer.row_groups().iter().map(|group| group.column(column).statistics()).collect()
}

/// Least and largest value as JSON; none for flags, of which Delta keeps none, and where all values are null.
fn bounds(column: &ColumnDescriptor, chunks: &[&Statistics]) -> Option<(String, String)> {
    let chunks: Vec<&Statistics> =
        chunks.iter().copied().filter(|chunk| chunk.min_bytes_opt().is_some()).collect();
    match (column.physical_type(), column.logical_type_ref()) {
        (Type::INT32 | Type::INT64 | Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Decimal(_))) => {
            let scale = u8::try_from(column.type_scale()).ok()?;
            whole(&chunks).map(|(low, high)| (format_fixed(low, scale), format_fixed(high, scale)))
        }
        (Type::INT32, Some(LogicalType::Date)) => {
            let (low, high) = whole(&chunks)?;
            Some((day(low)?, day(high)?))
        }
        (Type::INT64, Some(LogicalType::Timestamp(kind))) if kind.unit == TimeUnit::MICROS => {
            let (low, high) = whole(&chunks)?;
            // Delta has milliseconds: the bounds become wider.
            Some((instant(low.div_euclid(1000))?, instant(-(-high).div_euclid(1000))?))
        }
        (Type::INT32 | Type::INT64, None) => {
            whole(&chunks).map(|(low, high)| (low.to_string(), high.to_string()))
        }
        (Type::DOUBLE, _) => double(&chunks),
        (Type::BYTE_ARRAY, Some(LogicalType::String)) => text(&chunks),
        _ => None,
    }
}

/// Of whole numbers, whatever stores them.
fn whole(chunks: &[&Statistics]) -> Option<(i128, i128)> {
    let (mut low, mut high) = (i128::MAX, i128::MIN);
    for chunk in chunks {
        low = low.min(whole_number(chunk, chunk.min_bytes_opt()?)?);
        high = high.max(whole_number(chunk, chunk.max_bytes_opt()?)?);
    }
    (low <= high).then_some((low, high))
}

/// Numbers are little-endian, but for decimals in bytes.
fn whole_number(chunk: &Statistics, bytes: &[u8]) -> Option<i128> {
    match chunk {
        Statistics::Int32(_) => Some(i32::from_le_bytes(bytes.try_into().ok()?).into()),
        Statistics::Int64(_) => Some(i64::from_le_bytes(bytes.try_into().ok()?).into()),
        Statistics::FixedLenByteArray(_) => Some(i128::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

fn double(chunks: &[&Statistics]) -> Option<(String, String)> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for chunk in chunks {
        low = low.min(f64::from_le_bytes(chunk.min_bytes_opt()?.try_into().ok()?));
        high = high.max(f64::from_le_bytes(chunk.max_bytes_opt()?.try_into().ok()?));
    }
    (low <= high).then(|| (json(low), json(high)))
}

/// The shortest digits that give the same float.
fn json(value: f64) -> String {
    serde_json::to_string(&value).expect("a float of a table is finite")
}

/// Parquet cuts long texts so that they stay bounds.
fn text(chunks: &[&Statistics]) -> Option<(String, String)> {
    let mut lows = chunks.iter().filter_map(|chunk| chunk.min_bytes_opt());
    let mut highs = chunks.iter().filter_map(|chunk| chunk.max_bytes_opt());
    let (mut low, mut high) = (lows.next()?, highs.next()?);
    for (other_low, other_high) in lows.zip(highs) {
        (low, high) = (low.min(other_low), high.max(other_high));
    }
    quoted(low).zip(quoted(high))
}

fn quoted(bytes: &[u8]) -> Option<String> {
    serde_json::to_string(std::str::from_utf8(bytes).ok()?).ok()
}

fn day(days: i128) -> Option<String> {
    let date = NaiveDate::from_epoch_days(i32::try_from(days).ok()?)?;
    has_four_digits(date.year()).then(|| format!("\"{date}\""))
}

fn instant(millis: i128) -> Option<String> {
    let at = DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)?;
    let text = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    has_four_digits(at.year()).then(|| format!("\"{text}\""))
}

/// Other years are written in ways that readers differ in.
fn has_four_digits(year: i32) -> bool {
    (1000..=9999).contains(&year)
}
