//! The Gamma-Gamma model of spend per purchase.
//!
//! P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma model of monetary value" (2013): a customer's purchases are
//! gamma(p, ν), ν is gamma(q, γ) over customers, and spend does not depend on how often a customer buys. Used are the
//! likelihood of a mean spend (1a) and its expectation given a history (5).
//!
//! Symbols: x purchases observed, z̄ their mean spend, s = x z̄ their total. Fader and Hardie observe the purchases after
//! the first, so x is repeat purchases; E(Z) is the same for any other choice. Spend is in one unit of money, whichever;
//! γ is in it too. Spend is positive: purchases that lost money need `contribution`.

use super::logarithms::{self, Estimate};
use crate::math::optimise::Evaluation;
use crate::math::special::{digamma_rising, ln_gamma, ln_rising, trigamma, trigamma_rising};
use rayon::prelude::*;
use std::fmt;

/// Rows whose sums are formed at once; sums of rows are added in their order, so bytes do not depend on threads.
const CHUNK: usize = 4_096;

/// The model's parameters, all above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    /// p.
    pub p: f64,
    /// q.
    pub q: f64,
    /// γ, money.
    pub gamma: f64,
}

/// Customers with the same purchases and the same total spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedSpend {
    /// x, at least 1.
    pub purchases: u32,
    /// s, money, above 0.
    pub spend: f64,
    /// How many.
    pub customers: u64,
}

/// Why there is no fit, with the simpler estimate where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unfit {
    /// Nobody has a purchase to learn from.
    NoPurchase,
    /// So many customers have a total spend that is not above 0.
    SpendNotPositive {
        /// How many.
        customers: u64,
    },
    /// No heterogeneity: all customers spend the same on average, and the likelihood has no maximum.
    NoHeterogeneity {
        /// The spend per purchase that is expected of everybody.
        mean: f64,
    },
    /// No maximum was found.
    NotConverged,
}

/// A customer's expected spend per purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedSpend {
    /// E(Z | x, z̄), money.
    pub mean: f64,
    /// The standard error of `mean` that comes from estimated parameters, by the delta method.
    pub standard_error: f64,
    /// The standard deviation of the customer's true mean about `mean`; none where it has no bound.
    pub deviation: Option<f64>,
}

/// Fits the model by maximum likelihood, from p = 2, q = 3 and γ = the mean spend. Rows may come in any order.
///
/// q and γ at infinity: customers do not differ. p at infinity and γ at 0: a customer's purchases do not differ.
///
/// # Errors
/// Spends that do not determine the model.
pub fn fit(rows: &[CountedSpend]) -> Result<Estimate<3>, Unfit> {
    let mut rows: Vec<CountedSpend> =
        rows.iter().filter(|row| row.customers > 0 && row.purchases > 0).copied().collect();
    check(&rows)?;
    rows.sort_unstable_by(|a, b| a.purchases.cmp(&b.purchases).then(a.spend.total_cmp(&b.spend)));
    // In units of the mean, so that the search does not depend on the currency.
    let unit = mean_spend(&rows);
    rows.iter_mut().for_each(|row| row.spend /= unit);
    let pieces = pieces(&rows);
    let found = logarithms::fit([2.0, 3.0, 1.0], |theta| log_likelihood(theta, &pieces));
    let mut estimate = found.ok_or(Unfit::NotConverged)?;
    let customers: f64 = rows.iter().map(|row| row.customers as f64).sum();
    estimate.parameters[2] *= unit;
    estimate.log_likelihood -= customers * unit.ln();
    Ok(estimate)
}

fn check(rows: &[CountedSpend]) -> Result<(), Unfit> {
    let bad = rows.iter().filter(|row| !(row.spend > 0.0 && row.spend.is_finite()));
    let customers = bad.map(|row| row.customers).sum();
    if customers > 0 {
        return Err(Unfit::SpendNotPositive { customers });
    }
    let first = rows.first().ok_or(Unfit::NoPurchase)?;
    let mean = first.spend / f64::from(first.purchases);
    // Means of equal amounts may differ by their rounding.
    let is_like_first =
        |row: &CountedSpend| (row.spend / f64::from(row.purchases) / mean - 1.0).abs() < 1e-12;
    if rows.iter().all(is_like_first) {
        return Err(Unfit::NoHeterogeneity { mean });
    }
    Ok(())
}

