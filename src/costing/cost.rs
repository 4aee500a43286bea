//! Both stages of one run: pools to activities, activities to the customers together.

use super::driver::{ActivityDriver, LIMIT};
use super::pools::Pools;
use super::resources::{Take, by_minutes, by_shares};
use super::schema::{Activity, ActivityCosting, Costing, Input, PeriodCosting, Rate, ResourceCosting};
use crate::error::{Error, Result};
use crate::facts::schema::AggregateColumn;
use crate::pipeline::{
    ActivityDef, CostingDef, Definition, DriverDef, Node, RateDef, ResourceDriver, Take as TakeDef,
};
use crate::units::{Decimal, Period};

/// Costs every period.
///
/// `totals` holds, per period, the sum of each aggregate column over all customers.
///
/// # Errors
/// When a driver has no place in 18 digits, or an amount or a volume outgrows them.
pub fn cost(
    definition: &Definition,
    columns: &[AggregateColumn],
    periods: &[Period],
    pools: Pools,
    totals: &[Vec<i128>],
) -> Result<Costing> {
    let Some(costing) = &definition.costing else {
        let periods =
            periods.iter().map(|&period| PeriodCosting { period, resources: vec![], activities: vec![] });
        let money_scale = definition.facts.money_scale;
        return Ok(Costing { periods: periods.collect(), money_scale, ..Costing::default() });
    };
    let activities = resolve(definition, costing, columns)?;
    let rounds = periods.iter().zip(&pools.inputs).zip(totals);
    let periods = rounds
        .map(|((period, inputs), totals)| cost_period(costing, &activities, *period, inputs, totals))
        .collect::<Result<Vec<_>>>()?;
    let costing = Costing {
        resources: costing.resources.iter().map(|resource| resource.name.clone()).collect(),
        activities,
        periods,
        leftovers: pools.leftovers,
        money_scale: definition.facts.money_scale,
    };
    verify(&costing)?;
    Ok(costing)
}

/// Resolves the activities against the facts' columns.
fn resolve(
    definition: &Definition,
    costing: &CostingDef,
    columns: &[AggregateColumn],
) -> Result<Vec<Activity>> {
    let driver = |driver: &Option<DriverDef>| {
        let resolved = driver.as_ref().map(|driver| ActivityDriver::resolve(definition, driver, columns));
        resolved.transpose()
    };
    let resolve = |activity: &ActivityDef| {
        let parts = activity.driver.iter().flat_map(|driver| &driver.parts);
        let terms = parts.clone().flat_map(|part| &part.sql.driver.terms);
        let is_filtered = terms.map(|(_, aggregate)| aggregate.filter.is_some()).all(|filtered| filtered);
        let on = parts.clone().next().and_then(|part| part.on);
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
            is_sparse: on.is_some() || is_filtered,
            is_imputed: matches!(activity.rate, RateDef::Imputed(_)),
            driver_text: activity.driver.as_ref().map(DriverDef::text).unwrap_or_default(),
            driver: driver(&activity.driver)?,
            fallback: driver(&activity.fallback)?,
            negative: activity.negative,
            avoidable: activity.avoidable,
        })
    };
    costing.activities.iter().map(resolve).collect()
}

fn cost_period(
    costing: &CostingDef,
    activities: &[Activity],
    period: Period,
    inputs: &[Vec<Input>],
    totals: &[i128],
) -> Result<PeriodCosting> {
    let volumes =
        activities.iter().map(|activity| volume(activity, period, totals)).collect::<Result<Vec<_>>>()?;
    let mut resources = Vec::with_capacity(inputs.len());
    for (index, inputs) in inputs.iter().enumerate() {
        resources.push(cost_resource(costing, activities, period, index, inputs, &volumes)?);
    }
    let mut period = PeriodCosting { period, resources, activities: vec![] };
    for (index, (activity, volume)) in costing.activities.iter().zip(volumes).enumerate() {
        let pools = pools_of(activity, index, &period.resources);
        let cost = pools.iter().map(|(_, amount)| i128::from(*amount)).sum::<i128>();
        let cost = money(cost).ok_or_else(|| too_large(&activity.name, period.period, "cost"))?;
        let rate = (volume > 0).then_some(Rate { money: cost, volume });
        let posted = if rate.is_some() { cost } else { 0 };
        let unassigned = cost - posted;
        period.activities.push(ActivityCosting {
            pools,
            cost,
            volume,
            rate,
            posted,
            unassigned,
            ..Default::default()
        });
    }
    Ok(period)
}

