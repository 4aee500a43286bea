//! The shifted beta-geometric model of contractual lifetimes (sBG).
//!
//! - P. S. Fader, B. G. S. Hardie, "How to project customer retention", Journal of Interactive Marketing 21 (2007),
//!   76–90: a customer leaves at each renewal with a probability of their own, beta-distributed over customers.
//!   P(T = t) = B(α + 1, β + t − 1) / B(α, β) (5), S(t) = B(α, β + t) / B(α, β) (6),
//!   retention rate rₜ = (β + t − 1) / (α + β + t − 1) (8).
//! - P. S. Fader, B. G. S. Hardie, "Customer-base valuation in a contractual setting: the perils of ignoring
//!   heterogeneity", Marketing Science 29 (2010), 85–93: discounted expected (residual) lifetime by ₂F₁.
//!
//! Symbols: α, β of the beta distribution of the probability to leave, T the renewal at which a customer leaves,
//! d the discount rate per period. The paper's S(t) counts those still there after t renewals.
//!
//! Knows time only as whole renewal periods.

use super::logarithms::{self, Estimate, Limit};
use super::renewal_counts::RenewalCounts;
use crate::math::hypergeometric::discounted_rising_ratios;
use crate::math::optimise::Evaluation;
use crate::math::special::{digamma_rising, ln_rising, trigamma_rising};
use std::fmt;

/// The model's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftedBetaGeometric {
    /// α, above 0.
    pub alpha: f64,
    /// β, above 0.
    pub beta: f64,
}

/// Why there is no fit, with the simpler model where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unfit {
    /// Nobody was observed at a renewal.
    NoRenewal,
    /// Nobody left: no churn to learn from.
    NobodyLost,
    /// Nobody was observed beyond the first renewal, which tells α / (α + β) and no more: this share is lost.
    OneRenewal {
        /// Share lost at the first renewal.
        churn: f64,
    },
    /// Retention does not rise with age: everybody leaves with one probability, the geometric model.
    OneChurn {
        /// Share lost at each renewal.
        churn: f64,
    },
    /// Some leave at the first renewal, the others never.
    LeaveAtOnceOrNever {
        /// Share lost at the first renewal.
        churn: f64,
    },
    /// No maximum was found.
    NotConverged,
}

/// Why there is no discounted lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDiscounted;

impl ShiftedBetaGeometric {
    /// S(t): the share still there after `renewals`.
    pub fn survival(&self, renewals: u32) -> f64 {
        let t = f64::from(renewals);
        (ln_rising(self.beta, t) - ln_rising(self.alpha + self.beta, t)).exp()
    }

    /// rₜ: of those who came to renewal t ≥ 1, the share who renew.
    pub fn retention(&self, renewal: u32) -> f64 {
        let before = f64::from(renewal) - 1.0;
        (self.beta + before) / (self.alpha + self.beta + before)
    }

    /// Expected discounted lifetime of a new customer, in periods: Σ S(t) / (1 + d)^t from t = 0, the first period
    /// paid at once and in full.
    ///
    /// # Errors
    /// A discount rate that is not above 0: a share of customers never leaves, and the sum may have no bound.
    pub fn discounted_lifetime(&self, discount_rate: f64) -> Result<f64, NotDiscounted> {
        self.discounted_tail(0.0, discount_rate)
    }

    /// Expected discounted residual lifetime, in periods, of a customer just before renewal `next` ≥ 1 (who has renewed
    /// `next` − 1 times), that renewal's payment included and not discounted: Fader & Hardie (2010) call it n.
    ///
    /// # Errors
    /// As for `discounted_lifetime`.
    pub fn residual_lifetime(&self, next: u32, discount_rate: f64) -> Result<f64, NotDiscounted> {
        Ok(self.retention(next) * self.discounted_tail(f64::from(next), discount_rate)?)
    }

    /// ₂F₁(1, β + n; α + β + n; 1 / (1 + d)).
    fn discounted_tail(&self, n: f64, discount_rate: f64) -> Result<f64, NotDiscounted> {
        if !(discount_rate > 0.0 && discount_rate.is_finite()) {
            return Err(NotDiscounted);
        }
        Ok(discounted_rising_ratios(self.beta + n, self.alpha, discount_rate))
    }
}

