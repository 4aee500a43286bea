//! `newcomer_value` and `newcomer_holdout`.

use super::cell_sums::{CellSums, ValueSums};
use super::door_model::Expectation;
use super::forecast::{Forecast, Predictor};
use super::residual::SIGMAS;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Duration, pow10};

/// A cell: customers with the same values of all attributes.
pub(super) struct CellRow {
    /// `channel = web, kind = household`.
    pub(super) cell: String,
    pub(super) sums: CellSums,
    pub(super) observed: ValueSums,
    /// None where nobody was observed.
    pub(super) expected: Option<CellExpectation>,
    /// By those who came before the holdout, as the published value is.
    pub(super) of_training: Option<f64>,
}

/// What is expected of a cell, in smallest units of money.
pub(super) struct CellExpectation {
    pub(super) found: Expectation,
    /// By the predictor that was chosen, with its standard error.
    pub(super) value: f64,
    pub(super) error: Option<f64>,
}

/// How a value is expected, and why so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChosenPredictor {
    pub(super) predictor: Predictor,
    pub(super) has_holdout: bool,
}

/// What newcomers are worth by what is known of them when they come.
pub(super) fn newcomer_value(
    format: TableFormat<'_>,
    horizon: Duration,
    chosen: ChosenPredictor,
    rows: &[CellRow],
) -> Sheet {
    let grain = "combination of attributes that are known when a customer comes";
    let mut draft = format.draft("newcomer_value", grain, None, rows);
    draft.as_of();
    let meaning = "Values of the attributes of acquisition.attributes, in their order; all without any";
    draft.text("cell", meaning, |row| row.cell.as_str());
    draft.name("horizon", "How long from its first day on a customer is observed", move |_| {
        horizon.to_string()
    });
    add_observed(&mut draft);
    add_expected(&mut draft, chosen);
    add_to_come(&mut draft);
    add_holdout(&mut draft);
    draft.finish()
}

fn add_observed(draft: &mut Draft<'_, CellRow>) {
    let unit = pow10(draft.format().money_scale) as f64;
    let meaning =
        "Customers who came within the history and whose horizon is over, those who never bought among them";
    draft.count("customers", "customers", meaning, |row| row.observed.customers);
    draft.count("buyers", "customers", "Those who bought within the horizon", |row| row.observed.buyers);
    let meaning = "What they contributed within the horizon";
    draft.total("contribution", meaning, |row| row.observed.value);
    let meaning = "contribution / customers";
    draft.float("mean_value", PER_CUSTOMER, meaning, move |row| Some(row.observed.mean()? / unit));
}

const PER_CUSTOMER: &str = "money per customer";

fn add_expected(draft: &mut Draft<'_, CellRow>, chosen: ChosenPredictor) {
    let unit = pow10(draft.format().money_scale) as f64;
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&CellExpectation) -> Option<f64>| {
        draft.float(name, PER_CUSTOMER, meaning, move |row| Some(of(row.expected.as_ref()?)? / unit));
    };
    let meaning = "What the values of the attributes one by one let expect, shrunken; null, as what follows, where nobody was observed";
    add("main_effects_value", meaning, |found| Some(found.found.main_effects));
    let meaning = "Contribution within the horizon expected of a customer who comes, by predictor: of cells, main effects and, as far as it \
                   is credible, the cell's own mean";
    add("expected_value", meaning, |found| Some(found.value));
    let meaning = "Its standard error, of the expectation, not of what one customer will bring; null where nothing shows how much customers differ";
    add("expected_value_se", meaning, |found| found.error);
    let meaning = "Lower end of its interval of 95 %";
    add("expected_value_low", meaning, |found| Some(found.value - SIGMAS * found.error?));
    let meaning = "Upper end of its interval of 95 %";
    add("expected_value_high", meaning, |found| Some(found.value + SIGMAS * found.error?));
    let meaning = "Weight of the cell's own mean by cells, 0 to 1";
    draft.float("credibility", "1", meaning, |row| Some(row.expected.as_ref()?.found.credibility));
    let meaning = "How expected_value is made: mean, main effects or cells, as in newcomer_holdout; null where nobody was observed";
    draft.name("predictor", meaning, move |row| row.expected.as_ref().map(|_| chosen.predictor.word()));
    let meaning = "holdout: no other has a smaller root_mean_squared_error in newcomer_holdout; no holdout: nobody was held out, or \
                   came before; null where nobody was observed for the horizon, which the run warns of";
    draft.name("chosen_by", meaning, move |row| {
        row.expected.as_ref().map(|_| if chosen.has_holdout { "holdout" } else { "no holdout" })
    });
}

