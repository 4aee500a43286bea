//! Costs every period of a run: lays out the network, solves what repeats once, lets the money flow.

use super::network::Network;
use super::period::{Opened, Plan};
use super::pools::Pools;
use super::quantities::{Known, Sources, of_edges};
use super::rates;
use super::resolve::resolve;
use super::schema::{Costing, PeriodCosting};
use super::services::reciprocal::{System, factors};
use super::verify::verify;
use super::volumes::{Charged, Counted, CustomerColumns, needs_customers, planned_volumes, volumes};
use crate::error::{Error, Faults, Result};
use crate::facts::schema::{AggregateColumn, LedgerSums};
use crate::math::linear::{Factors, Singular};
use crate::pipeline::{CostingDef, Definition, Node, ResourceDriver};
use crate::units::{Decimal, Period};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads the customers of a period, by its number, and hands on one window after another.
pub type Customers<'g> = dyn Fn(usize, &mut dyn FnMut(&CustomerColumns)) -> Result<()> + Sync + 'g;

/// What a costing is made from.
pub struct Given<'g> {
    /// The pipeline.
    pub definition: &'g Definition,
    /// What the facts keep.
    pub columns: &'g [AggregateColumn],
    /// Which periods.
    pub periods: &'g [Period],
    /// Ledgers and driver files.
    pub files: &'g [LedgerSums],
    /// Per period, the sum of each aggregate over all customers.
    pub totals: &'g [Vec<i128>],
    /// By period and activity, volumes that were planned; none: what was done is costed.
    pub planned: Option<&'g [Vec<Decimal>]>,
    /// Hands on the aggregates of a period's customers, window by window; asked for only where negative volumes count as
    /// positive ones or as none.
    pub customers: &'g Customers<'g>,
}

/// Costs every period.
///
/// # Errors
/// When a driver has no place in 18 digits, an amount or a volume outgrows them, or a reciprocal group has no exit.
pub fn cost(given: &Given<'_>, pools: Pools) -> Result<Costing> {
    let money_scale = given.definition.facts.money_scale;
    let Some(costing) = &given.definition.costing else {
        let empty = |&period: &Period| PeriodCosting { period, resources: vec![], activities: vec![] };
        let periods = given.periods.iter().map(empty).collect();
        return Ok(Costing { periods, money_scale, ..Costing::default() });
    };
    let plan = plan(given, costing)?;
    let numbers = 0..given.periods.len();
    let opened =
        numbers.into_par_iter().map(|number| open(given, &plan, number)).collect::<Result<Vec<_>>>()?;
    let systems = systems(&plan.network, &opened)?;
    let rounds = opened.into_par_iter().zip(&pools.inputs).zip(&systems);
    let periods = rounds.map(|((opened, inputs), systems)| plan.settle(opened, inputs, systems));
    let costing = Costing {
        periods: periods.collect::<Result<Vec<_>>>()?,
        resources: costing.resources.iter().map(|resource| resource.name.clone()).collect(),
        activities: plan.activities,
        leftovers: pools.leftovers,
        money_scale,
    };
    verify(&costing)?;
    Ok(costing)
}

fn plan<'d>(given: &Given<'d>, costing: &'d CostingDef) -> Result<Plan<'d>> {
    let sources = Sources { definition: given.definition, columns: given.columns, files: given.files };
    let money_scale = given.definition.facts.money_scale;
    let network = Network::new(costing)?;
    can_be_solved(given.definition, &network)?;
    let activities = resolve(given.definition, costing, given.columns)?;
    let (mut worked, mut rates, mut faults) = (Vec::new(), Vec::new(), Faults::default());
    for (definition, activity) in costing.activities.iter().zip(&activities) {
        let place = given.definition.place(definition.at);
        let minutes = definition.actual_minutes.as_ref();
        let minutes = minutes.map(|minutes| sources.resolve(minutes, &definition.name, definition.at));
        worked.push(faults.keep(minutes.transpose()).flatten());
        let rate = rates::given(definition, activity, money_scale).map_err(|_| {
            let name = &definition.name;
            Error::definition(format!(
                "{place}: the rate of '{name}' has more digits than fit 18; shorten it"
            ))
        });
        rates.push(faults.keep(rate).flatten());
    }
    let quantities = faults.keep(of_edges(&network, sources));
    faults.none()?;
    let quantities = quantities.expect("no fault was kept");
    Ok(Plan { network, activities, quantities, worked, given: rates, money_scale })
}

