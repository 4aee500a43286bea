//! `value_backtest`, `value_backtest_bin` and `value_backtest_week`: what models and rules foretold at calibration dates,
//! held against what came, in total and by segment, by bins of customers, and week by week.

use super::TableContext;
use crate::clv::backtest::{Backtest, Kind, RECENCY_DAYS, Series, Target, Week};
use crate::clv::errors::Errors;
use crate::publish::Draft;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// Errors of one forecaster over some customers.
struct Row<'r, G> {
    test: &'r Backtest,
    series: &'r Series,
    /// Which customers: a segment, none for all, or a bin.
    group: G,
    errors: Errors,
}

/// A bin of customers, and how they are binned.
struct Bin {
    by: &'static str,
    name: i64,
}

/// Every back-test.
pub(crate) fn sheets(context: TableContext<'_>, tests: &[Backtest]) -> [Sheet; 3] {
    [totals(context, tests), bins(context, tests), weeks(context, tests)]
}

fn totals(context: TableContext<'_>, tests: &[Backtest]) -> Sheet {
    let rows = total_rows(tests, context.segments.is_split());
    let grain = "calibration date, target, forecaster, covariates, season, factors, spend and segment";
    let mut draft = context.format.draft("value_backtest", grain, None, &rows);
    add_forecast(context, &mut draft);
    context.add_segment(&mut draft, |row| row.group);
    add_errors(&mut draft);
    draft.finish()
}

fn total_rows(tests: &[Backtest], is_split: bool) -> Vec<Row<'_, Option<usize>>> {
    let mut rows = Vec::new();
    for (test, series) in every_series(tests).filter(|(_, series)| series.kind == Kind::Total) {
        let mut total = Errors::default();
        series.errors.iter().for_each(|errors| total.merge(errors));
        rows.push(Row { test, series, group: None, errors: total });
        for (segment, errors) in series.errors.iter().enumerate().filter(|_| is_split) {
            rows.push(Row { test, series, group: Some(segment), errors: *errors });
        }
    }
    rows
}

fn bins(context: TableContext<'_>, tests: &[Backtest]) -> Sheet {
    let rows = bin_rows(tests);
    let grain =
        "calibration date, target, forecaster, covariates, season, factors, spend, way of binning and bin";
    let mut draft = context.format.draft("value_backtest_bin", grain, None, &rows);
    add_forecast(context, &mut draft);
    let meaning =
        "decile (of expected purchases), frequency (repeat purchases before), recency (days since the last)";
    draft.name("bin_by", meaning, |row| row.group.by);
    let meaning = "Decile from 1, purchases (the last bin and more), or least days since the last purchase";
    draft.count("bin", "", meaning, |row| row.group.name);
    add_errors(&mut draft);
    draft.finish()
}

/// Bins with a customer.
fn bin_rows(tests: &[Backtest]) -> Vec<Row<'_, Bin>> {
    let mut rows = Vec::new();
    for (test, series) in every_series(tests) {
        for (number, errors) in (0..).zip(&series.errors).filter(|(_, errors)| errors.customers > 0) {
            rows.extend(bin(series.kind, number).map(|group| Row { test, series, group, errors: *errors }));
        }
    }
    rows
}

/// The bin of a number; none where customers are divided by segment.
fn bin(kind: Kind, number: i64) -> Option<Bin> {
    match kind {
        Kind::Total => None,
        Kind::Decile => Some(Bin { by: "decile", name: number + 1 }),
        Kind::Frequency => Some(Bin { by: "frequency", name: number }),
        Kind::Recency => Some(Bin { by: "recency", name: number * i64::from(RECENCY_DAYS) }),
    }
}

fn every_series(tests: &[Backtest]) -> impl Iterator<Item = (&Backtest, &Series)> {
    tests.iter().flat_map(|test| test.series.iter().map(move |series| (test, series)))
}

