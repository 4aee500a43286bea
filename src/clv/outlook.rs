//! What a fit says of single customers: the one place that speaks with the purchase models.

use super::models::{Counts, Fit, Model, Scorer};
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
