//! A customer's history, and the horizon of what is expected of it: times in weeks, as the papers have them.

/// A customer's past, times in weeks since the first purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// x: repeat purchases.
    pub purchases: u32,
    /// t_x: when the last purchase was, 0 without repeat purchase.
    pub last_purchase_weeks: f64,
    /// T: the end of observation.
    pub age_weeks: f64,
}

impl History {
    /// A customer who has just bought for the first time.
    pub const NEW: Self = Self { purchases: 0, last_purchase_weeks: 0.0, age_weeks: 0.0 };

    /// From whole days, as counted.
    pub fn of_days(purchases: u32, last_purchase_days: u32, age_days: u32) -> Self {
        let weeks = |days: u32| f64::from(days) / super::DAYS_PER_WEEK;
        Self { purchases, last_purchase_weeks: weeks(last_purchase_days), age_weeks: weeks(age_days) }
    }
}

/// How far ahead purchases count, and how much later ones count less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Length, or infinite.
    pub weeks: f64,
    /// Continuous rate δ: a purchase after u weeks counts e^(−δu). Positive if the length is infinite.
    pub discount_per_week: f64,
}

impl Horizon {
    /// Plain expected purchases in so many days.
    pub fn of_days(days: u32) -> Self {
        Self { weeks: f64::from(days) / super::DAYS_PER_WEEK, discount_per_week: 0.0 }
    }

    /// For ever, discounted: DERT, discounted expected residual transactions.
    pub fn forever(discount_per_day: f64) -> Self {
        let horizon =
            Self { weeks: f64::INFINITY, discount_per_week: discount_per_day * super::DAYS_PER_WEEK };
        assert!(
            horizon.is_possible(),
            "residual purchases need a positive discount rate, not {discount_per_day}"
        );
        horizon
    }

    pub(super) fn is_possible(&self) -> bool {
        let (weeks, discount) = (self.weeks, self.discount_per_week);
        weeks >= 0.0 && discount >= 0.0 && discount.is_finite() && (weeks.is_finite() || discount > 0.0)
    }

    /// ∫ e^(−δu) du over the horizon.
    pub(super) fn discounted_weeks(&self) -> f64 {
        if self.discount_per_week == 0.0 {
            return self.weeks;
        }
        -(-self.discount_per_week * self.weeks).exp_m1() / self.discount_per_week
    }
}
