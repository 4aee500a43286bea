//! Value of a customer who stays each period with one and the same probability.
//!
//! S. Gupta, D. R. Lehmann, "Customers as assets", Journal of Interactive Marketing 17 (2003), 9–24: the margin
//! multiple r / (1 + d − r), and r / (1 + d − r (1 + g)) with growth. The variants differ in when the first margin
//! falls and whether it is certain; P. S. Fader, B. G. S. Hardie, "Reconciling and clarifying CLV formulas" (2012)
//! sets them side by side.
//!
//! Symbols: m margin of the first payment, r retention rate (probability to renew at the end of a period), d discount
//! rate per period, g growth: each margin is 1 + g times the margin before it.
//!
//! Every value is a geometric series, first · (1 + q + q² + …) with q = r (1 + g) / (1 + d).

use std::fmt;

/// When the first margin falls, and whether it is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// At the end of the first period, if the customer renews: m r / (1 + d − r). Values a customer who has paid
    /// for the current period.
    FirstMarginAtFirstRenewal,
    /// At once and certain, then at each renewal: m (1 + d) / (1 + d − r). Values a customer about to be won, paid
    /// in advance.
    FirstMarginNow,
    /// At the end of the first period and certain, then at the end of each period begun by a renewal:
    /// m / (1 + d − r). Values a customer about to be won, paid in arrears.
    FirstMarginAtEndOfPeriod,
}

/// How long margins are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// For ever.
    Unbounded,
    /// Up to the end of this many periods; margins at t = 1 … n, and at t = 0 where the first falls now.
    Periods(u32),
}

/// A customer as the formula sees one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retention {
    /// m, in any unit; the value is in the same. Any finite number.
    pub margin: f64,
    /// r, 0..=1.
    pub retention_rate: f64,
    /// d per period, above −1.
    pub discount_rate: f64,
    /// g per period, at least −1; 0 for a constant margin.
    pub growth_rate: f64,
    /// When the first margin falls.
    pub timing: Timing,
    /// How long margins are counted.
    pub horizon: Horizon,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoValue {
    /// A margin that is no finite number, or a value that leaves the range of one.
    NotFinite,
    /// A retention rate outside 0..=1.
    RetentionRate,
    /// A discount rate of −1 or less.
    DiscountRate,
    /// A growth rate below −1.
    GrowthRate,
    /// r (1 + g) ≥ 1 + d: what is expected grows at least as fast as it is discounted, and the sum has no bound.
    Unbounded,
}

impl Retention {
    /// The expected discounted value. Relative error within 1e-13 unless r (1 + g) is within 1e-3 of 1 + d.
    ///
    /// # Errors
    /// A rate outside its range, or a sum without bound.
    pub fn value(&self) -> Result<f64, NoValue> {
        self.check()?;
        let (discount, renewed) = (1.0 + self.discount_rate, self.retention_rate);
        // How much a margin falls short of the one before, so that 1 − q keeps its digits.
        let shortfall = (discount - renewed * (1.0 + self.growth_rate)) / discount;
        let first = self.margin
            * match self.timing {
                Timing::FirstMarginAtFirstRenewal => renewed / discount,
                Timing::FirstMarginNow => 1.0,
                Timing::FirstMarginAtEndOfPeriod => 1.0 / discount,
            };
        let value = first * self.sum(shortfall)?;
        if value.is_finite() { Ok(value) } else { Err(NoValue::NotFinite) }
    }

    fn check(&self) -> Result<(), NoValue> {
        // Written so that a NaN fails.
        if !self.margin.is_finite() {
            return Err(NoValue::NotFinite);
        }
        if !(0.0..=1.0).contains(&self.retention_rate) {
            return Err(NoValue::RetentionRate);
        }
        if !(self.discount_rate > -1.0 && self.discount_rate.is_finite()) {
            return Err(NoValue::DiscountRate);
        }
        if !(self.growth_rate >= -1.0 && self.growth_rate.is_finite()) {
            return Err(NoValue::GrowthRate);
        }
        Ok(())
    }

    /// 1 + q + q² + … with q = 1 − shortfall, over the margins within the horizon.
    fn sum(&self, shortfall: f64) -> Result<f64, NoValue> {
        match self.horizon {
            Horizon::Unbounded if shortfall > 0.0 => Ok(1.0 / shortfall),
            Horizon::Unbounded => Err(NoValue::Unbounded),
            Horizon::Periods(periods) => {
                let now = if self.timing == Timing::FirstMarginNow { 1.0 } else { 0.0 };
                Ok(geometric_sum(shortfall, f64::from(periods) + now))
            }
        }
    }
}

/// Σ (1 − shortfall)^i for i = 0 … terms − 1.
fn geometric_sum(shortfall: f64, terms: f64) -> f64 {
    if terms == 0.0 || shortfall == 0.0 {
        return terms;
    }
    -f64::exp_m1(terms * f64::ln_1p(-shortfall)) / shortfall
}

