//! Where money comes into the network: nodes that nobody feeds.

use super::network::{Flow, Network};
use super::resource::has_money;
use super::services::Group;
use crate::pipeline::Node;
use std::collections::BTreeSet;

/// Notes every resource that has no money and takes none, and every member of a group of services that no money
/// reaches. Activities that take nothing are reported with what else is wrong with them.
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
    let fed = fed(network);
    for group in network.groups.iter().filter(|group| group.members.len() > 1) {
        if group.is_reciprocal() {
            check_together(network, group, &fed);
        } else {
            check_one_by_one(network, group, &fed);
        }
    }
}

/// All nodes that money reaches.
fn fed(network: &Network<'_>) -> BTreeSet<Node> {
    let mut waiting: Vec<Node> = network.names.nodes().filter(|node| has_source(network, *node)).collect();
    let mut fed: BTreeSet<Node> = waiting.iter().copied().collect();
    while let Some(node) = waiting.pop() {
        let onwards = network.out_of(node).filter(|flow| !network.is_dropped(flow));
        waiting.extend(onwards.map(|flow| flow.taker).filter(|taker| fed.insert(*taker)));
    }
    fed
}

/// Whether a node has money of its own, or a fault that hides where it comes from.
fn has_source(network: &Network<'_>, node: Node) -> bool {
    let table = network.names.table(node);
    let named = table.entries_of("from").len() + usize::from(table.has("resource"));
    let has_own = match node {
        Node::Resource(_) => has_money(table),
        Node::Activity(_) => table.flag("imputed"),
    };
    has_own || named == 0 || network.into(node).count() < named
}

/// Reciprocal: reported as one, unless something outside should have fed it.
fn check_together(network: &Network<'_>, group: &Group<'_>, fed: &BTreeSet<Node>) {
    let is_inside = |flow: &Flow| group.position(flow.giver).is_some();
    let is_unfed = |node: &Node| !fed.contains(node) && network.into(*node).all(is_inside);
    if group.members.iter().all(is_unfed) {
        let members: Vec<String> = group.members.iter().map(|member| network.names.name(*member)).collect();
        group.table.fault(format!(
            "nobody feeds {}: they have no money of their own and take only of each other; give one an amount or a ledger",
            members.join(" and ")
        ));
    }
}

/// Direct and step-down: a member that takes only where the method lets nothing go.
fn check_one_by_one(network: &Network<'_>, group: &Group<'_>, fed: &BTreeSet<Node>) {
    for member in group.members.iter().filter(|member| !fed.contains(member)) {
        if network.into(*member).all(|flow| network.is_dropped(flow)) {
            let names = network.names;
            let givers: Vec<String> = network.into(*member).map(|flow| names.name(flow.giver)).collect();
            let way_out = match member {
                Node::Resource(_) => "give it an amount or a ledger",
                Node::Activity(_) => "let it take of something outside the group",
            };
            names.table(*member).fault(format!(
                "nobody feeds {}: it takes only of {}, from whom the method of the group lets nothing come; {way_out}, or write method = \"reciprocal\"",
                names.subject(*member),
                givers.join(" and ")
            ));
        }
    }
}
