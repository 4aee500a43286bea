//! In proportion to a quantity. Without any quantity the pool stays.

use super::{Spread, Taker, aligned, without_left_out};
use crate::costing::schema::NO_QUANTITY;

pub(super) fn spread(takers: &[Taker]) -> Option<Spread> {
    let quantities: Vec<_> = takers.iter().map(|taker| taker.quantity).collect();
    let (weights, whole, _) = without_left_out(aligned(&quantities)?.0, takers)?;
    if whole <= 0 {
        return Some(Spread::nothing(takers.len(), NO_QUANTITY));
    }
    Some(Spread { weights, whole, reason: NO_QUANTITY })
}

#[cfg(test)]
mod tests {
    use super::super::testing::takers;
    use super::*;

    #[test]
    fn quantities_of_those_left_out_do_not_count() {
        let quantities = takers(&[("0", "120", false), ("0", "30.5", false), ("0", "999", true)]);
        let spread = spread(&quantities).unwrap();
        assert_eq!((spread.weights, spread.whole), (vec![1200, 305, 0], 1505));
    }

    #[test]
    fn without_quantity_the_pool_stays() {
        let quantities = takers(&[("0", "5", false), ("0", "-5", false)]);
        assert_eq!(spread(&quantities).unwrap(), Spread::nothing(2, NO_QUANTITY));
    }
}
