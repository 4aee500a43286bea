//! The dates at which customers are looked at, each with the rhythm of the base before it.

use super::rhythm::{GapCounts, Rhythm};
use super::state::{AsOf, Rules, State};
use crate::customers::calendar::Calendar;
use crate::customers::days::{CustomerDaysView, Seen};
use crate::units::Day;
use rayon::prelude::*;

/// Dates, ascending and distinct.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dates(Vec<AsOf>);

/// What one customer had done by one date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    pub(crate) seen: Seen,
    pub(crate) state: State,
    /// Days before the date, counted from the customer's first.
    pub(crate) days: usize,
}

impl Dates {
    /// These days, ascending, each with the rhythm that its counts give.
    pub(crate) fn new(days: Vec<Day>, gaps: Vec<GapCounts>, calendar: &Calendar) -> Self {
        let rhythms: Vec<Option<Rhythm>> = gaps.into_par_iter().map(GapCounts::fit).collect();
        let dates = days.into_iter().zip(rhythms);
        let of_day = |(day, rhythm)| AsOf { day, period_start: calendar.period_before(day).start, rhythm };
        Self(dates.map(of_day).collect())
    }

    /// The place of a date that was wanted.
    pub(crate) fn place(&self, day: Day) -> usize {
        let place = self.0.binary_search_by_key(&day, |date| date.day);
        place.expect("every date was wanted from the start")
    }

    /// The date at a place.
    pub(crate) fn at(&self, place: usize) -> &AsOf {
        &self.0[place]
    }

    /// State of a customer at every date; none before its first purchase. `standings` is emptied first.
    pub(crate) fn stand(
        &self,
        days: CustomerDaysView<'_>,
        rules: &Rules,
        standings: &mut Vec<Option<Standing>>,
    ) {
        standings.clear();
        days.at_dates(self.0.iter().map(|date| date.day), rules.gap_days, |date, seen, days| {
            let standing =
                seen.map(|seen| Standing { seen: *seen, state: rules.state(seen, &self.0[date]), days });
            standings.push(standing);
        });
    }
}

#[cfg(test)]
impl Dates {
    /// Dates at which nobody in the base has bought twice, each a day after its period began.
    pub(crate) fn without_rhythm(days: &[Day]) -> Self {
        Self(days.iter().map(|day| AsOf { day: *day, period_start: Day(day.0 - 1), rhythm: None }).collect())
    }

    /// These dates, ascending.
    pub(crate) fn of(dates: Vec<AsOf>) -> Self {
        Self(dates)
    }
}
