//! Every column type a file may hold, as numbers and as keys.

use super::*;
use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::{DataType, i256};

#[test]
fn every_width_of_integer_and_decimal_reads_alike() {
    let numbers = Int64Array::from(vec![Some(7), None, Some(120)]);
    for data_type in [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal32(9, 2),
        DataType::Decimal64(18, 2),
        DataType::Decimal128(38, 2),
        DataType::Decimal256(76, 2),
        DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Int64)),
    ] {
        let batch = batch(vec![("n", cast(&numbers, &data_type).unwrap())]);
        let fixed = bound("n", &batch, Tz::UTC).fixed(&Rows::of(&batch), 1).unwrap();
        assert_eq!(shown(&fixed, 1), ["7.0", "null", "120.0"], "{data_type}");
    }
}

#[test]
fn a_bare_column_at_its_own_scale_is_not_copied() {
    let numbers = Int64Array::from(vec![1, 2, 3]);
    let address = numbers.values().as_ptr();
    let batch = batch(vec![("n", Arc::new(numbers))]);
    assert_eq!(bound("n", &batch, Tz::UTC).fixed(&Rows::of(&batch), 0).unwrap().values.as_ptr(), address);
}

#[test]
fn integers_past_64_bits_overflow_only_where_they_stay_large() {
    let unsigned = UInt64Array::from(vec![u64::MAX, 1]);
    let large = i256::from_i128(i128::MAX).wrapping_mul(i256::from_i128(1_000));
    let decimals =
        Decimal256Array::from(vec![large, i256::from_i128(250)]).with_precision_and_scale(76, 2).unwrap();
    let batch = batch(vec![("u", Arc::new(unsigned)), ("d", Arc::new(decimals))]);
    check_fixed(
        &batch,
        &[
            ("u", 0, &["overflow", "1"]),
            ("u / 1000", 0, &["18446744073709552", "0"]),
            ("d", 2, &["overflow", "2.50"]),
            ("d * 0", 2, &["overflow", "0.00"]),
            ("case when d > 0 then 1 else 0 end", 0, &["overflow", "1"]),
            ("d * 1.5 + u * 0.0", 2, &["overflow", "3.75"]),
        ],
    );
}

#[test]
fn unsupported_types_are_named_when_bound() {
    let duration = DurationSecondArray::from(vec![1]);
    let batch = batch(vec![("raw", Arc::new(duration))]);
    let error = bind(&parse_scalar("raw").unwrap(), &batch.schema(), &BTreeMap::new(), Tz::UTC).unwrap_err();
    assert!(error.message.starts_with("column 'raw' is Duration"), "{error}");
    assert!(error.message.contains("which is not supported"), "{error}");
}

