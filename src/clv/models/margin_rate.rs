//! Expected contribution per purchase as spend × margin rate less cost: the other form, for comparison.
//!
//! Expected spend comes from a spend model (Gamma-Gamma), which needs positive amounts; the margin rate, which may be
//! negative, is shrunk here; the expected cost to serve a purchase is taken off.
//!
//! The model of Bühlmann and Straub with spend as weight: H. Bühlmann, A. Gisler, *A Course in Credibility Theory and
//! its Applications* (2005), chapter 4. Symbols, for customer j with purchases i of spend wᵢ and margin rate Yᵢ:
//! Var Yᵢ = σ² / wᵢ within the customer, τ² the variance of customers' rates, Wⱼ = Σ wᵢ, Z = W τ² / (W τ² + σ²).
//! Unlike there, rates are shrunk towards Σ margin / Σ spend of the population, so that one pass is enough and the
//! prior is a figure a reader can recompute; its own error is taken as independent of the customer's.
//!
//! Money is an integer in the smallest unit the caller counts in. A purchase without positive spend has no rate and is
//! left out, which is a weakness of this form: contribution per purchase keeps it.

use std::fmt;

/// One customer's purchases with positive spend.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CustomerRate {
    /// How many.
    pub purchases: u32,
    /// Wⱼ, money.
    pub spend: i128,
    /// Their margin, money.
    pub margin: i128,
    /// Σ wᵢ (Yᵢ − Yⱼ)², money.
    pub scatter: f64,
}

/// Sums over customers. Floats are added in the order customers are given: give them in key order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RateSums {
    customers: u64,
    purchases: u64,
    spend: i128,
    margin: i128,
    squared_spend: i128,
    /// Σ scatter.
    scatter: f64,
    /// Σ margin² / spend.
    squared_margin: f64,
}

/// Why all customers are given the population's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneRate {
    /// One customer: nothing to compare with.
    OneCustomer,
    /// Nobody bought twice: variance within and between customers cannot be separated.
    NobodyRepeats,
    /// Customers differ no more than chance would make them.
    NoVarianceBetween,
}

/// The population's part of the estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginRateModel {
    /// Σ margin / Σ spend.
    pub prior_rate: f64,
    /// The squared standard error of `prior_rate`; none where it cannot be estimated.
    pub prior_rate_variance: Option<f64>,
    /// σ², money; none if nobody bought twice.
    pub within_variance: Option<f64>,
    /// τ², 0 where all are given the population's rate.
    pub between_variance: f64,
    /// Why all are given the population's rate, if so.
    pub simplification: Option<OneRate>,
}

/// An expected value and its standard error, where that can be estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The expected value.
    pub mean: f64,
    /// Of `mean`.
    pub standard_error: Option<f64>,
}

impl CustomerRate {
    /// Sums (spend, margin) of purchases, in the order of their days.
    pub fn of(purchases: &[(i64, i64)]) -> Self {
        let mut sums = Self::default();
        for (spend, margin) in purchases.iter().filter(|(spend, _)| *spend > 0) {
            sums.purchases += 1;
            sums.spend += i128::from(*spend);
            sums.margin += i128::from(*margin);
        }
        let rate = sums.rate().unwrap_or(0.0);
        for (spend, margin) in purchases.iter().filter(|(spend, _)| *spend > 0) {
            let beyond = *margin as f64 - rate * *spend as f64;
            sums.scatter += beyond * beyond / *spend as f64;
        }
        sums
    }

    fn rate(&self) -> Option<f64> {
        (self.spend > 0).then(|| self.margin as f64 / self.spend as f64)
    }
}

