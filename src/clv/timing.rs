//! How purchases are timed: by the calendar, and by the clocks of seasons and of contextual factors, at every date.

use super::census::{Census, Tally};
use super::contextual_factors::ContextualFactors;
use super::histories::Histories;
use super::season::{Clock, Estimate, History, NoClock, estimate};
use super::timing_kind::TimingKind;
use crate::units::Day;
use rayon::prelude::*;
use std::sync::Arc;

/// Ways to time purchases.
#[derive(Debug)]
pub(crate) struct Timings<'c> {
    /// The calendar first.
    pub(crate) kinds: Vec<TimingKind>,
    /// By date, as-of first, by kind.
    by_date: Vec<Vec<Timing<'c>>>,
}

/// One way at one date; or why the calendar stands in for it.
#[derive(Debug)]
struct Timing<'c> {
    timed: Option<Timed<'c>>,
    /// None of the calendar.
    estimated: Option<Result<Estimate, NoClock>>,
}

/// Histories as a clock sees them.
#[derive(Debug)]
pub(crate) struct Timed<'c> {
    pub(crate) clock: Arc<Clock>,
    /// By segment.
    pub(crate) histories: Vec<Histories<'c>>,
}

impl<'c> Timings<'c> {
    /// Each of these ways at every date; with the factors that some of them follow.
    pub(crate) fn new(
        kinds: Vec<TimingKind>,
        factors: Option<&ContextualFactors>,
        census: &'c Census,
        dates: &[Day],
        start: Day,
    ) -> Self {
        let history = History { start, end: dates[0], repeats: &census.repeats_by_day[0] };
        let of_date = |(date, day): (usize, &Day)| -> Vec<Timing<'c>> {
            let timing = |kind: &TimingKind| Timing::new((*kind, factors), history, census, date, *day);
            kinds.par_iter().map(timing).collect()
        };
        let by_date = dates.par_iter().enumerate().map(of_date).collect();
        Self { kinds, by_date }
    }

    /// How many ways.
    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Histories before a date by its own clock; none where it has none.
    pub(crate) fn own(&self, date: usize, timing: usize) -> Option<&Timed<'c>> {
        self.by_date[date][timing].timed.as_ref()
    }

    /// The same, by the calendar where there is no clock.
    pub(crate) fn at(&self, date: usize, timing: usize) -> &Timed<'c> {
        self.own(date, timing).or(self.own(date, 0)).expect("the calendar is always there")
    }

    /// What a timing follows at a date: the calendar where it has no clock.
    pub(crate) fn kind(&self, date: usize, timing: usize) -> TimingKind {
        self.own(date, timing).map_or(TimingKind::CALENDAR, |_| self.kinds[timing])
    }

    /// Clocks at a date but the calendar, or why there is none.
    pub(crate) fn estimates(
        &self,
        date: usize,
    ) -> impl Iterator<Item = (TimingKind, &Result<Estimate, NoClock>)> {
        let timings = self.kinds.iter().zip(&self.by_date[date]);
        timings.filter_map(|(kind, timing)| Some((*kind, timing.estimated.as_ref()?)))
    }
}

impl<'c> Timing<'c> {
    fn new(
        (kind, factors): (TimingKind, Option<&ContextualFactors>),
        history: History<'_>,
        census: &'c Census,
        date: usize,
        day: Day,
    ) -> Self {
        let tallies = &census.tallies[date];
        let timed = |clock: Clock| Timed {
            histories: tallies.iter().map(|tally| tally.histories.timed(&clock, day)).collect(),
            clock: Arc::new(clock),
        };
        if kind == TimingKind::CALENDAR {
            return Self { timed: Some(timed(Clock::CALENDAR)), estimated: None };
        }
        let counts = tallies.iter().map(Tally::counts);
        let estimated = estimate(kind, history, factors, counts, day);
        let timed = estimated.as_ref().ok().map(|estimate| timed(estimate.clock.clone()));
        Self { timed, estimated: Some(estimated) }
    }
}
