//! How purchases are timed: by the calendar, and by the clocks of seasons, at every date.

use super::census::{Census, Tally};
use super::histories::Histories;
use super::season::{Clock, Estimate, History, NoClock, estimate};
use crate::pipeline::Season;
use crate::units::Day;
use rayon::prelude::*;
use std::sync::Arc;

/// Ways to time purchases: by the calendar first, then by the seasons asked for.
#[derive(Debug)]
pub(crate) struct Timings<'c> {
    pub(crate) seasons: Vec<Season>,
    /// By date, as-of first, by season.
    by_date: Vec<Vec<Timing<'c>>>,
}

/// One way at one date; or why the calendar stands in for it.
#[derive(Debug)]
struct Timing<'c> {
    timed: Option<Timed<'c>>,
    /// Of a season.
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
    /// By the calendar, and by the seasons that `[clv]` names; none: by months, of which a year has seen enough to tell.
    pub(crate) fn new(asked: Option<Season>, census: &'c Census, dates: &[Day], start: Day) -> Self {
        let seasons = match asked {
            Some(Season::None) => vec![Season::None],
            asked => vec![Season::None, asked.unwrap_or(Season::Month)],
        };
        let history = History { start, end: dates[0], repeats: &census.repeats_by_day[0] };
        let of_date = |(date, day): (usize, &Day)| -> Vec<Timing<'c>> {
            let timing = |season: &Season| Timing::new(*season, history, census, date, *day);
            seasons.par_iter().map(timing).collect()
        };
        let by_date = dates.par_iter().enumerate().map(of_date).collect();
        Self { seasons, by_date }
    }

    /// How many ways.
    pub(crate) fn len(&self) -> usize {
        self.seasons.len()
    }

    /// Histories before a date by its own clock; none where it has none.
    pub(crate) fn own(&self, date: usize, timing: usize) -> Option<&Timed<'c>> {
        self.by_date[date][timing].timed.as_ref()
    }

    /// The same, by the calendar where there is no clock.
    pub(crate) fn at(&self, date: usize, timing: usize) -> &Timed<'c> {
        self.own(date, timing).or(self.own(date, 0)).expect("the calendar is always there")
    }

    /// The seasons that a timing has a clock of at a date.
    pub(crate) fn season(&self, date: usize, timing: usize) -> Season {
        self.own(date, timing).map_or(Season::None, |_| self.seasons[timing])
    }

    /// Clocks of seasons at a date, or why there is none.
    pub(crate) fn estimates(
        &self,
        date: usize,
    ) -> impl Iterator<Item = (Season, &Result<Estimate, NoClock>)> {
        let timings = self.seasons.iter().zip(&self.by_date[date]);
        timings.filter_map(|(season, timing)| Some((*season, timing.estimated.as_ref()?)))
    }
}

impl<'c> Timing<'c> {
    fn new(season: Season, history: History<'_>, census: &'c Census, date: usize, day: Day) -> Self {
        let tallies = &census.tallies[date];
        let timed = |clock: Clock| Timed {
            histories: tallies.iter().map(|tally| tally.histories.timed(&clock, day)).collect(),
            clock: Arc::new(clock),
        };
        if season == Season::None {
            return Self { timed: Some(timed(Clock::CALENDAR)), estimated: None };
        }
        let counts = tallies.iter().map(Tally::counts);
        let estimated = estimate(season, history, counts, day);
        let timed = estimated.as_ref().ok().map(|estimate| timed(estimate.clock.clone()));
        Self { timed, estimated: Some(estimated) }
    }
}
