//! Activity-based budgeting: planned volumes → minutes and money they need → capacity, in steps where it is bought in
//! steps (Kaplan & Cooper, *Cost & Effect*, chapter 15: activity-based budgeting runs costing backwards).
//!
//! An activity's volume is planned by the scenario, or that of the base period times the scenario's growth. The volume
//! of a time-driven activity is minutes, so it asks its resource for them directly. Rates are those of the base period;
//! a base period without volume has none, and then minutes cost the standard rate, or cost over practical capacity.

use super::budget_rate::{minute_rate, plan_rate, too_large};
use super::exact::Exact;
use super::recalled::Recalled;
use crate::costing::capacity_steps::{plus, started};
use crate::costing::schema::{ActivityCosting, Assigned, PeriodCosting, ResourceCosting};
use crate::error::{Error, Result};
use crate::pipeline::{Capacity, CostingDef, Node, Quantity, ResourceDriver, ScenarioDef, Step};
use crate::units::{Decimal, Period};
use serde::Serialize;

/// What a plan needs in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// Name of the scenario.
    pub scenario: String,
    /// First day of the period whose volumes and rates the plan starts from.
    pub base_period: String,
    /// Of every amount.
    pub currency: String,
    /// Planned volumes and their cost.
    pub activities: Vec<BudgetActivity>,
    /// Minutes needed of time-driven resources.
    pub resources: Vec<BudgetResource>,
    /// What activities cost in the base period.
    pub base_cost: Exact,
    /// What planned volumes cost at the base period's rates.
    pub cost: Exact,
    /// Money for the started steps of stepped resources.
    pub step_cost: Exact,
}

/// One activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetActivity {
    /// Its name.
    pub activity: String,
    /// Volume of the base period.
    pub base_volume: Exact,
    /// Volume of the plan.
    pub volume: Exact,
    /// Whether the scenario plans it by name.
    pub is_planned: bool,
    /// `actual`, `standard`, `charge` or `imputed`.
    pub rate_kind: &'static str,
    /// As given, or money/volume; none where there is no rate: the cost is taken as fixed.
    pub rate_exact: Option<String>,
    /// The same, rounded.
    pub rate: Option<f64>,
    /// Cost of the base period, without what other nodes take of it.
    pub base_cost: Exact,
    /// Of the planned cost, what does not follow the volume.
    pub fixed_cost: Exact,
    /// Planned volume × rate, rounded once, and the fixed cost.
    pub cost: Exact,
}

/// One time-driven resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetResource {
    /// Its name.
    pub resource: String,
    /// Minutes taken in the base period.
    pub base_minutes: Exact,
    /// Minutes the plan takes.
    pub minutes: Exact,
    /// Practical capacity.
    pub practical_minutes: Exact,
    /// Capacity that is left; 0 when short.
    pub slack_minutes: Exact,
    /// Capacity that is missing; 0 when there is slack.
    pub shortfall_minutes: Exact,
    /// `standard` or `actual`: how minutes are rated.
    pub rate_kind: &'static str,
    /// Money of the minutes at that rate, rounded once.
    pub cost: Exact,
    /// What must be bought, where capacity is bought in steps.
    pub steps: Option<BudgetSteps>,
}

/// Capacity bought in steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetSteps {
    /// Started steps.
    pub steps: u64,
    /// Minutes of one.
    pub step_minutes: Exact,
    /// Minutes of all.
    pub minutes: Exact,
    /// Of them, minutes that are not needed.
    pub slack_minutes: Exact,
    /// Money of all.
    pub cost: Exact,
}

