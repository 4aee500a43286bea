//! Casts, divisions and keys that fail for a row: reported with the value, unless the result is known without it.

use super::*;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use std::collections::HashMap;

/// Four rows: numbers, text that is a number, a date, or neither.
fn rows() -> RecordBatch {
    batch(vec![
        ("n", Arc::new(Int64Array::from(vec![Some(6), Some(0), None, Some(-4)]))),
        (
            "money",
            Arc::new(Decimal128Array::from(vec![100, 250, -300, 7]).with_precision_and_scale(9, 2).unwrap()),
        ),
        ("text", Arc::new(StringArray::from(vec![Some("12.5"), Some("x"), None, Some("300")]))),
        (
            "day",
            Arc::new(StringArray::from(vec![
                Some("2024-01-31"),
                Some("31.1.2024"),
                None,
                Some("2024-02-30"),
            ])),
        ),
        ("f", Arc::new(Float64Array::from(vec![Some(2.5), Some(1e30), None, Some(-0.5)]))),
    ])
}

#[test]
fn what_fails_in_a_row_is_told_with_its_value() {
    check_fixed(
        &rows(),
        &[
            ("cast(text as decimal(9, 2))", 2, &["12.50", "'x' is no decimal(9, 2)", "null", "300.00"]),
            ("cast(text as tinyint)", 0, &["13", "'x' is no tinyint", "null", "'300' is no tinyint"]),
            ("try_cast(text as tinyint)", 0, &["13", "null", "null", "null"]),
            ("cast(f as integer)", 0, &["2", "'1e+30' is no integer", "null", "0"]),
            ("cast(money as decimal(2, 1))", 1, &["1.0", "2.5", "-3.0", "0.1"]),
            ("cast(n * 30 as tinyint)", 0, &["'180' is no tinyint", "0", "null", "-120"]),
            (
                "year(cast(day as date))",
                0,
                &["2024", "'31.1.2024' is no date", "null", "'2024-02-30' is no date"],
            ),
            (
                "year(strptime(day, '%d.%m.%Y'))",
                0,
                &[
                    "'2024-01-31' is no time of the given format",
                    "2024",
                    "null",
                    "'2024-02-30' is no time of the given format",
                ],
            ),
            ("month(try_strptime(day, '%d.%m.%Y'))", 0, &["null", "1", "null", "null"]),
            (
                "day(make_date(2024, 2, n + 30))",
                0,
                &["'2024-2-36' is no date", "'2024-2-30' is no date", "null", "26"],
            ),
            ("money / n", 4, &["0.1667", "division by zero", "null", "-0.0175"]),
            ("money / nullif(n, 0)", 4, &["0.1667", "null", "null", "-0.0175"]),
            ("100 % n", 0, &["4", "division by zero", "null", "0"]),
            (
                "length(lpad(text, n, ''))",
                0,
                &["'12.5' is no text that can be filled to 6 characters with ''", "0", "null", "0"],
            ),
        ],
    );
}

