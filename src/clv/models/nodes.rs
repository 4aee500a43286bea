//! The posterior laws of λ and p of customers who are alive, as nodes of a sum.

use crate::math::quadrature;

/// A lapsing probability.
#[derive(Debug, Clone, Copy)]
pub(super) struct LapsingNode {
    pub(super) p: f64,
    pub(super) weight: f64,
    /// ln p and ln (1 − p) less their means: the derivatives of the log-density by a and B.
    pub(super) by_a: f64,
    pub(super) by_b: f64,
}

/// A scaled purchase rate y = λA.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateNode {
    pub(super) y: f64,
    pub(super) weight: f64,
    /// ln y less its mean: the derivative of the log-density by R.
    pub(super) by_shape: f64,
}

/// An expectation and its derivatives by R, ln A, a and B.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments(pub(super) [f64; 5]);

impl LapsingNode {
    /// Nobody lapses.
    pub(super) const NEVER: Self = Self { p: SMALLEST, weight: 1.0, by_a: 0.0, by_b: 0.0 };
}

/// Below 10⁻²⁹⁰ only p = 0 matters.
const SMALLEST: f64 = 1e-290;

impl Moments {
    pub(super) fn add(&mut self, node: &LapsingNode, value: f64, by_shape: f64, by_ln_reach: f64) {
        let terms = [value, by_shape, by_ln_reach, value * node.by_a, value * node.by_b];
        self.0.iter_mut().zip(terms).for_each(|(sum, term)| *sum += node.weight * term);
    }
}

/// p ~ Beta(a, b), by its log-odds, whose density is pᵃ (1 − p)ᵇ, measured from those of the centre.
pub(super) fn lapsing_nodes(a: f64, b: f64) -> Vec<LapsingNode> {
    let (from, to) = (a.max(1.0), b.max(1.0));
    let (centre_p, centre_q) = (from / (from + to), to / (from + to));
    // ln (p/centre) and ln ((1 − p)/(1 − centre)), without cancellation however large a and b are.
    let ln_p = |d: f64| -(centre_q * (-d).exp_m1()).ln_1p();
    let ln_q = |d: f64| -(centre_p * d.exp_m1()).ln_1p();
    let deviation = (1.0 / a + 1.0 / b).sqrt();
    let nodes = quadrature::density_nodes(deviation, |d| a * ln_p(d) + b * ln_q(d));
    let mean_p: f64 = nodes.iter().map(|(d, weight)| weight * ln_p(*d)).sum();
    let mean_q: f64 = nodes.iter().map(|(d, weight)| weight * ln_q(*d)).sum();
    let node = |&(d, weight): &(f64, f64)| LapsingNode {
        p: (centre_p * ln_p(d).exp()).max(SMALLEST),
        weight,
        by_a: ln_p(d) - mean_p,
        by_b: ln_q(d) - mean_q,
    };
    nodes.iter().map(node).collect()
}

/// y ~ Gamma(shape, 1), shape ≥ 1, by ln y, whose density is exp(shape · ln y − y), measured from ln shape.
pub(super) fn rate_nodes(shape: f64) -> Vec<RateNode> {
    let nodes = quadrature::density_nodes(shape.powf(-0.5), |d| shape * (d - d.exp_m1()));
    let mean: f64 = nodes.iter().map(|(d, weight)| d * weight).sum();
    nodes.iter().map(|&(d, weight)| RateNode { y: shape * d.exp(), weight, by_shape: d - mean }).collect()
}
