//! What the release's manifest keeps of lifetime value: choices and fits, for later releases to keep and to compare.

use super::account::Account;
use super::choice::Choice;
use super::seasonality::SeasonChoice;
use super::segments::Segments;
use crate::pipeline::PurchaseModel;
use serde_json::{Map, Value, json};

/// The manifest's `clv`.
pub(crate) fn manifest(
    segments: &Segments,
    models: &[PurchaseModel],
    choices: &[Choice],
    season: &SeasonChoice,
    accounts: &[Account],
) -> Value {
    let of_segment = |(segment, choice): (usize, &Choice)| {
        let fitted = accounts.iter().filter(|account| account.is_whole && account.segment == segment);
        let scores: Map<String, Value> =
            models.iter().zip(&choice.scores).map(|(model, score)| (name(*model), json!(score))).collect();
        json!({
            "segment": segments.names()[segment],
            "chosen": name(models[choice.model]),
            "why": choice.why.word(),
            "kept": choice.is_kept,
            "holdout_rmse": scores,
            "models": fitted.filter(|account| account.log_likelihood.is_some()).map(fit).collect::<Vec<_>>(),
        })
    };
    json!({ "season": season.manifest(), "segments": choices.iter().enumerate().map(of_segment).collect::<Vec<_>>() })
}

fn name(model: PurchaseModel) -> String {
    model.word().to_owned()
}

fn fit(account: &Account) -> Value {
    let numbers = |of: fn(&super::account::Parameter) -> Option<f64>| -> Map<String, Value> {
        let parameters = account.parameters.iter();
        parameters.filter_map(|parameter| Some((parameter.name.to_owned(), json!(of(parameter)?)))).collect()
    };
    json!({
        "model": account.model,
        "parameters": numbers(|parameter| parameter.estimate),
        "standard_errors": numbers(|parameter| parameter.standard_error),
        "log_likelihood": account.log_likelihood,
        "customers": account.customers,
        "fitted_to": if account.is_pooled { "all" } else { "segment" },
        "reason": account.reason,
    })
}
