//! Back-tests: what every model and rule would have foretold at a calibration date, held against what came.

use super::candidate::Candidate;
use super::census::{Census, Scope, Tally};
use super::errors::Errors;
use super::fits::Fits;
use super::holdout::{Buffers, Holdout};
use super::period_forecast::{PeriodForecast, PeriodsAhead};
use super::timing::Timings;
use super::timing_kind::TimingKind;
use super::whole_periods::Periods;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::error::Result;

/// What is foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Days with a purchase in the holdout.
    Purchases,
    /// Whole periods of the holdout with a purchase.
    ActivePeriods,
    /// What a purchase of the holdout brings, of customers who had one.
    MarginPerPurchase,
    /// What a customer brings in the holdout.
    Margin,
}

/// Over whom errors are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Segments, and all of them together.
    Total,
    /// Tenths of customers by what was expected.
    Decile,
    /// Customers by repeat purchases before the calibration date.
    Frequency,
    /// Customers by days since their last purchase then.
    Recency,
}

/// Days of a bin of recency.
pub(crate) const RECENCY_DAYS: u32 = 28;
/// One forecaster's expectations of one target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) target: Target,
    /// A model or a rule.
    pub(crate) forecaster: &'static str,
    /// Whether a model has covariates.
    pub(crate) has_covariates: Option<bool>,
    /// How a model's purchases are timed.
    pub(crate) timing: Option<TimingKind>,
    /// How a purchase was valued.
    pub(crate) spend: Option<&'static str>,
    pub(crate) kind: Kind,
    /// By segment or bin.
    pub(crate) errors: Vec<Errors>,
}

/// The back-test of one calibration date.
#[derive(Debug)]
pub(crate) struct Backtest {
    /// Rows on this day or later were held out.
    pub(crate) date: i32,
    /// Exclusive end of the holdout.
    pub(crate) until: i32,
    pub(crate) series: Vec<Series>,
    pub(crate) weeks: Vec<Week>,
}

/// Repeat purchases up to the end of a week since the first day with a purchase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Week {
    pub(crate) candidate: Candidate,
    pub(crate) timing: TimingKind,
    /// From 1.
    pub(crate) week: u32,
    /// Customers with their first purchase before the calibration date.
    pub(crate) customers: u64,
    pub(crate) expected: f64,
    pub(crate) actual: u64,
}

/// What a back-test is made from.
pub(crate) struct Sources<'r> {
    pub(crate) scope: &'r Scope<'r>,
    pub(crate) census: &'r Census,
    pub(crate) timings: &'r Timings<'r>,
    pub(crate) fits: &'r Fits,
    pub(crate) money_scale: u8,
    /// Scorers ask for it, though a back-test discounts nothing.
    pub(crate) discount_per_day: f64,
}

impl Sources<'_> {
    /// BG/BB of every segment, where it is asked for, until the end of the holdout of a date.
    pub(crate) fn period_forecasts(&self, index: usize) -> Vec<Option<PeriodForecast>> {
        let (date, until) = (self.scope.dates[index], self.scope.dates[0]);
        let ahead = PeriodsAhead::new(&self.scope.rule.calendar, date, &[until], self.discount_per_day);
        let tallies = &self.census.tallies[index];
        let of = |segment: &Tally| {
            self.scope.has_periods.then(|| PeriodForecast::new(segment, tallies, ahead.as_ref())).flatten()
        };
        tallies.iter().map(of).collect()
    }

    pub(crate) fn periods(&self, index: usize, segment: usize) -> Option<Periods> {
        let calendar = &self.scope.rule.calendar;
        let known = calendar.ended_by(self.scope.dates[index]);
        let ahead = u32::try_from(calendar.complete() - known).expect("a calendar has few periods");
        let counts = &self.census.tallies[index][segment].opportunities;
        self.scope.has_periods.then(|| Periods::new(counts, ahead)).flatten()
    }
}

/// Calibration dates whose customers are scored in one walk: the scorers of all of them are held at once.
const DATES_OF_WALK: usize = 4;

/// Holds every model and rule against the holdout of every calibration date.
///
/// # Errors
/// Days that cannot be read.
pub(crate) fn backtests(sources: &Sources<'_>) -> Result<Vec<Backtest>> {
    let dates: Vec<usize> = (1..sources.scope.dates.len()).collect();
    let mut tests = Vec::with_capacity(dates.len());
    for dates in dates.chunks(DATES_OF_WALK) {
        let holdouts: Vec<Holdout<'_>> = dates.iter().map(|date| Holdout::new(sources, *date)).collect();
        let series = walk(&sources.scope.history.days, &Holdouts { sources, holdouts: &holdouts })?;
        for (holdout, series) in holdouts.iter().zip(series) {
            let weeks = super::tracking::weeks(sources, holdout.index);
            tests.push(Backtest { date: holdout.date.0, until: holdout.until.0, series, weeks });
        }
    }
    Ok(tests)
}

/// Several calibration dates, held against their holdouts in one walk: an operator over slices of customers.
struct Holdouts<'r> {
    sources: &'r Sources<'r>,
    holdouts: &'r [Holdout<'r>],
}

impl SliceOperator for Holdouts<'_> {
    type Window = ();
    /// By date.
    type Part = Vec<Vec<Series>>;
    type Total = Vec<Vec<Series>>;

    fn begin(&self) -> Result<Self::Total> {
        Ok(self.holdouts.iter().map(Holdout::series).collect())
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Self::Part> {
        let mut series = self.begin()?;
        let mut buffers = Buffers::default();
        for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
            let scope = self.sources.scope;
            let place = (scope.segments.of(rank), scope.covariates.of(rank));
            for (holdout, series) in self.holdouts.iter().zip(&mut series) {
                holdout.add(series, days, place, &mut buffers);
            }
        }
        Ok(series)
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        for (sum, more) in total.iter_mut().flatten().zip(part.iter().flatten()) {
            sum.errors.iter_mut().zip(&more.errors).for_each(|(sum, more)| sum.merge(more));
        }
        Ok(())
    }
}

impl Backtest {
    /// Errors of a candidate's purchases by segment and timing: by the calendar where there was no clock then.
    pub(crate) fn by_segment(&self, candidate: Candidate, timing: TimingKind) -> Option<&[Errors]> {
        let of = |timing: TimingKind| {
            let is_asked = move |series: &&Series| {
                series.target == Target::Purchases
                    && series.kind == Kind::Total
                    && series.forecaster == candidate.model.word()
                    && series.has_covariates == Some(candidate.has_covariates)
                    && series.timing == Some(timing)
            };
            self.series.iter().find(is_asked)
        };
        Some(&of(timing).or_else(|| of(TimingKind::CALENDAR))?.errors)
    }
}
