//! `[scenario.NAME.from.TAKER]`: other shares than the file says, and the network they make.

use super::exits::dead_ends;
use super::network::Network;
use super::number::share;
use super::pool::{share_of, sum};
use super::table::{Entry, Table, compare};
use crate::pipeline::{Change, Node, ResourceDriver};
use crate::units::Decimal;
use std::collections::BTreeSet;

/// A share that is changed.
struct Changed<'a> {
    entry: Entry<'a>,
    taker: Node,
    from: Node,
    share: Decimal,
}

/// Reads the shares of a scenario, by who takes; `None` for each that is faulty.
pub(super) fn shares(from: Entry<'_>, network: &Network<'_>) -> Vec<Option<Change>> {
    let mut read = Vec::new();
    for taker in from.table().map(Table::entries).unwrap_or_default() {
        let node = network.names.node(taker, taker.key);
        let shares = taker.table().map(Table::entries).unwrap_or_default();
        read.extend(shares.into_iter().map(|entry| changed(entry, node, network)));
    }
    check_network(&read.iter().flatten().collect::<Vec<_>>(), network);
    let change = |changed: Changed<'_>| {
        let Changed { taker, from, share, .. } = changed;
        Change::Share { taker, from, share }
    };
    read.into_iter().map(|read| read.map(change)).collect()
}

fn changed<'a>(entry: Entry<'a>, taker: Option<Node>, network: &Network<'_>) -> Option<Changed<'a>> {
    let (from, share) = (network.names.node(entry, entry.key), share(entry));
    let (taker, from) = (taker?, from?);
    let flow = network.out_of(from).find(|flow| flow.taker == taker);
    let (subject, giver) = (network.names.subject(taker), network.names.name(from));
    let message = match flow.map(|flow| &flow.by) {
        Some(None | Some(ResourceDriver::Share(_))) => {
            return Some(Changed { entry, taker, from, share: share? });
        }
        Some(_) => format!(
            "{subject} takes of {giver} by something else than a share, so there is no share to change; leave it out"
        ),
        None => format!(
            "{subject} takes nothing of {giver}, so there is no share to change; give it one in 'from' of its entry, which may be 0"
        ),
    };
    entry.reading.fault(entry.key_offset, message);
    None
}

/// Notes what goes wrong in the network once the shares are changed, if nothing did before.
fn check_network(changes: &[&Changed<'_>], network: &Network<'_>) {
    let Some(last) = changes.last() else { return };
    let shares: Vec<_> = changes.iter().map(|of| (of.taker, of.from, of.share)).collect();
    let after = network.with_shares(&shares);
    let givers: BTreeSet<Node> = changes.iter().map(|changed| changed.from).collect();
    for giver in givers {
        let shares = after.out_of(giver).filter_map(|flow| share_of(flow.by.as_ref()?));
        let total = sum(shares.collect::<Vec<_>>().into_iter());
        let changed = changes.iter().rfind(|changed| changed.from == giver).expect("it is changed");
        if compare(total, Decimal::ONE).is_gt() {
            let subject = network.names.subject(giver);
            changed.entry.fault(format!(
                "with this scenario the shares of {subject} add up to {total}, over 1; lower another of them here too"
            ));
        }
    }
    let before: BTreeSet<String> = dead_ends(network).into_iter().map(|(_, message)| message).collect();
    for (_, message) in dead_ends(&after).into_iter().filter(|(_, message)| !before.contains(message)) {
        last.entry.fault(format!("with this scenario {message}"));
    }
}
