//! Widening of column types: files of one source may hold a column in different types, as long as one of these holds
//! every value of the others. What would lose a digit, a zone or a meaning is refused.

use super::column::kind_of_type as kind_of;
use super::node::{Format, Kind};
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Date32Type, Int64Type};
use std::sync::Arc;

/// Whether columns of both types are read as the same kind of value, so that nothing has to be converted: integers of
/// any width, texts however they are encoded, instants of any unit and zone.
pub(crate) fn are_read_alike(a: &DataType, b: &DataType) -> bool {
    a == b || matches!((kind_of(a), kind_of(b)), (Ok(a), Ok(b)) if a == b)
}

/// The kind of value that a column of this type is read as, the same for types that are read alike.
pub(crate) fn kind_words(data_type: &DataType) -> String {
    format!("{:?}", kind_of(data_type))
}

/// The wider of two column types; none if neither holds all values of the other.
///
/// The order of more than two types does not matter: the widest of them is the same, or there is none.
pub(crate) fn wider<'t>(a: &'t DataType, b: &'t DataType) -> Option<&'t DataType> {
    if are_read_alike(a, b) {
        return Some(a);
    }
    match (kind_of(a).ok()?, kind_of(b).ok()?) {
        (Kind::Null, _) => Some(b),
        (_, Kind::Null) => Some(a),
        (Kind::Number(x), Kind::Number(y)) => Some(if x.scale >= y.scale { a } else { b }),
        // pandas makes a column of integers one of doubles as soon as a value is missing.
        (Kind::Float, Kind::Number(Format::INTEGER)) => Some(a),
        (Kind::Number(Format::INTEGER), Kind::Float) => Some(b),
        // Midnight of the wall clock; of an instant it would depend on the zone.
        (Kind::Date, Kind::Instant { zoned: false }) => Some(b),
        (Kind::Instant { zoned: false }, Kind::Date) => Some(a),
        _ => None,
    }
}

/// A column in the kind of a wider type.
///
/// # Errors
/// Integers that a double does not hold, or values where the narrower type promised none.
pub(crate) fn widened(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    if are_read_alike(column.data_type(), to) {
        return Ok(Arc::clone(column));
    }
    if column.logical_null_count() == column.len() {
        return Ok(new_null_array(to, column.len()));
    }
    match (kind_of(column.data_type())?, kind_of(to)?) {
        (Kind::Number(_), Kind::Number(format)) => to_scale(column, format.scale),
        (Kind::Number(_), Kind::Float) => to_doubles(column),
        (Kind::Date, Kind::Instant { .. }) => to_midnights(column),
        _ => {
            Err(format!("is {} and holds values, expected only nulls by its statistics", column.data_type()))
        }
    }
}

/// Decimals with more digits after the point. Past 38 digits they are held in 256 bits, where a row that is no longer
/// an amount of money is an overflow like any other.
fn to_scale(column: &ArrayRef, scale: u8) -> Result<ArrayRef, String> {
    let scale = scale.cast_signed();
    exactly(column, &DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale))
        .or_else(|_| exactly(column, &DataType::Decimal256(DECIMAL256_MAX_PRECISION, scale)))
}

fn to_doubles(column: &ArrayRef) -> Result<ArrayRef, String> {
    const EXACT: u64 = 1 << 53;
    let integers = exactly(column, &DataType::Int64)?;
    let values = integers.as_primitive::<Int64Type>().iter().flatten();
    match values.into_iter().find(|value| value.unsigned_abs() > EXACT) {
        None => exactly(&integers, &DataType::Float64),
        Some(value) => Err(format!(
            "holds {value} as an integer, which is not exact as the double of other files; write the column in one type"
        )),
    }
}

fn to_midnights(column: &ArrayRef) -> Result<ArrayRef, String> {
    let days = exactly(column, &DataType::Date32)?;
    let midnight = |day: i32| i64::from(day).saturating_mul(crate::units::MICROS_PER_DAY);
    let midnights: TimestampMicrosecondArray = days.as_primitive::<Date32Type>().unary(midnight);
    Ok(Arc::new(midnights))
}

fn exactly(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, to, &options).map_err(|fault| fault.to_string())
}

/// How many samples of a type there are.
pub(crate) const SAMPLES: usize = 2;

