//! Loyalty: repeat rate, share of wallet, tenure, breadth, referral, and a declared index of them.

use super::base::{Base, BaseSlice};
use super::rfm::days_since;
use super::values::Values;
use crate::error::Result;
use crate::pipeline::{Definition, LoyaltyDef};
use crate::units::{Day, pow10};

/// Loyalty of the customers of a slice.
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

/// How loyalty is measured.
pub(crate) struct LoyaltyMeasure<'r> {
    definition: &'r LoyaltyDef,
    weights: [f64; 5],
    /// The column that says it: an attribute, if it is a number, or that of `customer_voice`.
    referrals: Option<&'r str>,
    /// Product groups there are.
    all_groups: usize,
    as_of: Day,
    zone: chrono_tz::Tz,
}

impl<'r> LoyaltyMeasure<'r> {
    /// For the tables of a run.
    pub(crate) fn new(definition: &'r Definition, base: &Base, all_groups: usize, as_of: Day) -> Self {
        let segments = definition.segments.as_ref().expect("the stage runs where [segments] is");
        let loyalty = &segments.loyalty;
        let weights = loyalty.weights.map(|weight| weight.mantissa as f64 / pow10(weight.scale) as f64);
        // Of the referrals source, unless an attribute is named.
        let has_source = definition.perception.as_ref().is_some_and(|def| def.referrals.is_some());
        let referrals = loyalty.referrals.as_deref().or(has_source.then_some("referrals"));
        let referrals = referrals.filter(|column| base.is_fixed(column));
        Self { definition: loyalty, weights, referrals, all_groups, as_of, zone: definition.facts.timezone }
    }

    /// The columns it is read from.
    pub(crate) fn columns(&self) -> Vec<&'r str> {
        ["first_order_at", "orders", "share_of_wallet"].into_iter().chain(self.referrals).collect()
    }

    /// Of the customers of a slice: with their orders, and the product groups that each bought.
    ///
    /// # Errors
    /// A column that is not there.
    pub(crate) fn of(
        &self,
        slice: &BaseSlice<'_>,
        orders: &[i64],
        product_groups: Vec<i64>,
    ) -> Result<Loyalty> {
        let tenure_days = days_since(&slice.instants("first_order_at")?, self.as_of, self.zone);
        let share_of_wallet = slice.column("share_of_wallet")?;
        let referrals = self.referrals.map(|attribute| slice.column(attribute)).transpose()?.flatten();
        let repeat_rate: Vec<f64> = orders.iter().map(|orders| repeat_rate(*orders)).collect();
        let full = f64::from(self.definition.full_tenure_days);
        let mut indices = Vec::with_capacity(slice.len());
        for row in 0..slice.len() {
            let wallet = share_of_wallet.as_ref().and_then(|values| values.float_at(row));
            let brought = referrals.as_ref().and_then(|values| values.fixed_at(row));
            let parts = [
                Some(repeat_rate[row]),
                wallet.map(|share| share.clamp(0.0, 1.0)),
                Some((tenure_days[row] as f64 / full).clamp(0.0, 1.0)),
                (self.all_groups > 0).then(|| product_groups[row] as f64 / self.all_groups as f64),
                brought.map(|brought| if brought > 0 { 1.0 } else { 0.0 }),
            ];
            indices.push(index(&self.weights, &parts));
        }
        Ok(Loyalty { repeat_rate, share_of_wallet, tenure_days, product_groups, referrals, index: indices })
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
