//! The estimates of a costing: numbers that somebody judged rather than counted.
//!
//! A share that is off takes from, or leaves to, the others of its pool in proportion, so that as much of the pool is given as
//! before; where no other share is, it takes from what is unassigned. Shares are at most what the pool gives.

use crate::pipeline::{
    Change, CostingDef, Definition, DriverDef, Node, Quantity, ResourceDriver, ScenarioDef, Take,
};
use crate::units::{Decimal, pow10, round_ratio};

/// One estimate, and the scenario in which it is off.
pub(super) struct Estimate {
    /// Its place in the order written, the same whichever way it is off.
    pub(super) number: usize,
    pub(super) off_by: Decimal,
    pub(super) kind: EstimateKind,
    /// Who takes; none of a capacity.
    pub(super) taker: Option<String>,
    /// Of which pool.
    pub(super) giver: String,
    /// The estimate, where it is one number.
    pub(super) value: Option<Decimal>,
    pub(super) scenario: ScenarioDef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EstimateKind {
    /// Of a pool that a node takes.
    Share,
    /// Hours or the like by which a node takes.
    Quantity,
    /// A time equation.
    Minutes,
    /// Practical minutes of a resource.
    Capacity,
}

impl EstimateKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Quantity => "quantity",
            Self::Minutes => "minutes",
            Self::Capacity => "capacity",
        }
    }
}

impl Estimate {
    /// Which it is.
    pub(super) fn in_words(&self) -> String {
        match (&self.taker, self.kind) {
            (None, _) => format!("the capacity of '{}'", self.giver),
            (Some(taker), EstimateKind::Minutes) => format!("the minutes of '{taker}'"),
            (Some(taker), kind) => format!("the {} that '{taker}' takes of '{}'", kind.name(), self.giver),
        }
    }
}

/// A node, and what it takes of another.
type Taking<'d> = (Node, &'d Take);

/// Every estimate of the definition, in the order written: by taker, then capacities.
pub(super) fn estimates(definition: &Definition, off_by: Decimal) -> Vec<Estimate> {
    let Some(costing) = &definition.costing else { return Vec::new() };
    let off = Off { costing, off_by, factor: plus(Decimal::ONE, off_by), takings: takings(costing) };
    let takings = 0..off.takings.len();
    let mut found: Vec<Estimate> = takings.filter_map(|number| off.of_taking(number)).collect();
    found.extend((0..costing.resources.len()).filter_map(|resource| off.of_capacity(resource)));
    found
}

fn takings(costing: &CostingDef) -> Vec<Taking<'_>> {
    let resources = costing.resources.iter().enumerate();
    let resources = resources.map(|(index, resource)| (Node::Resource(index), &resource.takes));
    let activities = costing.activities.iter().enumerate();
    let activities = activities.map(|(index, activity)| (Node::Activity(index), &activity.takes));
    resources.chain(activities).flat_map(|(node, takes)| takes.iter().map(move |take| (node, take))).collect()
}

/// Estimates that are off by a factor.
struct Off<'d> {
    costing: &'d CostingDef,
    off_by: Decimal,
    factor: Decimal,
    takings: Vec<Taking<'d>>,
}

