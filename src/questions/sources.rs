//! Where the money of a node comes from, and what of it customers bear.

use super::exact::Exact;
use super::recalled::Recalled;
use crate::costing::schema::{ActivityCosting, Costing, ResourceCosting};
use crate::units::round_ratio;
use serde::Serialize;

/// Money that comes from, or goes to, something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flow {
    /// What it is: `resource`, `activity`, `ledger account`, `customers`, `unused`, …
    pub kind: &'static str,
    /// Which of them.
    pub name: String,
    /// Share, quantity or minutes that move it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Exact>,
    /// Money.
    pub amount: Exact,
}

/// A named part of a pool, as an integer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) amount: i64,
}

impl Source {
    pub(super) fn new(kind: &'static str, name: impl Into<String>, amount: i64) -> Self {
        Self { kind, name: name.into(), amount }
    }
}

/// Money a resource got: its inputs, what other nodes gave it, and what its reciprocal group did.
pub(super) fn of_resource(costing: &Costing, index: usize, costed: &ResourceCosting) -> Vec<Source> {
    let input = |(account, amount): &(Option<String>, i64)| match account {
        Some(account) => Source::new("ledger account", account, *amount),
        None => Source::new("inline amount", &costing.resources[index], *amount),
    };
    let received = costed.received.iter().map(|(from, amount)| {
        let (kind, name) = costing.node(*from);
        Source::new(kind, name, *amount)
    });
    let net = exchanged(costed.reciprocal_net);
    costed.inputs.iter().map(input).chain(received).chain(net).collect()
}

/// Money an activity got: from each pool, and from its reciprocal group.
pub(super) fn of_activity(costing: &Costing, costed: &ActivityCosting) -> Vec<Source> {
    let pools = costed.pools.iter().map(|(from, amount)| {
        let (kind, name) = costing.node(*from);
        Source::new(kind, name, *amount)
    });
    pools.chain(exchanged(costed.reciprocal_net)).collect()
}

fn exchanged(net: i64) -> Option<Source> {
    (net != 0).then(|| Source::new("reciprocal group", "received less given", net))
}

/// What customers bear of an activity in a period, by where it comes from; adds up to what is posted.
///
/// What other nodes took of the activity is taken from all its sources alike. What a standard rate charges over or
/// under the cost, and what is imputed, is a line of its own, the last.
pub(super) fn borne(recalled: &Recalled<'_>, period: usize, activity: usize) -> Vec<Source> {
    let costed = &recalled.costing.periods[period].activities[activity];
    let mut sources = of_activity(recalled.costing, costed);
    let elsewhere = costed.passed_on_total() + i128::from(costed.retained) + i128::from(costed.unassigned);
    let whole = sources.iter().map(|source| i128::from(source.amount)).sum::<i128>();
    shrink(&mut sources, whole - elsewhere, whole);
    if costed.variance != 0 {
        let without_pool = recalled.costing.activities[activity].without_pool();
        let (kind, name) = without_pool.unwrap_or(("standard rate", "charged over or under cost"));
        sources.push(Source::new(kind, name, -costed.variance));
    }
    let sum = sources.iter().map(|source| i128::from(source.amount)).sum::<i128>();
    assert_eq!(sum, i128::from(costed.posted), "the sources of what is posted add up to it");
    sources
}

/// Makes each part of `whole` its part of `kept`, by cumulative difference.
fn shrink(sources: &mut [Source], kept: i128, whole: i128) {
    if kept == whole || whole == 0 {
        return;
    }
    let (mut running, mut seen) = (0_i128, 0_i128);
    for source in sources {
        running += i128::from(source.amount);
        let until = round_ratio(kept * running * whole.signum(), whole.abs());
        source.amount = i64::try_from(until - seen).expect("a part of a pool is no larger than 64 bits");
        seen = until;
    }
}

/// Adds `amount` to the flow of this kind and name, which keep the order in which they are first met.
pub(super) fn add(flows: &mut Vec<Flow>, source: &Source, scale: u8) {
    match flows.iter_mut().find(|flow| flow.kind == source.kind && flow.name == source.name) {
        Some(flow) => flow.amount.0.mantissa += i128::from(source.amount),
        None => flows.push(Flow {
            kind: source.kind,
            name: source.name.clone(),
            quantity: None,
            amount: Exact::new(source.amount, scale),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_took_is_taken_from_all_sources_alike() {
        for (amounts, kept, expected) in [
            (vec![100, 50, 51], 100, vec![50, 25, 25]),
            (vec![-100, -50], -75, vec![-50, -25]),
            (vec![100, -40], 30, vec![50, -20]),
        ] {
            let mut sources: Vec<Source> =
                amounts.iter().map(|amount| Source::new("resource", "r", *amount)).collect();
            shrink(&mut sources, kept, amounts.iter().map(|amount| i128::from(*amount)).sum());
            assert_eq!(sources.iter().map(|source| source.amount).collect::<Vec<_>>(), expected);
        }
    }
}
