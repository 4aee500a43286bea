//! What later rooms see of lifetime value.

pub use super::alive::Alive;
use crate::units::Day;
use std::ops::Range;

/// Periods lived of a relationship, by index, and whether it was lost: what lifetimes and churn are counted from.
///
/// It lives from the period of its first purchase on. Once no next purchase can come within `gap_days` of the last one,
/// it was lost at the end of the period of that; otherwise it lives on through the last complete period. Without a
/// contract nobody says when a relationship ends, so this depends on the gap. None for who first bought after the
/// complete periods.
pub fn periods_lived(
    purchased_in: [usize; 2],
    last_purchase: i32,
    as_of: Day,
    gap_days: i32,
    complete_periods: usize,
) -> Option<(Range<usize>, bool)> {
    let [first, last] = purchased_in;
    if first >= complete_periods {
        return None;
    }
    let is_lost = as_of.0 - last_purchase > gap_days;
    let until = if is_lost { complete_periods.min(last + 1) } else { complete_periods };
    Some((first..until, is_lost))
}
