//! What a product group brings, what its lines cause, and which customers it comes from.
//!
//! Activities of level unit reach a customer's product groups: their volumes are those of its lines. An activity's
//! cost is posted over (customer, group) in order, so a group's parts add up to a customer's, and all to the activity.

use super::exact::Exact;
use super::recalled::Recalled;
use super::sources::{Flow, Source, add};
use super::takers::{ByRank, Takers};
use crate::costing::schema::{ActivityDriver, post};
use crate::error::{Error, Result};
use crate::facts::schema::ProductFacts;
use crate::pipeline::Level;
use crate::profitability::schema::by_policy;
use crate::units::Period;
use rayon::prelude::*;
use serde::Serialize;

/// A product group over one period or all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductFlows {
    /// Its name.
    pub product_group: String,
    /// Of every amount.
    pub currency: String,
    /// Units on sale lines.
    pub units: Exact,
    /// List value.
    pub list_revenue: Exact,
    /// Discount on it.
    pub discount: Exact,
    /// Returned value.
    pub returns: Exact,
    /// List revenue − discount − returns.
    pub net_revenue: Exact,
    /// Product cost.
    pub product_cost: Exact,
    /// Net revenue − product cost.
    pub gross_margin: Exact,
    /// Cost of unit-level activities that its lines cause.
    pub unit_level: Vec<Flow>,
    /// Gross margin − unit-level cost.
    pub product_margin: Exact,
    /// Cost retained at the group's own level.
    pub sustaining: Vec<Flow>,
    /// Customers by product margin; adds up to it.
    pub customers: Takers,
}

/// Follows a product group's money both ways; `top` customers are named.
///
/// # Errors
/// An unknown product group or period, unreadable state.
pub fn product(
    recalled: &Recalled<'_>,
    name: &str,
    period: Option<Period>,
    top: usize,
) -> Result<ProductFlows> {
    let group = recalled.group(name)?;
    let asked = recalled.periods(period)?;
    let found = asked.par_iter().map(|(index, _)| of_period(recalled, *index, group));
    let (mut sums, mut unit_level, mut by_rank) = ([0; 5], vec![], ByRank::new(recalled, None));
    for found in found.collect::<Vec<Result<_>>>() {
        let found = found?;
        sums.iter_mut().zip(found.sums).for_each(|(sum, value)| *sum += value);
        found.unit_level.iter().for_each(|cost| add(&mut unit_level, cost, recalled.facts.money_scale));
        by_rank.add_amounts(&found.ranks, &found.margins);
    }
    let mut sustaining = Vec::new();
    for activity in recalled.sustaining(name) {
        let costs = asked.iter().map(|(_, costed)| costed.activities[activity].retained);
        let known = &recalled.costing.activities[activity].name;
        costs.for_each(|cost| {
            add(&mut sustaining, &Source::new("activity", known, cost), recalled.facts.money_scale);
        });
    }
    let [units, list_revenue, discount, returns, product_cost] = sums;
    let net_revenue = list_revenue - discount - returns;
    let unit_cost: i128 = unit_level.iter().map(|flow: &Flow| flow.amount.mantissa()).sum();
    let customers = by_rank.takers(recalled, top);
    let margin = net_revenue - product_cost - unit_cost;
    assert_eq!(customers.amount.mantissa(), margin, "customers' margins of '{name}' add up to its own");
    Ok(ProductFlows {
        product_group: recalled.facts.groups[group].clone(),
        currency: recalled.definition.facts.currency.clone(),
        units: Exact::new(units, recalled.facts.volume_scale),
        list_revenue: recalled.money(list_revenue),
        discount: recalled.money(discount),
        returns: recalled.money(returns),
        net_revenue: recalled.money(net_revenue),
        product_cost: recalled.money(product_cost),
        gross_margin: recalled.money(net_revenue - product_cost),
        unit_level,
        product_margin: recalled.money(margin),
        sustaining,
        customers,
    })
}

/// A group in one period.
struct Found {
    /// Units, list revenue, discount, returns, product cost.
    sums: [i128; 5],
    unit_level: Vec<Source>,
    ranks: Vec<u32>,
    /// Gross margin less unit-level cost, of each customer.
    margins: Vec<i64>,
}

fn of_period(recalled: &Recalled<'_>, period: usize, group: usize) -> Result<Found> {
    let facts = recalled.facts.product_facts(period, ..)?;
    let rows: Vec<usize> =
        (0..facts.ranks.len()).filter(|row| facts.groups[*row] as usize == group).collect();
    let columns = [&facts.units, &facts.list_revenue, &facts.discount, &facts.returns, &facts.product_cost];
    let sums = columns.map(|column| rows.iter().map(|row| i128::from(column[*row])).sum());
    let margin = |row: &usize| {
        facts.list_revenue[*row] - facts.discount[*row] - facts.returns[*row] - facts.product_cost[*row]
    };
    let mut margins: Vec<i64> = rows.iter().map(margin).collect();
    let mut unit_level = Vec::new();
    for (activity, known) in recalled.costing.activities.iter().enumerate() {
        let Some(costs) = costs(recalled, period, activity, &facts)? else { continue };
        let own = rows.iter().map(|row| costs[*row]);
        unit_level.push(Source::new("activity", &known.name, own.clone().sum()));
        margins.iter_mut().zip(own).for_each(|(margin, cost)| *margin -= cost);
    }
    unit_level.retain(|cost| cost.amount != 0);
    Ok(Found { sums, unit_level, ranks: rows.iter().map(|row| facts.ranks[*row]).collect(), margins })
}

/// What every customer × product group bears of a unit-level activity; none for others.
fn costs(
    recalled: &Recalled<'_>,
    period: usize,
    activity: usize,
    facts: &ProductFacts,
) -> Result<Option<Vec<i64>>> {
    let known = &recalled.costing.activities[activity];
    let costed = &recalled.costing.periods[period].activities[activity];
    let (Some(rate), Some(driver)) = (costed.rate, known.driver_of(costed)) else { return Ok(None) };
    if known.level != Level::Unit {
        return Ok(None);
    }
    let Some(volumes) = line_volumes(recalled, driver, facts) else { return Ok(None) };
    let fault = || Error::too_many_digits(format!("costing: a product's part of '{}'", known.name));
    let volumes = by_policy(known.negative, &facts.ranks, volumes.into());
    post(rate, &volumes, 0).map(Some).ok_or_else(fault)
}

/// A driver's volume per customer × product group; none if the facts keep it per customer only.
fn line_volumes(recalled: &Recalled<'_>, driver: &ActivityDriver, facts: &ProductFacts) -> Option<Vec<i64>> {
    let mut volumes = vec![0_i64; facts.ranks.len()];
    for (index, factor) in &driver.terms {
        let kept = recalled.facts.line_aggregates.iter().position(|kept| kept == index)?;
        for (volume, value) in volumes.iter_mut().zip(facts.aggregates.get(kept)?) {
            *volume = volume.checked_add(value.checked_mul(*factor)?)?;
        }
    }
    Some(volumes)
}
