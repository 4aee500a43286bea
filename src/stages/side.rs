//! A release as far as it can be compared.

use crate::facts::Record;
use crate::facts::schema::LedgerSums;
use crate::pipeline::Definition;
use serde_json::Value;

/// A release as far as it can be compared: its manifest, and what it was made of.
pub(super) struct Side<'r> {
    pub(super) run: &'r Value,
    pub(super) definition: &'r Definition,
    pub(super) record: &'r Record,
    /// None where they are not what they were when the release was made.
    pub(super) ledgers: Option<&'r [LedgerSums]>,
}
