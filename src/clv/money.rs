//! From exact money to the floats of models, and back once.

use crate::error::{Error, Result};
use crate::units::pow10;

/// Largest amount of 18 digits.
const MOST: f64 = 999_999_999_999_999_999.0;

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
pub(crate) fn rounded(amount: f64) -> Result<i64> {
    if amount.is_nan() || amount.abs() > MOST {
        return Err(Error::check(format!(
            "lifetime value: a customer's value of {amount:e} smallest units has more than 18 digits; \
             use a smaller facts.money_scale"
        )));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(amount.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_rounded_once_half_away_from_zero() {
        for (amount, expected) in [(2.5, 3), (-2.5, -3), (0.49, 0), (-1e17, -100_000_000_000_000_000)] {
            assert_eq!(rounded(amount).unwrap(), expected);
        }
        assert!(rounded(1e19).is_err());
        assert!(rounded(f64::NAN).is_err());
    }
}
