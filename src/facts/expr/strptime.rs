//! Text of a given format as time, by DuckDB's rules: numbers may have fewer digits than their place, spaces around the
//! text do not count, and what the format leaves out is that of 1900-01-01 00:00.

use super::Fault;
use super::calendar::{day_of_year, placed, wall};
use super::number::{Faults, row_number};
use super::outcome::without;
use super::parse::{number, offset};
use super::text::Texts;
use super::vector::Vector;
use crate::pipeline::sql::{TimeFormat, TimeItem};
use crate::units::Day;
use arrow::error::ArrowError;
use chrono_tz::Tz;
use std::sync::Arc;

/// Times of texts, once per distinct text of a dictionary.
pub(super) fn strptime(
    texts: &Texts,
    format: &TimeFormat,
    rows: usize,
    or_null: bool,
    zone: Tz,
) -> Result<(Vector<i64>, Faults), ArrowError> {
    let (times, failed) = texts.parse(rows, |text| read(text, format, zone));
    let fault = |row: &usize| {
        let text: Arc<str> = texts.at(*row).unwrap_or_default().into();
        (row_number(*row), Fault::Cast(text, "time of the given format".into()))
    };
    let faults: Faults = failed.iter().map(fault).collect();
    if or_null {
        let nulls = without(times.nulls, &faults, rows);
        return Ok((Vector { nulls, ..times }, Faults::new()));
    }
    Ok((times, faults))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// What a text says.
struct Parts {
    year: u32,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    hour: u32,
    half: Option<u32>,
    minute: u32,
    second: u32,
    micros: i64,
    offset: Option<i64>,
}

fn read(text: &str, format: &TimeFormat, zone: Tz) -> Option<i64> {
    let mut parts = Parts {
        year: 1900,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        half: None,
        minute: 0,
        second: 0,
        micros: 0,
        offset: None,
    };
    let mut rest = text.trim_start();
    for item in &format.items {
        rest = parts.take(*item, rest)?;
    }
    if !rest.trim_start().is_empty() {
        return None;
    }
    let wall = parts.wall()?;
    match parts.offset {
        Some(micros) => wall.checked_sub(micros),
        None => Some(placed(wall, format.is_instant().then_some(zone))),
    }
}

impl Parts {
    /// Reads one part; gives what follows it.
    fn take<'t>(&mut self, item: TimeItem, text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        let mut digits = |most: usize, range: std::ops::RangeInclusive<u32>| {
            let (found, after) = number(text, 1, most)?;
            rest = after;
            Some(found).filter(|found| range.contains(found))
        };
        match item {
            TimeItem::Character(expected) => return text.strip_prefix(expected),
            TimeItem::Spaces => return Some(text.trim_start()),
            TimeItem::Year => self.year = digits(4, 0..=9_999)?,
            TimeItem::ShortYear => {
                let year = digits(2, 0..=99)?;
                self.year = if year < 69 { 2_000 + year } else { 1_900 + year };
            }
            TimeItem::Month => self.month = digits(2, 1..=12)?,
            TimeItem::Day => self.day = digits(2, 1..=31)?,
            TimeItem::DayOfYear => self.day_of_year = Some(digits(3, 1..=366)?),
            TimeItem::Hour => self.hour = digits(2, 0..=23)?,
            TimeItem::HourOfHalf => self.hour = digits(2, 1..=12)?,
            TimeItem::Minute => self.minute = digits(2, 0..=59)?,
            TimeItem::Second => self.second = digits(2, 0..=59)?,
            TimeItem::Fraction => {
                let (micros, after) = super::parse::fraction(text);
                let count = text.len() - after.len();
                (self.micros, rest) = (micros, after);
                return (1..=9).contains(&count).then_some(rest);
            }
            TimeItem::MonthName | TimeItem::ShortMonthName => {
                let (month, after) = named(text, &MONTHS, item == TimeItem::ShortMonthName)?;
                (self.month, rest) = (month + 1, after);
            }
            TimeItem::WeekdayName | TimeItem::ShortWeekdayName => {
                rest = named(text, &WEEKDAYS, item == TimeItem::ShortWeekdayName)?.1;
            }
            TimeItem::Half => {
                let (half, after) = named(text, &["am", "pm"], false)?;
                (self.half, rest) = (Some(half), after);
            }
            TimeItem::Offset => {
                let (micros, after) = offset(text)?;
                (self.offset, rest) = (Some(micros), after);
            }
        }
        Some(rest)
    }

    fn wall(&self) -> Option<i64> {
        let year = i32::try_from(self.year).ok()?;
        let day = match self.day_of_year {
            Some(number) => day_of_year(year, number)?,
            None => Day::from_ymd(year, self.month, self.day)?,
        };
        let hour = match self.half {
            Some(half) => self.hour % 12 + 12 * half,
            None => self.hour,
        };
        let seconds = i64::from(hour * 3_600 + self.minute * 60 + self.second);
        wall(day, seconds * 1_000_000 + self.micros)
    }
}

