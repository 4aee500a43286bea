//! Values from text, as DuckDB's casts read them: pure functions.
//!
//! Stricter than DuckDB in two places where it would guess: text after a time is only taken for a zone that exists, and
//! `infinity`, `epoch` and years before 1 are no dates.

use super::calendar::wall;
use crate::units::{Day, MICROS_PER_DAY};
use chrono_tz::Tz;

/// Spaces that surround numbers and dates.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

/// A decimal number, or a whole one with scale 0, rounded half away from zero: `12.345`, `1e3`, `1_000`, ` +5 `.
pub fn decimal(text: &str, scale: u8) -> Option<i128> {
    let text = text.trim_matches(is_space);
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || !(are_digits(whole) && are_digits(fraction)) {
        return None;
    }
    let count = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    // Digits from this place on, counted from the first, are past the scale.
    let kept = i64::try_from(count(whole)).ok()? + i64::from(exponent) + i64::from(scale);
    let mut mantissa: i128 = 0;
    let mut place: i64 = 0;
    let mut half = false;
    for digit in whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit) {
        if place < kept {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        } else if place == kept {
            half = digit >= b'5';
        }
        place += 1;
    }
    if mantissa != 0 {
        let missing = u32::try_from((kept - place).max(0)).ok()?;
        mantissa = mantissa.checked_mul(10_i128.checked_pow(missing)?)?;
    }
    mantissa = mantissa.checked_add(i128::from(half))?;
    Some(if negative { -mantissa } else { mantissa })
}

/// Digits with single underscores between them, or nothing.
fn are_digits(text: &str) -> bool {
    let is_digit_at = |index: Option<usize>| {
        index.and_then(|index| text.as_bytes().get(index)).is_some_and(u8::is_ascii_digit)
    };
    text.bytes().enumerate().all(|(index, byte)| {
        byte.is_ascii_digit()
            || byte == b'_' && is_digit_at(index.checked_sub(1)) && is_digit_at(Some(index + 1))
    })
}

/// A float: as decimals are written, and `inf`, `infinity` and `nan`.
pub fn float(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_space);
    let digits = text.split(['e', 'E']).next()?.trim_start_matches(['+', '-']);
    if text.contains('_') {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        return (are_digits(whole) && are_digits(fraction)).then(|| text.replace('_', "").parse().ok())?;
    }
    text.parse().ok()
}

/// `true`, `t`, `yes`, `y` and `1`, or `false`, `f`, `no`, `n` and `0`, whatever the capitals.
pub fn truth(text: &str) -> Option<bool> {
    let is_any = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_any(["true", "t", "yes", "y", "1"]) {
        return Some(true);
    }
    is_any(["false", "f", "no", "n", "0"]).then_some(false)
}

/// A date: `2024-01-31`, `2024/1/31`, also with a time of day, which is left out.
pub fn day(text: &str) -> Option<Day> {
    let (day, rest) = civil_day(text.trim_start_matches(is_space))?;
    let rest_is_blank = rest.trim_start_matches(is_space).is_empty();
    (rest_is_blank || time_of_day(rest).is_some()).then_some(day)
}

/// A wall time: `2024-01-31 10:00`, `2024-01-31T10:00:00.5`, or a date alone, which is its midnight.
///
/// The offset or zone that text may end with is left out, as in DuckDB: it is an instant that is wanted then.
pub fn wall_time(text: &str) -> Option<i64> {
    time(text).map(|(wall, _)| wall)
}

/// An instant, in microseconds since 1970-01-01 UTC: a wall time with an offset or the name of a zone, else in `zone`.
pub fn instant(text: &str, zone: Tz) -> Option<i64> {
    let (wall, at) = time(text)?;
    match at {
        At::Nowhere => Some(super::time::to_utc(wall, zone)),
        At::Offset(micros) => wall.checked_sub(micros),
        At::Zone(zone) => Some(super::time::to_utc(wall, zone)),
    }
}

/// Where a wall time is meant.
enum At {
    Nowhere,
    /// Microseconds that are added to UTC.
    Offset(i64),
    Zone(Tz),
}

