//! One calibration date: its forecasts, and the errors that its customers' holdouts add to them.

use super::backtest::{Kind, RECENCY_DAYS, Series, Sources, Target};
use super::errors::Errors;
use super::models::Asked;
use super::naive::{Base, Rule};
use super::outlook::Forecast;
use super::past::{Brought, Purchase, Times, VALUED, purchases_into};
use super::period_forecast::PeriodForecast;
use super::spend::{SPENDS, Spend};
use super::timing::Timed;
use super::timing_kind::TimingKind;
use super::whole_periods::Periods;
use crate::customers::days::CustomerDaysView;
use crate::units::Day;
use rayon::prelude::*;

/// Repeat purchases from which on customers are one bin.
const MOST_FREQUENT: u32 = 7;
/// The last of these bins has no end.
const LEAST_RECENT: u32 = 26;

/// A calibration date, ready to be held against the holdout.
pub(crate) struct Holdout<'r> {
    sources: &'r Sources<'r>,
    /// Its place among the dates of the scope.
    pub(crate) index: usize,
    /// Rows on this day or later were held out.
    pub(crate) date: Day,
    /// Exclusive end of the holdout.
    pub(crate) until: Day,
    /// By each clock that there is at the date.
    timings: Vec<TimedForecasts>,
    /// By segment.
    bases: Vec<Base>,
    /// By segment.
    spends: Vec<Option<&'r Spend>>,
    /// By segment; none where BG/BB is not asked for or has no fit.
    periods: Vec<Option<Periods>>,
    /// By segment, likewise.
    period_forecasts: Vec<Option<PeriodForecast>>,
    unit: f64,
}

/// Forecasts of the models by one clock.
struct TimedForecasts {
    kind: TimingKind,
    /// By segment, by candidate.
    forecasts: Vec<Vec<Expecting>>,
    /// By candidate: the largest expectation of each decile but the last.
    deciles: Vec<Vec<f64>>,
}

/// How a candidate foretells purchases.
enum Expecting {
    /// None where there is no fit, or it found nothing to predict from.
    Continuous(Option<Forecast>),
    /// In whole periods, which have no clock.
    Periods,
}

/// Buffers of one slice.
#[derive(Default)]
pub(crate) struct Buffers {
    purchases: Vec<Purchase>,
    pairs: Vec<(i64, i64)>,
}

impl<'r> Holdout<'r> {
    /// Of the date of this index; 0 is the as-of date.
    pub(crate) fn new(sources: &'r Sources<'r>, index: usize) -> Self {
        let (date, until) = (sources.scope.dates[index], sources.scope.dates[0]);
        let holdout_days = date.0.abs_diff(until.0);
        let tallies = &sources.census.tallies[index];
        let spend = |segment: usize| Some(&sources.fits.spend(index, segment)?.spend);
        let period_forecasts = sources.period_forecasts(index);
        let timings = (0..sources.timings.len()).into_par_iter();
        let timings = timings
            .filter_map(|timing| TimedForecasts::new(sources, index, timing, &period_forecasts))
            .collect();
        let window_days = holdout_days.min(sources.scope.start.0.abs_diff(date.0));
        let base = |mean_gap| Base { holdout_days, window_days, mean_gap };
        Self {
            sources,
            index,
            date,
            until,
            bases: tallies.iter().map(|tally| base(tally.mean_gap())).collect(),
            spends: (0..tallies.len()).map(spend).collect(),
            period_forecasts,
            periods: (0..tallies.len()).map(|segment| sources.periods(index, segment)).collect(),
            timings,
            unit: crate::clv::money::unit(sources.money_scale),
        }
    }