impl RateSums {
    /// Counts a customer; one without spend counts for nothing. None if a sum leaves 128 bits.
    pub fn add(&self, customer: &CustomerRate) -> Option<Self> {
        let Some(rate) = customer.rate() else { return Some(*self) };
        Some(Self {
            customers: self.customers + 1,
            purchases: self.purchases + u64::from(customer.purchases),
            spend: self.spend.checked_add(customer.spend)?,
            margin: self.margin.checked_add(customer.margin)?,
            squared_spend: self.squared_spend.checked_add(customer.spend.checked_mul(customer.spend)?)?,
            scatter: self.scatter + customer.scatter,
            squared_margin: self.squared_margin + rate * customer.margin as f64,
        })
    }

    /// Adds the sums of customers who come after these. None if a sum leaves 128 bits.
    pub fn merge(&self, later: &Self) -> Option<Self> {
        Some(Self {
            customers: self.customers + later.customers,
            purchases: self.purchases + later.purchases,
            spend: self.spend.checked_add(later.spend)?,
            margin: self.margin.checked_add(later.margin)?,
            squared_spend: self.squared_spend.checked_add(later.squared_spend)?,
            scatter: self.scatter + later.scatter,
            squared_margin: self.squared_margin + later.squared_margin,
        })
    }

    /// Estimates the model; none without any spend.
    pub fn fit(&self) -> Option<MarginRateModel> {
        if self.spend == 0 {
            return None;
        }
        let spend = self.spend as f64;
        let mut model = MarginRateModel {
            prior_rate: self.margin as f64 / spend,
            prior_rate_variance: None,
            within_variance: None,
            between_variance: 0.0,
            simplification: None,
        };
        if self.purchases == self.customers {
            let one = self.customers == 1;
            model.simplification = Some(if one { OneRate::OneCustomer } else { OneRate::NobodyRepeats });
            return Some(model);
        }
        let within = self.scatter / (self.purchases - self.customers) as f64;
        model.within_variance = Some(within);
        model.between_variance = self.between(within, model.prior_rate);
        let weight = self.squared_spend as f64 / (spend * spend);
        model.prior_rate_variance = Some(model.between_variance * weight + within / spend);
        model.simplification = match (self.customers, model.between_variance > 0.0) {
            (1, _) => Some(OneRate::OneCustomer),
            (_, false) => Some(OneRate::NoVarianceBetween),
            (_, true) => None,
        };
        Some(model)
    }

    /// (Σ W (Y − Ȳ)² − (J − 1) σ²) / (Σ W − Σ W² / Σ W), or 0 where that is not above what rounding leaves.
    fn between(&self, within: f64, rate: f64) -> f64 {
        if self.customers == 1 {
            return 0.0;
        }
        let spend = self.spend as f64;
        let beyond = self.squared_margin - rate * self.margin as f64 - (self.customers - 1) as f64 * within;
        if beyond <= 1e-12 * self.squared_margin {
            return 0.0;
        }
        beyond / (spend - self.squared_spend as f64 / spend)
    }
}

impl MarginRateModel {
    /// A customer's margin rate.
    pub fn rate(&self, customer: &CustomerRate) -> Expected {
        let own = match (customer.rate(), self.within_variance) {
            (Some(_), Some(within)) if self.between_variance > 0.0 => {
                let weight = customer.spend as f64 * self.between_variance;
                weight / (weight + within)
            }
            _ => 0.0,
        };
        let others = 1.0 - own;
        let mean = self.prior_rate + own * (customer.rate().unwrap_or(self.prior_rate) - self.prior_rate);
        let squared_error =
            self.prior_rate_variance.map(|prior| self.between_variance * others + others * others * prior);
        Expected { mean, standard_error: squared_error.map(f64::sqrt) }
    }
}

/// Spend × rate − cost per purchase, with the error of the product of two independent estimates; cost is given.
pub fn contribution(spend: Expected, rate: Expected, cost_per_purchase: f64) -> Expected {
    let squared_error = spend.standard_error.zip(rate.standard_error).map(|(of_spend, of_rate)| {
        (rate.mean * of_spend).powi(2) + (spend.mean * of_rate).powi(2) + (of_spend * of_rate).powi(2)
    });
    Expected {
        mean: spend.mean * rate.mean - cost_per_purchase,
        standard_error: squared_error.map(f64::sqrt),
    }
}

