//! The dates at which customers are looked at, each with the rhythm of the base before it.

use super::calendar::Calendar;
use super::customer_days::{customers, walk};
use super::rhythm::GapCounts;
use super::slices::add_up;
use super::state::AsOf;
use crate::profitability::schema::{CustomerDays, DaySlice};
use crate::units::Day;
use rayon::prelude::*;

/// Dates, ascending and distinct.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dates(Vec<AsOf>);

impl Dates {
    /// Looks up the rhythm of the base before each of these days.
    pub(crate) fn new(days: &CustomerDays, calendar: &Calendar, mut wanted: Vec<Day>) -> Self {
        wanted.sort_unstable();
        wanted.dedup();
        let empty = || vec![GapCounts::default(); wanted.len()];
        let counts = add_up(days, empty, |counts, _, slice| count(counts, &wanted, slice), merge);
        let fitted = counts.into_par_iter().map(GapCounts::fit).collect::<Vec<_>>();
        let dates = wanted.into_iter().zip(fitted);
        let of_day = |(day, rhythm)| AsOf { day, period_start: calendar.period_before(day).start, rhythm };
        Self(dates.map(of_day).collect())
    }

    /// A date that was wanted.
    pub(crate) fn at(&self, day: Day) -> &AsOf {
        let index = self.0.binary_search_by_key(&day, |date| date.day);
        &self.0[index.expect("every date was wanted from the start")]
    }
}

fn count(counts: &mut [GapCounts], dates: &[Day], slice: &DaySlice) {
    for (_, days) in customers(slice) {
        let add = |date: usize, seen: Option<&_>| seen.into_iter().for_each(|seen| counts[date].add(seen));
        walk(days, dates.iter().copied(), i32::MAX, add);
    }
}

fn merge(one: Vec<GapCounts>, other: Vec<GapCounts>) -> Vec<GapCounts> {
    one.into_iter().zip(other).map(|(one, other)| one.merge(other)).collect()
}

#[cfg(test)]
impl Dates {
    /// Dates at which nobody in the base has bought twice, each a day after its period began.
    pub(crate) fn without_rhythm(days: &[Day]) -> Self {
        Self(days.iter().map(|day| AsOf { day: *day, period_start: Day(day.0 - 1), rhythm: None }).collect())
    }
}
