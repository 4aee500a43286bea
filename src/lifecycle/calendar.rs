//! Which period of the run a day lies in.

use crate::facts::schema::FactPeriod;
use crate::units::{Day, Period};

/// The run's periods, which follow each other without a hole.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// Ascending.
    pub(crate) periods: Vec<FactPeriod>,
    /// First day left out.
    pub(crate) as_of: Day,
    /// By day since the first period's start.
    index_of: Vec<u32>,
}

impl Calendar {
    pub(crate) fn new(periods: &[FactPeriod], as_of: Day) -> Self {
        let lengths = periods.iter().zip(0_u32..);
        let index_of = lengths.flat_map(|(period, index)| (0..period.period.days()).map(move |_| index));
        Self { periods: periods.to_vec(), as_of, index_of: index_of.collect() }
    }

    /// The period of a day; the nearest for a day outside all of them.
    pub(crate) fn index(&self, day: i32) -> usize {
        let since = usize::try_from(day - self.start().0).unwrap_or(0);
        self.index_of.get(since.min(self.index_of.len() - 1)).map_or(0, |index| *index as usize)
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
        self.periods.partition_point(|period| period.period.end() <= day)
    }

    /// The period.
    pub(crate) fn period(&self, index: usize) -> Period {
        self.periods[index].period
    }

    /// The period whose last day seen is the one before the as-of date.
    pub(crate) fn period_before(&self, as_of: Day) -> Period {
        Period::containing(self.periods[0].period.kind, Day(as_of.0 - 1))
    }

    /// Mean length of these periods in days; none of none.
    pub(crate) fn mean_days(&self, periods: std::ops::Range<usize>) -> Option<f64> {
        let days = self.period(periods.end.checked_sub(1)?).end().0
            - self.periods.get(periods.start)?.period.start.0;
        (!periods.is_empty()).then(|| f64::from(days) / periods.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::months;

    #[test]
    fn days_find_their_period() {
        let calendar = months("2024-01-01", 3, "2024-03-15");
        let day = |text: &str| text.parse::<Day>().unwrap().0;
        for (text, index) in [("2024-01-01", 0), ("2024-01-31", 0), ("2024-02-29", 1), ("2024-03-14", 2)] {
            assert_eq!(calendar.index(day(text)), index, "{text}");
        }
        assert_eq!((calendar.index(day("2023-12-31")), calendar.index(day("2025-01-01"))), (0, 2));
        assert_eq!(calendar.ended_by(calendar.as_of), 2);
        assert_eq!(calendar.mean_days(0..2), Some(30.0));
        assert_eq!(calendar.mean_days(0..0), None);
    }
}
