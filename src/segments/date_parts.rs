//! Parts of dates that rules name, as columns of their own: polars is built without its calendar.

use super::values::{Data, Values};
use crate::pipeline::Expr;
use crate::pipeline::sql::DatePart;
use crate::units::Day;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;

/// A part of a column of dates or instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnPart<'e> {
    pub(crate) part: DatePart,
    pub(crate) column: &'e str,
}

impl<'e> ColumnPart<'e> {
    /// That of an expression; none where it is no part, or of something else than a column.
    pub(crate) fn of(expr: &'e Expr) -> Option<Self> {
        match expr {
            Expr::DatePart(part, of) => match &**of {
                Expr::Column(column) => Some(Self { part: *part, column }),
                _ => None,
            },
            _ => None,
        }
    }

    /// Every part that an expression names.
    pub(crate) fn within(expr: &'e Expr) -> Vec<Self> {
        let mut parts = Vec::new();
        expr.visit(&mut |expr| parts.extend(Self::of(expr)));
        parts
    }

    /// The name of its column, which no measure has.
    pub(crate) fn name(self) -> String {
        format!(" {:?} of {}", self.part, self.column)
    }

    /// The part of each row; days and times of instants are those of the zone. None of other columns than dates and instants.
    pub(crate) fn values(self, column: &Values, zone: Tz) -> Option<Values> {
        let of_day = |day: &i32| self.of_moment(Day(*day).date(), NaiveTime::MIN);
        let parts: Vec<i64> = match &column.data {
            Data::Days(days) => days.iter().map(of_day).collect(),
            Data::Instants(instants) => {
                instants.iter().map(|micros| self.of_instant(*micros, zone)).collect()
            }
            _ => return None,
        };
        Some(Values { data: Data::Fixed(parts, None), known: column.known.clone() })
    }

    fn of_instant(self, micros: i64, zone: Tz) -> i64 {
        let Some(instant) = DateTime::from_timestamp_micros(micros) else { return 0 };
        match self.part {
            DatePart::Epoch => instant.timestamp(),
            _ => {
                let local = instant.with_timezone(&zone);
                self.of_moment(local.date_naive(), local.time())
            }
        }
    }

    fn of_moment(self, date: NaiveDate, time: NaiveTime) -> i64 {
        match self.part {
            DatePart::Year => date.year().into(),
            DatePart::IsoYear => date.iso_week().year().into(),
            DatePart::Quarter => date.quarter().into(),
            DatePart::Month => date.month().into(),
            DatePart::Week => date.iso_week().week().into(),
            DatePart::Day => date.day().into(),
            DatePart::DayOfWeek => date.weekday().num_days_from_sunday().into(),
            DatePart::IsoDayOfWeek => date.weekday().number_from_monday().into(),
            DatePart::DayOfYear => date.ordinal().into(),
            DatePart::Hour => time.hour().into(),
            DatePart::Minute => time.minute().into(),
            DatePart::Second => time.second().into(),
            DatePart::Epoch => date.and_time(time).and_utc().timestamp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_zone_and_nulls_stay() {
        // 2024-12-30 23:30 UTC: in Berlin half an hour into the last day of the year, in the first ISO week of 2025.
        let instants =
            Values { data: Data::Instants(vec![1_735_601_400_000_000, 0]), known: Some(vec![true, false]) };
        let part = |part| {
            let values =
                ColumnPart { part, column: "at" }.values(&instants, chrono_tz::Europe::Berlin).unwrap();
            (values.fixed_at(0), values.fixed_at(1))
        };
        assert_eq!(part(DatePart::Day), (Some(31), None));
        assert_eq!((part(DatePart::Hour).0, part(DatePart::Week).0), (Some(0), Some(1)));
        assert_eq!((part(DatePart::IsoYear).0, part(DatePart::IsoDayOfWeek).0), (Some(2025), Some(2)));
        let days = Values::of(Data::Days(vec![19_723]));
        let month = ColumnPart { part: DatePart::Month, column: "day" };
        assert_eq!(month.values(&days, Tz::UTC).unwrap().fixed_at(0), Some(1));
        assert!(month.values(&Values::of(Data::Floats(vec![1.0])), Tz::UTC).is_none());
    }
}
