//! Every node over one small batch, against what SQL gives.

mod columns;
mod exact;
mod faults;
mod names;
mod zones;

use super::*;
use crate::pipeline::sql::parse_scalar;
use crate::units::format_fixed;
use arrow::array::RecordBatch;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use chrono_tz::Tz;
use std::collections::BTreeMap;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// Four rows; every column is null in the third.
fn sample() -> RecordBatch {
    let money =
        Decimal128Array::from(vec![Some(150), Some(-225), None, Some(1)]).with_precision_and_scale(10, 2);
    let words: DictionaryArray<Int32Type> =
        [Some("web"), Some("shop"), None, Some("web")].into_iter().collect();
    let days = Date32Array::from(vec![Some(0), Some(19_782), None, Some(-1)]);
    let times = [Some(0), Some(1_709_251_199_000_000), None, Some(-1)];
    batch(vec![
        ("n", Arc::new(Int64Array::from(vec![Some(2), Some(-3), None, Some(0)]))),
        ("money", Arc::new(money.unwrap())),
        ("f", Arc::new(Float64Array::from(vec![Some(0.5), Some(-2.5), None, Some(f64::NAN)]))),
        ("truth", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        ("text", Arc::new(StringArray::from(vec![Some("Ada"), Some("bob"), None, Some("a%")]))),
        ("channel", Arc::new(words)),
        ("day", Arc::new(days)),
        ("at", Arc::new(TimestampMicrosecondArray::from(times.to_vec()))),
        ("instant", Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC"))),
    ])
}

fn bound(sql: &str, batch: &RecordBatch, zone: Tz) -> Bound {
    let expr = parse_scalar(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    bind(&expr, &batch.schema(), &BTreeMap::new(), zone).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Each row as text: the number, `null`, or the fault.
fn shown(fixed: &Fixed, scale: u8) -> Vec<String> {
    let show = |row: usize| {
        let value = fixed.values[row];
        assert!(value.abs() <= fixed.max_abs, "{value} is above the bound {}", fixed.max_abs);
        let fault = fixed.faults.iter().find(|(at, _)| *at as usize == row);
        let is_null = fixed.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        assert!(value == 0 || fault.is_none() && !is_null, "a null or faulty row holds 0");
        match fault {
            Some((_, fault)) => fault.reason(),
            None if is_null => "null".to_owned(),
            None => format_fixed(i128::from(value), scale),
        }
    };
    (0..fixed.values.len()).map(show).collect()
}

fn check_fixed(batch: &RecordBatch, cases: &[(&str, u8, &[&str])]) {
    for (sql, scale, expected) in cases {
        let fixed = bound(sql, batch, Tz::UTC).fixed(&Rows::of(batch), *scale).unwrap();
        assert_eq!(shown(&fixed, *scale), *expected, "{sql} at scale {scale}");
    }
}

#[test]
fn numbers_are_exact_and_round_once() {
    check_fixed(
        &sample(),
        &[
            ("n", 0, &["2", "-3", "null", "0"]),
            ("n", 2, &["2.00", "-3.00", "null", "0.00"]),
            ("money", 2, &["1.50", "-2.25", "null", "0.01"]),
            ("money", 4, &["1.5000", "-2.2500", "null", "0.0100"]),
            ("money", 1, &["1.5", "-2.3", "null", "0.0"]),
            ("money", 0, &["2", "-2", "null", "0"]),
            ("-money", 2, &["-1.50", "2.25", "null", "-0.01"]),
            ("abs(money)", 2, &["1.50", "2.25", "null", "0.01"]),
            ("abs(f)", 1, &["0.5", "2.5", "null", "not finite"]),
            ("n + money", 2, &["3.50", "-5.25", "null", "0.01"]),
            ("n - money", 2, &["0.50", "-0.75", "null", "-0.01"]),
            ("n * money", 2, &["3.00", "6.75", "null", "0.00"]),
            ("money * money", 4, &["2.2500", "5.0625", "null", "0.0001"]),
            ("money * money", 3, &["2.250", "5.063", "null", "0.000"]),
            ("n * money * 0.5", 1, &["1.5", "3.4", "null", "0.0"]),
            ("money / 100", 4, &["0.0150", "-0.0225", "null", "0.0001"]),
            ("money / 100 * 100", 2, &["1.50", "-2.25", "null", "0.01"]),
            ("money / 3", 4, &["0.5000", "-0.7500", "null", "0.0033"]),
            ("money / -0.8", 3, &["-1.875", "2.813", "null", "-0.013"]),
            ("n / 3 * 3", 9, &["2.000000000", "-3.000000000", "null", "0.000000000"]),
            ("n / 3 + n / 7", 2, &["0.95", "-1.43", "null", "0.00"]),
            ("n / 6", 0, &["0", "-1", "null", "0"]),
            ("1 / 2", 0, &["1", "1", "1", "1"]),
            ("-1 / 2", 0, &["-1", "-1", "-1", "-1"]),
            ("1e3 * n", 0, &["2000", "-3000", "null", "0"]),
            ("null", 2, &["null", "null", "null", "null"]),
            ("null + n", 2, &["null", "null", "null", "null"]),
            ("truth", 1, &["1.0", "0.0", "null", "1.0"]),
        ],
    );
}

#[test]
fn floats_round_half_away_from_zero_and_name_what_is_not_finite() {
    check_fixed(
        &sample(),
        &[
            ("f", 1, &["0.5", "-2.5", "null", "not finite"]),
            ("f", 0, &["1", "-3", "null", "not finite"]),
            ("f * n", 0, &["1", "8", "null", "not finite"]),
            ("f + money", 2, &["2.00", "-4.75", "null", "not finite"]),
            ("f / 5", 1, &["0.1", "-0.5", "null", "not finite"]),
            ("n * 0.1 + f * 0", 2, &["0.20", "-0.30", "null", "not finite"]),
        ],
    );
    let extremes = [f64::INFINITY, f64::NEG_INFINITY, 1e18, -1e300, 9.99e17, 0.499_999_999_999_999_94, -0.5];
    let batch = batch(vec![("f", Arc::new(Float64Array::from(extremes.to_vec())))]);
    let expected: [&str; 7] =
        ["not finite", "not finite", "overflow", "overflow", "999000000000000000", "0", "-1"];
    check_fixed(&batch, &[("f", 0, &expected)]);
}

#[test]
fn only_rows_that_do_not_fit_in_the_end_overflow() {
    let large = 4_000_000_000_000_000_000;
    let numbers = Int64Array::from(vec![Some(large), Some(i64::MIN), Some(i64::MAX), Some(7), None]);
    let batch = batch(vec![("n", Arc::new(numbers))]);
    let overflow = "overflow";
    check_fixed(
        &batch,
        &[
            ("n", 0, &[overflow, overflow, overflow, "7", "null"]),
            (
                "n * n / 1000000000 / 1000000000 / 1000",
                0,
                &["16000000000000000", "85070591730234616", "85070591730234616", "0", "null"],
            ),
            ("n - n", 0, &["0", "0", "0", "0", "null"]),
            ("n * 4 / 1000", 3, &[overflow, overflow, overflow, "0.028", "null"]),
            ("n / 1000", 0, &["4000000000000000", "-9223372036854776", "9223372036854776", "0", "null"]),
            ("abs(n) / 1000", 0, &["4000000000000000", "9223372036854776", "9223372036854776", "0", "null"]),
            ("-n / 1000", 0, &["-4000000000000000", "9223372036854776", "-9223372036854776", "0", "null"]),
            ("n * n * n", 0, &[overflow, overflow, overflow, "343", "null"]),
            ("case when n < 10 and n > 0 then n * n * n else 0 end", 0, &["0", "0", "0", "343", "0"]),
            ("coalesce(n * n * n, 1)", 0, &[overflow, overflow, overflow, "343", "1"]),
            ("n * n * n * 0.5", 1, &[overflow, overflow, overflow, "171.5", "null"]),
        ],
    );
}

#[test]
fn conditions_follow_sqls_three_values() {
    let batch = sample();
    // T holds, F does not, and null counts as F; `is null` tells the two apart.
    for (sql, expected) in [
        ("n > 0", "TFFF"),
        ("n >= 0", "TFFT"),
        ("n <> 2", "FTFT"),
        ("n = 2.0", "TFFF"),
        ("money < 0.005", "FTFF"),
        ("money >= n", "FTFT"),
        ("money <= 0.01", "FTFT"),
        ("f > 100", "FFFT"),
        ("f = f", "TTFT"),
        ("f < 0", "FTFF"),
        ("f = 0.5", "TFFF"),
        ("n = f", "FFFF"),
        ("not n > 0", "FTFT"),
        ("not (n > 0 or n is null)", "FTFT"),
        ("n > 0 or true", "TTTT"),
        ("n > 0 and false", "FFFF"),
        ("(n > 0 and true) is null", "FFTF"),
        ("(n > 0 and false) is null", "FFFF"),
        ("(null or true) is null", "FFFF"),
        ("n is null", "FFTF"),
        ("n is not null", "TTFT"),
        ("null is null", "TTTT"),
        ("truth", "TFFT"),
        ("not truth", "FTFF"),
        ("truth = false", "FTFF"),
        ("n between -3 and 0", "FTFT"),
        ("n not between -3 and 0", "TFFF"),
        ("n in (2, 0)", "TFFT"),
        ("n in (2.5, -3.0)", "FTFF"),
        ("n not in (2, 0)", "FTFF"),
        ("n in (2, null)", "TFFF"),
        ("n not in (2, null)", "FFFF"),
        ("f in (0.5)", "TFFF"),
        ("text = 'Ada'", "TFFF"),
        ("'Ada' = text", "TFFF"),
        ("text < 'a'", "TFFF"),
        ("'a' < text", "FTFT"),
        ("text <> 'Ada'", "FTFT"),
        ("text in ('Ada', 'a%')", "TFFT"),
        ("text like 'A%'", "TFFF"),
        ("text ilike 'a%'", "TFFT"),
        ("text not ilike 'a%'", "FTFF"),
        ("text like '_ob'", "FTFF"),
        ("text like 'a\\%'", "FFFF"),
        ("channel = 'web'", "TFFT"),
        ("channel <> 'web'", "FTFF"),
        ("channel in ('web', 'phone')", "TFFT"),
        ("channel not in ('web')", "FTFF"),
        ("channel not in ('web', null)", "FFFF"),
        ("channel like 's%'", "FTFF"),
        ("channel = text", "FFFF"),
        ("channel > text", "TTFT"),
        ("channel is null", "FFTF"),
        ("'a' = 'a'", "TTTT"),
        ("day = date '2024-02-29'", "FTFF"),
        ("day < date '1970-01-01'", "FFFT"),
        ("at >= date '2024-02-29'", "FTFF"),
        ("at = timestamp '2024-02-29 23:59:59'", "FTFF"),
        ("day >= at", "TFFF"),
        ("day in (date '1969-12-31', null)", "FFFT"),
        ("cast(at as date) = day", "TTFT"),
        ("null", "FFFF"),
        ("case when n > 0 then truth when n < 0 then null else false end", "TFFF"),
        ("coalesce(truth, true)", "TFTT"),
    ] {
        let truth = bound(sql, &batch, Tz::UTC).truth(&Rows::of(&batch)).unwrap().value;
        let found: String = truth.iter().map(|holds| if holds { 'T' } else { 'F' }).collect();
        assert_eq!(found, expected, "{sql}");
    }
}

#[test]
fn the_first_branch_that_holds_and_the_first_value_that_is_not_null_win() {
    check_fixed(
        &sample(),
        &[
            ("case when n > 0 then 1 when n > -9 then 2 else 3 end", 0, &["1", "2", "3", "2"]),
            ("case when n > 0 then money end", 2, &["1.50", "null", "null", "null"]),
            ("case n when 2 then 0.5 when 0 then n else money end", 2, &["0.50", "-2.25", "null", "0.00"]),
            ("case when truth then f else n end", 1, &["0.5", "-3.0", "null", "not finite"]),
            ("case when n < 0 then f else 0 end", 1, &["0.0", "-2.5", "0.0", "0.0"]),
            ("coalesce(money, n, 7)", 2, &["1.50", "-2.25", "7.00", "0.01"]),
            ("coalesce(null, n)", 0, &["2", "-3", "null", "0"]),
            ("coalesce(n / 3, 1)", 2, &["0.67", "-1.00", "1.00", "0.00"]),
        ],
    );
}

#[test]
fn date_parts_count_as_sql_does() {
    check_fixed(
        &sample(),
        &[
            ("year(day)", 0, &["1970", "2024", "null", "1969"]),
            ("quarter(day)", 0, &["1", "1", "null", "4"]),
            ("month(day)", 0, &["1", "2", "null", "12"]),
            ("extract(day from day)", 0, &["1", "29", "null", "31"]),
            ("dayofweek(day)", 0, &["4", "4", "null", "3"]),
            ("hour(day)", 0, &["0", "0", "null", "0"]),
            ("hour(at)", 0, &["0", "23", "null", "23"]),
            ("date_part('month', at)", 0, &["1", "2", "null", "12"]),
            ("year(instant) * 100 + month(instant)", 0, &["197001", "202402", "null", "196912"]),
        ],
    );
}

#[test]
fn civil_days_are_those_of_the_calendar() {
    for day in (-30_000..90_000).step_by(17) {
        let batch = batch(vec![("day", Arc::new(Date32Array::from(vec![day])))]);
        let fixed = bound("year(day) * 10000 + month(day) * 100 + extract(day from day)", &batch, Tz::UTC)
            .fixed(&Rows::of(&batch), 0)
            .unwrap();
        let (year, month, day) = crate::units::Day(day).ymd();
        assert_eq!(fixed.values[0], i64::from(year) * 10_000 + i64::from(month * 100 + day));
    }
}

#[test]
fn a_number_leaves_room_for_the_digits_it_will_have() {
    let most = 99_999_999_999_999;
    let batch = batch(vec![("n", Arc::new(Int64Array::from(vec![most, most + 1, -most, -most - 1])))]);
    let fixed = bound("n", &batch, Tz::UTC).fixed_with_room(&Rows::of(&batch), 0, 4).unwrap();
    assert_eq!(fixed.values[..], [most, 0, -most, 0]);
    assert_eq!(fixed.faults, [(1, Fault::Overflow), (3, Fault::Overflow)]);
}