/// One value of a type, to try an expression on; a null where the type has no plain value.
pub(crate) fn sample(data_type: &DataType, number: usize) -> ArrayRef {
    let (text, integer) = [("1", 1), ("2024-01-31", 2)][number];
    let plain: ArrayRef = match kind_of(data_type) {
        Ok(Kind::Text) => Arc::new(StringArray::from(vec![text])),
        Ok(Kind::Date) => Arc::new(Date32Array::from(vec![integer])),
        Ok(Kind::Instant { .. }) => {
            // As integers, which become instants of any zone.
            Arc::new(Int64Array::from(vec![i64::from(integer)]))
        }
        _ => Arc::new(Int64Array::from(vec![i64::from(integer)])),
    };
    cast(&plain, data_type).unwrap_or_else(|_| new_null_array(data_type, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Decimal128Array, Float64Array, NullArray};
    use arrow::datatypes::TimeUnit;

    fn text(name: &str) -> DataType {
        name.parse().unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }

    #[test]
    fn the_wider_type_holds_every_value_of_the_other() {
        for (a, b, expected) in [
            ("Int32", "Int64", Some("Int32")), // read alike
            ("UInt8", "Int64", Some("UInt8")),
            ("UInt64", "Decimal128(38, 2)", Some("Decimal128(38, 2)")),
            ("Decimal64(9, 2)", "Decimal128(38, 2)", Some("Decimal64(9, 2)")),
            ("Decimal64(9, 2)", "Decimal64(18, 4)", Some("Decimal64(18, 4)")),
            ("Float32", "Float64", Some("Float32")),
            ("Int32", "Float64", Some("Float64")),
            ("Decimal64(9, 2)", "Float64", None),
            ("Utf8", "LargeUtf8", Some("Utf8")),
            ("Utf8", "Int64", None),
            ("Boolean", "Int64", None),
            ("Date32", "Date64", Some("Date32")),
            ("Null", "Utf8", Some("Utf8")),
            ("Null", "Date64", Some("Date64")),
        ] {
            let (a, b) = (text(a), text(b));
            let expected = expected.map(text);
            assert_eq!(wider(&a, &b), expected.as_ref(), "{a} and {b}");
            let back = wider(&b, &a).is_some_and(|found| are_read_alike(found, expected.as_ref().unwrap()));
            assert_eq!(back, expected.is_some(), "{b} and {a}");
        }
    }

    #[test]
    fn instants_widen_over_units_and_zones_and_never_to_wall_time() {
        let at = |unit, zone: Option<&str>| DataType::Timestamp(unit, zone.map(Into::into));
        let (wall, utc) = (at(TimeUnit::Nanosecond, None), at(TimeUnit::Millisecond, Some("UTC")));
        let berlin = at(TimeUnit::Microsecond, Some("Europe/Berlin"));
        assert!(are_read_alike(&utc, &berlin) && are_read_alike(&wall, &at(TimeUnit::Second, None)));
        assert_eq!(wider(&wall, &utc), None);
        assert_eq!(wider(&DataType::Date32, &wall), Some(&wall));
        assert_eq!(wider(&DataType::Date32, &utc), None);
    }

    #[test]
    fn widened_values_are_the_same_values() {
        let ints = || Arc::new(Int64Array::from(vec![Some(7), None, Some(-3)])) as ArrayRef;
        let cents = Decimal128Array::from(vec![Some(700), None, Some(-300)]);
        let cents = cents.with_precision_and_scale(38, 2).unwrap();
        let decimal = DataType::Decimal64(9, 2);
        assert_eq!(widened(&ints(), &decimal).unwrap().as_ref(), &cents as &dyn Array);
        let doubles = Float64Array::from(vec![Some(7.0), None, Some(-3.0)]);
        assert_eq!(widened(&ints(), &DataType::Float64).unwrap().as_ref(), &doubles as &dyn Array);
        let days = Arc::new(Date32Array::from(vec![Some(1), Some(i32::MAX), None])) as ArrayRef;
        let wall = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let midnights = TimestampMicrosecondArray::from(vec![Some(86_400_000_000), Some(i64::MAX), None]);
        assert_eq!(widened(&days, &wall).unwrap().as_ref(), &midnights as &dyn Array);
        let nulls = Arc::new(NullArray::new(2)) as ArrayRef;
        assert_eq!(
            widened(&nulls, &DataType::Utf8).unwrap().as_ref(),
            &StringArray::new_null(2) as &dyn Array
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_told() {
        let odd = Arc::new(Int64Array::from(vec![(1 << 53) + 1])) as ArrayRef;
        assert!(widened(&odd, &DataType::Float64).unwrap_err().contains("9007199254740993"));
        let texts = Arc::new(StringArray::from(vec!["x"])) as ArrayRef;
        assert!(widened(&texts, &DataType::Int64).unwrap_err().contains("expected only nulls"));
    }

    #[test]
    fn there_is_a_sample_of_every_kind() {
        for name in ["Int8", "UInt64", "Decimal128(38, 10)", "Float32", "Boolean", "Utf8", "Date32", "Date64"]
        {
            let data_type = text(name);
            for number in 0..SAMPLES {
                let sample = sample(&data_type, number);
                assert_eq!((sample.data_type(), sample.len(), sample.null_count()), (&data_type, 1, 0));
            }
        }
    }
}
