//! Each pool of the network and all that take of it: one kind of resource driver, and no more than there is.

use super::names::Names;
use super::network::{Flow, Network};
use super::table::compare;
use crate::pipeline::{Node, ResourceDriver};
use crate::units::Decimal;

/// Notes every pool whose takers do not go together.
pub(super) fn check_pools(network: &Network<'_>) {
    for giver in network.names.nodes() {
        let takers: Vec<&Flow> = network.out_of(giver).collect();
        check_once(network.names, &takers);
        let before = network.names.table(giver).reading.faults();
        takers.iter().for_each(|flow| check_capacity(network.names, flow));
        if network.names.table(giver).reading.faults() == before {
            check_kinds(network.names, &takers);
        }
        check_fixed(network.names, giver, &takers);
        check_sum(network.names, giver, &takers);
    }
}

/// Kinds of resource drivers that cannot share a pool, as a message names them.
fn kind(by: &ResourceDriver) -> Option<&'static str> {
    match by {
        ResourceDriver::Share(_) => Some("a share"),
        ResourceDriver::Even => Some("'even'"),
        ResourceDriver::Quantity(_) => Some("a quantity"),
        ResourceDriver::FixedAndVariable(..) => Some("'fixed' and a quantity"),
        ResourceDriver::Minutes(_) => Some("minutes"),
        ResourceDriver::DirectCharge => None,
    }
}

fn fault(names: Names<'_>, flow: &Flow, message: String) {
    names.table(flow.taker).reading.fault(flow.offset, message);
}

fn check_once(names: Names<'_>, takers: &[&Flow]) {
    for (index, flow) in takers.iter().enumerate() {
        if takers[..index].iter().any(|earlier| earlier.taker == flow.taker) {
            let (taker, giver) = (names.subject(flow.taker), names.name(flow.giver));
            fault(
                names,
                flow,
                format!("{taker} takes of {giver} twice, by 'resource' and by 'from'; keep one"),
            );
        }
    }
}

/// Minutes need a resource with capacity, everything else one without.
fn check_capacity(names: Names<'_>, flow: &Flow) {
    let name = names.name(flow.giver);
    let message = match (&flow.by, names.is_timed(flow.giver), flow.giver) {
        (Some(ResourceDriver::Minutes(_)), false, Node::Activity(_)) => {
            format!("{name} is an activity and has no minutes to give; take a share or a quantity")
        }
        (Some(ResourceDriver::Minutes(_)), false, Node::Resource(_)) => format!(
            "'minutes' need a time-driven resource, but {name} has no capacity; add capacity = {{ practical_minutes = … }} to it, or write 'driver'"
        ),
        (Some(ResourceDriver::Minutes(_)) | None, ..) | (_, false, _) => return,
        (Some(ResourceDriver::DirectCharge), true, _) => format!(
            "resource {name} is time-driven, so its money follows minutes and no charge draws it down; name another resource, or remove its capacity"
        ),
        (Some(ResourceDriver::Share(_)), true, _) => format!(
            "resource {name} is time-driven, so its money follows minutes, not shares; write 'resource' and 'minutes', or remove its capacity"
        ),
        (Some(_), true, _) => format!(
            "resource {name} is time-driven, so its money follows minutes; write {{ minutes = … }}, or remove its capacity"
        ),
    };
    fault(names, flow, message);
}

fn check_kinds(names: Names<'_>, takers: &[&Flow]) {
    let mut kinds = takers.iter().filter_map(|flow| Some((*flow, kind(flow.by.as_ref()?)?)));
    let Some((first, expected)) = kinds.next() else { return };
    for (flow, found) in kinds.filter(|(_, found)| *found != expected) {
        let giver = names.subject(flow.giver);
        let (one, other) = (names.name(first.taker), names.name(flow.taker));
        let way_out = if [found, expected].contains(&"'fixed' and a quantity") {
            "; a taker without part in the fixed costs has fixed = 0"
        } else {
            "; give all of them the same kind"
        };
        fault(
            names,
            flow,
            format!(
                "{giver} is spread in one way only, but {one} takes {expected} and {other} {found}{way_out}"
            ),
        );
    }
}

/// A fixed part needs takers that share it, and the other way round.
fn check_fixed(names: Names<'_>, giver: Node, takers: &[&Flow]) {
    let entry = names.table(giver).entry("fixed").filter(|_| matches!(giver, Node::Resource(_)));
    let has_fixed = |flow: &&&Flow| matches!(flow.by, Some(ResourceDriver::FixedAndVariable(..)));
    match (entry, takers.iter().find(has_fixed)) {
        (Some(entry), None) if takers.iter().all(|flow| flow.by.is_some()) => {
            let message = format!(
                "{} has a fixed part, but nobody takes a 'fixed' share of it; write from = {{ {} = {{ fixed = …, quantity = … }} }} where it is taken, or remove it",
                names.subject(giver),
                names.name(giver).replace('\'', "\"")
            );
            entry.reading.fault(entry.key_offset, message);
        }
        (None, Some(flow)) => {
            let way_out = match giver {
                Node::Resource(_) => "add fixed = … to it, or take a quantity alone",
                Node::Activity(_) => "take a quantity alone",
            };
            let giver = names.subject(giver);
            fault(
                names,
                flow,
                format!("a 'fixed' share is taken of {giver}, which has no fixed part; {way_out}"),
            );
        }
        _ => {}
    }
}

/// Notes a pool of which all together take more than there is.
fn check_sum(names: Names<'_>, giver: Node, takers: &[&Flow]) {
    let shares = |share_of: fn(&ResourceDriver) -> Option<Decimal>| -> Vec<(&Flow, Decimal)> {
        takers.iter().filter_map(|flow| Some((*flow, share_of(flow.by.as_ref()?)?))).collect()
    };
    let (shares, fixed) = (shares(share_of), shares(fixed_share_of));
    for (what, taken) in [("shares", shares), ("fixed shares", fixed)] {
        let total = sum(taken.iter().map(|(_, share)| *share));
        let Some((last, _)) = taken.last().filter(|_| compare(total, Decimal::ONE).is_gt()) else { continue };
        let takes = |(flow, share): &(&Flow, Decimal)| format!("{} takes {share}", names.name(flow.taker));
        let all: Vec<String> = taken.iter().map(takes).collect();
        let giver = names.subject(giver);
        fault(names, last, format!("the {what} of {giver} add up to {total}, over 1: {}", all.join(", ")));
    }
}

/// The share, if that is how it is taken.
pub(super) fn share_of(by: &ResourceDriver) -> Option<Decimal> {
    match by {
        ResourceDriver::Share(share) => Some(*share),
        _ => None,
    }
}

/// The share of the fixed part, if that is how it is taken.
pub(super) fn fixed_share_of(by: &ResourceDriver) -> Option<Decimal> {
    match by {
        ResourceDriver::FixedAndVariable(share, _) => Some(*share),
        _ => None,
    }
}

/// The exact sum of shares.
pub(super) fn sum(shares: impl Iterator<Item = Decimal> + Clone) -> Decimal {
    let finest = shares.clone().map(|share| share.scale).max().unwrap_or(0);
    let at_finest = |share: Decimal| share.at_scale(finest).expect("18 digits after the point fit an i128");
    Decimal { mantissa: shares.map(at_finest).sum(), scale: finest }.normalised()
}
