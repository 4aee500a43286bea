//! Groups of services that no cost can leave: their equations would have no solution.

use super::cycle::{cycles, path};
use super::network::{Flow, Network};
use super::pool::{fixed_share_of, share_of, sum};
use crate::pipeline::{Node, ResourceDriver, ServiceMethod};
use crate::units::Decimal;
use std::collections::BTreeSet;

/// Every group, or part of one, that no cost can leave: the byte offset of a flow that closes it, and what to say.
pub(super) fn dead_ends(network: &Network<'_>) -> Vec<(usize, String)> {
    let of = |group: &super::services::Group<'_>| match group.method {
        Some(ServiceMethod::Reciprocal) => closed(network, &group.members),
        Some(ServiceMethod::Direct | ServiceMethod::StepDown) => left_alone(network, &group.members),
        None => Vec::new(),
    };
    network.groups.iter().flat_map(of).collect()
}

/// Reciprocal: members that give all they have, directly or not, to each other.
fn closed(network: &Network<'_>, members: &[Node]) -> Vec<(usize, String)> {
    let mut closed: BTreeSet<Node> = members.iter().copied().collect();
    loop {
        let leaks = |node: &Node| {
            let mut outside = network.out_of(*node).filter(|flow| flow.may_carry());
            keeps_some(network, *node) || outside.any(|flow| !closed.contains(&flow.taker))
        };
        let leaking: Vec<Node> = closed.iter().copied().filter(leaks).collect();
        if leaking.is_empty() {
            break;
        }
        leaking.iter().for_each(|node| {
            closed.remove(node);
        });
    }
    let inside =
        |flow: &&Flow| flow.may_carry() && closed.contains(&flow.giver) && closed.contains(&flow.taker);
    let flows: Vec<&Flow> = network.flows.iter().filter(inside).collect();
    let dead_end = |cycle: Vec<&Flow>| {
        let last = cycle.last().expect("a cycle has a flow");
        let path = path(network, &cycle);
        let message = format!(
            "no cost can leave {path}: they give all they have to each other; let something outside the group take of them"
        );
        (last.offset, message)
    };
    cycles(&flows, |node| node).into_iter().map(dead_end).collect()
}

/// Direct and step-down: a member whose cost would all go where the method lets nothing go.
fn left_alone(network: &Network<'_>, members: &[Node]) -> Vec<(usize, String)> {
    let dead_end = |member: &Node| {
        let carrying: Vec<&Flow> = network.out_of(*member).filter(|flow| flow.may_carry()).collect();
        let last = carrying.last()?;
        if keeps_some(network, *member) || !carrying.iter().all(|flow| network.is_dropped(flow)) {
            return None;
        }
        let takers: Vec<String> = carrying.iter().map(|flow| network.names.name(flow.taker)).collect();
        let message = format!(
            "{} gives all it has to {}, to whom the method of the group lets nothing go; let something else take of it, or write method = \"reciprocal\"",
            network.names.subject(*member),
            takers.join(", ")
        );
        Some((last.offset, message))
    };
    members.iter().filter_map(dead_end).collect()
}

/// Whether something of the pool stays, whatever the volumes: nobody takes, shares below 1, capacity that may be
/// idle, nothing but direct charges. So taken while a taker is faulty.
fn keeps_some(network: &Network<'_>, node: Node) -> bool {
    let is_charge = |by: &&ResourceDriver| matches!(by, ResourceDriver::DirectCharge);
    let takers: Option<Vec<&ResourceDriver>> = network.out_of(node).map(|flow| flow.by.as_ref()).collect();
    let Some(takers) = takers else { return true };
    let spread: Vec<&ResourceDriver> = takers.into_iter().filter(|by| !is_charge(by)).collect();
    let below_one = |share_of: fn(&ResourceDriver) -> Option<Decimal>| {
        let shares: Option<Vec<Decimal>> = spread.iter().map(|by| share_of(by)).collect();
        shares.is_some_and(|shares| sum(shares.into_iter()) != Decimal::ONE)
    };
    let fixed = network.names.table(node).entry("fixed").and_then(super::table::Entry::number);
    let has_fixed = fixed.is_some_and(|fixed| fixed.mantissa > 0);
    spread.is_empty()
        || network.names.is_timed(node)
        || below_one(share_of)
        || has_fixed && below_one(fixed_share_of)
}
