//! Rates that planned volumes and minutes cost.

use super::recalled::{Recalled, as_given};
use crate::costing::schema::{PeriodCosting, ResourceCosting};
use crate::error::{Error, Result};
use crate::pipeline::{Capacity, Node, Ratio};
use crate::units::{Decimal, Period, pow10, round_ratio};

/// What a unit of volume costs in a plan.
pub(super) struct PlanRate {
    /// As given, or money/volume.
    pub(super) exact: String,
    /// The same, rounded.
    pub(super) shown: Option<f64>,
    /// `actual`, `standard`, `charge` or `imputed`.
    pub(super) kind: &'static str,
    /// Money, as a mantissa of the money scale with further digits, over a volume.
    money: Decimal,
    volume: i128,
    /// Cost of the base period that the rate stands for.
    pub(super) covers: i128,
}

impl PlanRate {
    /// What a volume costs, rounded once.
    pub(super) fn at(&self, volume: Decimal) -> Result<i128> {
        ratio(volume, self.money, self.volume)
    }
}

/// The rate of an activity's base period; if it has none and its volume is minutes, what these cost. None: its
/// `base_cost` is taken as fixed.
pub(super) fn plan_rate(
    recalled: &Recalled<'_>,
    index: usize,
    period: &PeriodCosting,
    base_cost: i128,
) -> Result<Option<PlanRate>> {
    let (known, costed) = (&recalled.costing.activities[index], &period.activities[index]);
    let Some(rate) = costed.rate else { return of_minutes(recalled, index, period) };
    Ok(Some(PlanRate {
        exact: recalled.rate_exact(index, rate),
        shown: costed.rate_shown(known, recalled.facts.money_scale),
        kind: recalled.rate_kind(index),
        money: Decimal { mantissa: i128::from(rate.money) * pow10(known.volume_scale()), scale: 0 },
        volume: i128::from(rate.volume),
        covers: base_cost,
    }))
}

fn of_minutes(recalled: &Recalled<'_>, index: usize, period: &PeriodCosting) -> Result<Option<PlanRate>> {
    let definition = recalled.definition.costing.as_ref().expect("an activity is defined");
    let activity = &definition.activities[index];
    let Some(resource) = activity.minutes_of().filter(|_| activity.line.is_some()) else { return Ok(None) };
    let capacity = definition.resources[resource].capacity.as_ref().expect("minutes are of a capacity");
    let rate = minute_rate(recalled, capacity, &period.resources[resource], period.period)?;
    let pools = period.activities[index].pools.iter().filter(|(from, _)| *from == Node::Resource(resource));
    Ok(Some(PlanRate { covers: pools.map(|(_, amount)| i128::from(*amount)).sum(), ..rate }))
}

/// Money per minute: the standard rate, or cost over practical capacity.
pub(super) fn minute_rate(
    recalled: &Recalled<'_>,
    capacity: &Capacity,
    costed: &ResourceCosting,
    period: Period,
) -> Result<PlanRate> {
    let actual = || Ratio { numerator: recalled.money(costed.cost).0, denominator: capacity.minutes(period) };
    let given = capacity.standard_rate.unwrap_or_else(actual);
    let Ratio { numerator, denominator } = given;
    let money = numerator.mantissa.checked_mul(pow10(denominator.scale));
    let money = money.and_then(|money| money.checked_mul(pow10(recalled.facts.money_scale)));
    Ok(PlanRate {
        exact: as_given(given),
        shown: Some(shown(given)),
        kind: if capacity.standard_rate.is_some() { "standard" } else { "actual" },
        money: Decimal { mantissa: money.ok_or_else(too_large)?, scale: numerator.scale }.normalised(),
        volume: denominator.mantissa,
        covers: 0,
    })
}

/// A ratio, rounded.
#[allow(clippy::cast_precision_loss, reason = "shown rounded; the exact rate stands beside it")]
fn shown(Ratio { numerator, denominator }: Ratio) -> f64 {
    let scale = numerator.scale.max(denominator.scale);
    let at = |number: Decimal| number.mantissa as f64 * pow10(scale - number.scale) as f64;
    at(numerator) / at(denominator)
}

/// quantity × money / divisor as a mantissa of money, rounded once.
fn ratio(quantity: Decimal, money: Decimal, divisor: i128) -> Result<i128> {
    let product = quantity.mantissa.checked_mul(money.mantissa).ok_or_else(too_large)?;
    let power = 10_i128.checked_pow(u32::from(quantity.scale) + u32::from(money.scale));
    let divisor = power.and_then(|power| divisor.checked_mul(power)).ok_or_else(too_large)?;
    Ok(round_ratio(product, divisor))
}

pub(super) fn too_large() -> Error {
    Error::check("budget: a planned number leaves 128 bits; give it fewer digits")
}
