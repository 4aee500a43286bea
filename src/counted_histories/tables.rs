//! `counted_history` and `counted_history_model`.

use super::forecast::{Expected, Forecast, HistoryRow};
use crate::clv::models::bg_bb;
use crate::pipeline::CountedHistoriesDef;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use std::borrow::Cow;

/// Customers by history, and what is expected of them.
pub(super) fn counted_history(
    format: TableFormat<'_>,
    def: &CountedHistoriesDef,
    forecast: &Forecast,
) -> Sheet {
    let grain = "history: purchases, the last of them and opportunities";
    let mut draft = format.draft("counted_history", grain, None, &forecast.rows);
    draft.as_of();
    let meaning = "Opportunities that were taken, after the one that made them customers";
    draft.count("purchases", "opportunities", meaning, |row| row.history.purchases);
    let meaning = "Number of the last opportunity taken; 0 if none was";
    draft.count("last_purchase", "opportunities", meaning, |row| row.history.last_purchase);
    let meaning = "Opportunities there were";
    draft.count("opportunities", "opportunities", meaning, |row| row.history.opportunities);
    draft.count("customers", "customers", "Customers with this history", |row| row.customers);
    add_expected(&mut draft, def.horizon);
    draft.finish()
}

fn add_expected(draft: &mut Draft<'_, HistoryRow>, horizon: u32) {
    let mut add = |name: &'static str, unit: &'static str, meaning: &str, of: fn(&Expected) -> f64| {
        draft.float(name, unit, meaning.to_owned(), move |row| Some(of(row.expected.as_ref()?)));
    };
    let meaning = "Customers with this history that the model expects of all with as many opportunities: the fit is good where it is \
                   near customers; null, as what follows, where there is no fit";
    add("expected_customers", "customers", meaning, |found| found.customers);
    let meaning =
        "Probability that a customer was alive at the last opportunity (Fader, Hardie and Shang 2010, at n)";
    add("probability_alive", "1", meaning, |found| found.alive);
    let meaning = "Probability to be alive at the next opportunity (11)";
    add("probability_alive_next", "1", meaning, |found| found.alive_next);
    let meaning = format!(
        "Purchases expected of a customer at the next {horizon} opportunities, counted_histories.horizon (13)"
    );
    add("expected_purchases", "purchases", &meaning, |found| found.purchases);
    let meaning =
        "Purchases expected of a customer for ever, discounted, the next opportunity by one step (14)";
    add("discounted_purchases", "purchases", meaning, |found| found.discounted);
    let meaning = "customers × discounted_purchases × contribution of a purchase: what they are worth together; null without \
                   counted_histories.contribution";
    draft.total("residual_value", meaning, |row| row.expected?.value);
}

/// A number of the model.
struct ModelRow<'r> {
    forecast: &'r Forecast,
    name: Option<&'static str>,
    estimate: Option<f64>,
    standard_error: Option<f64>,
    meaning: &'static str,
}

/// The model's parameters, and what it expects of all customers.
pub(super) fn counted_history_model(format: TableFormat<'_>, forecast: &Forecast) -> Sheet {
    let rows = model_rows(forecast);
    let mut draft = format.draft("counted_history_model", "parameter of BG/BB", None, &rows);
    draft.as_of();
    draft.name("parameter", "Symbol in the source; null of a model without a fit", |row| row.name);
    draft.float("estimate", "", "Its value", |row| row.estimate);
    let meaning =
        "Of the estimate; null of what is no parameter, and where it cannot be estimated (see reason)";
    draft.float("standard_error", "", meaning, |row| row.standard_error);
    let meaning = "Logarithm of the likelihood of all histories";
    draft.float("log_likelihood", "", meaning, |row| Some(row.forecast.fit.as_ref().ok()?.log_likelihood));
    draft.count("customers", "customers", "Customers the model was fitted to", |row| row.forecast.customers);
    let meaning = "Evaluations of the likelihood";
    draft.count("iterations", "", meaning, |row| Some(row.forecast.fit.as_ref().ok()?.iterations));
    let meaning = "Why there is no fit, or no standard error";
    draft.text("reason", meaning, |row| match &row.forecast.fit {
        Ok(fit) => bg_bb::reason(fit).map(Cow::Owned),
        Err(reason) => Some(Cow::Owned(reason.to_string())),
    });
    draft.name("meaning", "What the number means", |row| row.meaning);
    draft.finish()
}

fn model_rows(forecast: &Forecast) -> Vec<ModelRow<'_>> {
    let row = |name, estimate, standard_error, meaning| ModelRow {
        forecast,
        name,
        estimate,
        standard_error,
        meaning,
    };
    let Ok(fit) = &forecast.fit else { return vec![row(None, None, None, "")] };
    let named = [
        ("alpha", "first shape of the probability to buy at an opportunity while alive"),
        ("beta", "second shape of it"),
        ("gamma", "first shape of the probability to lapse at the beginning of an opportunity"),
        ("delta", "second shape of it"),
    ];
    let parameters = named.into_iter().zip(fit.parameters).zip(fit.standard_errors());
    let mut rows: Vec<ModelRow<'_>> = parameters
        .map(|(((name, meaning), estimate), error)| row(Some(name), Some(estimate), error, meaning))
        .collect();
    let alive = forecast.sum(|expected| expected.alive_next);
    rows.push(row(
        Some("alive_customers"),
        alive,
        None,
        "sum of probabilities to be alive at the next opportunity",
    ));
    let discounted = forecast.sum(|expected| expected.discounted);
    rows.push(row(
        Some("DERT"),
        discounted,
        None,
        "purchases expected of all customers for ever, discounted",
    ));
    rows
}
