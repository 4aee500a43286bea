//! The part of the checked definition that asks what winning customers brought: `[acquisition]`.

use super::definition::Position;
use crate::units::Duration;

/// `[acquisition]`.
#[derive(Debug, Clone)]
pub struct AcquisitionDef {
    /// Attributes of the customers source that are known when a customer comes. Default: the channel.
    pub attributes: Vec<String>,
    /// How long after it came a newcomer's value is counted. Default one year.
    pub horizon: Duration,
    /// Days of the latest newcomers with a whole horizon, who are held out to measure the estimate. Default 90.
    pub holdout_days: u32,
    /// Where the section begins.
    pub at: Position,
}
