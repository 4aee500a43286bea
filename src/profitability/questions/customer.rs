//! Why a customer is worth what it is: the waterfall, and every cost back to volume, rate and resource pools.
//!
//! From kept facts alone. A pool's part is the second difference of design §6, so the parts of an activity's cost
//! close to it, and over all customers to the pool.

use super::acquisition::Acquisition;
use super::columns::Values;
use super::waterfall::{Sources, Worth, key_text};
use crate::costing::schema::{Activity, ActivityCosting, Costing, level_name, trace};
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::schema::{CustomerFacts, Customers};
use crate::pipeline::{Definition, Node};
use crate::units::{Decimal, Period};
use serde::Serialize;

/// One customer's worth, explained. Amounts are exact decimal texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Key of the customer.
    pub customer: String,
    /// Of every amount.
    pub currency: String,
    /// Exclusive end of the history.
    pub as_of: String,
    /// Acquisition cost before the history, part of life and of no period.
    pub opening_acquisition_cost: String,
    /// Over the periods explained; over life when no period was asked for.
    pub waterfall: Vec<Step>,
    /// Periods in which the customer has facts or was won.
    pub periods: Vec<PeriodExplanation>,
}

/// One step of a waterfall.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Name of the published column.
    pub step: String,
    /// Its value.
    pub amount: String,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodExplanation {
    /// First day.
    pub period_start: String,
    /// The period's waterfall.
    pub waterfall: Vec<Step>,
    /// What every activity cost and why, in the order declared.
    pub activities: Vec<ActivityExplanation>,
}

/// One activity in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityExplanation {
    /// Name of the activity.
    pub activity: String,
    /// Level of the cost hierarchy.
    pub level: &'static str,
    /// SQL of the driver.
    pub driver: String,
    /// What the volume is made of.
    pub terms: Vec<Term>,
    /// Driver volume of the customer.
    pub volume: String,
    /// Driver rate as the exact fraction cost/volume of all customers.
    pub rate_exact: String,
    /// The same, rounded; none without volume.
    pub rate: Option<f64>,
    /// Cost borne by the customer.
    pub cost: String,
    /// Where that cost comes from; adds up to it.
    pub pools: Vec<PoolPart>,
    /// Why no customer bears the activity's cost, if so.
    pub unassigned: Option<&'static str>,
}

/// coefficient × aggregate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// SQL of the aggregate.
    pub aggregate: String,
    /// Its value for the customer.
    pub value: String,
    /// What it counts for in the volume.
    pub coefficient: String,
}

/// A resource pool's part of an activity's cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolPart {
    /// Name of the resource.
    pub resource: String,
    /// What all customers bear of it through this activity.
    pub pool: String,
    /// What this customer bears of it.
    pub amount: String,
}

/// Explains one customer in one period or over life. The key `unidentified` stands for the rows without customer.
///
/// # Errors
/// An unknown customer or period, a customer without facts in the period, unreadable state.
pub fn explain(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    customer: &str,
    period: Option<Period>,
) -> Result<Explanation> {
    let rank = rank_of(&facts.customers, customer)?;
    let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
    let acquisition = Acquisition::place(facts.master.as_ref(), &periods, facts.as_of);
    let asked: Vec<usize> = match period {
        None => (0..periods.len()).collect(),
        Some(period) => vec![position(&periods, period)?],
    };
    let account = Account { facts, costing, rank };
    let mut explained = Vec::new();
    let mut sums = vec![0_i128; STEPS + costing.activities.len()];
    for index in asked {
        let acquired = cost_of(&acquisition.by_period[index], rank);
        if let Some(found) = account.period(index, &facts.customer_facts(index)?, acquired)? {
            sums.iter_mut().zip(&found.amounts).for_each(|(sum, amount)| *sum += i128::from(*amount));
            explained.push(found.explanation);
        }
    }
    if let (Some(period), true) = (period, explained.is_empty()) {
        let key = key_text(&facts.customers, rank);
        return Err(Error::definition(format!(
            "customer {key} has no facts in {period}; leave --period out to see its life"
        )));
    }
    let opening = if period.is_none() { cost_of(&acquisition.opening, rank) } else { 0 };
    let names = step_names(&costing.activities);
    let acquired_step = names.iter().position(|name| name == "acquisition_cost").expect("a step");
    sums[acquired_step] += i128::from(opening);
    *sums.last_mut().expect("a waterfall has steps") -= i128::from(opening);
    Ok(Explanation {
        customer: key_text(&facts.customers, rank),
        currency: definition.facts.currency.clone(),
        as_of: facts.as_of.to_string(),
        opening_acquisition_cost: account.money(i128::from(opening)),
        waterfall: account.steps(sums),
        periods: explained,
    })
}

