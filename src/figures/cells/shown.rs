//! Numbers as a person reads them.

use crate::report::grouped;
use crate::units::{Decimal, format_fixed, rescale};

/// A decimal with at least and at most so many digits after the point, whole digits grouped.
pub(crate) fn decimal(number: Decimal, least: u8, most: u8) -> String {
    let short = number.normalised();
    let scale = short.scale.clamp(least, most);
    let mantissa =
        rescale(short.mantissa, short.scale, scale).expect("38 digits of money leave room for two");
    with_groups(&format_fixed(mantissa, scale))
}

/// A float with so many digits after the point, whole digits grouped.
pub(crate) fn float(number: f64, digits: usize) -> String {
    with_groups(&format!("{number:.digits$}"))
}

/// 0.1234 as `12.3 %`.
pub(crate) fn share(number: f64) -> String {
    format!("{}\u{a0}%", float(100.0 * number, 1))
}

/// 0.25 as `25 %`, for an axis.
pub(crate) fn short_share(number: f64) -> String {
    share(number).replacen(".0", "", 1)
}

/// Three digits and a word for thousands, millions or more: `1.35 M`, for a picture.
pub(crate) fn compact(number: f64) -> String {
    const WORDS: [(f64, &str); 4] =
        [(1e12, "\u{a0}tn"), (1e9, "\u{a0}bn"), (1e6, "\u{a0}M"), (1e3, "\u{a0}k")];
    let (size, word) = WORDS.into_iter().find(|(size, _)| number.abs() >= *size).unwrap_or((1.0, ""));
    let scaled = number / size;
    let digits = match scaled.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = unsigned_zero(format!("{scaled:.digits$}"));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{}{word}", with_minus(text))
}

fn with_groups(number: &str) -> String {
    let number = unsigned_zero(number.to_owned());
    let (whole, digits) = number.split_once('.').map_or((&*number, None), |(w, d)| (w, Some(d)));
    let sign = if whole.starts_with('-') { "−" } else { "" };
    let whole = whole.trim_start_matches('-').parse().map_or_else(|_| whole.to_owned(), grouped);
    format!("{sign}{whole}{}", digits.map(|digits| format!(".{digits}")).unwrap_or_default())
}

/// What rounds to zero has no sign.
fn unsigned_zero(number: String) -> String {
    match number.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        true => number,
        false => number.trim_start_matches('-').to_owned(),
    }
}

/// With the sign that is as wide as a digit.
fn with_minus(number: &str) -> String {
    number.replacen('-', "−", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_grouped_with_a_true_minus() {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(decimal(number("-1234567.8950"), 2, 2), "−1,234,567.90");
        assert_eq!(decimal(number("5600.00"), 0, 2), "5,600");
        assert_eq!(decimal(number("-0.0012"), 2, 2), "0.00");
        assert_eq!(share(-0.306_83), "−30.7\u{a0}%");
        assert_eq!(float(1234.56, 1), "1,234.6");
    }

    #[test]
    fn a_picture_has_three_digits() {
        for (number, text) in [
            (0.0, "0"),
            (-152_629.36, "−153\u{a0}k"),
            (1_345_194.0, "1.35\u{a0}M"),
            (20_000.0, "20\u{a0}k"),
            (93.4, "93.4"),
            (0.001, "0"),
        ] {
            assert_eq!(compact(number), text);
        }
    }
}
