//! The change of one customer between two spans.

use super::lines::CostLine;
use super::stay::Stay;
use super::step::Effects;

/// Lines between contribution and customer profit.
pub(crate) const BELOW_CONTRIBUTION: [CostLine; 4] =
    [CostLine::CustomerLevel, CostLine::Financing, CostLine::ExchangeDifference, CostLine::Acquisition];

/// A customer's change, which closes: `before` + effects = `after`, and the same of profit with the lines below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CustomerChange {
    pub(crate) rank: u32,
    /// Which comparison.
    pub(crate) comparison: usize,
    pub(crate) stay: Stay,
    /// Contribution of the first span.
    pub(crate) before: i128,
    /// Contribution of the second.
    pub(crate) after: i128,
    pub(crate) effects: Effects,
    /// Effects of [`BELOW_CONTRIBUTION`].
    pub(crate) below: [i128; BELOW_CONTRIBUTION.len()],
    /// Customer profit of both spans.
    pub(crate) profit: (i128, i128),
}
