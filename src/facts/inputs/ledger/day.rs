//! Reads dates in text: ISO 8601 as a whole, or a declared format. One rule for text files and Parquet.

use crate::units::{Day, MICROS_PER_DAY};
use chrono::{DateTime, NaiveTime, Timelike};
use chrono_tz::Tz;

/// Reads `2024-01-31`, `2024-01`, `2024-01-31 10:00:00` and `2024-01-31T10:00Z`, or what `format` says.
///
/// A time without offset is local; one with an offset is an instant, whose day is that of `zone`.
pub(super) fn parse_day(text: &str, format: Option<&str>, zone: Tz) -> Result<Day, String> {
    let text = text.trim();
    let day = match format {
        Some(format) => Day::parse_formatted(text, format),
        None => iso_day(text, zone),
    };
    let day = day.ok_or_else(|| not_a_date(text, format))?;
    if (Day::MIN..Day::END).contains(&day) {
        Ok(day)
    } else {
        Err(format!("date '{text}' is out of range, expected 1900 to 2199"))
    }
}

fn not_a_date(text: &str, format: Option<&str>) -> String {
    if let Some(format) = format {
        return format!("'{text}' is not a date as date_format = \"{format}\" writes it");
    }
    let likely: Vec<String> =
        likely_formats(text).iter().map(|format| format!("date_format = \"{format}\"")).collect();
    let way_out = match &likely[..] {
        [] => "declare how it is written with date_format".to_owned(),
        [only] => format!("write {only}"),
        several => format!("write {}, whichever is meant", several.join(" or ")),
    };
    format!("'{text}' is not a date; expected YYYY-MM-DD or YYYY-MM; {way_out}")
}

/// Formats that read this text, by the place of the year's four digits; the likeliest first.
fn likely_formats(text: &str) -> Vec<String> {
    let mark = text.chars().find(|c| !c.is_ascii_digit());
    let parts: Vec<&str> = mark.map_or(vec![text], |mark| text.split(mark).collect());
    let is_year = |part: &&str| part.len() == 4;
    let first_is_year = parts.first().is_some_and(is_year);
    let last_is_year = parts.last().is_some_and(is_year);
    // A year of two digits is read by none of them: 1924 and 2024 would be one.
    let orders: &[&[&str]] = match (parts.len(), first_is_year, last_is_year) {
        (1, ..) if text.len() == 8 => &[&["%Y%m%d"]],
        (1, ..) if text.len() == 6 => &[&["%Y%m"]],
        (1, true, _) => &[&["%Y"]],
        (2, true, false) => &[&["%Y", "%m"]],
        (2, false, true) => &[&["%m", "%Y"]],
        (3, true, false) => &[&["%Y", "%m", "%d"]],
        (3, false, true) => &[&["%d", "%m", "%Y"], &["%m", "%d", "%Y"]],
        _ => &[],
    };
    let mark = mark.map(String::from).unwrap_or_default();
    let formats = orders.iter().map(|order| order.join(&mark));
    formats.filter(|format| Day::parse_formatted(text, format).is_some()).collect()
}

