//! Why contribution changed between two periods: of one customer, or of all.

use super::effect::Effect;
use super::exact::Exact;
use super::posting::Posting;
use super::recalled::Recalled;
use crate::error::{Error, Result};
use crate::profitability::schema::{
    BridgeSums, Compared, Comparing, Comparison, CustomerSpan, Service, SpanCells, Step, Values, key_text,
};
use crate::units::Period;
use serde::Serialize;
use std::ops::Range;

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
    /// By step of `bridge`, in its order.
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
    let ranks = match whose {
        Some(None) => 0..0,
        Some(Some(rank)) => rank as usize..rank as usize + 1,
        None => 0..recalled.facts.customers.len(),
    };
    let sums = compared(recalled, first, second, &ranks)?;
    let (start, end) = (sums.before, sums.after);
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
        effects: effects(recalled, &sums),
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

/// The sums of these customers' changes.
fn compared(
    recalled: &Recalled<'_>,
    first: usize,
    second: usize,
    ranks: &Range<usize>,
) -> Result<BridgeSums> {
    let (before, after) = (first..first + 1, second..second + 1);
    let comparisons = [Comparison { name: "period before", span: "period", before, after }];
    let comparing = Comparing::new(recalled.costing, &comparisons, recalled.facts.groups.len());
    let span = |period| customer_span(recalled, &comparing.services, period, ranks);
    let (before, after) = (span(first)?, span(second)?);
    let came = first_periods(recalled, first.max(second), ranks)?;
    let known = recalled.facts.customers.keys.len();
    let came = |rank: u32| came[rank as usize - ranks.start].filter(|_| (rank as usize) < known);
    let mut sums = comparing.nothing().remove(0);
    let compared = Compared { comparison: 0, before: &before, after: &after };
    comparing.compare(compared, &came, &mut sums, &mut |_| Ok(()))?;
    sums.close();
    Ok(sums)
}

/// What these customers had in a period.
fn customer_span(
    recalled: &Recalled<'_>,
    services: &[Service<'_>],
    period: usize,
    ranks: &Range<usize>,
) -> Result<CustomerSpan> {
    let mut facts = recalled.facts.customer_facts(period, ..)?;
    let aggregates: Vec<Values> =
        std::mem::take(&mut facts.aggregates).into_iter().map(Values::from).collect();
    let bound = |rank: usize| facts.ranks.partition_point(|known| (*known as usize) < rank);
    let rows = bound(ranks.start)..bound(ranks.end);
    let (mut volumes, mut costs, mut volumes_before) = (Vec::new(), Vec::new(), Vec::new());
    for service in services {
        let posting = Posting::new(recalled, period, service.index, &aggregates, facts.ranks.len())?;
        volumes_before.push(posting.volumes[..rows.start].iter().sum());
        costs.push(Values::from(posting.costs()?).slice(rows.start, rows.len()));
        volumes.push(posting.volumes.slice(rows.start, rows.len()));
    }
    Ok(CustomerSpan {
        ranks: facts.ranks[rows.clone()].to_vec().into(),
        lines: facts.lines[rows].to_vec().into(),
        volumes,
        volumes_before,
        costs,
        below: Default::default(),
        cells: SpanCells::from(recalled.facts.product_facts(period, ranks.clone())?),
    })
}

/// By customer, the first of the periods up to a last one in which it bought.
fn first_periods(recalled: &Recalled<'_>, last: usize, ranks: &Range<usize>) -> Result<Vec<Option<usize>>> {
    let mut first = vec![None; ranks.len()];
    for period in 0..=last {
        let facts = recalled.facts.customer_facts(period, ranks.clone())?;
        for (rank, _) in facts.ranks.iter().zip(&facts.lines).filter(|(_, lines)| **lines > 0) {
            first[*rank as usize - ranks.start].get_or_insert(period);
        }
    }
    Ok(first)
}

/// The steps, with the product groups and activities that they are made of.
fn effects(recalled: &Recalled<'_>, sums: &BridgeSums) -> Vec<Effect> {
    let comparing = Comparing::new(recalled.costing, &[], 0);
    let services = comparing.services.iter().map(|service| service.activity.name.as_str());
    let parts_of = |step: Step| {
        let groups = recalled.facts.groups.iter().map(String::as_str).zip(&sums.groups);
        let groups = groups.map(|(name, effects)| ("product group", name, effects[step as usize]));
        let services = services.clone().zip(&sums.services);
        let services = services.map(|(name, effects)| ("activity", name, effects[step as usize]));
        groups.chain(services).filter(|(_, _, amount)| *amount != 0).collect::<Vec<_>>()
    };
    Step::ALL.into_iter().map(|step| Effect::of(step, &parts_of(step), recalled.facts.money_scale)).collect()
}