impl Off<'_> {
    fn of_taking(&self, number: usize) -> Option<Estimate> {
        let (taker, take) = self.takings[number];
        let from = take.from;
        let (kind, value, changes) = match &take.by {
            ResourceDriver::Share(share) => {
                (EstimateKind::Share, Some(*share), self.shares(taker, from, *share)?)
            }
            ResourceDriver::Minutes(Quantity::Volume) => {
                let Node::Activity(index) = taker else { return None };
                let driver = self.costing.activities[index].driver.as_ref()?;
                let driver = scaled(driver, self.factor);
                (EstimateKind::Minutes, None, vec![Change::Driver(index, driver)])
            }
            ResourceDriver::Quantity(quantity)
            | ResourceDriver::FixedAndVariable(_, quantity)
            | ResourceDriver::Minutes(quantity) => {
                let value = match quantity {
                    Quantity::EachPeriod(value) => Some(*value),
                    Quantity::ByPeriod(_) => None,
                    // What is counted or read is no estimate.
                    Quantity::File(_) | Quantity::Sql(_) | Quantity::Volume => return None,
                };
                let factor = self.factor;
                (EstimateKind::Quantity, value, vec![Change::QuantityFactor { taker, from, factor }])
            }
            ResourceDriver::Even | ResourceDriver::DirectCharge => return None,
        };
        Some(self.estimate((number, kind), Some(taker), from, value, changes))
    }

    fn of_capacity(&self, resource: usize) -> Option<Estimate> {
        let capacity = self.costing.resources[resource].capacity.as_ref()?;
        let value = capacity.minutes_by_period.is_empty().then_some(capacity.practical_minutes);
        let changes = vec![Change::CapacityFactor(resource, self.factor)];
        let number = self.takings.len() + resource;
        Some(self.estimate((number, EstimateKind::Capacity), None, Node::Resource(resource), value, changes))
    }

    fn estimate(
        &self,
        (number, kind): (usize, EstimateKind),
        taker: Option<Node>,
        giver: Node,
        value: Option<Decimal>,
        changes: Vec<Change>,
    ) -> Estimate {
        let name = |node: Node| match node {
            Node::Resource(index) => self.costing.resources[index].name.clone(),
            Node::Activity(index) => self.costing.activities[index].name.clone(),
        };
        let scenario = ScenarioDef::of_changes(format!("{} off", kind.name()), changes);
        let off_by = self.off_by;
        Estimate { number, off_by, kind, taker: taker.map(name), giver: name(giver), value, scenario }
    }

    /// The share that is off, and those of others; none if there is nothing it could take from, or leave to.
    fn shares(&self, taker: Node, from: Node, share: Decimal) -> Option<Vec<Change>> {
        let of_pool = self.takings.iter().filter_map(|(node, take)| match take.by {
            ResourceDriver::Share(share) if take.from == from => Some((*node, at_scale(share))),
            _ => None,
        });
        let others: Vec<(Node, i128)> = of_pool.filter(|(node, _)| *node != taker).collect();
        let (own, rest) = (at_scale(share), others.iter().map(|(_, share)| share).sum::<i128>());
        let most = if rest > 0 { own + rest } else { pow10(SHARE_SCALE) };
        let factor = self.factor;
        let off = round_ratio(own * factor.mantissa, pow10(factor.scale)).min(most);
        if off == own || (rest == 0 && !others.is_empty()) {
            return None;
        }
        let change = |taker: Node, share: i128| Change::Share {
            taker,
            from,
            share: Decimal { mantissa: share, scale: SHARE_SCALE }.normalised(),
        };
        let mut changes = vec![change(taker, off)];
        // What is left for the others, by running sums, so that they add up to it.
        let left = own + rest - off;
        let (mut running, mut given) = (0, 0);
        for (other, share) in others {
            running += share;
            let until = round_ratio(running * left, rest);
            changes.push(change(other, until - given));
            given = until;
        }
        Some(changes)
    }
}

/// Digits of shares that follow from others.
const SHARE_SCALE: u8 = 12;

/// A share with 12 digits, rounded.
fn at_scale(share: Decimal) -> i128 {
    share.at_scale(SHARE_SCALE).expect("shares are at most 1")
}

fn plus(a: Decimal, b: Decimal) -> Decimal {
    let scale = a.scale.max(b.scale);
    let at = |number: Decimal| number.at_scale(scale).expect("few digits");
    Decimal { mantissa: at(a) + at(b), scale }.normalised()
}

fn scaled(driver: &DriverDef, factor: Decimal) -> DriverDef {
    let mut driver = driver.clone();
    for part in &mut driver.parts {
        let mantissa = part.factor.mantissa.checked_mul(factor.mantissa).expect("factors have few digits");
        part.factor = Decimal { mantissa, scale: part.factor.scale + factor.scale }.normalised();
    }
    driver
}
