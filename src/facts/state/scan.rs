//! What a scan cost: from which the next one is estimated.

use serde::{Deserialize, Serialize};

/// Rows that were read of transactions and events, and the seconds that took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Rows of the row groups that were read.
    pub rows: u64,
    /// Wall seconds, from the first row group to the last.
    pub seconds: f64,
}

impl Scan {
    /// Seconds that so many rows take at the same rate, which must be known.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn seconds_of(self, rows: u64) -> f64 {
        self.seconds * rows as f64 / self.rows as f64
    }
}
