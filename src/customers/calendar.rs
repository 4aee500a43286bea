//! The run's calendar: which period a day lies in, and which periods are complete.

use crate::facts::schema::FactPeriod;
use crate::units::{Day, Period};
use std::ops::Range;

/// The run's periods, which follow each other without a hole.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// Ascending.
    pub(crate) periods: Vec<FactPeriod>,
    /// First day left out.
    pub(crate) as_of: Day,
    /// First days of the periods, and the end of the last; empty without periods. Looked up for every customer, where
    /// working out the end of a month would cost more than all the rest.
    bounds: Vec<i32>,
    /// By day since the first period's start.
    index_of: Vec<u32>,
}

impl Calendar {
    pub(crate) fn new(periods: &[FactPeriod], as_of: Day) -> Self {
        let mut bounds: Vec<i32> = periods.iter().map(|period| period.period.start.0).collect();
        bounds.extend(periods.last().map(|period| period.period.end().0));
        let mut index_of = Vec::new();
        for (bounds, index) in bounds.windows(2).zip(0_u32..) {
            index_of.extend((bounds[0]..bounds[1]).map(|_| index));
        }
        Self { periods: periods.to_vec(), as_of, bounds, index_of }
    }

    /// The period of a day; the nearest for a day outside all of them.
    pub(crate) fn index(&self, day: i32) -> usize {
        let since = usize::try_from(day - self.start().0).unwrap_or(0);
        self.index_of.get(since.min(self.index_of.len() - 1)).map_or(0, |index| *index as usize)
    }

    /// The period of a day: none before the first one, `len` after the last.
    pub(crate) fn find(&self, day: i32) -> Option<usize> {
        let since = usize::try_from(day - self.bounds.first()?).ok()?;
        Some(self.index_of.get(since).map_or(self.len(), |index| *index as usize))
    }

    /// The first day of the history.
    pub(crate) fn start(&self) -> Day {
        self.periods[0].period.start
    }

    /// How many periods.
    pub(crate) fn len(&self) -> usize {
        self.periods.len()
    }

    /// Periods that ended by a day, which are the first ones.
    pub(crate) fn ended_by(&self, day: Day) -> usize {
        self.bounds.partition_point(|bound| *bound <= day.0).saturating_sub(1)
    }

    /// Periods that ended by the as-of date: the complete ones, which are the first.
    pub(crate) fn complete(&self) -> usize {
        self.ended_by(self.as_of)
    }

    /// The period.
    pub(crate) fn period(&self, index: usize) -> Period {
        self.periods[index].period
    }

    /// The first day of these periods, and the day after their last.
    pub(crate) fn days(&self, periods: &Range<usize>) -> Range<Day> {
        Day(self.bounds[periods.start])..Day(self.bounds[periods.end])
    }

    /// The period whose last day seen is the one before the as-of date.
    pub(crate) fn period_before(&self, as_of: Day) -> Period {
        Period::containing(self.periods[0].period.kind, Day(as_of.0 - 1))
    }

    /// Mean length of these periods in days; none of none.
    pub(crate) fn mean_days(&self, periods: Range<usize>) -> Option<f64> {
        if periods.is_empty() {
            return None;
        }
        let days = self.days(&periods);
        Some(f64::from(days.end.0 - days.start.0) / f64::from(u32::try_from(periods.len()).ok()?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::units::PeriodKind;

    /// So many periods, the first of which begins on `start`.
    pub(crate) fn calendar(kind: PeriodKind, start: &str, count: usize, as_of: &str) -> Calendar {
        let as_of: Day = as_of.parse().unwrap();
        let first = Period { start: start.parse().unwrap(), kind };
        let periods = std::iter::successors(Some(first), |period| Some(period.next())).take(count);
        let periods: Vec<FactPeriod> =
            periods.map(|period| FactPeriod { period, complete: period.end() <= as_of }).collect();
        Calendar::new(&periods, as_of)
    }

    #[test]
    fn days_find_their_period() {
        let calendar = calendar(PeriodKind::Month, "2024-01-01", 3, "2024-03-15");
        let day = |text: &str| text.parse::<Day>().unwrap().0;
        for (text, index) in [("2024-01-01", 0), ("2024-01-31", 0), ("2024-02-29", 1), ("2024-03-14", 2)] {
            assert_eq!(calendar.index(day(text)), index, "{text}");
            assert_eq!(calendar.find(day(text)), Some(index), "{text}");
        }
        assert_eq!((calendar.index(day("2023-12-31")), calendar.index(day("2025-01-01"))), (0, 2));
        assert_eq!((calendar.find(day("2023-12-31")), calendar.find(day("2025-01-01"))), (None, Some(3)));
        assert_eq!(calendar.complete(), 2);
        assert_eq!(calendar.ended_by(Day(day("2024-01-31"))), 0);
        assert_eq!(calendar.days(&(1..3)), Day(day("2024-02-01"))..Day(day("2024-04-01")));
        assert_eq!(calendar.mean_days(0..2), Some(30.0));
        assert_eq!(calendar.mean_days(0..0), None);
    }

    #[test]
    fn without_periods_no_day_has_one() {
        let calendar = Calendar::new(&[], Day(100));
        assert_eq!((calendar.find(50), calendar.complete(), calendar.mean_days(0..0)), (None, 0, None));
    }
}
