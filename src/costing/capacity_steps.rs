//! Capacity that is bought in steps: how many of them minutes need.

use crate::pipeline::Step;
use crate::units::Decimal;

/// One step for every started part of one; `None` beyond 128 bits.
pub(crate) fn started(step: Step, minutes: Decimal) -> Option<i128> {
    let scale = step.minutes.scale.max(minutes.scale);
    let (one, needed) = (step.minutes.at_scale(scale)?, minutes.at_scale(scale)?.max(0));
    Some((needed + one - 1) / one)
}

/// The sum of two numbers; `None` beyond 128 bits.
pub(crate) fn plus(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.max(b.scale);
    Some(Decimal { mantissa: a.at_scale(scale)?.checked_add(b.at_scale(scale)?)?, scale })
}

/// The smaller of two numbers; `None` beyond 128 bits.
pub(crate) fn least(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.max(b.scale);
    Some(if a.at_scale(scale)? <= b.at_scale(scale)? { a } else { b })
}
