//! Identity of an input file between runs: path, size, time or version, and a digest, so that a night reads only what changed.

use crate::storage::{Head, Object};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a file is known by between runs: a change of any part makes it a new file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// As the pipeline file's pattern found it, from that file's folder: the folder a run is started in says nothing of it.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970; 0 in an object store, where the version says it.
    pub modified: u64,
    /// Entity tag or generation of an object in a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// BLAKE3 of the Parquet footer; of all bytes with `--verify-inputs`.
    pub digest: String,
    /// Whether the digest is of all bytes.
    pub verified: bool,
}

impl Identity {
    /// What to say where the bytes of a file are others than before, although its size and time of change are not.
    pub(crate) fn changed_unseen<'f>(&self, before: impl IntoIterator<Item = &'f Self>) -> Option<String> {
        let known =
            |file: &Self| (file.path.clone(), file.size, file.modified, file.version.clone(), file.verified);
        let mut same = before.into_iter().filter(|before| known(before) == known(self));
        let changed = same.any(|before| before.digest != self.digest);
        let said = "its bytes changed since the last release, and its size and time of change did not";
        changed.then(|| format!("{}: {said}", self.path))
    }

    pub(crate) fn new(name: &Path, head: &Head, digest: String, verified: bool) -> Self {
        Self {
            path: name.to_string_lossy().into_owned(),
            size: head.size,
            modified: head.modified,
            version: head.version.as_deref().map(str::to_owned),
            digest,
            verified,
        }
    }
}

/// The footer holds every row group's sizes, offsets and statistics, so it changes when the data do.
pub(crate) fn digest_footer(file: &dyn Object, size: u64) -> std::io::Result<String> {
    let tail = file.read_range(size.saturating_sub(8), 8)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let start = size.saturating_sub(8 + length);
    let footer = file.read_range(start, usize::try_from(size - start).map_err(std::io::Error::other)?)?;
    Ok(blake3::hash(&footer).to_hex().to_string())
}

pub(crate) fn digest_all(file: &dyn Object, size: u64) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut place = 0;
    while place < size {
        let read = file.read_some(place, &mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        place += read as u64;
    }
    Ok(hasher.finalize().to_hex().to_string())
}
