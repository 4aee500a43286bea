//! A scenario as a plan: the same period a year before, with the scenario's money, capacity, volumes, growth and prices.

use super::planned::{PlannedActivity, PlannedPeriod, PlannedResource, PlannedSales};
use super::sales::SoldGroups;
use crate::costing::schema::{Activity, ActivityCosting, Costing, PeriodCosting, UNCLAIMED};
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::pipeline::{Change, ScenarioDef};
use crate::units::{Decimal, pow10, round_ratio};
use std::collections::BTreeMap;

/// By period of the run that has one a year before; `costing` is that of the scenario.
///
/// # Errors
/// A number beyond 128 bits.
pub(super) fn planned(
    scenario: &ScenarioDef,
    facts: &FactSet,
    costing: &Costing,
    sold: &SoldGroups,
) -> Result<BTreeMap<usize, PlannedPeriod>> {
    let mut periods = BTreeMap::new();
    let Some(kind) = facts.periods.first().map(|first| first.period.kind) else { return Ok(periods) };
    let prices = scenario.changes.iter().find_map(|change| match change {
        Change::Prices(factor) => Some(*factor),
        _ => None,
    });
    for place in kind.in_a_year()..facts.periods.len() {
        let before = &costing.periods[place - kind.in_a_year()];
        let fed = |inputs: &[(Option<String>, i64)]| inputs.iter().map(|(_, amount)| *amount).sum::<i64>();
        let resources = before
            .resources
            .iter()
            .map(|resource| PlannedResource { cost: Some(fed(&resource.inputs)), minutes: None });
        let mut activities = Vec::new();
        for (index, (activity, costed)) in costing.activities.iter().zip(&before.activities).enumerate() {
            let volume = planned_volume(scenario, index, activity, costed)?;
            activities.push(PlannedActivity { volume, ..PlannedActivity::default() });
        }
        let mut sales = BTreeMap::new();
        for (group, name) in facts.groups.iter().enumerate() {
            let Some(sold) = sold.get(&(before.period.start, name.clone())) else { continue };
            let factors = [scenario.growth, prices.unwrap_or(Decimal::ONE)];
            let [list_revenue, discount, returns, product_cost] = sold.money;
            let priced = |amount: i128| rounded(amount, &factors).map(Some);
            let money = [
                priced(list_revenue)?,
                priced(discount)?,
                priced(returns)?,
                rounded(product_cost, &factors[..1]).map(Some)?,
            ];
            sales.insert(group, PlannedSales { units: grown(sold.units, scenario.growth)?, money });
        }
        periods.insert(
            place,
            PlannedPeriod {
                resources: resources.collect(),
                activities,
                sales,
                unclaimed: unclaimed(costing, before),
            },
        );
    }
    Ok(periods)
}

/// The driver volume of an activity a year after it was costed so; none without a driver.
///
/// # Errors
/// A number beyond 128 bits.
pub(super) fn planned_volume(
    scenario: &ScenarioDef,
    index: usize,
    activity: &Activity,
    costed: &ActivityCosting,
) -> Result<Option<Decimal>> {
    if activity.driver.is_none() {
        return Ok(None);
    }
    let grown = || grown(costed.quantity(activity), scenario.growth);
    scenario.planned.get(&index).map_or_else(grown, |volume| Ok(*volume)).map(Some)
}

/// Money of a period's ledger accounts that no resource claims.
pub(super) fn unclaimed(costing: &Costing, period: &PeriodCosting) -> i128 {
    let of_period = costing.leftovers.iter().filter(|leftover| leftover.period == period.period);
    of_period
        .filter(|leftover| leftover.reason == UNCLAIMED)
        .map(|leftover| i128::from(leftover.amount))
        .sum()
}

fn grown(volume: Decimal, growth: Decimal) -> Result<Decimal> {
    let growth = growth.normalised();
    let mantissa = volume.mantissa.checked_mul(growth.mantissa).ok_or_else(too_large)?;
    Ok(Decimal { mantissa, scale: volume.scale + growth.scale }.normalised())
}

/// An amount times factors, rounded once.
fn rounded(amount: i128, factors: &[Decimal]) -> Result<i128> {
    let (mut product, mut scale) = (amount, 0);
    for factor in factors.iter().map(|factor| factor.normalised()) {
        product = product.checked_mul(factor.mantissa).ok_or_else(too_large)?;
        scale += factor.scale;
    }
    Ok(round_ratio(product, pow10(scale)))
}

fn too_large() -> Error {
    Error::too_many_digits("plan: what a scenario makes of the year before")
}
