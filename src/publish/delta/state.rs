//! What a version of a table holds.

use super::super::release::{PublishedFile, PublishedTable, Release};
use super::metadata;
use std::collections::BTreeMap;
use std::path::Path;

/// What a version of a table is to hold.
#[derive(Debug, Default)]
pub(super) struct State<'r> {
    /// By the path of the link below the table's folder.
    pub(super) files: BTreeMap<String, &'r PublishedFile>,
    /// The action `metaData`; none where the table is gone, whose schema stays what it was.
    pub(super) metadata: Option<String>,
    /// Name of the partition column.
    pub(super) partition: Option<&'r str>,
}

/// Hexadecimal digits of a digest in the name of a link.
const DIGITS: usize = 16;

impl<'r> State<'r> {
    /// That of a table of a release. Links are named by what they hold, so that a partition that did not change is the
    /// same file in every version.
    pub(super) fn of(name: &str, table: &'r PublishedTable, release: &Release) -> Self {
        let partition = table.partition.as_deref();
        let mut files = BTreeMap::new();
        for file in &table.files {
            let folder = partition.zip(file.partition.as_deref());
            let folder = folder.map(|(key, value)| format!("{key}={value}/")).unwrap_or_default();
            files.insert(format!("{folder}{name}-{}.parquet", &file.blake3[..DIGITS]), file);
        }
        Self { files, metadata: Some(metadata::action(name, table, release)), partition }
    }

    pub(super) fn metadata_digest(&self) -> Option<String> {
        self.metadata.as_ref().map(|text| blake3::hash(text.as_bytes()).to_string())
    }
}

/// Whether a file of a table's folder is a link of ours: what others wrote there is not ours to remove.
pub(super) fn is_link_name(table: &str, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // A link that was about to be put in its place has a longer name.
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new")).unwrap_or(name);
    let digits = name.strip_suffix(".parquet").and_then(|name| name.strip_prefix(table)?.strip_prefix('-'));
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
