//! Local wall time to UTC, for instants that are published.

use chrono::{DateTime, MappedLocalTime, Offset, TimeZone};

/// Microseconds UTC of local wall time. A time that occurs twice, when clocks go back, is the earlier one; one that does
/// not occur, when they go forward, is read with the offset before the change.
pub(crate) fn to_utc(zone: chrono_tz::Tz, wall_micros: i64) -> i64 {
    let Some(wall) = DateTime::from_timestamp_micros(wall_micros).map(|instant| instant.naive_utc()) else {
        return wall_micros;
    };
    let seconds = match zone.offset_from_local_datetime(&wall) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => {
            offset.fix().local_minus_utc()
        }
        MappedLocalTime::None => {
            let day_before = wall - chrono::TimeDelta::days(1);
            zone.offset_from_utc_datetime(&day_before).fix().local_minus_utc()
        }
    };
    wall_micros - i64::from(seconds) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_of_berlin_is_one_or_two_hours_ahead() {
        let micros = |text: &str| {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
                .unwrap()
                .and_utc()
                .timestamp_micros()
        };
        for (wall, utc) in [
            ("2024-01-15 00:30", "2024-01-14 23:30"),
            ("2024-07-01 00:30", "2024-06-30 22:30"),
            ("2024-10-27 02:30", "2024-10-27 00:30"),
            ("2024-03-31 02:30", "2024-03-31 01:30"),
        ] {
            assert_eq!(to_utc(chrono_tz::Europe::Berlin, micros(wall)), micros(utc), "{wall}");
        }
    }
}
