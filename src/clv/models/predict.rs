//! What a fitted model expects of one customer, with standard errors by the delta method.

use super::Fit;
use super::estimate::{Estimate, Pulls};
use super::families::family_of;
use super::horizon::{History, Horizon};
use super::phases::Phases;
use super::purchase_law::PurchaseLaw;
use super::terms::Slope;
use crate::pipeline::PurchaseModel;

/// A fit, ready to predict.
#[derive(Debug)]
pub struct Predictor {
    law: Box<dyn PurchaseLaw>,
    pulls: Option<Pulls>,
}

impl Predictor {
    /// `None` where the fit found nothing to predict from.
    pub fn new(fit: &Fit) -> Option<Self> {
        Some(Self { law: fit.law()?, pulls: fit.covariance.as_ref().map(Pulls::new) })
    }

    /// A model with parameters from elsewhere; without standard errors.
    pub fn with_parameters(model: PurchaseModel, parameters: [f64; 4]) -> Self {
        Self::with_rhythm(model, parameters, 1)
    }

    /// The same of customers who buy at every k-th event.
    pub fn with_rhythm(model: PurchaseModel, parameters: [f64; 4], k: u32) -> Self {
        Self { law: (family_of(model).law)(parameters, k), pulls: None }
    }

    /// The probability that the customer has not lapsed.
    pub fn alive(&self, history: &History) -> Estimate {
        self.estimate(&self.alive_slope(history))
    }

    /// Expected purchases within the horizon, discounted if it says so.
    pub fn purchases(&self, history: &History, horizon: &Horizon) -> Estimate {
        assert!(horizon.is_possible(), "{horizon:?} is not a horizon");
        let aheads = self.law.ahead_of(history.purchases, history.age_weeks, &[*horizon]);
        let ahead = self.phases(history).mean(|phase| aheads[phase]);
        self.estimate(&self.alive_slope(history).times(&ahead))
    }

    /// The probability of no purchase in the next `weeks`.
    pub fn silent(&self, history: &History, weeks: f64) -> Estimate {
        let History { purchases, age_weeks, .. } = *history;
        let of_phase = |phase: usize| {
            let phase = u32::try_from(phase).expect("phases are few");
            self.law.ln_silent(purchases, phase, age_weeks, weeks).exp()
        };
        let silent = self.phases(history).mean(of_phase);
        let buys = Slope { value: 1.0 - silent.value, ..silent.scaled(-1.0) };
        let missed = self.alive_slope(history).times(&buys);
        self.estimate(&Slope { value: 1.0 - missed.value, ..missed.scaled(-1.0) })
    }

    /// P(X(t) = n) for n = 0, 1, … below `counts`: repeat purchases of a new customer in `weeks`. Not of Pareto/NBD.
    pub fn purchase_distribution(&self, weeks: f64, counts: u32) -> Option<Vec<f64>> {
        self.law.purchase_distribution(weeks, counts)
    }

    /// Expected repeat purchases of a new customer by the end of each of the first `days` days, the first day being 0.
    pub fn new_customer_by_day(&self, days: u32) -> Vec<f64> {
        let horizons: Vec<_> = (0..days).map(Horizon::of_days).collect();
        let alive = self.alive_slope(&History::NEW).value;
        // New customers are in the first phase, whose horizons come first.
        let aheads = self.law.ahead_of(0, 0.0, &horizons);
        aheads[..horizons.len()].iter().map(|ahead| alive * ahead.value).collect()
    }

    /// Expected repeat purchases of a cohort by the end of each of the first `days` days of the calendar, cumulative.
    ///
    /// `first_days` are (day of the first purchase, customers), and `time_between` the whole days of the clock from one day to
    /// a later one.
    pub fn tracking(
        &self,
        first_days: &[(u32, u64)],
        days: u32,
        time_between: impl Fn(u32, u32) -> u32,
    ) -> Vec<f64> {
        let earliest = first_days.iter().map(|(first, _)| *first).min().unwrap_or(0);
        let oldest = if earliest < days { time_between(earliest, days - 1) } else { 0 };
        let curve = self.new_customer_by_day(oldest + 1);
        let at = |day: u32, first: u32| {
            if first <= day { curve[time_between(first, day) as usize] } else { 0.0 }
        };
        let by =
            |day: u32| first_days.iter().map(|&(first, customers)| customers as f64 * at(day, first)).sum();
        (0..days).map(by).collect()
    }

    /// ln of the density of one customer's purchase times, without what the gaps between them add.
    pub fn log_likelihood(&self, history: &History) -> f64 {
        let survived = self.phases(history).survived.value;
        let lapsed = self.law.lapsed(history.purchases, history.last_purchase_weeks).value;
        survived.max(lapsed) + (-(survived - lapsed).abs()).exp().ln_1p()
    }

    fn alive_slope(&self, history: &History) -> Slope {
        let History { purchases, last_purchase_weeks, age_weeks } = *history;
        let survived = self.phases(history).survived;
        let alive = self.law.alive(purchases, age_weeks, &survived);
        alive_probability(&alive, &survived, &self.law.lapsed(purchases, last_purchase_weeks))
    }

    fn phases(&self, history: &History) -> Phases {
        let History { purchases, last_purchase_weeks, age_weeks } = *history;
        let survived = (0..self.law.timing().k).map(|phase| self.law.survived(purchases, age_weeks, phase));
        Phases::new(survived, age_weeks - last_purchase_weeks)
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
    fn predictor(model: PurchaseModel, parameters: [f64; 4], k: u32) -> Predictor {
        let one = std::array::from_fn(|row| std::array::from_fn(|column| f64::from(u8::from(row == column))));
        Predictor { pulls: Some(Pulls::new(&one)), ..Predictor::with_rhythm(model, parameters, k) }
    }

    #[test]
    fn gradients_are_those_of_the_predictions() {
        for (model, parameters, k) in [
            (PurchaseModel::BgNbd, [0.243, 4.414, 0.793, 2.426], 1),
            (PurchaseModel::MbgNbd, [0.525, 6.183, 1.0, 1.614], 1),
            (PurchaseModel::MbgCnbdK, [0.85, 1.45, 0.79, 2.42], 3),
            (PurchaseModel::MbgCnbdK, [2.5, 4.0, 1.2, 6.0], 8),
            (PurchaseModel::ParetoNbd, [0.553, 10.578, 0.606, 11.669], 1),
            (PurchaseModel::ParetoNbd, [3.0, 2.0, 1.0, 150.0], 1),
        ] {
            for (purchases, last_purchase_weeks, age_weeks) in HISTORIES {
                let history = History { purchases, last_purchase_weeks, age_weeks };
                check_gradients(model, parameters, k, &history);
            }
        }
    }

    fn check_gradients(model: PurchaseModel, parameters: [f64; 4], k: u32, history: &History) {
        let at = |parameters| {
            let predictor = predictor(model, parameters, k);
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
                    "{model:?} {k} {history:?}: quantity {quantity}, parameter {index}: {found} for {expected}"
                );
            }
        }
    }
}