fn add_to_come(draft: &mut Draft<'_, CellRow>) {
    let unit = pow10(draft.format().money_scale) as f64;
    let currency = draft.format().currency.to_owned();
    let expected =
        move |row: &CellRow, customers: u64| Some(row.expected.as_ref()?.value * customers as f64 / unit);
    let meaning = "Customers who came and whose horizon is not over";
    draft.count("newcomers", "customers", meaning, |row| row.sums.newcomers);
    let meaning = "What they contributed so far";
    draft.total("newcomers_contribution", meaning, |row| row.sums.newcomers_value);
    let meaning = "newcomers × expected_value: what is expected of them within their horizon, what came so far included";
    draft.float("newcomers_expected_value", currency.clone(), meaning, move |row| {
        expected(row, row.sums.newcomers)
    });
    let meaning = "Customers who were won on no day before the as-of date and have not bought";
    draft.count("prospects", "customers", meaning, |row| row.sums.prospects);
    let meaning = "prospects × expected_value: what they would bring within the horizon if all were won";
    draft.float("prospects_expected_value", currency, meaning, move |row| expected(row, row.sums.prospects));
}

fn add_holdout(draft: &mut Draft<'_, CellRow>) {
    let unit = pow10(draft.format().money_scale) as f64;
    let meaning = "Of the observed, the latest, of acquisition.holdout_days";
    draft.count("holdout_customers", "customers", meaning, |row| row.sums.holdout.customers);
    let meaning = "What they contributed within the horizon, per customer";
    draft
        .float("holdout_mean_value", PER_CUSTOMER, meaning, move |row| Some(row.sums.holdout.mean()? / unit));
    let meaning = "What was expected of each by those who came before";
    draft.float("holdout_expected_value", PER_CUSTOMER, meaning, move |row| Some(row.of_training? / unit));
}

/// How far expectations lie off those held out.
pub(super) fn newcomer_holdout(format: TableFormat<'_>, chosen: ChosenPredictor, rows: &[Forecast]) -> Sheet {
    let unit = pow10(format.money_scale) as f64;
    let mut draft = format.draft("newcomer_holdout", "way to expect the value of newcomers", None, rows);
    draft.as_of();
    let meaning = "mean: the same of everybody; main effects: by the attributes one by one; cells: by combinations of their values, \
                   as far as these are credible";
    draft.name("predictor", meaning, |row| row.predictor.word());
    let meaning = "Customers who came before the holdout";
    draft.count("training_customers", "customers", meaning, |row| row.training_customers);
    draft.count("customers", "customers", "Customers held out", |row| row.customers);
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&Forecast) -> f64| {
        draft.float(name, PER_CUSTOMER, meaning, move |row| Some(of(row) / unit));
    };
    add("mean_value", "What they contributed within the horizon", |row| row.actual);
    add("expected_value", "What was expected of them", |row| row.predicted);
    add("bias", "expected_value − mean_value", |row| row.predicted - row.actual);
    add("root_mean_squared_error", "Of customers", |row| row.error);
    let meaning = "Root mean squared error of the means of cells, weighted by customers";
    add("cell_error", meaning, |row| row.cell_error);
    let meaning = "1 − squared errors of customers / those of the mean: above 0 where attributes help";
    draft.float("skill", "1", meaning, |row| Some(row.skill));
    let meaning = "Slope of what cells contributed on what was expected of them: 1 where they differ as much as expected";
    draft.float("calibration_slope", "1", meaning, |row| row.slope);
    let meaning =
        "Whether newcomer_value is by it: none has a smaller root_mean_squared_error; of equals the finest";
    draft.flag("is_chosen", meaning, move |row| row.predictor == chosen.predictor);
    draft.finish()
}
