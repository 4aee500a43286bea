//! Cycles of the network, and groups of services that no cost can leave.

use super::network::{Flow, Network};
use super::pool::{fixed_share_of, share_of, sum};
use crate::pipeline::{Node, ResourceDriver, ServiceMethod};
use crate::units::Decimal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Notes every cycle outside a group that is solved at once. A share of 0 counts: a scenario may raise it.
pub(super) fn check_cycles(network: &Network<'_>) {
    let flows: Vec<&Flow> = network
        .flows
        .iter()
        .filter(|flow| !network.is_dropped(flow) && !network.is_solved_at_once(flow))
        .collect();
    // A group that is solved at once is one node: a way out of it and back is a cycle.
    let as_one = |node: Node| {
        let group = network.group_of(node).filter(|group| group.is_reciprocal());
        group.map_or(node, |group| group.members[0])
    };
    for cycle in cycles(&flows, as_one) {
        note_cycle(network, &cycle);
    }
}

fn note_cycle(network: &Network<'_>, cycle: &[&Flow]) {
    let names = network.names;
    let group = cycle.iter().find_map(|flow| network.group_of(flow.giver));
    let way_out = match group {
        _ if cycle.len() == 1 && cycle[0].giver == cycle[0].taker => {
            "only a member of a reciprocal [[costing.services]] takes of itself".to_owned()
        }
        Some(group) => format!("add all of them to the members on line {}", group.table.at().line),
        None => {
            "let one of them take nothing back, or make them members of a [[costing.services]]".to_owned()
        }
    };
    let last = cycle.last().expect("a cycle has a flow");
    let message = format!("cost goes round in a cycle: {}; {way_out}", path(network, cycle));
    names.table(last.taker).reading.fault(last.offset, message);
}

/// `'a' -> 'b' -> 'a'`.
fn path(network: &Network<'_>, cycle: &[&Flow]) -> String {
    let mut nodes: Vec<Node> = Vec::new();
    for flow in cycle {
        nodes.extend((nodes.last() != Some(&flow.giver)).then_some(flow.giver));
        nodes.push(flow.taker);
    }
    nodes.extend((nodes.first() != nodes.last()).then(|| nodes[0]));
    nodes.iter().map(|node| network.names.name(*node)).collect::<Vec<_>>().join(" -> ")
}

/// Cycles without a common node, smallest node first, each as short as its first node allows.
fn cycles<'f>(flows: &[&'f Flow], as_one: impl Fn(Node) -> Node) -> Vec<Vec<&'f Flow>> {
    let mut left: BTreeSet<Node> =
        flows.iter().flat_map(|flow| [as_one(flow.giver), as_one(flow.taker)]).collect();
    let mut found = Vec::new();
    loop {
        peel(&mut left, flows, &as_one);
        let Some(&start) = left.first() else { return found };
        match shortest(start, &left, flows, &as_one) {
            Some(cycle) => {
                cycle.iter().for_each(|flow| {
                    left.remove(&as_one(flow.giver));
                });
                found.push(cycle);
            }
            // It lies between two cycles.
            None => {
                left.remove(&start);
            }
        }
    }
}

/// Leaves only nodes on cycles and between them.
fn peel(left: &mut BTreeSet<Node>, flows: &[&Flow], as_one: &impl Fn(Node) -> Node) {
    loop {
        let inside = flows
            .iter()
            .map(|flow| (as_one(flow.giver), as_one(flow.taker)))
            .filter(|(giver, taker)| left.contains(giver) && left.contains(taker));
        let (givers, takers): (BTreeSet<Node>, BTreeSet<Node>) = inside.unzip();
        let both: BTreeSet<Node> = givers.intersection(&takers).copied().collect();
        if both.len() == left.len() {
            return;
        }
        *left = both;
    }
}

/// The shortest way from a node back to it.
fn shortest<'f>(
    start: Node,
    left: &BTreeSet<Node>,
    flows: &[&'f Flow],
    as_one: &impl Fn(Node) -> Node,
) -> Option<Vec<&'f Flow>> {
    let mut came_by: BTreeMap<Node, &'f Flow> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        for flow in flows.iter().filter(|flow| as_one(flow.giver) == node) {
            let taker = as_one(flow.taker);
            if taker == start {
                return Some(way_to(flow, start, &came_by, as_one));
            }
            if left.contains(&taker) && !came_by.contains_key(&taker) {
                came_by.insert(taker, flow);
                waiting.push_back(taker);
            }
        }
    }
    None
}

fn way_to<'f>(
    last: &'f Flow,
    start: Node,
    came_by: &BTreeMap<Node, &'f Flow>,
    as_one: &impl Fn(Node) -> Node,
) -> Vec<&'f Flow> {
    let mut way = vec![last];
    let mut node = as_one(last.giver);
    while node != start {
        let flow = came_by[&node];
        way.push(flow);
        node = as_one(flow.giver);
    }
    way.reverse();
    way
}

/// Notes every group, or part of one, that no cost can leave.
pub(super) fn check_exits(network: &Network<'_>) {
    for group in network.groups {
        match group.method {
            Some(ServiceMethod::Reciprocal) => check_closed(network, &group.members),
            Some(ServiceMethod::Direct | ServiceMethod::StepDown) => check_left(network, &group.members),
            None => {}
        }
    }
}

/// Reciprocal: members that give all they have, directly or not, to each other.
fn check_closed(network: &Network<'_>, members: &[Node]) {
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
    for cycle in cycles(&flows, |node| node) {
        let last = cycle.last().expect("a cycle has a flow");
        let message = format!(
            "no cost can leave {}: they give all they have to each other; let something outside the group take of them",
            path(network, &cycle)
        );
        network.names.table(last.taker).reading.fault(last.offset, message);
    }
}

/// Direct and step-down: a member whose cost would all go where the method lets nothing go.
fn check_left(network: &Network<'_>, members: &[Node]) {
    for member in members {
        let carrying: Vec<&Flow> = network.out_of(*member).filter(|flow| flow.may_carry()).collect();
        if carrying.is_empty()
            || keeps_some(network, *member)
            || !carrying.iter().all(|flow| network.is_dropped(flow))
        {
            continue;
        }
        let takers: Vec<String> = carrying.iter().map(|flow| network.names.name(flow.taker)).collect();
        let last = carrying.last().expect("somebody takes of it");
        let message = format!(
            "{} gives all it has to {}, to whom the method of the group lets nothing go; let something else take of it, or write method = \"reciprocal\"",
            network.names.subject(*member),
            takers.join(", ")
        );
        network.names.table(last.taker).reading.fault(last.offset, message);
    }
}

/// Whether something of the pool stays, whatever the volumes: nobody takes, shares below 1, capacity that may be idle.
fn keeps_some(network: &Network<'_>, node: Node) -> bool {
    let takers: Vec<&ResourceDriver> = network.out_of(node).filter_map(|flow| flow.by.as_ref()).collect();
    let is_faulty = takers.len() < network.out_of(node).count();
    let below_one = |share_of: fn(&ResourceDriver) -> Option<Decimal>| {
        let shares = takers.iter().map(|by| share_of(by));
        shares.clone().all(|share| share.is_some()) && sum(shares.flatten()) != Decimal::ONE
    };
    is_faulty
        || takers.is_empty()
        || network.names.is_timed(node)
        || below_one(share_of)
        || below_one(fixed_share_of)
}
