//! Days and date parts in time zones.

use super::*;
use crate::units::{Day, MICROS_PER_DAY};
use arrow::array::*;
use chrono::{DateTime, Timelike};

const HOUR: i64 = 3_600_000_000;

fn zoned(micros: Vec<Option<i64>>) -> RecordBatch {
    batch(vec![("at", Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")))])
}

#[test]
fn days_and_hours_are_the_zones() {
    // Every half hour around two changes of the clock, and a coarse walk over a century.
    let fine = |day: &str| {
        let midnight = day.parse::<Day>().unwrap().micros();
        (-48..48).map(move |step| midnight + step * HOUR / 2)
    };
    let coarse = (-20_000..50_000).map(|step| step * MICROS_PER_DAY + step * 7 * HOUR % MICROS_PER_DAY);
    let micros: Vec<i64> =
        fine("2024-03-31").chain(fine("2024-10-27")).chain(fine("1937-07-01")).chain(coarse).collect();
    let batch = zoned(micros.iter().copied().map(Some).collect());
    for zone in
        [Tz::UTC, Tz::Europe__Berlin, Tz::Europe__Amsterdam, Tz::America__St_Johns, Tz::Pacific__Auckland]
    {
        let instants = bound("at", &batch, zone).instants(&Rows::of(&batch)).unwrap();
        let hours = bound("hour(at)", &batch, zone).fixed(&Rows::of(&batch), 0).unwrap();
        assert_eq!(instants.micros.as_ref(), micros);
        for (row, &micros) in micros.iter().enumerate() {
            let local = DateTime::from_timestamp_micros(micros).unwrap().with_timezone(&zone);
            assert_eq!(instants.days[row], Day::from_date(local.date_naive()).0, "{local}");
            assert_eq!(hours.values[row], i64::from(local.hour()), "{local}");
        }
    }
}

#[test]
fn literals_are_wall_times_of_the_zone() {
    let midnight = "2024-07-01".parse::<Day>().unwrap().micros();
    // Berlin's midnight is 22:00 UTC the day before.
    let batch = zoned(vec![Some(midnight - 2 * HOUR - 1), Some(midnight - 2 * HOUR), None]);
    for (sql, expected) in [
        ("at >= date '2024-07-01'", [false, true, false]),
        ("at = timestamp '2024-07-01 00:00:00'", [false, true, false]),
        ("cast(at as date) = date '2024-06-30'", [true, false, false]),
        ("at in (timestamp '2024-07-01 00:00:00', null)", [false, true, false]),
        ("month(at) = 7", [false, true, false]),
        ("coalesce(timestamp '2024-07-01 00:00:00', at) = at", [false, true, false]),
        ("coalesce(at, date '2024-07-01') = date '2024-07-01'", [false, true, true]),
    ] {
        let truth = bound(sql, &batch, Tz::Europe__Berlin).truth(&Rows::of(&batch)).unwrap().value;
        assert_eq!(truth.iter().collect::<Vec<_>>(), expected, "{sql}");
    }
}

#[test]
fn wall_times_and_dates_know_no_zone() {
    let days = Date32Array::from(vec![Some(19_000), None]);
    let walls = TimestampSecondArray::from(vec![Some(19_000 * 86_400 + 86_399), None]);
    let batch = batch(vec![("day", Arc::new(days)), ("wall", Arc::new(walls))]);
    for (sql, micros) in [("day", 19_000 * MICROS_PER_DAY), ("wall", 19_001 * MICROS_PER_DAY - 1_000_000)] {
        let instants = bound(sql, &batch, Tz::Asia__Tokyo).instants(&Rows::of(&batch)).unwrap();
        assert_eq!((instants.days, instants.micros[0]), (vec![19_000, 0], micros), "{sql}");
        assert!(instants.nulls.unwrap().is_null(1));
        assert_eq!(instants.faults, []);
    }
}

#[test]
fn every_unit_of_time_gives_the_same_day() {
    let seconds = 1_709_251_199;
    let batch = batch(vec![
        ("s", Arc::new(TimestampSecondArray::from(vec![seconds]))),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![seconds * 1_000]))),
        ("us", Arc::new(TimestampMicrosecondArray::from(vec![seconds * 1_000_000]))),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![seconds * 1_000_000_000]))),
        ("d64", Arc::new(Date64Array::from(vec![19_782 * 86_400_000]))),
    ]);
    for sql in ["s", "ms", "us", "ns", "d64"] {
        assert_eq!(bound(sql, &batch, Tz::UTC).instants(&Rows::of(&batch)).unwrap().days, [19_782], "{sql}");
    }
}

