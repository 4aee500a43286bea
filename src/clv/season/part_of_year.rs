//! Which season of the year a day lies in.

use crate::pipeline::Season;
use crate::units::Day;
use chrono::Datelike;
use std::ops::Range;

/// Days of a week.
const WEEK: usize = 7;
/// Weeks of a year; the last one has what is left.
const WEEKS: usize = 52;
/// A common year and a leap year, to look the months of days up in.
const YEARS: [i32; 2] = [2023, 2024];

impl Season {
    /// How many seasons a year has.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::None => 1,
            Self::Month => 12,
            Self::Week => WEEKS,
        }
    }

    /// The season of a day, from 0.
    pub(crate) fn of_day(self, day: Day) -> usize {
        match self {
            Self::None => 0,
            Self::Month => day.date().month0() as usize,
            Self::Week => (day.date().ordinal0() as usize / WEEK).min(WEEKS - 1),
        }
    }

    /// The season of each day of a year.
    pub(crate) fn of_year(self, is_leap: bool) -> Vec<usize> {
        days_of_year(YEARS[usize::from(is_leap)]).map(|day| self.of_day(Day(day))).collect()
    }

    /// Days of each season in a common year.
    pub(crate) fn days(self) -> Vec<u32> {
        let mut days = vec![0; self.count()];
        self.of_year(false).into_iter().for_each(|season| days[season] += 1);
        days
    }
}

/// The days of a year.
pub(super) fn days_of_year(year: i32) -> Range<i32> {
    let new_year = |year| Day::from_ymd(year, 1, 1).expect("every year has a first day").0;
    new_year(year)..new_year(year + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_lie_in_months_and_in_weeks_from_new_year() {
        for (day, month, week) in [
            ("2023-01-01", 0, 0),
            ("2023-01-08", 0, 1),
            ("2024-02-29", 1, 8),
            ("2023-12-25", 11, 51),
            ("2024-12-31", 11, 51),
        ] {
            let day: Day = day.parse().unwrap();
            assert_eq!((Season::Month.of_day(day), Season::Week.of_day(day)), (month, week), "{day}");
            assert_eq!(Season::None.of_day(day), 0);
        }
        assert_eq!(Season::Month.days(), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]);
        assert_eq!((Season::Week.days()[0], Season::Week.days()[51]), (7, 8));
        assert_eq!(Season::Month.of_year(true).len(), 366);
    }
}
