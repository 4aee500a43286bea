//! Why contribution changed between two periods: of one customer, or of all.

use super::effect::Effect;
use super::exact::Exact;
use super::posting::Posting;
use super::recalled::Recalled;
use crate::error::{Error, Result};
use crate::pipeline::Line;
use crate::profitability::schema::{Pair, Served, Service, Sold, Values, effects, key_text};
use crate::units::Period;
use serde::Serialize;

/// A change of contribution, split exactly. The order of the effects is the order of substitution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Key of the customer; none for all.
    pub customer: Option<String>,
    /// Of every amount.
    pub currency: String,
    /// First day of the first period.
    pub from: String,
    /// First day of the second period.
    pub to: String,
    /// Contribution of the first period.
    pub before: Exact,
    /// Contribution of the second period.
    pub after: Exact,
    /// After − before; the effects add up to it.
    pub change: Exact,
    /// Volume, mix, price, intensity, rate.
    pub effects: Vec<Effect>,
}

/// Splits the change of contribution between two periods.
///
/// # Errors
/// An unknown customer or period, one period twice, unreadable state.
pub fn change(recalled: &Recalled<'_>, customer: Option<&str>, from: Period, to: Period) -> Result<Change> {
    if from == to {
        return Err(Error::definition(format!("both days lie in period {from}; give days of two periods")));
    }
    let (first, second) = (recalled.position(from)?, recalled.position(to)?);
    let whose = customer.map(|key| rank(recalled, key)).transpose()?;
    let (before, after) = (side(recalled, first, whose)?, side(recalled, second, whose)?);
    let (start, end) = (before.contribution(recalled), after.contribution(recalled));
    let found = split(recalled, &before, &after)?;
    let sum = found.iter().map(|effect| effect.amount.mantissa()).sum::<i128>();
    assert_eq!(sum, end - start, "the effects add up to the change of contribution");
    Ok(Change {
        customer: customer.zip(whose).map(|(key, rank)| {
            rank.map_or_else(|| key.to_string(), |rank| key_text(&recalled.facts.customers, rank))
        }),
        currency: recalled.definition.facts.currency.clone(),
        from: from.to_string(),
        to: to.to_string(),
        before: recalled.money(start),
        after: recalled.money(end),
        change: recalled.money(end - start),
        effects: found,
    })
}

/// The customer's rank; none for one whom only the customers source knows, and who has nothing in any period.
fn rank(recalled: &Recalled<'_>, key: &str) -> Result<Option<u32>> {
    let rank = recalled.rank(key);
    if rank.is_none() {
        recalled.listed(key)?;
    }
    Ok(rank)
}

/// One of the two periods.
struct Side {
    /// By product group.
    sold: Vec<Sold>,
    /// By activity.
    served: Vec<Served>,
}

impl Side {
    fn contribution(&self, recalled: &Recalled<'_>) -> i128 {
        let margin: i128 = self.sold.iter().map(Sold::margin).sum();
        margin - above(recalled).map(|activity| self.served[activity].cost).sum::<i128>()
    }
}

/// Activities above contribution, by index.
fn above<'r>(recalled: &Recalled<'r>) -> impl Iterator<Item = usize> + use<'r> {
    let activities = recalled.costing.activities.iter().enumerate();
    let lines = [Some(Line::CostToServe), Some(Line::PriceConcession)];
    activities.filter(move |(_, activity)| lines.contains(&activity.line)).map(|(index, _)| index)
}

fn split(recalled: &Recalled<'_>, before: &Side, after: &Side) -> Result<Vec<Effect>> {
    let groups = recalled.facts.groups.iter().zip(before.sold.iter().zip(&after.sold));
    let groups: Vec<Pair<Sold>> = groups
        .map(|(name, (before, after))| Pair { name: name.clone(), before: *before, after: *after })
        .collect();
    let service = |index: usize| {
        let activity = &recalled.costing.activities[index];
        let (before, after) = (before.served[index], after.served[index]);
        Service {
            pair: Pair { name: activity.name.clone(), before, after },
            is_concession: activity.line == Some(Line::PriceConcession),
        }
    };
    let services: Vec<Service> = above(recalled).map(service).collect();
    let found = effects(&groups, &services)?;
    Ok(found.into_iter().map(|effect| Effect::of(effect, recalled.facts.money_scale)).collect())
}

fn side(recalled: &Recalled<'_>, period: usize, whose: Option<Option<u32>>) -> Result<Side> {
    let served = match whose {
        Some(rank) => served(recalled, period, rank)?,
        None => {
            let costed = recalled.costing.periods[period].activities.iter();
            let of = |costed: &crate::costing::schema::ActivityCosting| Served {
                volume: i128::from(costed.volume),
                cost: i128::from(costed.posted),
                rate: costed.rate,
            };
            costed.map(of).collect()
        }
    };
    Ok(Side { sold: sold(recalled, period, whose)?, served })
}

/// What the customer, or all, bought of every product group.
fn sold(recalled: &Recalled<'_>, period: usize, whose: Option<Option<u32>>) -> Result<Vec<Sold>> {
    let ranks = match whose {
        Some(None) => 0..0,
        Some(Some(rank)) => rank as usize..rank as usize + 1,
        None => 0..recalled.facts.customers.len(),
    };
    let facts = recalled.facts.product_facts(period, ranks)?;
    let mut sold = vec![Sold::default(); recalled.facts.groups.len()];
    for row in 0..facts.ranks.len() {
        let group = &mut sold[facts.groups[row] as usize];
        group.units += i128::from(facts.units[row]);
        group.list_revenue += i128::from(facts.list_revenue[row]);
        group.discount += i128::from(facts.discount[row]);
        group.returns += i128::from(facts.returns[row]);
        group.product_cost += i128::from(facts.product_cost[row]);
    }
    Ok(sold)
}

/// What every activity did for the customer.
fn served(recalled: &Recalled<'_>, period: usize, rank: Option<u32>) -> Result<Vec<Served>> {
    let (ranks, aggregates): (Vec<u32>, Vec<Values>) = recalled.rows(period)?;
    let row = rank.and_then(|rank| ranks.binary_search(&rank).ok());
    let of = |activity: usize| {
        let posting = Posting::new(recalled, period, activity, &aggregates, ranks.len())?;
        let (at, rate) = (posting.row(row), posting.costed.rate);
        let cost = rate.filter(|_| row.is_some()).map_or(0, |rate| at.at(rate));
        Ok(Served { volume: i128::from(at.volume), cost, rate })
    };
    (0..recalled.costing.activities.len()).map(of).collect()
}
