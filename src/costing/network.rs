//! The network of nodes: who takes of whom, in which order they are costed.

use super::services::{Flow, flow};
use crate::error::{Error, Result};
use crate::pipeline::{CostingDef, Node, ResourceDriver, ServiceMethod, Take};
use std::collections::BTreeSet;

/// Nodes by number: resources first, then activities.
#[derive(Debug)]
pub(crate) struct Network<'d> {
    /// The definition it is of.
    pub(crate) costing: &'d CostingDef,
    /// By giver: its edges, in the order of the takers.
    pub(crate) edges: Vec<Vec<Edge<'d>>>,
    /// Reciprocal groups: their members, ascending.
    pub(crate) groups: Vec<Vec<usize>>,
    /// The order in which every giver comes before its takers.
    pub(crate) order: Vec<Step>,
}

/// One thing a node takes of another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge<'d> {
    /// Who takes.
    pub(crate) taker: usize,
    /// The number of this take among the taker's.
    pub(crate) take: usize,
    /// By what.
    pub(crate) by: &'d ResourceDriver,
    /// What becomes of it.
    pub(crate) flow: Flow,
}

/// What is costed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// One node.
    Single(usize),
    /// A reciprocal group.
    Group(usize),
}

impl<'d> Network<'d> {
    /// Lays out the network of a definition.
    ///
    /// # Errors
    /// Nodes that take of each other in a circle without being declared as services: their path.
    pub(crate) fn new(costing: &'d CostingDef) -> Result<Self> {
        let membership = Membership::of(costing);
        let count = costing.resources.len() + costing.activities.len();
        let mut network = Self {
            costing,
            edges: vec![Vec::new(); count],
            groups: membership.reciprocal.clone(),
            order: vec![],
        };
        for taker in 0..count {
            for (number, take) in network.takes(taker).iter().enumerate() {
                let giver = network.id(take.from);
                let flow = membership.flow(giver, taker);
                network.edges[giver].push(Edge { taker, take: number, by: &take.by, flow });
            }
        }
        network.order = network.sorted()?;
        Ok(network)
    }

    /// The number of a node.
    pub(crate) fn id(&self, node: Node) -> usize {
        id(self.costing, node)
    }

    /// The node of a number.
    pub(crate) fn node(&self, id: usize) -> Node {
        match id.checked_sub(self.costing.resources.len()) {
            None => Node::Resource(id),
            Some(activity) => Node::Activity(activity),
        }
    }

    /// Its name.
    pub(crate) fn name(&self, id: usize) -> &'d str {
        match self.node(id) {
            Node::Resource(index) => &self.costing.resources[index].name,
            Node::Activity(index) => &self.costing.activities[index].name,
        }
    }

    /// What a node takes, in the order written.
    pub(crate) fn takes(&self, id: usize) -> &'d [Take] {
        match self.node(id) {
            Node::Resource(index) => &self.costing.resources[index].takes,
            Node::Activity(index) => &self.costing.activities[index].takes,
        }
    }

    fn step_of(&self, id: usize) -> Step {
        let group = self.groups.iter().position(|members| members.binary_search(&id).is_ok());
        group.map_or(Step::Single(id), Step::Group)
    }

    /// Topological order, the smallest number first among those that are ready.
    fn sorted(&self) -> Result<Vec<Step>> {
        let steps: Vec<Step> = (0..self.edges.len()).map(|id| self.step_of(id)).collect();
        // A step is known by its smallest node.
        let key = |id: usize| match steps[id] {
            Step::Single(id) => id,
            Step::Group(group) => self.groups[group][0],
        };
        let mut waits = vec![0_usize; self.edges.len()];
        let outward = |id: usize| self.edges[id].iter().filter(|edge| edge.flow == Flow::Out);
        (0..self.edges.len()).flat_map(outward).for_each(|edge| waits[key(edge.taker)] += 1);
        let keys: BTreeSet<usize> = (0..self.edges.len()).map(key).collect();
        let mut ready: BTreeSet<usize> = keys.iter().copied().filter(|&id| waits[id] == 0).collect();
        let mut order = Vec::with_capacity(keys.len());
        while let Some(first) = ready.pop_first() {
            order.push(steps[first]);
            for edge in self.members(steps[first]).iter().flat_map(|&id| outward(id)) {
                let taker = key(edge.taker);
                waits[taker] -= 1;
                if waits[taker] == 0 {
                    ready.insert(taker);
                }
            }
        }
        if order.len() < keys.len() { Err(self.circle(&waits, &key)) } else { Ok(order) }
    }

    /// The nodes of a step.
    pub(crate) fn members(&self, step: Step) -> Vec<usize> {
        match step {
            Step::Single(id) => vec![id],
            Step::Group(group) => self.groups[group].clone(),
        }
    }

    /// Walks back from a node that waits until a node comes again.
    fn circle(&self, waits: &[usize], key: &dyn Fn(usize) -> usize) -> Error {
        let gives = |giver: usize, taker: usize| {
            waits[key(giver)] > 0
                && self.edges[giver]
                    .iter()
                    .any(|edge| edge.flow == Flow::Out && key(edge.taker) == key(taker))
        };
        let mut path = vec![waits.iter().position(|&waits| waits > 0).expect("some node waits")];
        loop {
            let last = *path.last().expect("a path has a node");
            let giver = (0..waits.len()).find(|&giver| gives(giver, last)).expect("who waits has a giver");
            path.push(giver);
            if let Some(start) = path[..path.len() - 1].iter().position(|&id| key(id) == key(giver)) {
                let names: Vec<String> =
                    path[start..].iter().rev().map(|&id| format!("'{}'", self.name(id))).collect();
                return Error::definition(format!(
                    "costing: {} take of each other in a circle; declare them in [[costing.services]]",
                    names.join(" → ")
                ));
            }
        }
    }
}

fn id(costing: &CostingDef, node: Node) -> usize {
    match node {
        Node::Resource(index) => index,
        Node::Activity(index) => costing.resources.len() + index,
    }
}

/// Which group a node is in, and where.
struct Membership {
    by_node: Vec<Option<(usize, usize)>>,
    methods: Vec<(ServiceMethod, usize)>,
    reciprocal: Vec<Vec<usize>>,
}

impl Membership {
    fn of(costing: &CostingDef) -> Self {
        let count = costing.resources.len() + costing.activities.len();
        let mut membership = Self { by_node: vec![None; count], methods: vec![], reciprocal: vec![] };
        for (group, services) in costing.services.iter().enumerate() {
            let members: Vec<usize> = services.members.iter().map(|&node| id(costing, node)).collect();
            for (position, &member) in members.iter().enumerate() {
                membership.by_node[member] = Some((group, position));
            }
            membership.methods.push((services.method, membership.reciprocal.len()));
            if services.method == ServiceMethod::Reciprocal {
                membership
                    .reciprocal
                    .push(members.into_iter().collect::<BTreeSet<_>>().into_iter().collect());
            }
        }
        membership
    }

    fn flow(&self, giver: usize, taker: usize) -> Flow {
        match (self.by_node[giver], self.by_node[taker]) {
            (Some((group, giver)), Some((other, taker))) if group == other => {
                let (method, reciprocal) = self.methods[group];
                flow(method, reciprocal, giver, taker)
            }
            _ => Flow::Out,
        }
    }
}
