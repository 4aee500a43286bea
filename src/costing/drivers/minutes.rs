//! Minutes of practical capacity (time-driven activity-based costing, Kaplan & Anderson 2004).
//!
//! Minutes are never clamped to capacity: what takers have beyond it is overdriven, what they leave is unused.

use super::{Spread, Taker, aligned, without_left_out};
use crate::costing::schema::{Minutes, NO_TAKER};
use crate::units::Decimal;

pub(super) fn spread(practical: Decimal, takers: &[Taker]) -> Option<Spread> {
    let (weights, _, whole) = weigh(practical, takers)?;
    if whole <= 0 {
        return Some(Spread::nothing(takers.len(), NO_TAKER));
    }
    Some(Spread { weights, whole, reason: NO_TAKER })
}

/// Weights, their scale, and capacity less what those left out take of it.
fn weigh(practical: Decimal, takers: &[Taker]) -> Option<(Vec<i128>, u8, i128)> {
    let minutes = takers.iter().map(|taker| taker.quantity);
    let (mut weights, scale) = aligned(&std::iter::once(practical).chain(minutes).collect::<Vec<_>>())?;
    let capacity = weights.remove(0);
    let (weights, _, left_out) = without_left_out(weights, takers)?;
    Some((weights, scale, capacity - left_out))
}

/// Practical, used, unused and overdriven minutes.
pub(crate) fn in_minutes(practical: Decimal, takers: &[Taker]) -> Option<Minutes> {
    let (weights, scale, capacity) = weigh(practical, takers)?;
    let used = weights.iter().copied().try_fold(0_i128, i128::checked_add)?;
    let minutes = |mantissa: i128| Decimal { mantissa, scale };
    Some(Minutes {
        practical: minutes(capacity),
        used: minutes(used),
        unused: minutes((capacity - used).max(0)),
        overdriven: minutes((used - capacity).max(0)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::takers;
    use super::*;

    #[test]
    fn minutes_beyond_capacity_are_overdriven_not_clamped() {
        let taken = takers(&[("0", "60", false), ("0", "60.5", false)]);
        let practical = "100".parse().unwrap();
        let spread = spread(practical, &taken).unwrap();
        assert_eq!((spread.weights, spread.whole), (vec![600, 605], 1000));
        let minutes = in_minutes(practical, &taken).unwrap();
        assert_eq!((minutes.overdriven.to_string(), minutes.unused.mantissa), ("20.5".to_string(), 0));
    }
}