fn rank_of(customers: &Customers, key: &str) -> Result<u32> {
    if let Some(rank) = customers.rank_of(key) {
        return Ok(rank);
    }
    if customers.has_unidentified && key == "unidentified" {
        return Ok(u32::try_from(customers.keys.len()).expect("ranks fit 32 bits"));
    }
    let known = customers.keys.len();
    Err(Error::definition(format!(
        "customer '{key}' is in no source of the release; it knows {known} customers"
    )))
}

fn position(periods: &[Period], period: Period) -> Result<usize> {
    periods.binary_search(&period).map_err(|_| {
        let known = match (periods.first(), periods.last()) {
            (Some(first), Some(last)) => format!("the release has {first} to {last}"),
            _ => "the release has none".to_string(),
        };
        Error::definition(format!("period {period} has no facts; {known}"))
    })
}

fn cost_of(placed: &[(u32, i64)], rank: u32) -> i64 {
    placed.binary_search_by_key(&rank, |(rank, _)| *rank).map_or(0, |index| placed[index].1)
}

/// Steps of a waterfall besides the activities' costs.
const STEPS: usize = 11;

/// Names of the steps, in order; each is a published column.
fn step_names(activities: &[Activity]) -> Vec<String> {
    let before = ["list_revenue", "discount", "returns", "net_revenue", "product_cost", "gross_margin"];
    let after =
        ["cost_to_serve", "contribution", "customer_level_cost", "acquisition_cost", "customer_profit"];
    assert_eq!(before.len() + after.len(), STEPS, "every step has a name");
    let costs = activities.iter().map(|activity| format!("cost_{}", activity.column));
    before.map(str::to_string).into_iter().chain(costs).chain(after.map(str::to_string)).collect()
}

/// One customer's books.
struct Account<'r> {
    facts: &'r FactSet,
    costing: &'r Costing,
    rank: u32,
}

struct PeriodAccount {
    explanation: PeriodExplanation,
    amounts: Vec<i64>,
}

