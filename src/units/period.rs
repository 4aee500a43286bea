//! Calendar periods: the grain of costing.

use super::Day;
use chrono::{Datelike, Days, Months};
use std::fmt;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// ISO week, from Monday.
    Week,
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Calendar year.
    Year,
}

impl PeriodKind {
    /// All kinds with the word a pipeline file uses.
    pub const ALL: [(&'static str, PeriodKind); 4] = [
        ("week", PeriodKind::Week),
        ("month", PeriodKind::Month),
        ("quarter", PeriodKind::Quarter),
        ("year", PeriodKind::Year),
    ];

    /// Its word: `month`.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(_, kind)| *kind == self);
        named.expect("every kind has a word").0
    }

    /// Periods of a year, of weeks 52.
    pub fn in_a_year(self) -> usize {
        match self {
            PeriodKind::Week => 52,
            PeriodKind::Month => 12,
            PeriodKind::Quarter => 4,
            PeriodKind::Year => 1,
        }
    }
}

/// One period, known by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// First day.
    pub start: Day,
    /// Its length.
    pub kind: PeriodKind,
}

impl Period {
    /// The period that holds `day`.
    pub fn containing(kind: PeriodKind, day: Day) -> Self {
        let date = day.date();
        let start = match kind {
            PeriodKind::Week => date - Days::new(u64::from(date.weekday().num_days_from_monday())),
            PeriodKind::Month => date.with_day(1).expect("every month has a first day"),
            PeriodKind::Quarter => chrono::NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1)
                .expect("every quarter has a first day"),
            PeriodKind::Year => {
                chrono::NaiveDate::from_ymd_opt(date.year(), 1, 1).expect("every year has a first day")
            }
        };
        Self { start: Day::from_date(start), kind }
    }

    /// First day of the next period: the exclusive end of this one.
    pub fn end(self) -> Day {
        let date = self.start.date();
        Day::from_date(match self.kind {
            PeriodKind::Week => date + Days::new(7),
            PeriodKind::Month => date + Months::new(1),
            PeriodKind::Quarter => date + Months::new(3),
            PeriodKind::Year => date + Months::new(12),
        })
    }

    /// The period that follows.
    pub fn next(self) -> Self {
        Self { start: self.end(), kind: self.kind }
    }

    /// How many days it has.
    pub fn days(self) -> i32 {
        self.end().0 - self.start.0
    }
}

impl fmt::Display for Period {
    /// The first day, `YYYY-MM-DD`, as it stands in partition paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.start.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_end_where_the_calendar_says() {
        use PeriodKind::*;
        for (kind, day, start, end) in [
            (Week, "2024-02-29", "2024-02-26", "2024-03-04"),
            (Week, "2024-12-31", "2024-12-30", "2025-01-06"),
            (Month, "2024-02-29", "2024-02-01", "2024-03-01"),
            (Month, "2023-12-31", "2023-12-01", "2024-01-01"),
            (Quarter, "2023-12-31", "2023-10-01", "2024-01-01"),
            (Year, "2024-02-29", "2024-01-01", "2025-01-01"),
        ] {
            let period = Period::containing(kind, day.parse().unwrap());
            assert_eq!((period.to_string().as_str(), period.end().to_string().as_str()), (start, end));
            assert_eq!(period.next().start, period.end());
        }
    }
}
