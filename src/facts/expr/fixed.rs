//! Rounds once to fixed point: half away from zero, as SQL casts do.

use super::node::{Format, Kind};
use super::number::{Faults, Mantissas, Numbers, exact_bound, low_half, merged, row_number};
use super::outcome::Outcome;
use super::rounding::{Mode, rounded, to_scale};
use super::value::Value;
use super::vector::{Values, Vector, some_nulls, zero_nulls};
use super::{Fault, Fixed};
use crate::units::pow10;
use arrow::array::Array;
use arrow::buffer::{NullBuffer, ScalarBuffer};

/// An evaluated number or condition at this scale, |values| below a limit.
pub(super) fn fixed(outcome: Outcome, kind: Kind, scale: u8, limit: i64, rows: usize) -> Fixed {
    let Outcome { value, faults } = outcome;
    let format = match kind {
        Kind::Number(format) | Kind::Ratio(format) => format,
        _ => Format::INTEGER,
    };
    let value = match value {
        Value::Float(floats) => return from_floats(floats, faults, scale, limit, rows),
        Value::Bool(truths) => {
            let bits = truths.values().iter().map(i64::from).collect::<Vec<_>>();
            Value::Number(Numbers::narrow(Values::Each(bits.into()), truths.nulls().cloned()))
        }
        Value::Null => Value::Number(Numbers::null(rows)),
        number => number,
    };
    let (up, down) = to_scale(format, scale);
    let (numbers, overflows) = rounded(value, up, down, Mode::HalfAway, rows);
    limited(numbers, merged(faults, overflows), limit, rows)
}

/// Zero where null; what reaches the limit is marked.
fn limited(numbers: Numbers, faults: Faults, limit: i64, rows: usize) -> Fixed {
    let nulls = numbers.nulls.clone().and_then(some_nulls);
    let limit = u128::from(limit.unsigned_abs());
    if let Mantissas::Narrow(values) = &numbers.mantissas {
        let bound = if numbers.bound < limit { numbers.bound } else { exact_bound(values) };
        if bound < limit {
            let max_abs = i64::try_from(bound).expect("the limit fits 64 bits");
            let values = zero_nulls(values.clone().spread(rows), nulls.as_ref());
            return marked(values, nulls, faults, Faults::new(), Some(max_abs));
        }
    }
    let mut overflows = Faults::new();
    let wide = numbers.widened().spread(rows);
    let keep = |(row, mantissa): (usize, &i128)| {
        if mantissa.unsigned_abs() < limit {
            return low_half(*mantissa);
        }
        overflows.push((row_number(row), Fault::Overflow));
        0
    };
    let values: ScalarBuffer<i64> = wide.iter().enumerate().map(keep).collect::<Vec<_>>().into();
    marked(values, nulls, faults, overflows, None)
}

/// 0 where null or faulty, and a bound on the rest. Rows that do not fit are faulty unless they are null.
fn marked(
    values: ScalarBuffer<i64>,
    nulls: Option<NullBuffer>,
    faults: Faults,
    mut new: Faults,
    bound: Option<i64>,
) -> Fixed {
    new.retain(|(row, _)| !is_null(nulls.as_ref(), *row));
    let mut values = zero_nulls(values, nulls.as_ref());
    if !faults.is_empty() {
        let mut zeroed = values.to_vec();
        faults.iter().for_each(|(row, _)| zeroed[*row as usize] = 0);
        values = zeroed.into();
    }
    let max_abs = bound.unwrap_or_else(|| values.iter().map(|value| value.abs()).max().unwrap_or(0));
    Fixed { values, nulls, faults: merged(faults, new), max_abs }
}

fn is_null(nulls: Option<&NullBuffer>, row: u32) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row as usize))
}

fn from_floats(floats: Vector<f64>, faults: Faults, scale: u8, limit: i64, rows: usize) -> Fixed {
    let (factor, limit) = (pow10(scale) as f64, limit as f64);
    let nulls = floats.nulls.and_then(some_nulls);
    let floats = floats.values.spread(rows);
    let (mut greatest, mut all_fit) = (0.0, true);
    let round = |x: &f64| {
        let scaled = x * factor;
        let size = scaled.abs();
        all_fit &= size < limit; // NaN is not
        greatest = if size > greatest { size } else { greatest };
        round_float(scaled)
    };
    let mut values: Vec<i64> = floats.iter().map(round).collect();
    if all_fit {
        return marked(values.into(), nulls, faults, Faults::new(), Some(round_float(greatest)));
    }
    let fits = |x: f64| (x * factor).abs() < limit;
    let mut new = Faults::new();
    for (row, x) in floats.iter().enumerate().filter(|(_, x)| !fits(**x)) {
        values[row] = 0;
        new.push((row_number(row), if x.is_finite() { Fault::Overflow } else { Fault::NotFinite }));
    }
    marked(values.into(), nulls, faults, new, None)
}

/// `f64::round`, without a call; saturates, and gives 0 for NaN.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "truncation is the point; what saturates is marked afterwards"
)]
fn round_float(x: f64) -> i64 {
    let whole = x as i64;
    let rest = x - whole as f64;
    whole.saturating_add(i64::from(rest >= 0.5)).saturating_sub(i64::from(rest <= -0.5))
}
