//! The clock: operational time of a day, and back.
//!
//! Time is a whole number of 1/1024 days. A calendar year has as much operational time as it has days, so that the clock
//! never drifts, whatever the indices; within the year it grows day by day in proportion to the season's index. Histories are
//! rounded to whole operational days, as they are to whole days without seasons: there are as many pairs (x, t_x) to
//! evaluate. Horizons are not.
//!
//! Where contextual factors tell days apart, a table of the days they are known of comes on top of that.

use super::known_days::KnownDays;
use super::part_of_year::days_of_year;
use crate::clv::models::{CountRow, Counts, TICKS_PER_DAY};
use crate::clv::past::Times;
use crate::pipeline::Season;
use crate::units::Day;
use chrono::Datelike;
use std::borrow::Cow;
use std::ops::Range;

/// A wait of more days than there are between two dates has no end.
const MOST_DAYS: f64 = 1e6;

/// What a model sees of a customer, in whole operational days: (x, t_x, T).
pub(crate) type TimedHistory = (u32, u32, u32);

/// Operational time by the indices of seasons, and by known days.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// None where all parts of a year are alike.
    seasonal: Option<Seasonal>,
    /// None where single days are like any other of their season.
    known: Option<KnownDays>,
}

#[derive(Debug, Clone)]
struct Seasonal {
    /// Time since New Year, and at the end of each day of a common and of a leap year.
    of_year: [Vec<i64>; 2],
    /// The first day of the table.
    start: i32,
    /// Time at the end of each day of the history, so that customers are timed without calendar.
    table: Vec<i64>,
}

impl Clock {
    /// Every day is like any other.
    pub(crate) const CALENDAR: Self = Self { seasonal: None, known: None };

    /// By an index for each season; `history` are the days that most questions are about.
    pub(crate) fn new(season: Season, indices: &[f64], history: Range<Day>) -> Self {
        let of_year = [false, true].map(|is_leap| time_of_year(&season.of_year(is_leap), indices));
        let mut seasonal = Seasonal { of_year, start: history.start.0, table: Vec::new() };
        seasonal.table = (history.start.0..history.end.0).map(|day| seasonal.by_calendar(day)).collect();
        Self { seasonal: Some(seasonal), known: None }
    }

    /// With days that are faster or slower than others: the speed of each relative to the others, from `start` on. Together
    /// those before `date` have as much time as without.
    pub(crate) fn with_speeds(self, start: Day, date: Day, speeds: &[f64]) -> Self {
        let seen = usize::try_from(date.0 - start.0).expect("dates lie within the history");
        let known = KnownDays::new(start.0, seen, speeds, |day| self.plain(day));
        Self { known: Some(known), ..self }
    }

    pub(crate) fn is_calendar(&self) -> bool {
        self.seasonal.is_none() && self.known.is_none()
    }

    /// Time at the end of a day.
    fn at(&self, day: i32) -> i64 {
        self.known.as_ref().map_or_else(|| self.plain(day), |known| known.at(day, |day| self.plain(day)))
    }

    /// The same by seasons alone.
    fn plain(&self, day: i32) -> i64 {
        self.seasonal.as_ref().map_or_else(|| ticks(day) + TICKS_PER_DAY, |seasonal| seasonal.at(day))
    }

    /// Time from the end of a day to that of a later one.
    pub(crate) fn ticks_between(&self, from: i32, to: i32) -> i64 {
        self.at(to) - self.at(from)
    }

    /// The same in whole operational days.
    pub(crate) fn days_between(&self, from: i32, to: i32) -> u32 {
        let whole = (self.ticks_between(from, to) + TICKS_PER_DAY / 2).div_euclid(TICKS_PER_DAY);
        u32::try_from(whole).expect("a later day, and within the calendar")
    }

    /// What a model sees of a customer. Purchases on different days are at different times, however slow the clock.
    pub(crate) fn history(&self, times: &Times) -> TimedHistory {
        let last = self.days_between(times.first, times.last).max(u32::from(times.repeats() > 0));
        (times.repeats(), last, self.days_between(times.first, times.seen).max(last))
    }

