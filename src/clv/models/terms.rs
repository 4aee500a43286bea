//! Terms of a likelihood and quantities, each with its derivatives by the logarithms of the four parameters: what a
//! purchase law gives, and what the likelihood and the predictions are made of.

use crate::math::optimise::Evaluation;

/// A term of the likelihood, with derivatives by the logarithms of the four parameters.
pub(super) type Term = Evaluation<4>;

/// A term that is not there: its e^value is 0.
pub(super) const ABSENT: Term =
    Evaluation { value: f64::NEG_INFINITY, gradient: [0.0; 4], hessian: [[0.0; 4]; 4] };

/// The symmetric matrix of a lower triangle.
pub(super) fn mirrored(lower: [[f64; 4]; 4]) -> [[f64; 4]; 4] {
    std::array::from_fn(|row| std::array::from_fn(|column| lower[row.max(column)][row.min(column)]))
}

/// A quantity with its derivatives by the logarithms of the four parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) gradient: [f64; 4],
}

impl Slope {
    pub(super) const ZERO: Self = Self { value: 0.0, gradient: [0.0; 4] };

    pub(super) fn plus(self, other: &Self) -> Self {
        let entry = |index: usize| self.gradient[index] + other.gradient[index];
        Self { value: self.value + other.value, gradient: std::array::from_fn(entry) }
    }

    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { value: self.value * factor, gradient: self.gradient.map(|entry| entry * factor) }
    }

    pub(super) fn times(self, other: &Self) -> Self {
        let entry = |index: usize| self.gradient[index] * other.value + self.value * other.gradient[index];
        Self { value: self.value * other.value, gradient: std::array::from_fn(entry) }
    }

    /// Of a logarithm.
    pub(super) fn exp(self) -> Self {
        Self { value: self.value.exp(), ..self.scaled(self.value.exp()) }
    }
}

impl From<Term> for Slope {
    fn from(term: Term) -> Self {
        Self { value: term.value, gradient: term.gradient }
    }
}
