//! Parts and beginnings of dates and times, and times from numbers.

use super::Fault;
use super::node::{Epoch, Kind};
use super::number::{Faults, Numbers, row_number};
use super::rounding::{Mode, rounded};
use super::time::{day_of, local, midnight, offset_micros, to_utc};
use super::value::Value;
use super::vector::{Values, Vector};
use crate::pipeline::sql::DatePart;
use crate::units::{Day, MICROS_PER_DAY};
use arrow::buffer::NullBuffer;
use chrono::Datelike;
use chrono_tz::Tz;
use std::cell::Cell;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;

/// A part of a date or of a timestamp's local time. The epoch is in microseconds, of the instant itself.
pub(super) fn date_part(part: DatePart, value: Value, kind: Kind, zone: Tz) -> Numbers {
    let times = match value {
        Value::Date(dates) => dates.map(|day| i64::from(day).saturating_mul(MICROS_PER_DAY)),
        Value::Instant(times) if part == DatePart::Epoch => times,
        Value::Instant(times) => local(&times, (kind == Kind::Instant { zoned: true }).then_some(zone)),
        other => unreachable!("bound as a date or timestamp: {other:?}"),
    };
    let values = match part {
        DatePart::Epoch => times.values,
        DatePart::Hour => times.values.map(|micros| micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR),
        DatePart::Minute => times.values.map(|micros| micros.rem_euclid(MICROS_PER_HOUR) / MICROS_PER_MINUTE),
        DatePart::Second => {
            times.values.map(|micros| micros.rem_euclid(MICROS_PER_MINUTE) / MICROS_PER_SECOND)
        }
        part => {
            // Neighbours mostly are of one day.
            let last = Cell::new((i32::MIN, 0));
            times.values.map(|micros| {
                let day = day_of(micros);
                let (known, found) = last.get();
                if known == day {
                    return found;
                }
                let found = part_of_day(part, day);
                last.set((day, found));
                found
            })
        }
    };
    Numbers::narrow(values, times.nulls)
}

fn part_of_day(part: DatePart, day: i32) -> i64 {
    let (year, month, day_of_month) = civil(i64::from(day));
    // 1970-01-01 was a Thursday.
    let weekday = (i64::from(day) + 4).rem_euclid(7);
    match part {
        DatePart::Year => year,
        DatePart::Quarter => (month + 2) / 3,
        DatePart::Month => month,
        DatePart::Day => day_of_month,
        DatePart::DayOfWeek => weekday,
        DatePart::IsoDayOfWeek => {
            if weekday == 0 {
                7
            } else {
                weekday
            }
        }
        DatePart::DayOfYear => i64::from(day) - first_of(year, 1) + 1,
        // The ISO year of a week is that of its Thursday.
        DatePart::IsoYear => civil(thursday(day)).0,
        DatePart::Week => (thursday(day) - first_of(civil(thursday(day)).0, 1)) / 7 + 1,
        DatePart::Hour | DatePart::Minute | DatePart::Second | DatePart::Epoch => {
            unreachable!("taken from the time of day")
        }
    }
}

/// The Thursday of a day's ISO week.
fn thursday(day: i32) -> i64 {
    monday(i64::from(day)) + 3
}

/// The Monday on or before a day.
fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The first day of a month.
fn first_of(year: i64, month: i64) -> i64 {
    days_from_civil(year, month, 1)
}

/// The beginning of the unit a date or timestamp lies in: local time of instants, as midnight of a day.
pub(super) fn date_trunc(unit: DatePart, value: Value, kind: Kind, zone: Tz) -> Vector<i64> {
    let zone = (kind == Kind::Instant { zoned: true }).then_some(zone);
    let times = match value {
        Value::Date(dates) => dates.map(|day| i64::from(day).saturating_mul(MICROS_PER_DAY)),
        Value::Instant(times) => times,
        other => unreachable!("bound as a date or timestamp: {other:?}"),
    };
    let within = match unit {
        DatePart::Hour => MICROS_PER_HOUR,
        DatePart::Minute => MICROS_PER_MINUTE,
        DatePart::Second => MICROS_PER_SECOND,
        _ => {
            let walls = local(&times, zone);
            return walls.map(|micros| {
                let first = beginning(unit, day_of(micros));
                midnight(i32::try_from(first).unwrap_or(i32::MAX), zone)
            });
        }
    };
    // Taken off the instant itself: an hour that occurs twice begins twice.
    times.map(|micros| {
        let offset = zone.map_or(0, |zone| offset_micros(micros, zone));
        micros - (micros + offset).rem_euclid(within)
    })
}

