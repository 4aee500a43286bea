//! The effect of a treatment: the difference in means of those treated and those held out, with its interval.
//!
//! Difference in means with Neyman's variance, that of two independent samples (G. W. Imbens, D. B. Rubin, *Causal Inference*
//! (2015), ch. 6). Adjusted for the same measure before the contact, which is what both arms have in common: y − θx with
//! θ = Σ Sxy / Σ Sxx within arms (A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled experiments by
//! utilizing pre-experiment data", WSDM 2013, section 3.2). The smallest effect that a test of size 5 % finds with a power of 80 %
//! is (z(0.975) + z(0.8)) × the standard error (H. S. Bloom, Evaluation Review 19 (1995)). A placebo is the difference before the
//! contact, where there can be no effect: one beyond chance says that the arms were not drawn at random.

use super::arms::{Arm, Sums};
use crate::math::difference::{Difference, SIGMAS};

/// The quantile of a two-sided interval of 95 %, and that of a power of 80 %.
const DETECTED: f64 = SIGMAS + 0.841_621_233_572_914_3;

/// What is known of an effect; of two customers or more in each arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    /// Of those treated, of those held out.
    pub(super) means: [f64; 2],
    pub(super) effect: Difference,
    pub(super) adjusted: Difference,
    pub(super) placebo: Difference,
}

impl Estimate {
    /// Of one measure, of those treated and those held out. None below two customers in either.
    pub(super) fn of(arms: [&Arm; 2], measure: usize) -> Option<Self> {
        if arms.iter().any(|arm| arm.observed < 2) {
            return None;
        }
        let moments = arms.map(|arm| Moments::of(arm.observed, &arm.sums[measure]));
        let theta = slope(&moments);
        let difference = |mean: fn(&Moments) -> f64, error: &dyn Fn(&Moments) -> f64| {
            let [treated, control] = &moments;
            let variance = error(treated) / treated.count + error(control) / control.count;
            Difference { value: mean(treated) - mean(control), error: variance.max(0.0).sqrt() }
        };
        let effect = difference(|arm| arm.mean_y, &|arm| arm.yy / (arm.count - 1.0));
        let placebo = difference(|arm| arm.mean_x, &|arm| arm.xx / (arm.count - 1.0));
        let residual =
            |arm: &Moments| (arm.yy - 2.0 * theta * arm.xy + theta * theta * arm.xx) / (arm.count - 1.0);
        let spread = difference(|arm| arm.mean_y, &residual);
        let adjusted = Difference { value: effect.value - theta * placebo.value, ..spread };
        Some(Self { means: moments.map(|arm| arm.mean_y), effect, adjusted, placebo })
    }

    /// The smallest effect that would be found four times of five.
    pub(super) fn minimum_detectable(&self) -> f64 {
        DETECTED * self.adjusted.error
    }
}

/// Means and centred sums of squares and products.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    mean_y: f64,
    mean_x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
}

impl Moments {
    fn of(observed: u64, sums: &Sums) -> Self {
        let n = i128::from(observed);
        let count = observed as f64;
        // n·Σab − Σa·Σb over integers, exact while it fits.
        let centred = |ab: i128, a: i128, b: i128| match (n.checked_mul(ab), a.checked_mul(b)) {
            (Some(squares), Some(square)) => squares.saturating_sub(square) as f64 / count,
            _ => ab as f64 - a as f64 * (b as f64 / count),
        };
        Self {
            count,
            mean_y: sums.y as f64 / count,
            mean_x: sums.x as f64 / count,
            yy: centred(sums.yy, sums.y, sums.y),
            xx: centred(sums.xx, sums.x, sums.x),
            xy: centred(sums.xy, sums.x, sums.y),
        }
    }
}

/// The common slope of y on x within arms; 0 where x does not vary.
fn slope([treated, control]: &[Moments; 2]) -> f64 {
    let spread = treated.xx + control.xx;
    if spread > 0.0 { (treated.xy + control.xy) / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    fn arm(customers: &[(i128, i128)]) -> Arm {
        let mut arm = Arm::default();
        for (y, x) in customers {
            arm.add(Some([[*y, *x]; 3])).unwrap();
        }
        arm
    }

    /// Means 5 and 2, variances 4 and 1: by hand.
    #[test]
    fn the_difference_in_means_has_the_error_of_two_samples() {
        let (treated, control) = (arm(&[(3, 0), (5, 0), (7, 0)]), arm(&[(1, 0), (2, 0), (3, 0)]));
        let found = Estimate::of([&treated, &control], 0).unwrap();
        assert_eq!((found.means, found.effect.value), ([5.0, 2.0], 3.0));
        assert!((found.effect.error - (4.0_f64 / 3.0 + 1.0 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((found.adjusted, found.placebo.value), (found.effect, 0.0));
        assert!(found.effect.is_beyond_chance());
        assert_eq!(Estimate::of([&treated, &arm(&[(1, 1)])], 0), None);
    }

    /// y = 2x + 10 if treated: the adjusted effect is exact, however the arms differ before.
    #[test]
    fn what_was_there_before_is_taken_out() {
        let treated = arm(&[(12, 1), (16, 3), (20, 5)]);
        let control = arm(&[(0, 0), (4, 2), (8, 4)]);
        let found = Estimate::of([&treated, &control], 1).unwrap();
        assert_eq!((found.effect.value, found.placebo.value), (12.0, 1.0));
        assert!((found.adjusted.value - 10.0).abs() < 1e-12 && found.adjusted.error < 1e-9);
    }

    /// 400 experiments of 150 and 60 customers, true effect 3: both intervals hold it at their nominal rate, and the adjusted one
    /// is the shorter.
    #[test]
    fn intervals_hold_the_truth_nineteen_times_of_twenty() {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let mut noise = || (0..12).map(|_| i128::from(random.next_u32() % 101) - 50).sum::<i128>() / 4;
        let mut sample = |customers: usize, effect: i128| -> Arm {
            let rows: Vec<(i128, i128)> = (0..customers)
                .map(|_| {
                    let x = 200 + noise();
                    (x / 2 + noise() + effect, x)
                })
                .collect();
            arm(&rows)
        };
        let mut held = [0, 0, 0];
        let (mut plain, mut adjusted) = (0.0, 0.0);
        for _ in 0..400 {
            let found = Estimate::of([&sample(150, 30), &sample(60, 0)], 0).unwrap();
            let holds = |difference: Difference, truth: f64| {
                let [low, high] = difference.interval();
                i32::from(low <= truth && truth <= high)
            };
            held[0] += holds(found.effect, 30.0);
            held[1] += holds(found.adjusted, 30.0);
            held[2] += holds(found.placebo, 0.0);
            plain += found.effect.error;
            adjusted += found.adjusted.error;
        }
        // 380 expected, standard deviation 4.4.
        assert!(held.iter().all(|held| (366..=393).contains(held)), "{held:?}");
        assert!(adjusted < 0.95 * plain, "{adjusted} {plain}");
    }
}
