//! The checked definition of scenarios.

use super::costing_definition::{DriverDef, Node, Ratio};
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
    /// Planned driver volume per period, by index of the activity: what a budget starts from.
    pub planned: BTreeMap<usize, Decimal>,
    /// Factor on the volumes of activities that are not planned one by one. Default 1.
    pub growth: Decimal,
    /// Whether runs publish it as tables.
    pub is_published: bool,
    /// Where the section begins.
    pub at: Position,
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
}
