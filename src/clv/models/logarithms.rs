//! From derivatives by positive parameters to derivatives by their logarithms, in which they are fitted.

use crate::math::optimise::Evaluation;

/// The same function of ln θ: ∂/∂ln θᵢ = θᵢ ∂ᵢ, and ∂²/∂ln θᵢ ∂ln θⱼ = θᵢ θⱼ ∂ᵢⱼ, plus θᵢ ∂ᵢ where i = j.
pub(super) fn in_logarithms<const N: usize>(theta: [f64; N], by_theta: &Evaluation<N>) -> Evaluation<N> {
    let gradient: [f64; N] = std::array::from_fn(|i| theta[i] * by_theta.gradient[i]);
    let hessian = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let own = if i == j { gradient[i] } else { 0.0 };
            theta[i] * theta[j] * by_theta.hessian[i][j] + own
        })
    });
    Evaluation { value: by_theta.value, gradient, hessian }
}

/// Standard errors of θ from the covariance of ln θ (delta method).
pub(super) fn standard_errors<const N: usize>(theta: [f64; N], log_covariance: &[[f64; N]; N]) -> [f64; N] {
    std::array::from_fn(|i| theta[i] * log_covariance[i][i].sqrt())
}
