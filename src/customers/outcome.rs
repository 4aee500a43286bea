//! What customers did within days: the outcomes by which treatments and programmes are measured.

use super::days::{Amount, CustomerDaysView};
use crate::units::Day;
use std::ops::Range;

/// What is measured of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Days with a purchase.
    Purchases,
    /// Contribution, in smallest units of money.
    Contribution,
    /// 1 of who bought, else 0.
    Retention,
}

impl Measure {
    pub(crate) const ALL: [Measure; 3] = [Measure::Purchases, Measure::Contribution, Measure::Retention];

    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Measure::Purchases => "purchases",
            Measure::Contribution => "contribution",
            Measure::Retention => "retention",
        }
    }
}

/// What a customer did from a day on and before another, by measure.
pub(crate) fn outcome(days: CustomerDaysView<'_>, within: Range<Day>) -> [i128; Measure::ALL.len()] {
    let days = days.since(within.start).before(within.end);
    let purchases = days.purchases().count() as i128;
    [purchases, days.sum(Amount::Contribution), purchases.min(1)]
}
