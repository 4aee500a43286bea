//! One period: money from pool to pool in topological order, reciprocal groups at once.

use super::network::{Network, Step};
use super::outflow::{Outflow, Settled};
use super::quantities::{EdgeQuantities, Known, Resolved};
use super::rates;
use super::schema::{
    Activity, ActivityCosting, Assigned, AtStandard, Input, PeriodCosting, Rate, ResourceCosting,
};
use super::services::Flow;
use super::services::reciprocal::{System, Weights};
use super::{money, too_large};
use crate::error::Result;
use crate::pipeline::{Capacity, Node, Ratio};
use crate::units::{Decimal, Period, rescale};
use std::sync::Arc;

/// All that every period shares.
pub(crate) struct Plan<'d> {
    pub(crate) network: Network<'d>,
    pub(crate) activities: Vec<Activity>,
    /// By giver, parallel to its edges.
    pub(crate) quantities: EdgeQuantities<'d>,
    /// By activity: minutes really worked.
    pub(crate) worked: Vec<Option<Resolved<'d>>>,
    /// By activity: rates that do not depend on the period.
    pub(crate) given: Vec<Option<Rate>>,
    pub(crate) money_scale: u8,
}

/// One period before any money flows.
pub(crate) struct Opened<'d> {
    pub(crate) period: Period,
    /// By node.
    pub(crate) outflows: Vec<Outflow<'d>>,
    /// By reciprocal group.
    pub(crate) weights: Vec<Weights>,
    costed: Vec<ActivityCosting>,
}

impl<'d> Plan<'d> {
    /// Says what leaves each node, as parts of money that is still unknown.
    pub(crate) fn open(&self, known: &Known<'_>) -> Result<Opened<'d>> {
        let costing = self.network.costing;
        let mut costed = Vec::with_capacity(self.activities.len());
        let mut charged = Vec::with_capacity(self.activities.len());
        for (index, definition) in costing.activities.iter().enumerate() {
            let volume = known.volumes[index];
            let worked = self.worked[index].as_ref();
            costed.push(ActivityCosting {
                volume: volume.total,
                is_fallback: volume.is_fallback,
                actual_minutes: worked.and_then(|minutes| minutes.if_listed(known, Node::Activity(index))),
                ..Default::default()
            });
            let charge = self.given[index].map_or(Some(0), |rate| rate.at(i128::from(volume.total)));
            charged.push(
                charge.and_then(money).ok_or_else(|| too_large(&definition.name, known.period, "charge"))?,
            );
        }
        let mut outflows = Vec::with_capacity(self.network.edges.len());
        for (giver, quantities) in self.quantities.iter().enumerate() {
            let outflow = Outflow::of(&self.network, giver, quantities, known, &charged);
            let fault = || too_large(self.network.name(giver), known.period, "a quantity");
            outflows.push(outflow.ok_or_else(fault)?);
        }
        let weights = self.network.groups.iter().map(|members| weights(members, &outflows)).collect();
        Ok(Opened { period: known.period, outflows, weights, costed })
    }

    /// Lets the money flow.
    pub(crate) fn settle(
        &self,
        opened: Opened<'d>,
        inputs: &[Vec<Input>],
        systems: &[Arc<System>],
    ) -> Result<PeriodCosting> {
        let received = (0..self.network.edges.len()).map(|id| vec![None; self.network.takes(id).len()]);
        let mut flow = Flowing {
            plan: self,
            period: opened.period,
            outflows: &opened.outflows,
            received: received.collect(),
            resources: inputs
                .iter()
                .map(|inputs| ResourceCosting { inputs: inputs.clone(), ..Default::default() })
                .collect(),
            activities: opened.costed,
        };
        for step in &self.network.order {
            match *step {
                Step::Single(id) => flow.single(id)?,
                Step::Group(group) => flow.group(&self.network.groups[group], &systems[group])?,
            }
        }
        flow.finish()
    }
}

/// What members give, with what they keep as their last exit.
fn weights(members: &[usize], outflows: &[Outflow<'_>]) -> Weights {
    let mut weights = Weights { wholes: vec![], within: vec![], exits: vec![] };
    for (position, &member) in members.iter().enumerate() {
        let outflow = &outflows[member];
        let whole = outflow.whole.max(1);
        let mut kept = whole;
        for part in &outflow.parts {
            kept -= part.weight;
            match part.edge.flow {
                Flow::Within(_) => {
                    let taker = members.binary_search(&part.edge.taker).expect("a member takes");
                    weights.within.push((position, taker, part.weight));
                }
                _ => weights.exits.push((position, part.weight)),
            }
        }
        weights.exits.push((position, kept));
        weights.wholes.push(whole);
    }
    weights.reduced()
}

/// A period while its money flows.
struct Flowing<'p, 'd> {
    plan: &'p Plan<'d>,
    period: Period,
    outflows: &'p [Outflow<'d>],
    /// By taker, then take.
    received: Vec<Vec<Option<i64>>>,
    resources: Vec<ResourceCosting>,
    activities: Vec<ActivityCosting>,
}

impl Flowing<'_, '_> {
    fn single(&mut self, id: usize) -> Result<()> {
        let cost = self.collect(id)?;
        let outflow = &self.outflows[id];
        let standard = self.standard(id)?;
        let settled = outflow.settle(cost, standard).ok_or_else(|| self.too_large(id))?;
        let mut assigned = Vec::with_capacity(settled.amounts.len());
        for ((edge, quantity), &amount) in outflow.edges().zip(&settled.amounts) {
            self.received[edge.taker][edge.take] = Some(amount);
            assigned.push(Assigned { to: self.plan.network.node(edge.taker), quantity, amount });
        }
        match self.plan.network.node(id) {
            Node::Resource(index) => self.close_resource(index, cost, assigned, &settled),
            Node::Activity(index) => self.close_activity(index, cost, assigned),
        }
    }

