//! The actions `add` and `remove`.

use super::super::release::PublishedFile;
use super::state::State;
use super::statistics::statistics;
use crate::error::{Error, Kind, Result};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The action that makes a file live. Names of files and partitions are plain, so that paths need no encoding.
pub(super) fn add(out: &Path, link: &str, file: &PublishedFile, state: &State<'_>) -> Result<String> {
    let source = out.join(&file.path);
    let failed = |error: &std::io::Error| Error::io(Kind::Input, &source, error);
    let modified =
        fs::metadata(&source).and_then(|found| found.modified()).map_err(|error| failed(&error))?;
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let partition = state.partition.zip(file.partition.as_deref());
    let values: serde_json::Map<_, _> =
        partition.map(|(key, value)| (key.to_owned(), json!(value))).into_iter().collect();
    let add = json!({
        "path": link,
        "partitionValues": values,
        "size": file.bytes,
        "modificationTime": u64::try_from(modified).expect("a time of this age"),
        "dataChange": true,
        "stats": statistics(&source, file)?,
    });
    Ok(json!({ "add": add }).to_string())
}

/// The action that ends a file's life. The file stays until a vacuum finds that no release needs it.
pub(super) fn remove(link: &str, at_millis: i64) -> String {
    let remove = json!({ "path": link, "deletionTimestamp": at_millis, "dataChange": true });
    json!({ "remove": remove }).to_string()
}