/// An activity's pools in the order it names its resources.
fn pools_of(activity: &ActivityDef, index: usize, resources: &[ResourceCosting]) -> Vec<(Node, i64)> {
    let taken = |take: &TakeDef| {
        let Node::Resource(resource) = take.from else { unreachable!("only resources give") };
        let mut assigned = resources[resource].assigned.iter();
        let own = assigned.find(|assigned| assigned.to == Node::Activity(index));
        (take.from, own.expect("an activity is a taker of each resource it names").amount)
    };
    activity.takes.iter().map(taken).collect()
}

fn cost_resource(
    costing: &CostingDef,
    activities: &[Activity],
    period: Period,
    index: usize,
    inputs: &[Input],
    volumes: &[i64],
) -> Result<ResourceCosting> {
    let resource = &costing.resources[index];
    let fault = || too_large(&resource.name, period, "amount");
    let cost = inputs.iter().map(|(_, amount)| i128::from(*amount)).sum();
    let cost = money(cost).ok_or_else(fault)?;
    let mut takes: Vec<Take> = Vec::new();
    for (taker, activity) in costing.activities.iter().enumerate() {
        let scale = activities[taker].driver.as_ref().map_or(0, |driver| driver.scale);
        for take in activity.takes.iter().filter(|take| take.from == Node::Resource(index)) {
            let quantity = match take.by {
                ResourceDriver::Share(share) => share,
                _ => Decimal { mantissa: i128::from(volumes[taker]), scale },
            };
            takes.push((Node::Activity(taker), quantity));
        }
    }
    let costed = match &resource.capacity {
        Some(capacity) => by_minutes(cost, capacity.minutes(period), &takes),
        None => by_shares(cost, &takes),
    };
    let mut costed = costed.ok_or_else(fault)?;
    costed.inputs = inputs.to_vec();
    Ok(costed)
}

fn volume(activity: &Activity, period: Period, totals: &[i128]) -> Result<i64> {
    let volume = i64::try_from(activity.driver.as_ref().map_or(0, |driver| driver.total(totals)))
        .ok()
        .filter(|volume| volume.abs() < LIMIT);
    volume.ok_or_else(|| too_large(&activity.name, period, "driver volume"))
}

fn money(amount: i128) -> Option<i64> {
    i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LIMIT.unsigned_abs())
}

fn too_large(name: &str, period: Period, what: &str) -> Error {
    Error::check(format!("costing: {what} of '{name}' in {period} exceeds 18 digits; lower the scale"))
}

/// Money in equals money out at every node of every period.
///
/// # Errors
/// Names the first node that does not close.
pub fn verify(costing: &Costing) -> Result<()> {
    for period in &costing.periods {
        let resources = costing.resources.iter().zip(&period.resources);
        let activities = costing.activities.iter().map(|activity| &activity.name).zip(&period.activities);
        let differences = resources
            .map(|(name, resource)| (name, resource.difference()))
            .chain(activities.map(|(name, activity)| (name, activity.difference())));
        for (name, difference) in differences {
            if difference != 0 {
                let period = period.period;
                let found = crate::units::format_fixed(difference, costing.money_scale);
                return Err(Error::check(format!(
                    "costing: '{name}' in {period} does not close: input − output is {found}, expected 0"
                )));
            }
        }
    }
    Ok(())
}

impl ResourceCosting {
    /// Cost + overdriven − all that left and stayed: 0.
    pub fn difference(&self) -> i128 {
        let inputs: i128 = self.inputs.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let received: i128 = self.received.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let out = [self.unused, self.unused_retained, self.unused_charged, self.unassigned, self.variance];
        inputs + received + i128::from(self.reciprocal_net) + i128::from(self.overdriven)
            - self.assigned_total()
            - out.iter().map(|amount| i128::from(*amount)).sum::<i128>()
    }

    /// What other nodes took.
    pub fn assigned_total(&self) -> i128 {
        self.assigned.iter().map(|assigned| i128::from(assigned.amount)).sum()
    }
}
