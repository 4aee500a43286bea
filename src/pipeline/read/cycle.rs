//! Cycles of the network.

use super::network::{Flow, Network};
use crate::pipeline::Node;
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
pub(super) fn path(network: &Network<'_>, cycle: &[&Flow]) -> String {
    let mut nodes: Vec<Node> = Vec::new();
    for flow in cycle {
        nodes.extend((nodes.last() != Some(&flow.giver)).then_some(flow.giver));
        nodes.push(flow.taker);
    }
    nodes.extend((nodes.first() != nodes.last()).then(|| nodes[0]));
    nodes.iter().map(|node| network.names.name(*node)).collect::<Vec<_>>().join(" -> ")
}

/// Cycles without a common node, smallest node first, each as short as its first node allows.
pub(super) fn cycles<'f>(flows: &[&'f Flow], as_one: impl Fn(Node) -> Node) -> Vec<Vec<&'f Flow>> {
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
