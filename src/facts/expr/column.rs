//! File columns: which types are read, and how they are held.

use super::Fault;
use super::node::{Format, Kind};
use super::number::{Faults, Numbers, row_number};
use super::outcome::Outcome;
use super::text::Texts;
use super::value::Value;
use super::vector::{Values, Vector};
use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, PrimitiveArray, StringArray, StringBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};
use arrow::error::ArrowError;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// What a column of this type holds, or what is wrong with it.
pub(super) fn kind_of(field: &Field) -> Result<Kind, String> {
    kind_of_type(field.data_type())
}

pub(super) fn kind_of_type(data_type: &DataType) -> Result<Kind, String> {
    Ok(match data_type {
        DataType::Null => Kind::Null,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Number(Format::INTEGER),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            Kind::Number(Format::INTEGER)
        }
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => {
            match u8::try_from(*scale).map(|s| Format::decimal(s).checked()) {
                Ok(Some(format)) => Kind::Number(format),
                _ => {
                    return Err(format!(
                        "is {data_type}; expected a decimal with 0 to 35 digits after the point"
                    ));
                }
            }
        }
        DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Boolean => Kind::Bool,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Kind::Text
        }
        DataType::Dictionary(_, values) => return kind_of_type(values),
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(_, zone) => Kind::Instant { zoned: zone.is_some() },
        other => {
            let expected = "expected a number, text, a boolean, a date or a timestamp";
            return Err(format!("is {other}, which is not supported; {expected}"));
        }
    })
}

/// The mark of a UUID in the metadata of a field.
const UUID: (&str, &str) = ("ARROW:extension:name", "arrow.uuid");

/// A field of sixteen bytes, marked as a UUID.
pub(crate) fn as_uuid(field: &Field) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(UUID.0.to_owned(), UUID.1.to_owned());
    field.clone().with_metadata(metadata)
}

fn is_uuid(field: &Field) -> bool {
    field.data_type() == &DataType::FixedSizeBinary(16)
        && field.metadata().get(UUID.0).is_some_and(|name| name == UUID.1)
}

/// Reads a column of a type that `kind_of` knows.
pub(super) fn load(array: &ArrayRef, field: &Field) -> Result<Outcome, ArrowError> {
    match array.data_type() {
        DataType::FixedSizeBinary(_) if is_uuid(field) => {
            Ok(Value::Text(Texts::Plain(uuids(array.as_fixed_size_binary()))).into())
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            from_bytes(array)
        }
        DataType::Dictionary(_, values) if holds_bytes(values) => from_bytes(&cast(array, values)?),
        DataType::Decimal256(..) => {
            let (numbers, faults) = from_256_bits(array.as_primitive::<Decimal256Type>());
            Ok(Outcome::new(Value::Number(numbers), faults))
        }
        DataType::Dictionary(_, values) if !matches!(kind_of_type(values), Ok(Kind::Text)) => {
            load(&cast(array, values)?, field)
        }
        _ => Ok(loaded(array)?.into()),
    }
}

fn holds_bytes(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    )
}

/// Text without the mark of text, as many writers leave it out.
fn from_bytes(array: &ArrayRef) -> Result<Outcome, ArrowError> {
    let bytes = cast(array, &DataType::Binary)?;
    let bytes = bytes.as_binary::<i32>();
    if let Ok(texts) = StringArray::try_from_binary(bytes.clone()) {
        return Ok(Value::Text(Texts::Plain(texts)).into());
    }
    let mut texts = StringBuilder::new();
    let mut faults = Faults::new();
    for (row, value) in bytes.iter().enumerate() {
        let text = value.map(std::str::from_utf8);
        if let Some(Err(_)) = text {
            faults.push((row_number(row), Fault::NotText));
        }
        texts.append_option(text.and_then(Result::ok));
    }
    Ok(Outcome::new(Value::Text(Texts::Plain(texts.finish())), faults))
}

/// UUIDs as they are written: `00112233-4455-6677-8899-aabbccddeeff`.
fn uuids(array: &FixedSizeBinaryArray) -> StringArray {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 36);
    for value in array.iter() {
        text.clear();
        for (index, byte) in value.unwrap_or_default().iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        texts.append_option(value.is_some().then_some(text.as_str()));
    }
    texts.finish()
}

