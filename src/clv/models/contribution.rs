//! Expected contribution per purchase, shrunk towards the population's; losses allowed.
//!
//! Gamma-Gamma cannot take a purchase that lost money. Credibility theory can: it is the best linear estimate
//! whatever the distribution, and the posterior mean if customers' means and their purchases are normal.
//!
//! - H. Bühlmann, A. Gisler, *A Course in Credibility Theory and its Applications* (2005), chapter 4: the model of
//!   Bühlmann and Straub (weight 1 per purchase), its homogeneous credibility estimator and expected squared error,
//!   and the estimators of its structural parameters.
//! - B. Efron, C. Morris, "Data analysis using Stein's estimator and its generalizations", Journal of the American
//!   Statistical Association 70 (1975), 311–319: the same as empirical Bayes.
//!
//! Symbols, for customer j with nⱼ purchases of mean Xⱼ: σ² the variance of purchases within a customer, τ² the
//! variance of customers' means, μ the mean of customers' means, and
//!
//! - credibility Zⱼ = nⱼ τ² / (nⱼ τ² + σ²),
//! - μ = Σ Zⱼ Xⱼ / Σ Zⱼ, estimate Zⱼ Xⱼ + (1 − Zⱼ) μ, expected squared error τ² (1 − Zⱼ) (1 + (1 − Zⱼ) / Σ Z),
//! - σ² = Σⱼ Σᵢ (xⱼᵢ − Xⱼ)² / (N − J), for N purchases of J customers,
//! - τ² = (Σ nⱼ (Xⱼ − X)² − (J − 1) σ²) / (N − Σ nⱼ² / N), X the mean of all purchases; 0 if that is negative.
//!
//! The population enters as exact integer sums by number of purchases, which merge by adding. Money is an integer in
//! the smallest unit the caller counts in; means and errors are in that unit too, variances in its square.

use crate::units::round_ratio;
use std::collections::BTreeMap;
use std::fmt;

/// Sums over customers with one number of purchases. Exact; 128 bits, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Group {
    customers: i128,
    /// Σ s, where s is a customer's sum over purchases.
    sums: i128,
    /// Σ s².
    squared_sums: i128,
    /// Σ (n q − s²), where q is a customer's sum of squares over purchases: n² times the variance within.
    scatter: i128,
}

/// All the estimate needs of a population.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurchaseSums {
    by_purchases: BTreeMap<u32, Group>,
}

/// A sum left 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// Why the estimate is simpler than the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simplification {
    /// One customer: nothing to compare with; everybody is expected to be like that one.
    OneCustomer,
    /// Nobody bought twice: variance within and between customers cannot be separated; the population's mean.
    NobodyRepeats,
    /// Customers differ no more than chance would make them; the population's mean.
    NoVarianceBetween,
    /// Each customer's purchases are all alike; the customer's own mean.
    NoVarianceWithin,
    /// All purchases of all customers are alike.
    NoVariance,
}

/// The population's part of the estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContributionModel {
    /// Customers with a purchase.
    pub customers: u64,
    /// Their purchases.
    pub purchases: u64,
    /// μ.
    pub prior_mean: f64,
    /// The squared standard error of μ; none where it cannot be estimated.
    pub prior_mean_variance: Option<f64>,
    /// σ²; none if nobody bought twice.
    pub within_variance: Option<f64>,
    /// τ², 0 where customers do not differ beyond chance; none where it cannot be estimated.
    pub between_variance: Option<f64>,
    /// The simpler estimate that is used instead, if any.
    pub simplification: Option<Simplification>,
}

/// One customer's expected contribution per purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedContribution {
    /// Z, the weight of the customer's own mean, 0..=1.
    pub credibility: f64,
    /// Money per purchase.
    pub mean: f64,
    /// Of `mean`, as an estimate of the customer's true mean; none where it cannot be estimated.
    pub standard_error: Option<f64>,
}