/// Fits the model by maximum likelihood, from α = β = 1; customers who entered late by their likelihood given that they had lived
/// so long, divided by S(t) at their entry.
///
/// # Errors
/// Counts that do not determine the model, with the simpler one.
pub fn fit(counts: &RenewalCounts) -> Result<Estimate<2>, Unfit> {
    let exposures = counts.exposures();
    if exposures == 0 {
        return Err(Unfit::NoRenewal);
    }
    let lost = counts.total_lost();
    if lost == 0 {
        return Err(Unfit::NobodyLost);
    }
    let churn = lost as f64 / exposures as f64;
    if counts.last() == 1 {
        return Err(Unfit::OneRenewal { churn });
    }
    let sums = Sums::of(counts);
    let estimate = logarithms::fit([1.0; 2], |theta| sums.evaluate(theta));
    // α and β without bound are the geometric model; the search may stop on the way there, where the likelihood is flat.
    let geometric = lost as f64 * churn.ln() + (exposures - lost) as f64 * f64::ln_1p(-churn);
    match estimate {
        Some(found) if found.log_likelihood > geometric + 1e-9 * geometric.abs() => match found.limits {
            [None, None] => Ok(found),
            [Some(Limit::Zero), _] | [_, Some(Limit::Zero)] => {
                Err(Unfit::LeaveAtOnceOrNever { churn: lost as f64 / first_exposures(counts) as f64 })
            }
            _ => Err(Unfit::OneChurn { churn }),
        },
        Some(_) => Err(Unfit::OneChurn { churn }),
        None => Err(Unfit::NotConverged),
    }
}

/// Customers who came to renewal 1 under observation.
fn first_exposures(counts: &RenewalCounts) -> u64 {
    counts.total_lost() + counts.kept.iter().skip(1).sum::<u64>() - counts.entered.iter().sum::<u64>()
}

/// The likelihood's weights: ln L = D ln α + Σ Aₜ ln (β)ₜ − Σ Cₜ ln (α + β)ₜ with rising factorials (x)ₜ; from (5) and (6)
/// with B(α, β + t) / B(α, β) = (β)ₜ / (α + β)ₜ. Who entered after t renewals takes S(t) = (β)ₜ / (α + β)ₜ off.
struct Sums {
    /// D: customers lost.
    lost: f64,
    /// (t, Aₜ, Cₜ): customers who renewed exactly t times; customers observed at t and no later; each less those who entered after t.
    rows: Vec<(f64, f64, f64)>,
}

impl Sums {
    fn of(counts: &RenewalCounts) -> Self {
        let row = |t: usize| {
            let renewed = counts.lost_at(t + 1) + counts.kept_after(t);
            let observed = counts.lost_at(t) + counts.kept_after(t);
            let entered = counts.entered_after(t) as f64;
            (t as f64, renewed as f64 - entered, observed as f64 - entered)
        };
        Self { lost: counts.total_lost() as f64, rows: (1..=counts.last()).map(row).collect() }
    }

    fn evaluate(&self, &[alpha, beta]: &[f64; 2]) -> Evaluation<2> {
        let both = alpha + beta;
        let sum = |of: fn(f64, f64) -> f64| {
            let add = |(kept, all): (f64, f64), &(t, renewed, observed): &(f64, f64, f64)| {
                (kept + renewed * of(beta, t), all + observed * of(both, t))
            };
            self.rows.iter().fold((0.0, 0.0), add)
        };
        let (kept, all) = sum(ln_rising);
        let (kept_slope, all_slope) = sum(digamma_rising);
        let (kept_bend, all_bend) = sum(trigamma_rising);
        Evaluation {
            value: self.lost * alpha.ln() + kept - all,
            gradient: [self.lost / alpha - all_slope, kept_slope - all_slope],
            hessian: [
                [-self.lost / (alpha * alpha) - all_bend, -all_bend],
                [-all_bend, kept_bend - all_bend],
            ],
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRenewal => "nobody was observed at a renewal",
            Self::NobodyLost => "nobody was lost",
            Self::OneRenewal { .. } => "nobody was observed beyond the first renewal",
            Self::OneChurn { .. } => "retention does not rise with age; one churn rate for all",
            Self::LeaveAtOnceOrNever { .. } => "customers leave at the first renewal or never",
            Self::NotConverged => "no maximum of the likelihood was found",
        })
    }
}

impl std::error::Error for Unfit {}

impl fmt::Display for NotDiscounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a discounted lifetime needs a discount rate above 0")
    }
}

