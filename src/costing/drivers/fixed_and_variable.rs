//! A fixed part of the pool by shares, the rest in proportion to a quantity (dual-rate allocation, Horngren).
//!
//! Taker i has f·s_i/S + (1 − f)·q_i/Q of the pool, with f the fixed part, S = 1 less the shares left out.

use super::{Spread, Taker, aligned, without_left_out};
use crate::costing::schema::{NO_QUANTITY, NO_SHARE};
use crate::math::ratio::gcd;
use crate::units::{Decimal, pow10};

pub(super) fn spread(fixed: Decimal, takers: &[Taker]) -> Option<Spread> {
    let fixed = fixed.normalised();
    let shares: Vec<_> = takers.iter().map(|taker| taker.share).collect();
    let quantities: Vec<_> = takers.iter().map(|taker| taker.quantity).collect();
    let (shares, scale) = aligned(&shares)?;
    let (shares, _, left_out) = without_left_out(shares, takers)?;
    let (quantities, total, _) = without_left_out(aligned(&quantities)?.0, takers)?;
    // A part that nobody takes weighs nothing, but stays part of the whole.
    let (shares, by_share) = part(shares, pow10(scale) - left_out);
    let (quantities, by_quantity) = part(quantities, total);
    let (one, variable) = (pow10(fixed.scale), pow10(fixed.scale).checked_sub(fixed.mantissa)?);
    let weight = |(share, quantity): (&i128, &i128)| {
        let fixed = fixed.mantissa.checked_mul(*share)?.checked_mul(by_quantity)?;
        fixed.checked_add(variable.checked_mul(*quantity)?.checked_mul(by_share)?)
    };
    let weights = shares.iter().zip(&quantities).map(weight).collect::<Option<Vec<_>>>()?;
    let whole = one.checked_mul(by_share)?.checked_mul(by_quantity)?;
    Some(Spread { weights, whole, reason: if total > 0 { NO_SHARE } else { NO_QUANTITY } })
}

/// Weights over their whole in lowest terms; over a whole of nothing they are nothing of 1.
fn part(weights: Vec<i128>, whole: i128) -> (Vec<i128>, i128) {
    if whole <= 0 {
        return (vec![0; weights.len()], 1);
    }
    let common = weights.iter().fold(whole, |common, weight| gcd(common, *weight));
    (weights.into_iter().map(|weight| weight / common).collect(), whole / common)
}

#[cfg(test)]
mod tests {
    use super::super::testing::takers;
    use super::*;

    #[test]
    fn shares_take_the_fixed_part_and_quantities_the_rest() {
        // 0.4 fixed: 60/40 by budget; 0.6 variable: 900 and 300 hours.
        let both = takers(&[("0.6", "900", false), ("0.4", "300", false)]);
        let spread = spread("0.40".parse().unwrap(), &both).unwrap();
        assert_eq!(
            (spread.weights[0] * 100, spread.weights[1] * 100),
            (spread.whole * 69, spread.whole * 31)
        );
    }

    #[test]
    fn without_quantity_the_variable_part_stays() {
        let idle = takers(&[("0.6", "0", false), ("0.4", "0", false)]);
        let spread = spread("0.4".parse().unwrap(), &idle).unwrap();
        assert_eq!(spread.weights.iter().sum::<i128>() * 10, spread.whole * 4);
        assert_eq!(spread.reason, NO_QUANTITY);
    }
}