fn weeks(context: TableContext<'_>, tests: &[Backtest]) -> Sheet {
    let rows: Vec<(&Backtest, &Week)> =
        tests.iter().flat_map(|test| test.weeks.iter().map(move |week| (test, week))).collect();
    let grain = "calibration date, model, covariates, season, factors and week";
    let mut draft = context.format.draft("value_backtest_week", grain, None, &rows);
    draft.day("calibration_date", CALIBRATION_DATE, |(test, _)| Day(test.date));
    draft.day("until_date", UNTIL_DATE, |(test, _)| Day(test.until));
    draft.name("forecaster", "Purchase model", |(_, week)| week.candidate.model.word());
    let meaning = "Attributes by which its customers differ: none, or those of clv.covariates";
    draft.name("covariates", meaning, |(_, week)| context.covariates.word(week.candidate.has_covariates));
    draft.name("season", "Seasons that its purchases are timed by: none, month or week", |(_, week)| {
        week.timing.season.word()
    });
    draft.name("factors", FACTORS, |(_, week)| context.factors_word(week.timing));
    let meaning = "Weeks since the first purchase of all, from 1";
    draft.count("week", "weeks", meaning, |(_, week)| i64::from(week.week));
    let meaning = "Customers with their first purchase before the calibration date";
    draft.count("customers", "customers", meaning, |(_, week)| week.customers);
    let meaning = "Repeat purchases expected up to the end of the week";
    draft.float("expected", "purchases", meaning, |(_, week)| Some(week.expected));
    draft.float("actual", "purchases", "Repeat purchases up to then", |(_, week)| Some(actual(week)));
    draft.float("bias", "1", BIAS, |(_, week)| Some((week.expected - actual(week)) / actual(week)));
    draft.finish()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 purchases are more than there are")]
fn actual(week: &Week) -> f64 {
    week.actual as f64
}

const CALIBRATION_DATE: &str = "Rows on this day or later were held out";
const UNTIL_DATE: &str = "Exclusive end of the holdout";
const FACTORS: &str =
    "Contextual factors that its purchases are timed by too: none, or those of clv.contextual_factors";
const BIAS: &str = "Expected less actual, over actual";

fn add_forecast<'r, G>(context: TableContext<'r>, draft: &mut Draft<'r, Row<'r, G>>) {
    draft.day("calibration_date", CALIBRATION_DATE, |row| Day(row.test.date));
    draft.day("until_date", UNTIL_DATE, |row| Day(row.test.until));
    let meaning = "What is foretold: purchases, margin_per_purchase (of customers who bought), margin, or active_periods: whole ones with a purchase";
    draft.name("target", meaning, |row| target(row.series.target));
    let meaning = "Purchase model, or rule: past_rate, last_period, idle_beyond_own_gap, idle_beyond_mean_gap, own_mean, base_mean";
    draft.name("forecaster", meaning, |row| row.series.forecaster);
    let meaning =
        "Attributes by which customers of a model differ: none, or those of clv.covariates; null for rules";
    draft.name("covariates", meaning, |row| {
        row.series.has_covariates.map(|has_covariates| context.covariates.word(has_covariates))
    });
    let meaning = "Seasons that a model's purchases are timed by (see purchase_season): none, month or week; null for rules";
    draft.name("season", meaning, |row| row.series.timing.map(|timing| timing.season.word()));
    let meaning = "Contextual factors that a model's purchases are timed by too (see contextual_factor): none, or those of \
                   clv.contextual_factors; null for rules";
    draft.name("factors", meaning, |row| row.series.timing.map(|timing| context.factors_word(timing)));
    draft.name("spend", "How a purchase is valued; null for purchases", |row| row.series.spend);
}

fn add_errors<'r, G>(draft: &mut Draft<'r, Row<'r, G>>) {
    draft.count("customers", "customers", "Customers added up", |row| row.errors.customers);
    draft.float("expected", "", "Sum of what was expected", |row| Some(row.errors.expected));
    draft.float("actual", "", "Sum of what came", |row| Some(row.errors.actual));
    draft.float("bias", "1", BIAS, |row| row.errors.bias());
    draft.float("mae", "", "Mean absolute error per customer", |row| row.errors.mean_absolute());
    draft.float("rmse", "", "Root mean squared error per customer", |row| row.errors.root_mean_squared());
    let meaning = "Pearson's, of expected and actual over customers";
    draft.float("correlation", "1", meaning, |row| row.errors.correlation());
}

fn target(target: Target) -> &'static str {
    match target {
        Target::Purchases => "purchases",
        Target::ActivePeriods => "active_periods",
        Target::MarginPerPurchase => "margin_per_purchase",
        Target::Margin => "margin",
    }
}
