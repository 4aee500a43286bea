//! Keys: what tells customers, orders, lines and products apart.

use super::node::{Format, Kind};
use super::number::{Faults, Mantissas, Numbers, merged, row_number};
use super::outcome::{Outcome, without};
use super::rounding::{Mode, rounded, to_scale};
use super::text::Texts;
use super::value::Value;
use super::vector::{Vector, some_nulls, zero_nulls};
use super::{Checked, Fault, KeyColumn};
use crate::error::{Error, Result};
use crate::units::format_fixed;
use arrow::array::{Array, StringArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use std::sync::Arc;

/// Keys of a batch, null in faulty rows.
pub(super) fn keys(outcome: Outcome, kind: Kind, rows: usize) -> Result<Checked<KeyColumn>> {
    let Outcome { value, mut faults } = outcome;
    let value = match value {
        Value::Float(floats) => {
            let (numbers, odd) = whole_floats(&floats, rows);
            faults = merged(faults, odd);
            Value::Number(numbers)
        }
        number @ (Value::Number(_) | Value::Ratio(_)) => {
            let (numbers, odd) = whole(number, kind, rows);
            faults = merged(faults, odd);
            Value::Number(numbers)
        }
        other => other,
    };
    let value = column(value, &faults, rows)?;
    Ok(Checked { value, faults })
}

fn column(value: Value, faults: &Faults, rows: usize) -> Result<KeyColumn> {
    let int = |values: ScalarBuffer<i64>, nulls: Option<NullBuffer>| {
        let nulls = without(nulls.and_then(some_nulls), faults, rows);
        KeyColumn::Int { values: zero_nulls(values, nulls.as_ref()), nulls }
    };
    Ok(match value {
        Value::Null => int(vec![0; rows].into(), Some(NullBuffer::new_null(rows))),
        Value::Number(Numbers { mantissas: Mantissas::Narrow(values), nulls, .. }) => {
            int(values.spread(rows), nulls)
        }
        Value::Number(numbers) => int(narrowed(&numbers, rows)?, numbers.nulls),
        Value::Bool(x) => {
            let bits = x.values().iter().map(i64::from).collect::<Vec<_>>();
            int(bits.into(), x.nulls().cloned())
        }
        Value::Date(x) => int(x.values.map(i64::from).spread(rows), x.nulls),
        Value::Instant(x) => int(x.values.spread(rows), x.nulls),
        Value::Text(Texts::Plain(texts)) => {
            let nulls = without(texts.nulls().cloned(), faults, rows);
            let (offsets, bytes, _) = texts.into_parts();
            KeyColumn::PlainText(StringArray::new(offsets, bytes, nulls))
        }
        Value::Text(texts) => {
            let (dictionary, codes) = texts.coded(rows).expect("texts that are not plain are coded");
            let nulls = without(codes.nulls.and_then(some_nulls), faults, rows);
            let codes = zero_nulls(codes.values.spread(rows), nulls.as_ref());
            KeyColumn::Text { dictionary, codes, nulls }
        }
        Value::Ratio(_) | Value::Float(_) => unreachable!("numbers were made whole"),
    })
}

/// Wide whole numbers that are 64-bit integers all the same, as where the smallest of these is among them.
///
/// A larger one stops the run: a column of such keys loses most of its customers in quarantine.
fn narrowed(numbers: &Numbers, rows: usize) -> Result<ScalarBuffer<i64>> {
    let too_large = |large: i128| {
        Error::definition(format!(
            "a key of {large} has more than 63 bits; use it as text in the pipeline file: cast(... as varchar)"
        ))
    };
    let key = |row| numbers.at(row).map_or(Ok(0), |key| i64::try_from(key).map_err(|_| too_large(key)));
    (0..rows).map(key).collect::<Result<Vec<i64>>>().map(Into::into)
}

/// Whole numbers of other formats: Oracle's NUMBER, a sum of decimals, a quotient that comes out even.
fn whole(value: Value, kind: Kind, rows: usize) -> (Numbers, Faults) {
    let (Kind::Number(format) | Kind::Ratio(format)) = kind else {
        unreachable!("numbers have a number's kind")
    };
    if let (Value::Number(numbers), Format::INTEGER) = (&value, format) {
        return (numbers.clone(), Faults::new());
    }
    let (up, down) = to_scale(format, 0);
    let (below, first) = rounded(value.clone(), up, down, Mode::Floor, rows);
    let (above, second) = rounded(value.clone(), up, down, Mode::Ceil, rows);
    let odd = (0..rows).filter(|row| below.at(*row) != above.at(*row));
    let fault = |row| (row_number(row), Fault::NotWhole(shown(&value, format, row)));
    let odd = odd.map(fault).collect();
    (below, merged(merged(first, second), odd))
}

fn shown(value: &Value, format: Format, row: usize) -> Arc<str> {
    match value {
        Value::Number(numbers) if format.divisor == 1 => {
            format_fixed(numbers.at(row).unwrap_or_default(), format.scale).into()
        }
        Value::Number(numbers) => float_text(numbers.to_float(format).at(row)),
        Value::Ratio(ratios) => float_text(ratios.to_float(format).at(row)),
        other => unreachable!("bound as a number: {other:?}"),
    }
}

fn float_text(value: Option<f64>) -> Arc<str> {
    format!("{:?}", value.unwrap_or_default()).into()
}

/// Keys that some tools write as floats because the column has nulls. Past 2^53 a float may stand for several.
fn whole_floats(floats: &Vector<f64>, rows: usize) -> (Numbers, Faults) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = |x: f64| x.fract() == 0.0 && x.abs() <= EXACT;
    let odd = (0..rows).filter_map(|row| floats.at(row).filter(|x| !is_whole(*x)).map(|x| (row, x)));
    let faults = odd.map(|(row, x)| (row_number(row), Fault::NotWhole(float_text(Some(x))))).collect();
    #[allow(clippy::cast_possible_truncation, reason = "values that are not whole are faults")]
    let whole = floats.values.map(|x| if is_whole(x) { x as i64 } else { 0 });
    (Numbers::narrow(whole, floats.nulls.clone()), faults)
}
