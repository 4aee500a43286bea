//! The files of a log, and which of them make a version.

use crate::error::{Error, Kind, Result};
use crate::storage::{Pattern, store_of};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The files that make one version of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) version: u64,
    /// All parts of the newest whole checkpoint, if one is needed.
    pub(super) checkpoint: Vec<PathBuf>,
    /// Commits after it, in order.
    pub(super) commits: Vec<PathBuf>,
}

/// A log's files by version.
#[derive(Debug, Default)]
struct Log {
    commits: BTreeMap<u64, PathBuf>,
    /// By version: whole checkpoints.
    checkpoints: BTreeMap<u64, Vec<PathBuf>>,
}

/// What a file of the log is, by its name.
#[derive(Debug, PartialEq, Eq)]
enum LogFile {
    Commit(u64),
    /// One of so many parts.
    Checkpoint {
        version: u64,
        parts: u64,
    },
}

/// The files that make this version of the table, or its newest.
///
/// # Errors
/// The log cannot be read, has no such version, or lacks a commit that is needed.
pub(super) fn segment(root: &Path, version: Option<u64>) -> Result<Segment> {
    let folder = root.join("_delta_log");
    let (_, everything) = Pattern::split("[0-9]*").expect("a pattern");
    let log = Log::of(store_of(&folder).list(&folder, &everything)?);
    let last_commit = log.commits.keys().next_back();
    let last_checkpoint = log.checkpoints.keys().next_back();
    let Some(newest) = last_commit.max(last_checkpoint).copied() else {
        return Err(Error::input(format!(
            "{}: the log has neither commits nor checkpoints",
            folder.display()
        )));
    };
    let version = version.unwrap_or(newest);
    if version > newest {
        return Err(Error::new(
            Kind::Definition,
            format!("{}: version {version} is asked for, but the newest is {newest}", root.display()),
        ));
    }
    let checkpoint = log.checkpoints.range(..=version).next_back();
    let first = checkpoint.map_or(0, |(at, _)| at + 1);
    let commits = log.commits_of(first..=version).map_err(|missing| {
        Error::input(format!(
            "{}: version {version} cannot be made: commit {missing:020}.json is not in the log, and no checkpoint \
             replaces it; restore the file, or read a version that is still there{}",
            folder.display(),
            log.oldest_whole().map(|(from, to)| format!(", such as {from} to {to}")).unwrap_or_default()
        ))
    })?;
    Ok(Segment {
        version,
        checkpoint: checkpoint.map(|(_, parts)| parts.clone()).unwrap_or_default(),
        commits,
    })
}

impl Log {
    fn of(paths: Vec<PathBuf>) -> Self {
        let mut log = Self::default();
        let mut parts: BTreeMap<(u64, u64), Vec<PathBuf>> = BTreeMap::new();
        for path in paths {
            match path.file_name().and_then(|name| LogFile::of(name.to_str()?)) {
                Some(LogFile::Commit(version)) => {
                    log.commits.insert(version, path);
                }
                Some(LogFile::Checkpoint { version, parts: of }) => {
                    parts.entry((version, of)).or_default().push(path);
                }
                None => {}
            }
        }
        for ((version, of), found) in parts {
            // A writer that was killed leaves some of the parts: such a checkpoint is none. Of several whole ones any
            // will do, for they say the same.
            if of == 1 {
                log.checkpoints.insert(version, found[..1].to_vec());
            } else if u64::try_from(found.len()) == Ok(of) {
                log.checkpoints.entry(version).or_insert(found);
            }
        }
        log
    }

    /// The commits of these versions, or the first that is missing.
    fn commits_of(&self, versions: RangeInclusive<u64>) -> Result<Vec<PathBuf>, u64> {
        versions.map(|version| self.commits.get(&version).cloned().ok_or(version)).collect()
    }

    /// The versions that follow without a gap from the oldest that can be made.
    fn oldest_whole(&self) -> Option<(u64, u64)> {
        let first = if self.commits.contains_key(&0) { 0 } else { *self.checkpoints.keys().next()? };
        let last = (first + 1..).take_while(|version| self.commits.contains_key(version)).last();
        Some((first, last.unwrap_or(first)))
    }
}

impl LogFile {
    fn of(name: &str) -> Option<Self> {
        let (version, rest) = name.split_at_checked(20)?;
        let version = digits(version)?;
        match rest.split('.').collect::<Vec<_>>()[..] {
            ["", "json"] => Some(Self::Commit(version)),
            ["", "checkpoint", "parquet"] => Some(Self::Checkpoint { version, parts: 1 }),
            ["", "checkpoint", part, of, "parquet"] => {
                digits(part)?;
                Some(Self::Checkpoint { version, parts: digits(of)? })
            }
            // A checkpoint of the second kind: its name has a UUID.
            ["", "checkpoint", _, "parquet" | "json"] => Some(Self::Checkpoint { version, parts: 1 }),
            _ => None,
        }
    }
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(names: &[&str]) -> Log {
        Log::of(names.iter().map(PathBuf::from).collect())
    }

    #[test]
    fn files_of_a_log_are_known_by_their_names() {
        for (name, expected) in [
            ("00000000000000000007.json", Some(LogFile::Commit(7))),
            ("00000000000000000010.checkpoint.parquet", Some(LogFile::Checkpoint { version: 10, parts: 1 })),
            (
                "00000000000000000010.checkpoint.0000000001.0000000003.parquet",
                Some(LogFile::Checkpoint { version: 10, parts: 3 }),
            ),
            (
                "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json",
                Some(LogFile::Checkpoint { version: 10, parts: 1 }),
            ),
            ("00000000000000000004.00000000000000000006.compacted.json", None),
            ("00000000000000000007.crc", None),
            ("_last_checkpoint", None),
            ("7.json", None),
        ] {
            assert_eq!(LogFile::of(name), expected, "{name}");
        }
    }

    #[test]
    fn a_checkpoint_without_all_its_parts_is_none() {
        let part = |part: u64| format!("00000000000000000002.checkpoint.{part:010}.0000000002.parquet");
        assert!(log(&[&part(1)]).checkpoints.is_empty());
        assert_eq!(log(&[&part(1), &part(2)]).checkpoints[&2].len(), 2);
    }

    #[test]
    fn a_gap_is_named_with_the_versions_that_are_whole() {
        let log =
            log(&["00000000000000000000.json", "00000000000000000001.json", "00000000000000000003.json"]);
        assert_eq!(log.commits_of(0..=3), Err(2));
        assert_eq!(log.oldest_whole(), Some((0, 1)));
    }
}
