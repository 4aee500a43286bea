//! Which newcomers are observed for a whole horizon, and which of those are held out.

use crate::units::{Day, Duration};

/// When newcomers came whose value within the horizon is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observation {
    pub(super) horizon: Duration,
    /// First day of the history: what customers brought who came before is not known.
    start: Day,
    /// From here on they are held out.
    holdout: Day,
    /// From here on their horizon is not over.
    until: Day,
}

/// Where a customer belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    BeforeHistory,
    Training,
    Holdout,
    /// The horizon is not over.
    Newcomer,
}

impl Observation {
    pub(super) fn new(start: Day, as_of: Day, horizon: Duration, holdout_days: u32) -> Self {
        let is_over = |day: i32| horizon.after(Day(day)) <= as_of;
        // Months have different lengths: at most three days off.
        let mut until = as_of.0 - whole(horizon.days_from(as_of));
        while is_over(until) {
            until += 1;
        }
        while !is_over(until - 1) {
            until -= 1;
        }
        Self { horizon, start, holdout: Day(until - whole(holdout_days)), until: Day(until) }
    }

    pub(super) fn place(&self, entry: Day) -> Place {
        match entry {
            day if day < self.start => Place::BeforeHistory,
            day if day < self.holdout => Place::Training,
            day if day < self.until => Place::Holdout,
            _ => Place::Newcomer,
        }
    }
}

fn whole(days: u32) -> i32 {
    i32::try_from(days).expect("at most a century")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_is_over_when_its_last_day_is_before_the_as_of_date() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (horizon, as_of, last) in [
            ("1 month", "2024-03-31", "2024-02-29"),
            ("1 year", "2025-01-01", "2024-01-01"),
            ("10 days", "2024-01-21", "2024-01-11"),
        ] {
            let found = Observation::new(day("2023-06-01"), day(as_of), horizon.parse().unwrap(), 7);
            assert_eq!(found.place(day(last)), Place::Holdout, "{horizon}");
            assert_eq!(found.place(Day(day(last).0 + 1)), Place::Newcomer, "{horizon}");
            assert_eq!(found.place(Day(day(last).0 - 7)), Place::Training, "{horizon}");
        }
        let found = Observation::new(day("2023-06-01"), day("2024-06-01"), "1 month".parse().unwrap(), 7);
        assert_eq!(found.place(day("2023-05-31")), Place::BeforeHistory);
    }
}
