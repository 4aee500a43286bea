//! Loyalty: repeat rate, share of wallet, tenure, breadth, referral, and a declared index of them.

use super::base::Base;
use super::values::{Data, Values};
use crate::error::Result;
use crate::pipeline::LoyaltyDef;
use crate::units::pow10;
use rayon::prelude::*;

/// Loyalty by customer.
#[derive(Debug)]
pub(crate) struct Loyalty {
    /// Repeat orders over orders.
    pub(crate) repeat_rate: Vec<f64>,
    pub(crate) share_of_wallet: Option<Values>,
    pub(crate) tenure_days: Vec<i64>,
    pub(crate) product_groups: Vec<i64>,
    /// Customers brought; none where no attribute says it.
    pub(crate) referrals: Option<Values>,
    /// Weighted mean of the parts that are known; null where none with a weight is.
    pub(crate) index: Vec<Option<f64>>,
}

impl Loyalty {
    /// From what customers did.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub(crate) fn new(
        definition: &LoyaltyDef,
        base: &Base,
        orders: &[i64],
        tenure_days: Vec<i64>,
        product_groups: Vec<i64>,
        all_groups: usize,
    ) -> Result<Self> {
        let share_of_wallet = base.column("share_of_wallet")?;
        let referrals = match &definition.referrals {
            Some(attribute) => {
                base.column(attribute)?.filter(|values| matches!(values.data, Data::Fixed(..)))
            }
            None => None,
        };
        let repeat_rate: Vec<f64> = orders.par_iter().map(|orders| repeat_rate(*orders)).collect();
        let weights = definition.weights.map(|weight| weight.mantissa as f64 / pow10(weight.scale) as f64);
        let full = f64::from(definition.full_tenure_days);
        let of = |row: usize| {
            let wallet = share_of_wallet.as_ref().and_then(|values| values.float_at(row));
            let brought = referrals.as_ref().and_then(|values| values.fixed_at(row));
            let parts = [
                Some(repeat_rate[row]),
                wallet.map(|share| share.clamp(0.0, 1.0)),
                Some((tenure_days[row] as f64 / full).clamp(0.0, 1.0)),
                (all_groups > 0).then(|| product_groups[row] as f64 / all_groups as f64),
                brought.map(|brought| if brought > 0 { 1.0 } else { 0.0 }),
            ];
            index(&weights, &parts)
        };
        let index = (0..base.len()).into_par_iter().map(of).collect();
        Ok(Self { repeat_rate, share_of_wallet, tenure_days, product_groups, referrals, index })
    }
}

fn repeat_rate(orders: i64) -> f64 {
    if orders > 0 { (orders - 1) as f64 / orders as f64 } else { 0.0 }
}

/// The weighted mean of what is known.
fn index(weights: &[f64; 5], parts: &[Option<f64>; 5]) -> Option<f64> {
    let known = weights.iter().zip(parts).filter_map(|(weight, part)| Some((*weight, (*part)?)));
    let (sum, whole) =
        known.fold((0.0, 0.0), |(sum, whole), (weight, part)| (sum + weight * part, whole + weight));
    (whole > 0.0).then(|| sum / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_leaves_out_what_is_not_known() {
        assert_eq!(
            index(&[1.0, 1.0, 2.0, 0.0, 1.0], &[Some(0.5), None, Some(1.0), Some(0.1), None]),
            Some(2.5 / 3.0)
        );
        assert_eq!(index(&[0.0, 1.0, 0.0, 0.0, 0.0], &[Some(0.5), None, Some(1.0), None, None]), None);
        assert_eq!([repeat_rate(1), repeat_rate(4), repeat_rate(0)], [0.0, 0.75, 0.0]);
    }
}
