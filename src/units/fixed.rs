//! Fixed-point numbers: an integer and the number of its digits after the point.

use std::fmt;
use std::str::FromStr;

/// An exact decimal number, `mantissa / 10^scale`, as written in a pipeline file or a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// All digits.
    pub mantissa: i128,
    /// Digits after the point.
    pub scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { mantissa: 1, scale: 0 };

    /// The mantissa at another scale, rounded half away from zero; `None` when it overflows.
    pub fn at_scale(self, scale: u8) -> Option<i128> {
        rescale(self.mantissa, self.scale, scale)
    }

    /// The same number without trailing zeros after the point.
    pub fn normalised(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_fixed(self.mantissa, self.scale))
    }
}

impl FromStr for Decimal {
    type Err = String;

    /// Reads `-1234.50` and, as TOML and ledgers write it, `1_234.50`. No exponent: it would hide the scale.
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("'{text}' is not a decimal number");
        let digits = text.trim().replace('_', "");
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.len() > 30 {
            return Err(fault());
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(fault());
        }
        let mantissa: i128 = format!("0{whole}{fraction}").parse().map_err(|_| fault())?;
        let scale = u8::try_from(fraction.len()).map_err(|_| fault())?;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }
}

/// 10^exponent. Valid to 38.
pub fn pow10(exponent: u8) -> i128 {
    10_i128.pow(u32::from(exponent))
}

/// `numerator / denominator` to the nearest integer, halves away from zero: R of design §6.
///
/// The denominator must be positive.
pub fn round_ratio(numerator: i128, denominator: i128) -> i128 {
    debug_assert!(denominator > 0);
    let (quotient, rest) = match (i64::try_from(numerator), i64::try_from(denominator)) {
        // The processor divides 64 bits itself; a division of 128 bits is a call, which the rest need not repeat.
        (Ok(numerator), Ok(denominator)) => {
            (i128::from(numerator / denominator), i128::from(numerator % denominator))
        }
        _ => {
            let quotient = numerator / denominator;
            (quotient, numerator - quotient * denominator)
        }
    };
    let away = rest.unsigned_abs() >= denominator.unsigned_abs() - rest.unsigned_abs();
    if away && rest != 0 { quotient + numerator.signum() } else { quotient }
}

/// A mantissa moved from one scale to another, rounded half away from zero; `None` when it overflows.
pub fn rescale(mantissa: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        10_i128.checked_pow(u32::from(to - from)).and_then(|factor| mantissa.checked_mul(factor))
    } else {
        10_i128.checked_pow(u32::from(from - to)).map(|divisor| round_ratio(mantissa, divisor))
    }
}

/// `-12345` at scale 2 as `-123.45`.
pub fn format_fixed(mantissa: i128, scale: u8) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        for (numerator, denominator, expected) in [
            (1, 2, 1),
            (-1, 2, -1),
            (1, 3, 0),
            (2, 3, 1),
            (-2, 3, -1),
            (5, 2, 3),
            (-5, 2, -3),
            (0, 7, 0),
            (7, 7, 1),
        ] {
            assert_eq!(round_ratio(numerator, denominator), expected, "{numerator}/{denominator}");
        }
    }

    #[test]
    fn decimals_read_and_print_the_same_text() {
        for text in ["0", "-1", "12.50", "-0.05", "700000"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        assert_eq!("700_000".parse::<Decimal>().unwrap().mantissa, 700_000);
        for text in ["", "-", "1e5", "12,5", "1.2.3", "nan"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }
}
