//! Where money comes into the network: nodes that nobody feeds.

use super::network::Network;
use super::resource::has_money;
use crate::pipeline::Node;
use std::collections::BTreeSet;

/// Notes every resource that has no money and takes none, and every group of services that no money reaches.
/// Activities that take nothing are told of with what else is wrong with them.
pub(super) fn check_feeds(network: &Network<'_>) {
    let names = network.names;
    for node in names.nodes().filter(|node| matches!(node, Node::Resource(_))) {
        let table = names.table(node);
        if !has_money(table) && !table.has("from") {
            table.fault(format!(
                "{} has no money of its own and takes none; add 'amount', 'amounts', 'ledger' or 'from'",
                names.subject(node)
            ));
        }
    }
    check_groups(network);
}

fn check_groups(network: &Network<'_>) {
    let names = network.names;
    let fed: BTreeSet<Node> = names.nodes().filter(|node| has_source(network, *node)).collect();
    for group in network.groups.iter().filter(|group| group.is_reciprocal()) {
        let is_fed = |node: &Node| {
            let mut takes = network.flows.iter().filter(|flow| flow.taker == *node);
            fed.contains(node) || takes.any(|flow| group.position(flow.giver).is_none())
        };
        let is_known = group.members.len() > 1;
        if is_known && !group.members.iter().any(is_fed) {
            let members: Vec<String> = group.members.iter().map(|member| names.name(*member)).collect();
            group.table.fault(format!(
                "nobody feeds {}: they have no money of their own and take only of each other; give one an amount or a ledger",
                members.join(" and ")
            ));
        }
    }
}

/// Whether a node has money of its own, or a fault that hides it.
fn has_source(network: &Network<'_>, node: Node) -> bool {
    let table = network.names.table(node);
    let takes = network.flows.iter().filter(|flow| flow.taker == node).count();
    let is_fully_known = takes == table.entries_of("from").len() + usize::from(table.has("resource"));
    match node {
        Node::Resource(_) => has_money(table) || !is_fully_known,
        Node::Activity(_) => table.flag("imputed") || !is_fully_known,
    }
}
