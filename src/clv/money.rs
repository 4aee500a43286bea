//! From exact money to the floats of models, and back once.

use crate::error::Result;
use crate::units::{Fixed18, pow10};

/// One smallest unit, in units of the currency.
pub(crate) fn unit(money_scale: u8) -> f64 {
    1.0 / float(pow10(money_scale))
}

/// The nearest float.
#[expect(clippy::cast_precision_loss, reason = "estimates have fewer digits than money")]
pub(crate) fn float(amount: i128) -> f64 {
    amount as f64
}

/// An estimate of a total in smallest units, for a person.
pub fn nearest(amount: f64) -> i128 {
    #[expect(clippy::cast_possible_truncation, reason = "a cast keeps to the range of the integer")]
    let nearest = amount.round() as i128;
    nearest
}

/// An estimate in smallest units, rounded half away from zero.
///
/// # Errors
/// More than 18 digits.
pub(crate) fn rounded(amount: f64) -> Result<Fixed18> {
    let rounded = if amount.is_nan() { i128::MAX } else { nearest(amount) };
    Fixed18::checked(rounded, format_args!("lifetime value: a customer's value of {amount:e} smallest units"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_rounded_once_half_away_from_zero() {
        for (amount, expected) in [(2.5, 3), (-2.5, -3), (0.49, 0), (-1e17, -100_000_000_000_000_000)] {
            assert_eq!(rounded(amount).unwrap().get(), expected);
        }
        assert!(rounded(1e18).is_err());
        assert!(rounded(f64::NAN).is_err());
    }
}