#[test]
fn a_fault_that_the_result_does_not_need_does_no_harm() {
    let failed = "'x' is no integer";
    check_fixed(
        &rows(),
        &[
            ("case when text <> 'x' then cast(text as integer) else -1 end", 0, &["13", "-1", "-1", "300"]),
            ("coalesce(cast(text as integer), 0)", 0, &["13", failed, "0", "300"]),
            ("coalesce(n, cast(text as integer))", 0, &["6", "0", "null", "-4"]),
            ("case when cast(text as integer) > 20 then 1 else 0 end", 0, &["0", failed, "0", "1"]),
            (
                "case when n = 0 then 9 when cast(text as integer) > 20 then 1 else 0 end",
                0,
                &["0", "9", "0", "1"],
            ),
            ("case when n = 0 or cast(text as integer) > 20 then 1 else 0 end", 0, &["0", "1", "0", "1"]),
            ("case when n <> 0 and cast(text as integer) > 20 then 1 else 0 end", 0, &["0", "0", "0", "1"]),
            ("case when cast(text as integer) is null then 1 else 0 end", 0, &["0", failed, "1", "0"]),
            ("greatest(cast(text as integer), 20)", 0, &["20", failed, "20", "300"]),
        ],
    );
    let batch = rows();
    let truth = bound("cast(text as integer) > 20", &batch, Tz::UTC).truth(&Rows::of(&batch)).unwrap();
    assert_eq!(truth.value.iter().collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!(truth.faults, [(1, Fault::Cast("x".into(), "integer".into()))]);
}

#[test]
fn a_quotient_of_columns_is_an_exact_fraction_rounded_once() {
    let cents = [(201, 200), (1, 3), (2, 3), (-1, 6), (10, 4), (535, 200)];
    let over = Decimal128Array::from_iter_values(cents.iter().map(|(over, _)| *over));
    let under = Int64Array::from_iter_values(cents.iter().map(|(_, under)| *under));
    let batch =
        batch(vec![("x", Arc::new(over.with_precision_and_scale(9, 0).unwrap())), ("y", Arc::new(under))]);
    check_fixed(
        &batch,
        &[
            ("x / y", 2, &["1.01", "0.33", "0.67", "-0.17", "2.50", "2.68"]),
            ("x / y * y", 6, &["201.000000", "1.000000", "2.000000", "-1.000000", "10.000000", "535.000000"]),
            ("x / y + x / y", 3, &["2.010", "0.667", "1.333", "-0.333", "5.000", "5.350"]),
            ("x / y / 0.5", 3, &["2.010", "0.667", "1.333", "-0.333", "5.000", "5.350"]),
            ("1 / (x / y)", 3, &["0.995", "3.000", "1.500", "-6.000", "0.400", "0.374"]),
            ("round(x / y, 1) + floor(x / y) + ceil(x / y)", 1, &["4.0", "1.3", "1.7", "-1.2", "7.5", "7.7"]),
            ("abs(x / y) - 1 / 3", 3, &["0.672", "0.000", "0.333", "-0.167", "2.167", "2.342"]),
            ("case when x / y > 1 / 3 then 1 else 0 end", 0, &["1", "0", "1", "0", "1", "1"]),
            ("sign(x / y)", 0, &["1", "1", "1", "-1", "1", "1"]),
            ("cast(x / y as decimal(9, 2))", 2, &["1.01", "0.33", "0.67", "-0.17", "2.50", "2.68"]),
        ],
    );
}

fn keys(sql: &str, batch: &RecordBatch) -> (Vec<String>, Vec<String>) {
    let Checked { value, faults } = bound(sql, batch, Tz::UTC).keys(&Rows::of(batch)).unwrap();
    let text = |row: usize| match &value {
        KeyColumn::Int { values, nulls } => {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if is_null { "null".to_owned() } else { values[row].to_string() }
        }
        KeyColumn::PlainText(texts) if texts.is_null(row) => "null".to_owned(),
        KeyColumn::PlainText(texts) => texts.value(row).to_owned(),
        KeyColumn::Text { .. } => panic!("{sql} is no dictionary"),
    };
    let told = faults.iter().map(|(row, fault)| format!("{row}: {}", fault.reason())).collect();
    ((0..batch.num_rows()).map(text).collect(), told)
}

#[test]
fn keys_are_what_other_tools_write_by_default() {
    let oracle = Decimal128Array::from(vec![Some(170_000_000_000), None, Some(15_000_000_000)]);
    let bytes = BinaryArray::from(vec![Some(&b"a"[..]), None, Some(&b"\xff"[..])]);
    let batch = batch(vec![
        // pandas 2.2 turns a column of integers with a null into floats
        ("pandas", Arc::new(Float64Array::from(vec![Some(17_850.0), None, Some(1.5)]))),
        ("oracle", Arc::new(oracle.with_precision_and_scale(38, 10).unwrap())),
        ("bytes", Arc::new(bytes)),
        ("store", Arc::new(StringArray::from(vec![Some("A"), Some("B"), None]))),
    ]);
    for (sql, expected, told) in [
        ("pandas", ["17850", "null", "null"], &["2: a key of 1.5 is not a whole number"][..]),
        ("oracle", ["17", "null", "null"], &["2: a key of 1.5000000000 is not a whole number"]),
        ("bytes", ["a", "null", "null"], &["2: bytes that are no UTF-8 text"]),
        ("store || '-' || cast(oracle as bigint)", ["A-17", "null", "null"], &[]),
        ("concat(store, '-', cast(oracle as bigint))", ["A-17", "B-", "-2"], &[]),
    ] {
        let (found, faults) = keys(sql, &batch);
        assert_eq!(
            (&found[..], &faults[..]),
            (
                &expected.map(String::from)[..],
                &told.iter().map(|told| (*told).to_owned()).collect::<Vec<_>>()[..]
            ),
            "{sql}"
        );
    }
}

#[test]
fn a_uuid_is_text_and_sixteen_other_bytes_are_themselves() {
    let ids = FixedSizeBinaryArray::try_from_iter([[0x11_u8; 16], *b"abcdefghijklmnop"].into_iter()).unwrap();
    let extension = HashMap::from([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())]);
    for (metadata, expected) in [
        (extension, ["11111111-1111-1111-1111-111111111111", "61626364-6566-6768-696a-6b6c6d6e6f70"]),
        (
            HashMap::new(),
            [
                "\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}\u{11}",
                "abcdefghijklmnop",
            ],
        ),
    ] {
        let field = Field::new("id", DataType::FixedSizeBinary(16), false).with_metadata(metadata);
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(ids.clone())]).unwrap();
        assert_eq!(keys("id", &batch).0, expected);
    }
}