/// Mean lifetime 1 / (1 − r) in periods, the one a customer is lost in included; renewals are one fewer.
///
/// # Errors
/// A retention rate outside 0..1; at 1 lifetime has no bound.
pub fn expected_lifetime(retention_rate: f64) -> Result<f64, NoValue> {
    match retention_rate {
        1.0 => Err(NoValue::Unbounded),
        rate if (0.0..1.0).contains(&rate) => Ok(1.0 / (1.0 - rate)),
        _ => Err(NoValue::RetentionRate),
    }
}

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinite => "the margin or the value is not a finite number",
            Self::RetentionRate => "a retention rate is a share from 0 to 1",
            Self::DiscountRate => "a discount rate is above -1",
            Self::GrowthRate => "a growth rate is -1 or more",
            Self::Unbounded => {
                "retention x (1 + growth) is not below 1 + discount, so the sum has no bound; \
                 state a number of periods or a higher discount rate"
            }
        })
    }
}

impl std::error::Error for NoValue {}

#[cfg(test)]
mod tests {
    use super::*;
    use Horizon::{Periods, Unbounded};
    use Timing::{FirstMarginAtEndOfPeriod, FirstMarginAtFirstRenewal, FirstMarginNow};

    fn customer(timing: Timing, horizon: Horizon) -> Retention {
        Retention {
            margin: 100.0,
            retention_rate: 0.8,
            discount_rate: 0.1,
            growth_rate: 0.0,
            timing,
            horizon,
        }
    }

    fn close(found: Result<f64, NoValue>, expected: f64) {
        let found = found.unwrap();
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} against {expected}");
    }

    #[test]
    fn golden_6_7_formula_variants() {
        for (timing, horizon, expected) in [
            (FirstMarginAtFirstRenewal, Unbounded, 800.0 / 3.0), // 266.666667
            (FirstMarginNow, Unbounded, 1_100.0 / 3.0),          // 366.666667
            (FirstMarginAtEndOfPeriod, Unbounded, 1_000.0 / 3.0), // 333.333333
            (FirstMarginAtFirstRenewal, Periods(5), 212.409_733_563),
            (FirstMarginNow, Periods(5), 312.409_733_563),
        ] {
            close(customer(timing, horizon).value(), expected);
        }
        close(expected_lifetime(0.8), 5.0);
    }

    #[test]
    fn golden_6_7_growth_after_the_first_renewal() {
        let growing = Retention { growth_rate: 0.03, ..customer(FirstMarginAtFirstRenewal, Unbounded) };
        close(growing.value(), 80.0 / (1.1 - 0.8 * 1.03));
    }

    #[test]
    fn a_finite_horizon_is_the_sum_of_its_terms() {
        for timing in [FirstMarginAtFirstRenewal, FirstMarginNow, FirstMarginAtEndOfPeriod] {
            for (retention_rate, discount_rate, growth_rate) in
                [(0.8, 0.1, 0.0), (0.9, 0.05, 0.02), (1.0, 0.0, 0.0), (0.99, 0.0, 0.05), (0.0, 0.1, 0.0)]
            {
                let given =
                    Retention { retention_rate, discount_rate, growth_rate, ..customer(timing, Periods(7)) };
                let (first, renewals_before) = match timing {
                    FirstMarginAtFirstRenewal => (1, 0),
                    FirstMarginNow => (0, 0),
                    FirstMarginAtEndOfPeriod => (1, 1),
                };
                let term = |t: i32| {
                    100.0 * (1.0 + growth_rate).powi(t - first) * retention_rate.powi(t - renewals_before)
                        / (1.0 + discount_rate).powi(t)
                };
                let expected: f64 = (first..=7).map(term).sum();
                assert!((given.value().unwrap() - expected).abs() < 1e-11 * expected.max(1.0), "{given:?}");
            }
        }
        assert_eq!(customer(FirstMarginAtFirstRenewal, Periods(0)).value(), Ok(0.0));
        assert_eq!(customer(FirstMarginNow, Periods(0)).value(), Ok(100.0));
    }

    #[test]
    fn what_has_no_value_says_why() {
        let given = customer(FirstMarginAtFirstRenewal, Unbounded);
        for (case, reason) in [
            (Retention { retention_rate: 1.0, discount_rate: 0.0, ..given }, NoValue::Unbounded),
            (Retention { retention_rate: 0.9, discount_rate: -0.1, ..given }, NoValue::Unbounded),
            (Retention { growth_rate: 0.375, ..given }, NoValue::Unbounded),
            (Retention { growth_rate: 0.5, ..given }, NoValue::Unbounded),
            (Retention { retention_rate: 1.01, ..given }, NoValue::RetentionRate),
            (Retention { retention_rate: f64::NAN, ..given }, NoValue::RetentionRate),
            (Retention { discount_rate: -1.0, ..given }, NoValue::DiscountRate),
            (Retention { growth_rate: -1.1, ..given }, NoValue::GrowthRate),
            (Retention { margin: f64::INFINITY, ..given }, NoValue::NotFinite),
            (Retention { growth_rate: 9.0, horizon: Periods(9_999), ..given }, NoValue::NotFinite),
        ] {
            assert_eq!(case.value(), Err(reason), "{case:?}");
        }
        assert_eq!(expected_lifetime(1.0), Err(NoValue::Unbounded));
        assert_eq!(expected_lifetime(-0.1), Err(NoValue::RetentionRate));
        assert_eq!(Retention { margin: -100.0, ..given }.value().map(f64::round), Ok(-267.0));
    }
}
