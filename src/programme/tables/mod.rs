//! The published tables, one file each.

mod cohorts;
mod customers;
mod effects;
mod periods;
mod redemptions;

pub(super) use cohorts::programme_cohort;
pub(super) use customers::customer_points;
pub(super) use effects::{EffectRow, programme_effect};
pub(super) use periods::programme_period;
pub(super) use redemptions::programme_redemption;

use super::redemption::WHOLE;
use crate::units::round_ratio;

/// A share at `SHARE_SCALE` as a number.
fn shown(share: i128) -> f64 {
    share as f64 / WHOLE as f64
}

/// Points as a column takes them.
fn points(points: i128) -> i64 {
    i64::try_from(points).unwrap_or(i64::MAX)
}

/// Points at `SHARE_SCALE`, rounded to whole ones.
fn whole_points(expected: i128) -> i64 {
    points(round_ratio(expected, WHOLE))
}
