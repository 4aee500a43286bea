//! `programme_cohort`: points by the period in which they were earned.

use super::super::cohort::Cohort;
use super::{points, shown, whole_points};
use crate::customers::calendar::Calendar;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Day, round_ratio};

/// Cohorts with points, by number of the period.
pub(in super::super) fn programme_cohort(
    format: TableFormat<'_>,
    calendar: &Calendar,
    cohorts: &[Cohort],
) -> Sheet {
    let mut rows: Vec<(Option<Day>, Cohort)> = Vec::new();
    for (number, cohort) in cohorts.iter().enumerate().filter(|(_, cohort)| cohort.earned > 0) {
        rows.push((number.checked_sub(1).map(|index| calendar.period(index).start), *cohort));
    }
    let mut draft = format.draft("programme_cohort", "period in which points were earned", None, &rows);
    draft.as_of();
    let meaning = "First day of the period; null: before the first period";
    draft.day("cohort_start", meaning, |row| row.0);
    draft.count("points_earned", "points", "Points earned in it", |row| points(row.1.earned));
    let meaning = "Of these, points redeemed: the oldest points of a member are used first";
    draft.count("points_redeemed", "points", meaning, |row| points(row.1.redeemed));
    draft.count("points_expired", "points", "Points expired", |row| points(row.1.expired));
    draft.count("points_open", "points", "Points that are left", |row| points(row.1.open()));
    let meaning = "Of points_open, those that are expected to be redeemed";
    draft.count("points_expected", "points", meaning, |row| whole_points(row.1.expected_open()));
    let meaning = "Share of points_earned that was or is expected to be redeemed";
    draft.float("expected_redemption_rate", "1", meaning, |row| {
        Some(shown(round_ratio(row.1.expected, row.1.earned)))
    });
    draft.total("paid", "What was paid for what earned them, as in programme_period", |row| row.1.paid);
    let meaning = "Revenue that was deferred for them";
    draft.total("revenue_deferred", meaning, |row| row.1.deferred);
    draft.total("revenue_released", "Part of it that is released", |row| row.1.released);
    let meaning =
        "revenue_deferred − revenue_released: the part of the contract liability that is of these points";
    draft.total("liability", meaning, |row| row.1.liability());
    draft.finish()
}
