//! What is not the same in the runs of two releases.

use std::collections::BTreeSet;

/// What is not the same in the runs of two releases.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    /// Keys of the pipeline file that facts and costs follow from.
    pub definition: Vec<String>,
    /// Sources of money.
    pub ledgers: bool,
    /// The program.
    pub program: bool,
    /// Files of other sources, or the as-of day.
    pub rows: bool,
    /// Periods whose facts are the same, by their content.
    pub same_facts: BTreeSet<String>,
}
