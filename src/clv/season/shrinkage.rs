//! Indices shrunken towards 1 by how much they are known: empirical Bayes.
//!
//! An estimate of variance σ² keeps the part B = v/(v + σ²) of its distance from 1, where v is the variance of indices
//! between seasons, by the moments of R. DerSimonian, N. Laird, "Meta-analysis in clinical trials", Controlled Clinical
//! Trials 7 (1986), 177–188. Seasons of single years that scatter more widely than Poisson's law has it widen all σ², and
//! none is below what it would be without seasons: few purchases are no proof that a season is slow.

use super::estimate::NoClock;
use super::index::{Calendar, Indices};

/// Indices as they are used.
pub(super) struct Shrunken<const N: usize> {
    /// With a mean of 1 over the days of a common year.
    pub(super) indices: [f64; N],
    /// Weight of the own estimate, 0..=1.
    pub(super) credibility: [f64; N],
    /// Standard error of the own estimate.
    pub(super) standard_error: [f64; N],
}

impl<const N: usize> Shrunken<N> {
    pub(super) fn new(calendar: &Calendar<N>, estimated: &Indices<N>) -> Result<Self, NoClock> {
        let variance = estimated.variance.map(|variance| estimated.dispersion * variance);
        let standard_error = variance.map(f64::sqrt);
        let even = estimated.even_variance.map(|variance| estimated.dispersion * variance);
        let variance: [f64; N] = std::array::from_fn(|season| variance[season].max(even[season]));
        let between = between_variance(&estimated.ratio, &variance);
        if between <= 0.0 {
            return Err(NoClock::NoSeason);
        }
        let credibility = variance.map(|variance| between / (between + variance));
        let mut indices: [f64; N] =
            std::array::from_fn(|season| 1.0 + credibility[season] * (estimated.ratio[season] - 1.0));
        let mean = calendar.mean(&indices);
        indices.iter_mut().for_each(|index| *index /= mean);
        Ok(Self { indices, credibility, standard_error })
    }
}

/// Of the seasons' true indices about 1, where estimates scatter by these variances; not above 0 where they scatter no more.
fn between_variance<const N: usize>(ratio: &[f64; N], variance: &[f64; N]) -> f64 {
    let (mut weights, mut squares, mut scatter) = (0.0, 0.0, 0.0);
    for (ratio, variance) in ratio.iter().zip(variance) {
        let weight = variance.max(f64::MIN_POSITIVE).recip();
        weights += weight;
        squares += weight * weight;
        scatter += weight * (ratio - 1.0).powi(2);
    }
    (scatter - (N as f64 - 1.0)) / (weights - squares / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_by_hand() {
        // Weights 100 and 400: Q = 100·0.04 + 400·0.01 = 8, less 1, over 500 − 170,000/500 = 160.
        let between = between_variance(&[1.2, 0.9], &[0.01, 0.0025]);
        assert!((between - 7.0 / 160.0).abs() < 1e-15, "{between}");
        assert!(between_variance(&[1.01, 0.99], &[0.01, 0.01]) < 0.0, "no more than chance");
    }
}