    /// Histories before a date, counted in calendar days, as the clock sees them. A row of (x, t_x, T) says when the first
    /// and the last purchase were, so that no customer is looked at again.
    pub(crate) fn counts<'c>(&self, counts: &'c Counts, date: Day) -> Cow<'c, Counts> {
        if self.is_calendar() {
            return Cow::Borrowed(counts);
        }
        let row = |row: &CountRow| {
            let (purchases, last_purchase_days, age_days) = self.history(&row.times(date));
            CountRow { purchases, last_purchase_days, age_days, customers: row.customers }
        };
        Cow::Owned(Counts::of_rows(counts.rows().iter().map(row)))
    }

    /// Days of the calendar that so many operational days take from the end of a day on.
    pub(crate) fn calendar_days(&self, from: i32, operational_days: f64) -> f64 {
        if self.is_calendar() || operational_days.is_nan() || operational_days >= MOST_DAYS {
            return operational_days;
        }
        let target = float(self.at(from)) + operational_days * float(TICKS_PER_DAY);
        let known = self.known.as_ref().map_or(Err(target), |known| known.day_at(target));
        known.unwrap_or_else(|plain| self.plain_day_at(plain)) - f64::from(from) - 1.0
    }

    /// The day at a time by seasons alone, with the part of it that is over.
    fn plain_day_at(&self, time: f64) -> f64 {
        self.seasonal.as_ref().map_or(time / float(TICKS_PER_DAY), |seasonal| seasonal.day_at(time))
    }

    /// Days after a day that are known to be faster or slower than others of their season.
    pub(super) fn known_days_after(&self, day: i32) -> u32 {
        self.known.as_ref().map_or(0, |known| known.after(day))
    }
}

impl Seasonal {
    fn at(&self, day: i32) -> i64 {
        let place = usize::try_from(day - self.start).ok();
        place.and_then(|place| self.table.get(place).copied()).unwrap_or_else(|| self.by_calendar(day))
    }

    fn by_calendar(&self, day: i32) -> i64 {
        let date = Day(day).date();
        let since_new_year = self.of_year[usize::from(date.leap_year())][date.ordinal() as usize];
        ticks(days_of_year(date.year()).start) + since_new_year
    }

    /// The day that begins at, or is under way at, a time, with the part of it that is over. New Year is at the same time on
    /// both clocks, so the year is that of the calendar.
    fn day_at(&self, time: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "within a few thousand years")]
        let day = (time / float(TICKS_PER_DAY)).floor() as i32;
        let date = Day(day).date();
        let new_year = days_of_year(date.year()).start;
        let of_year = &self.of_year[usize::from(date.leap_year())];
        let since = time - float(ticks(new_year));
        let ends = of_year.partition_point(|end| float(*end) <= since).clamp(1, of_year.len() - 1);
        let (begin, end) = (float(of_year[ends - 1]), float(of_year[ends]));
        let part = if end > begin { (since - begin) / (end - begin) } else { 0.0 };
        f64::from(new_year) + float(ends as i64 - 1) + part
    }
}

/// Time since New Year at the end of each day, in proportion to the indices of the days' seasons.
fn time_of_year(seasons: &[usize], indices: &[f64]) -> Vec<i64> {
    let total: f64 = seasons.iter().map(|season| indices[*season]).sum();
    let year = float(TICKS_PER_DAY) * seasons.len() as f64;
    let (mut sum, mut times) = (0.0, vec![0]);
    for season in seasons {
        sum += indices[*season];
        #[expect(clippy::cast_possible_truncation, reason = "a year has fewer than 2^19 ticks")]
        times.push((sum / total * year).round() as i64);
    }
    times
}

/// Days in ticks.
fn ticks(days: i32) -> i64 {
    i64::from(days) * TICKS_PER_DAY
}

