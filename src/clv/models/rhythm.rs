//! Rhythm: how regularly customers buy, as the k of gaps that are sums of k exponential times.
//!
//! k is the one of largest likelihood among 1 to [`LARGEST_K`], of the model whose other parameters are fitted for each k:
//! T. Reutterer, M. Platzer, N. Schröder, "Leveraging purchase regularity for predicting customer behavior the easy way",
//! International Journal of Research in Marketing 38 (2021), and their package BTYDplus. A whole number needs no derivatives,
//! and k = 1 is chance alone.

use super::fit::fit_regular;
use super::gaps::Gaps;
use super::phases::LARGEST_K;
use super::{Counts, FEWEST_REPEATERS};
use crate::pipeline::PurchaseModel;

/// Values of k in a row that are worse than the best before the search ends, as in BTYDplus.
const WORSE: u32 = 2;

/// Gaps between purchases, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// How many exponential times make a gap; gaps vary by 1/√k of their mean.
    pub k: u32,
    pub(super) gaps: Gaps,
}

impl Rhythm {
    /// Purchases at random times.
    pub const RANDOM: Self = Self { k: 1, gaps: Gaps::NONE };

    /// With a k from elsewhere.
    pub fn new(k: u32, gaps: Gaps) -> Self {
        assert!((1..=LARGEST_K).contains(&k), "k from 1 to {LARGEST_K}, not {k}");
        Self { k, gaps }
    }

    /// By maximum likelihood; random where too few customers bought again.
    ///
    /// # Panics
    /// Unless there is a gap for each repeat purchase.
    pub fn estimate(counts: &Counts, gaps: Gaps) -> Self {
        assert_eq!(gaps.count(), counts.purchases(), "a gap for each repeat purchase");
        let mut rhythm = Self { k: 1, gaps };
        if counts.repeaters() < FEWEST_REPEATERS {
            return rhythm;
        }
        let mut best = (1, f64::NEG_INFINITY);
        for k in 1..=LARGEST_K {
            rhythm.k = k;
            let likelihood = fit_regular(PurchaseModel::MbgCnbdK, counts, &rhythm).log_likelihood;
            if likelihood > best.1 {
                best = (k, likelihood);
            } else if k >= best.0 + WORSE {
                break;
            }
        }
        rhythm.k = best.0;
        rhythm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::simulate::{Drawn, Window, simulate_regular};
    use crate::clv::models::{Fit, fit};

    /// The parameters that BTYDplus tests its own by, in weeks ten times as long, so that a day is short beside a gap.
    const PARAMETERS: [f64; 4] = [0.85, 14.5, 0.79, 2.42];

    fn drawn(k: u32, customers: u64, seed: u64) -> (Counts, Gaps) {
        let drawn = Drawn { model: PurchaseModel::MbgCnbdK, parameters: PARAMETERS, k };
        let window = Window { intake_days: 4_000, observed_days: 6_700 };
        let (histories, gaps) = simulate_regular(drawn, window, customers, seed);
        (Counts::of_customers(histories), gaps)
    }

    #[test]
    fn the_rhythm_is_found_again() {
        for (k, customers) in [(1, 2_000), (3, 2_000), (6, 500)] {
            for seed in 0..3 {
                let (counts, gaps) = drawn(k, customers, seed);
                assert_eq!(Rhythm::estimate(&counts, gaps).k, k, "seed {seed}");
            }
        }
    }

    #[test]
    fn parameters_are_found_at_their_rhythm() {
        let (counts, gaps) = drawn(3, 10_000, 7);
        let fit = fit_regular(PurchaseModel::MbgCnbdK, &counts, &Rhythm::new(3, gaps));
        let errors = fit.standard_errors.expect("a regular fit");
        for index in 0..4 {
            let apart = (fit.parameters[index] - PARAMETERS[index]) / errors[index];
            assert!(apart.abs() < 3.0, "{index}: {apart} standard errors");
        }
        assert!(fit.gradient_norm() < 1e-6 * 10_000.0, "{fit:?}");
        let names: Vec<_> = fit.named_parameters().iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["r", "alpha", "a", "b", "k"]);
    }

    #[test]
    fn purchases_at_random_are_those_of_mbg_nbd() {
        let (counts, _) = drawn(1, 1_000, 1);
        let (plain, regular) = (fit(PurchaseModel::MbgNbd, &counts), fit(PurchaseModel::MbgCnbdK, &counts));
        assert_eq!(plain, Fit { model: PurchaseModel::MbgNbd, ..regular });
    }

    #[test]
    fn too_few_repeat_buyers_have_no_rhythm() {
        let mut gaps = Gaps::NONE;
        (0..9).for_each(|_| gaps.push(30));
        let counts = Counts::of_customers([(1, 30, 60); 9]);
        assert_eq!(Rhythm::estimate(&counts, gaps).k, 1);
    }
}
