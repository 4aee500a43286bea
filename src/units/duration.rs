//! Calendar durations: what horizons are said in.

use super::Day;
use chrono::{Days, Months};
use std::fmt;
use std::str::FromStr;

/// A calendar duration, such as 12 months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duration {
    /// Days.
    Days(u32),
    /// Calendar months.
    Months(u32),
}

/// Units with how many days or months one has.
const UNITS: [(&str, Duration); 4] = [
    ("day", Duration::Days(1)),
    ("week", Duration::Days(7)),
    ("month", Duration::Months(1)),
    ("year", Duration::Months(12)),
];

/// The longest duration, in years: beyond it no day is left on the calendar.
const MOST_YEARS: u32 = 100;

impl Duration {
    /// The day this much after `day`; the last of its month where the month is too short.
    pub fn after(self, day: Day) -> Day {
        let date = day.date();
        Day::from_date(match self {
            Duration::Days(days) => date + Days::new(u64::from(days)),
            Duration::Months(months) => date + Months::new(months),
        })
    }

    /// Whole days from `day` on.
    pub fn days_from(self, day: Day) -> u32 {
        u32::try_from(self.after(day).0 - day.0).expect("a duration is not negative")
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Duration::Days(days) if days % 7 == 0 => (days / 7, "week"),
            Duration::Days(days) => (days, "day"),
            Duration::Months(months) if months % 12 == 0 => (months / 12, "year"),
            Duration::Months(months) => (months, "month"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "'{text}' is no duration; expected a count of days, weeks, months or years, such as '12 months'"
            )
        };
        let (count, unit) = text.trim().split_once(' ').ok_or_else(expected)?;
        let count: u32 = count.parse().map_err(|_| expected())?;
        let unit = unit.trim();
        let known = UNITS.iter().find(|(name, _)| unit == *name || unit.strip_suffix('s') == Some(name));
        let (_, one) = known.ok_or_else(expected)?;
        let long = || format!("'{text}' is longer than {MOST_YEARS} years");
        let times =
            |one: u32, most: u32| count.checked_mul(one).filter(|length| *length <= most).ok_or_else(long);
        match (count, one) {
            (0, _) => Err(format!("'{text}' is no time at all; expected at least 1 day")),
            (_, Duration::Days(days)) => times(*days, MOST_YEARS * 366).map(Duration::Days),
            (_, Duration::Months(months)) => times(*months, MOST_YEARS * 12).map(Duration::Months),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar() {
        let day = Day::from_ymd(2024, 1, 31).unwrap();
        let month: Duration = "1 month".parse().unwrap();
        assert_eq!(month.after(day), Day::from_ymd(2024, 2, 29).unwrap());
        assert_eq!("1 year".parse::<Duration>().unwrap().days_from(day), 366);
        assert_eq!("39 weeks".parse::<Duration>().unwrap(), Duration::Days(273));
        assert_eq!("12 months".parse::<Duration>().unwrap().to_string(), "1 year");
        assert_eq!(Duration::Days(90).to_string(), "90 days");
    }

    #[test]
    fn what_is_no_duration_is_told() {
        for text in
            ["", "month", "x months", "1.5 years", "3 moons", "0 days", "101 years", "4000000000 weeks"]
        {
            assert!(text.parse::<Duration>().unwrap_err().contains(text), "{text}");
        }
    }
}
