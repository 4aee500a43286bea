//! Where the money of every node came from, and what became of every resource's own money, in one period.
//!
//! Cells are second differences of R(A_t · P_r / P), with A_t the running amounts that leave a node and P_r the
//! running parts it is made of: they sum to what left, and to what came. A reciprocal group is one node whose cells
//! are the exact share of each origin in each exit, rounded in the same way. So every trace closes, both ways.

use super::network::{Network, Step};
use super::posting::post_running;
use super::schema::{ActivityCosting, Assigned, Costing, PeriodCosting, ResourceCosting};
use super::services::reciprocal::System;
use crate::math::ratio::round_product;
use crate::pipeline::{Definition, Node};
use std::collections::BTreeMap;

/// Where money ends within the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reached {
    /// Customers bear it as the cost of this activity.
    Customers(usize),
    /// Customers bear it beside the cost of this activity, as unused capacity.
    UnusedCharged(usize),
    /// It stays at the level of this activity.
    Retained(usize),
    /// It is unused capacity of this resource, retained at the level that owns it.
    UnusedRetained(usize),
    /// It is unused capacity of this resource.
    Unused(usize),
    /// Nothing takes it of this node.
    Unassigned(Node),
    /// A standard rate of this node left it over or, negative, put it in.
    Variance(Node),
    /// This resource gave it beyond what it had: negative.
    Overdriven(usize),
}

/// Parts by resource.
type Parts = BTreeMap<usize, i64>;

/// The origins of one period's money.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    nodes: BTreeMap<Node, Parts>,
    ends: BTreeMap<Reached, Parts>,
}

impl Origins {
    /// The resources whose own money a node's cost is made of; the parts sum to its cost and, for a resource that
    /// gave more than it had, what it gave beyond.
    pub fn of(&self, node: Node) -> Vec<(usize, i64)> {
        self.nodes.get(&node).into_iter().flatten().map(|(&resource, &part)| (resource, part)).collect()
    }

    /// The resources whose own money ended here; the parts sum to what did, but for imputed cost, which has none.
    pub fn at(&self, end: Reached) -> Vec<(usize, i64)> {
        self.ends.get(&end).into_iter().flatten().map(|(&resource, &part)| (resource, part)).collect()
    }

    /// Where a resource's own money ended; the parts sum to its inputs.
    pub fn reached(&self, resource: usize) -> Vec<(Reached, i64)> {
        let found = self.ends.iter().filter_map(|(end, parts)| Some((*end, *parts.get(&resource)?)));
        found.filter(|(_, part)| *part != 0).collect()
    }
}

/// Traces one period, by its index.
pub fn origins(costing: &Costing, definition: &Definition, period: usize) -> Origins {
    let Some(def) = &definition.costing else { return Origins::default() };
    let network = Network::new(def).expect("a definition that was costed has an order");
    let costed = &costing.periods[period];
    let mut trace = Trace { costed, found: Origins::default() };
    for step in &network.order {
        match *step {
            Step::Single(id) => trace.single(network.node(id)),
            Step::Group(group) => {
                trace.group(&network.groups[group].iter().map(|&id| network.node(id)).collect::<Vec<_>>());
            }
        }
    }
    trace.found
}

/// Where an amount goes.
#[derive(Clone, Copy)]
enum To {
    Node(Node),
    End(Reached),
}

struct Trace<'c> {
    costed: &'c PeriodCosting,
    found: Origins,
}

