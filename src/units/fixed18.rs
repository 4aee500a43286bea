//! Fixed-point numbers of at most 18 digits: money, volumes and units, whose scale is that of their column.

use super::fixed::round_ratio;
use crate::error::{Error, Result};
use std::fmt;

/// The mantissa of a DECIMAL(18, scale), checked when it is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed18(i64);

/// Says of a value that it has more than 18 digits, and the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyDigits;

impl Fixed18 {
    /// The least magnitude of 19 digits.
    pub const LIMIT: i64 = 1_000_000_000_000_000_000;

    /// `None` beyond 18 digits.
    pub fn new(mantissa: impl Into<i128>) -> Option<Self> {
        let mantissa = i64::try_from(mantissa.into()).ok()?;
        (mantissa.unsigned_abs() < Self::LIMIT.unsigned_abs()).then_some(Self(mantissa))
    }

    /// The same with an error; `what` names the value and its place.
    ///
    /// # Errors
    /// More than 18 digits.
    pub fn checked(mantissa: impl Into<i128>, what: impl fmt::Display) -> Result<Self> {
        Self::new(mantissa).ok_or_else(|| Error::too_many_digits(what))
    }

    /// A value of a column of 18 digits.
    ///
    /// # Panics
    /// Beyond 18 digits.
    pub fn of_column(mantissa: i64) -> Self {
        Self::new(mantissa).expect("a column of 18 digits")
    }

    /// All digits.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The mean of `count`, at least 1, rounded half away from zero.
    #[must_use]
    pub fn per(self, count: i64) -> Self {
        let mean = round_ratio(self.0.into(), count.max(1).into());
        Self(i64::try_from(mean).expect("a mean is no larger than its sum"))
    }

    /// Whether every value of a column has at most 18 digits.
    pub fn holds(values: &[i64]) -> bool {
        magnitude_bits(values) < 1 << 59
            || values.iter().all(|value| value.unsigned_abs() < Self::LIMIT.unsigned_abs())
    }
}

impl From<Fixed18> for i64 {
    fn from(number: Fixed18) -> Self {
        number.0
    }
}

impl From<Fixed18> for i128 {
    fn from(number: Fixed18) -> Self {
        number.0.into()
    }
}

impl fmt::Display for TooManyDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("exceeds 18 digits; lower facts.money_scale or facts.volume_scale")
    }
}

/// All bits set in the magnitudes: no |value| exceeds the result.
pub fn magnitude_bits(values: &[i64]) -> u64 {
    values.iter().fold(0, |bits, value| bits | value.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_19_digits_is_none() {
        let most = Fixed18::LIMIT - 1;
        for mantissa in [0, 1, -1, most, -most] {
            assert_eq!(Fixed18::new(mantissa).map(Fixed18::get), Some(mantissa));
            assert!(Fixed18::holds(&[0, mantissa]));
        }
        for mantissa in [Fixed18::LIMIT, -Fixed18::LIMIT, i64::MIN] {
            assert_eq!(Fixed18::new(mantissa), None);
            assert!(!Fixed18::holds(&[0, mantissa]));
        }
        assert_eq!(Fixed18::new(i128::MAX), None);
    }

    #[test]
    fn a_mean_is_rounded_half_away_from_zero() {
        let mean = |sum: i64, count| Fixed18::of_column(sum).per(count).get();
        assert_eq!((mean(199, 2), mean(-199, 2), mean(-199, 4), mean(7, 0)), (100, -100, -50, 7));
    }
}
