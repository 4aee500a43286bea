//! Rounding of exact numbers: mantissa × up / down, once.

use super::Fault;
use super::node::{Format, gcd};
use super::number::{Checked, Faults, Mantissas, Numbers, merged, row_number};
use super::ratio::Ratios;
use super::value::Value;
use super::vector::Values;
use crate::units::{pow10, round_ratio};
use arrow::buffer::NullBuffer;

/// Which whole number a fraction becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The nearest; halves go away from zero.
    HalfAway,
    /// The one below.
    Floor,
    /// The one above.
    Ceil,
}

/// value × 10^scale = mantissa × up / down, in lowest terms.
pub(crate) fn to_scale(format: Format, scale: u8) -> (i128, i128) {
    let (up, down) = (pow10(scale), format.denominator());
    let common = gcd(up, down);
    (up / common, down / common)
}

/// mantissa × up / down, rounded; the value is a number or a fraction.
pub(super) fn rounded(value: Value, up: i128, down: i128, mode: Mode, rows: usize) -> Checked {
    match value {
        Value::Number(numbers) => match (up, down) {
            (1, 1) => (numbers, Faults::new()),
            (up, 1) => numbers.scale(up, rows),
            (up, down) => divided(numbers, up, down, mode, rows),
        },
        Value::Ratio(ratios) => fractions(&ratios, up, down, mode, rows),
        other => unreachable!("bound as an exact number: {other:?}"),
    }
}

/// Row by row, each with its own denominator.
fn fractions(ratios: &Ratios, up: i128, down: i128, mode: Mode, rows: usize) -> Checked {
    let (over, first) = ratios.numerators.scale(up, rows);
    let (under, second) = ratios.denominators.scale(down, rows);
    let faults = merged(first, second);
    let nulls = over.nulls.clone();
    let numbers = match (&over.mantissas, &under.mantissas) {
        // Half of a denominator more must fit too.
        (Mantissas::Narrow(over), Mantissas::Narrow(under)) if ratios_fit(over, under) => {
            Numbers::narrow(over.zip(under, |x, y| mode.narrow(x, y.max(1))), nulls)
        }
        _ => Numbers::wide(over.widened().zip(&under.widened(), |x, y| mode.wide(x, y.max(1))), nulls),
    };
    (numbers, faults)
}

fn ratios_fit(over: &Values<i64>, under: &Values<i64>) -> bool {
    super::number::exact_bound(over) + super::number::exact_bound(under) <= NARROW
}

impl Mode {
    #[inline(always)]
    fn narrow(self, x: i64, down: i64) -> i64 {
        match self {
            Mode::HalfAway => divide_round(x, down),
            Mode::Floor => x.div_euclid(down),
            Mode::Ceil => -(-x).div_euclid(down),
        }
    }

    fn wide(self, x: i128, down: i128) -> i128 {
        match self {
            Mode::HalfAway => round_ratio(x, down),
            Mode::Floor => x.div_euclid(down),
            Mode::Ceil => x.div_euclid(down) + i128::from(x.rem_euclid(down) != 0),
        }
    }
}

/// mantissa × up / down, rounded.
fn divided(numbers: Numbers, up: i128, down: i128, mode: Mode, rows: usize) -> Checked {
    let (half, down_bound) = (down.unsigned_abs() / 2, down.unsigned_abs());
    let scaled_bound = numbers.bound.saturating_mul(up.unsigned_abs());
    match (&numbers.mantissas, i64::try_from(up), i64::try_from(down)) {
        (Mantissas::Narrow(values), Ok(up), Ok(down)) if scaled_bound.saturating_add(half) <= NARROW => {
            let values = match mode {
                Mode::HalfAway if up == 1 => divided_narrow(values, down),
                Mode::HalfAway => values.map(|x| divide_round(x * up, down)),
                mode => values.map(|x| mode.narrow(x * up, down)),
            };
            let bound = scaled_bound / down_bound + 1;
            (Numbers { mantissas: Mantissas::Narrow(values), bound, ..numbers }, Faults::new())
        }
        _ => divided_wide(numbers, up, down, mode, rows),
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

fn divided_wide(numbers: Numbers, up: i128, down: i128, mode: Mode, rows: usize) -> Checked {
    let mut overflows = Faults::new();
    let divide = |(row, mantissa): (usize, &i128)| {
        // The first part is whole, so rounding the second rounds the sum; away from zero, as both have one sign.
        let whole = (mantissa / down).checked_mul(up);
        let rest = (mantissa % down).checked_mul(up).map(|rest| mode.wide(rest, down));
        whole.zip(rest).and_then(|(whole, rest)| whole.checked_add(rest)).unwrap_or_else(|| {
            overflows.push((row_number(row), Fault::Overflow));
            0
        })
    };
    let values = numbers.widened().spread(rows).iter().enumerate().map(divide).collect::<Vec<_>>();
    overflows.retain(|(row, _)| !is_null(numbers.nulls.as_ref(), *row));
    (Numbers::wide(Values::Each(values.into()), numbers.nulls), overflows)
}

fn is_null(nulls: Option<&NullBuffer>, row: u32) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row as usize))
}