fn loaded(array: &ArrayRef) -> Result<Value, ArrowError> {
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Int8 => widened::<Int8Type>(array),
        DataType::Int16 => widened::<Int16Type>(array),
        DataType::Int32 => widened::<Int32Type>(array),
        DataType::Int64 => {
            let column = array.as_primitive::<Int64Type>();
            Value::Number(Numbers::narrow(Values::Each(column.values().clone()), nulls_of(column)))
        }
        DataType::UInt8 => widened::<UInt8Type>(array),
        DataType::UInt16 => widened::<UInt16Type>(array),
        DataType::UInt32 => widened::<UInt32Type>(array),
        DataType::UInt64 => wide(array.as_primitive::<UInt64Type>(), i128::from),
        DataType::Decimal32(..) => widened::<Decimal32Type>(array),
        DataType::Decimal64(..) => {
            let column = array.as_primitive::<Decimal64Type>();
            Value::Number(Numbers::narrow(Values::Each(column.values().clone()), nulls_of(column)))
        }
        DataType::Decimal128(..) => wide(array.as_primitive::<Decimal128Type>(), |mantissa| mantissa),
        DataType::Float32 => Value::Float(mapped(array.as_primitive::<Float32Type>(), f64::from)),
        DataType::Float64 => Value::Float(as_is(array.as_primitive::<Float64Type>())),
        DataType::Boolean => Value::Bool(array.as_boolean().clone()),
        DataType::Utf8 => Value::Text(Texts::Plain(array.as_string().clone())),
        DataType::LargeUtf8 | DataType::Utf8View => loaded(&cast(array, &DataType::Utf8)?)?,
        DataType::Dictionary(..) => Value::Text(Texts::from_dictionary(array.as_any_dictionary())?),
        DataType::Date32 => Value::Date(as_is(array.as_primitive::<Date32Type>())),
        DataType::Date64 => {
            let day = |millis: i64| clamped(millis.div_euclid(MILLIS_PER_DAY));
            Value::Date(mapped(array.as_primitive::<Date64Type>(), day))
        }
        DataType::Timestamp(unit, _) => Value::Instant(instants(array, *unit)),
        other => unreachable!("{other} does not bind"),
    })
}

fn clamped(day: i64) -> i32 {
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

/// In microseconds; what does not fit becomes the first or last one, which is out of any plausible range.
fn instants(array: &ArrayRef, unit: TimeUnit) -> Vector<i64> {
    match unit {
        TimeUnit::Second => {
            mapped(array.as_primitive::<TimestampSecondType>(), |time| time.saturating_mul(1_000_000))
        }
        TimeUnit::Millisecond => {
            mapped(array.as_primitive::<TimestampMillisecondType>(), |time| time.saturating_mul(1_000))
        }
        TimeUnit::Microsecond => as_is(array.as_primitive::<TimestampMicrosecondType>()),
        TimeUnit::Nanosecond => {
            mapped(array.as_primitive::<TimestampNanosecondType>(), |time| time.div_euclid(1_000))
        }
    }
}

fn nulls_of(array: &dyn Array) -> Option<NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0).cloned()
}

fn as_is<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Vector<T::Native> {
    Vector { values: Values::Each(array.values().clone()), nulls: nulls_of(array) }
}

fn mapped<T: ArrowPrimitiveType, U: arrow::datatypes::ArrowNativeType>(
    array: &PrimitiveArray<T>,
    f: impl Fn(T::Native) -> U,
) -> Vector<U> {
    let values = array.values().iter().map(|&x| f(x)).collect::<Vec<_>>();
    Vector { values: Values::Each(values.into()), nulls: nulls_of(array) }
}

fn widened<T: ArrowPrimitiveType>(array: &ArrayRef) -> Value
where
    i64: From<T::Native>,
{
    let Vector { values, nulls } = mapped(array.as_primitive::<T>(), i64::from);
    Value::Number(Numbers::narrow(values, nulls))
}

/// A mantissa past 128 bits is marked as an overflow.
fn from_256_bits(array: &PrimitiveArray<Decimal256Type>) -> (Numbers, Faults) {
    let Vector { values, nulls } = mapped(array, |mantissa: i256| mantissa.to_i128().unwrap_or(0));
    let faults = array
        .iter()
        .enumerate()
        .filter(|(_, mantissa)| mantissa.is_some_and(|mantissa| mantissa.to_i128().is_none()))
        .map(|(row, _)| (row_number(row), Fault::Overflow))
        .collect();
    (Numbers::wide(values, nulls), faults)
}

fn wide<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, f: impl Fn(T::Native) -> i128) -> Value {
    let Vector { values, nulls } = mapped(array, f);
    Value::Number(Numbers::wide(values, nulls))
}