/// Budgets a scenario from the volumes of `base`; by default of the last complete period. `recalled` is costed by the
/// scenario.
///
/// # Errors
/// An unknown period, a history without complete period, a number beyond 128 bits.
pub fn budget(recalled: &Recalled<'_>, scenario: &ScenarioDef, base: Option<Period>) -> Result<Budget> {
    let index = match base {
        Some(period) => recalled.position(period)?,
        None => recalled.facts.periods.iter().rposition(|period| period.complete).ok_or_else(|| {
            Error::definition("no period of the release is complete; name one with --period")
        })?,
    };
    let costed = &recalled.costing.periods[index];
    let none = CostingDef::default();
    let definition = recalled.definition.costing.as_ref().unwrap_or(&none);
    let volumes =
        costed.activities.iter().enumerate().map(|(at, costed)| planned(recalled, scenario, at, costed));
    let volumes = volumes.collect::<Result<Vec<_>>>()?;
    let activities = volumes
        .iter()
        .enumerate()
        .map(|(at, volume)| of_activity(recalled, at, costed, *volume, scenario.planned.contains_key(&at)));
    let activities = activities.collect::<Result<Vec<_>>>()?;
    let mut resources = Vec::new();
    for (at, resource) in definition.resources.iter().enumerate() {
        if let Some(capacity) = &resource.capacity {
            let demand = Demand { definition, scenario, resource: at, volumes: &volumes };
            let minutes = demand.minutes(&costed.resources[at])?;
            let found = of_resource(recalled, at, capacity, &costed.resources[at], minutes, costed.period)?;
            resources.push(found);
        }
    }
    let sum = |of: fn(&BudgetActivity) -> Exact| {
        recalled.money(activities.iter().map(|activity| of(activity).mantissa()).sum::<i128>())
    };
    let steps = resources.iter().filter_map(|resource: &BudgetResource| resource.steps.as_ref());
    Ok(Budget {
        scenario: scenario.name.clone(),
        base_period: costed.period.to_string(),
        currency: recalled.definition.facts.currency.clone(),
        base_cost: sum(|activity| activity.base_cost),
        cost: sum(|activity| activity.cost),
        step_cost: recalled.money(steps.map(|steps| steps.cost.mantissa()).sum::<i128>()),
        activities,
        resources,
    })
}

/// The scenario's volume of an activity, or that of the base period grown.
fn planned(
    recalled: &Recalled<'_>,
    scenario: &ScenarioDef,
    index: usize,
    costed: &ActivityCosting,
) -> Result<Decimal> {
    match scenario.planned.get(&index) {
        Some(volume) => Ok(*volume),
        None => grown(costed.quantity(&recalled.costing.activities[index]), scenario),
    }
}

fn grown(volume: Decimal, scenario: &ScenarioDef) -> Result<Decimal> {
    let growth = scenario.growth.normalised();
    let mantissa = volume.mantissa.checked_mul(growth.mantissa).ok_or_else(too_large)?;
    Ok(Decimal { mantissa, scale: volume.scale + growth.scale }.normalised())
}

fn of_activity(
    recalled: &Recalled<'_>,
    index: usize,
    period: &PeriodCosting,
    volume: Decimal,
    is_planned: bool,
) -> Result<BudgetActivity> {
    let (known, costed) = (&recalled.costing.activities[index], &period.activities[index]);
    // What other activities take is theirs, so that costs add up.
    let kept = i128::from(costed.cost) - costed.passed_on_total();
    let base_cost = if known.is_imputed { i128::from(costed.posted) } else { kept };
    let rate = plan_rate(recalled, index, period, base_cost)?;
    if rate.is_none() && is_planned && volume.mantissa != 0 && known.line.is_some() {
        return Err(Error::definition(format!(
            "budget: activity '{}' has no volume in {}, so there is no rate for the {volume} planned; \
             name another --period, or give the activity a rate",
            known.name, period.period
        )));
    }
    let fixed = base_cost - rate.as_ref().map_or(0, |rate| rate.covers);
    let moving = rate.as_ref().map_or(Ok(0), |rate| rate.at(volume))?;
    Ok(BudgetActivity {
        activity: known.name.clone(),
        base_volume: Exact::new(costed.volume, known.volume_scale()),
        volume: Exact(volume.normalised()),
        is_planned,
        rate_kind: rate.as_ref().map_or(recalled.rate_kind(index), |rate| rate.kind),
        rate: rate.as_ref().and_then(|rate| rate.shown),
        rate_exact: rate.map(|rate| rate.exact),
        base_cost: recalled.money(base_cost),
        fixed_cost: recalled.money(fixed),
        cost: recalled.money(fixed + moving),
    })
}