impl PurchaseSums {
    /// Counts a customer with `purchases` purchases whose contributions add up to `sum` and their squares to
    /// `squares`. A customer without purchase counts for nothing.
    ///
    /// # Errors
    /// A sum beyond 128 bits.
    ///
    /// # Panics
    /// A sum of squares that no purchases can have.
    pub fn add(&mut self, purchases: u32, sum: i128, squares: i128) -> Result<(), Overflow> {
        if purchases == 0 {
            return Ok(());
        }
        let squared_sum = sum.checked_mul(sum).ok_or(Overflow)?;
        let scatter = i128::from(purchases).checked_mul(squares).ok_or(Overflow)? - squared_sum;
        assert!(scatter >= 0, "{purchases} purchases with sum {sum} have larger squares than {squares}");
        let group = Group { customers: 1, sums: sum, squared_sums: squared_sum, scatter };
        self.merge_group(purchases, &group)
    }

    /// Adds another part of the population.
    ///
    /// # Errors
    /// A sum beyond 128 bits.
    pub fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        other.by_purchases.iter().try_for_each(|(purchases, group)| self.merge_group(*purchases, group))
    }

    fn merge_group(&mut self, purchases: u32, part: &Group) -> Result<(), Overflow> {
        let group = self.by_purchases.entry(purchases).or_default();
        for (sum, more) in [
            (&mut group.customers, part.customers),
            (&mut group.sums, part.sums),
            (&mut group.squared_sums, part.squared_sums),
            (&mut group.scatter, part.scatter),
        ] {
            *sum = sum.checked_add(more).ok_or(Overflow)?;
        }
        Ok(())
    }

    /// Estimates the model; none without any purchase.
    ///
    /// # Errors
    /// A sum beyond 128 bits.
    pub fn fit(&self) -> Result<Option<ContributionModel>, Overflow> {
        let total = |of: fn(i128, &Group) -> i128| {
            self.by_purchases
                .iter()
                .try_fold(0_i128, |sum, (n, group)| sum.checked_add(of(i128::from(*n), group)))
        };
        let customers = total(|_, group| group.customers).ok_or(Overflow)?;
        let purchases = total(|n, group| n * group.customers).ok_or(Overflow)?;
        if purchases == 0 {
            return Ok(None);
        }
        let sum = total(|_, group| group.sums).ok_or(Overflow)?;
        let centre = round_ratio(sum, purchases);
        let centred: Option<Vec<Centred>> =
            self.by_purchases.iter().map(|(n, group)| Centred::of(*n, group, centre)).collect();
        Ok(Some(model(customers, purchases, centre, &centred.ok_or(Overflow)?)))
    }
}

impl PurchaseSums {
    /// Var X̄ of these customers' mean if they differ as those of `model` do: τ² / Σ Zⱼ, or σ² / N where τ² is 0. None
    /// where σ² is not known.
    pub fn mean_variance(&self, model: &ContributionModel) -> Option<f64> {
        let (within, between) = (model.within_variance?, model.between_variance?);
        let groups = || self.by_purchases.iter().map(|(n, group)| (f64::from(*n), float(group.customers)));
        if between == 0.0 {
            return Some(within / groups().map(|(n, customers)| n * customers).sum::<f64>());
        }
        let weights: f64 = groups().map(|(n, customers)| customers * credibility(n, within, between)).sum();
        Some(between / weights)
    }
}

/// A group's sums about an integer near the population's mean: exact, so that no digits cancel afterwards.
struct Centred {
    purchases: f64,
    customers: f64,
    /// Σ (s − n c).
    sums: f64,
    /// Σ (s − n c)².
    squared_sums: f64,
    scatter: f64,
}

impl Centred {
    fn of(purchases: u32, group: &Group, centre: i128) -> Option<Self> {
        let shift = i128::from(purchases).checked_mul(centre)?;
        let all_shifts = group.customers.checked_mul(shift)?;
        let crossed = shift.checked_mul(2)?.checked_mul(group.sums)?;
        let squared_sums =
            group.squared_sums.checked_sub(crossed)?.checked_add(all_shifts.checked_mul(shift)?)?;
        Some(Self {
            purchases: f64::from(purchases),
            customers: float(group.customers),
            sums: float(group.sums.checked_sub(all_shifts)?),
            squared_sums: float(squared_sums),
            scatter: float(group.scatter),
        })
    }
}

