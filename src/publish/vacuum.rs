//! Vacuum: removes the releases that no rule keeps, and the kept facts that only they needed.

use super::disk::{self, Replacement};
use super::folder::files_below;
use super::home::Home;
use super::lock::Lock;
use super::release::Release;
use super::retention::{Candidate, Retention};
use crate::error::Result;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// What a vacuum removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Ids of removed releases, oldest first.
    pub releases: Vec<String>,
    /// Removed files of the kept facts, relative to the state folder.
    pub state: Vec<String>,
}

impl Home {
    /// Marks a release as one that no vacuum removes, or, without a tag, as any other. Takes the lock.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn tag(&self, id: &str, tag: Option<&str>) -> Result<()> {
        let _lock = self.lock()?;
        self.release(id)?;
        let path = self.tag_file(id);
        match tag {
            Some(tag) => Replacement::prepare(&path, format!("{tag}\n").as_bytes())?.replace()?,
            None => disk::remove_if_there(&path)?,
        }
        disk::sync_dir(&self.release_folder(id))
    }

    /// Removes the releases that no rule keeps, damaged ones older than the newest that are kept, and the kept facts that
    /// none of the remaining ones lists. The caller holds the lock.
    pub fn vacuum(&self, lock: &Lock, retention: Retention) -> Result<Vacuumed> {
        assert!(lock.is_of(&self.lock_file()), "releases are removed under the lock");
        let (releases, damaged) = self.list()?;
        let newest = releases.len().saturating_sub(retention.newest);
        let oldest = releases.get(newest).map_or_else(String::new, |release| release.id.clone());
        let candidate = |release| self.candidate(release);
        let keeps = retention.keeps(&releases.iter().map(candidate).collect::<Vec<_>>());
        let (kept, removed): (Vec<_>, Vec<_>) =
            releases.into_iter().zip(keeps).partition(|(_, keeps)| *keeps);
        let kept: Vec<Release> = kept.into_iter().map(|(release, _)| release).collect();
        let mut removed: Vec<String> = removed.into_iter().map(|(release, _)| release.id).collect();
        let (old, young): (Vec<_>, Vec<_>) = damaged.into_iter().partition(|release| release.id < oldest);
        removed.extend(old.into_iter().map(|release| release.id));
        removed.sort();
        removed.iter().try_for_each(|id| self.remove(id))?;
        // What a damaged release needs of the kept facts is not known.
        let state = if young.is_empty() { self.vacuum_state(&kept)? } else { Vec::new() };
        if young.is_empty() {
            self.vacuum_delta(&kept)?;
        }
        Ok(Vacuumed { releases: removed, state })
    }

    fn candidate<'r>(&self, release: &'r Release) -> Candidate<'r> {
        Candidate {
            id: &release.id,
            is_current: release.current,
            is_tagged: release.tag.is_some(),
            since_replaced: self.since_replaced(&release.id),
        }
    }

    /// How long ago a release ceased to be current; none if that is not known.
    fn since_replaced(&self, id: &str) -> Option<Duration> {
        let replaced = fs::metadata(self.release_folder(id)).and_then(|found| found.modified()).ok()?;
        replaced.elapsed().ok()
    }

    /// In one step out of the readers' sight, then for good.
    fn remove(&self, id: &str) -> Result<()> {
        disk::rename(&self.release_folder(id), &self.staged(id))?;
        disk::sync_dir(&self.staging_folder())?;
        disk::sync_dir(&self.releases_folder())?;
        disk::remove_dir(&self.staged(id))
    }

    /// Kept facts are removed only if every release says which ones it needs.
    fn vacuum_state(&self, kept: &[Release]) -> Result<Vec<String>> {
        let mut needed = BTreeSet::new();
        for release in kept {
            let Some(state) = release.run.get("state").and_then(|state| state.as_array()) else {
                return Ok(Vec::new());
            };
            needed.extend(state.iter().filter_map(|path| path.as_str()));
        }
        let mut removed = Vec::new();
        for path in files_below(&self.state().join("facts"))? {
            let name = path.strip_prefix(self.state()).expect("facts lie in the state folder");
            let name = name.to_string_lossy().into_owned();
            if !needed.contains(name.as_str()) {
                disk::remove_file(&path)?;
                removed.push(name);
            }
        }
        Ok(removed)
    }
}
