//! Match counts of a source: rows in the facts, and those that some driver counts or adds up.

use serde::{Deserialize, Serialize};

/// What drivers make of the rows of one source in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMatch {
    /// Rows in the facts.
    pub rows: u64,
    /// Of these, the rows that some driver counts or adds up.
    pub matched: u64,
    /// List revenue less discount of the other order lines, at `money_scale`.
    pub unmatched_net_revenue: i64,
}

impl std::ops::AddAssign for RowMatch {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.matched += other.matched;
        self.unmatched_net_revenue += other.unmatched_net_revenue;
    }
}