impl Trace<'_> {
    fn single(&mut self, node: Node) {
        self.add_inputs(node, true);
        let mut leaving: Vec<(To, i64)> =
            self.given(node).iter().map(|given| (To::Node(given.to), given.amount)).collect();
        leaving.extend(self.ends(node).into_iter().map(|(end, amount)| (To::End(end), amount)));
        let parts = self.found.nodes.get(&node).cloned().unwrap_or_default();
        self.spread(&parts, &leaving);
        if let Node::Resource(index) = node {
            let overdriven = self.costed.resources[index].overdriven;
            self.put(To::End(Reached::Overdriven(index)), index, -overdriven);
        }
    }

    /// Money from outside; what a single node gives beyond its cost comes from itself.
    fn add_inputs(&mut self, node: Node, with_overdriven: bool) {
        let Node::Resource(index) = node else { return };
        let resource = &self.costed.resources[index];
        let inputs: i64 = resource.inputs.iter().map(|(_, amount)| amount).sum();
        let own = inputs + if with_overdriven { resource.overdriven } else { 0 };
        self.put(To::Node(node), index, own);
    }

    fn put(&mut self, to: To, resource: usize, amount: i64) {
        if amount == 0 {
            return;
        }
        let parts = match to {
            To::Node(node) => self.found.nodes.entry(node).or_default(),
            To::End(end) => self.found.ends.entry(end).or_default(),
        };
        *parts.entry(resource).or_default() += amount;
    }

    /// Spreads parts over what leaves; both have the same sum unless there is no part at all.
    fn spread(&mut self, parts: &Parts, leaving: &[(To, i64)]) {
        if parts.is_empty() {
            return;
        }
        let amounts: Vec<i64> = leaving.iter().map(|(_, amount)| *amount).collect();
        let cells = cells(&amounts, &parts.values().copied().collect::<Vec<_>>());
        for ((to, _), row) in leaving.iter().zip(cells) {
            for (&resource, cell) in parts.keys().zip(row) {
                self.put(*to, resource, cell);
            }
        }
    }

    /// A reciprocal group: exits by member, what a member keeps last.
    fn group(&mut self, members: &[Node]) {
        members.iter().for_each(|&member| self.add_inputs(member, false));
        let came: Vec<Parts> =
            members.iter().map(|member| self.found.nodes.remove(member).unwrap_or_default()).collect();
        let mut cells = exit_cells(self.system(members[0]), &came).into_iter();
        for &member in members {
            let takers: Vec<Node> = self.given(member).iter().map(|given| given.to).collect();
            for taker in takers {
                self.put_all(&[To::Node(taker), To::Node(member)], &cells.next().expect("an exit per taker"));
            }
            let kept = cells.next().expect("an exit for what is kept");
            self.put_all(&[To::Node(member)], &kept);
            let mut ends: Vec<(To, i64)> =
                self.ends(member).into_iter().map(|(end, amount)| (To::End(end), amount)).collect();
            if let Node::Resource(index) = member {
                let overdriven = -self.costed.resources[index].overdriven;
                ends.push((To::End(Reached::Overdriven(index)), overdriven));
            }
            self.spread(&kept, &ends);
        }
    }

    fn put_all(&mut self, to: &[To], parts: &Parts) {
        for (&resource, &part) in parts {
            to.iter().for_each(|to| self.put(*to, resource, part));
        }
    }

    fn given(&self, node: Node) -> &[Assigned] {
        match node {
            Node::Resource(index) => &self.costed.resources[index].assigned,
            Node::Activity(index) => &self.costed.activities[index].passed_on,
        }
    }

    fn system(&self, node: Node) -> &System {
        let system = match node {
            Node::Resource(index) => &self.costed.resources[index].system,
            Node::Activity(index) => &self.costed.activities[index].system,
        };
        system.as_ref().expect("a reciprocal service keeps its equations")
    }

    /// What of a node's money goes to no other node.
    fn ends(&self, node: Node) -> Vec<(Reached, i64)> {
        match node {
            Node::Resource(index) => self.resource_ends(index),
            Node::Activity(index) => {
                let ActivityCosting { posted, retained, unassigned, variance, .. } =
                    self.costed.activities[index];
                vec![
                    (Reached::Customers(index), posted),
                    (Reached::Retained(index), retained),
                    (Reached::Unassigned(node), unassigned),
                    (Reached::Variance(node), variance),
                ]
            }
        }
    }

    fn resource_ends(&self, index: usize) -> Vec<(Reached, i64)> {
        let resource = &self.costed.resources[index];
        let node = Node::Resource(index);
        let mut ends = vec![
            (Reached::Unused(index), resource.unused),
            (Reached::UnusedRetained(index), resource.unused_retained),
            (Reached::Unassigned(node), resource.unassigned),
            (Reached::Variance(node), resource.variance),
        ];
        ends.extend(self.unused_charged(resource));
        ends
    }

    /// Unused capacity by the activity whose customers bear it: as the policy posted it, by their minutes.
    fn unused_charged(&self, resource: &ResourceCosting) -> Vec<(Reached, i64)> {
        if resource.unused_charged == 0 {
            return Vec::new();
        }
        let scale = resource.assigned.iter().map(|given| given.quantity.scale).max().unwrap_or(0);
        let bearer = |given: &Assigned| {
            let Node::Activity(index) = given.to else { return None };
            let costed = &self.costed.activities[index];
            let minutes = given.quantity.at_scale(scale).filter(|minutes| *minutes > 0)?;
            (costed.rate.is_some() && costed.volume > 0).then_some((index, minutes))
        };
        let bearers: Vec<(usize, i128)> = resource.assigned.iter().filter_map(bearer).collect();
        let weights = bearers.iter().map(|(_, minutes)| *minutes);
        let parts = post_running(resource.unused_charged, weights.clone(), weights.sum());
        let parts = parts.expect("it was posted so before");
        bearers.iter().zip(parts).map(|((index, _), part)| (Reached::UnusedCharged(*index), part)).collect()
    }
}

