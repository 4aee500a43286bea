//! As much for every taker.

use super::{Spread, Taker};
use crate::costing::schema::NO_TAKER;

pub(super) fn spread(takers: &[Taker]) -> Spread {
    let weights: Vec<i128> = takers.iter().map(|taker| i128::from(!taker.is_left_out)).collect();
    let whole = weights.iter().sum();
    Spread { weights, whole, reason: NO_TAKER }
}
