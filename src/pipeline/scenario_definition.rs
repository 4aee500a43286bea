//! The checked definition of scenarios.

use super::costing_definition::{DriverDef, Level, Node, Ratio};
use super::definition::Position;
use crate::units::Decimal;
use std::collections::BTreeMap;

/// `[scenario.NAME]`: what would be if some numbers were others. Facts stay as they are.
#[derive(Debug, Clone)]
pub struct ScenarioDef {
    /// Of the user's choice.
    pub name: String,
    /// What it asks.
    pub about: Option<String>,
    /// What differs, in the order written.
    pub changes: Vec<Change>,
    /// Fees on orders, in the order written.
    pub fees: Vec<FeeDef>,
    /// Prices of product groups or customers, in the order written: a cell follows the first that is about it.
    pub price_changes: Vec<PriceDef>,
    /// What is not sold, or who is not served, any more.
    pub drop: Option<DropDef>,
    /// Planned driver volume per period, by index of the activity: what a budget starts from.
    pub planned: BTreeMap<usize, Decimal>,
    /// Factor on the volumes of activities that are not planned one by one. Default 1.
    pub growth: Decimal,
    /// Whether runs publish it as tables.
    pub is_published: bool,
    /// Where the section begins.
    pub at: Position,
}

impl ScenarioDef {
    /// Nothing but these changes.
    pub fn of_changes(name: String, changes: Vec<Change>) -> Self {
        Self {
            name,
            about: None,
            changes,
            fees: Vec::new(),
            price_changes: Vec::new(),
            drop: None,
            planned: BTreeMap::new(),
            growth: Decimal::ONE,
            is_published: false,
            at: Position::default(),
        }
    }

    /// Whether it says nothing of what is, only of what is planned.
    pub fn has_only_plans(&self) -> bool {
        self.changes.is_empty() && !self.has_responses()
    }

    /// By which placements it selects customers, as often as it does.
    pub fn placements(&self) -> impl Iterator<Item = Placement> {
        let of_fees = self.fees.iter().flat_map(|fee| &fee.only);
        let of_prices = self.price_changes.iter().flat_map(|price| &price.only);
        let of_drop = self.drop.iter().flat_map(|drop| &drop.only);
        of_fees.chain(of_prices).chain(of_drop).filter_map(|condition| match condition.by {
            SelectedBy::Placement(placement) => Some(placement),
            _ => None,
        })
    }

    /// Whether customers do something else in it.
    pub fn has_responses(&self) -> bool {
        !self.fees.is_empty() || !self.price_changes.is_empty() || self.drop.is_some()
    }
}

/// One number that is another in a scenario.
#[derive(Debug, Clone)]
pub enum Change {
    /// The resource's own money in every period.
    Amount(usize, Decimal),
    /// A factor on the resource's own money.
    AmountFactor(usize, Decimal),
    /// Practical minutes of the resource in every period.
    Capacity(usize, Decimal),
    /// The share that a node takes of another, which it takes by share anyway.
    Share {
        /// Who takes.
        taker: Node,
        /// From whom.
        from: Node,
        /// In 0..=1.
        share: Decimal,
    },
    /// The standard or imputed rate of the activity.
    Rate(usize, Ratio),
    /// The driver of the activity: other coefficients of aggregates that the facts keep.
    Driver(usize, DriverDef),
    /// A factor on list revenue; discounts and returns follow it.
    Prices(Decimal),
    /// A factor on the practical minutes of the resource in every period. No key of the file says it; estimates that are off do.
    CapacityFactor(usize, Decimal),
    /// A factor on a quantity per period by which a node takes of another; likewise.
    QuantityFactor {
        /// Who takes.
        taker: Node,
        /// From whom.
        from: Node,
        /// Above 0.
        factor: Decimal,
    },
}

/// `[[scenario.NAME.fee]]`: a fee on orders with a sale line and net revenue above 0, and what customers do about it.
///
/// Without `amount` and `share` it is a minimum order value: nobody pays, so that all orders below it are lost, merged or raised.
#[derive(Debug, Clone)]
pub struct FeeDef {
    /// Of the user's choice.
    pub name: String,
    /// Net revenue of an order from which it is not due; none: it is due of every order.
    pub below: Option<Decimal>,
    /// Money for each order.
    pub amount: Decimal,
    /// Share of the order's net revenue, in 0..=1.
    pub share: Decimal,
    /// Share of orders that are not placed any more.
    pub lost: Decimal,
    /// Share of orders that are put together with others.
    pub merged: Decimal,
    /// Share of orders that are raised to `below`.
    pub raised: Decimal,
    /// Which orders it is about; all conditions hold.
    pub only: Vec<Condition>,
}