fn mean_spend(rows: &[CountedSpend]) -> f64 {
    let sum =
        |of: fn(&CountedSpend) -> f64| rows.iter().map(|row| row.customers as f64 * of(row)).sum::<f64>();
    sum(|row| row.spend) / sum(|row| f64::from(row.purchases))
}

impl From<[f64; 3]> for GammaGamma {
    fn from([p, q, gamma]: [f64; 3]) -> Self {
        Self { p, q, gamma }
    }
}

impl GammaGamma {
    /// E(Z | x, z̄) (5) with s = x z̄: p (γ + s) / (p x + q − 1). Without purchase the population's mean.
    ///
    /// None if p x + q ≤ 1, where the expectation has no bound.
    pub fn expected_spend(&self, purchases: u32, spend: f64) -> Option<f64> {
        let weight = self.p * f64::from(purchases) + self.q - 1.0;
        (weight > 0.0).then(|| self.p * (self.gamma + spend) / weight)
    }
}

/// The expected spend by a fitted model, with its errors; `spend` is the total of `purchases`.
///
/// None if it has no bound.
pub fn expect(estimate: &Estimate<3>, purchases: u32, spend: f64) -> Option<ExpectedSpend> {
    let model = GammaGamma::from(estimate.parameters);
    let mean = model.expected_spend(purchases, spend)?;
    let bought = model.p * f64::from(purchases);
    let weight = bought + model.q - 1.0;
    // ∂ ln E / ∂ ln (p, q, γ).
    let slopes = [1.0 - bought / weight, -model.q / weight, model.gamma / (model.gamma + spend)];
    let variance: f64 = (0..3)
        .map(|i| (0..3).map(|j| slopes[i] * slopes[j] * estimate.log_covariance[i][j]).sum::<f64>())
        .sum();
    // ν given the history is gamma(p x + q, γ + s), and the customer's mean is p / ν.
    let deviation = (weight > 1.0).then(|| mean / (weight - 1.0).sqrt());
    Some(ExpectedSpend { mean, standard_error: mean * variance.max(0.0).sqrt(), deviation })
}

/// Rows of one x, at most `CHUNK` of them.
struct Piece<'a> {
    x: f64,
    rows: &'a [CountedSpend],
    customers: f64,
    /// Σ ln s over customers.
    log_spend: f64,
}

impl<'a> Piece<'a> {
    fn new(rows: &'a [CountedSpend]) -> Self {
        let sum = |of: fn(&CountedSpend) -> f64| rows.iter().map(|row| row.customers as f64 * of(row)).sum();
        let x = f64::from(rows[0].purchases);
        Self { x, rows, customers: sum(|_| 1.0), log_spend: sum(|row| row.spend.ln()) }
    }
}

fn pieces(rows: &[CountedSpend]) -> Vec<Piece<'_>> {
    let groups = rows.chunk_by(|a, b| a.purchases == b.purchases);
    groups.flat_map(|group| group.chunks(CHUNK)).map(Piece::new).collect()
}

fn log_likelihood(theta: &[f64; 3], pieces: &[Piece]) -> Evaluation<3> {
    let parts: Vec<Evaluation<3>> = pieces.par_iter().map(|piece| piece.log_likelihood(theta)).collect();
    let mut sum = Evaluation { value: 0.0, gradient: [0.0; 3], hessian: [[0.0; 3]; 3] };
    for part in parts {
        sum.value += part.value;
        for i in 0..3 {
            sum.gradient[i] += part.gradient[i];
            (0..3).for_each(|j| sum.hessian[i][j] += part.hessian[i][j]);
        }
    }
    sum
}

