//! `dim_date`: the calendar, from the first day of the first period to the last day of the last.

use crate::facts::FactSet;
use crate::facts::schema::FactPeriod;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::Day;
use chrono::Datelike;

/// A day of a period.
type PeriodDay = (Day, FactPeriod);

pub(super) fn dim_date(format: TableFormat<'_>, facts: &FactSet) -> Sheet {
    let days_of = |period: &FactPeriod| {
        let period = *period;
        (period.period.start.0..period.period.end().0).map(move |day| (Day(day), period))
    };
    let rows: Vec<PeriodDay> = facts.periods.iter().flat_map(days_of).collect();
    let mut draft = format.draft("dim_date", "day", None, &rows);
    let date = |row: &PeriodDay| row.0.date();
    draft.day("date_key", "The day", |row| row.0);
    draft.day("period_start", "First day of its period", |row| row.1.period.start);
    draft.flag("is_period_start", "Whether rows of periods join it", |row| row.0 == row.1.period.start);
    draft.flag("is_period_complete", "Whether the as-of date has reached the end of its period", |row| {
        row.1.complete
    });
    draft.count("year", "", "Calendar year", move |row| i64::from(date(row).year()));
    draft.count("quarter", "", "Quarter of the year, from 1", move |row| i64::from(date(row).quarter()));
    draft.count("month", "", "Month of the year, from 1", move |row| i64::from(date(row).month()));
    draft.name("year_month", "Year and month, sorting by time", move |row| {
        date(row).format("%Y-%m").to_string()
    });
    draft.count("iso_week", "", "Week of the year by ISO 8601", move |row| {
        i64::from(date(row).iso_week().week())
    });
    draft.count("iso_weekday", "", "Day of the week by ISO 8601, 1 is Monday", move |row| {
        i64::from(date(row).weekday().number_from_monday())
    });
    draft.finish()
}
