//! Exact fractions of whole numbers: what a division by a column gives, until it is rounded once.

use super::Fault;
use super::node::Format;
use super::number::{Faults, Mantissas, Numbers, merged, row_number};
use super::vector::{Values, Vector};
use arrow::buffer::BooleanBuffer;

/// numerator / denominator, row by row; denominators are above 0.
#[derive(Debug, Clone)]
pub(super) struct Ratios {
    pub(super) numerators: Numbers,
    pub(super) denominators: Numbers,
}

/// Fractions, and the rows that have none.
type Checked = (Ratios, Faults);

impl From<Numbers> for Ratios {
    fn from(numerators: Numbers) -> Self {
        Self { numerators, denominators: Numbers::constant(1) }
    }
}

impl Ratios {
    /// `x / y`; a row whose y is 0 has none.
    pub(super) fn quotient(x: &Self, y: &Self, rows: usize) -> Checked {
        let (over, first) = x.numerators.multiply(&y.denominators, rows);
        let (under, second) = x.denominators.multiply(&y.numerators, rows);
        let zeros = Self::zeros(&over, &under, rows);
        let signs = under.map(|y| if y < 0 { -1 } else { 1 }, |y| if y < 0 { -1 } else { 1 });
        let (numerators, third) = over.multiply(&signs, rows);
        let denominators = under.map(|y| y.saturating_abs().max(1), |y| y.saturating_abs().max(1));
        let bound = denominators.bound.max(1);
        let ratios = Self { numerators, denominators: Numbers { bound, nulls: None, ..denominators } };
        (ratios, merged(merged(zeros, first), merged(second, third)))
    }

    pub(super) fn add(&self, other: &Self, rows: usize) -> Checked {
        self.sum(other, Numbers::add, rows)
    }

    pub(super) fn subtract(&self, other: &Self, rows: usize) -> Checked {
        self.sum(other, Numbers::subtract, rows)
    }

    fn sum(
        &self,
        other: &Self,
        of: fn(&Numbers, &Numbers, usize) -> super::number::Checked,
        rows: usize,
    ) -> Checked {
        let ((left, right), first) = self.aligned(other, rows);
        let (numerators, second) = of(&left, &right, rows);
        let (denominators, third) = self.denominators.multiply(&other.denominators, rows);
        (Self { numerators, denominators: positive(denominators) }, merged(first, merged(second, third)))
    }

    pub(super) fn multiply(&self, other: &Self, rows: usize) -> Checked {
        let (numerators, first) = self.numerators.multiply(&other.numerators, rows);
        let (denominators, second) = self.denominators.multiply(&other.denominators, rows);
        (Self { numerators, denominators: positive(denominators) }, merged(first, second))
    }

    /// The numerators over a common denominator, which compare as the fractions do.
    pub(super) fn aligned(&self, other: &Self, rows: usize) -> ((Numbers, Numbers), Faults) {
        let (left, first) = self.numerators.multiply(&other.denominators, rows);
        let (right, second) = other.numerators.multiply(&self.denominators, rows);
        ((left, right), merged(first, second))
    }

    /// The same fractions of other numerators.
    pub(super) fn with(&self, of: impl FnOnce(&Numbers) -> super::number::Checked) -> Checked {
        let (numerators, faults) = of(&self.numerators);
        (Self { numerators, denominators: self.denominators.clone() }, faults)
    }

    pub(super) fn select(mask: &BooleanBuffer, yes: &Self, no: &Self) -> Self {
        Self {
            numerators: Numbers::select(mask, &yes.numerators, &no.numerators),
            denominators: Numbers::select(mask, &yes.denominators, &no.denominators),
        }
    }

    /// Rows whose divisor is 0, and neither side null.
    pub(super) fn zeros(x: &Numbers, y: &Numbers, rows: usize) -> Faults {
        if matches!(&y.mantissas, Mantissas::Narrow(Values::Each(values)) if !values.contains(&0)) {
            return Faults::new();
        }
        let counts = |row: &usize| y.at(*row) == Some(0) && x.at(*row).is_some();
        (0..rows).filter(counts).map(|row| (row_number(row), Fault::DivisionByZero)).collect()
    }

    /// The nearest floats, or nearly.
    pub(super) fn to_float(&self, format: Format) -> Vector<f64> {
        let denominators = self.denominators.to_float(Format::INTEGER);
        self.numerators.to_float(format).zip(&denominators, |x, y| x / y)
    }
}

/// Where a row overflowed its denominator is 0, and nothing else of it is used.
fn positive(numbers: Numbers) -> Numbers {
    let bound = numbers.bound.max(1);
    Numbers { bound, nulls: None, ..numbers.map(|y| y.max(1), |y| y.max(1)) }
}