/// The structural parameters, summed over groups by ascending number of purchases.
fn model(customers: i128, purchases: i128, centre: i128, groups: &[Centred]) -> ContributionModel {
    let sum = |of: fn(&Centred) -> f64| groups.iter().map(of).sum::<f64>();
    let (count, n) = (float(customers), float(purchases));
    // What is left of the mean beyond the centre: at most half a unit.
    let rest = sum(|group| group.sums) / n;
    let scatter_within = sum(|group| group.scatter / group.purchases);
    let scatter_between = sum(|group| group.squared_sums / group.purchases) - n * rest * rest;
    let mut model = ContributionModel {
        customers: counted(customers),
        purchases: counted(purchases),
        prior_mean: float(centre) + rest,
        prior_mean_variance: None,
        within_variance: (purchases > customers).then(|| scatter_within / (n - count)),
        between_variance: None,
        simplification: None,
    };
    let Some(within) = model.within_variance else {
        model.simplification =
            Some(if customers == 1 { Simplification::OneCustomer } else { Simplification::NobodyRepeats });
        return model;
    };
    if customers == 1 {
        model.prior_mean_variance = Some(within / n);
        model.simplification = Some(Simplification::OneCustomer);
        return model;
    }
    let squares = sum(|group| group.customers * group.purchases * group.purchases);
    let between = ((scatter_between - (count - 1.0) * within) / (n - squares / n)).max(0.0);
    model.between_variance = Some(between);
    if between == 0.0 {
        model.prior_mean_variance = Some(within / n);
        let alike =
            if within == 0.0 { Simplification::NoVariance } else { Simplification::NoVarianceBetween };
        model.simplification = Some(alike);
        return model;
    }
    let weight = |group: &Centred| credibility(group.purchases, within, between);
    let weights: f64 = groups.iter().map(|group| group.customers * weight(group)).sum();
    let weighted: f64 = groups.iter().map(|group| weight(group) * group.sums / group.purchases).sum();
    model.prior_mean = float(centre) + weighted / weights;
    model.prior_mean_variance = Some(between / weights);
    model.simplification = (within == 0.0).then_some(Simplification::NoVarianceWithin);
    model
}

impl ContributionModel {
    /// What a customer with these purchases, adding up to `sum`, is expected to contribute per purchase. Without a
    /// purchase that is the population's mean.
    pub fn expect(&self, purchases: u32, sum: i128) -> ExpectedContribution {
        let (within, between) = (self.within_variance.unwrap_or(0.0), self.between_variance.unwrap_or(0.0));
        let own = if purchases == 0 || between == 0.0 {
            0.0
        } else {
            credibility(f64::from(purchases), within, between)
        };
        let mean = if own == 0.0 {
            self.prior_mean
        } else {
            self.prior_mean + own * (float(sum) / f64::from(purchases) - self.prior_mean)
        };
        let others = 1.0 - own;
        let squared_error =
            self.prior_mean_variance.map(|variance| between * others + others * others * variance);
        ExpectedContribution { credibility: own, mean, standard_error: squared_error.map(f64::sqrt) }
    }
}

/// n τ² / (n τ² + σ²), for τ² above 0.
fn credibility(purchases: f64, within: f64, between: f64) -> f64 {
    purchases * between / (purchases * between + within)
}

fn float(value: i128) -> f64 {
    value as f64
}

fn counted(value: i128) -> u64 {
    u64::try_from(value).expect("customers and purchases are counted in 64 bits")
}

