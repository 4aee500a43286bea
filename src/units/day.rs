//! A civil day.

use chrono::{Datelike, NaiveDate};
use std::fmt;
use std::str::FromStr;

/// Microseconds of one day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The earliest day a transaction may carry; anything before is quarantined as out of range.
    pub const MIN: Day = Day(-25_567); // 1900-01-01
    /// The first day past the plausible range (exclusive).
    pub const END: Day = Day(84_006); // 2200-01-01

    /// The day with this year, month and day of month, if there is one.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self::from_date)
    }

    /// The same day as a chrono date.
    pub fn date(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).expect("a day within chrono's range of ± 262,000 years")
    }

    /// The day of a chrono date.
    pub fn from_date(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }

    /// The day as `strftime` writes it; `None` if the format has a letter that no day answers.
    pub fn formatted(self, format: &str) -> Option<String> {
        use fmt::Write;
        let mut text = String::new();
        write!(text, "{}", self.date().format(format)).is_ok().then_some(text)
    }

    /// Reads a day that `strftime` wrote, or the first day of a month or year where the format says no more.
    pub fn parse_formatted(text: &str, format: &str) -> Option<Self> {
        let parse = |(rest, more): (&str, &str)| {
            NaiveDate::parse_from_str(&format!("{text}{rest}"), &format!("{format}{more}")).ok()
        };
        [("", ""), (" 01", " %d"), (" 01 01", " %m %d")].into_iter().find_map(parse).map(Self::from_date)
    }

    /// Microseconds from 1970-01-01 to this day's midnight.
    pub fn micros(self) -> i64 {
        i64::from(self.0) * MICROS_PER_DAY
    }

    /// Year, month (1–12), day of month (1–31).
    pub fn ymd(self) -> (i32, u32, u32) {
        let date = self.date();
        (date.year(), date.month(), date.day())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Self::from_date)
            .map_err(|_| format!("'{text}' is not a date; expected YYYY-MM-DD"))
    }
}
