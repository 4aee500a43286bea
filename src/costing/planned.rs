//! Costs a plan: planned money, capacity and volumes through the network that actual ones go through, so that planned
//! driver rates follow.
//!
//! A plan knows no standard rates: what is planned of a resource is charged by its planned capacity, and an activity by its
//! planned volume. Quantities that SQL adds up are those of the period itself.

use super::cost::{Given, cost};
use super::pools::Pools;
use super::schema::Costing;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::{Definition, RateDef};
use crate::units::{Decimal, Period};

/// What is planned of one period.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// Its place among the periods of the facts.
    pub place: usize,
    /// Money by resource, of its own.
    pub costs: Vec<i64>,
    /// Practical minutes by resource; none: those of the definition.
    pub minutes: Vec<Option<Decimal>>,
    /// Volume by activity.
    pub volumes: Vec<Decimal>,
}

/// Costs planned periods, in their order.
///
/// # Errors
/// As `cost`.
pub fn cost_planned(
    definition: &Definition,
    facts: &FactSet,
    files: &[LedgerSums],
    planned: &[Planned],
) -> Result<Costing> {
    let of_facts = |planned: &Planned| facts.periods[planned.place].period;
    let periods: Vec<Period> = planned.iter().map(of_facts).collect();
    let definition = &without_standards(definition, &periods, planned);
    let totals = planned.iter().map(|planned| facts.aggregate_totals(planned.place));
    let totals = totals.collect::<Result<Vec<_>>>()?;
    let volumes: Vec<Vec<Decimal>> = planned.iter().map(|planned| planned.volumes.clone()).collect();
    let inputs = |planned: &Planned| planned.costs.iter().map(|cost| vec![(None, *cost)]).collect();
    let pools = Pools { inputs: planned.iter().map(inputs).collect(), leftovers: Vec::new() };
    let given = Given {
        definition,
        columns: &facts.aggregates,
        periods: &periods,
        files,
        totals: &totals,
        planned: Some(&volumes),
        customers: &|_, _| unreachable!("planned volumes are of no customers"),
    };
    cost(&given, pools)
}

/// The definition at planned capacity, and with actual rates in place of standard ones.
fn without_standards(definition: &Definition, periods: &[Period], planned: &[Planned]) -> Definition {
    let mut definition = definition.clone();
    let Some(costing) = &mut definition.costing else { return definition };
    for (index, resource) in costing.resources.iter_mut().enumerate() {
        let Some(capacity) = &mut resource.capacity else { continue };
        capacity.standard_rate = None;
        for (period, planned) in periods.iter().zip(planned) {
            capacity.minutes_by_period.extend(planned.minutes[index].map(|minutes| (*period, minutes)));
        }
    }
    for activity in &mut costing.activities {
        activity.actual_minutes = None;
        if matches!(activity.rate, RateDef::Standard(_)) {
            activity.rate = RateDef::Actual;
        }
    }
    definition
}
