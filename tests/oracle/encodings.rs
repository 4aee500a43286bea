//! Tables of every kind of whole number, in every encoding and at their edges, read by DuckDB, Polars and pyarrow: the
//! values must be those of the same table in encoding PLAIN, which the parquet crate writes.

use super::{check, python};
use abacus::pipeline::FileEncoding;
use abacus::publish::schema::{Column, ColumnKind, Sheet};
use abacus::publish::{Export, WriteOptions};
use arrow::array::{ArrayRef, Date32Array, Decimal64Array, Int64Array, TimestampMicrosecondArray};
use std::sync::Arc;

/// More than two pages in a row group, and a second row group.
const ROWS: i64 = 100_000;
const ROW_GROUP_ROWS: usize = 70_000;

#[test]
fn duckdb_polars_and_pyarrow_read_every_encoding() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for rows in [1, 2, 129, 1000, ROWS] {
        let sheet = edges(rows);
        let [compact, portable, plain] = FileEncoding::ALL.map(|encoding| {
            let file = folder.path().join(format!("{}.parquet", encoding.word()));
            let options = WriteOptions { encoding, row_group_rows: ROW_GROUP_ROWS, delta: false };
            let mut export = Export::begin(&file, &sheet.spec, options).expect("the folder exists");
            export.write(&sheet.arrays).expect("values fit their columns");
            export.finish().expect("the folder exists");
            file
        });
        for encoded in [compact, portable] {
            check(&python, "encodings.py", &[encoded, plain.clone()], &format!("{rows} rows"));
        }
    }
}

fn edges(rows: i64) -> Sheet {
    let mut sheet = Sheet::new("edges", "number", None);
    let mut add = |name, kind, nullable, value: fn(i64) -> Option<i64>| {
        let values: Vec<Option<i64>> = (0..rows).map(value).collect();
        let column = Column::new(name, kind, "", "A number");
        let column = if nullable { column.nullable() } else { column };
        sheet.add(column, array(kind, values));
    };
    add("key", ColumnKind::IntKey, false, Some);
    add("descending", ColumnKind::Integer, false, |row| Some(-row / 3));
    add("constant", ColumnKind::Integer, false, |_| Some(-7));
    add("any", ColumnKind::Integer, false, |row| Some(drawn(row)));
    add("of_every_width", ColumnKind::Integer, false, |row| Some(drawn(row) >> (row / 100 % 64)));
    add("extreme", ColumnKind::Integer, true, |row| match row % 3 {
        0 => Some(i64::MIN),
        1 => Some(i64::MAX),
        _ => None,
    });
    add("few", ColumnKind::Money(4), false, |row| Some(drawn(row) % 1000 * 123_457));
    add("two", ColumnKind::Integer, false, |row| Some(drawn(row) & 1));
    add("sparse", ColumnKind::Money(2), true, |row| {
        Some(if drawn(row) % 40 == 0 { drawn(row) % 70_000 } else { 0 })
    });
    add("largest", ColumnKind::Volume(18), true, |row| Some(drawn(row) % 1_000_000_000_000_000_000));
    add("absent", ColumnKind::Money(4), true, |_| None);
    add("rare", ColumnKind::Integer, true, |row| (row % 777 == 5).then_some(row));
    add("late", ColumnKind::Integer, true, |row| (row >= 40_000).then(|| drawn(row) % 5));
    add("half", ColumnKind::Volume(3), true, |row| (drawn(row) % 2 == 0).then(|| drawn(row) % 9_999_999));
    add("day", ColumnKind::Date, true, |row| (row % 11 != 0).then(|| drawn(row) % 700_000));
    add("first_day", ColumnKind::Date, false, |row| Some(19_000 + row / 1000));
    add("instant", ColumnKind::Timestamp, true, |row| {
        (row % 3 != 0).then(|| drawn(row) % 60_000_000_000_000_000)
    });
    add("second", ColumnKind::Timestamp, false, |row| Some(1_700_000_000_000_000 + row * 1_000_000));
    sheet
}

fn array(kind: ColumnKind, values: Vec<Option<i64>>) -> ArrayRef {
    match kind {
        ColumnKind::Money(scale) | ColumnKind::Volume(scale) => {
            let scale = i8::try_from(scale).expect("few digits");
            let array = Decimal64Array::from(values).with_precision_and_scale(18, scale);
            Arc::new(array.expect("few digits"))
        }
        ColumnKind::Date => {
            let days = values.into_iter().map(|day| day.map(|day| i32::try_from(day).expect("a near day")));
            Arc::new(days.collect::<Date32Array>())
        }
        ColumnKind::Timestamp => Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")),
        _ => Arc::new(Int64Array::from(values)),
    }
}

/// A number without a pattern, the same for the row in every run (SplitMix64).
fn drawn(row: i64) -> i64 {
    let state = row.cast_unsigned().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31).cast_signed()
}
