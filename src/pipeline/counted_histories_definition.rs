//! The part of the checked definition that speaks of counted histories: `[counted_histories]`.

use super::definition::{Files, Position, Scalar};
use crate::units::Duration;

/// `[counted_histories]`: rows of customers who have the same history of purchases at discrete opportunities.
#[derive(Debug, Clone)]
pub struct CountedHistoriesDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// x: opportunities that were taken, after the one that made them customers.
    pub purchases: Scalar,
    /// tₓ: the last opportunity that was taken; 0 if none was.
    pub last_purchase: Scalar,
    /// n: opportunities there were.
    pub opportunities: Scalar,
    /// How many customers a row is about; none: one.
    pub customers: Option<Scalar>,
    /// Contribution of a purchase, on average over the row's customers; none: no money is known.
    pub contribution: Option<Scalar>,
    /// From one opportunity to the next.
    pub every: Duration,
    /// Opportunities that are looked ahead.
    pub horizon: u32,
    /// Where the section begins.
    pub at: Position,
}
