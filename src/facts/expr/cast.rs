//! Casts between types, with DuckDB's rounding: decimals and text half away from zero, floats to integers half to even.
//!
//! A value that the type does not hold is a fault of its row, or null where it was tried only.

use super::bound_value::{dates, floats, instants};
use super::node::{Cast, Format, Kind};
use super::number::{Checked, Faults, Numbers, merged, row_number};
use super::outcome::{Outcome, without};
use super::rounding::{Mode, rounded, to_scale};
use super::text::Texts;
use super::value::{Value, broken};
use super::vector::{Values, Vector};
use super::{Fault, parse, time, write};
use crate::error::Result;
use crate::pipeline::sql::SqlType;
use crate::units::pow10;
use arrow::array::{Array, BooleanArray};
use arrow::error::ArrowError;
use chrono_tz::Tz;
use std::sync::Arc;

/// Casts values of a kind to a type.
pub(super) fn cast(outcome: Outcome, how: &Cast, rows: usize, zone: Tz) -> Result<Outcome> {
    let Outcome { value, faults } = outcome;
    let (found, failed) = converted(value.clone(), how, rows, zone).map_err(broken)?;
    if how.or_null {
        let nulls: Faults = failed.into_iter().map(|row| (row_number(row), Fault::Overflow)).collect();
        return Ok(Outcome::new(nullified(found, &nulls, rows), faults));
    }
    let to: Arc<str> = how.to.to_string().into();
    let fault = |row: usize| {
        let shown = write::shown(&value, how.from, row, zone).into();
        (row_number(row), Fault::Cast(shown, Arc::clone(&to)))
    };
    let known = |row: &usize| faults.binary_search_by_key(row, |(faulty, _)| *faulty as usize).is_err();
    let failed: Faults = failed.into_iter().filter(known).map(fault).collect();
    Ok(Outcome::new(found, merged(faults, failed)))
}

/// The values, and the rows that failed, ascending.
type Converted = std::result::Result<(Value, Vec<usize>), ArrowError>;

fn converted(value: Value, how: &Cast, rows: usize, zone: Tz) -> Converted {
    let fine = |value: Value| Ok((value, Vec::new()));
    match (how.to, value) {
        (SqlType::Text, value) => fine(Value::Text(write::texts(value, how.from, rows, zone))),
        (to, Value::Text(texts)) => parsed(&texts, to, rows, zone),
        (SqlType::Integer { .. } | SqlType::Decimal { .. }, value) => {
            let (numbers, failed) = whole(value, how, rows);
            let (numbers, more) = within(numbers, bounds(how.to), rows);
            Ok((Value::Number(numbers), union(failed, more)))
        }
        (SqlType::Float, value) => Ok(single(to_float(value, how.from))),
        (SqlType::Double, value) => fine(Value::Float(to_float(value, how.from))),
        (SqlType::Bool, value) => fine(Value::Bool(truths(value, rows))),
        (SqlType::Date, Value::Instant(times)) => {
            let zone = (how.from == Kind::Instant { zoned: true }).then_some(zone);
            fine(Value::Date(time::days(&times, zone)))
        }
        (SqlType::Date, value) => fine(Value::Date(dates(value))),
        (SqlType::Timestamp, Value::Date(days)) => fine(Value::Instant(time::midnights(&days, None))),
        (SqlType::Timestamp, value) if how.from == (Kind::Instant { zoned: true }) => {
            fine(Value::Instant(time::local(&instants(value), Some(zone))))
        }
        (SqlType::Instant, Value::Date(days)) => fine(Value::Instant(time::midnights(&days, Some(zone)))),
        (SqlType::Instant, value) if how.from == (Kind::Instant { zoned: false }) => {
            fine(Value::Instant(instants(value).map(|wall| time::to_utc(wall, zone))))
        }
        (SqlType::Timestamp | SqlType::Instant, value) => fine(value),
    }
}

