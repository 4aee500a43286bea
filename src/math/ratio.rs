//! Fractions rounded to integers, beyond 128 bits where they need it.

use num_bigint::{BigInt, Sign};

/// `a · b / denominator` to the nearest integer, halves away from zero: R of cumulative differences.
///
/// The denominator must be positive. `None` when the result itself leaves 128 bits; products may.
pub fn round_product(a: i128, b: i128, denominator: i128) -> Option<i128> {
    match a.checked_mul(b) {
        Some(product) => Some(crate::units::round_ratio(product, denominator)),
        None => i128::try_from(round(&(BigInt::from(a) * b), &BigInt::from(denominator))).ok(),
    }
}

/// `numerator / denominator` to the nearest integer, halves away from zero. The denominator must be positive.
pub fn round(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    debug_assert!(denominator.sign() == Sign::Plus, "a denominator is positive");
    let quotient = numerator / denominator;
    let rest = numerator - &quotient * denominator;
    if (rest.magnitude() << 1_u8) < *denominator.magnitude() {
        return quotient;
    }
    if numerator.sign() == Sign::Minus { quotient - 1 } else { quotient + 1 }
}

/// The greatest common divisor of magnitudes; 0 for zeros only.
pub fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::round_ratio;

    #[test]
    fn halves_go_away_from_zero_in_any_width() {
        for (numerator, denominator) in
            [(5, 10), (-5, 10), (4, 10), (15, 10), (-15, 10), (14, 10), (0, 7), (7, 3), (i128::MAX, 3)]
        {
            let wide = round(&BigInt::from(numerator), &BigInt::from(denominator));
            assert_eq!(wide, BigInt::from(round_ratio(numerator, denominator)), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn a_product_beyond_128_bits_is_rounded_exactly() {
        let large = 10_i128.pow(30);
        assert_eq!(round_product(large, large + 1, 2 * large), Some(large / 2 + 1));
        assert_eq!(round_product(-large, large + 1, 2 * large), Some(-(large / 2 + 1)));
        assert_eq!(round_product(large, large, 1), None);
        assert_eq!((gcd(-12, 18), gcd(0, 0), gcd(0, 5)), (6, 0, 5));
    }
}
