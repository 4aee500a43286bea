//! A part of what is counted of a customer who belongs to several groups: shares, rounded so that parts add up.

use crate::units::round_ratio;

/// Digits after the point of a share.
pub(crate) const SHARE_SCALE: u8 = 9;

/// A share of 1.
pub(crate) const WHOLE: i64 = 1_000_000_000;

/// An interval of the shares of a customer, one after the other. The part of a value is what the rounded running shares differ
/// by, so that the parts add up to the value whatever it is, as an allocation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The shares of the groups before.
    from: i64,
    /// The same with this group's.
    until: i64,
    /// The shares of all groups.
    of: i64,
}

impl Part {
    /// All of a customer.
    pub(crate) const ALL: Self = Self { from: 0, until: WHOLE, of: WHOLE };

    /// What lies between two running shares; `of`, above 0, is the last of them.
    pub(crate) fn new(from: i64, until: i64, of: i64) -> Self {
        Self { from, until, of }
    }

    /// The part of a value.
    pub(crate) fn of(self, value: i64) -> i64 {
        if self.until - self.from == self.of {
            return value;
        }
        let running = |share: i64| round_ratio(i128::from(value) * i128::from(share), self.of.into());
        let part = running(self.until) - running(self.from);
        i64::try_from(part).expect("a part lies between 0 and its whole")
    }

    /// As a share of 1.
    pub(crate) fn share(self) -> i64 {
        self.of(WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            value in any::<i64>(),
            shares in prop::collection::vec(1..WHOLE, 1..9),
        ) {
            let of = shares.iter().sum();
            let mut from = 0;
            let mut sum = 0;
            for share in shares {
                let part = Part::new(from, from + share, of).of(value);
                let exact = value as f64 * share as f64 / of as f64;
                prop_assert!((part as f64 - exact).abs() <= 1.0 + exact.abs() * 1e-9);
                sum += i128::from(part);
                from += share;
            }
            prop_assert_eq!(sum, i128::from(value));
        }
    }

    #[test]
    fn halves_of_an_odd_number_differ_by_one() {
        let halves = [Part::new(0, 1, 2), Part::new(1, 2, 2)];
        assert_eq!(halves.map(|half| half.of(7)), [4, 3]);
        assert_eq!(halves.map(|half| half.of(-7)), [-4, -3]);
        assert_eq!((Part::ALL.of(i64::MIN), halves[0].share()), (i64::MIN, WHOLE / 2));
    }
}
