//! The maximum of a smooth function of a few parameters, whose number is known when the program is compiled: [`newton`]
//! with arrays in place of vectors.

use super::newton::{self, Derivatives, Matrix};

pub use super::newton::{FARTHEST, Runaway};

/// What the function and its derivatives are at a point.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<const N: usize> {
    /// The function.
    pub value: f64,
    /// Its first derivatives.
    pub gradient: [f64; N],
    /// Its second derivatives, symmetric.
    pub hessian: [[f64; N]; N],
}

/// Where a search ended.
#[derive(Debug, Clone, Copy)]
pub struct Optimum<const N: usize> {
    /// The parameters.
    pub position: [f64; N],
    /// The function there, and its derivatives.
    pub evaluation: Evaluation<N>,
    /// How often the function was evaluated after the start.
    pub iterations: u32,
    /// Whether the gradient vanishes there and the function curves down in every direction.
    pub converged: bool,
    /// The parameter that ran away, if one did.
    pub runaway: Option<Runaway>,
}

impl<const N: usize> Optimum<N> {
    /// The largest magnitude among the first derivatives.
    pub fn gradient_norm(&self) -> f64 {
        newton::norm(&self.evaluation.gradient)
    }

    /// (−H)⁻¹: the covariance of maximum-likelihood estimates. `None` unless the function curves down in every direction.
    pub fn covariance(&self) -> Option<[[f64; N]; N]> {
        inverse(&self.evaluation.hessian.map(|row| row.map(|entry| -entry)))
    }
}

/// The maximum near `start`, where the function must be finite; elsewhere values that are not finite are avoided.
pub fn maximise<const N: usize>(
    start: [f64; N],
    mut evaluate: impl FnMut(&[f64; N]) -> Evaluation<N>,
) -> Optimum<N> {
    let found = newton::search(start.to_vec(), |position| {
        let Evaluation { value, gradient, hessian } = evaluate(&array(position));
        Derivatives { value, gradient: gradient.to_vec(), hessian: vectors(&hessian) }
    });
    let Derivatives { value, gradient, hessian } = &found.derivatives;
    Optimum {
        position: array(&found.position),
        evaluation: Evaluation { value: *value, gradient: array(gradient), hessian: arrays(hessian) },
        iterations: found.iterations,
        converged: found.converged,
        runaway: found.runaway,
    }
}

/// The inverse of a positive definite matrix, made symmetric to the last bit.
pub(crate) fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    Some(arrays(&newton::inverse(&vectors(matrix))?))
}

fn array<const N: usize>(vector: &[f64]) -> [f64; N] {
    vector.try_into().expect("as many as there are parameters")
}

fn arrays<const N: usize>(matrix: &Matrix) -> [[f64; N]; N] {
    std::array::from_fn(|row| array(&matrix[row]))
}

fn vectors<const N: usize>(matrix: &[[f64; N]; N]) -> Matrix {
    matrix.iter().map(|row| row.to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −(1 − u)² − 100 (v − u²)² with u = x, v = y: Rosenbrock's valley upside down.
    fn rosenbrock(&[x, y]: &[f64; 2]) -> Evaluation<2> {
        let bend = y - x * x;
        Evaluation {
            value: -(1.0 - x).powi(2) - 100.0 * bend * bend,
            gradient: [2.0 * (1.0 - x) + 400.0 * x * bend, -200.0 * bend],
            hessian: [[-2.0 + 400.0 * (bend - 2.0 * x * x), 400.0 * x], [400.0 * x, -200.0]],
        }
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let optimum = maximise([-1.2, 1.0], rosenbrock);
        assert!(optimum.converged && optimum.iterations < 40, "{optimum:?}");
        assert!(optimum.position.iter().all(|value| (value - 1.0).abs() < 1e-9), "{optimum:?}");
        let covariance = optimum.covariance().unwrap();
        assert!((covariance[0][0] - 0.5).abs() < 1e-6 && (covariance[1][1] - 2.005).abs() < 1e-6);
    }

    #[test]
    fn a_maximum_at_infinity_is_a_runaway() {
        // 1/(1 + e⁻ᵘ) has no maximum; a parabola in the other direction has.
        let optimum = maximise([0.0, 3.0], |&[x, y]| {
            let share = 1.0 / (1.0 + (-x).exp());
            let slope = share * (1.0 - share);
            Evaluation {
                value: share - y * y,
                gradient: [slope, -2.0 * y],
                hessian: [[slope * (1.0 - 2.0 * share), 0.0], [0.0, -2.0]],
            }
        });
        assert_eq!(optimum.runaway, Some(Runaway { parameter: 0, upwards: true }));
        assert!(!optimum.converged);
    }

    #[test]
    fn a_saddle_has_no_covariance() {
        let saddle = |&[x, y]: &[f64; 2]| Evaluation {
            value: x * x - y * y,
            gradient: [2.0 * x, -2.0 * y],
            hessian: [[2.0, 0.0], [0.0, -2.0]],
        };
        let optimum = maximise([0.0, 0.0], saddle);
        assert!(!optimum.converged && optimum.covariance().is_none());
    }
}
