//! Fisher information of the indices of seasons, and its inverse.
//!
//! A span whose purchases fall into seasons with probabilities p tells (x − 1)·(diag p − p·pᵀ) of the logarithms of the
//! indices: nothing if it lies within one season. Spans are grouped by the seasons of single years in which they begin and
//! end, with the mean part of these that belongs to them: the information says how sure an estimate is, and which way to go,
//! not where it is.

use super::activity::Activity;
use crate::math::optimise::inverse;

/// Spans by where they begin and end.
pub(super) struct Information<const N: usize> {
    /// Seasons of single years, in order: which one, and its days.
    cells: Vec<(usize, f64)>,
    /// By the cell of the first and of the last day.
    spans: Vec<Spans>,
}

/// Spans that begin in one cell and end in another.
#[derive(Clone, Copy, Default)]
struct Spans {
    purchases: f64,
    /// Purchases × the part of the first cell's days that is in the span.
    first: f64,
    last: f64,
}

/// Of the information, which knows indices but for a factor.
pub(super) struct Inverse<const N: usize> {
    /// Of the information with the mean held as if it were known: the way to the maximum.
    pub(super) damped: [[f64; N]; N],
    /// What of it is the mean's.
    common: f64,
}

impl<const N: usize> Information<N> {
    pub(super) fn new(season_of: &[usize], activity: &Activity) -> Self {
        let (mut cells, mut cell_of, mut starts) =
            (Vec::new(), Vec::with_capacity(season_of.len()), Vec::new());
        for cell in season_of.chunk_by(|left, right| left == right) {
            starts.push(cell_of.len());
            cell_of.extend(cell.iter().map(|_| cells.len()));
            cells.push((cell[0], cell.len() as f64));
        }
        let mut spans = vec![Spans::default(); cells.len() * cells.len()];
        for span in &activity.spans {
            let days = span.days();
            let (first, last) = (cell_of[days.start], cell_of[days.end - 1]);
            let sum = &mut spans[first * cells.len() + last];
            #[expect(clippy::cast_precision_loss, reason = "2^53 purchases are more than there are")]
            let purchases = span.purchases as f64;
            sum.purchases += purchases;
            let left_out = (days.start - starts[first]) as f64;
            sum.first += purchases * (1.0 - left_out / cells[first].1);
            sum.last += purchases * ((days.end - starts[last]) as f64 / cells[last].1);
        }
        Self { cells, spans }
    }

    fn matrix(&self, indices: &[f64; N]) -> [[f64; N]; N] {
        let mut matrix = [[0.0; N]; N];
        for first in 0..self.cells.len() {
            for last in first + 1..self.cells.len() {
                let spans = self.spans[first * self.cells.len() + last];
                if spans.purchases > 0.0 {
                    self.add(&mut matrix, indices, [first, last], &spans);
                }
            }
        }
        matrix
    }

    fn add(&self, matrix: &mut [[f64; N]; N], indices: &[f64; N], [first, last]: [usize; 2], spans: &Spans) {
        let mut parts = [0.0; N];
        for (cell, (season, days)) in self.cells.iter().enumerate().take(last + 1).skip(first) {
            let within = match cell {
                _ if cell == first => spans.first / spans.purchases,
                _ if cell == last => spans.last / spans.purchases,
                _ => 1.0,
            };
            parts[*season] += within * days * indices[*season];
        }
        let sum: f64 = parts.iter().sum();
        for row in 0..N {
            let part = parts[row] / sum;
            matrix[row][row] += spans.purchases * part;
            for column in 0..N {
                matrix[row][column] -= spans.purchases * part * (parts[column] / sum);
            }
        }
    }

    /// With g the `parts` of the year, I + a·g·gᵀ is regular; its inverse less 1·1ᵀ/a(Σ g)² is the covariance of logarithms
    /// whose mean by g does not move. Of seasons that are free alone. None where spans link not all of these.
    pub(super) fn inverse(
        &self,
        indices: &[f64; N],
        parts: &[f64; N],
        is_free: &[bool; N],
    ) -> Option<Inverse<N>> {
        let mut matrix = self.matrix(indices);
        let weight = (0..N).map(|season| matrix[season][season]).sum::<f64>();
        let part = |season: usize| if is_free[season] { parts[season] } else { 0.0 };
        for row in 0..N {
            for column in 0..N {
                matrix[row][column] = match is_free[row] && is_free[column] {
                    true => matrix[row][column] + weight * part(row) * part(column),
                    false => f64::from(u8::from(row == column)),
                };
            }
        }
        let sum: f64 = (0..N).map(part).sum();
        Some(Inverse { damped: inverse(&matrix)?, common: 1.0 / (weight * sum * sum) })
    }
}

impl<const N: usize> Inverse<N> {
    /// Of the logarithms of free seasons' indices with a mean of 1.
    pub(super) fn variance(&self) -> [f64; N] {
        std::array::from_fn(|season| (self.damped[season][season] - self.common).max(0.0))
    }
}
