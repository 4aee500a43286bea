//! Values of the kind that binding settled: a value of another one is a fault of the program.

use super::number::Numbers;
use super::ratio::Ratios;
use super::text::Texts;
use super::value::Value;
use super::vector::Vector;
use arrow::array::BooleanArray;

pub(super) fn numbers(value: Value) -> Numbers {
    match value {
        Value::Number(numbers) => numbers,
        other => unreachable!("bound as an exact number: {other:?}"),
    }
}

/// A fraction, which a number is too.
pub(super) fn ratios(value: Value) -> Ratios {
    match value {
        Value::Ratio(ratios) => ratios,
        number => numbers(number).into(),
    }
}

pub(super) fn truths(value: Value) -> BooleanArray {
    match value {
        Value::Bool(truths) => truths,
        other => unreachable!("bound as a condition: {other:?}"),
    }
}

pub(super) fn floats(value: Value) -> Vector<f64> {
    match value {
        Value::Float(floats) => floats,
        other => unreachable!("bound as a float: {other:?}"),
    }
}

pub(super) fn texts(value: Value) -> Texts {
    match value {
        Value::Text(texts) => texts,
        other => unreachable!("bound as text: {other:?}"),
    }
}

pub(super) fn dates(value: Value) -> Vector<i32> {
    match value {
        Value::Date(dates) => dates,
        other => unreachable!("bound as a date: {other:?}"),
    }
}

pub(super) fn instants(value: Value) -> Vector<i64> {
    match value {
        Value::Instant(instants) => instants,
        other => unreachable!("bound as a timestamp: {other:?}"),
    }
}
