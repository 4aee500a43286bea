//! Values as text, as DuckDB's casts write them.

use super::calendar::civil;
use super::node::{Format, Kind};
use super::number::Mantissas;
use super::text::Texts;
use super::time::{day_of, offset_micros};
use super::value::Value;
use super::vector::Values;
use crate::units::{MICROS_PER_DAY, pow10};
use arrow::array::{Array, StringBuilder};
use chrono_tz::Tz;
use std::fmt::{Result, Write};

/// Each value as text; nulls stay null.
pub(super) fn texts(value: Value, kind: Kind, rows: usize, zone: Tz) -> Texts {
    if let Value::Text(texts) = value {
        return texts;
    }
    if let Some(text) = constant(&value, kind, zone) {
        return Texts::All(Some(text));
    }
    let mut out = StringBuilder::with_capacity(rows, rows * 8);
    for row in 0..rows {
        match written(&mut out, &value, kind, row, zone).expect("writing to memory cannot fail") {
            true => out.append_value(""),
            false => out.append_null(),
        }
    }
    Texts::Plain(out.finish())
}

/// Writes the value of a row; false if it is null.
fn written(
    out: &mut impl Write,
    value: &Value,
    kind: Kind,
    row: usize,
    zone: Tz,
) -> std::result::Result<bool, std::fmt::Error> {
    match (value, kind) {
        (Value::Number(numbers), Kind::Number(Format { scale, divisor: 1 })) => {
            let Some(mantissa) = numbers.at(row) else { return Ok(false) };
            decimal(out, mantissa, scale)?;
        }
        (Value::Number(numbers), Kind::Number(format) | Kind::Ratio(format)) => {
            let Some(x) = numbers.to_float(format).at(row) else { return Ok(false) };
            float(out, x)?;
        }
        (Value::Ratio(ratios), Kind::Ratio(format)) => {
            let Some(x) = ratios.to_float(format).at(row) else { return Ok(false) };
            float(out, x)?;
        }
        (Value::Float(floats), _) => {
            let Some(x) = floats.at(row) else { return Ok(false) };
            float(out, x)?;
        }
        (Value::Bool(truths), _) if truths.is_valid(row) => write!(out, "{}", truths.value(row))?,
        (Value::Date(dates), _) => {
            let Some(day) = dates.at(row) else { return Ok(false) };
            date(out, day)?;
        }
        (Value::Instant(times), kind) => {
            let Some(micros) = times.at(row) else { return Ok(false) };
            timestamp(out, micros, (kind == Kind::Instant { zoned: true }).then_some(zone))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn decimal(out: &mut impl Write, mantissa: i128, scale: u8) -> Result {
    if scale == 0 {
        return write!(out, "{mantissa}");
    }
    let (size, unit) = (mantissa.unsigned_abs(), pow10(scale).unsigned_abs());
    let sign = if mantissa < 0 { "-" } else { "" };
    write!(out, "{sign}{}.{:0width$}", size / unit, size % unit, width = usize::from(scale))
}

/// The shortest digits that read back as the same float, with an exponent from 1e16 on and below 1e-4.
pub(super) fn float(out: &mut impl Write, x: f64) -> Result {
    if x.is_nan() {
        return out.write_str("nan");
    }
    if x.is_infinite() {
        return out.write_str(if x > 0.0 { "inf" } else { "-inf" });
    }
    let size = x.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{x:e}");
        let (digits, exponent) = text.split_once('e').expect("an exponent was asked for");
        let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(out, "{digits}e{sign}{:02}", exponent.abs());
    }
    write!(out, "{x:?}")
}

fn date(out: &mut impl Write, day: i32) -> Result {
    let (year, month, day_of_month) = civil(i64::from(day));
    match year {
        1.. => write!(out, "{year:04}-{month:02}-{day_of_month:02}"),
        _ => write!(out, "{:04}-{month:02}-{day_of_month:02} (BC)", 1 - year),
    }
}

/// Wall time, of an instant with the zone's offset after it.
fn timestamp(out: &mut impl Write, micros: i64, zone: Option<Tz>) -> Result {
    let offset = zone.map_or(0, |zone| offset_micros(micros, zone));
    let wall = micros.saturating_add(offset);
    date(out, day_of(wall))?;
    let rest = wall.rem_euclid(MICROS_PER_DAY);
    let (seconds, mut fraction) = (rest / 1_000_000, rest % 1_000_000);
    write!(out, " {:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
    if fraction != 0 {
        let mut width = 6;
        while fraction % 10 == 0 {
            (fraction, width) = (fraction / 10, width - 1);
        }
        write!(out, ".{fraction:0width$}")?;
    }
    if zone.is_none() {
        return Ok(());
    }
    let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 1_000_000);
    write!(out, "{sign}{:02}", offset / 3_600)?;
    for part in [offset / 60 % 60, offset % 60] {
        if part == 0 {
            break;
        }
        write!(out, ":{part:02}")?;
    }
    Ok(())
}

/// One text, for messages.
pub(super) fn shown(value: &Value, kind: Kind, row: usize, zone: Tz) -> String {
    let mut text = String::new();
    if let Value::Text(texts) = value {
        return texts.at(row).unwrap_or("null").to_owned();
    }
    let is_known = written(&mut text, value, kind, row, zone).expect("writing to memory cannot fail");
    if is_known { text } else { "null".to_owned() }
}

/// A constant text, if all rows share one.
fn constant(value: &Value, kind: Kind, zone: Tz) -> Option<String> {
    let is_constant = match value {
        Value::Number(numbers) => {
            numbers.nulls.is_none()
                && matches!(
                    numbers.mantissas,
                    Mantissas::Narrow(Values::All(_)) | Mantissas::Wide(Values::All(_))
                )
        }
        Value::Float(floats) => floats.nulls.is_none() && matches!(floats.values, Values::All(_)),
        Value::Date(dates) => dates.nulls.is_none() && matches!(dates.values, Values::All(_)),
        Value::Instant(times) => times.nulls.is_none() && matches!(times.values, Values::All(_)),
        _ => false,
    };
    is_constant.then(|| shown(value, kind, 0, zone))
}
