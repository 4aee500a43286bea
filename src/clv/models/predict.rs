//! What a fitted model expects of one customer, with standard errors by the delta method.

use super::estimate::{Estimate, Pulls, Slope};
use super::law::Law;
use super::{Fit, Model, bg_nbd};

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

    fn is_possible(&self) -> bool {
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

/// A fit, ready to predict.
#[derive(Debug, Clone, Copy)]
pub struct Predictor {
    model: Model,
    law: Law,
    pulls: Option<Pulls>,
}

impl Predictor {
    /// `None` where the fit found nothing to predict from.
    pub fn new(fit: &Fit) -> Option<Self> {
        Some(Self { model: fit.model, law: fit.law()?, pulls: fit.covariance.as_ref().map(Pulls::new) })
    }

    /// A model with parameters from elsewhere; without standard errors.
    pub fn with_parameters(model: Model, parameters: [f64; 4]) -> Self {
        Self { model, law: Law::of_model(model, parameters), pulls: None }
    }

    /// The probability that the customer has not lapsed.
    pub fn alive(&self, history: &History) -> Estimate {
        self.estimate(&self.alive_slope(history))
    }

    /// Expected purchases within the horizon, discounted if it says so.
    pub fn purchases(&self, history: &History, horizon: &Horizon) -> Estimate {
        assert!(horizon.is_possible(), "{horizon:?} is not a horizon");
        let ahead = self.law.ahead(history.purchases, &[history.age_weeks], &[*horizon])[0][0];
        self.estimate(&self.alive_slope(history).times(&ahead))
    }

    /// The probability of no purchase in the next `weeks`.
    pub fn silent(&self, history: &History, weeks: f64) -> Estimate {
        let silent = self.law.ln_silent(history.purchases, history.age_weeks, weeks).exp();
        let buys = Slope { value: 1.0 - silent.value, ..silent.scaled(-1.0) };
        let missed = self.alive_slope(history).times(&buys);
        self.estimate(&Slope { value: 1.0 - missed.value, ..missed.scaled(-1.0) })
    }

    /// P(X(t) = n) for n = 0, 1, … below `counts`: repeat purchases of a new customer in `weeks`. BG/NBD only.
    pub fn purchase_distribution(&self, weeks: f64, counts: u32) -> Option<Vec<f64>> {
        match (&self.law, self.model) {
            (Law::BetaGeometric(law), Model::BgNbd) => {
                Some(bg_nbd::purchase_distribution(law, weeks, counts))
            }
            _ => None,
        }
    }

    /// Expected repeat purchases of a new customer by the end of each of the first `days` days, the first day being 0.
    pub fn new_customer_by_day(&self, days: u32) -> Vec<f64> {
        let horizons: Vec<_> = (0..days).map(Horizon::of_days).collect();
        let alive = self.alive_slope(&History::NEW).value;
        self.law.ahead(0, &[0.0], &horizons)[0].iter().map(|ahead| alive * ahead.value).collect()
    }

    /// Expected repeat purchases of a cohort by the end of each of the first `days` days of the calendar, cumulative.
    ///
    /// `first_days` are (day of the first purchase, customers).
    pub fn tracking(&self, first_days: &[(u32, u64)], days: u32) -> Vec<f64> {
        let curve = self.new_customer_by_day(days);
        let at = |day: u32, first: u32| day.checked_sub(first).map_or(0.0, |age| curve[age as usize]);
        let by =
            |day: u32| first_days.iter().map(|&(first, customers)| customers as f64 * at(day, first)).sum();
        (0..days).map(by).collect()
    }

    /// ln of the density of one customer's purchase times.
    pub fn log_likelihood(&self, history: &History) -> f64 {
        let survived = self.law.survived(history.purchases, history.age_weeks).value;
        let lapsed = self.law.lapsed(history.purchases, history.last_purchase_weeks).value;
        survived.max(lapsed) + (-(survived - lapsed).abs()).exp().ln_1p()
    }

    fn alive_slope(&self, history: &History) -> Slope {
        let History { purchases, last_purchase_weeks, age_weeks } = *history;
        let survived = self.law.survived(purchases, age_weeks);
        let alive = self.law.alive(purchases, age_weeks, &survived);
        alive_probability(&alive, &survived, &self.law.lapsed(purchases, last_purchase_weeks))
    }

    fn estimate(&self, slope: &Slope) -> Estimate {
        Estimate { value: slope.value, pull: self.pulls.as_ref().map(|pulls| pulls.of(&slope.gradient)) }
    }
}

/// a/(e^f + e^g).
pub(super) fn alive_probability(alive: &Slope, survived: &Slope, lapsed: &Slope) -> Slope {
    let ratio = (-(survived.value - lapsed.value).abs()).exp();
    let (rare, common) = (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio));
    let (survived_share, lapsed_share) =
        if survived.value > lapsed.value { (common, rare) } else { (rare, common) };
    let likelihood = survived.value.max(lapsed.value) + ratio.ln_1p();
    debug_assert!(!likelihood.is_nan(), "{survived:?} {lapsed:?}");
    let probability = (alive.value - likelihood).exp().min(1.0);
    let entry = |index: usize| {
        alive.gradient[index]
            - survived_share * survived.gradient[index]
            - lapsed_share * lapsed.gradient[index]
    };
    Slope { value: probability, gradient: std::array::from_fn(|index| probability * entry(index)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORIES: [(u32, f64, f64); 5] =
        [(0, 0.0, 0.0), (0, 0.0, 30.0), (2, 11.0, 38.86), (30, 50.0, 52.0), (400, 500.0, 520.0)];

    /// With a covariance of 1 the pull is the gradient.
    fn predictor(model: Model, parameters: [f64; 4]) -> Predictor {
        let one = std::array::from_fn(|row| std::array::from_fn(|column| f64::from(u8::from(row == column))));
        Predictor { pulls: Some(Pulls::new(&one)), ..Predictor::with_parameters(model, parameters) }
    }

    #[test]
    fn gradients_are_those_of_the_predictions() {
        for (model, parameters) in [
            (Model::BgNbd, [0.243, 4.414, 0.793, 2.426]),
            (Model::MbgNbd, [0.525, 6.183, 1.0, 1.614]),
            (Model::ParetoNbd, [0.553, 10.578, 0.606, 11.669]),
            (Model::ParetoNbd, [3.0, 2.0, 1.0, 150.0]),
        ] {
            for (purchases, last_purchase_weeks, age_weeks) in HISTORIES {
                let history = History { purchases, last_purchase_weeks, age_weeks };
                check_gradients(model, parameters, &history);
            }
        }
    }

    fn check_gradients(model: Model, parameters: [f64; 4], history: &History) {
        let at = |parameters| {
            let predictor = predictor(model, parameters);
            let ahead = |weeks, discount_per_week| {
                predictor.purchases(history, &Horizon { weeks, discount_per_week })
            };
            let aheads = [ahead(39.0, 0.0), ahead(52.0, 0.0027), ahead(f64::INFINITY, 0.0027)];
            [predictor.alive(history), aheads[0], aheads[1], aheads[2], predictor.silent(history, 13.0)]
        };
        let centre = at(parameters);
        for index in 0..4 {
            let moved = |by: f64| {
                let mut moved = parameters;
                moved[index] *= by.exp();
                at(moved)
            };
            let (up, down) = (moved(1e-4), moved(-1e-4));
            for (quantity, estimate) in centre.iter().enumerate() {
                let expected = (up[quantity].value - down[quantity].value) / 2e-4;
                let found = estimate.pull.unwrap()[index];
                let scale = estimate.value.abs().max(1e-3);
                assert!(
                    (found - expected).abs() < 1e-6 * scale,
                    "{model:?} {history:?}: quantity {quantity}, parameter {index}: {found} for {expected}"
                );
            }
        }
    }
}
