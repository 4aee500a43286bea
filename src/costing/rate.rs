//! Driver rates: what a unit of an activity's volume costs.

use crate::units::round_ratio;

/// Where a rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateKind {
    /// Cost over volume of the period.
    Actual,
    /// Given; what it leaves over or under is a variance.
    Standard,
    /// Volumes are money.
    Charge,
    /// Given, without a pool behind it.
    Imputed,
    /// Volumes are money that revenue is less by.
    Deducted,
    /// Volumes are money that is lost by currency.
    Exchange,
}

/// Money per unit of volume as an exact fraction of mantissas: R(volume × money / volume_of_money).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Mantissa of money.
    pub money: i64,
    /// Mantissa of the volume it pays for, above 0.
    pub volume: i64,
}

impl Rate {
    /// What a running volume costs, rounded once; `None` beyond 128 bits.
    pub fn at(self, volume: i128) -> Option<i128> {
        Some(round_ratio(volume.checked_mul(i128::from(self.money))?, i128::from(self.volume)))
    }
}
