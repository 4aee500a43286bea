//! `value_backtest`: what models and rules foretold at calibration dates, held against what came.

use super::TableContext;
use crate::clv::backtest::{Backtest, Kind, RECENCY_DAYS, Series, Target};
use crate::clv::errors::Errors;
use crate::pipeline::Season;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// One row.
struct Row {
    date: i32,
    until: i32,
    target: &'static str,
    forecaster: &'static str,
    season: Option<Season>,
    spend: Option<&'static str>,
    segment: Option<usize>,
    kind: &'static str,
    bin: Option<i64>,
    customers: u64,
    expected: f64,
    actual: f64,
    /// None where there is one number only.
    errors: Option<Errors>,
}

/// Every back-test.
pub(crate) fn sheet(context: TableContext<'_>, tests: &[Backtest]) -> Sheet {
    let is_split = context.segments.is_split();
    let rows: Vec<Row> = tests.iter().flat_map(|test| rows(test, is_split)).collect();
    let grain = "calibration date, target, forecaster, season, spend, kind and bin";
    let mut draft = context.format.draft("value_backtest", grain, None, &rows);
    draft.day("calibration_date", "Rows on this day or later were held out", |row| Day(row.date));
    draft.day("until_date", "Exclusive end of the holdout", |row| Day(row.until));
    let meaning = "What is foretold: purchases, margin_per_purchase (of customers who bought), margin, or active_periods: whole ones with a purchase";
    draft.name("target", meaning, |row| row.target);
    let meaning = "Purchase model, or rule: past_rate, last_period, idle_beyond_own_gap, idle_beyond_mean_gap, own_mean, base_mean";
    draft.name("forecaster", meaning, |row| row.forecaster);
    let meaning = "Seasons that a model's purchases are timed by (see purchase_season): none, month or week; null for rules";
    draft.name("season", meaning, |row| row.season.map(Season::word));
    draft.name("spend", "How a purchase is valued; null for purchases", |row| row.spend);
    context.add_segment(&mut draft, |row| row.segment);
    let meaning = "total, decile (of expected purchases), frequency (repeat purchases before), recency (days since the last), week";
    draft.name("kind", meaning, |row| row.kind);
    let meaning = "Decile from 1, purchases (the last bin and more), least days since the last purchase, or weeks since the \
                   first purchase of all, up to whose end repeat purchases are counted";
    draft.count("bin", "", meaning, |row| row.bin);
    draft.count("customers", "customers", "Customers added up", |row| row.customers);
    draft.float("expected", "", "Sum of what was expected", |row| Some(row.expected));
    draft.float("actual", "", "Sum of what came", |row| Some(row.actual));
    draft.float("bias", "", "Expected less actual, over actual", |row| match &row.errors {
        Some(errors) => errors.bias(),
        None => Some((row.expected - row.actual) / row.actual),
    });
    draft.float("mae", "", "Mean absolute error per customer", |row| row.errors.as_ref()?.mean_absolute());
    let meaning = "Root mean squared error per customer";
    draft.float("rmse", "", meaning, |row| row.errors.as_ref()?.root_mean_squared());
    let meaning = "Pearson's, of expected and actual over customers";
    draft.float("correlation", "", meaning, |row| row.errors.as_ref()?.correlation());
    draft.finish()
}

fn rows(test: &Backtest, is_split: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for series in &test.series {
        let mut push = |segment: Option<usize>, bin: Option<i64>, errors: Errors| {
            rows.push(Row {
                date: test.date,
                until: test.until,
                target: target(series.target),
                forecaster: series.forecaster,
                season: series.season,
                spend: series.spend,
                segment,
                kind: kind(series.kind),
                bin,
                customers: errors.customers,
                expected: errors.expected,
                actual: errors.actual,
                errors: Some(errors),
            });
        };
        if series.kind == Kind::Total {
            let mut total = Errors::default();
            series.errors.iter().for_each(|errors| total.merge(errors));
            push(None, None, total);
            if is_split {
                series
                    .errors
                    .iter()
                    .enumerate()
                    .for_each(|(segment, errors)| push(Some(segment), None, *errors));
            }
        } else {
            bins(series).for_each(|(bin, errors)| push(None, Some(bin), errors));
        }
    }
    rows.extend(weeks(test));
    rows
}

/// Bins with a customer, by what names them.
fn bins(series: &Series) -> impl Iterator<Item = (i64, Errors)> + '_ {
    let name = |bin: i64| match series.kind {
        Kind::Decile => bin + 1,
        Kind::Recency => bin * i64::from(RECENCY_DAYS),
        Kind::Total | Kind::Frequency => bin,
    };
    (0..)
        .zip(&series.errors)
        .filter(|(_, errors)| errors.customers > 0)
        .map(move |(bin, errors)| (name(bin), *errors))
}

fn weeks(test: &Backtest) -> impl Iterator<Item = Row> + '_ {
    test.weeks.iter().map(|week| Row {
        date: test.date,
        until: test.until,
        target: target(Target::Purchases),
        forecaster: week.forecaster,
        season: Some(week.season),
        spend: None,
        segment: None,
        kind: "week",
        bin: Some(week.week.into()),
        customers: week.customers,
        expected: week.expected,
        #[expect(clippy::cast_precision_loss, reason = "2^53 purchases are more than there are")]
        actual: week.actual as f64,
        errors: None,
    })
}

fn target(target: Target) -> &'static str {
    match target {
        Target::Purchases => "purchases",
        Target::ActivePeriods => "active_periods",
        Target::MarginPerPurchase => "margin_per_purchase",
        Target::Margin => "margin",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Total => "total",
        Kind::Decile => "decile",
        Kind::Frequency => "frequency",
        Kind::Recency => "recency",
    }
}
