//! Where a resource's money comes from and where it goes: ledger accounts and nodes before it, activities and through
//! them customers after it.

use super::exact::Exact;
use super::origins::Trail;
use super::posting::Posting;
use super::recalled::Recalled;
use super::sources::{Flow, Source, add, of_resource};
use super::takers::{ByRank, Takers};
use crate::costing::schema::{ResourceCosting, level_name};
use crate::error::Result;
use crate::units::{Decimal, Period};
use rayon::prelude::*;
use serde::Serialize;

/// A resource over one period or all. `from` and `to` each add up to `cost`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceFlows {
    /// Its name.
    pub resource: String,
    /// Of every amount.
    pub currency: String,
    /// Its cost over these periods.
    pub cost: Exact,
    /// Senders.
    pub from: Vec<Flow>,
    /// Takers, with their shares, quantities or minutes; overdriven capacity is negative.
    pub to: Vec<Flow>,
    /// Where its own money ends through the whole network; adds up to what feeds it from outside.
    pub reached: Vec<Flow>,
    /// Of it, what customers bear through activities, without unused capacity charged beside them.
    pub customers: Takers,
    /// Cost and minutes.
    pub periods: Vec<ResourcePeriod>,
}

/// A resource in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourcePeriod {
    /// First day.
    pub period_start: String,
    /// Its cost.
    pub cost: Exact,
    /// Its cost before it gave to its reciprocal group; shown, never added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reciprocated: Option<Exact>,
    /// Minutes it can do, when time-driven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practical_minutes: Option<Exact>,
    /// Minutes taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_minutes: Option<Exact>,
    /// Minutes left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_minutes: Option<Exact>,
    /// Minutes taken beyond practical capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdriven_minutes: Option<Exact>,
}

/// Follows a resource's money both ways; `top` customers are named.
///
/// # Errors
/// An unknown resource or period, unreadable state.
pub fn resource(
    recalled: &Recalled<'_>,
    name: &str,
    period: Option<Period>,
    top: usize,
) -> Result<ResourceFlows> {
    let index = recalled.resource(name)?;
    let scale = recalled.facts.money_scale;
    let asked = recalled.periods(period)?;
    let (mut from, mut to) = (vec![], vec![]);
    for (_, costed) in &asked {
        let costed = &costed.resources[index];
        of_resource(recalled.costing, index, costed).iter().for_each(|source| add(&mut from, source, scale));
        leaving(recalled, costed).iter().for_each(|(part, quantity)| take(&mut to, part, *quantity, scale));
    }
    let cost = asked.iter().map(|(_, costed)| i128::from(costed.resources[index].cost)).sum::<i128>();
    for flows in [&from, &to] {
        let sum = flows.iter().map(|flow| flow.amount.mantissa()).sum::<i128>();
        assert_eq!(sum, cost, "the flows of '{name}' add up to its cost");
    }
    let periods: Vec<usize> = asked.iter().map(|(index, _)| *index).collect();
    let (reached, by_rank) = reached(recalled, index, &periods)?;
    Ok(ResourceFlows {
        resource: recalled.costing.resources[index].clone(),
        currency: recalled.definition.facts.currency.clone(),
        cost: recalled.money(cost),
        from,
        to,
        reached,
        customers: by_rank.takers(recalled, top),
        periods: asked
            .iter()
            .map(|(_, costed)| of_period(recalled, &costed.resources[index], costed.period))
            .collect(),
    })
}

/// Where a period's money goes, with what moves it; adds up to the cost.
fn leaving(recalled: &Recalled<'_>, costed: &ResourceCosting) -> Vec<(Source, Option<Decimal>)> {
    let node = |assigned: &crate::costing::schema::Assigned| {
        let (kind, name) = recalled.costing.node(assigned.to);
        (Source::new(kind, name, assigned.amount), Some(assigned.quantity))
    };
    let owner = costed.owner.map(|level| format!("{} level", level_name(level))).unwrap_or_default();
    let minutes = costed.minutes;
    let unused = minutes.map(|minutes| minutes.unused);
    let ends = [
        (Source::new("unused", "capacity", costed.unused), unused),
        (Source::new("unused", format!("capacity of the {owner}"), costed.unused_retained), unused),
        (Source::new("unused", "capacity, charged to customers", costed.unused_charged), unused),
        (Source::new("unassigned", costed.reason.unwrap_or_default(), costed.unassigned), None),
        (Source::new("standard rate", "cost not charged", costed.variance), None),
        (
            Source::new("overdriven", "taken beyond the pool", -costed.overdriven),
            minutes.map(|minutes| minutes.overdriven),
        ),
    ];
    let ends = ends.into_iter().filter(|(end, _)| end.amount != 0);
    costed.assigned.iter().map(node).chain(ends).collect()
}

/// Adds a flow to those of other periods. Shares do not add up: they are shown while they stay the same.
fn take(flows: &mut Vec<Flow>, part: &Source, quantity: Option<Decimal>, scale: u8) {
    let is_known = |flow: &Flow| flow.kind == part.kind && flow.name == part.name;
    let known = flows.iter().find(|flow| is_known(flow)).map(|flow| flow.quantity);
    add(flows, part, scale);
    let flow = flows.iter_mut().find(|flow| is_known(flow)).expect("it was added");
    flow.quantity = match known {
        None => quantity.map(Exact),
        Some(known) => known.filter(|known| quantity == Some(known.0)),
    };
}

/// Where the resource's own money ends, and what each customer bears of it.
fn reached(recalled: &Recalled<'_>, resource: usize, periods: &[usize]) -> Result<(Vec<Flow>, ByRank)> {
    let of_period = |period: &usize| {
        let trail = Trail::new(recalled, *period);
        let (ranks, aggregates) = recalled.rows(*period)?;
        let mut found = Vec::new();
        for activity in 0..recalled.costing.activities.len() {
            let parts = trail.resources(activity);
            let Some(of) = parts.iter().position(|(known, _)| *known == Some(resource)) else { continue };
            let amounts: Vec<i64> = parts.iter().map(|(_, part)| *part).collect();
            let posting = Posting::new(recalled, *period, activity, &aggregates, ranks.len())?;
            found.push(posting.parts(&amounts, of)?);
        }
        Ok((trail.ends(resource), ranks, found))
    };
    let (mut ends, mut by_rank) = (Vec::new(), ByRank::new(recalled, None));
    for found in periods.par_iter().map(of_period).collect::<Vec<Result<_>>>() {
        let (found_ends, ranks, found) = found?;
        found_ends.iter().for_each(|end| add(&mut ends, end, recalled.facts.money_scale));
        found.iter().for_each(|parts| by_rank.add_amounts(&ranks, parts));
    }
    Ok((ends, by_rank))
}

fn of_period(recalled: &Recalled<'_>, costed: &ResourceCosting, period: Period) -> ResourcePeriod {
    let minutes = |of: fn(&crate::costing::schema::Minutes) -> Decimal| {
        costed.minutes.as_ref().map(|minutes| Exact(of(minutes)))
    };
    ResourcePeriod {
        period_start: period.to_string(),
        cost: recalled.money(costed.cost),
        reciprocated: costed.reciprocated.map(|money| recalled.money(money)),
        practical_minutes: minutes(|minutes| minutes.practical),
        used_minutes: minutes(|minutes| minutes.used),
        unused_minutes: minutes(|minutes| minutes.unused),
        overdriven_minutes: minutes(|minutes| minutes.overdriven),
    }
}
