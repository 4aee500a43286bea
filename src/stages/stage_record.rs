//! What a release keeps of a stage.

use crate::facts::Scan;
use serde::{Deserialize, Serialize};

/// What a stage left besides tables, kept for runs that take its tables over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StageRecord {
    /// Digest of all that its tables follow from.
    pub(super) recipe: String,
    /// What it did, in words.
    pub(super) account: String,
    /// Seconds it took when its tables were made.
    pub(super) seconds: f64,
    /// Its summary, as JSON text: values of JSON documents end at 64 bits.
    pub(super) summary: String,
}

impl StageRecord {
    /// The summary of the stage that reads the sources, if it ever read a row.
    pub(super) fn scan(&self) -> Option<Scan> {
        serde_json::from_str(&self.summary).ok().filter(|scan: &Scan| scan.rows > 0)
    }
}
