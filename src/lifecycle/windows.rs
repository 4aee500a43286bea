//! How far a day lies after a customer's first purchase: in calendar periods, or in windows of so many days.

use crate::customers::calendar::Calendar;
use crate::customers::days::Seen;

/// How the windows of a cohort are counted. The two are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Windows {
    /// Periods after the one of the first purchase.
    Calendar,
    /// Windows of this many days from the first purchase on.
    Elapsed(i32),
}

impl Windows {
    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Windows::Calendar => "calendar",
            Windows::Elapsed(_) => "elapsed",
        }
    }

    /// The window of a day; what came before the first purchase counts in the first.
    pub(crate) fn of(self, calendar: &Calendar, first: i32, day: i32) -> usize {
        match self {
            Windows::Calendar => calendar.index(day).saturating_sub(calendar.index(first)),
            Windows::Elapsed(days) => usize::try_from((day - first) / days).unwrap_or(0),
        }
    }

    /// Windows of a customer that were observed to their end.
    pub(crate) fn complete(self, calendar: &Calendar, seen: &Seen) -> usize {
        match self {
            Windows::Calendar => calendar.complete().saturating_sub(calendar.index(seen.first)),
            Windows::Elapsed(days) => usize::try_from((calendar.as_of.0 - seen.first) / days).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::{days, months};

    #[test]
    fn windows_count_from_the_first_purchase() {
        let calendar = months("2024-01-01", 4, "2024-04-10");
        let day = days(&["2024-01-31", "2024-02-01", "2024-03-01", "2024-03-31", "2024-01-05"]);
        let of =
            |windows: Windows| day.iter().map(|on| windows.of(&calendar, day[0], *on)).collect::<Vec<_>>();
        assert_eq!(of(Windows::Calendar), [0, 1, 2, 2, 0]);
        assert_eq!(of(Windows::Elapsed(30)), [0, 0, 1, 2, 0]);
        let seen = Seen { first: day[0], last: day[0], purchases: 1, returned: None };
        // January to March are over; 70 days are two windows of 30 and a part.
        assert_eq!(Windows::Calendar.complete(&calendar, &seen), 3);
        assert_eq!(Windows::Elapsed(30).complete(&calendar, &seen), 2);
    }
}
