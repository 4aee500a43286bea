//! What a fit says of single customers: the one place that speaks with the purchase models.

use super::models::{Counts, Fit, Model};
use super::past::Times;
use crate::pipeline::PurchaseModel;

/// Parameters of each model: symbol and meaning.
pub(crate) const PARAMETERS: [(Model, [(&str, &str); 4]); 3] = [
    (Model::BgNbd, BETA_GEOMETRIC),
    (Model::MbgNbd, BETA_GEOMETRIC),
    (
        Model::ParetoNbd,
        [
            ("r", "shape of customers' purchase rates"),
            ("alpha", "scale of purchase rates, weeks: the mean rate is r / alpha per week"),
            ("s", "shape of customers' rates of lapsing"),
            ("beta", "scale of rates of lapsing, weeks: the mean rate is s / beta per week"),
        ],
    ),
];

const BETA_GEOMETRIC: [(&str, &str); 4] = [
    ("r", "shape of customers' purchase rates"),
    ("alpha", "scale of purchase rates, weeks: the mean rate is r / alpha per week"),
    ("a", "first shape of the probability to lapse after a purchase, on average a / (a + b)"),
    ("b", "second shape of it"),
];

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
}

impl Forecast {
    pub(crate) fn new(fit: &Fit, horizons_days: &[u32], discount_per_day: f64, counts: &Counts) -> Self {
        todo!()
    }
    pub(crate) fn at(&self, times: &Times) -> Outlook {
        self.of(times.repeats(), times.last_days(), times.age_days())
    }
    pub(crate) fn of(&self, purchases: u32, last_days: u32, age_days: u32) -> Outlook {
        todo!()
    }
}
/// Expected repeat purchases of customers who start at days, up to a day.
pub(crate) fn cumulative(fit: &Fit, starts: &[(u32, u64)], end: u32) -> f64 {
    todo!()
}
