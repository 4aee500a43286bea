//! Linear map from what is estimated to the logarithms of a cell's four parameters, and the chain rule through it.

use super::design::{Design, Level};
use crate::clv::models::Counts;
use crate::clv::models::DAYS_PER_WEEK;
use crate::clv::models::fit::Fit;
use crate::clv::models::likelihood;
use crate::clv::models::pairs::Pairs;
use crate::math::newton::{Derivatives, FARTHEST, Matrix};
use crate::math::optimise::Evaluation;
use rayon::prelude::*;

/// γ of one value in one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slot {
    pub(super) level: Level,
    /// Which of the four parameters it scales, by exp(sign · γ).
    pub(super) parameter: usize,
    pub(super) sign: f64,
}

/// Estimated are first the logarithms of ratios of the form's free parameters to their start, then γ.
pub(super) struct LinearMap<'d> {
    pub(super) design: &'d Design,
    pub(super) start: [f64; 4],
    pub(super) free: &'static [usize],
    pub(super) slots: Vec<Slot>,
}

/// Beyond this, of a sum of several logarithms, no law is asked.
const MOST: f64 = FARTHEST + 8.0;

impl LinearMap<'_> {
    /// How many numbers are estimated.
    pub(super) fn len(&self) -> usize {
        self.free.len() + self.slots.len()
    }

    /// What each estimated number adds to the logarithm of one of the parameters, in customers of a cell: (number, parameter,
    /// factor), the entries of the Jacobian J that are not 0. None: at the references.
    pub(super) fn entries(&self, cell: Option<usize>) -> Vec<(usize, usize, f64)> {
        let free = self.free.iter().enumerate().map(|(number, parameter)| (number, *parameter, 1.0));
        let slots = (self.free.len()..).zip(&self.slots);
        let is_in = |slot: &Slot| cell.is_some_and(|cell| self.design.has(cell, slot.level));
        let slots = slots.filter(|(_, slot)| is_in(slot));
        free.chain(slots.map(|(number, slot)| (number, slot.parameter, slot.sign))).collect()
    }

    /// J as a whole: by parameter.
    pub(super) fn jacobian(&self, cell: Option<usize>) -> [Vec<f64>; 4] {
        let mut jacobian: [Vec<f64>; 4] = std::array::from_fn(|_| vec![0.0; self.len()]);
        self.entries(cell).into_iter().for_each(|(number, parameter, factor)| {
            jacobian[parameter][number] = factor;
        });
        jacobian
    }

    /// The parameters of a cell's customers; none too far from the start.
    pub(super) fn parameters(&self, cell: Option<usize>, position: &[f64]) -> Option<[f64; 4]> {
        let mut logarithms = [0.0; 4];
        for (number, parameter, factor) in self.entries(cell) {
            logarithms[parameter] += factor * position[number];
        }
        let is_near = logarithms.iter().all(|logarithm: &f64| logarithm.abs() <= MOST);
        is_near.then(|| std::array::from_fn(|index| self.start[index] * logarithms[index].exp()))
    }

    /// The log-likelihood of all cells: gradients are Σ Jᵀg, Hessians Σ JᵀHJ. Cells are evaluated side by side and added in
    /// their order.
    pub(super) fn log_likelihood(&self, cells: &Cells, plain: &Fit, position: &[f64]) -> Derivatives {
        let size = self.len();
        let of_cell = |(cell, pairs): &(usize, Pairs)| {
            let parameters = self.parameters(Some(*cell), position)?;
            let fit = Fit { parameters, ..plain.clone() };
            let law = fit.law().expect("a form that is fitted has a law");
            Some(likelihood::log_likelihood(&*law, pairs, 1.0 / DAYS_PER_WEEK))
        };
        let evaluations: Vec<Option<Evaluation<4>>> = cells.0.par_iter().map(of_cell).collect();
        let mut sum =
            Derivatives { value: 0.0, gradient: vec![0.0; size], hessian: vec![vec![0.0; size]; size] };
        for ((cell, _), evaluation) in cells.0.iter().zip(evaluations) {
            let Some(evaluation) = evaluation else {
                return Derivatives { value: f64::NEG_INFINITY, ..sum };
            };
            sum.value += evaluation.value;
            add(&mut sum, &evaluation, &self.entries(Some(*cell)));
        }
        sum
    }

    /// J C Jᵀ: the covariance of the logarithms of a cell's parameters.
    pub(super) fn covariance(&self, cell: Option<usize>, covariance: &Matrix) -> [[f64; 4]; 4] {
        let entries = self.entries(cell);
        let mut sum = [[0.0; 4]; 4];
        for (left, row, by_row) in &entries {
            for (right, column, by_column) in &entries {
                sum[*row][*column] += by_row * by_column * covariance[*left][*right];
            }
        }
        sum
    }
}

fn add(sum: &mut Derivatives, of_cell: &Evaluation<4>, entries: &[(usize, usize, f64)]) {
    for (left, row, by_row) in entries {
        sum.gradient[*left] += by_row * of_cell.gradient[*row];
        for (right, column, by_column) in entries {
            sum.hessian[*left][*right] += by_row * by_column * of_cell.hessian[*row][*column];
        }
    }
}

/// Counted histories of the cells that have any, ready to be evaluated.
pub(super) struct Cells(Vec<(usize, Pairs)>);

impl Cells {
    pub(super) fn new(cells: &[&Counts]) -> Self {
        let with_customers = cells.iter().enumerate().filter(|(_, counts)| !counts.rows().is_empty());
        Self(with_customers.map(|(cell, counts)| (cell, Pairs::new(counts))).collect())
    }
}
