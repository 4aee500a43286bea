//! `forecast_activity` and `forecast_accuracy`: driver volumes of activities, what they are going to cost, and how near each
//! method was.

use super::backtest::Accuracy;
use super::method::Method;
use super::outlook::{Interval, Outlook};
use crate::costing::schema::{Activity, ActivityCosting, Costing, PeriodCosting, Rate};
use crate::error::{Error, Result};
use crate::pipeline::Line;
use crate::plan::PlannedVolumes;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Decimal, Period, pow10};

/// An activity with a driver.
pub(super) struct ActivityOutlook<'c> {
    /// As the pipeline file lists it.
    index: usize,
    activity: &'c Activity,
    outlook: Option<Outlook>,
    /// Volumes of complete periods.
    known: Vec<Decimal>,
    /// What customers were charged per unit of volume in the last year; none where they were not.
    rate: Option<Rate>,
    /// Why nothing is forecast.
    reason: Option<&'static str>,
}

/// An activity in one of the next periods.
struct ActivityRow<'o> {
    of: &'o ActivityOutlook<'o>,
    period: Period,
    /// From the first period that is forecast.
    ahead: usize,
    cost: Option<i128>,
    planned: Option<Decimal>,
}

/// A method, and an activity whose volumes it forecast.
struct AccuracyRow<'o> {
    activity: &'o str,
    accuracy: &'o Accuracy,
    is_taken: bool,
}

/// Volumes by a fallback driver are of another thing.
const FALLBACK: &str = "volumes of more than one driver";

/// Forecasts the driver volumes of every activity with a driver. `complete` are the complete periods, without a gap to the
/// last.
///
/// # Errors
/// A volume beyond 18 digits.
pub(super) fn outlooks<'c>(
    costing: &'c Costing,
    complete: &'c [PeriodCosting],
    season: usize,
    periods: usize,
) -> Result<Vec<ActivityOutlook<'c>>> {
    // What rates are going to do to payments, the payments of the past do not say.
    let is_work =
        |activity: &Activity| activity.driver.is_some() && activity.line != Some(Line::ExchangeDifference);
    let driven = costing.activities.iter().enumerate().filter(|(_, activity)| is_work(activity));
    let outlook = |(index, activity): (usize, &'c Activity)| {
        let costed: Vec<&ActivityCosting> = complete.iter().map(|period| &period.activities[index]).collect();
        let of_fallback = costed.iter().filter(|costed| costed.is_fallback).count();
        let is_one_driver = of_fallback == 0 || of_fallback == costed.len();
        let volumes: Vec<i128> = costed.iter().map(|costed| i128::from(costed.volume)).collect();
        let (name, scale) = (format!("activity '{}'", activity.name), activity.volume_scale());
        let outlook = match is_one_driver {
            true => Outlook::of(&volumes, scale, season, periods, &name)?,
            false => None,
        };
        Ok(ActivityOutlook {
            index,
            activity,
            outlook,
            known: costed.iter().map(|costed| costed.quantity(activity)).collect(),
            rate: last_rate(&costed[costed.len().saturating_sub(season)..]),
            reason: (!is_one_driver).then_some(FALLBACK),
        })
    };
    driven.map(outlook).collect()
}

/// What a unit of volume cost customers over these periods.
fn last_rate(costed: &[&ActivityCosting]) -> Option<Rate> {
    let money = costed.iter().map(|costed| i128::from(costed.posted)).sum::<i128>();
    let volume = costed.iter().map(|costed| i128::from(costed.volume)).sum::<i128>();
    let is_charged = costed.iter().any(|costed| costed.rate.is_some());
    let rate = Rate { money: i64::try_from(money).ok()?, volume: i64::try_from(volume).ok()? };
    (is_charged && rate.volume > 0).then_some(rate)
}

/// Both tables. `next` are the periods that are forecast.
///
/// # Errors
/// Money beyond 128 bits.
pub(super) fn sheets(
    format: TableFormat<'_>,
    outlooks: &[ActivityOutlook<'_>],
    planned: &PlannedVolumes,
    next: &[Period],
    season: usize,
) -> Result<[Sheet; 2]> {
    let mut rows = Vec::new();
    let mut accuracies = Vec::new();
    for of in outlooks {
        for (ahead, period) in next.iter().enumerate() {
            let (cost, planned) = (of.cost(ahead)?, planned.get(of.index, *period));
            rows.push(ActivityRow { of, period: *period, ahead, cost, planned });
        }
        let Some(outlook) = &of.outlook else { continue };
        let row = |accuracy| AccuracyRow {
            activity: &of.activity.name,
            accuracy,
            is_taken: accuracy.method == outlook.method,
        };
        accuracies.extend(outlook.accuracies.iter().map(row));
    }
    Ok([volumes(format, &rows, season, planned.digits()), accuracy(format, &accuracies)])
}

impl ActivityOutlook<'_> {
    /// Which method its volumes are forecast by, where they are.
    pub(super) fn method(&self) -> Option<Method> {
        self.outlook.as_ref().map(|outlook| outlook.method)
    }

    fn interval(&self, ahead: usize) -> Option<Interval> {
        self.outlook.as_ref().map(|outlook| outlook.volumes[ahead])
    }

    /// The expected volume at the rate of the last year, rounded once.
    fn cost(&self, ahead: usize) -> Result<Option<i128>> {
        let Some((rate, interval)) = self.rate.zip(self.interval(ahead)) else { return Ok(None) };
        let too_large = || Error::too_many_digits(format!("forecast: the cost of '{}'", self.activity.name));
        rate.at(interval.expected.mantissa).ok_or_else(too_large).map(Some)
    }

    /// The same period a year before.
    fn year_before(&self, ahead: usize, season: usize) -> Option<Decimal> {
        let first = self.known.len().checked_sub(season)?;
        (ahead < season).then(|| self.known[first + ahead])
    }
}