    /// Every series, empty: in the order in which `add` fills them.
    pub(crate) fn series(&self) -> Vec<Series> {
        let segments = self.bases.len();
        let of = |target, forecaster, spend, kind, bins: usize| Series {
            target,
            forecaster,
            has_covariates: None,
            timing: None,
            spend,
            kind,
            errors: vec![Errors::default(); bins],
        };
        let mut series = Vec::new();
        for timing in &self.timings {
            for candidate in &self.sources.fits.candidates {
                let of = |target, spend, kind, bins| Series {
                    has_covariates: Some(candidate.has_covariates),
                    timing: Some(timing.kind),
                    ..of(target, candidate.model.word(), spend, kind, bins)
                };
                series.push(of(Target::Purchases, None, Kind::Total, segments));
                for (kind, bins) in [
                    (Kind::Decile, 10),
                    (Kind::Frequency, MOST_FREQUENT as usize + 1),
                    (Kind::Recency, LEAST_RECENT as usize + 1),
                ] {
                    series.push(of(Target::Purchases, None, kind, bins));
                }
                for spend in SPENDS {
                    series.push(of(Target::Margin, Some(spend.name()), Kind::Total, segments));
                }
            }
        }
        for rule in Rule::ALL {
            series.push(of(Target::Purchases, rule.name(), None, Kind::Total, segments));
            series.push(of(Target::Margin, rule.name(), Some("own_mean"), Kind::Total, segments));
        }
        for spend in SPENDS.iter().map(|spend| spend.name()).chain(["own_mean", "base_mean"]) {
            series.push(of(Target::MarginPerPurchase, spend, Some(spend), Kind::Total, segments));
        }
        if self.sources.scope.has_periods {
            series.push(of(Target::ActivePeriods, "bg_bb", None, Kind::Total, segments));
        }
        series
    }

    /// Adds a customer of a segment and a cell of covariates by all its days, if it bought before the date.
    pub(crate) fn add(
        &self,
        series: &mut [Series],
        days: CustomerDaysView<'_>,
        (segment, cell): (usize, usize),
        buffers: &mut Buffers,
    ) {
        let measures = self.sources.scope.measures;
        let before = days.before(self.date);
        let Some(times) = Times::of_days(before, self.date) else { return };
        purchases_into(before, measures, &mut buffers.purchases);
        let brought = Brought::of(&buffers.purchases, &mut buffers.pairs);
        let all = days.before(self.until);
        let after = Times::of_days(all, self.until).expect("who bought before the date bought before as-of");
        let came = f64::from(after.purchases - times.purchases);
        let margin = self.money(all.sum(measures[VALUED]) - brought.sums[VALUED]);
        let spend = self.spends[segment];
        let each_by = SPENDS.map(|kind| spend.map(|spend| spend.expect(kind, &brought).mean * self.unit));
        let mut series = series.iter_mut();
        let mut add = |bin: usize, expected: Option<f64>, actual: f64| {
            let series = series.next().expect("series are as many as expectations");
            if let Some(expected) = expected {
                series.errors[bin].add(expected, actual);
            }
        };
        let calendar = &self.sources.scope.rule.calendar;
        let in_periods = self.period_forecasts[segment]
            .as_ref()
            .map(|forecast| forecast.at(calendar, before, self.date).expected[0].value);
        for timing in &self.timings {
            for (forecast, deciles) in timing.forecasts[segment].iter().zip(&timing.deciles) {
                let expected = forecast.purchases(cell, &times, in_periods);
                let decile = |expected| deciles.partition_point(|cut| *cut < expected);
                add(segment, expected, came);
                add(expected.map_or(0, decile), expected, came);
                add(times.repeats().min(MOST_FREQUENT) as usize, expected, came);
                add((times.idle_days() / RECENCY_DAYS).min(LEAST_RECENT) as usize, expected, came);
                for each in each_by {
                    add(segment, expected.zip(each).map(|(purchases, each)| purchases * each), margin);
                }
            }
        }
        let own = self.money(brought.sums[VALUED]) / f64::from(brought.purchases);
        let recent = self.recent(before, segment);
        for rule in Rule::ALL {
            let expected = self.bases[segment].expected(rule, &times, recent);
            add(segment, Some(expected), came);
            add(segment, Some(expected * own), margin);
        }
        let each = (came > 0.0).then(|| margin / came);
        let mut add_each = |expected: Option<f64>| {
            add(segment, expected.filter(|_| each.is_some()), each.unwrap_or(0.0));
        };
        each_by.into_iter().for_each(&mut add_each);
        add_each(Some(own));
        add_each(spend.map(|spend| spend.base_mean() * self.unit));
        if self.sources.scope.has_periods {
            let found = self.periods[segment]
                .as_ref()
                .and_then(|periods| periods.foretell(calendar, before, all, self.date));
            let (expected, actual) = found.unzip();
            add(segment, expected, actual.unwrap_or(0.0));
        }
    }

