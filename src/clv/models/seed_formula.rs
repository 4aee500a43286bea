//! What a customer is worth over a lifetime of constant periods, in exact money.
//!
//! The formula every text on customer value begins with (as in V. Kumar, W. Reinartz, *Customer Relationship
//! Management*, 2nd ed. (2012), chapter 5, undiscounted and with a constant margin):
//!
//! - CLV = (RR − TRC) · T − AC,
//! - TP = CLV · N,
//! - or, from a margin rate: CLV = RR · T · margin − AC, which without AC is lifetime revenue × margin.
//!
//! Symbols: RR recurring revenue per period, TRC total cost of the relationship per period, T lifetime in periods,
//! AC acquisition cost, N customers, TP total profit.
//!
//! Money is an integer in the smallest unit the caller counts in, and every result is the exact value rounded once,
//! half away from zero. It knows no discounting and no difference between customers; the other models do.

use crate::math::ratio::round;
use crate::units::Decimal;
use num_bigint::BigInt;
use std::fmt;

/// A fraction that is not negative: `numerator / denominator` periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    numerator: i128,
    denominator: i128,
}

/// What a customer leaves per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PerPeriod {
    /// RR − TRC.
    Surplus {
        /// RR, money per period.
        recurring_revenue: i128,
        /// TRC, money per period.
        relationship_cost: i128,
    },
    /// RR · margin.
    Margin {
        /// RR, money per period.
        recurring_revenue: i128,
        /// Share of revenue that is left; below 0 where cost exceeds it.
        margin: Decimal,
    },
}

/// A customer as the formula sees one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedFormula {
    /// What is left per period.
    pub per_period: PerPeriod,
    /// T.
    pub lifetime: Lifetime,
    /// AC, money, once.
    pub acquisition_cost: i128,
}

/// Why the formula has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstated {
    /// A lifetime below 0.
    NegativeLifetime,
    /// A churn above 1 or of nobody.
    ChurnOutOfRange,
    /// A churn of 0: the mean lifetime has no bound.
    NobodyLost,
    /// The value leaves 128 bits.
    Overflow,
}

impl Lifetime {
    /// So many periods.
    ///
    /// # Errors
    /// A negative number.
    pub fn of(periods: Decimal) -> Result<Self, Unstated> {
        if periods.mantissa < 0 {
            return Err(Unstated::NegativeLifetime);
        }
        let periods = periods.normalised();
        let denominator = 10_i128.checked_pow(u32::from(periods.scale)).ok_or(Unstated::Overflow)?;
        Ok(Self { numerator: periods.mantissa, denominator })
    }

    /// 1 / churn, for a declared share of customers that are lost per period.
    ///
    /// # Errors
    /// A share that is not above 0, or above 1.
    pub fn of_churn(churn: Decimal) -> Result<Self, Unstated> {
        let churn = churn.normalised();
        let denominator = 10_i128.checked_pow(u32::from(churn.scale)).ok_or(Unstated::Overflow)?;
        if churn.mantissa <= 0 || churn.mantissa > denominator {
            return Err(Unstated::ChurnOutOfRange);
        }
        Ok(Self { numerator: denominator, denominator: churn.mantissa })
    }

    /// 1 / T, for a lifetime above 0.
    #[expect(clippy::cast_precision_loss, reason = "shown rounded")]
    pub fn churn(&self) -> f64 {
        self.denominator as f64 / self.numerator as f64
    }

    /// As a float.
    #[expect(clippy::cast_precision_loss, reason = "shown rounded")]
    pub fn periods(&self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// 1 / churn, where `lost` of `customers` were lost in one period: the mean of a geometric lifetime, which
    /// counts the period a customer is lost in.
    ///
    /// # Errors
    /// Nobody lost, nobody there, or more lost than were there.
    pub fn from_churn(lost: u64, customers: u64) -> Result<Self, Unstated> {
        if customers == 0 || lost > customers {
            return Err(Unstated::ChurnOutOfRange);
        }
        if lost == 0 {
            return Err(Unstated::NobodyLost);
        }
        Ok(Self { numerator: i128::from(customers), denominator: i128::from(lost) })
    }
}

impl SeedFormula {
    /// CLV of one customer, money.
    ///
    /// # Errors
    /// A value beyond 128 bits.
    pub fn customer_lifetime_value(&self) -> Result<i128, Unstated> {
        self.total_profit(1)
    }

    /// TP = CLV · N, money: rounded once, so it may differ from N rounded values.
    ///
    /// # Errors
    /// A value beyond 128 bits.
    pub fn total_profit(&self, customers: u64) -> Result<i128, Unstated> {
        let (left, scale) = self.left_per_period();
        let denominator = BigInt::from(self.lifetime.denominator) * scale;
        let earned = left * self.lifetime.numerator - &denominator * self.acquisition_cost;
        i128::try_from(round(&(earned * customers), &denominator)).map_err(|_| Unstated::Overflow)
    }