impl Piece<'_> {
    /// ln of (1a): −ln z̄ − ln B(p x, q) + p x ln u − (p x + q) ln (1 + u) with u = s / γ, and its derivatives.
    fn log_likelihood(&self, &[p, q, gamma]: &[f64; 3]) -> Evaluation<3> {
        let (x, n) = (self.x, self.customers);
        let (bought, all) = (p * x, p * x + q);
        // Sums over customers of ln (1 + u), of v = u / (1 + u) and of v (1 − v).
        let (mut log, mut share, mut spread) = (0.0, 0.0, 0.0);
        for row in self.rows {
            let (customers, u) = (row.customers as f64, row.spend / gamma);
            let (above, below) = (u / (1.0 + u), 1.0 / (1.0 + u));
            log += customers * u.ln_1p();
            share += customers * above;
            spread += customers * above * below;
        }
        let log_u = self.log_spend - n * gamma.ln();
        let by_gamma = all * share - n * bought;
        let (pq, p_gamma, q_gamma) = (n * x * trigamma(all), x * (share - n) / gamma, share / gamma);
        Evaluation {
            value: n * (ln_rising(q, bought) - ln_gamma(bought)) + bought * log_u
                - all * log
                - (self.log_spend - n * x.ln()),
            gradient: [
                x * (n * digamma_rising(bought, q) + log_u - log),
                n * digamma_rising(q, bought) - log,
                by_gamma / gamma,
            ],
            hessian: [
                [n * x * x * trigamma_rising(bought, q), pq, p_gamma],
                [pq, n * trigamma_rising(q, bought), q_gamma],
                [p_gamma, q_gamma, (-all * spread - by_gamma) / (gamma * gamma)],
            ],
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPurchase => f.write_str("nobody has a purchase to learn spend from"),
            Self::SpendNotPositive { customers } => {
                write!(
                    f,
                    "{customers} customers have a spend that is not above 0; use contribution per purchase"
                )
            }
            Self::NoHeterogeneity { .. } => {
                f.write_str("no heterogeneity: all customers spend the same on average")
            }
            Self::NotConverged => f.write_str("no maximum of the likelihood was found"),
        }
    }
}

impl std::error::Error for Unfit {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::logarithms::Limit;

    const ROUNDED: GammaGamma = GammaGamma { p: 6.25, q: 3.74, gamma: 15.44 };

    fn cdnow() -> Vec<CountedSpend> {
        let row = |line: &str| {
            let fields: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
            let spend = f64::from(fields[1]) / 100.0;
            CountedSpend { purchases: fields[0], spend, customers: fields[2].into() }
        };
        include_str!("testdata/cdnow_39_weeks_spend.csv").lines().skip(1).map(row).collect()
    }

