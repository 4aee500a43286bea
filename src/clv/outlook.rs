//! What a fit says of single customers: the one place that speaks with the models of purchases.

use super::models::{Counts, Fit, History, Horizon, Model, Predictor};
use super::past::Times;
use crate::pipeline::PurchaseModel;

/// Fits a model in continuous time.
///
/// # Panics
/// BG/BB, which counts periods.
pub(crate) fn fit(model: PurchaseModel, counts: &Counts) -> Fit {
    super::models::fit(continuous(model), counts)
}

fn continuous(model: PurchaseModel) -> Model {
    match model {
        PurchaseModel::BgNbd => Model::BgNbd,
        PurchaseModel::MbgNbd => Model::MbgNbd,
        PurchaseModel::ParetoNbd => Model::ParetoNbd,
        PurchaseModel::BgBb => unreachable!("BG/BB is fitted to periods"),
    }
}

/// What a parameter of a purchase model means.
pub(crate) fn meaning(parameter: &str) -> &'static str {
    match parameter {
        "r" => "shape of customers' purchase rates",
        "alpha" => "scale of purchase rates, weeks: the mean rate is r / alpha per week",
        "a" => "first shape of the probability to lapse at a purchase, on average a / (a + b)",
        "b" => "second shape of it",
        "s" => "shape of customers' rates of lapsing",
        "beta" => "scale of rates of lapsing, weeks: the mean rate is s / beta per week",
        "rate" => "purchases per week, of everybody alike",
        "lapse" => "probability to lapse at a purchase (Pareto/NBD: rate of lapsing per week), of everybody alike",
        _ => unreachable!("'{parameter}' is a parameter of a purchase model"),
    }
}

/// What is expected of a customer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlook {
    pub(crate) alive: f64,
    pub(crate) alive_error: Option<f64>,
    /// Purchases by horizon.
    pub(crate) expected: Vec<f64>,
    pub(crate) expected_errors: Option<Vec<f64>>,
    /// Discounted purchases for ever.
    pub(crate) discounted: f64,
    pub(crate) discounted_error: Option<f64>,
    /// Of `discounted`, by the logarithms of the parameters.
    pub(crate) gradient: [f64; 4],
}

/// A fit, ready to score customers.
pub(crate) struct Forecast {
    predictor: Predictor,
    horizons: Vec<Horizon>,
    forever: Option<Horizon>,
}

impl Forecast {
    /// None where the fit found nothing to predict from.
    pub(crate) fn new(fit: &Fit, horizons_days: &[u32], discount_per_day: Option<f64>, _counts: &Counts) -> Option<Self> {
        Some(Self {
            predictor: Predictor::new(fit)?,
            horizons: horizons_days.iter().map(|days| Horizon::of_days(*days)).collect(),
            forever: discount_per_day.map(Horizon::forever),
        })
    }

    /// A customer's outlook.
    pub(crate) fn at(&self, times: &Times) -> Outlook {
        self.of(times.repeats(), times.last_days(), times.age_days())
    }

    /// The outlook of a history.
    pub(crate) fn of(&self, purchases: u32, last_days: u32, age_days: u32) -> Outlook {
        let history = History::of_days(purchases, last_days, age_days);
        let alive = self.predictor.alive(&history);
        let expected: Vec<_> =
            self.horizons.iter().map(|horizon| self.predictor.purchases(&history, horizon)).collect();
        let discounted = self.forever.as_ref().map(|horizon| self.predictor.purchases(&history, horizon));
        Outlook {
            alive: alive.value,
            alive_error: alive.standard_error,
            expected_errors: expected.iter().map(|expected| expected.standard_error).collect(),
            expected: expected.iter().map(|expected| expected.value).collect(),
            discounted: discounted.map_or(0.0, |discounted| discounted.value),
            discounted_error: discounted.and_then(|discounted| discounted.standard_error),
            gradient: [0.0; 4],
        }
    }
}

/// Expected repeat purchases, cumulative, by the end of each of the first `days` days, of customers who start at days.
pub(crate) fn tracking(fit: &Fit, starts: &[(u32, u64)], days: u32) -> Option<Vec<f64>> {
    Some(Predictor::new(fit)?.tracking(starts, days))
}
