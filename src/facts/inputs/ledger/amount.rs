//! Reads amounts as offices write them: `1.100,50`, `1'100.50`, `(100.00)`, `100-`, `€ 5`, `1.5E+3`. Exact, and rounded
//! once.

use crate::units::{Decimal, pow10};

/// How a text reads under one decimal mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    is_negative: bool,
    /// All digits, whole part first.
    digits: String,
    /// How many of them come after the point; negative where zeros are to be added.
    decimals: i64,
    /// What stands between its groups of three, if anything.
    pub(super) thousands: Option<char>,
}

/// Signs of currencies, each with the currencies it may mean.
const SIGNS: [(char, &[&str]); 5] = [
    ('€', &["EUR"]),
    ('£', &["GBP"]),
    ('¥', &["JPY", "CNY"]),
    ('₹', &["INR"]),
    ('$', &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "BRL", "CLP", "COP", "ARS"]),
];

/// Reads a text with this decimal mark; `currency` may stand before or after the number, as code or sign.
pub(super) fn digits(text: &str, decimal_mark: char, currency: Option<&str>) -> Option<Digits> {
    let (is_negative, body) = sign(text.trim(), currency)?;
    let (number, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], exponent(&body[at + 1..])?),
        None => (body, 0),
    };
    let (whole, fraction) = number.split_once(decimal_mark).unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let thousands = whole.chars().find(|c| !c.is_ascii_digit());
    let digits = match thousands {
        None => whole.to_owned(),
        Some(mark) if mark != decimal_mark && exponent == 0 => grouped(whole, mark)?,
        Some(_) => return None,
    };
    let decimals = i64::try_from(fraction.len()).ok()? - exponent;
    Some(Digits { is_negative, digits: digits + fraction, decimals, thousands: thousands.map(plain_mark) })
}

/// Whether the number is negative, and its text without signs and currency.
fn sign<'t>(text: &'t str, currency: Option<&str>) -> Option<(bool, &'t str)> {
    let text = without_currency(text, currency);
    let minus = ['-', '\u{2212}'];
    let (is_negative, inner) = if let Some(inner) = text.strip_prefix('(') {
        (true, inner.strip_suffix(')')?)
    } else if let Some(inner) = text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
        (true, inner)
    } else {
        (false, text.strip_prefix('+').unwrap_or(text))
    };
    let inner = without_currency(inner.trim(), currency);
    inner.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',').then_some((is_negative, inner))
}

fn without_currency<'t>(text: &'t str, currency: Option<&str>) -> &'t str {
    let Some(code) = currency else { return text };
    let sign = SIGNS.iter().find(|(_, codes)| codes.contains(&code)).map(|(sign, _)| *sign);
    let stripped = text.strip_prefix(code).or_else(|| text.strip_suffix(code));
    let stripped = stripped.or_else(|| text.strip_prefix(sign?)).or_else(|| text.strip_suffix(sign?));
    stripped.unwrap_or(text).trim()
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_short = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_short.then(|| text.parse().ok()).flatten()
}

/// The digits of groups of three; the inner ones may be of two, as in India. A group that begins with 0 is none.
fn grouped(whole: &str, mark: char) -> Option<String> {
    if !matches!(mark, '.' | ',' | '\'' | '\u{2019}' | '_' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}') {
        return None;
    }
    let groups: Vec<&str> = whole.split(mark).collect();
    let (first, rest) = groups.split_first()?;
    let (last, inner) = rest.split_last()?;
    let width = inner.first().map_or(3, |group| group.len());
    let is_right = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && last.len() == 3
        && (width == 3 || width == 2 && mark == ',')
        && inner.iter().all(|group| group.len() == width)
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    is_right.then(|| groups.concat())
}

/// The mark as the key `thousands_mark` names it.
fn plain_mark(mark: char) -> char {
    match mark {
        '\u{2019}' => '\'',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        other => other,
    }
}

