//! Rounds once to fixed point: half away from zero, as SQL casts do.

use super::eval::Value;
use super::node::{Format, Kind, gcd};
use super::number::{Faults, Mantissas, Numbers, exact_bound, low_half, merged, row_number};
use super::vector::{Values, Vector, some_nulls, zero_nulls};
use super::{Fault, Fixed};
use crate::units::{pow10, round_ratio};
use arrow::array::Array;
use arrow::buffer::{NullBuffer, ScalarBuffer};

/// |values| are below this at least, so that a sum of nine still fits 64 bits.
pub(super) const LIMIT: i64 = 1_000_000_000_000_000_000;

/// An evaluated number or condition at this scale, |values| below a limit.
pub(super) fn fixed(value: Value, kind: Kind, scale: u8, limit: i64, rows: usize) -> Fixed {
    match value {
        Value::Number(numbers) => {
            let Kind::Number(format) = kind else { unreachable!("numbers have a number's kind") };
            exact(numbers, format, scale, limit, rows)
        }
        Value::Float(floats) => from_floats(floats, scale, limit, rows),
        Value::Bool(truths) => {
            let bits = truths.values().iter().map(i64::from).collect::<Vec<_>>();
            let numbers = Numbers::narrow(Values::Each(bits.into()), truths.nulls().cloned());
            exact(numbers, Format::INTEGER, scale, limit, rows)
        }
        Value::Null => exact(Numbers::null(rows), Format::INTEGER, scale, limit, rows),
        other => unreachable!("bound as a number: {other:?}"),
    }
}

/// value × 10^scale = mantissa × up / down, in lowest terms.
fn exact(numbers: Numbers, format: Format, scale: u8, limit: i64, rows: usize) -> Fixed {
    let (up, down) = (pow10(scale), format.denominator());
    let common = gcd(up, down);
    let (up, down) = (up / common, down / common);
    let numbers = match (up, down) {
        (1, 1) => numbers,
        (up, 1) => numbers.scale(up, rows),
        (up, down) => divided(numbers, up, down, rows),
    };
    limited(numbers, limit, rows)
}

/// mantissa × up / down, rounded.
fn divided(numbers: Numbers, up: i128, down: i128, rows: usize) -> Numbers {
    let (half, down_bound) = (down.unsigned_abs() / 2, down.unsigned_abs());
    let scaled_bound = numbers.bound.saturating_mul(up.unsigned_abs());
    match (&numbers.mantissas, i64::try_from(up), i64::try_from(down)) {
        (Mantissas::Narrow(values), Ok(up), Ok(down)) if scaled_bound.saturating_add(half) <= NARROW => {
            let values = if up == 1 {
                divided_narrow(values, down)
            } else {
                values.map(|x| divide_round(x * up, down))
            };
            Numbers { mantissas: Mantissas::Narrow(values), bound: scaled_bound / down_bound + 1, ..numbers }
        }
        _ => divided_wide(numbers, up, down, rows),
    }
}

const NARROW: u128 = i64::MAX.unsigned_abs() as u128;

/// Powers of ten are known when compiled, which makes each division a multiplication.
fn divided_narrow(values: &Values<i64>, down: i64) -> Values<i64> {
    match down {
        10 => values.map(|x| divide_round(x, 10)),
        100 => values.map(|x| divide_round(x, 100)),
        1_000 => values.map(|x| divide_round(x, 1_000)),
        10_000 => values.map(|x| divide_round(x, 10_000)),
        100_000 => values.map(|x| divide_round(x, 100_000)),
        1_000_000 => values.map(|x| divide_round(x, 1_000_000)),
        down => values.map(|x| divide_round(x, down)),
    }
}

/// `x + down / 2` must not overflow.
#[inline(always)]
fn divide_round(x: i64, down: i64) -> i64 {
    let half = if x < 0 { -(down / 2) } else { down / 2 };
    (x + half) / down
}

fn divided_wide(numbers: Numbers, up: i128, down: i128, rows: usize) -> Numbers {
    let mut overflows = Faults::new();
    let divide = |(row, mantissa): (usize, &i128)| {
        // Both parts have the sign of the mantissa, so rounding the second rounds the whole.
        let whole = (mantissa / down).checked_mul(up);
        let rest = (mantissa % down).checked_mul(up).map(|rest| round_ratio(rest, down));
        whole.zip(rest).and_then(|(whole, rest)| whole.checked_add(rest)).unwrap_or_else(|| {
            overflows.push((row_number(row), Fault::Overflow));
            0
        })
    };
    let values = numbers.widened().spread(rows).iter().enumerate().map(divide).collect::<Vec<_>>();
    overflows.retain(|(row, _)| !is_null(numbers.nulls.as_ref(), *row));
    let faults = merged(numbers.faults, overflows);
    Numbers { faults, ..Numbers::wide(Values::Each(values.into()), numbers.nulls) }
}

/// Zero where null; what reaches the limit is marked.
fn limited(numbers: Numbers, limit: i64, rows: usize) -> Fixed {
    let nulls = numbers.nulls.clone().and_then(some_nulls);
    let limit = u128::from(limit.unsigned_abs());
    if let Mantissas::Narrow(values) = &numbers.mantissas {
        let bound = if numbers.bound < limit { numbers.bound } else { exact_bound(values) };
        if bound < limit {
            let max_abs = i64::try_from(bound).expect("the limit fits 64 bits");
            let values = zero_nulls(values.clone().spread(rows), nulls.as_ref());
            return Fixed { values, nulls, faults: numbers.faults, max_abs };
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
    marked(values, nulls, merged(numbers.faults, overflows))
}

/// Drops the faults of null rows and bounds what is left.
fn marked(values: ScalarBuffer<i64>, nulls: Option<NullBuffer>, mut faults: Faults) -> Fixed {
    faults.retain(|(row, _)| !is_null(nulls.as_ref(), *row));
    let values = zero_nulls(values, nulls.as_ref());
    let max_abs = values.iter().map(|value| value.abs()).max().unwrap_or(0);
    Fixed { values, nulls, faults, max_abs }
}

fn is_null(nulls: Option<&NullBuffer>, row: u32) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row as usize))
}

fn from_floats(floats: Vector<f64>, scale: u8, limit: i64, rows: usize) -> Fixed {
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
        let values = zero_nulls(values.into(), nulls.as_ref());
        return Fixed { values, nulls, faults: Faults::new(), max_abs: round_float(greatest) };
    }
    let fits = |x: f64| (x * factor).abs() < limit;
    let mut faults = Faults::new();
    for (row, x) in floats.iter().enumerate().filter(|(_, x)| !fits(**x)) {
        values[row] = 0;
        faults.push((row_number(row), if x.is_finite() { Fault::Overflow } else { Fault::NotFinite }));
    }
    marked(values.into(), nulls, faults)
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