/// The first day of the year, quarter, month or week a day lies in.
fn beginning(unit: DatePart, day: i32) -> i64 {
    let (year, month, _) = civil(i64::from(day));
    match unit {
        DatePart::Year => first_of(year, 1),
        DatePart::Quarter => first_of(year, (month - 1) / 3 * 3 + 1),
        DatePart::Month => first_of(year, month),
        DatePart::Week => monday(i64::from(day)),
        DatePart::IsoYear => monday(first_of(civil(thursday(day)).0, 1) + 3),
        _ => i64::from(day),
    }
}

/// Times from numbers of a unit since 1970-01-01; halves of a microsecond go away from zero, floats' to even ones.
pub(super) fn from_epoch(value: Value, epoch: Epoch, rows: usize) -> (Vector<i64>, Faults) {
    let numbers = match (value, epoch.format) {
        (Value::Null, _) => return (Vector::null(rows), Faults::new()),
        (Value::Float(floats), _) => {
            let factor = epoch.micros_per_unit as f64;
            let fits = |x: f64| (x * factor).abs() < 9.2e18;
            let odd = (0..rows).filter_map(|row| floats.at(row).filter(|x| !fits(*x)).map(|_| row));
            let faults = odd.map(|row| (row_number(row), Fault::OutOfRange)).collect();
            #[allow(clippy::cast_possible_truncation, reason = "what does not fit is a fault")]
            let times = floats.map(|x| if fits(x) { (x * factor).round() as i64 } else { 0 });
            return (times, faults);
        }
        (number, format) => {
            let down = format.map_or(1, super::node::Format::denominator);
            rounded(number, i128::from(epoch.micros_per_unit), down, Mode::HalfAway, rows)
        }
    };
    let (numbers, mut faults) = numbers;
    let fit = |row: usize| numbers.at(row).is_none_or(|micros| i64::try_from(micros).is_ok());
    let large: Vec<usize> = (0..rows).filter(|row| !fit(*row)).collect();
    faults.extend(large.into_iter().map(|row| (row_number(row), Fault::OutOfRange)));
    let values = numbers.widened().map(|micros| i64::try_from(micros).unwrap_or(0));
    (Vector { values, nulls: numbers.nulls }, faults)
}

/// Dates of years, months and days of month.
pub(super) fn make_date(
    year: &Numbers,
    month: &Numbers,
    day: &Numbers,
    rows: usize,
) -> (Vector<i32>, Faults) {
    let (mut days, mut faults) = (vec![0; rows], Faults::new());
    let mut valid = vec![true; rows];
    for row in 0..rows {
        let (Some(year), Some(month), Some(day)) = (year.at(row), month.at(row), day.at(row)) else {
            valid[row] = false;
            continue;
        };
        match date(year, month, day) {
            Some(date) => days[row] = date.0,
            None => {
                let parts = format!("{year}-{month}-{day}").into();
                faults.push((row_number(row), Fault::Cast(parts, "date".into())));
            }
        }
    }
    let nulls = super::vector::some_nulls(NullBuffer::from(valid));
    (Vector { values: Values::Each(days.into()), nulls }, faults)
}

fn date(year: i128, month: i128, day: i128) -> Option<Day> {
    Day::from_ymd(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
}

/// Year, month and day of month: `civil_from_days` of H. Hinnant, "chrono-compatible low-level date algorithms".
///
/// Exact for every day an `i32` holds. Years begin in March inside, so that the leap day is the last.
pub(super) fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_month)
}

/// The inverse: `days_from_civil` of the same.
fn days_from_civil(year: i64, month: i64, day_of_month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day_of_month - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The instant of a wall time in a zone, or the wall time itself.
pub(super) fn placed(wall: i64, zone: Option<Tz>) -> i64 {
    zone.map_or(wall, |zone| to_utc(wall, zone))
}

/// Wall time of a day and a time of day.
pub(super) fn wall(day: Day, micros: i64) -> Option<i64> {
    i64::from(day.0).checked_mul(MICROS_PER_DAY)?.checked_add(micros)
}

/// The day of a year by its number, from 1.
pub(super) fn day_of_year(year: i32, number: u32) -> Option<Day> {
    let day = chrono::NaiveDate::from_yo_opt(year, number)?;
    (day.year() == year).then(|| Day::from_date(day))
}