fn iso_day(text: &str, zone: Tz) -> Option<Day> {
    if text.len() == 7 {
        return civil(&format!("{text}-01"));
    }
    let (date, rest) = text.split_at_checked(10)?;
    let day = civil(date)?;
    if rest.is_empty() {
        return Some(day);
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = time.find(['+', '-', 'Z', 'z']).map_or((time, ""), |at| time.split_at(at));
    let clock = clock.trim_end();
    let clock = NaiveTime::parse_from_str(clock, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(clock, "%H:%M"))
        .ok()?;
    if offset.is_empty() {
        return Some(day);
    }
    let seconds = i64::from(clock.num_seconds_from_midnight()) - offset_seconds(offset)?;
    local_day(day.micros().checked_add(seconds * 1_000_000)?, zone)
}

/// `YYYY-MM-DD` and nothing else.
fn civil(text: &str) -> Option<Day> {
    let is_shaped = text
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    text.parse().ok().filter(|_| is_shaped)
}

/// `Z`, `+01`, `+0100` or `+01:00`.
fn offset_seconds(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let digits = digits.replacen(':', "", 1);
    let (hours, minutes) = digits.split_at_checked(2)?;
    let is_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(hours) || !(minutes.is_empty() || is_digits(minutes)) {
        return None;
    }
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let seconds = hours.parse::<i64>().ok()? * 3_600 + minutes * 60;
    match sign {
        "+" => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

/// The day of an instant where the pipeline is.
fn local_day(micros: i64, zone: Tz) -> Option<Day> {
    debug_assert!(micros.abs() / MICROS_PER_DAY < 10_000_000);
    let instant = DateTime::from_timestamp_micros(micros)?;
    Some(Day(instant.with_timezone(&zone).date_naive().to_epoch_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, format: Option<&str>, expected: Option<&str>) {
        let found = parse_day(text, format, chrono_tz::Europe::Berlin);
        let expected: Option<Day> = expected.map(|day| day.parse().unwrap());
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "{text}: {found:?}");
    }

    #[test]
    fn whole_iso_dates_months_and_timestamps_are_read() {
        for (text, expected) in [
            ("2024-02-29", "2024-02-29"),
            (" 2024-02 ", "2024-02-01"),
            ("2024-02-29 23:59:59", "2024-02-29"),
            ("2024-02-29T23:59", "2024-02-29"),
            ("2024-02-29 23:59:59.999999999", "2024-02-29"),
            ("2024-01-31T22:59:59Z", "2024-01-31"),
            ("2024-01-31T23:00:00Z", "2024-02-01"),
            ("2024-01-31 23:00:00+00", "2024-02-01"),
            ("2024-01-31 23:00:00 +0000", "2024-02-01"),
            ("2024-02-01T00:30:00+02:00", "2024-01-31"),
            ("2024-01-31T18:00:00-05:00", "2024-02-01"),
        ] {
            check(text, None, Some(expected));
        }
    }

    #[test]
    fn nothing_after_a_date_is_cut_off_in_silence() {
        for text in [
            "",
            "2024-01-31garbage",
            "2024-01-31 garbage",
            "2024-01-31T",
            "2024-01-31 25:00",
            "2024-01-31T10:00X",
            "2024-01-31T10:00+1",
            "2024-01-31T10:00+01:0",
            "2024-13-01",
            "2024-02-30",
            "2024-1-31",
            "24-01-31",
            "2024-01-3\u{663}",
            "0024-01-01",
            "2300-01-01",
            "29.02.2024",
            "2024/01/31",
            "20240131",
        ] {
            check(text, None, None);
        }
    }

    #[test]
    fn a_declared_format_is_the_only_one() {
        check("31.01.2024", Some("%d.%m.%Y"), Some("2024-01-31"));
        check("01.2024", Some("%m.%Y"), Some("2024-01-01"));
        check("202402", Some("%Y%m"), Some("2024-02-01"));
        check("2024", Some("%Y"), Some("2024-01-01"));
        check("2024-01-31", Some("%d.%m.%Y"), None);
        check("31.01.2024 x", Some("%d.%m.%Y"), None);
        check("01.02.24", Some("%d.%m.%Y"), None);
    }

    #[test]
    fn the_way_out_names_the_format_that_is_likely_meant() {
        for (text, format) in [
            ("31.01.2024", "%d.%m.%Y"),
            ("1/31/2024", "%m/%d/%Y"),
            ("20240131", "%Y%m%d"),
            ("202401", "%Y%m"),
            ("2024/01", "%Y/%m"),
            ("01/2024", "%m/%Y"),
            ("2024/01/31", "%Y/%m/%d"),
            ("2024.01.31", "%Y.%m.%d"),
            ("2024.1", "%Y.%m"),
            ("31-01-2024", "%d-%m-%Y"),
            ("2024", "%Y"),
        ] {
            let fault = parse_day(text, None, Tz::UTC).unwrap_err();
            assert!(fault.contains(&format!("date_format = \"{format}\"")), "{fault}");
            assert!(parse_day(text, Some(format), Tz::UTC).is_ok(), "{text} as {format}");
        }
        let either = parse_day("01/02/2024", None, Tz::UTC).unwrap_err();
        assert!(
            either.contains("\"%d/%m/%Y\" or date_format = \"%m/%d/%Y\", whichever is meant"),
            "{either}"
        );
        for text in ["01/02/24", "31 January 2024", "January", "2024/13", "1/2/3/4"] {
            let fault = parse_day(text, None, Tz::UTC).unwrap_err();
            assert!(fault.ends_with("declare how it is written with date_format"), "{fault}");
        }
    }
}
