//! Fitting positive parameters by their logarithms, at the edge of their range too.

use super::estimate::Pulls;
use crate::math::optimise::{self, Evaluation, Optimum};

/// Where a parameter without finite best value is held, as a logarithm: the model there cannot be distinguished from its
/// limit, and parameters that must keep a proportion to it have room.
const HELD_AT: f64 = 14.0;

/// A logarithm with a larger standard error is not known: the parameter might be 20 times larger or smaller.
const UNKNOWN: f64 = 3.0;

/// What a parameter tends to that has no finite best value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// 0.
    Zero,
    /// Infinity.
    Infinity,
}

/// A fit by maximum likelihood of parameters θ > 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate<const N: usize> {
    /// θ.
    pub parameters: [f64; N],
    /// Parameters held close to their limit, because the likelihood rises all the way; the model is a simpler one.
    pub limits: [Option<Limit>; N],
    /// The covariance of ln θ, by the observed information; rows of parameters at a limit are 0.
    pub log_covariance: [[f64; N]; N],
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
    /// How often it was evaluated.
    pub iterations: u32,
}

impl<const N: usize> Estimate<N> {
    /// Standard errors of θ, by the delta method; none at a limit, and none where ln θ is not known within `UNKNOWN`:
    /// there the likelihood is flat, and a product of θ and its error says nothing.
    pub fn standard_errors(&self) -> [Option<f64>; N] {
        std::array::from_fn(|i| {
            let error = self.log_covariance[i][i].sqrt();
            (self.limits[i].is_none() && error < UNKNOWN).then_some(self.parameters[i] * error)
        })
    }

    /// Whether a parameter tends to 0 or infinity.
    pub fn is_at_limit(&self) -> bool {
        self.limits.iter().any(Option::is_some)
    }
}

impl Estimate<4> {
    /// How its independent errors pull at a value, by the derivatives of that by ln θ; none where a parameter is at a limit, or is not
    /// known.
    pub(crate) fn pulls(&self) -> Option<Pulls> {
        self.standard_errors().iter().all(Option::is_some).then(|| Pulls::new(&self.log_covariance))
    }
}

/// Maximises a log-likelihood that gives its derivatives by θ; from θ = `start`. `None` if no maximum is found.
///
/// A parameter that runs away is held near its limit and the others are fitted again.
pub(super) fn fit<const N: usize>(
    start: [f64; N],
    evaluate: impl Fn(&[f64; N]) -> Evaluation<N>,
) -> Option<Estimate<N>> {
    let (mut start, mut limits, mut iterations) = (start.map(f64::ln), [None; N], 0);
    loop {
        let optimum = optimise::maximise(start, |logarithms| {
            let theta = logarithms.map(f64::exp);
            held(in_logarithms(&theta, &evaluate(&theta)), &limits)
        });
        iterations += optimum.iterations;
        let Some(runaway) = optimum.runaway else {
            return estimate(&optimum, limits, iterations);
        };
        start = optimum.position;
        start[runaway.parameter] = if runaway.upwards { HELD_AT } else { -HELD_AT };
        limits[runaway.parameter] = Some(if runaway.upwards { Limit::Infinity } else { Limit::Zero });
    }
}

fn estimate<const N: usize>(
    optimum: &Optimum<N>,
    limits: [Option<Limit>; N],
    iterations: u32,
) -> Option<Estimate<N>> {
    let covariance = optimum.covariance().filter(|_| optimum.converged)?;
    let is_free = |i: usize| limits[i].is_none();
    Some(Estimate {
        parameters: optimum.position.map(f64::exp),
        limits,
        log_covariance: std::array::from_fn(|i| {
            std::array::from_fn(|j| if is_free(i) && is_free(j) { covariance[i][j] } else { 0.0 })
        }),
        log_likelihood: optimum.evaluation.value,
        iterations,
    })
}

/// The same function of ln θ: ∂/∂ln θᵢ = θᵢ ∂ᵢ, and ∂²/∂ln θᵢ ∂ln θⱼ = θᵢ θⱼ ∂ᵢⱼ, plus θᵢ ∂ᵢ where i = j.
fn in_logarithms<const N: usize>(theta: &[f64; N], by_theta: &Evaluation<N>) -> Evaluation<N> {
    let gradient: [f64; N] = std::array::from_fn(|i| theta[i] * by_theta.gradient[i]);
    let hessian = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let own = if i == j { gradient[i] } else { 0.0 };
            theta[i] * theta[j] * by_theta.hessian[i][j] + own
        })
    });
    Evaluation { value: by_theta.value, gradient, hessian }
}

/// Parameters at a limit look like they were at their best, so that no step moves them.
fn held<const N: usize>(mut at: Evaluation<N>, limits: &[Option<Limit>; N]) -> Evaluation<N> {
    for held in (0..N).filter(|index| limits[*index].is_some()) {
        at.gradient[held] = 0.0;
        for other in 0..N {
            let curvature = if other == held { -1.0 } else { 0.0 };
            (at.hessian[held][other], at.hessian[other][held]) = (curvature, curvature);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −(ln x − 1)² + y / (1 + y): best at x = e, and the larger y the better.
    fn one_without_bound(&[x, y]: &[f64; 2]) -> Evaluation<2> {
        let off = x.ln() - 1.0;
        Evaluation {
            value: -off * off + y / (1.0 + y),
            gradient: [-2.0 * off / x, (1.0 + y).powi(-2)],
            hessian: [[-2.0 * (1.0 - off) / (x * x), 0.0], [0.0, -2.0 * (1.0 + y).powi(-3)]],
        }
    }

    #[test]
    fn a_parameter_without_best_value_is_held_and_the_others_are_fitted() {
        let found = fit([1.0, 1.0], one_without_bound).unwrap();
        assert_eq!(found.limits, [None, Some(Limit::Infinity)]);
        assert!(found.is_at_limit() && (found.parameters[0] / 1_f64.exp() - 1.0).abs() < 1e-9, "{found:?}");
        let [error, none] = found.standard_errors();
        assert!((error.unwrap() - 1_f64.exp() * 0.5_f64.sqrt()).abs() < 1e-9 && none.is_none());
    }
}