/// Equations need parts of pools: what is charged at a fixed amount or rate has none.
fn can_be_solved(definition: &Definition, network: &Network<'_>) -> Result<()> {
    let mut faults = Faults::default();
    for &member in network.groups.iter().flatten() {
        let charges =
            network.edges[member].iter().any(|edge| matches!(edge.by, ResourceDriver::DirectCharge));
        let (at, standard) = match network.node(member) {
            Node::Resource(index) => {
                let resource = &network.costing.resources[index];
                let capacity = resource.capacity.as_ref();
                (resource.at, capacity.is_some_and(|capacity| capacity.standard_rate.is_some()))
            }
            Node::Activity(index) => (network.costing.activities[index].at, false),
        };
        let what = match (charges, standard) {
            (true, _) => "is charged directly",
            (_, true) => "has a standard rate",
            _ => continue,
        };
        let (place, name) = (definition.place(at), network.name(member));
        faults.keep::<()>(Err(Error::definition(format!(
            "{place}: '{name}' {what} and cannot be solved with reciprocal services; take it out of [[costing.services]]"
        ))));
    }
    faults.none()
}

fn open<'d>(given: &Given<'_>, plan: &Plan<'d>, number: usize) -> Result<Opened<'d>> {
    if let Some(planned) = given.planned {
        let (period, totals) = (given.periods[number], &given.totals[number][..]);
        let volumes = planned_volumes(&plan.activities, &planned[number], period)?;
        return plan.open(&Known { period, totals, activities: &plan.activities, volumes: &volumes });
    }
    let definitions = &plan.network.costing.activities;
    let is_needed = definitions.iter().any(needs_customers);
    let mut charged = is_needed.then(|| Charged::new(definitions.len()));
    if let Some(charged) = &mut charged {
        (given.customers)(number, &mut |customers| charged.add(definitions, &plan.activities, customers))?;
    }
    let (period, totals) = (given.periods[number], &given.totals[number][..]);
    let volumes = volumes(definitions, &plan.activities, &Counted { period, totals, charged })?;
    plan.open(&Known { period, totals, activities: &plan.activities, volumes: &volumes })
}

/// The equations of every period and group. Shares are mostly the same each period, so equal ones are eliminated once.
fn systems(network: &Network<'_>, opened: &[Opened<'_>]) -> Result<Vec<Vec<Arc<System>>>> {
    type Matrix = Vec<Vec<i128>>;
    let mut distinct: BTreeMap<Matrix, (usize, usize)> = BTreeMap::new();
    for (number, period) in opened.iter().enumerate() {
        for (group, weights) in period.weights.iter().enumerate() {
            distinct.entry(weights.matrix()).or_insert((number, group));
        }
    }
    let solve = |(matrix, (number, group)): (Matrix, (usize, usize))| {
        let singular = |_: Singular| goes_round(network, &opened[number], group);
        let factors = factors(&matrix).map_err(singular)?;
        Ok((matrix, Arc::new(factors)))
    };
    let solved: BTreeMap<Matrix, Arc<Factors>> =
        distinct.into_par_iter().map(solve).collect::<Result<Vec<_>>>()?.into_iter().collect();
    let system = |weights: &super::services::reciprocal::Weights| {
        let factors = solved[&weights.matrix()].clone();
        Arc::new(System { weights: weights.clone(), factors })
    };
    Ok(opened.iter().map(|period| period.weights.iter().map(system).collect()).collect())
}

/// A group that money cannot leave.
fn goes_round(network: &Network<'_>, opened: &Opened<'_>, group: usize) -> Error {
    let members = &network.groups[group];
    let mut trapped = opened.weights[group].trapped();
    if trapped.is_empty() {
        trapped = (0..members.len()).collect();
    }
    let names: Vec<String> =
        trapped.iter().map(|&member| format!("'{}'", network.name(members[member]))).collect();
    Error::check(format!(
        "costing: in {} no cost can leave {}, which give all they have to each other; \
         give a part to another node, or leave a part of their shares open",
        opened.period,
        names.join(", ")
    ))
}