impl std::error::Error for NotDiscounted {}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH_END: [u64; 8] = [1000, 869, 743, 653, 593, 551, 517, 491];
    const REGULAR: [u64; 8] = [1000, 631, 468, 382, 326, 289, 262, 241];

    fn fitted(survivors: &[u64]) -> Estimate<2> {
        fit(&RenewalCounts::of_cohort(survivors).unwrap()).unwrap()
    }

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found / expected - 1.0).abs() < relative, "{found} against {expected}");
    }

    #[test]
    fn golden_3_1_shifted_beta_geometric_of_seven_renewals() {
        for (survivors, parameters, errors, log_likelihood) in [
            (HIGH_END, [0.668_088_35, 3.806_094_96], [0.1037, 0.7855], -1_611.158_147),
            (REGULAR, [0.704_077_3, 1.182_043], [0.0656, 0.1525], -1_680.265_188),
        ] {
            let fit = fitted(&survivors);
            close(fit.parameters[0], parameters[0], 1e-7);
            close(fit.parameters[1], parameters[1], 1e-7);
            let [alpha, beta] = fit.standard_errors();
            close(alpha.unwrap(), errors[0], 1e-3);
            close(beta.unwrap(), errors[1], 1e-3);
            assert!((fit.log_likelihood - log_likelihood).abs() < 1e-5, "{fit:?}");
        }
    }

    #[test]
    fn golden_3_4_discounted_lifetimes_at_ten_percent() {
        // The paper's rounded parameters.
        let (high_end, regular) = (
            ShiftedBetaGeometric { alpha: 0.668, beta: 3.806 },
            ShiftedBetaGeometric { alpha: 0.704, beta: 1.182 },
        );
        close(high_end.discounted_lifetime(0.1).unwrap(), 5.922_596_407_61, 1e-9);
        close(regular.discounted_lifetime(0.1).unwrap(), 3.695_147_405_57, 1e-9);
        let residual = [
            (
                high_end,
                [5.414_856_048_37, 5.901_753_167_75, 6.294_260_616_79, 6.620_280_323_19, 6.897_057_397_75],
            ),
            (
                regular,
                [2.964_662_146_13, 4.103_458_619_60, 4.870_137_366_53, 5.442_391_322_12, 5.894_422_859_84],
            ),
        ];
        for (model, expected) in residual {
            for (next, expected) in (1..).zip(expected) {
                close(model.residual_lifetime(next, 0.1).unwrap(), expected, 1e-9);
            }
        }
        assert_eq!(regular.discounted_lifetime(0.0), Err(NotDiscounted));
    }

    #[test]
    fn golden_3_4_retention_rises_and_survival_falls() {
        let (high_end, regular) = (
            ShiftedBetaGeometric { alpha: 0.668, beta: 3.806 },
            ShiftedBetaGeometric { alpha: 0.704, beta: 1.182 },
        );
        for (model, retention, survival) in [
            (high_end, [0.850_692_892, 0.877_968_579, 0.896_818_041], 0.378_040_42),
            (regular, [0.626_723_224, 0.756_063_756, 0.818_836_850], 0.170_062_58),
        ] {
            for (renewal, expected) in (1..).zip(retention) {
                close(model.retention(renewal), expected, 1e-8);
            }
            close(model.survival(12), survival, 1e-7);
            assert_eq!(model.survival(0), 1.0);
        }
    }

    /// By hand: of a cohort from its beginning, and of the part of it that is left after two renewals, seen from then on, the second
    /// adds Π S(t)/S(2) to the likelihood.
    #[test]
    fn who_enters_late_counts_given_that_they_lived_so_long() {
        let mut counts = RenewalCounts::of_cohort(&HIGH_END).unwrap();
        let mut late = RenewalCounts::default();
        late.add_entered(2, 743);
        for (renewal, lost) in [(3, 90), (4, 60), (5, 42)] {
            late.add_lost(renewal, lost);
        }
        late.add_kept(5, 551);
        assert_eq!(late.exposures(), 743 + 653 + 593);
        counts.merge(&late);
        let found = fit(&counts).unwrap();
        let [alpha, beta] = found.parameters;
        let of = |alpha: f64, beta: f64| {
            let model = ShiftedBetaGeometric { alpha, beta };
            let lost = |t: u32, n: f64| n * (model.survival(t - 1) - model.survival(t)).ln();
            let first: f64 =
                HIGH_END.windows(2).zip(1..).map(|(pair, t)| lost(t, (pair[0] - pair[1]) as f64)).sum();
            let kept = 491.0 * model.survival(7).ln() + 551.0 * model.survival(5).ln();
            first + lost(3, 90.0) + lost(4, 60.0) + lost(5, 42.0) + kept - 743.0 * model.survival(2).ln()
        };
        assert!((found.log_likelihood - of(alpha, beta)).abs() < 1e-7 * of(alpha, beta).abs());
        for (a, b) in [(1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999)] {
            assert!(of(alpha * a, beta * b) < of(alpha, beta), "{a} {b}");
        }
        // `scipy.optimize.minimize` (BFGS) of the likelihood as it is written here, and the inverse of its information.
        for ((found, error), (expected, of)) in found
            .parameters
            .into_iter()
            .zip(found.standard_errors())
            .zip([(0.672_699_38, 0.090_708_66), (3.752_922_94, 0.712_523_22)])
        {
            close(found, expected, 1e-6);
            close(error.unwrap(), of, 1e-4);
        }
        assert!((found.log_likelihood + 2_238.953_146_04).abs() < 1e-6, "{found:?}");
        let nobody_at_risk = {
            let mut counts = RenewalCounts::default();
            counts.add_entered(3, 5);
            counts.add_kept(3, 5);
            fit(&counts)
        };
        assert_eq!(nobody_at_risk, Err(Unfit::NoRenewal));
    }

    /// The oldest half of the contracts are known only if they lived until observation began: estimates that know it cover the truth in
    /// 95 of 100 samples, and estimates that do not are far off.
    #[test]
    fn left_truncated_contracts_recover_the_truth() {
        let truth = [0.8_f64, 2.4];
        let mut state = 42_u64;
        let mut uniform = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let model = ShiftedBetaGeometric { alpha: truth[0], beta: truth[1] };
        let (mut covered, mut naive_above, samples) = ([0_u32; 2], 0, 200);
        for _ in 0..samples {
            let (mut counts, mut naive) = (RenewalCounts::default(), RenewalCounts::default());
            for contract in 0..2_000_usize {
                // Ages at the end are 1 to 10; the last four renewals were observed.
                let age = 1 + contract % 10;
                let entry = age.saturating_sub(4);
                let chance = uniform();
                let lost = (1..=age).find(|t| model.survival(u32::try_from(*t).unwrap()) < chance);
                if lost.is_some_and(|t| t <= entry) {
                    continue;
                }
                for counts in [&mut counts, &mut naive] {
                    match lost {
                        Some(t) => counts.add_lost(t, 1),
                        None => counts.add_kept(age, 1),
                    }
                }
                counts.add_entered(entry, 1);
            }
            let found = fit(&counts).unwrap();
            for ((covered, theta), (error, truth)) in
                covered.iter_mut().zip(found.parameters).zip(found.standard_errors().into_iter().zip(truth))
            {
                // On the scale of the logarithm, as the covariance is.
                let error = error.unwrap() / theta;
                *covered += u32::from((theta.ln() - truth.ln()).abs() < 1.959_964 * error);
            }
            let churn = |[alpha, beta]: [f64; 2]| alpha / (alpha + beta);
            naive_above += u32::from(fit(&naive).is_ok_and(|fit| churn(fit.parameters) < 0.9 * churn(truth)));
        }
        // 190 of 200 at the nominal rate, give or take 3.1.
        assert!(covered.iter().all(|covered| (181..=199).contains(covered)), "{covered:?}");
        assert!(naive_above > samples * 9 / 10, "{naive_above}");
    }

    #[test]
    fn counts_that_do_not_determine_the_model_say_so() {
        let of = |survivors: &[u64]| fit(&RenewalCounts::of_cohort(survivors).unwrap());
        assert_eq!(of(&[]), Err(Unfit::NoRenewal));
        assert_eq!(of(&[100]), Err(Unfit::NoRenewal));
        assert_eq!(of(&[100, 100, 100]), Err(Unfit::NobodyLost));
        assert_eq!(of(&[100, 80]), Err(Unfit::OneRenewal { churn: 0.2 }));
        assert_eq!(of(&[1, 0]), Err(Unfit::OneRenewal { churn: 1.0 }));
        assert_eq!(of(&[100, 50, 25]), Err(Unfit::OneChurn { churn: 0.5 }));
        assert_eq!(of(&[100, 90, 70, 30]), Err(Unfit::OneChurn { churn: 70.0 / 260.0 }));
        assert_eq!(of(&[100, 80, 80, 80]), Err(Unfit::LeaveAtOnceOrNever { churn: 0.2 }));
        assert_eq!(of(&[1, 1, 0]), Err(Unfit::OneChurn { churn: 0.5 }));
    }
}
