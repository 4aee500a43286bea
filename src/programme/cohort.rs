//! A cohort of points, those earned in one period, and the revenue that is deferred for them.
//!
//! Points are a material right: the price paid is allocated to the goods and to the points by their stand-alone selling prices, that
//! of points being what they buy times the share that is expected to be redeemed; it is released as points are redeemed, in
//! proportion to all that are expected to be (IFRS 15.B39–B43 and Illustrative Example 52; ASC 606-10-55-41 to 55-45). What was
//! allocated stays; a new expectation changes what is released.

use super::redemption::WHOLE;
use crate::error::{Error, Result};
use crate::units::{Decimal, pow10, round_ratio};

/// Points of a cohort, and its revenue in smallest units of money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cohort {
    pub(super) earned: i128,
    pub(super) redeemed: i128,
    pub(super) expired: i128,
    /// What was paid for what earned them.
    pub(super) paid: i128,
    pub(super) deferred: i128,
    /// Of what was deferred.
    pub(super) released: i128,
    /// Points that are expected to be redeemed in all, those that were among them, at `SHARE_SCALE`.
    pub(super) expected: i128,
}

/// What is expected of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expectation {
    /// Declared: of those earned.
    OfEarned(i128),
    /// Estimated: of those open.
    OfOpen(i128),
}

impl Cohort {
    pub(super) fn open(&self) -> i128 {
        self.earned - self.redeemed - self.expired
    }

    /// What is deferred and not released: the contract liability.
    pub(super) fn liability(&self) -> i128 {
        self.deferred - self.released
    }

    /// Points open that are expected to be redeemed, at `SHARE_SCALE`.
    pub(super) fn expected_open(&self) -> i128 {
        self.expected - self.redeemed * WHOLE
    }

    /// Releases what follows from an expectation; returns by how much more is released than before.
    ///
    /// # Errors
    /// Numbers beyond 128 bits.
    pub(super) fn release(&mut self, expectation: Expectation) -> Result<i128> {
        let redeemed = self.redeemed * WHOLE;
        self.expected = match expectation {
            Expectation::OfEarned(share) => {
                (self.earned * share).clamp(redeemed, redeemed + self.open() * WHOLE)
            }
            Expectation::OfOpen(share) => redeemed + self.open() * share,
        };
        let before = self.released;
        self.released = match self.expected {
            // Nothing is redeemed or going to be: the chance is remote.
            0 => self.deferred,
            expected => round_ratio(self.deferred.checked_mul(redeemed).ok_or_else(too_large)?, expected),
        };
        Ok(self.released - before)
    }
}

/// What one point buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worth {
    /// Of smallest units of money.
    numerator: i128,
    denominator: i128,
}

impl Worth {
    pub(super) fn new(worth: Decimal, money_scale: u8) -> Self {
        let worth = worth.normalised();
        let digits = worth.scale.min(money_scale);
        Self {
            numerator: worth.mantissa * pow10(money_scale - digits),
            denominator: pow10(worth.scale - digits),
        }
    }

    /// Of so many points, rounded half away from zero.
    ///
    /// # Errors
    /// Numbers beyond 128 bits.
    pub(super) fn of(self, points: i128) -> Result<i128> {
        let product = points.checked_mul(self.numerator).ok_or_else(too_large)?;
        Ok(round_ratio(product, self.denominator))
    }

    /// What is deferred of a price paid, for points of which a share is expected to be redeemed; none: the price is not known, and points
    /// count with all that they are worth.
    ///
    /// # Errors
    /// Numbers beyond 128 bits.
    pub(super) fn deferred(self, paid: Option<i128>, points: i128, share: i128) -> Result<i128> {
        // The stand-alone selling price of the points is numerator / denominator.
        let numerator = points.checked_mul(self.numerator).and_then(|price| price.checked_mul(share));
        let numerator = numerator.ok_or_else(too_large)?;
        let denominator = self.denominator.checked_mul(WHOLE).ok_or_else(too_large)?;
        let Some(paid) = paid else { return Ok(round_ratio(numerator, denominator)) };
        if paid <= 0 || numerator == 0 {
            return Ok(0);
        }
        let part = paid.checked_mul(numerator);
        let whole = paid.checked_mul(denominator).and_then(|goods| goods.checked_add(numerator));
        part.zip(whole).map(|(part, whole)| round_ratio(part, whole)).ok_or_else(too_large)
    }
}

fn too_large() -> Error {
    Error::check(
        "programme: revenue × points leaves 128 bits; use fewer digits in programme.worth, or lower facts.money_scale",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IFRS 15, Illustrative Example 52: 100,000 for goods that earn 10,000 points, each worth 1, of which 9,500 are expected to be
    /// redeemed; 4,500 are in the first year, 8,500 by the end of the second, when 9,700 are expected.
    #[test]
    fn example_52_of_ifrs_15() {
        let worth = Worth::new("1".parse().unwrap(), 0);
        let deferred = worth.deferred(Some(100_000), 10_000, 950_000).unwrap();
        assert_eq!((deferred, 100_000 - deferred), (8_676, 91_324));
        let mut cohort = Cohort { earned: 10_000, redeemed: 4_500, deferred, ..Cohort::default() };
        assert_eq!(cohort.release(Expectation::OfEarned(950_000)).unwrap(), 4_110);
        assert_eq!(cohort.liability(), 4_566);
        cohort.redeemed = 8_500;
        assert_eq!(cohort.release(Expectation::OfEarned(970_000)).unwrap(), 3_493);
        assert_eq!((cohort.released, cohort.liability()), (7_603, 1_073));
    }

    #[test]
    fn what_is_gone_is_released() {
        let cohort = Cohort { earned: 100, deferred: 50, ..Cohort::default() };
        let mut expired = Cohort { expired: 100, ..cohort };
        assert_eq!(expired.release(Expectation::OfOpen(900_000)).unwrap(), 50);
        let mut used = Cohort { redeemed: 60, expired: 40, ..cohort };
        assert_eq!((used.release(Expectation::OfEarned(900_000)).unwrap(), used.expected_open()), (50, 0));
        let mut open = cohort;
        assert_eq!(
            (open.release(Expectation::OfOpen(900_000)).unwrap(), open.expected_open()),
            (0, 90_000_000)
        );
    }

    #[test]
    fn a_point_may_be_worth_less_than_the_smallest_money() {
        let worth = Worth::new("0.0025".parse().unwrap(), 2);
        assert_eq!([worth.of(3).unwrap(), worth.of(2).unwrap(), worth.of(-2).unwrap()], [1, 1, -1]);
        assert_eq!(worth.deferred(None, 10_000, WHOLE).unwrap(), 2_500);
        assert_eq!(worth.deferred(Some(-5), 10_000, WHOLE).unwrap(), 0, "goods were taken back");
        assert_eq!(Worth::new("3".parse().unwrap(), 2).of(2).unwrap(), 600);
    }
}
