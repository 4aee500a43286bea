//! The newest version of a log, by what its commit says of itself.

use super::state::State;
use serde::{Deserialize, Serialize};

/// The newest version of a log.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) version: u64,
    pub(super) contents: Contents,
}

/// What the version of a log holds, in its `commitInfo`: the next version follows from it, and no earlier version has to
/// be read again.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Contents {
    /// The release that it was written for; a later one may hold the same.
    pub(super) release: String,
    /// Digest of the action `metaData` that holds.
    pub(super) metadata: String,
    /// Paths of all files that are live, sorted.
    pub(super) files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    commit_info: CommitInfo,
}

#[derive(Deserialize)]
struct CommitInfo {
    abacus: Contents,
}

impl Head {
    /// That of a version whose first action is this text; none if another program wrote it.
    pub(super) fn parse(version: u64, first_action: &str) -> Option<Self> {
        let action: Action = serde_json::from_str(first_action).ok()?;
        Some(Self { version, contents: action.commit_info.abacus })
    }

    /// Whether the table is in this state.
    pub(super) fn shows(&self, state: &State<'_>) -> bool {
        let is_same_schema = state.metadata_digest().is_none_or(|digest| digest == self.contents.metadata);
        is_same_schema && self.contents.files.iter().eq(state.files.keys())
    }
}
