//! Fixed shares of a pool. What no share takes stays.

use super::{Spread, Taker, aligned, without_left_out};
use crate::costing::schema::NO_SHARE;
use crate::units::pow10;

/// Shares of those left out leave the whole: the others are divided by 1 − their sum.
pub(super) fn spread(takers: &[Taker]) -> Option<Spread> {
    let shares: Vec<_> = takers.iter().map(|taker| taker.share).collect();
    let (weights, scale) = aligned(&shares)?;
    let (weights, _, left_out) = without_left_out(weights, takers)?;
    let whole = pow10(scale) - left_out;
    if whole <= 0 {
        return Some(Spread::nothing(takers.len(), NO_SHARE));
    }
    Some(Spread { weights, whole, reason: NO_SHARE })
}

#[cfg(test)]
mod tests {
    use super::super::testing::takers;
    use super::*;

    #[test]
    fn shares_to_services_are_left_out_and_the_others_grow() {
        let shares = takers(&[("0.2", "0", true), ("0.3", "0", false), ("0.50", "0", false)]);
        let spread = spread(&shares).unwrap();
        assert_eq!((spread.weights, spread.whole), (vec![0, 3, 5], 8));
    }

    #[test]
    fn a_pool_that_only_services_take_stays() {
        let shares = takers(&[("1", "0", true), ("0", "0", false)]);
        assert_eq!(spread(&shares).unwrap(), Spread::nothing(2, NO_SHARE));
    }
}