/// Which of the names, or of their first three letters, the text begins with, and what follows it.
fn named<'t>(text: &'t str, names: &[&str], is_short: bool) -> Option<(u32, &'t str)> {
    (0..).zip(names).find_map(|(index, name)| {
        let name = if is_short { &name[..3] } else { name };
        let found = text.get(..name.len())?;
        found.eq_ignore_ascii_case(name).then(|| (index, &text[name.len()..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_read_as_in_duckdb() {
        for (text, format, expected) in [
            ("31.01.2024", "%d.%m.%Y", Some("2024-01-31 00:00:00")),
            ("1.1.2024", "%d.%m.%Y", Some("2024-01-01 00:00:00")),
            (" 31.01.2024 ", "%d.%m.%Y", Some("2024-01-31 00:00:00")),
            ("31/01/24 10:05", "%d/%m/%y %H:%M", Some("2024-01-31 10:05:00")),
            ("Jan 5, 2024", "%b %d, %Y", Some("2024-01-05 00:00:00")),
            ("january 5 2024", "%B %d %Y", Some("2024-01-05 00:00:00")),
            ("01/02/2024 3:04:05 PM", "%m/%d/%Y %I:%M:%S %p", Some("2024-01-02 15:04:05")),
            ("12 am", "%I %p", Some("1900-01-01 00:00:00")),
            ("12 PM", "%I %p", Some("1900-01-01 12:00:00")),
            ("20240131", "%Y%m%d", Some("2024-01-31 00:00:00")),
            ("2024-366", "%Y-%j", Some("2024-12-31 00:00:00")),
            ("69", "%y", Some("1969-01-01 00:00:00")),
            ("68", "%y", Some("2068-01-01 00:00:00")),
            ("Mon 2024-01-31", "%a %Y-%m-%d", Some("2024-01-31 00:00:00")),
            ("10:00:00.5", "%H:%M:%S.%f", Some("1900-01-01 10:00:00.5")),
            ("31.1.24", "%-d.%-m.%y", Some("2024-01-31 00:00:00")),
            ("2024-01-31 10:00 +02:00", "%Y-%m-%d %H:%M %z", Some("2024-01-31 08:00:00")),
            ("2024-01-31x", "%Y-%m-%d", None),
            ("2024-02-30", "%Y-%m-%d", None),
            ("2024-13-01", "%Y-%m-%d", None),
            ("25:00", "%H:%M", None),
            ("2024-01-31", "%Y-%m-%d %H", None),
            ("x", "%d", None),
        ] {
            let format = TimeFormat::read(format).unwrap();
            let expected = expected.map(|text| super::super::parse::wall_time(text).unwrap());
            assert_eq!(read(text, &format, Tz::UTC), expected, "{text}");
        }
        assert!(TimeFormat::read("%Q").is_err());
    }
}
