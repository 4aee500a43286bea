//! Exact numbers: integer mantissas with a bound that proves which loops need no checks.

use super::Fault;
use super::node::Format;
use super::vector::{Values, Vector, select_nulls};
use arrow::buffer::{BooleanBuffer, NullBuffer};

/// Rows that cannot be used, ascending.
pub(super) type Faults = Vec<(u32, Fault)>;

/// Mantissas of one column; their format is the node's.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) mantissas: Mantissas,
    /// No |mantissa| is above this, null rows included.
    pub(super) bound: u128,
    pub(super) nulls: Option<NullBuffer>,
}

/// Numbers, and the rows whose number does not fit; their mantissas are 0.
pub(super) type Checked = (Numbers, Faults);

#[derive(Debug, Clone)]
pub(super) enum Mantissas {
    Narrow(Values<i64>),
    Wide(Values<i128>),
}

/// Mantissas up to this are held in 64 bits.
const NARROW: u128 = i64::MAX.unsigned_abs() as u128;
const WIDE: u128 = i128::MAX.unsigned_abs();

impl Numbers {
    pub(super) fn narrow(values: Values<i64>, nulls: Option<NullBuffer>) -> Self {
        let bound = loose_bound(&values);
        if bound > NARROW {
            return Self::wide(values.map(i128::from), nulls);
        }
        Self { mantissas: Mantissas::Narrow(values), bound, nulls }
    }

    /// Narrow after all, if every mantissa is.
    pub(super) fn wide(values: Values<i128>, nulls: Option<NullBuffer>) -> Self {
        let bound = match &values {
            Values::Each(values) => values.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0),
            Values::All(x) => x.unsigned_abs(),
        };
        let mantissas =
            if bound <= NARROW { Mantissas::Narrow(values.map(low_half)) } else { Mantissas::Wide(values) };
        Self { mantissas, bound, nulls }
    }

    pub(super) fn constant(mantissa: i128) -> Self {
        Self::wide(Values::All(mantissa), None)
    }

    pub(super) fn null(rows: usize) -> Self {
        Self::wide(Values::All(0), Some(NullBuffer::new_null(rows)))
    }

    pub(super) fn add(&self, other: &Self, rows: usize) -> Checked {
        self.combine::<Sum>(other, rows)
    }

    pub(super) fn subtract(&self, other: &Self, rows: usize) -> Checked {
        self.combine::<Difference>(other, rows)
    }

    pub(super) fn multiply(&self, other: &Self, rows: usize) -> Checked {
        if other.nulls.is_none() && matches!(other.mantissas, Mantissas::Narrow(Values::All(1))) {
            return (self.clone(), Faults::new());
        }
        self.combine::<Product>(other, rows)
    }

    pub(super) fn scale(&self, factor: i128, rows: usize) -> Checked {
        self.multiply(&Self::constant(factor), rows)
    }

    pub(super) fn negate(&self, rows: usize) -> Checked {
        Self::constant(0).subtract(self, rows)
    }

    pub(super) fn abs(&self, rows: usize) -> Checked {
        let mantissas = match &self.mantissas {
            Mantissas::Narrow(values) => Mantissas::Narrow(values.map(i64::abs)),
            Mantissas::Wide(_) if self.bound > WIDE => {
                return self.combine::<Magnitude>(&Self::constant(0), rows);
            }
            Mantissas::Wide(values) => Mantissas::Wide(values.map(i128::abs)),
        };
        (Self { mantissas, ..self.clone() }, Faults::new())
    }

    pub(super) fn select(mask: &BooleanBuffer, yes: &Self, no: &Self) -> Self {
        let mantissas = match (&yes.mantissas, &no.mantissas) {
            (Mantissas::Narrow(yes), Mantissas::Narrow(no)) => {
                Mantissas::Narrow(Values::select(mask, yes, no))
            }
            _ => Mantissas::Wide(Values::select(mask, &yes.widened(), &no.widened())),
        };
        Self {
            mantissas,
            bound: yes.bound.max(no.bound),
            nulls: select_nulls(mask, yes.nulls.as_ref(), no.nulls.as_ref()),
        }
    }

    /// The nearest floats, or nearly.
    pub(super) fn to_float(&self, format: Format) -> Vector<f64> {
        let denominator = format.denominator() as f64;
        let values = match &self.mantissas {
            Mantissas::Narrow(values) => values.map(|mantissa| mantissa as f64 / denominator),
            Mantissas::Wide(values) => values.map(|mantissa| mantissa as f64 / denominator),
        };
        Vector { values, nulls: self.nulls.clone() }
    }

    /// The mantissa of a row, unless it is null.
    pub(super) fn at(&self, row: usize) -> Option<i128> {
        let is_valid = self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        is_valid.then(|| match &self.mantissas {
            Mantissas::Narrow(values) => i128::from(values.at(row)),
            Mantissas::Wide(values) => values.at(row),
        })
    }

    /// Another mantissa for each, by a function at both widths that gives none a greater size.
    pub(super) fn map(&self, narrow: impl Fn(i64) -> i64, wide: impl Fn(i128) -> i128) -> Self {
        let mantissas = match &self.mantissas {
            Mantissas::Narrow(values) => Mantissas::Narrow(values.map(narrow)),
            Mantissas::Wide(values) => Mantissas::Wide(values.map(wide)),
        };
        Self { mantissas, ..self.clone() }
    }

    pub(super) fn widened(&self) -> Values<i128> {
        match &self.mantissas {
            Mantissas::Narrow(values) => values.map(i128::from),
            Mantissas::Wide(values) => values.clone(),
        }
    }

    /// What is left after division, with the sign of the dividend; the other side is nowhere 0.
    pub(super) fn remainder(&self, other: &Self, rows: usize) -> Checked {
        self.combine::<Remainder>(other, rows)
    }

    fn combine<O: Operation>(&self, other: &Self, rows: usize) -> Checked {
        let nulls = NullBuffer::union(self.nulls.as_ref(), other.nulls.as_ref());
        if let (Mantissas::Narrow(left), Mantissas::Narrow(right)) = (&self.mantissas, &other.mantissas) {
            let mut bound = O::bound(self.bound, other.bound);
            if bound > NARROW {
                bound = O::bound(exact_bound(left), exact_bound(right));
            }
            if bound <= NARROW {
                let mantissas = Mantissas::Narrow(left.zip(right, O::narrow));
                return (Self { mantissas, bound, nulls }, Faults::new());
            }
        }
        let (left, right) = (self.widened(), other.widened());
        if O::bound(self.bound, other.bound) <= WIDE {
            return (Self::wide(left.zip(&right, O::wide), nulls), Faults::new());
        }
        checked::<O>(left, right, nulls, rows)
    }
}