fn time(text: &str) -> Option<(i64, At)> {
    let (day, rest) = civil_day(text.trim_start_matches(is_space))?;
    if rest.is_empty() {
        return Some((wall(day, 0)?, At::Nowhere));
    }
    let (micros, at) = time_of_day(rest)?;
    Some((wall(day, micros)?, at))
}

/// Year, month and day with one separator, and what follows them.
fn civil_day(text: &str) -> Option<(Day, &str)> {
    let (year, rest) = number(text, 1, 6)?;
    let separator = rest.chars().next().filter(|found| matches!(found, '-' | '/' | '\\' | ' '))?;
    let (month, rest) = number(&rest[1..], 1, 2)?;
    let (day, rest) = number(rest.strip_prefix(separator)?, 1, 2)?;
    let day = Day::from_ymd(i32::try_from(year).ok().filter(|year| *year > 0)?, month, day)?;
    let ends = !rest.starts_with(|next: char| !is_space(next) && next != 'T');
    ends.then_some((day, rest))
}

/// Digits at the beginning, at least and at most so many, as a number, and what follows them.
pub(super) fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count().min(most);
    (digits >= least).then(|| Some((text[..digits].parse().ok()?, &text[digits..])))?
}

/// `T10:00`, ` 10:00:00.5`, with an offset or a zone.
fn time_of_day(text: &str) -> Option<(i64, At)> {
    let text = match text.strip_prefix('T') {
        Some(text) => text,
        None => text.trim_start_matches(is_space),
    };
    let (hour, rest) = number(text, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => number(rest, 1, 2)?,
        None => (0, rest),
    };
    let (micros, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest),
        None => (0, rest),
    };
    let is_end_of_day = hour == 24 && minute == 0 && second == 0 && micros == 0;
    if !(hour < 24 || is_end_of_day) || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    Some((seconds * 1_000_000 + micros, place(rest)?))
}