    fn counted(rows: &[(u32, f64)]) -> Vec<CountedSpend> {
        rows.iter().map(|&(purchases, spend)| CountedSpend { purchases, spend, customers: 1 }).collect()
    }

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found / expected - 1.0).abs() < relative, "{found} against {expected}");
    }

    #[test]
    fn golden_3_1_gamma_gamma_of_cdnow_repeaters() {
        let rows = cdnow();
        let mean = |row: &CountedSpend| row.spend / f64::from(row.purchases) * row.customers as f64;
        assert_eq!(rows.iter().map(|row| row.customers).sum::<u64>(), 946);
        assert!((rows.iter().map(mean).sum::<f64>() / 946.0 - 35.08).abs() < 0.005);
        let fit = fit(&rows).unwrap();
        assert!((fit.log_likelihood + 4_055.917_695).abs() < 1e-5, "{fit:?}");
        let expected = [6.249_572_3, 3.744_224_7, 15.443_521];
        let errors = [1.190, 0.2901, 4.160];
        for index in 0..3 {
            close(fit.parameters[index], expected[index], 1e-6);
            close(fit.standard_errors()[index].unwrap(), errors[index], 1e-3);
        }
    }

    #[test]
    fn golden_3_5_expected_spend() {
        for (purchases, mean, expected) in [
            (2, 22.35, 24.663_713_910_8),
            (1, 11.77, 18.916_852_057_8),
            (7, 73.74, 71.469_670_897_0),
            (0, 0.0, 35.218_978_102_2),
            (1, 5.0, 14.210_233_592_9),
            (2, 25.55, 27.288_385_826_8),
            (3, 35.0, 35.027_919_962_8),
        ] {
            let found = ROUNDED.expected_spend(purchases, mean * f64::from(purchases)).unwrap();
            close(found, expected, 1e-11);
        }
        let heavy = GammaGamma { q: 0.9, ..ROUNDED };
        assert_eq!(heavy.expected_spend(0, 0.0), None);
        assert!(heavy.expected_spend(1, 20.0).is_some());
    }

    #[test]
    fn errors_of_an_expectation_agree_with_differences() {
        let fit = fit(&cdnow()).unwrap();
        let found = expect(&fit, 2, 44.7).unwrap();
        let log_mean = |index: usize, step: f64| {
            let mut theta = fit.parameters;
            theta[index] *= f64::exp(step);
            GammaGamma::from(theta).expected_spend(2, 44.7).unwrap().ln()
        };
        let slopes: [f64; 3] = std::array::from_fn(|i| (log_mean(i, 1e-5) - log_mean(i, -1e-5)) / 2e-5);
        let products = |i: usize, j: usize| slopes[i] * slopes[j] * fit.log_covariance[i][j];
        let variance: f64 = (0..9).map(|entry| products(entry / 3, entry % 3)).sum();
        close(found.standard_error, found.mean * variance.sqrt(), 1e-6);
        let shape = 2.0 * fit.parameters[0] + fit.parameters[1];
        close(found.deviation.unwrap(), found.mean / (shape - 2.0).sqrt(), 1e-12);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let rows = cdnow();
        let pieces = pieces(&rows[..40]);
        let theta = [5.0, 4.0, 12.0];
        let at = log_likelihood(&theta, &pieces);
        for i in 0..3 {
            let (mut up, mut down) = (theta, theta);
            (up[i], down[i]) = (theta[i] + 1e-4, theta[i] - 1e-4);
            let (up, down) = (log_likelihood(&up, &pieces), log_likelihood(&down, &pieces));
            close((up.value - down.value) / 2e-4, at.gradient[i], 1e-5);
            for j in 0..3 {
                close((up.gradient[j] - down.gradient[j]) / 2e-4, at.hessian[i][j], 1e-5);
            }
        }
    }

    #[test]
    fn neither_order_nor_currency_changes_the_fit() {
        let mut rows = cdnow();
        let first = fit(&rows).unwrap();
        rows.reverse();
        assert_eq!(fit(&rows).unwrap(), first);
        rows.iter_mut().for_each(|row| row.spend *= 1e9);
        let rescaled = fit(&rows).unwrap();
        close(rescaled.parameters[0], first.parameters[0], 1e-7);
        close(rescaled.parameters[2], first.parameters[2] * 1e9, 1e-7);
    }

    #[test]
    fn golden_3_5_equal_spends_have_no_heterogeneity() {
        let equal = counted(&[(1, 10.0), (2, 20.0), (7, 70.0)]);
        assert_eq!(fit(&equal), Err(Unfit::NoHeterogeneity { mean: 10.0 }));
        let tenths = counted(&[(3, 0.1 + 0.1 + 0.1), (1, 0.1)]);
        assert!(matches!(fit(&tenths), Err(Unfit::NoHeterogeneity { .. })));
        assert_eq!(fit(&counted(&[(3, 60.0)])), Err(Unfit::NoHeterogeneity { mean: 20.0 }));
    }

    #[test]
    fn spends_that_do_not_determine_the_model_say_so() {
        assert_eq!(fit(&[]), Err(Unfit::NoPurchase));
        assert_eq!(fit(&counted(&[(0, 0.0)])), Err(Unfit::NoPurchase));
        let bad = counted(&[(1, 5.0), (2, 0.0), (1, -3.0), (1, f64::NAN)]);
        assert_eq!(fit(&bad), Err(Unfit::SpendNotPositive { customers: 3 }));
    }

    #[test]
    fn customers_who_do_not_differ_put_a_parameter_at_its_limit() {
        // Means of many purchases are closer to each other than purchases are.
        let fit =
            fit(&counted(&[(1, 4.0), (1, 25.0), (1, 9.0), (100, 1_301.0), (100, 1_299.0), (80, 1_040.0)]))
                .unwrap();
        assert_eq!(fit.limits[1], Some(Limit::Infinity), "{fit:?}");
        for (purchases, spend) in [(0, 0.0), (1, 90.0), (50, 100.0)] {
            let found = expect(&fit, purchases, spend).unwrap();
            assert!((found.mean - 13.0).abs() < 0.1 && found.standard_error.is_finite(), "{found:?}");
        }
    }
}
