//! Activities of the definition, resolved against the facts' columns.

use super::driver::{ActivityDriver, too_fine};
use super::schema::Activity;
use crate::error::{Faults, Result};
use crate::facts::schema::AggregateColumn;
use crate::pipeline::{ActivityDef, CostingDef, Definition, DriverDef, RateDef};

/// Resolves the activities, all faults in one pass.
pub(crate) fn resolve(
    definition: &Definition,
    costing: &CostingDef,
    columns: &[AggregateColumn],
) -> Result<Vec<Activity>> {
    let mut faults = Faults::default();
    let resolve = |activity: &ActivityDef| faults.keep(resolve_one(definition, activity, columns));
    let activities = costing.activities.iter().filter_map(resolve).collect();
    faults.none()?;
    Ok(activities)
}

fn resolve_one(
    definition: &Definition,
    activity: &ActivityDef,
    columns: &[AggregateColumn],
) -> Result<Activity> {
    let parts = activity.driver.iter().flat_map(|driver| &driver.parts);
    let on = parts.clone().next().and_then(|part| part.on);
    let (driver, fallback) = drivers(definition, activity, columns)?;
    Ok(Activity {
        name: activity.name.clone(),
        column: activity.column.clone(),
        level: activity.level,
        line: activity.line,
        member: activity.member.clone(),
        source: match on {
            Some(index) => definition.facts.events[index].name.clone(),
            None => "transactions".to_string(),
        },
        is_timed: activity.minutes_of().is_some(),
        is_imputed: matches!(activity.rate, RateDef::Imputed(_) | RateDef::Deducted | RateDef::Exchange),
        is_deducted: matches!(activity.rate, RateDef::Deducted | RateDef::Exchange),
        driver_text: activity.driver.as_ref().map(DriverDef::text).unwrap_or_default(),
        driver,
        fallback,
        negative: activity.negative,
        avoidable: activity.avoidable,
    })
}

type Drivers = (Option<ActivityDriver>, Option<ActivityDriver>);

/// The driver and its fallback, at one scale: a volume is read without asking which of them it is of.
fn drivers(definition: &Definition, activity: &ActivityDef, columns: &[AggregateColumn]) -> Result<Drivers> {
    let resolved = |driver: &Option<DriverDef>| {
        driver.as_ref().map(|driver| ActivityDriver::resolve(definition, driver, columns)).transpose()
    };
    let (driver, fallback) = (resolved(&activity.driver)?, resolved(&activity.fallback)?);
    let scale = driver.iter().chain(&fallback).map(|driver| driver.scale).max().unwrap_or(0);
    let aligned = |driver: Option<ActivityDriver>, of: &Option<DriverDef>| {
        let Some((driver, of)) = driver.zip(of.as_ref()) else { return Ok(None) };
        driver.at_scale(scale).map(Some).ok_or_else(|| too_fine(definition, &of.parts[0]))
    };
    Ok((aligned(driver, &activity.driver)?, aligned(fallback, &activity.fallback)?))
}