/// Digits after the point of a second, as microseconds; further ones are cut off.
pub(super) fn fraction(text: &str) -> (i64, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let padded = text[..digits].bytes().chain(std::iter::repeat(b'0')).take(6);
    (padded.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0')), &text[digits..])
}

/// `Z`, `+02`, `+02:00`, `-0230`, ` Europe/Berlin`, or nothing.
fn place(text: &str) -> Option<At> {
    if text == "Z" {
        return Some(At::Offset(0));
    }
    if text.starts_with(['+', '-']) {
        let (micros, rest) = offset(text)?;
        return rest.trim_matches(is_space).is_empty().then_some(At::Offset(micros));
    }
    let name = text.trim_matches(is_space);
    if name.is_empty() {
        return Some(At::Nowhere);
    }
    let is_apart = text.starts_with(is_space);
    name.parse().ok().filter(|_| is_apart).map(At::Zone)
}

/// `+02`, `-02:30`, `+0230` or `+02:30:15` at the beginning, in microseconds, and what follows it.
pub(super) fn offset(text: &str) -> Option<(i64, &str)> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, mut rest) = number(text.strip_prefix(['+', '-'])?, 1, 2)?;
    let mut seconds = i64::from(hours) * 3_600;
    for unit in [60, 1] {
        let Some((part, after)) = number(rest.strip_prefix(':').unwrap_or(rest), 2, 2) else { break };
        seconds += i64::from(part) * unit;
        rest = after;
    }
    let micros = sign * seconds * 1_000_000;
    (micros.abs() < MICROS_PER_DAY).then_some((micros, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_rounded_as_duckdb_does() {
        for (text, scale, expected) in [
            ("12.345", 2, Some(1_235)),
            ("-12.345", 2, Some(-1_235)),
            ("12.344999", 2, Some(1_234)),
            (" 12.3 ", 2, Some(1_230)),
            ("\t12\r\n", 1, Some(120)),
            ("1e2", 2, Some(10_000)),
            ("1.5e-1", 2, Some(15)),
            ("12344999e-6", 2, Some(1_234)),
            ("1.449e1", 0, Some(14)),
            ("1.45e1", 0, Some(15)),
            ("0.5", 0, Some(1)),
            ("-0.4", 0, Some(0)),
            ("1.", 0, Some(1)),
            (".5", 1, Some(5)),
            ("1_000.5", 2, Some(100_050)),
            ("+5", 0, Some(5)),
            ("0e99", 2, Some(0)),
            ("0.00000000000000000000000000000000000000000000001", 2, Some(0)),
            ("1e-300", 2, Some(0)),
            ("1e40", 0, None),
            ("", 0, None),
            (".", 0, None),
            ("-", 0, None),
            ("1e", 0, None),
            ("1__0", 0, None),
            ("_10", 0, None),
            ("10_", 0, None),
            ("1,5", 2, None),
            ("12abc", 0, None),
            ("1 2", 0, None),
            ("１２", 0, None),
            ("nan", 0, None),
        ] {
            assert_eq!(decimal(text, scale), expected, "{text}");
        }
    }

    #[test]
    fn days_are_read_whole_or_not_at_all() {
        let day = |text: &str| super::day(text).map(|day| day.to_string());
        for text in [
            "2024-01-31",
            "2024-1-31",
            " 2024-01-31 ",
            "2024/01/31",
            "2024 01 31",
            "02024-01-31",
            "2024-01-31 10:00:00",
            "2024-01-31T10:00:00Z",
            "2024-01-31T23:00:00-02:00",
            "2024-01-31 10:00:00 Europe/Berlin",
        ] {
            assert_eq!(day(text).as_deref(), Some("2024-01-31"), "{text}");
        }
        for text in [
            "20240131",
            "2024-02-30",
            "2024-01/31",
            "2024-001-31",
            "31.01.2024",
            "2024-01-31abc",
            "2024-01-31 abc",
            "2024-01-31 10:00:00 xyz",
            "2024-01-31T10",
            "2024-01-31 99:99:99",
            "infinity",
            "0000-01-31",
            "",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_wall_times_or_instants() {
        const HOUR: i64 = 3_600_000_000;
        let midnight = "2024-01-31".parse::<Day>().unwrap().micros();
        for (text, wall, instant) in [
            ("2024-01-31", 0, -HOUR),
            ("2024-01-31 10:00", 10 * HOUR, 9 * HOUR),
            ("2024-01-31T10:00:00", 10 * HOUR, 9 * HOUR),
            ("2024-01-31  1:2:3", HOUR + 123_000_000, 123_000_000),
            ("2024-01-31 24:00:00", 24 * HOUR, 23 * HOUR),
            ("2024-01-31 10:00:00.1234569", 10 * HOUR + 123_456, 9 * HOUR + 123_456),
            ("2024-01-31T10:00:00Z", 10 * HOUR, 10 * HOUR),
            ("2024-01-31T10:00:00+02:00", 10 * HOUR, 8 * HOUR),
            ("2024-01-31T10:00:00-0230", 10 * HOUR, 12 * HOUR + HOUR / 2),
            ("2024-01-31 10:00:00+02", 10 * HOUR, 8 * HOUR),
            ("2024-01-31 10:00:00 UTC", 10 * HOUR, 10 * HOUR),
            ("2024-01-31 10:00:00 America/New_York", 10 * HOUR, 15 * HOUR),
        ] {
            assert_eq!(wall_time(text), Some(midnight + wall), "{text}");
            assert_eq!(super::instant(text, Tz::Europe__Berlin), Some(midnight + instant), "{text}");
        }
        for text in [
            "2024-01-31 10",
            "2024-01-31T",
            "2024-01-31 ",
            "2024-01-31 25:00",
            "2024-01-31 10:60",
            "2024-01-31 10:00 x",
        ] {
            assert_eq!(wall_time(text), None, "{text}");
        }
    }

    #[test]
    fn conditions_and_floats_are_read_as_duckdb_does() {
        for (text, expected) in
            [("TRUE", Some(true)), ("n", Some(false)), ("1", Some(true)), ("on", None), (" t", None)]
        {
            assert_eq!(truth(text), expected, "{text}");
        }
        for (text, expected) in [
            (" 1.5 ", Some(1.5)),
            ("1_000.5", Some(1000.5)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("5.", Some(5.0)),
            ("", None),
            ("1__0", None),
        ] {
            assert_eq!(float(text), expected, "{text}");
        }
    }
}
