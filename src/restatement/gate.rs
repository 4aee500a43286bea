//! A gate: how much a release may change of what was published before.

use super::period_totals::PeriodTotals;
use super::restated::Restated;
use crate::units::Decimal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Control totals of the periods of `before` that change by more than a share of themselves, in words; `bounds` are those
/// shares by control total.
pub fn beyond(bounds: &BTreeMap<String, Decimal>, before: &Value, parts: &[Restated]) -> Vec<String> {
    let periods = PeriodTotals::of_release(before);
    let mut messages = Vec::new();
    for (name, bound) in bounds {
        let was = sum(periods.values().map(|totals| totals.get(name)));
        let is_restated = |part: &&Restated| {
            part.control_total == *name
                && part.period.as_ref().is_some_and(|period| periods.contains_key(period))
        };
        let restated: Vec<&Restated> = parts.iter().filter(is_restated).collect();
        let change = sum(restated.iter().map(|part| part.change));
        if is_beyond(change, was, *bound) {
            let causes: BTreeSet<&str> = restated.iter().map(|part| part.cause.as_str()).collect();
            let causes = causes.into_iter().collect::<Vec<_>>().join("; ");
            messages.push(format!(
                "publish.gate: {name} of the periods published before changes by {change}, from {was}; expected at most \
                 {bound} of it; cause: {causes}; see `abacus releases diff` after a run without --gate, or raise the bound"
            ));
        }
    }
    messages
}

fn sum(numbers: impl Iterator<Item = Decimal> + Clone) -> Decimal {
    let scale = numbers.clone().map(|number| number.scale).max().unwrap_or(0);
    Decimal { mantissa: numbers.filter_map(|number| number.at_scale(scale)).sum(), scale }
}

/// |change| > bound × |was|, exactly.
fn is_beyond(change: Decimal, was: Decimal, bound: Decimal) -> bool {
    let scale = change.scale.max(was.scale);
    let at = |number: Decimal| number.at_scale(scale).map(i128::abs);
    let (Some(change), Some(was)) = (at(change), at(was)) else { return true };
    let shift = 10_i128.checked_pow(u32::from(bound.scale));
    let left = shift.and_then(|shift| change.checked_mul(shift));
    left.zip(was.checked_mul(bound.mantissa)).is_none_or(|(left, right)| left > right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_bound_is_a_share_of_what_was() {
        for (change, was, bound, expected) in [
            ("1.00", "100", "0.01", false),
            ("-1.01", "100", "0.01", true),
            ("1.01", "-100", "0.01", true),
            ("0", "0", "0", false),
            ("0.0001", "0", "0.5", true),
        ] {
            assert_eq!(is_beyond(number(change), number(was), number(bound)), expected, "{change} of {was}");
        }
    }
}
