//! Where an activity's money comes from and where it goes: pools and nodes before it, nodes, levels and customers
//! after it.

use super::exact::Exact;
use super::origins::Trail;
use super::posting::Posting;
use super::recalled::Recalled;
use super::sources::{Flow, Source, add, of_activity};
use super::takers::{ByRank, Takers};
use crate::costing::schema::{ActivityCosting, level_name};
use crate::error::Result;
use crate::pipeline::Node;
use crate::units::Period;
use rayon::prelude::*;
use serde::Serialize;

/// An activity over one period or all. `from` and `to` each add up to `cost`; customers to their line of `to`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityFlows {
    /// Its name.
    pub activity: String,
    /// Level of the cost hierarchy.
    pub level: &'static str,
    /// SQL of its driver.
    pub driver: String,
    /// Of every amount.
    pub currency: String,
    /// Its cost over these periods; of an imputed activity what is imputed.
    pub cost: Exact,
    /// Senders.
    pub from: Vec<Flow>,
    /// Through the whole network: the resources whose own money it is. Overdriven capacity counts where it arises.
    pub origins: Vec<Flow>,
    /// Takers.
    pub to: Vec<Flow>,
    /// The customers' line of `to`.
    pub customers: Takers,
    /// Unused capacity that customers bear over the same volumes, beside it.
    pub unused_charged: Exact,
    /// Volumes and rates.
    pub periods: Vec<ActivityPeriod>,
}

/// An activity in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityPeriod {
    /// First day.
    pub period_start: String,
    /// Volume of all customers.
    pub volume: Exact,
    /// Whether it is that of the fallback driver.
    pub is_fallback: bool,
    /// `actual`, `standard`, `charge` or `imputed`.
    pub rate_kind: &'static str,
    /// As given, or money/volume; none where customers are not charged.
    pub rate_exact: Option<String>,
    /// The same, rounded.
    pub rate: Option<f64>,
    /// Money from its pools.
    pub cost: Exact,
    /// Of it, what customers bear.
    pub posted: Exact,
}

/// Follows an activity's money both ways; `top` customers are named.
///
/// # Errors
/// An unknown activity or period, unreadable state.
pub fn activity(
    recalled: &Recalled<'_>,
    name: &str,
    period: Option<Period>,
    top: usize,
) -> Result<ActivityFlows> {
    let index = recalled.activity(name)?;
    let known = &recalled.costing.activities[index];
    let scale = recalled.facts.money_scale;
    let asked = recalled.periods(period)?;
    let (mut from, mut origins, mut to) = (vec![], vec![], vec![]);
    let (mut periods, mut unused) = (vec![], 0_i128);
    for (period, costed) in &asked {
        let costed = &costed.activities[index];
        let trail = Trail::new(recalled, *period).of(Node::Activity(index));
        trail.iter().for_each(|source| add(&mut origins, source, scale));
        of_activity(recalled.costing, costed).iter().for_each(|source| add(&mut from, source, scale));
        leaving(recalled, index, costed).iter().for_each(|part| add(&mut to, part, scale));
        unused += i128::from(costed.unused_charged);
    }
    if let Some((kind, why)) = known.without_pool() {
        let imputed = to.iter().map(|flow| flow.amount.mantissa()).sum::<i128>();
        from.push(Flow { kind, name: why.into(), quantity: None, amount: recalled.money(imputed) });
    }
    for (_, costed) in &asked {
        periods.push(of_period(recalled, index, &costed.activities[index], costed.period));
    }
    let indices: Vec<usize> = asked.iter().map(|(index, _)| *index).collect();
    let customers = customers(recalled, index, &indices)?.takers(recalled, top);
    let cost = from.iter().map(|flow| flow.amount.mantissa()).sum::<i128>();
    let gone = to.iter().map(|flow: &Flow| flow.amount.mantissa()).sum::<i128>();
    assert_eq!(cost, gone, "what comes to '{name}' leaves it");
    Ok(ActivityFlows {
        activity: known.name.clone(),
        level: level_name(known.level),
        driver: known.driver_text.clone(),
        currency: recalled.definition.facts.currency.clone(),
        cost: recalled.money(cost),
        from,
        origins,
        to,
        customers,
        unused_charged: recalled.money(unused),
        periods,
    })
}

/// Where a period's money goes; adds up to the cost, or to what is imputed.
fn leaving(recalled: &Recalled<'_>, index: usize, costed: &ActivityCosting) -> Vec<Source> {
    let known = &recalled.costing.activities[index];
    let level = known.member.as_ref().map_or_else(
        || format!("{} level", level_name(known.level)),
        |member| format!("{} level, {member}", level_name(known.level)),
    );
    let variance = if known.is_imputed { 0 } else { costed.variance };
    let nodes = costed.passed_on.iter().map(|passed| {
        let (kind, name) = recalled.costing.node(passed.to);
        Source::new(kind, name, passed.amount)
    });
    let ends = [
        Source::new("customers", "", costed.posted),
        Source::new("retained", level, costed.retained),
        Source::new("unassigned", costed.reason().unwrap_or_default(), costed.unassigned),
        Source::new("standard rate", "cost not charged", variance),
    ];
    nodes.chain(ends.into_iter().filter(|end| end.amount != 0)).collect()
}

fn of_period(
    recalled: &Recalled<'_>,
    index: usize,
    costed: &ActivityCosting,
    period: Period,
) -> ActivityPeriod {
    let known = &recalled.costing.activities[index];
    ActivityPeriod {
        period_start: period.to_string(),
        volume: Exact::new(costed.volume, known.volume_scale()),
        is_fallback: costed.is_fallback,
        rate_kind: recalled.rate_kind(index),
        rate_exact: costed.rate.map(|rate| recalled.rate_exact(index, rate)),
        rate: costed.rate_shown(known, recalled.facts.money_scale),
        cost: recalled.money(costed.cost),
        posted: recalled.money(costed.posted),
    }
}

/// What customers bear of the activity over these periods, and their volumes.
fn customers(recalled: &Recalled<'_>, index: usize, periods: &[usize]) -> Result<ByRank> {
    let mut by_rank = ByRank::new(recalled, Some(recalled.costing.activities[index].volume_scale()));
    let of_period = |period: &usize| {
        let (ranks, aggregates) = recalled.rows(*period)?;
        let posting = Posting::new(recalled, *period, index, &aggregates, ranks.len())?;
        let costs = posting.costs()?;
        Ok((ranks, posting.volumes, costs))
    };
    for found in periods.par_iter().map(of_period).collect::<Vec<Result<_>>>() {
        let (ranks, volumes, costs) = found?;
        by_rank.add_volumes(&ranks, &volumes);
        by_rank.add_amounts(&ranks, &costs);
    }
    Ok(by_rank)
}
