//! What a published value is.

use crate::units::{Day, Decimal};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Decimal128Type, Float64Type, Int64Type};

/// What a published value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Missing,
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    /// Always finite.
    Float(f64),
    Day(Day),
}

impl Value {
    /// The value of a row of a published column.
    pub(crate) fn of(array: &ArrayRef, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Missing;
        }
        match array.data_type() {
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>().value(row)),
            DataType::Decimal64(_, scale) => {
                decimal(array.as_primitive::<Decimal64Type>().value(row).into(), *scale)
            }
            DataType::Decimal128(_, scale) => {
                decimal(array.as_primitive::<Decimal128Type>().value(row), *scale)
            }
            DataType::Date32 => Self::Day(Day(array.as_primitive::<Date32Type>().value(row))),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            other => panic!("figures show no columns of {other}"),
        }
    }
}

fn decimal(mantissa: i128, scale: i8) -> Value {
    let scale = u8::try_from(scale).expect("published scales are not negative");
    Value::Decimal(Decimal { mantissa, scale })
}