    fn group(&mut self, members: &[usize], system: &Arc<System>) -> Result<()> {
        let inputs = members.iter().map(|&id| self.collect(id)).collect::<Result<Vec<_>>>()?;
        let wide: Vec<i128> = inputs.iter().map(|&input| i128::from(input)).collect();
        let solution = system.solve(&wide).ok_or_else(|| self.too_large(members[0]))?;
        let (mut within, mut exits) = (solution.within.into_iter(), solution.exits.into_iter());
        for (position, &id) in members.iter().enumerate() {
            let (mut given, mut assigned, mut left) = (Vec::new(), Vec::new(), 0_i128);
            for part in &self.outflows[id].parts {
                let to = self.plan.network.node(part.edge.taker);
                let is_within = part.edge.flow != Flow::Out;
                let amount = if is_within { within.next() } else { exits.next() };
                let amount = amount.and_then(money).ok_or_else(|| self.too_large(id))?;
                let flow = Assigned { to, quantity: part.quantity, amount };
                if is_within {
                    given.push(flow);
                } else {
                    left += i128::from(amount);
                    self.received[part.edge.taker][part.edge.take] = Some(amount);
                    assigned.push(flow);
                }
            }
            let kept = exits.next().and_then(money).ok_or_else(|| self.too_large(id))?;
            let cost = money(left + i128::from(kept)).ok_or_else(|| self.too_large(id))?;
            let net = cost - inputs[position];
            let reciprocated = money(solution.reciprocated[position]).ok_or_else(|| self.too_large(id))?;
            match self.plan.network.node(id) {
                Node::Resource(index) => {
                    let resource = &mut self.resources[index];
                    (resource.reciprocal_net, resource.reciprocated) = (net, Some(reciprocated));
                    (resource.given, resource.system) = (given, Some(system.clone()));
                    let is_overdriven = self.outflows[id].minutes.is_some_and(|m| m.overdriven.mantissa > 0);
                    let (rest, overdriven) = if is_overdriven { (0, -kept) } else { (kept, 0) };
                    let settled = Settled { amounts: vec![], rest, overdriven, variance: 0 };
                    self.close_resource(index, cost, assigned, &settled)?;
                }
                Node::Activity(index) => {
                    let activity = &mut self.activities[index];
                    (activity.reciprocal_net, activity.reciprocated) = (net, Some(reciprocated));
                    (activity.given, activity.system) = (given, Some(system.clone()));
                    self.close_activity(index, cost, assigned)?;
                }
            }
        }
        Ok(())
    }

    /// What came from outside and, but for its own group, from other nodes.
    fn collect(&mut self, id: usize) -> Result<i64> {
        let takes = self.plan.network.takes(id).iter().zip(&self.received[id]);
        let received: Vec<(Node, i64)> =
            takes.filter_map(|(take, amount)| amount.map(|amount| (take.from, amount))).collect();
        let mut cost: i128 = received.iter().map(|(_, amount)| i128::from(*amount)).sum();
        match self.plan.network.node(id) {
            Node::Resource(index) => {
                let resource = &mut self.resources[index];
                cost += resource.inputs.iter().map(|(_, amount)| i128::from(*amount)).sum::<i128>();
                resource.received = received;
            }
            Node::Activity(index) => self.activities[index].pools = received,
        }
        money(cost).ok_or_else(|| self.too_large(id))
    }