fn int_keys(sql: &str, batch: &RecordBatch) -> (Vec<i64>, Vec<bool>) {
    match bound(sql, batch, Tz::UTC).keys(&Rows::of(batch)).unwrap().value {
        KeyColumn::Int { values, nulls } => {
            let nulls = (0..values.len()).map(|row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)));
            (values.to_vec(), nulls.collect())
        }
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn whole_numbers_days_times_and_conditions_are_integer_keys() {
    let batch = batch(vec![
        ("n", Arc::new(Int32Array::from(vec![Some(5), None, Some(-1)]))),
        ("f", Arc::new(Float64Array::from(vec![Some(17_850.0), None, Some(-1.0)]))),
        (
            "d",
            Arc::new(
                Decimal128Array::from(vec![Some(5), None, Some(1)]).with_precision_and_scale(20, 0).unwrap(),
            ),
        ),
        ("day", Arc::new(Date32Array::from(vec![Some(3), None, Some(0)]))),
        ("truth", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
    ]);
    let middle = vec![false, true, false];
    for (sql, expected) in [
        ("n", [5, 0, -1]),
        ("f", [17_850, 0, -1]),
        ("d", [5, 0, 1]),
        ("day", [3, 0, 0]),
        ("truth", [1, 0, 0]),
    ] {
        assert_eq!(int_keys(sql, &batch), (expected.to_vec(), middle.clone()), "{sql}");
    }
    assert_eq!(int_keys("null", &batch).1, [true; 3]);
}

#[test]
fn keys_past_63_bits_stop_the_run_with_the_way_out() {
    let batch = batch(vec![("u", Arc::new(UInt64Array::from(vec![u64::MAX, 7])))]);
    let error = bound("u", &batch, Tz::UTC).keys(&Rows::of(&batch)).unwrap_err().to_string();
    assert!(error.contains("a key of 18446744073709551615 has more than 63 bits"), "{error}");
    assert!(error.contains("cast(... as varchar)"), "{error}");
    let keys = bound("cast(u as varchar)", &batch, Tz::UTC).keys(&Rows::of(&batch)).unwrap().value;
    assert_eq!(texts(keys).1, [Some("18446744073709551615".to_owned()), Some("7".to_owned())]);
}

/// The texts of a key column, row by row.
fn texts(column: KeyColumn) -> (bool, Vec<Option<String>>) {
    match column {
        KeyColumn::PlainText(texts) => (false, texts.iter().map(|text| text.map(str::to_owned)).collect()),
        KeyColumn::Text { dictionary, codes, nulls } => {
            let text = |(row, code): (usize, &i32)| {
                let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                (!null).then(|| dictionary.value(usize::try_from(*code).unwrap()).to_owned())
            };
            (true, codes.iter().enumerate().map(text).collect())
        }
        KeyColumn::Int { .. } => panic!("not text"),
    }
}

#[test]
fn dictionaries_stay_dictionaries() {
    let batch = sample();
    let some = |texts: [&str; 4]| texts.map(|text| Some(text.to_owned())).to_vec();
    for (sql, coded, expected) in [
        ("coalesce(channel, 'none')", true, some(["web", "shop", "none", "web"])),
        (
            "case when channel = 'web' then 'online' else 'else' end",
            true,
            some(["online", "else", "else", "online"]),
        ),
        ("coalesce(text, channel, '-')", false, some(["Ada", "bob", "-", "a%"])),
        ("'all'", true, some(["all"; 4])),
    ] {
        let found = texts(bound(sql, &batch, Tz::UTC).keys(&Rows::of(&batch)).unwrap().value);
        assert_eq!(found, (coded, expected), "{sql}");
    }
    let channel = texts(bound("channel", &batch, Tz::UTC).keys(&Rows::of(&batch)).unwrap().value);
    assert_eq!(channel.1, [Some("web".to_owned()), Some("shop".to_owned()), None, Some("web".to_owned())]);
}

#[test]
fn every_kind_of_text_column_reads_alike() {
    let plain = StringArray::from(vec![Some("a"), None, Some("b"), Some("a")]);
    let with_null_entry = DictionaryArray::new(
        Int8Array::from(vec![Some(0), Some(1), Some(2), Some(0)]),
        Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])) as ArrayRef,
    );
    let dictionary = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    for array in [
        Arc::new(plain.clone()) as ArrayRef,
        cast(&plain, &DataType::LargeUtf8).unwrap(),
        cast(&plain, &DataType::Utf8View).unwrap(),
        cast(&plain, &dictionary(DataType::UInt8)).unwrap(),
        cast(&plain, &dictionary(DataType::Int64)).unwrap(),
        Arc::new(with_null_entry),
    ] {
        let batch = batch(vec![("t", array)]);
        let found = texts(bound("t", &batch, Tz::UTC).keys(&Rows::of(&batch)).unwrap().value).1;
        assert_eq!(found, [Some("a".to_owned()), None, Some("b".to_owned()), Some("a".to_owned())]);
        let truth = bound("t <> 'b'", &batch, Tz::UTC).truth(&Rows::of(&batch)).unwrap().value;
        assert_eq!(truth.iter().collect::<Vec<_>>(), [true, false, false, true]);
    }
}

#[test]
fn a_batch_without_rows_gives_nothing() {
    let batch = sample().slice(0, 0);
    assert_eq!(bound("n * money / 3", &batch, Tz::UTC).fixed(&Rows::of(&batch), 4).unwrap().values.len(), 0);
    assert_eq!(bound("channel = 'web'", &batch, Tz::UTC).truth(&Rows::of(&batch)).unwrap().value.len(), 0);
    assert_eq!(
        bound("instant", &batch, Tz::Europe__Berlin).instants(&Rows::of(&batch)).unwrap().days.len(),
        0
    );
}

#[test]
fn a_slice_of_a_batch_gives_the_same_rows() {
    let batch = sample();
    let slice = batch.slice(1, 3);
    for sql in ["case when truth then money else n end", "coalesce(n * money, 1)", "f", "n"] {
        let whole = shown(&bound(sql, &batch, Tz::UTC).fixed(&Rows::of(&batch), 3).unwrap(), 3);
        let part = shown(&bound(sql, &slice, Tz::UTC).fixed(&Rows::of(&slice), 3).unwrap(), 3);
        assert_eq!(whole[1..], part, "{sql}");
    }
    let truth = bound("channel = 'web' or n < 0", &slice, Tz::UTC).truth(&Rows::of(&slice)).unwrap().value;
    assert_eq!(truth.iter().collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn predicates_are_alike_on_dictionaries_of_any_size() {
    for distinct in [1, 3, 64, 65, 200] {
        let text = |row: usize| (!row.is_multiple_of(7)).then(|| format!("t{}", row % distinct));
        let plain: ArrayRef = Arc::new((0..500).map(text).collect::<StringArray>());
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let coded = cast(&plain, &dictionary).unwrap();
        for sql in
            ["t = 't1'", "t <> 't2'", "t in ('t1', 't70')", "t like 't1%'", "t is null", "not t = 't1'"]
        {
            let truth = |array: &ArrayRef| {
                let batch = batch(vec![("t", array.clone())]);
                bound(sql, &batch, Tz::UTC).truth(&Rows::of(&batch)).unwrap().value
            };
            assert_eq!(truth(&coded), truth(&plain), "{sql}, {distinct} texts");
        }
    }
}