    /// Purchases in the last period before the date.
    fn recent(&self, before: CustomerDaysView<'_>, segment: usize) -> u32 {
        let from = i64::from(self.date.0) - i64::from(self.bases[segment].window_days);
        let recent = before.purchases().filter(|day| i64::from(*day) >= from).count();
        u32::try_from(recent).expect("purchase days of a customer fit 32 bits")
    }

    fn money(&self, amount: i128) -> f64 {
        crate::clv::money::float(amount) * self.unit
    }
}

impl TimedForecasts {
    /// None where there is no clock at the date.
    fn new(
        sources: &Sources<'_>,
        index: usize,
        timing: usize,
        period_forecasts: &[Option<PeriodForecast>],
    ) -> Option<Self> {
        let timed = sources.timings.own(index, timing)?;
        let (date, until) = (sources.scope.dates[index], sources.scope.dates[0]);
        let horizon = [date.0.abs_diff(until.0)];
        let lookahead = timed.clock.lookahead(date.0 - 1, &horizon, sources.discount_per_day);
        let forecast = |segment: usize, candidate: usize| {
            if !sources.fits.candidates[candidate].model.is_continuous() {
                return Expecting::Periods;
            }
            let fit = sources.fits.by_timing(index, timing, segment, candidate);
            Expecting::Continuous(fit.and_then(|fit| {
                Forecast::new(fit, &timed.clock, &lookahead, &timed.histories[segment], Asked::Purchases)
            }))
        };
        let candidates = sources.fits.candidates.len();
        let of_segment = |segment: usize| -> Vec<Expecting> {
            (0..candidates).into_par_iter().map(|candidate| forecast(segment, candidate)).collect()
        };
        let forecasts: Vec<Vec<Expecting>> =
            (0..timed.histories.len()).into_par_iter().map(of_segment).collect();
        let deciles = |candidate: usize| {
            let has_covariates = sources.fits.candidates[candidate].has_covariates;
            deciles(expectations(timed, &forecasts, period_forecasts, candidate, has_covariates))
        };
        let deciles = (0..candidates).into_par_iter().map(deciles).collect();
        Some(Self { kind: sources.timings.kinds[timing], forecasts, deciles })
    }
}

impl Expecting {
    /// Of a customer; `in_periods` is what the model of whole periods expects of it.
    fn purchases(&self, cell: usize, times: &Times, in_periods: Option<f64>) -> Option<f64> {
        match self {
            Self::Continuous(forecast) => Some(forecast.as_ref()?.purchases(cell, times)),
            Self::Periods => in_periods,
        }
    }
}

/// Expectations of a candidate, each with how many customers have it.
fn expectations(
    timed: &Timed<'_>,
    forecasts: &[Vec<Expecting>],
    period_forecasts: &[Option<PeriodForecast>],
    candidate: usize,
    has_covariates: bool,
) -> Vec<(f64, u64)> {
    let mut expected: Vec<(f64, u64)> = Vec::new();
    for ((histories, forecasts), periods) in timed.histories.iter().zip(forecasts).zip(period_forecasts) {
        let forecast = match &forecasts[candidate] {
            Expecting::Continuous(None) => continue,
            Expecting::Continuous(Some(forecast)) => forecast,
            Expecting::Periods => {
                expected.extend(periods.iter().flat_map(PeriodForecast::expected));
                continue;
            }
        };
        let cells = if has_covariates { histories.by_cell() } else { vec![&*histories.all] };
        for (cell, counts) in cells.into_iter().enumerate() {
            let rows = counts.rows().iter();
            expected.extend(rows.map(|row| (forecast.purchases_of(cell, row.history()), row.customers)));
        }
    }
    expected
}

/// Expectations that tenths of customers do not exceed; equal ones stay together.
fn deciles(mut expected: Vec<(f64, u64)>) -> Vec<f64> {
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    let customers: u64 = expected.iter().map(|(_, customers)| customers).sum();
    let (mut cuts, mut below) = (Vec::new(), 0);
    for (expected, more) in expected {
        below += more;
        while cuts.len() < 9 && below * 10 >= customers * (cuts.len() as u64 + 1) {
            cuts.push(expected);
        }
    }
    cuts
}