#[test]
fn implausible_days_are_out_of_range_and_null_rows_are_not() {
    let edge = |day: Day| day.micros();
    let micros = vec![
        Some(edge(Day::MIN)),
        Some(edge(Day::MIN) - 1),
        Some(edge(Day::END) - 1),
        Some(edge(Day::END)),
        Some(i64::MIN),
        Some(i64::MAX),
        None,
    ];
    let batch = zoned(micros);
    for zone in [Tz::UTC, Tz::Etc__GMTPlus0] {
        let instants = bound("at", &batch, zone).instants(&Rows::of(&batch)).unwrap();
        let rows: Vec<u32> = instants.faults.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [1, 3, 4, 5]);
        assert!(instants.faults.iter().all(|(_, fault)| *fault == Fault::OutOfRange));
        assert_eq!(instants.days, [Day::MIN.0, 0, Day::END.0 - 1, 0, 0, 0, 0]);
    }
}

#[test]
fn a_rows_day_is_its_own_whatever_its_neighbours_is() {
    const DAY: i64 = MICROS_PER_DAY;
    let midnights = [-2 * DAY, -DAY, 0, DAY, 19_782 * DAY];
    let micros = midnights.iter().flat_map(|midnight| [*midnight, midnight + DAY - 1, midnight - 1]);
    let micros: Vec<i64> = micros.flat_map(|micros| [micros, 0, -1, micros]).collect();
    let times = Arc::new(TimestampMicrosecondArray::from(micros.clone()));
    let instants = |batch: &RecordBatch| bound("at", batch, Tz::UTC).instants(&Rows::of(batch)).unwrap();
    let days = instants(&batch(vec![("at", times)])).days;
    let far = Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN, i64::MAX, i64::MIN, 0]));
    let far = batch(vec![("at", far)]);
    let is_past =
        bound("cast(at as date) < date '1970-01-01'", &far, Tz::UTC).truth(&Rows::of(&far)).unwrap().value;
    assert_eq!(is_past.iter().collect::<Vec<_>>(), [true, false, true, false]);
    let expected: Vec<i64> = micros.iter().map(|micros| micros.div_euclid(DAY)).collect();
    assert_eq!(days.into_iter().map(i64::from).collect::<Vec<_>>(), expected);
}

#[test]
fn a_wall_time_that_occurs_twice_is_the_later_one_and_a_missing_one_is_carried_on() {
    // Berlin puts its clock back at 01:00 UTC on 2024-10-27, and forward at 01:00 UTC on 2024-03-31.
    let instant = |text: &str| super::parse::instant(text, Tz::UTC).unwrap();
    for (wall, utc) in [
        ("2024-10-27 01:59:59", "2024-10-26 23:59:59"),
        ("2024-10-27 02:00:00", "2024-10-27 01:00:00"),
        ("2024-10-27 02:30:00", "2024-10-27 01:30:00"),
        ("2024-10-27 03:00:00", "2024-10-27 02:00:00"),
        ("2024-03-31 01:59:59", "2024-03-31 00:59:59"),
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),
        ("2024-03-31 03:30:00", "2024-03-31 01:30:00"),
    ] {
        let batch = zoned(vec![Some(instant(utc))]);
        for sql in [
            format!("at = timestamp '{wall}'"),
            format!("at = cast('{wall}' as timestamptz)"),
            format!("at = cast(cast('{wall}' as timestamp) as timestamptz)"),
        ] {
            let truth = bound(&sql, &batch, Tz::Europe__Berlin).truth(&Rows::of(&batch)).unwrap();
            assert!(truth.value.value(0), "{sql} is {utc} UTC");
        }
    }
}

#[test]
fn an_hour_that_occurs_twice_begins_twice() {
    // DuckDB 2.0.0 gives 02:00+01 for both, which lies after the first.
    let instant = |text: &str| super::parse::instant(text, Tz::UTC).unwrap();
    for (sql, expected) in [
        ("date_trunc('hour', at)", ["2024-10-27 00:00:00", "2024-10-27 01:00:00"]),
        ("date_trunc('minute', at)", ["2024-10-27 00:30:00", "2024-10-27 01:30:00"]),
        ("date_trunc('day', at)", ["2024-10-26 22:00:00", "2024-10-26 22:00:00"]),
        ("date_trunc('month', at)", ["2024-09-30 22:00:00", "2024-09-30 22:00:00"]),
    ] {
        let batch = zoned(vec![Some(instant("2024-10-27 00:30:10")), Some(instant("2024-10-27 01:30:10"))]);
        let found = bound(sql, &batch, Tz::Europe__Berlin).instants(&Rows::of(&batch)).unwrap();
        assert_eq!(found.micros.as_ref(), expected.map(instant), "{sql}");
    }
}