/// Row by row; what does not fit 128 bits is marked.
fn checked<O: Operation>(
    left: Values<i128>,
    right: Values<i128>,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> Checked {
    let (left, right) = (left.spread(rows), right.spread(rows));
    let mut overflows = Faults::new();
    let mut values = vec![0; rows];
    for row in 0..rows {
        match O::checked(left[row], right[row]) {
            Some(value) => values[row] = value,
            None if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) => {}
            None => overflows.push((row_number(row), Fault::Overflow)),
        }
    }
    (Numbers::wide(Values::Each(values.into()), nulls), overflows)
}

/// A row's number inside its batch.
pub(super) fn row_number(row: usize) -> u32 {
    u32::try_from(row).expect("batches have fewer than 2^32 rows")
}

/// Both lists in one, the first list's fault where a row has two.
pub(super) fn merged(mut first: Faults, second: Faults) -> Faults {
    if second.is_empty() {
        return first;
    }
    first.extend(second);
    first.sort_by_key(|(row, _)| *row);
    first.dedup_by_key(|(row, _)| *row);
    first
}

/// One arithmetic operation at its three speeds.
trait Operation {
    /// A bound on the result from bounds on the operands.
    fn bound(left: u128, right: u128) -> u128;
    fn narrow(left: i64, right: i64) -> i64;
    fn wide(left: i128, right: i128) -> i128;
    fn checked(left: i128, right: i128) -> Option<i128>;
}

macro_rules! operation {
    ($name:ident, $bound:ident, $exact:ident, $checked:ident) => {
        struct $name;
        impl Operation for $name {
            fn bound(left: u128, right: u128) -> u128 {
                left.$bound(right)
            }
            fn narrow(left: i64, right: i64) -> i64 {
                left.$exact(right)
            }
            fn wide(left: i128, right: i128) -> i128 {
                left.$exact(right)
            }
            fn checked(left: i128, right: i128) -> Option<i128> {
                left.$checked(right)
            }
        }
    };
}

operation!(Sum, saturating_add, wrapping_add, checked_add);
operation!(Difference, saturating_add, wrapping_sub, checked_sub);
operation!(Product, saturating_mul, wrapping_mul, checked_mul);

/// The absolute value of the left side, for mantissas that have none in 128 bits.
struct Magnitude;

impl Operation for Magnitude {
    fn bound(left: u128, _: u128) -> u128 {
        left
    }
    fn narrow(left: i64, _: i64) -> i64 {
        left.abs()
    }
    fn wide(left: i128, _: i128) -> i128 {
        left.abs()
    }
    fn checked(left: i128, _: i128) -> Option<i128> {
        left.checked_abs()
    }
}

/// What is left of a division. 1 in place of 0, which only rows hold that are null or faulty.
struct Remainder;

impl Operation for Remainder {
    fn bound(left: u128, _: u128) -> u128 {
        left
    }
    fn narrow(left: i64, right: i64) -> i64 {
        left.wrapping_rem(if right == 0 { 1 } else { right })
    }
    fn wide(left: i128, right: i128) -> i128 {
        left.wrapping_rem(if right == 0 { 1 } else { right })
    }
    fn checked(left: i128, right: i128) -> Option<i128> {
        Some(Self::wide(left, right))
    }
}

/// At most about twice the greatest |x|, in one vectorised pass: the bits any |x| needs.
fn loose_bound(values: &Values<i64>) -> u128 {
    match values {
        // x ^ (x >> 63) is x, or |x| − 1 when x is negative.
        Values::Each(values) => {
            let bits = values.iter().fold(0, |bits, x| bits | (x ^ (x >> 63)));
            u128::from(bits.unsigned_abs()) + 1
        }
        Values::All(x) => u128::from(x.unsigned_abs()),
    }
}

pub(super) fn exact_bound(values: &Values<i64>) -> u128 {
    u128::from(match values {
        Values::Each(values) => values.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0),
        Values::All(x) => x.unsigned_abs(),
    })
}

/// A mantissa known to fit 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "the caller has bounded the mantissa")]
pub(super) fn low_half(mantissa: i128) -> i64 {
    mantissa as i64
}