fn union(mut rows: Vec<usize>, more: Vec<usize>) -> Vec<usize> {
    rows.extend(more);
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// Text as a type, once per distinct text of a dictionary.
fn parsed(texts: &Texts, to: SqlType, rows: usize, zone: Tz) -> Converted {
    Ok(match to {
        SqlType::Integer { .. } | SqlType::Decimal { .. } => {
            let (least, most) = bounds(to);
            let scale = scale_of(to);
            let number = |text: &str| {
                let number = parse::decimal(text, scale).filter(|number| (least..=most).contains(number))?;
                // DuckDB reads no minus sign as an unsigned number.
                let is_signed = text.trim_start().starts_with('-');
                (least < 0 || !is_signed).then_some(number)
            };
            let (Vector { values, nulls }, failed) = texts.parse(rows, number);
            (Value::Number(Numbers::wide(values, nulls)), failed)
        }
        SqlType::Float => {
            let (floats, failed) = texts.parse(rows, parse::float);
            let (value, more) = single(floats);
            (value, union(failed, more))
        }
        SqlType::Double => {
            let (floats, failed) = texts.parse(rows, parse::float);
            (Value::Float(floats), failed)
        }
        SqlType::Bool => {
            let (bits, failed) = texts.parse(rows, |text| parse::truth(text).map(i32::from));
            let nulls = bits.nulls.clone();
            let bits = bits.values.spread(rows).iter().map(|bit| *bit == 1).collect();
            (Value::Bool(BooleanArray::new(bits, nulls)), failed)
        }
        SqlType::Date => {
            let (days, failed) = texts.parse(rows, |text| parse::day(text).map(|day| day.0));
            (Value::Date(days), failed)
        }
        SqlType::Timestamp => {
            let (times, failed) = texts.parse(rows, parse::wall_time);
            (Value::Instant(times), failed)
        }
        SqlType::Instant => {
            let (times, failed) = texts.parse(rows, |text| parse::instant(text, zone));
            (Value::Instant(times), failed)
        }
        SqlType::Text => unreachable!("text stays text"),
    })
}

fn scale_of(to: SqlType) -> u8 {
    match to {
        SqlType::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

/// The least and greatest mantissa of a type.
fn bounds(to: SqlType) -> (i128, i128) {
    match to {
        SqlType::Integer { bits: 128, .. } => (i128::MIN, i128::MAX),
        SqlType::Integer { bits, signed: true } => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        SqlType::Integer { bits, signed: false } => (0, (1 << bits) - 1),
        SqlType::Decimal { precision, .. } => (1 - pow10(precision), pow10(precision) - 1),
        _ => unreachable!("only integers and decimals are bounded"),
    }
}

/// Numbers and conditions as mantissas of the type.
fn whole(value: Value, how: &Cast, rows: usize) -> (Numbers, Vec<usize>) {
    let scale = scale_of(how.to);
    let exact = |(numbers, faults): Checked| (numbers, faults.iter().map(|(row, _)| *row as usize).collect());
    match (value, how.from) {
        (Value::Float(floats), _) => from_floats(&floats, how.to, rows),
        (Value::Bool(truths), _) => {
            let bits = truths.values().iter().map(i64::from).collect::<Vec<_>>();
            let numbers = Numbers::narrow(Values::Each(bits.into()), truths.nulls().cloned());
            exact(numbers.scale(pow10(scale), rows))
        }
        (number, Kind::Number(format) | Kind::Ratio(format)) => {
            let (up, down) = to_scale(format, scale);
            exact(rounded(number, up, down, Mode::HalfAway, rows))
        }
        (other, from) => unreachable!("{from:?} does not bind here: {other:?}"),
    }
}

/// Integers take halves to even, decimals away from zero.
fn from_floats(floats: &Vector<f64>, to: SqlType, rows: usize) -> (Numbers, Vec<usize>) {
    let factor = pow10(scale_of(to)) as f64;
    let is_integer = matches!(to, SqlType::Integer { .. });
    let round = |x: f64| if is_integer { x.round_ties_even() } else { (x * factor).round() };
    let fits = |x: f64| round(x).abs() < 1.7e38;
    let failed = (0..rows).filter(|row| floats.at(*row).is_some_and(|x| !fits(x))).collect();
    #[allow(clippy::cast_possible_truncation, reason = "what does not fit has failed")]
    let values = floats.values.map(|x| if fits(x) { round(x) as i128 } else { 0 });
    (Numbers::wide(values, floats.nulls.clone()), failed)
}

/// Rows whose mantissa the type does not hold.
fn within(numbers: Numbers, (least, most): (i128, i128), rows: usize) -> (Numbers, Vec<usize>) {
    let holds = |bound: i128| i128::try_from(numbers.bound).is_ok_and(|most| most <= bound);
    if holds(most) && (least < 0 || numbers.bound == 0) {
        return (numbers, Vec::new());
    }
    let outside = |row: &usize| numbers.at(*row).is_some_and(|number| !(least..=most).contains(&number));
    let failed = (0..rows).filter(outside).collect();
    (numbers, failed)
}

fn to_float(value: Value, from: Kind) -> Vector<f64> {
    match (value, from) {
        (Value::Number(numbers), Kind::Number(format) | Kind::Ratio(format)) => numbers.to_float(format),
        (Value::Ratio(ratios), Kind::Ratio(format)) => ratios.to_float(format),
        (Value::Bool(truths), _) => {
            let bits = truths.values().iter().map(|bit| f64::from(u8::from(bit))).collect::<Vec<_>>();
            Vector { values: Values::Each(bits.into()), nulls: truths.nulls().cloned() }
        }
        (value, _) => floats(value),
    }
}

/// As a float of 32 bits holds them; a finite one that it does not hold has failed.
fn single(floats: Vector<f64>) -> (Value, Vec<usize>) {
    #[allow(clippy::cast_possible_truncation, reason = "rounding to 32 bits is the point")]
    let narrow = |x: f64| f64::from(x as f32);
    let failed = match &floats.values {
        Values::Each(each) => {
            let too_large = |x: f64| x.is_finite() && !narrow(x).is_finite();
            (0..each.len()).filter(|row| floats.at(*row).is_some_and(too_large)).collect()
        }
        Values::All(_) => Vec::new(),
    };
    (Value::Float(floats.map(narrow)), failed)
}

/// Whether a number is not 0.
fn truths(value: Value, rows: usize) -> BooleanArray {
    let (bits, nulls) = match value {
        Value::Bool(truths) => return truths,
        Value::Ratio(ratios) => return truths(Value::Number(ratios.numerators), rows),
        Value::Number(numbers) => {
            let bits = numbers.widened().spread(rows).iter().map(|x| *x != 0).collect();
            (bits, numbers.nulls)
        }
        other => {
            let floats = floats(other);
            let bits = floats.values.spread(rows).iter().map(|x| *x != 0.0).collect();
            (bits, floats.nulls)
        }
    };
    BooleanArray::new(bits, nulls)
}

/// Null in the rows of these faults.
pub(super) fn nullified(value: Value, faults: &Faults, rows: usize) -> Value {
    if faults.is_empty() {
        return value;
    }
    match value {
        Value::Number(x) => Value::Number(Numbers { nulls: without(x.nulls.clone(), faults, rows), ..x }),
        Value::Float(x) => Value::Float(Vector { nulls: without(x.nulls.clone(), faults, rows), ..x }),
        Value::Date(x) => Value::Date(Vector { nulls: without(x.nulls.clone(), faults, rows), ..x }),
        Value::Instant(x) => Value::Instant(Vector { nulls: without(x.nulls.clone(), faults, rows), ..x }),
        Value::Bool(x) => {
            Value::Bool(BooleanArray::new(x.values().clone(), without(x.nulls().cloned(), faults, rows)))
        }
        other => unreachable!("casts to text do not fail: {other:?}"),
    }
}

/// The kind that values of a type have, where it can be cast from this one.
pub(super) fn kind_after(from: Kind, to: SqlType) -> Option<Kind> {
    use Kind as K;
    let is_number = matches!(from, K::Number(_) | K::Ratio(_) | K::Float | K::Bool | K::Text | K::Null);
    let is_moment = matches!(from, K::Date | K::Instant { .. } | K::Text | K::Null);
    match to {
        SqlType::Text => Some(K::Text),
        SqlType::Integer { .. } => is_number.then_some(K::Number(Format::INTEGER)),
        SqlType::Decimal { scale, .. } => is_number.then_some(K::Number(Format::decimal(scale))),
        SqlType::Float | SqlType::Double => is_number.then_some(K::Float),
        SqlType::Bool => is_number.then_some(K::Bool),
        SqlType::Date => is_moment.then_some(K::Date),
        SqlType::Timestamp => is_moment.then_some(K::Instant { zoned: false }),
        SqlType::Instant => is_moment.then_some(K::Instant { zoned: true }),
    }
}
