//! `programme_redemption`: what becomes of points by age, from which redemption is expected.

use super::super::redemption::{Age, LifeTable};
use super::{points, shown};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

struct Row {
    number: usize,
    age: Age,
    /// Share of points earned that was redeemed by its end.
    redeemed: f64,
    expected_open: f64,
}

/// The table.
pub(in super::super) fn programme_redemption(format: TableFormat<'_>, table: &LifeTable) -> Sheet {
    let redemption = table.redemption();
    let (mut rows, mut open, mut redeemed) = (Vec::new(), 1.0, 0.0);
    for (number, age) in table.ages().iter().enumerate() {
        redeemed += open * rate(age.redeemed, *age).unwrap_or(0.0);
        open *= 1.0 - rate(age.redeemed + age.expired, *age).unwrap_or(0.0);
        rows.push(Row { number, age: *age, redeemed, expected_open: shown(redemption.of_open(number)) });
    }
    let mut draft = format.draft("programme_redemption", "age of points in periods", None, &rows);
    draft.as_of();
    let meaning = "Periods since the points were earned; 0: the same period. Of complete periods";
    draft.count("age_periods", "periods", meaning, |row| row.number);
    let meaning =
        "Points that were open when the age began, of all cohorts seen at it; of age 0, points earned";
    draft.count("points_at_risk", "points", meaning, |row| points(row.age.at_risk));
    draft
        .count("points_redeemed", "points", "Of these, redeemed at this age", |row| points(row.age.redeemed));
    draft.count("points_expired", "points", "Of these, expired at this age", |row| points(row.age.expired));
    let meaning = "points_redeemed / points_at_risk";
    draft.float("redemption_rate", "1", meaning, |row| rate(row.age.redeemed, row.age));
    draft.float("expiry_rate", "1", "points_expired / points_at_risk", |row| rate(row.age.expired, row.age));
    let meaning = "Share of points earned that is redeemed by the end of the age: the cumulative incidence (Aalen and Johansen 1978)";
    draft.float("cumulative_redemption", "1", meaning, |row| Some(row.redeemed));
    let meaning = "Share of points open at the end of the age that is expected to be redeemed later; beyond the oldest age in the \
                   proportion of points redeemed among those that left, and all of them where none has expired";
    draft.float("expected_redemption_of_open", "1", meaning, |row| Some(row.expected_open));
    draft.finish()
}

fn rate(left: i128, age: Age) -> Option<f64> {
    (age.at_risk > 0).then(|| left as f64 / age.at_risk as f64)
}
