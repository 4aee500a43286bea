//! What a reader should know of contextual factors: which are left out, and where a forecast has no values of them, or others
//! than were seen.

use super::contextual_factors::ContextualFactors;
use super::timing::Timings;
use super::timing_kind::TimingKind;
use crate::pipeline::{ClvDef, Season};
use crate::units::Day;

/// Of the as-of date; of forecasts only where customers are valued by a clock that follows them.
pub(crate) fn of_factors(
    factors: &ContextualFactors,
    timings: &Timings<'_>,
    chosen: TimingKind,
    clv: &ClvDef,
    as_of: Day,
) -> Vec<String> {
    let mut warnings = left_out(factors, timings, chosen);
    if chosen.has_factors {
        warnings.extend(beyond_known(factors, clv, as_of));
        warnings.extend(unlike_any_seen(factors, as_of));
    }
    warnings
}

/// Factors that the clock chosen, or else that of factors alone, has no coefficient of, or one that is held.
fn left_out(factors: &ContextualFactors, timings: &Timings<'_>, chosen: TimingKind) -> Vec<String> {
    let alone = TimingKind { season: Season::None, has_factors: true };
    let asked = if chosen.has_factors { chosen } else { alone };
    let of_asked = timings.estimates(0).find(|(kind, _)| *kind == asked);
    let estimate = of_asked.and_then(|(_, estimate)| estimate.as_ref().ok());
    let estimates = estimate.map(|estimate| &estimate.factors[..]).unwrap_or_default();
    let reasons = factors.names().iter().zip(estimates);
    let reasons = reasons.filter_map(|(name, estimate)| Some((name, estimate.reason?)));
    reasons
        .map(|(name, reason)| {
            format!("lifetime value: of the contextual factor '{name}': {}", reason.sentence())
        })
        .collect()
}

/// Horizons that reach further than values are known.
fn beyond_known(factors: &ContextualFactors, clv: &ClvDef, as_of: Day) -> Option<String> {
    let known = factors.last_known();
    let until = clv.horizons.iter().map(|horizon| horizon.length.after(as_of)).max()?;
    (known.0 + 1 < until.0).then(|| {
        format!(
            "lifetime value: the last row of [clv.contextual_factors] is of {}, and horizons reach until {until}: after {known} \
             the clock runs at its mean speed; add rows of the days to come, the last one of the last day they hold",
            factors.last_row()
        )
    })
}

/// Values to come outside of what the history had: the coefficient was not estimated there.
fn unlike_any_seen(factors: &ContextualFactors, as_of: Day) -> Vec<String> {
    let of_factor = |factor: usize| {
        let (seen, all) = (factors.before(factor, as_of), factors.values(factor));
        let smallest = seen.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = seen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let is_unlike = |value: &&f64| **value < smallest || **value > largest;
        let unlike = all[seen.len()..].iter().find(is_unlike)?;
        Some(format!(
            "lifetime value: the contextual factor '{}' is {unlike} on a day to come, and was {smallest} to {largest} so far: its \
             effect there is an extrapolation",
            factors.names()[factor]
        ))
    };
    (0..factors.names().len()).filter_map(of_factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_those_seen_are_named() {
        let factors = ContextualFactors::of_days(Day(0), vec![vec![1.0, 2.0, 1.5], vec![1.0, 2.0, 2.5]]);
        assert_eq!(
            unlike_any_seen(&factors, Day(2)),
            [
                "lifetime value: the contextual factor 'x1' is 2.5 on a day to come, and was 1 to 2 so far: its effect there is an \
                 extrapolation"
            ]
        );
    }
}