impl Account<'_> {
    fn period(&self, index: usize, facts: &CustomerFacts, acquired: i64) -> Result<Option<PeriodAccount>> {
        let row = facts.ranks.binary_search(&self.rank).ok();
        if row.is_none() && acquired == 0 {
            return Ok(None);
        }
        let costed = &self.costing.periods[index];
        let aggregates: Vec<Values> = facts.aggregates.iter().map(|column| column.clone().into()).collect();
        let mut activities = Vec::new();
        let mut costs = Vec::new();
        for (activity, costing) in self.costing.activities.iter().zip(&costed.activities) {
            let (explanation, cost) = self.activity(activity, costing, &aggregates, row)?;
            activities.push(explanation);
            costs.push(Values::from(vec![cost]));
        }
        let value = |column: &[i64]| [row.map_or(0, |row| column[row])];
        let (list_revenue, discount) = (value(&facts.list_revenue), value(&facts.discount));
        let (returns, product_cost) = (value(&facts.returns), value(&facts.product_cost));
        let sources = Sources {
            list_revenue: &list_revenue,
            discount: &discount,
            returns: &returns,
            product_cost: &product_cost,
            costs: &costs,
            acquisition_cost: vec![acquired].into(),
        };
        let worth = Worth::derive(&self.costing.activities, sources)?;
        let mut amounts = vec![list_revenue[0], discount[0], returns[0], worth.net_revenue[0]];
        amounts.extend([product_cost[0], worth.gross_margin[0]]);
        amounts.extend(costs.iter().map(|cost| cost[0]));
        amounts.extend([worth.cost_to_serve[0], worth.contribution[0], worth.customer_level_cost[0]]);
        amounts.extend([worth.acquisition_cost[0], worth.customer_profit[0]]);
        let explanation = PeriodExplanation {
            period_start: costed.period.to_string(),
            waterfall: self.steps(amounts.iter().map(|amount| i128::from(*amount)).collect()),
            activities,
        };
        Ok(Some(PeriodAccount { explanation, amounts }))
    }

    fn activity(
        &self,
        activity: &Activity,
        costed: &ActivityCosting,
        aggregates: &[Values],
        row: Option<usize>,
    ) -> Result<(ActivityExplanation, i64)> {
        let rows = aggregates.first().map_or(0, |column| column.len());
        let fault = || Error::check(format!("costing: a volume of '{}' exceeds 18 digits", activity.name));
        let volumes = match &activity.driver {
            Some(driver) => driver.volumes(aggregates, rows).ok_or_else(fault)?,
            None => vec![0; rows].into(),
        };
        let volume = row.map_or(0, |row| volumes[row]);
        let pools: Vec<i64> = costed.pools.iter().map(|(_, amount)| *amount).collect();
        let parts = if costed.rate.is_some() {
            let before = volumes[..row.unwrap_or(0)].iter().sum();
            trace(&pools, before, volume, costed.volume)
        } else {
            vec![0; pools.len()]
        };
        let pool_of = |((node, pool), part): (&(Node, i64), &i64)| PoolPart {
            resource: self.costing.node(*node).1.to_string(),
            pool: self.money(i128::from(*pool)),
            amount: self.money(i128::from(*part)),
        };
        let cost = parts.iter().sum();
        let volume_of =
            |volume: i64| Decimal { mantissa: i128::from(volume), scale: activity.volume_scale() };
        let explanation = ActivityExplanation {
            activity: activity.name.clone(),
            level: level_name(activity.level),
            driver: activity.driver_text.clone(),
            terms: self.terms(activity, aggregates, row),
            volume: volume_of(volume).to_string(),
            rate_exact: format!("{}/{}", self.money(i128::from(costed.cost)), volume_of(costed.volume)),
            rate: costed.rate_shown(activity, self.facts.money_scale),
            cost: self.money(i128::from(cost)),
            pools: costed.pools.iter().zip(&parts).map(pool_of).collect(),
            unassigned: costed.reason(),
        };
        Ok((explanation, cost))
    }

    fn terms(&self, activity: &Activity, aggregates: &[Values], row: Option<usize>) -> Vec<Term> {
        let term = |&(index, factor): &(usize, i64)| {
            let column = &self.facts.aggregates[index];
            let scale = activity.volume_scale() - column.scale;
            let value = row.map_or(0, |row| aggregates[index][row]);
            Term {
                aggregate: column.aggregate.to_string(),
                value: Decimal { mantissa: i128::from(value), scale: column.scale }.to_string(),
                coefficient: Decimal { mantissa: i128::from(factor), scale }.normalised().to_string(),
            }
        };
        activity.driver.iter().flat_map(|driver| &driver.terms).map(term).collect()
    }

    fn steps(&self, amounts: Vec<i128>) -> Vec<Step> {
        let names = step_names(&self.costing.activities).into_iter();
        names.zip(amounts).map(|(step, amount)| Step { step, amount: self.money(amount) }).collect()
    }

    fn money(&self, amount: i128) -> String {
        Decimal { mantissa: amount, scale: self.facts.money_scale }.to_string()
    }
}