impl fmt::Display for OneRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneCustomer => "one customer: nothing to compare with",
            Self::NobodyRepeats => "nobody bought twice: everybody is given the rate of all",
            Self::NoVarianceBetween => "rates differ no more than chance would make them: the rate of all",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} against {expected}");
    }

    fn fit(customers: &[&[(i64, i64)]]) -> Option<MarginRateModel> {
        let sums = RateSums::default();
        customers.iter().fold(sums, |sums, rows| sums.add(&CustomerRate::of(rows)).unwrap()).fit()
    }

    #[test]
    fn rates_by_hand() {
        // Rates 0.2 and 0.4 of spends 100 and 100; 0.6 and 0.5 of 50 and 50.
        let (first, second) = ([(100, 20), (100, 40)], [(50, 30), (50, 25)]);
        let model = fit(&[&first, &second]).unwrap();
        // Within: 100 · 0.1² · 2 = 2 and 50 · 0.05² · 2 = 0.25, of 2 free; the population's rate is 115 / 300.
        close(model.within_variance.unwrap(), 1.125);
        let rate = 115.0 / 300.0;
        close(model.prior_rate, rate);
        let scatter = 200.0 * (0.3 - rate) * (0.3 - rate) + 100.0 * (0.55 - rate) * (0.55 - rate);
        let between = (scatter - 1.125) / (300.0 - 50_000.0 / 300.0);
        close(model.between_variance, between);
        let own = 200.0 * between / (200.0 * between + 1.125);
        let found = model.rate(&CustomerRate::of(&first));
        close(found.mean, own * 0.3 + (1.0 - own) * rate);
        assert_eq!(model.simplification, None);
        assert_eq!(model.rate(&CustomerRate::default()).mean, model.prior_rate);
    }

    #[test]
    fn purchases_without_positive_spend_are_left_out_and_rates_may_be_negative() {
        let with = CustomerRate::of(&[(0, -5), (-10, -2), (40, -8), (60, -30)]);
        assert_eq!(with, CustomerRate::of(&[(40, -8), (60, -30)]));
        assert_eq!((with.purchases, with.spend, with.margin), (2, 100, -38));
        assert!(fit(&[&[(40, -8), (60, -30)], &[(10, -9), (10, -8)]]).unwrap().prior_rate < 0.0);
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        assert_eq!(fit(&[&[(0, 4)]]), None);
        type Purchases<'a> = &'a [(i64, i64)];
        let cases: [(&[Purchases], OneRate, bool); 5] = [
            (&[&[(10, 5)]], OneRate::OneCustomer, false),
            (&[&[(10, 5), (10, 3)]], OneRate::OneCustomer, true),
            (&[&[(10, 5)], &[(10, 3)]], OneRate::NobodyRepeats, false),
            (&[&[(10, 2), (10, 8)], &[(20, 6), (20, 14)]], OneRate::NoVarianceBetween, true),
            (&[&[(10, 3), (20, 6)], &[(70, 21), (30, 9)]], OneRate::NoVarianceBetween, true),
        ];
        for (customers, reason, error) in cases {
            let model = fit(customers).unwrap();
            assert_eq!(model.simplification, Some(reason), "{customers:?}");
            let found = model.rate(&CustomerRate::of(&[(100, 90)]));
            assert_eq!((found.mean, found.standard_error.is_some()), (model.prior_rate, error));
        }
    }

    #[test]
    fn contribution_is_spend_times_rate_less_cost() {
        let of = |mean, standard_error| Expected { mean, standard_error };
        let found = contribution(of(50.0, Some(4.0)), of(0.3, Some(0.02)), 18.0);
        close(found.mean, -3.0);
        close(found.standard_error.unwrap(), f64::sqrt(1.44 + 1.0 + 0.0064));
        assert_eq!(contribution(of(50.0, None), of(0.3, Some(0.02)), 0.0).standard_error, None);
    }
}