#[expect(clippy::cast_precision_loss, reason = "times are below 2^53 ticks")]
pub(super) fn float(ticks: i64) -> f64 {
    ticks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse::<Day>().unwrap().0
    }

    /// December runs twice as fast as all other months: 365 days in 334 + 2 · 31 = 396 parts.
    fn christmas() -> Clock {
        let mut indices = [1.0; 12];
        indices[11] = 2.0;
        Clock::new(Season::Month, &indices, Day(day("2022-01-01"))..Day(day("2024-01-01")))
    }

    #[test]
    fn a_year_by_hand() {
        let clock = christmas();
        // 28 days of February: 28 · 365/396 · 1024 ticks; of December twice as many a day.
        let exact = |parts: f64| parts * 365.0 / 396.0 * 1024.0;
        for (from, to, parts) in [
            ("2023-01-31", "2023-02-28", 28.0),
            ("2023-11-30", "2023-12-31", 62.0),
            ("2023-12-24", "2023-12-25", 2.0),
            ("2022-11-30", "2023-01-31", 93.0),
        ] {
            let found = clock.ticks_between(day(from), day(to)) as f64;
            assert!((found - exact(parts)).abs() <= 1.0, "{from} to {to}: {found} for {}", exact(parts));
        }
        assert_eq!(clock.days_between(day("2023-01-31"), day("2023-02-28")), 26, "25.8");
        assert_eq!(clock.days_between(day("2023-11-30"), day("2023-12-31")), 57, "57.1");
    }

    #[test]
    fn a_year_has_a_year_of_operational_time() {
        let clock = christmas();
        for (from, to) in
            [("1999-12-31", "2000-12-31"), ("2022-12-31", "2023-12-31"), ("1969-12-31", "2099-12-31")]
        {
            assert_eq!(clock.ticks_between(day(from), day(to)), ticks(day(to) - day(from)), "{from}");
        }
        let elsewhere = clock.ticks_between(day("2021-06-30"), day("2023-06-30"));
        assert_eq!(elsewhere, ticks(730), "a year from any day, none of them in a leap year");
    }

    #[test]
    fn waits_go_back_to_the_calendar() {
        let clock = christmas();
        for from in (day("2022-12-20")..day("2025-01-10")).step_by(3) {
            for days in [0, 1, 12, 45, 400, 2000] {
                let operational = clock.ticks_between(from, from + days) as f64 / 1024.0;
                let back = clock.calendar_days(from, operational);
                assert!((back - f64::from(days)).abs() < 1e-9, "{from} {days}: {back}");
            }
        }
        assert_eq!(Clock::CALENDAR.calendar_days(5, 17.25), 17.25);
        assert_eq!(clock.calendar_days(5, f64::INFINITY), f64::INFINITY);
    }

    /// Christmas, and campaigns on every tenth day, at four times the speed of other days of their season.
    #[test]
    fn waits_go_back_to_the_calendar_over_known_days() {
        let (start, date) = (Day(day("2022-01-01")), Day(day("2023-12-01")));
        let speeds: Vec<f64> = (0..800).map(|day| if day % 10 == 0 { 4.0 } else { 1.0 }).collect();
        for base in [Clock::CALENDAR, christmas()] {
            let clock = base.clone().with_speeds(start, date, &speeds);
            let seen = |clock: &Clock| clock.ticks_between(start.0 - 1, date.0 - 1);
            assert_eq!(seen(&clock), seen(&base));
            for from in (day("2022-12-20")..day("2025-01-10")).step_by(3) {
                for days in [0, 1, 12, 45, 400, 2000] {
                    let operational = clock.ticks_between(from, from + days) as f64 / 1024.0;
                    let back = clock.calendar_days(from, operational);
                    assert!((back - f64::from(days)).abs() < 1e-9, "{from} {days}: {back}");
                }
            }
            let later = day("2025-06-01");
            assert_eq!(clock.ticks_between(later, later + 365), base.ticks_between(later, later + 365));
            assert_eq!(clock.calendar_days(5, f64::INFINITY), f64::INFINITY);
        }
    }

    #[test]
    fn counts_are_timed_row_by_row() {
        let clock = christmas();
        let date = Day(day("2024-01-01"));
        // First on 30 November and last on 31 December 2023; a second purchase on the day after the first; and one only.
        let counts = Counts::of_customers([(3, 31, 31), (1, 1, 31), (0, 0, 31)]);
        let timed: Vec<_> = clock.counts(&counts, date).rows().iter().map(CountRow::history).collect();
        assert_eq!(timed, [(0, 0, 57), (1, 2, 57), (3, 57, 57)]);
        let mut slow = [1.0; 12];
        slow[0] = 0.01;
        let clock = Clock::new(Season::Month, &slow, date..date);
        let counts = Counts::of_customers([(2, 3, 3)]);
        let timed = clock.counts(&counts, Day(day("2024-01-20"))).rows()[0];
        assert_eq!(timed.history(), (2, 1, 1), "days apart are never at once");
    }
}