/// What nodes ask of one time-driven resource.
struct Demand<'d> {
    definition: &'d CostingDef,
    scenario: &'d ScenarioDef,
    resource: usize,
    volumes: &'d [Decimal],
}

impl Demand<'_> {
    fn minutes(&self, costed: &ResourceCosting) -> Result<Decimal> {
        let taken = costed.assigned.iter().map(|assigned| self.of_taker(assigned));
        taken
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .try_fold(Decimal::ZERO, |sum, more| plus(sum, more).ok_or_else(too_large))
    }

    /// Volumes are planned, other counted minutes grow, given minutes stay.
    fn of_taker(&self, assigned: &Assigned) -> Result<Decimal> {
        let takes = match assigned.to {
            Node::Resource(index) => &self.definition.resources[index].takes,
            Node::Activity(index) => &self.definition.activities[index].takes,
        };
        let take = takes.iter().find(|take| take.from == Node::Resource(self.resource));
        match (assigned.to, take.map(|take| &take.by)) {
            (Node::Activity(index), Some(ResourceDriver::Minutes(Quantity::Volume))) => {
                Ok(self.volumes[index])
            }
            (_, Some(ResourceDriver::Minutes(Quantity::Sql(_)))) => grown(assigned.quantity, self.scenario),
            _ => Ok(assigned.quantity),
        }
    }
}

fn of_resource(
    recalled: &Recalled<'_>,
    index: usize,
    capacity: &Capacity,
    costed: &ResourceCosting,
    minutes: Decimal,
    period: Period,
) -> Result<BudgetResource> {
    let practical = capacity.minutes(period);
    let left = plus(practical, Decimal { mantissa: -minutes.mantissa, ..minutes }).ok_or_else(too_large)?;
    let clip = |mantissa: i128| Exact(Decimal { mantissa: mantissa.max(0), ..left }.normalised());
    let rate = minute_rate(recalled, capacity, costed, period)?;
    Ok(BudgetResource {
        resource: recalled.costing.resources[index].clone(),
        base_minutes: Exact(costed.minutes.map_or(Decimal::ZERO, |minutes| minutes.used).normalised()),
        minutes: Exact(minutes.normalised()),
        practical_minutes: Exact(practical.normalised()),
        slack_minutes: clip(left.mantissa),
        shortfall_minutes: clip(-left.mantissa),
        rate_kind: rate.kind,
        cost: recalled.money(rate.at(minutes)?),
        steps: capacity.step.map(|step| steps(recalled, step, minutes)).transpose()?,
    })
}

/// One more step for every started part of one.
fn steps(recalled: &Recalled<'_>, step: Step, minutes: Decimal) -> Result<BudgetSteps> {
    let scale = step.minutes.scale.max(minutes.scale);
    let at = |number: Decimal| number.at_scale(scale).ok_or_else(too_large);
    let (one, needed) = (at(step.minutes)?, at(minutes)?.max(0));
    let started = started(step, minutes).ok_or_else(too_large)?;
    let money = step.cost.at_scale(recalled.facts.money_scale).ok_or_else(too_large)?;
    let shown = |mantissa: i128| Exact(Decimal { mantissa, scale }.normalised());
    Ok(BudgetSteps {
        steps: u64::try_from(started).map_err(|_| too_large())?,
        step_minutes: Exact(step.minutes.normalised()),
        minutes: shown(started * one),
        slack_minutes: shown(started * one - needed),
        cost: recalled.money(money.checked_mul(started).ok_or_else(too_large)?),
    })
}