/// Rows of what left, columns of what it was made of; rows and columns close.
fn cells(amounts: &[i64], parts: &[i64]) -> Vec<Vec<i64>> {
    proportional_cells(amounts, parts).unwrap_or_else(|| corner_cells(amounts, parts))
}

/// Second differences; `None` where parts (nearly) cancel out, so that proportions outgrow 18 digits.
fn proportional_cells(amounts: &[i64], parts: &[i64]) -> Option<Vec<Vec<i64>>> {
    let whole: i128 = parts.iter().map(|part| i128::from(*part)).sum();
    if whole == 0 {
        return None;
    }
    let until = |running: i128, pool: i128| round_product(running * whole.signum(), pool, whole.abs());
    let mut running = 0_i128;
    let mut row_of = |amount: &i64| {
        let before = running;
        running += i128::from(*amount);
        let (mut pool, mut seen) = (0_i128, 0_i128);
        let mut cell_of = |part: &i64| {
            pool += i128::from(*part);
            let posted = until(running, pool)? - until(before, pool)?;
            let cell = posted - seen;
            seen = posted;
            i64::try_from(cell).ok()
        };
        parts.iter().map(&mut cell_of).collect()
    };
    amounts.iter().map(&mut row_of).collect()
}

/// Parts that cancel out have no proportion: all rows but the last draw on the first part.
fn corner_cells(amounts: &[i64], parts: &[i64]) -> Vec<Vec<i64>> {
    let mut rest = parts.to_vec();
    let mut rows = Vec::with_capacity(amounts.len());
    for amount in &amounts[..amounts.len().saturating_sub(1)] {
        let mut row = vec![0; parts.len()];
        (row[0], rest[0]) = (*amount, rest[0] - amount);
        rows.push(row);
    }
    rows.push(rest);
    rows
}

/// What each exit of a group is made of: exact shares of each origin, rounded by exits and by origins.
fn exit_cells(system: &System, came: &[Parts]) -> Vec<Parts> {
    let mut inputs = vec![0_i128; came.len()];
    let mut until = vec![0_i128; system.weights.exits.len()];
    let mut cells = vec![Parts::new(); until.len()];
    let origins: std::collections::BTreeSet<usize> =
        came.iter().flat_map(|parts| parts.keys().copied()).collect();
    for origin in origins {
        for (input, parts) in inputs.iter_mut().zip(came) {
            *input += i128::from(parts.get(&origin).copied().unwrap_or(0));
        }
        let next = system.exits_until(&inputs);
        let mut before = 0;
        for (exit, cells) in cells.iter_mut().enumerate() {
            let grown = next[exit] - until[exit];
            let cell = i64::try_from(grown - before).expect("a cell of money fits 64 bits");
            before = grown;
            if cell != 0 {
                cells.insert(origin, cell);
            }
        }
        until = next;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_close_by_row_and_by_column_whatever_the_signs() {
        for (amounts, parts) in [
            (vec![3333, 3334, 3333], vec![7000, 2000, 1000]),
            (vec![-50, 120, 30], vec![-20, 120]),
            (vec![-7, -3], vec![-4, -6]),
            (vec![5, -5], vec![3, -3]),
            (vec![0, 0], vec![0]),
        ] {
            let cells = cells(&amounts, &parts);
            let rows: Vec<i64> = cells.iter().map(|row| row.iter().sum()).collect();
            let columns: Vec<i64> =
                (0..parts.len()).map(|part| cells.iter().map(|row| row[part]).sum()).collect();
            assert_eq!((rows, columns), (amounts, parts));
        }
    }
}
