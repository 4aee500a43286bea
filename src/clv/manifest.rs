//! What the release's manifest keeps of lifetime value: choices and fits, for later releases to keep and to compare.

use super::account::Account;
use super::candidate::Candidate;
use super::choice::Choice;
use super::segments::Segments;
use super::timing_choice::TimingChoice;
use serde_json::{Map, Value, json};

/// The manifest's `clv`.
pub(crate) fn manifest(
    segments: &Segments,
    covariates: &[String],
    candidates: &[Candidate],
    choices: &[Choice],
    timing: &TimingChoice,
    accounts: &[Account],
) -> Value {
    let of_segment = |(segment, choice): (usize, &Choice)| {
        let fitted = accounts.iter().filter(|account| account.is_whole && account.segment == segment);
        let scores = |has_covariates: bool| -> Map<String, Value> {
            let scores = candidates.iter().zip(&choice.scores);
            let scores = scores.filter(|(candidate, _)| candidate.has_covariates == has_covariates);
            scores.map(|(candidate, score)| (candidate.model.word().to_owned(), json!(score))).collect()
        };
        let chosen = candidates[choice.candidate];
        json!({
            "segment": segments.names()[segment],
            "chosen": chosen.model.word(),
            "has_covariates": chosen.has_covariates,
            "why": choice.why.word(),
            "kept": choice.is_kept,
            "holdout_rmse": scores(false),
            "holdout_rmse_with_covariates": scores(true),
            "models": fitted.filter(|account| account.log_likelihood.is_some()).map(fit).collect::<Vec<_>>(),
        })
    };
    json!({
        "season": timing.manifest(),
        "covariates": covariates,
        "segments": choices.iter().enumerate().map(of_segment).collect::<Vec<_>>(),
    })
}

fn fit(account: &Account) -> Value {
    let numbers = |of: fn(&super::account::Parameter) -> Option<f64>| -> Map<String, Value> {
        let parameters = account.parameters.iter();
        parameters.filter_map(|parameter| Some((parameter.name.to_string(), json!(of(parameter)?)))).collect()
    };
    json!({
        "model": account.model,
        "has_covariates": account.has_covariates,
        "parameters": numbers(|parameter| parameter.estimate),
        "standard_errors": numbers(|parameter| parameter.standard_error),
        "log_likelihood": account.log_likelihood,
        "customers": account.customers,
        "fitted_to": if account.is_pooled { "all" } else { "segment" },
        "reason": account.reason,
    })
}