    /// What is left per period, as an integer over another.
    fn left_per_period(&self) -> (BigInt, BigInt) {
        match self.per_period {
            PerPeriod::Surplus { recurring_revenue, relationship_cost } => {
                (BigInt::from(recurring_revenue) - relationship_cost, BigInt::from(1))
            }
            PerPeriod::Margin { recurring_revenue, margin } => {
                let scale = BigInt::from(10).pow(u32::from(margin.scale));
                (BigInt::from(recurring_revenue) * margin.mantissa, scale)
            }
        }
    }
}

impl fmt::Display for Unstated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NegativeLifetime => "a lifetime is not negative",
            Self::ChurnOutOfRange => "churn is a share of customers, from above 0 to 1",
            Self::NobodyLost => "nobody was lost, so the mean lifetime has no bound; state clv.lifetime_periods or clv.churn_rate",
            Self::Overflow => "the value exceeds 128 bits",
        })
    }
}

impl std::error::Error for Unstated {}

#[cfg(test)]
mod tests {
    use super::*;

    fn surplus(revenue: i128, cost: i128, lifetime: Lifetime, acquisition_cost: i128) -> SeedFormula {
        let per_period = PerPeriod::Surplus { recurring_revenue: revenue, relationship_cost: cost };
        SeedFormula { per_period, lifetime, acquisition_cost }
    }

    fn periods(text: &str) -> Lifetime {
        Lifetime::of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn value_is_surplus_times_lifetime_less_acquisition() {
        for (revenue, cost, lifetime, acquisition, expected) in [
            (10_000, 6_000, "5", 5_000, 15_000),
            (10_000, 6_000, "2.5", 5_000, 5_000),
            (10_000, 6_000, "0", 5_000, -5_000),
            (6_000, 10_000, "3", 0, -12_000),
            // Halves leave zero, in both directions.
            (1, 0, "0.5", 0, 1),
            (0, 1, "0.5", 0, -1),
            (1, 0, "0.49", 0, 0),
        ] {
            let formula = surplus(revenue, cost, periods(lifetime), acquisition);
            assert_eq!(formula.customer_lifetime_value(), Ok(expected), "{formula:?}");
        }
    }

    #[test]
    fn total_profit_is_rounded_once() {
        // 1 customer of 3 lost: 100 · 3 / 1; 2 of 3 lost: 100 · 3 / 2 per customer; 3 of 7: 33.33… each.
        assert_eq!(surplus(100, 0, Lifetime::from_churn(1, 3).unwrap(), 0).total_profit(10), Ok(3_000));
        let formula = surplus(10, 0, Lifetime::from_churn(3, 10).unwrap(), 0);
        assert_eq!(formula.customer_lifetime_value(), Ok(33));
        assert_eq!(formula.total_profit(3), Ok(100));
        assert_eq!(formula.total_profit(0), Ok(0));
    }

    #[test]
    fn lifetime_revenue_times_margin_is_the_same_value() {
        let margin =
            |text: &str| PerPeriod::Margin { recurring_revenue: 25_000, margin: text.parse().unwrap() };
        let formula = |per_period, acquisition_cost| SeedFormula {
            per_period,
            lifetime: periods("4.5"),
            acquisition_cost,
        };
        assert_eq!(formula(margin("0.32"), 0).customer_lifetime_value(), Ok(36_000));
        assert_eq!(formula(margin("0.32"), 6_000).customer_lifetime_value(), Ok(30_000));
        assert_eq!(formula(margin("-0.1"), 0).customer_lifetime_value(), Ok(-11_250));
        let surplus = PerPeriod::Surplus { recurring_revenue: 25_000, relationship_cost: 17_000 };
        assert_eq!(formula(surplus, 0).customer_lifetime_value(), Ok(36_000));
    }

    #[test]
    fn what_has_no_value_says_why() {
        assert_eq!(Lifetime::of("-1".parse().unwrap()), Err(Unstated::NegativeLifetime));
        assert_eq!(Lifetime::from_churn(0, 9), Err(Unstated::NobodyLost));
        let of_churn = |text: &str| Lifetime::of_churn(text.parse().unwrap());
        assert_eq!(of_churn("0.25"), Lifetime::from_churn(25, 100));
        assert_eq!(of_churn("0.25").map(|lifetime| lifetime.periods()), Ok(4.0));
        assert_eq!(
            (of_churn("0"), of_churn("1.01")),
            (Err(Unstated::ChurnOutOfRange), Err(Unstated::ChurnOutOfRange))
        );
        assert_eq!(Lifetime::from_churn(0, 0), Err(Unstated::ChurnOutOfRange));
        assert_eq!(Lifetime::from_churn(3, 2), Err(Unstated::ChurnOutOfRange));
        let formula = surplus(i128::MAX, 0, periods("2"), 0);
        assert_eq!(formula.customer_lifetime_value(), Err(Unstated::Overflow));
        assert_eq!(surplus(i128::MAX, i128::MIN, periods("0.25"), 0).total_profit(1), Ok(1 << 126));
    }
}