impl Digits {
    /// The number with at most so many digits after the point, halves away from zero; `None` past 38 digits.
    ///
    /// The first digit dropped decides alone, so that no digit of a long text needs to be held.
    pub(super) fn rounded(&self, finest: u8) -> Option<Decimal> {
        let excess = self.decimals - i64::from(finest);
        let mut mantissa: i128 = 0;
        let kept = i64::try_from(self.digits.len()).ok()? - excess.max(0);
        let (kept, dropped) = self.digits.split_at(usize::try_from(kept.max(0)).ok()?);
        for digit in kept.bytes() {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let is_half = excess > 0
            && i64::try_from(dropped.len()).ok()? == excess
            && dropped.starts_with(|digit: char| digit >= '5');
        mantissa = mantissa.checked_add(i128::from(is_half))?;
        if self.decimals < 0 && mantissa != 0 {
            let zeros = u8::try_from(-self.decimals).ok().filter(|zeros| *zeros <= 38)?;
            mantissa = mantissa.checked_mul(pow10(zeros))?;
        }
        let scale = u8::try_from(self.decimals.clamp(0, i64::from(finest))).ok()?;
        let mantissa = if self.is_negative { -mantissa } else { mantissa };
        Some(Decimal { mantissa, scale }.normalised())
    }

    /// Whether two readings are of one number.
    pub(super) fn is_same(&self, other: &Digits) -> bool {
        self.digits == other.digits && self.decimals == other.decimals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mark: char) -> Option<String> {
        digits(text, mark, Some("EUR"))?.rounded(4).map(|amount| amount.to_string())
    }

    #[test]
    fn amounts_are_read_as_offices_write_them() {
        for (text, mark, expected) in [
            ("1100.50", '.', "1100.5"),
            ("1,100.50", '.', "1100.5"),
            ("1.100,50", ',', "1100.5"),
            ("1'100.50", '.', "1100.5"),
            ("1\u{2019}100\u{2019}000.50", '.', "1100000.5"),
            ("1 100,50", ',', "1100.5"),
            ("1\u{202f}100,50", ',', "1100.5"),
            ("12,34,567.8", '.', "1234567.8"),
            ("700_000", '.', "700000"),
            ("(100.00)", '.', "-100"),
            ("100.00-", '.', "-100"),
            ("\u{2212}100", '.', "-100"),
            ("+5", '.', "5"),
            ("€ 1.100,50", ',', "1100.5"),
            ("-€5", '.', "-5"),
            ("€-5", '.', "-5"),
            ("(€5)", '.', "-5"),
            ("1.100,50 EUR", ',', "1100.5"),
            ("1.5E+3", '.', "1500"),
            ("1e-05", '.', "0"),
            ("5e-05", '.', "0.0001"),
            ("0.30000000000000004", '.', "0.3"),
            ("0.00005", '.', "0.0001"),
            ("-0.00005", '.', "-0.0001"),
            ("0.0000499999999999999999999999999999999999999", '.', "0"),
            (".5", '.', "0.5"),
            ("1.", '.', "1"),
            ("9.99995", '.', "10"),
            ("0e999", '.', "0"),
        ] {
            assert_eq!(read(text, mark).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_under_a_mark_is_none() {
        for (text, mark) in [
            ("", '.'),
            ("-", '.'),
            ("n/a", '.'),
            ("--5", '.'),
            ("(5", '.'),
            ("5)", '.'),
            ("12 %", '.'),
            ("1,10", '.'),
            ("1,1000", '.'),
            ("0,100", '.'),
            ("1,100,50", '.'),
            ("1.100.50", '.'),
            ("1,100 200", '.'),
            ("$5", '.'),
            ("5 USD", '.'),
            ("1e5e5", '.'),
            ("1e", '.'),
            ("1,100e3", '.'),
            ("1\u{663}", '.'),
            ("e5", '.'),
            ("inf", '.'),
            ("NaN", '.'),
        ] {
            assert_eq!(digits(text, mark, Some("EUR")), None, "{text}");
        }
        assert_eq!(digits("9".repeat(40).as_str(), '.', None).unwrap().rounded(4), None);
        assert_eq!(digits("€5", '.', None), None);
    }
}