impl fmt::Display for Simplification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneCustomer => "one customer: nothing to compare with",
            Self::NobodyRepeats => "nobody bought twice: everybody is given the mean of all",
            Self::NoVarianceBetween => {
                "customers differ no more than chance would make them: the mean of all"
            }
            Self::NoVarianceWithin => "each customer's purchases are alike: the customer's own mean",
            Self::NoVariance => "all purchases are alike",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(customers: &[&[i128]]) -> PurchaseSums {
        let mut sums = PurchaseSums::default();
        for purchases in customers {
            let count = u32::try_from(purchases.len()).unwrap();
            sums.add(count, purchases.iter().sum(), purchases.iter().map(|x| x * x).sum()).unwrap();
        }
        sums
    }

    fn fit(customers: &[&[i128]]) -> ContributionModel {
        sums(customers).fit().unwrap().expect("there are purchases")
    }

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} against {expected}");
    }

    #[test]
    fn structural_parameters_by_hand() {
        // Means 12 and 22 of 2 and 3 purchases, scatter 8 and 8 within, 2 · 6² + 3 · 4² = 120 between.
        let model = fit(&[&[10, 14], &[20, 22, 24]]);
        let (within, between) = (16.0 / 3.0, (120.0 - 16.0 / 3.0) / (5.0 - 13.0 / 5.0));
        close(model.within_variance.unwrap(), within);
        close(model.between_variance.unwrap(), between);
        let (first, second) =
            (2.0 * between / (2.0 * between + within), 3.0 * between / (3.0 * between + within));
        close(model.prior_mean, (12.0 * first + 22.0 * second) / (first + second));
        assert_eq!((model.customers, model.purchases, model.simplification), (2, 5, None));

        let expected = model.expect(2, 24);
        close(expected.credibility, first);
        close(expected.mean, 12.0 * first + model.prior_mean * (1.0 - first));
        let squared_error = between * (1.0 - first) * (1.0 + (1.0 - first) / (first + second));
        close(expected.standard_error.unwrap(), squared_error.sqrt());
        let stranger = model.expect(0, 0);
        assert_eq!((stranger.credibility, stranger.mean), (0.0, model.prior_mean));
    }

    #[test]
    fn losses_are_contributions_like_others() {
        let gain = fit(&[&[10, 14], &[20, 22, 24]]);
        let loss = fit(&[&[-990, -986], &[-980, -978, -976]]);
        close(loss.between_variance.unwrap(), gain.between_variance.unwrap());
        close(loss.expect(2, -1_976).mean, gain.expect(2, 24).mean - 1_000.0);
    }

    #[test]
    fn large_money_loses_no_digits() {
        let shift = 10_i128.pow(15);
        let near = fit(&[&[10, 14], &[20, 22, 24]]);
        let far = fit(&[&[shift + 10, shift + 14], &[shift + 20, shift + 22, shift + 24]]);
        assert_eq!(near.within_variance, far.within_variance);
        close(far.between_variance.unwrap(), near.between_variance.unwrap());
    }

    #[test]
    fn parts_merge_to_the_whole_in_any_order() {
        let (left, right): (&[&[i128]], &[&[i128]]) = (&[&[1, 5], &[7]], &[&[-3, 4, 9], &[2, 2]]);
        let mut one = sums(left);
        one.merge(&sums(right)).unwrap();
        let mut other = sums(right);
        other.merge(&sums(left)).unwrap();
        assert_eq!(one, other);
        assert_eq!(one, sums(&[left, right].concat()));
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        assert_eq!(PurchaseSums::default().fit(), Ok(None));
        assert_eq!(sums(&[&[]]).fit(), Ok(None));
        for (customers, reason, expected, error) in [
            (&[&[5_i128] as &[i128]] as &[&[i128]], Simplification::OneCustomer, 5.0, None),
            (&[&[4, 6, 8]], Simplification::OneCustomer, 6.0, Some(f64::sqrt(4.0 / 3.0))),
            (&[&[4], &[8]], Simplification::NobodyRepeats, 6.0, None),
            (&[&[1, 9], &[2, 8]], Simplification::NoVarianceBetween, 5.0, Some(f64::sqrt(25.0 / 4.0))),
            (&[&[4, 4], &[4]], Simplification::NoVariance, 4.0, Some(0.0)),
        ] {
            let model = fit(customers);
            assert_eq!(model.simplification, Some(reason));
            let found = model.expect(3, 99);
            assert_eq!(
                (found.credibility, found.mean, found.standard_error),
                (0.0, expected, error),
                "{reason:?}"
            );
        }
        let model = fit(&[&[4, 4], &[8]]);
        assert_eq!(model.simplification, Some(Simplification::NoVarianceWithin));
        assert_eq!(model.expect(2, 8).mean, 4.0);
        assert_eq!(model.expect(2, 8).standard_error, Some(0.0));
    }

    #[test]
    fn a_sum_beyond_128_bits_is_told() {
        let mut sums = PurchaseSums::default();
        assert_eq!(sums.add(1, 1 << 64, i128::MAX), Err(Overflow));
        sums.add(1, 1 << 63, 1 << 126).unwrap();
        assert_eq!(sums.add(1, 1 << 63, 1 << 126), Err(Overflow));
    }
}
