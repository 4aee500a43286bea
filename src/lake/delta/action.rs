//! Actions of the log, as commits write them. Statistics of files are not read: the footers have their own.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One line of a commit; what is none of these is of no interest to a reader.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) add: Option<Add>,
    pub(super) remove: Option<Remove>,
    pub(super) meta_data: Option<Metadata>,
    pub(super) protocol: Option<Protocol>,
    pub(super) sidecar: Option<Sidecar>,
}

/// A file becomes live.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Add {
    /// Percent-encoded, relative to the table's root.
    pub(super) path: String,
    #[serde(default)]
    pub(super) partition_values: BTreeMap<String, Option<String>>,
    pub(super) size: u64,
    /// Rows of the file that are deleted.
    #[serde(default)]
    pub(super) deletion_vector: Option<serde::de::IgnoredAny>,
}

/// A file is live no more.
#[derive(Debug, Deserialize)]
pub(super) struct Remove {
    pub(super) path: String,
}

/// The table's schema and settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) schema_string: String,
    #[serde(default)]
    pub(super) partition_columns: Vec<String>,
    #[serde(default)]
    pub(super) configuration: BTreeMap<String, Option<String>>,
}

/// What a reader must know.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Protocol {
    pub(super) min_reader_version: u32,
    #[serde(default)]
    pub(super) reader_features: Option<Vec<String>>,
}

/// A further file of a checkpoint.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Sidecar {
    pub(super) path: String,
}

/// The actions of a text with one of them per line.
///
/// # Errors
/// Names the line.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Action>, String> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_slice(line).map_err(|fault| format!("line {} is no action: {fault}", number + 1))
        })
        .collect()
}
