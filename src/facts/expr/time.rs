//! Days and time zones.

use super::node::Kind;
use super::number::{Faults, merged, row_number};
use super::outcome::Outcome;
use super::value::Value;
use super::vector::{Values, Vector, some_nulls, zero_nulls};
use super::{Fault, Instants};
use crate::units::{Day, MICROS_PER_DAY};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use std::cell::Cell;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Points in time with their local days.
pub(super) fn instants(outcome: Outcome, kind: Kind, zone: Tz, rows: usize) -> Instants {
    let Outcome { value, faults } = outcome;
    let (days, micros, nulls) = match value {
        Value::Date(dates) => {
            let micros = dates.values.map(|day| i64::from(day).saturating_mul(MICROS_PER_DAY)).spread(rows);
            (dates.values.spread(rows), micros, dates.nulls)
        }
        Value::Instant(times) => {
            let zone = (kind == Kind::Instant { zoned: true }).then_some(zone);
            let days = days(&times, zone);
            (days.values.spread(rows), times.values.spread(rows), times.nulls)
        }
        Value::Null => (vec![0; rows].into(), vec![0; rows].into(), Some(NullBuffer::new_null(rows))),
        other => unreachable!("bound as a date or timestamp: {other:?}"),
    };
    let nulls = nulls.and_then(some_nulls);
    let mut days = Vec::from(zero_nulls(days, nulls.as_ref()));
    faults.iter().for_each(|(row, _)| days[*row as usize] = 0);
    let faults = merged(faults, mark_implausible(&mut days));
    Instants { days, micros, nulls, faults }
}

/// Null rows have day 0, which is plausible.
fn mark_implausible(days: &mut [i32]) -> Faults {
    let plausible = Day::MIN.0..Day::END.0;
    let (least, greatest) =
        days.iter().fold((0, 0), |(least, greatest): (i32, i32), &day| (least.min(day), greatest.max(day)));
    if plausible.contains(&least) && plausible.contains(&greatest) {
        return Faults::new();
    }
    let mut faults = Faults::new();
    for (row, day) in days.iter_mut().enumerate().filter(|(_, day)| !plausible.contains(day)) {
        *day = 0;
        faults.push((row_number(row), Fault::OutOfRange));
    }
    faults
}

/// Local days of instants (with a zone) or wall times (without).
pub(super) fn days(times: &Vector<i64>, zone: Option<Tz>) -> Vector<i32> {
    let Vector { values, nulls } = local(times, zone);
    // Neighbours mostly are of one day, which a subtraction tells; else it takes a division.
    let last = Cell::new((0, 0));
    let day = |micros: i64| {
        let (midnight, day) = last.get();
        if micros.checked_sub(midnight).is_some_and(|since| (0..MICROS_PER_DAY).contains(&since)) {
            return day;
        }
        let day = day_of(micros);
        if let Some(midnight) = i64::from(day).checked_mul(MICROS_PER_DAY) {
            last.set((midnight, day));
        }
        day
    };
    Vector { values: values.map(day), nulls }
}

/// Midnights of days: instants (with a zone) or wall times (without).
pub(super) fn midnights(dates: &Vector<i32>, zone: Option<Tz>) -> Vector<i64> {
    dates.map(|day| midnight(day, zone))
}

/// Midnight of a day.
pub(super) fn midnight(day: i32, zone: Option<Tz>) -> i64 {
    let wall = i64::from(day).saturating_mul(MICROS_PER_DAY);
    zone.map_or(wall, |zone| to_utc(wall, zone))
}

/// The instant of a wall time. Where the clock is put back a wall time occurs twice: the later of the two is meant, in
/// standard time, as in DuckDB (ICU) and PostgreSQL. Where the clock is put forward and it does not occur, the time
/// before carries on.
pub(crate) fn to_utc(wall: i64, zone: Tz) -> i64 {
    let offset = naive(wall).map(|time| match zone.offset_from_local_datetime(&time).latest() {
        Some(offset) => i64::from(offset.fix().local_minus_utc()) * MICROS_PER_SECOND,
        None => offset_micros(wall.saturating_sub(MICROS_PER_DAY), zone),
    });
    wall.saturating_sub(offset.unwrap_or(0))
}

/// Any `i64` of microseconds is within 107 million days.
#[allow(clippy::cast_possible_truncation, reason = "a quotient by 86.4 billion fits 32 bits")]
pub(super) fn day_of(micros: i64) -> i32 {
    micros.div_euclid(MICROS_PER_DAY) as i32
}

/// Wall times of instants; without a zone they are wall times already.
pub(super) fn local(times: &Vector<i64>, zone: Option<Tz>) -> Vector<i64> {
    let Some(zone) = zone.filter(|zone| !matches!(zone, Tz::UTC | Tz::Etc__UTC)) else {
        return times.clone();
    };
    let values = match &times.values {
        Values::Each(each) => Values::Each(Offsets::covering(each, zone).applied_to(each)),
        Values::All(micros) => Values::All(micros.saturating_add(offset_micros(*micros, zone))),
    };
    Vector { values, nulls: times.nulls.clone() }
}

/// A zone's offsets per UTC day, looked up when first met. Days on which the offset changes are asked every time.
struct Offsets {
    zone: Tz,
    first_day: i32,
    by_day: Vec<i64>,
}

const UNKNOWN: i64 = i64::MAX;
const CHANGES: i64 = i64::MIN;

impl Offsets {
    /// For the plausible days among these instants, and a day more either way because offsets are below a day.
    fn covering(instants: &[i64], zone: Tz) -> Self {
        let plausible = |micros: i64| day_of(micros).clamp(Day::MIN.0 - 1, Day::END.0 + 1);
        let least = plausible(instants.iter().copied().min().unwrap_or(0));
        let greatest = plausible(instants.iter().copied().max().unwrap_or(0));
        let days = usize::try_from(greatest - least + 1).expect("the greatest is not below the least");
        Self { zone, first_day: least, by_day: vec![UNKNOWN; days] }
    }

    fn applied_to(mut self, instants: &[i64]) -> ScalarBuffer<i64> {
        let to_local = |&micros: &i64| {
            let index = i64::from(day_of(micros)) - i64::from(self.first_day);
            match usize::try_from(index).ok().and_then(|index| self.by_day.get(index)) {
                Some(&offset) if offset != UNKNOWN && offset != CHANGES => micros + offset,
                Some(_) => micros + self.asked(micros),
                None => micros,
            }
        };
        instants.iter().map(to_local).collect::<Vec<_>>().into()
    }

    /// For a day within the table that is not known, or on which the offset changes.
    #[cold]
    fn asked(&mut self, micros: i64) -> i64 {
        let day = day_of(micros);
        let index = usize::try_from(day - self.first_day).expect("a day within the table");
        if self.by_day[index] == UNKNOWN {
            let begin = i64::from(day) * MICROS_PER_DAY;
            let (first, last) =
                (offset_micros(begin, self.zone), offset_micros(begin + MICROS_PER_DAY - 1, self.zone));
            self.by_day[index] = if first == last { first } else { CHANGES };
        }
        offset_micros(micros, self.zone)
    }
}

/// What is added to an instant to get the zone's wall time.
pub(super) fn offset_micros(micros: i64, zone: Tz) -> i64 {
    naive(micros).map_or(0, |time| {
        i64::from(zone.offset_from_utc_datetime(&time).fix().local_minus_utc()) * MICROS_PER_SECOND
    })
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}
