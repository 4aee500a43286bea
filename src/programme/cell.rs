//! Cells of customers who were alike: the same period, on a day with a purchase or without, the same attributes, and bands of recency, tenure, purchases and revenue
//! (coarsened exact matching: S. M. Iacus, G. King, G. Porro, "Causal inference without balance checking: coarsened exact matching",
//! Political Analysis 20 (2012), 1–24).

use crate::pipeline::MatchingDef;
use crate::units::{Decimal, pow10};

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cell {
    /// Index of the period of the day on which members joined and others did not.
    pub(super) period: u32,
    /// Number of the combination of attributes.
    pub(super) combination: u32,
    /// Whether they bought on the day.
    pub(super) is_active: bool,
    /// None of those who had bought nothing before.
    pub(super) bands: Option<[u16; 4]>,
}

/// Where bands begin.
#[derive(Debug, Clone)]
pub(super) struct Bands([Vec<i128>; 4]);

/// What is known of a customer before a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// Days since the last purchase, and since the first.
    pub(super) recency_days: i32,
    pub(super) tenure_days: i32,
    /// In the days that count.
    pub(super) purchases: usize,
    /// At `money_scale`.
    pub(super) revenue: i128,
}

impl Bands {
    pub(super) fn new(def: &MatchingDef, money_scale: u8) -> Self {
        let cuts = |limits: &[Decimal], scale| limits.iter().map(|limit| least_from(*limit, scale)).collect();
        Self([
            cuts(&def.recency_days, 0),
            cuts(&def.tenure_days, 0),
            cuts(&def.purchases, 0),
            cuts(&def.revenue, money_scale),
        ])
    }

    /// The band of each measure: how many limits it reaches.
    pub(super) fn of(&self, before: &Before) -> [u16; 4] {
        let values =
            [before.recency_days.into(), before.tenure_days.into(), before.purchases as i128, before.revenue];
        std::array::from_fn(|measure| {
            let band = self.0[measure].partition_point(|limit| *limit <= values[measure]);
            u16::try_from(band).expect("few bands")
        })
    }
}

/// The least whole number of units at a scale that is not below a limit.
fn least_from(limit: Decimal, scale: u8) -> i128 {
    let Decimal { mantissa, scale: digits } = limit.normalised();
    if digits <= scale {
        return mantissa.saturating_mul(pow10(scale - digits));
    }
    let unit = pow10(digits - scale);
    mantissa.div_euclid(unit) + i128::from(mantissa.rem_euclid(unit) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_begins_at_its_limit() {
        let limit = |text: &str, scale| least_from(text.parse().unwrap(), scale);
        assert_eq!([limit("1.2", 0), limit("2", 0), limit("-1.2", 0)], [2, 2, -1]);
        assert_eq!([limit("50", 2), limit("0.005", 2)], [5_000, 1]);
        let bands = Bands([vec![30, 90], vec![], vec![1, 2], vec![5_000]]);
        let of = |recency_days, purchases, revenue| {
            bands.of(&Before { recency_days, tenure_days: 9, purchases, revenue })
        };
        assert_eq!(of(29, 0, 4_999), [0, 0, 0, 0]);
        assert_eq!(of(30, 1, 5_000), [1, 0, 1, 1]);
        assert_eq!(of(999, 7, -3), [2, 0, 2, 0]);
    }
}