/// `forecast_activity`.
fn volumes(format: TableFormat<'_>, rows: &[ActivityRow<'_>], season: usize, planned_digits: u8) -> Sheet {
    let mut draft = format.draft("forecast_activity", "activity and coming period", None, rows);
    draft.as_of();
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.count("periods_ahead", "periods", "How many periods after the last complete one", |row| {
        i64::try_from(row.ahead + 1).expect("few periods")
    });
    draft.name("activity", "Name of the activity", |row| row.of.activity.name.as_str());
    draft.name("method", METHOD, |row| row.of.method().map(Method::name));
    let scale = rows.iter().map(|row| row.of.activity.volume_scale()).max().unwrap_or(0);
    let mut add = |name, meaning, of: &dyn Fn(&ActivityRow<'_>) -> Option<Decimal>| {
        let column = Column::new(name, ColumnKind::Total(scale), "driver units", meaning);
        draft.wide(column, |row| of(row).and_then(|volume| volume.at_scale(scale)));
    };
    let bound = |row: &ActivityRow<'_>, end: usize| Some(row.of.interval(row.ahead)?.bounds?[end]);
    let meaning = "Driver volume that is expected; of a time-driven activity its minutes";
    add("volume", meaning, &|row| Some(row.of.interval(row.ahead)?.expected));
    let meaning = "Lower end of its interval of 95 %, by the errors of the method one period ahead, grown with the horizon; null where the history is too short for a back-test";
    add("volume_low", meaning, &|row| bound(row, 0));
    add("volume_high", "Upper end of it", &|row| bound(row, 1));
    add("volume_year_before", "Driver volume of the same period a year before", &|row| {
        row.of.year_before(row.ahead, season)
    });
    let money_scale = format.money_scale;
    let rate = move |row: &ActivityRow<'_>| {
        let Rate { money, volume } = row.of.rate?;
        let money = i128::from(money) * pow10(row.of.activity.volume_scale());
        Some(money as f64 / (i128::from(volume) * pow10(money_scale)) as f64)
    };
    let per_unit = format!("{} per unit of volume", format.currency);
    draft.float(
        "driver_rate",
        per_unit,
        "What customers were charged per unit of volume in the last year: what the cost is forecast at",
        rate,
    );
    draft.total("cost", "volume × driver_rate, rounded once: what customers would be charged", |row| {
        row.cost
    });
    let scale = scale.max(planned_digits);
    let mut add = |name, meaning, of: &dyn Fn(&ActivityRow<'_>) -> Option<i128>| {
        draft.wide(Column::new(name, ColumnKind::Total(scale), "driver units", meaning).nullable(), of);
    };
    let at_scale = |volume: Decimal| volume.at_scale(scale);
    let meaning = "Driver volume that [plan] has for the period; null where it has none";
    add("planned_volume", meaning, &|row| row.planned.and_then(at_scale));
    let meaning = "volume − planned_volume: what is expected beyond the plan; null where either is";
    add("volume_over_plan", meaning, &|row| {
        Some(at_scale(row.of.interval(row.ahead)?.expected)? - row.planned.and_then(at_scale)?)
    });
    draft.name(
        "reason",
        "Why nothing is forecast: volumes of more than one driver, as in periods of a fallback",
        |row| row.of.reason,
    );
    draft.finish()
}

/// `forecast_accuracy`.
fn accuracy(format: TableFormat<'_>, rows: &[AccuracyRow<'_>]) -> Sheet {
    let mut draft = format.draft("forecast_accuracy", "activity and method", None, rows);
    draft.as_of();
    draft.name("activity", "Name of the activity", |row| row.activity);
    draft.name("method", METHOD, |row| row.accuracy.method.name());
    draft.count("forecasts", "forecasts", "How many volumes of the last periods were forecast, each from what was known before every earlier one of them", |row| {
        i64::try_from(row.accuracy.forecasts).expect("few forecasts")
    });
    let meaning = "Mean absolute error over the mean change from one period to the next (mean absolute scaled error): below 1 it is nearer than the last value is one period ahead";
    draft.float("scaled_error", "ratio", meaning, |row| row.accuracy.scaled_error);
    draft.float("absolute_error", "driver units", "Mean absolute error", |row| row.accuracy.absolute_error);
    draft.float("one_ahead_error", "driver units", "Root mean squared error one period ahead", |row| {
        row.accuracy.one_ahead
    });
    draft.flag(
        "is_taken",
        "Whether the forecast is by this method: the one with the smallest absolute_error",
        |row| row.is_taken,
    );
    draft.finish()
}

const METHOD: &str = "last value; year before: the same period of the last year; year before, grown: as the last quarter has grown in a year; theta: exponential smoothing with half the trend, seasonally adjusted";