    fn close_resource(
        &mut self,
        index: usize,
        cost: i64,
        assigned: Vec<Assigned>,
        settled: &Settled,
    ) -> Result<()> {
        let outflow = &self.outflows[index];
        let at_standard = match self.capacity(index).and_then(|capacity| capacity.standard_rate) {
            Some(ratio) => Some(self.at_standard(index, ratio).ok_or_else(|| self.too_large(index))?),
            None => None,
        };
        let resource = &mut self.resources[index];
        (resource.cost, resource.assigned, resource.minutes) = (cost, assigned, outflow.minutes);
        (resource.overdriven, resource.variance) = (settled.overdriven, settled.variance);
        resource.at_standard = at_standard;
        match outflow.minutes {
            Some(_) => resource.unused = settled.rest,
            None => resource.unassigned = settled.rest,
        }
        resource.reason = (resource.unassigned != 0).then_some(outflow.reason);
        Ok(())
    }

    fn close_activity(&mut self, index: usize, cost: i64, passed_on: Vec<Assigned>) -> Result<()> {
        let costed = &mut self.activities[index];
        (costed.cost, costed.passed_on) = (cost, passed_on);
        let definition = &self.plan.network.costing.activities[index];
        let charged = rates::charge(definition, &self.plan.activities[index], self.plan.given[index], costed);
        charged.ok_or_else(|| too_large(&definition.name, self.period, "cost"))
    }

    fn capacity(&self, id: usize) -> Option<&Capacity> {
        self.plan.network.costing.resources.get(id).and_then(|resource| resource.capacity.as_ref())
    }

    /// The standard rate of a time-driven resource between mantissas of its minutes and money.
    fn standard(&self, id: usize) -> Result<Option<Rate>> {
        let (Some(capacity), Some(minutes)) = (self.capacity(id), self.outflows[id].minutes) else {
            return Ok(None);
        };
        let rate = |ratio| {
            let rate = Rate::given(ratio, self.plan.money_scale, minutes.practical.scale);
            rate.ok_or_else(|| too_large(self.plan.network.name(id), self.period, "the standard rate"))
        };
        capacity.standard_rate.map(rate).transpose()
    }

    /// Money at standard rate, and what each activity's really worked minutes cost more than its standard ones.
    fn at_standard(&mut self, index: usize, ratio: Ratio) -> Option<AtStandard> {
        let outflow = &self.outflows[index];
        let minutes = outflow.minutes?;
        let worked: Vec<(usize, i128, Decimal)> = outflow
            .parts
            .iter()
            .filter_map(|part| match self.plan.network.node(part.edge.taker) {
                Node::Activity(taker) => Some((taker, part.weight, self.activities[taker].actual_minutes?)),
                Node::Resource(_) => None,
            })
            .collect();
        let scales = worked.iter().map(|(_, _, actual)| actual.normalised().scale);
        let (own, scale) = (minutes.used.scale, scales.fold(minutes.used.scale, u8::max));
        let rate = Rate::given(ratio, self.plan.money_scale, scale)?;
        let finer = |minutes: i128| rescale(minutes, own, scale);
        let at = |running: i128| rate.at(running).and_then(money);
        let mut running = finer(minutes.used.mantissa)?;
        let used = at(running)?;
        let mut seen = used;
        for &(taker, standard, actual) in &worked {
            running += actual.at_scale(scale)? - finer(standard)?;
            let until = at(running)?;
            self.activities[taker].efficiency = Some(until - seen);
            seen = until;
        }
        let practical = at(finer(minutes.practical.mantissa)?)?;
        Some(AtStandard { practical, worked: (!worked.is_empty()).then_some(seen), used })
    }

    fn finish(mut self) -> Result<PeriodCosting> {
        for index in 0..self.resources.len() {
            self.share_unused(index)?;
        }
        Ok(PeriodCosting { period: self.period, resources: self.resources, activities: self.activities })
    }

    fn share_unused(&mut self, index: usize) -> Result<()> {
        let Some(capacity) = self.capacity(index) else { return Ok(()) };
        let policy = capacity.unused;
        let bearers = super::unused::bearers(self.plan, &self.outflows[index], &self.activities);
        let shared = super::unused::share(policy, &mut self.resources[index], &bearers, &mut self.activities);
        shared.ok_or_else(|| self.too_large(index))
    }

    fn too_large(&self, id: usize) -> crate::error::Error {
        too_large(self.plan.network.name(id), self.period, "amount")
    }
}
