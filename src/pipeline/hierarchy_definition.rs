//! The part of the checked definition that puts customers into groups of groups: `[hierarchy]`.

use super::definition::{Files, Position, Scalar};

/// `[hierarchy]`.
#[derive(Debug, Clone)]
pub struct HierarchyDef {
    /// Attributes of the customers source whose values are the groups, from the customer upwards.
    pub levels: Vec<String>,
    /// Whether every group must lie within one group of the next level. Default false.
    pub is_nested: bool,
    /// Customers who belong to several groups of a level.
    pub shared: Option<SharedDef>,
    /// Where the section begins.
    pub at: Position,
}

/// `[hierarchy.shared]`: one row per customer and group.
#[derive(Debug, Clone)]
pub struct SharedDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// A customer of the transactions.
    pub customer: Scalar,
    /// Of which level the group is; none: of the only one.
    pub level: Option<Scalar>,
    /// The key of a group.
    pub group: Scalar,
    /// What of the customer belongs to the group, above 0.
    pub share: Scalar,
    /// Where the section begins.
    pub at: Position,
}
