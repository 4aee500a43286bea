//! The cost network as written: which node takes what of which.

use super::names::Names;
use super::services::Group;
use super::take::Taking;
use crate::pipeline::{Node, Quantity, ResourceDriver, ServiceMethod};
use crate::units::Decimal;
use std::collections::BTreeMap;

/// All flows between nodes.
pub(super) struct Network<'a> {
    pub(super) names: Names<'a>,
    /// In the order of the takers, resources first.
    pub(super) flows: Vec<Flow>,
    out_of: BTreeMap<Node, Vec<usize>>,
    into: BTreeMap<Node, Vec<usize>>,
    pub(super) groups: &'a [Group<'a>],
}

/// What one node takes of another.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) giver: Node,
    pub(super) taker: Node,
    /// `None` where it is faulty.
    pub(super) by: Option<ResourceDriver>,
    /// Byte offset of where it is written.
    pub(super) offset: usize,
}

impl Flow {
    /// Whether money may flow at all: not with a share or quantity of 0.
    pub(super) fn may_carry(&self) -> bool {
        let number = match &self.by {
            Some(
                ResourceDriver::Share(number)
                | ResourceDriver::Quantity(Quantity::EachPeriod(number))
                | ResourceDriver::Minutes(Quantity::EachPeriod(number)),
            ) => number,
            _ => return true,
        };
        number.mantissa != 0
    }
}

impl<'a> Network<'a> {
    /// The network of all takings.
    pub(super) fn new<'t>(
        names: Names<'a>,
        takings: impl Iterator<Item = (Node, &'t [Taking])>,
        groups: &'a [Group<'a>],
    ) -> Self {
        let flow = |taker: Node, taking: &Taking| Flow {
            giver: taking.from,
            taker,
            by: taking.by.clone(),
            offset: taking.offset,
        };
        let flows: Vec<Flow> = takings
            .flat_map(|(taker, takings)| takings.iter().map(move |taking| flow(taker, taking)))
            .collect();
        Self::of_flows(names, flows, groups)
    }

    /// The same network with some shares changed: who takes, of whom, and how much.
    pub(super) fn with_shares(&self, shares: &[(Node, Node, Decimal)]) -> Self {
        let mut flows = self.flows.clone();
        for (taker, giver, share) in shares {
            let changed = flows.iter_mut().find(|flow| (flow.taker, flow.giver) == (*taker, *giver));
            if let Some(flow) = changed {
                flow.by = Some(ResourceDriver::Share(*share));
            }
        }
        Self::of_flows(self.names, flows, self.groups)
    }

    fn of_flows(names: Names<'a>, flows: Vec<Flow>, groups: &'a [Group<'a>]) -> Self {
        let (out_of, into) = (by(&flows, |flow| flow.giver), by(&flows, |flow| flow.taker));
        Self { names, flows, out_of, into, groups }
    }

    /// What is taken of a node.
    pub(super) fn out_of(&self, giver: Node) -> impl Iterator<Item = &Flow> {
        self.out_of.get(&giver).into_iter().flatten().map(|flow| &self.flows[*flow])
    }

    /// What a node takes.
    pub(super) fn into(&self, taker: Node) -> impl Iterator<Item = &Flow> {
        self.into.get(&taker).into_iter().flatten().map(|flow| &self.flows[*flow])
    }

    /// The group the node is a member of.
    pub(super) fn group_of(&self, node: Node) -> Option<&'a Group<'a>> {
        self.groups.iter().find(|group| group.position(node).is_some())
    }

    /// Whether the method of the group both belong to leaves the flow out.
    pub(super) fn is_dropped(&self, flow: &Flow) -> bool {
        let Some(group) = self.group_of(flow.giver) else { return false };
        let (Some(giver), Some(taker)) = (group.position(flow.giver), group.position(flow.taker)) else {
            return false;
        };
        match group.method {
            Some(ServiceMethod::Direct) => true,
            Some(ServiceMethod::StepDown) => taker <= giver,
            Some(ServiceMethod::Reciprocal) | None => false,
        }
    }

    /// Whether both are members of one group that is solved at once.
    pub(super) fn is_solved_at_once(&self, flow: &Flow) -> bool {
        self.group_of(flow.giver)
            .is_some_and(|group| group.is_reciprocal() && group.position(flow.taker).is_some())
    }
}

fn by(flows: &[Flow], node: impl Fn(&Flow) -> Node) -> BTreeMap<Node, Vec<usize>> {
    let mut places: BTreeMap<Node, Vec<usize>> = BTreeMap::new();
    for (place, flow) in flows.iter().enumerate() {
        places.entry(node(flow)).or_default().push(place);
    }
    places
}