/// `[[scenario.NAME.price]]`: other prices, and the quantity that they move.
#[derive(Debug, Clone)]
pub struct PriceDef {
    /// Of the user's choice.
    pub name: String,
    /// On list revenue, discount and returns, above 0.
    pub factor: Decimal,
    /// By how many per cent quantity changes when the price rises by one.
    pub elasticity: Decimal,
    /// Which product groups it is about; empty: all.
    pub product_groups: Vec<String>,
    /// Which customers; all conditions hold.
    pub only: Vec<Condition>,
    /// Where the entry begins.
    pub at: Position,
}

impl PriceDef {
    /// What quantity is multiplied with: 1 + elasticity × (factor − 1). `None` beyond 128 bits.
    pub fn quantity(&self) -> Option<Decimal> {
        let (factor, elasticity) = (self.factor, self.elasticity);
        let one = Decimal::ONE.at_scale(factor.scale)?;
        let moved = elasticity.mantissa.checked_mul(factor.mantissa - one)?;
        let scale = elasticity.scale + factor.scale;
        let mantissa = Decimal::ONE.at_scale(scale)?.checked_add(moved)?;
        Some(Decimal { mantissa, scale }.normalised())
    }
}

/// `[scenario.NAME.drop]`: customers, orders or product groups that are dropped.
#[derive(Debug, Clone)]
pub struct DropDef {
    /// Which product groups; empty: customers or orders are dropped.
    pub product_groups: Vec<String>,
    /// Which customers or orders; all conditions hold.
    pub only: Vec<Condition>,
    /// Share of what else the customers concerned buy that goes too.
    pub others_lost: Decimal,
    /// Where the section begins.
    pub at: Position,
}

impl DropDef {
    /// What is dropped, in words.
    pub fn name(&self) -> String {
        let groups = (!self.product_groups.is_empty()).then(|| self.product_groups.join(", "));
        let only = self.only.iter().map(|condition| {
            let by = match &condition.by {
                SelectedBy::Customer => "customer",
                SelectedBy::Dimension(name) | SelectedBy::Attribute(name) => name,
                SelectedBy::Placement(placement) => placement.name(),
            };
            format!("{by} {}", condition.values.join(", "))
        });
        groups.into_iter().chain(only).collect::<Vec<_>>().join("; ")
    }

    /// Whether an activity of a channel or product group has nothing to do any more: all of its member is dropped.
    pub fn ends(&self, level: Level, member: Option<&str>) -> bool {
        let Some(member) = member else { return false };
        match (level, &self.only[..]) {
            (Level::Product, []) => self.product_groups.iter().any(|group| group == member),
            (Level::Channel, [Condition { by: SelectedBy::Attribute(name), values, .. }]) => {
                self.product_groups.is_empty()
                    && name == "channel"
                    && values.iter().any(|value| value == member)
            }
            _ => false,
        }
    }
}

/// What orders or customers are selected by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Of what.
    pub by: SelectedBy,
    /// Which values are meant; any of them.
    pub values: Vec<String>,
    /// Where they are written.
    pub at: Position,
}

/// What conditions speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectedBy {
    /// Single customers, by key.
    Customer,
    /// A dimension of orders, by name.
    Dimension(String),
    /// An attribute of customers, or their channel, by name.
    Attribute(String),
    /// Where `[segments]` place customers.
    Placement(Placement),
}

/// A column of `customer_segment` by which customers may be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placement {
    /// Of the pyramid.
    Tier,
    /// What the rules say is to be done.
    Treatment,
}

impl Placement {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Tier, Self::Treatment];

    /// Its column, and its key in `only`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Treatment => "treatment",
        }
    }
}

/// `[sensitivity]`: what moves when an estimate of the costing is off.
#[derive(Debug, Clone, Copy)]
pub struct SensitivityDef {
    /// By which part of itself each estimate is off, above −1.
    pub off_by: Decimal,
    /// Whether each is off by as much the other way too. Default false.
    pub both_ways: bool,
}

impl SensitivityDef {
    /// By which parts of itself each estimate is off, one after another.
    pub fn ways(self) -> Vec<Decimal> {
        let other = Decimal { mantissa: -self.off_by.mantissa, scale: self.off_by.scale };
        std::iter::once(self.off_by).chain(self.both_ways.then_some(other)).collect()
    }
}
