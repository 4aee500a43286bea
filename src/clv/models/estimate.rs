//! A value, and how it moves with the parameters: standard errors by the delta method.

/// A prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Best estimate.
    pub value: f64,
    /// How the fit's four independent errors of unit variance pull at the value; `None` where the fit has no covariance.
    ///
    /// Pulls add up: Σ m·value of customers with one fit has the pull Σ m·pull.
    pub pull: Option<[f64; 4]>,
}

impl Estimate {
    /// By the delta method: the length of the pull.
    pub fn standard_error(&self) -> Option<f64> {
        self.pull.map(|pull| pull.iter().map(|entry| entry * entry).sum::<f64>().sqrt())
    }
}

/// The covariance C = L·Lᵀ of the parameters' logarithms, as L: the pull of a gradient g is Lᵀg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pulls {
    lower: [[f64; 4]; 4],
}

impl Pulls {
    /// Cholesky's factor; parameters without variance, those a form fixes, have rows of 0.
    pub(super) fn new(covariance: &[[f64; 4]; 4]) -> Self {
        let mut lower = [[0.0_f64; 4]; 4];
        for row in 0..4 {
            for column in 0..=row {
                let known: f64 = (0..column).map(|inner| lower[row][inner] * lower[column][inner]).sum();
                let rest = covariance[row][column] - known;
                lower[row][column] = match (row == column, lower[column][column] > 0.0) {
                    (true, _) => rest.max(0.0).sqrt(),
                    (false, true) => rest / lower[column][column],
                    (false, false) => 0.0,
                };
            }
        }
        Self { lower }
    }

    /// An entry of L.
    pub(super) fn lower(&self, row: usize, column: usize) -> f64 {
        self.lower[row][column]
    }

    pub(crate) fn of(&self, gradient: &[f64; 4]) -> [f64; 4] {
        std::array::from_fn(|column| (column..4).map(|row| self.lower[row][column] * gradient[row]).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_sums_are_lengths_of_summed_pulls() {
        let covariance =
            [[4.0, 2.0, 0.0, 0.0], [2.0, 10.0, 0.0, -3.0], [0.0, 0.0, 0.0, 0.0], [0.0, -3.0, 0.0, 2.0]];
        let pull = Pulls::new(&covariance).of(&[1.0, -1.0, 7.0, 2.0]);
        let estimate = Estimate { value: 0.0, pull: Some(pull) };
        // gᵀCg = 4 − 4 + 10 + 12 + 8.
        assert!((estimate.standard_error().unwrap().powi(2) - 30.0).abs() < 1e-12, "{estimate:?}");
    }
}
