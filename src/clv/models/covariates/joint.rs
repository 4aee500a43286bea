//! Errors of cells as parts of one error: what customers of different cells are worth together errs in common.
//!
//! A cell's covariance is J C Jᵀ = L_c L_cᵀ with a triangle L_c of four rows, by which predictions of its customers are pulled
//! (see [`Estimate`](crate::clv::models::Estimate)). With C = L Lᵀ and Q = L_c⁻¹ J L, whose rows are orthonormal, the pull Qᵀp
//! of a pull p of the cell is that of the errors that all cells share, and pulls of different cells add up.

use super::linear_map::LinearMap;
use crate::clv::models::estimate::Pulls;
use crate::math::newton::{Matrix, cholesky};

/// Q of a cell, by the four errors of the cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rotation([Vec<f64>; 4]);

impl Rotation {
    /// None where the covariance is not positive definite.
    pub(super) fn new(map: &LinearMap<'_>, cell: usize, covariance: &Matrix) -> Option<Self> {
        let lower = cholesky(covariance)?;
        let jacobian = map.jacobian(Some(cell));
        let product = |row: &Vec<f64>| -> Vec<f64> {
            let entry =
                |column: usize| (column..row.len()).map(|inner| row[inner] * lower[inner][column]).sum();
            (0..row.len()).map(entry).collect()
        };
        let mut rows = jacobian.each_ref().map(product);
        let of_cell = Pulls::new(&map.covariance(Some(cell), covariance));
        for row in 0..4 {
            for known in 0..row {
                let along = of_cell.lower(row, known);
                let earlier = rows[known].clone();
                rows[row].iter_mut().zip(&earlier).for_each(|(entry, earlier)| *entry -= along * earlier);
            }
            let length = of_cell.lower(row, row);
            // A parameter that the form fixes has no error.
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            rows[row].iter_mut().for_each(|entry| *entry *= scale);
        }
        Some(Self(rows))
    }

    /// The pull of the errors that all cells share.
    pub(super) fn joint(&self, pull: &[f64; 4]) -> Vec<f64> {
        let size = self.0[0].len();
        (0..size).map(|index| (0..4).map(|row| pull[row] * self.0[row][index]).sum()).collect()
    }
}
