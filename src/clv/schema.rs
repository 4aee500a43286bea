//! What later rooms see of lifetime value.

use crate::units::Day;

/// Probability alive of every customer at several as-of dates, by one fit.
#[derive(Debug, Clone, Default)]
pub struct Alive {
    /// The dates, exclusive, descending; the run's as-of date first.
    pub days: Vec<Day>,
    /// Per date, by rank; none for customers without purchase before it.
    pub probability: Vec<Vec<Option<f32>>>,
}
