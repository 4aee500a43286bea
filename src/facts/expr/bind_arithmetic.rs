//! Typed arithmetic: the format of products and quotients, and what is exact of them.

use super::BindError;
use super::bind::{Bind, Typed};
use super::node::{Format, Kind, Node, gcd};
use crate::units::{Decimal, format_fixed};

/// `x / y` of columns: a fraction where both are exact, with the quotient of their denominators as its format.
pub(super) fn quotient(x: Typed, y: Typed) -> Bind {
    let (Some(over), Some(under)) = (x.kind.format(), y.kind.format()) else {
        let node = Node::Divide(Box::new(to_float(x)), Box::new(to_float(y)));
        return Ok(Typed { node, kind: Kind::Float });
    };
    let (over, under) = (over.denominator(), under.denominator());
    let common = gcd(over, under);
    let format = Format::of_denominator(over / common).checked().ok_or_else(|| too_many_digits("'/'"))?;
    let node = Node::Quotient(Box::new(scaled(x.node, under / common)), Box::new(y.node));
    Ok(Typed { node, kind: Kind::Ratio(format) })
}

/// `a * b`: exact where both are, with the product of their formats.
pub(super) fn multiply(a: Typed, b: Typed) -> Bind {
    let (kind, a, b) = match (a.kind.format(), b.kind.format()) {
        (Some(left), Some(right)) => {
            let format = left.product(right).ok_or_else(|| too_many_digits("'*'"))?;
            let kind = if matches!(b.kind, Kind::Ratio(_)) { b.kind } else { a.kind };
            (kind.with(format), a.node, b.node)
        }
        _ => (Kind::Float, to_float(a), to_float(b)),
    };
    Ok(Typed { node: Node::Multiply(Box::new(a), Box::new(b)), kind })
}

/// A number as a float.
fn to_float(typed: Typed) -> Node {
    match (typed.kind, typed.node) {
        (Kind::Number(format), Node::Number(mantissa)) => Node::Float(float(mantissa, format)),
        (Kind::Number(format) | Kind::Ratio(format), node) => Node::ToFloat(Box::new(node), format),
        (_, node) => node,
    }
}

/// `x / (m / 10^s)` = `x × (10^s × c) / 10^k / r`, where m = ± 10^k × r / c and r has no factor 2 or 5.
///
/// The 10^k moves the scale, r goes to the divisor, and only what is left multiplies the mantissa: `x / 100` is free.
pub(super) fn divide(x: Typed, divisor: Decimal) -> Bind {
    let Decimal { mantissa, scale } = divisor.normalised();
    let Some(format) = x.kind.format() else {
        let divisor = Node::Float(float(mantissa, Format::decimal(scale)));
        let node = Node::Divide(Box::new(x.node), Box::new(divisor));
        return Ok(Typed { node, kind: Kind::Float });
    };
    let (mut rest, mut twos, mut fives) = (mantissa.abs(), 0_u8, 0_u8);
    while rest % 2 == 0 {
        (rest, twos) = (rest / 2, twos + 1);
    }
    while rest % 5 == 0 {
        (rest, fives) = (rest / 5, fives + 1);
    }
    let tens = twos.max(fives);
    let power = |base: i128, exponent: u8| base.checked_pow(u32::from(exponent));
    let exact = || {
        let completed = power(2, tens - twos)?.checked_mul(power(5, tens - fives)?)?;
        let factor = completed.checked_mul(power(10, scale.saturating_sub(tens))?)?;
        let scale = format.scale.checked_add(tens.saturating_sub(scale))?;
        let divisor = format.divisor.checked_mul(rest)?;
        Some((factor * mantissa.signum(), Format { scale, divisor }.checked()?))
    };
    let (factor, format) = exact().ok_or_else(|| too_many_digits("'/'"))?;
    Ok(Typed { node: scaled(x.node, factor), kind: x.kind.with(format) })
}

/// Mantissas times a factor.
pub(super) fn scaled(node: Node, factor: i128) -> Node {
    if factor == 1 { node } else { Node::Scale(Box::new(node), factor) }
}

/// The float nearest to a decimal.
pub(super) fn float(mantissa: i128, format: Format) -> f64 {
    debug_assert_eq!(gcd(format.divisor, 1), format.divisor, "literals are decimals");
    format_fixed(mantissa, format.scale).parse().expect("a decimal number reads as a float")
}

/// A format that no longer fits 128 bits.
pub(super) fn too_many_digits(context: &str) -> BindError {
    let message = format!("{context} needs more than 35 digits after the point; divide by shorter numbers");
    BindError { message }
}
