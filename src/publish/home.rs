//! The out folder: which releases it holds, which one is current, who may write.

use super::disk::{self, Replacement};
use super::lock::Lock;
use super::release::{self, PublishedFile, Release};
use super::staging::{Staging, WriteOptions};
use super::views;
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The out folder.
#[derive(Debug, Clone)]
pub struct Home {
    out: PathBuf,
}

/// A file of a release that is not what the release says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the out folder.
    pub path: String,
    /// What is wrong with it.
    pub found: String,
}

/// What a vacuum removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Ids of removed releases, oldest first.
    pub releases: Vec<String>,
    /// Removed files of the kept facts, relative to the state folder.
    pub state: Vec<String>,
}

impl Home {
    /// Looks at an out folder, which need not exist yet. What a killed run left half derived (`current`,
    /// `views.sql`) is repaired, unless a run is at work or the folder may not be written.
    pub fn open(path: &Path) -> Result<Self> {
        let out = std::path::absolute(path).map_err(|error| Error::io(Kind::Input, path, &error))?;
        if out.to_str().is_none() {
            let way_out = "publish to a path of UTF-8 text";
            return Err(Error::definition(format!("{}: not UTF-8; {way_out}", out.display())));
        }
        let home = Self { out };
        if home.current().is_ok_and(|current| current.is_some_and(|current| home.disagrees(&current))) {
            // Readers of a folder they cannot write, or of one at work, see a valid release all the same.
            drop(home.lock());
        }
        Ok(home)
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.out
    }

    /// Where runs keep what no reader should see: kept facts, the lock, releases in the making.
    pub fn state(&self) -> PathBuf {
        self.out.join("state")
    }

    /// Checks that the folder can be made and written: in the nearest folder there is, a folder is made and removed again.
    /// Rights alone do not tell, as some file systems (`/proc`) give them and refuse all the same.
    ///
    /// # Errors
    /// A file in its place, or a folder in which nothing can be made.
    pub fn check_writable(&self) -> Result<()> {
        let mut tried = Vec::new();
        for folder in [self.out.clone(), self.state()] {
            let nearest = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&folder).to_owned();
            if !nearest.is_dir() {
                return Err(Error::output(&nearest, &io::ErrorKind::NotADirectory.into()));
            }
            if !tried.contains(&nearest) {
                try_folder(&nearest)?;
                tried.push(nearest);
            }
        }
        Ok(())
    }

    /// The release that `release.json` names, if anything was published yet.
    pub fn current(&self) -> Result<Option<Release>> {
        let path = self.pointer();
        let release = read(&path)?.map(|text| Release::parse(&path, &text)).transpose()?;
        Ok(release.map(|release| Release { current: true, ..release }))
    }

    /// The current release, for commands that need one.
    ///
    /// # Errors
    /// There is none yet.
    pub fn published(&self) -> Result<Release> {
        let none =
            || Error::input(format!("{}: no release yet; make one with `abacus run`", self.out.display()));
        self.current()?.ok_or_else(none)
    }

    /// All committed releases, oldest first.
    pub fn releases(&self) -> Result<Vec<Release>> {
        // A damaged pointer hides which release is current, not which there are: rollback needs them.
        let current = self.current().ok().flatten().map(|release| release.id);
        let mut releases = Vec::new();
        for id in names_in(&self.releases_folder())? {
            let is_current = current.as_ref() == Some(&id);
            let committed = is_current || !self.staged(&id).exists();
            let path = self.manifest(&id);
            if let Some(text) = read(&path)?.filter(|_| committed) {
                releases.push(Release { current: is_current, ..Release::parse(&path, &text)? });
            }
        }
        Ok(releases)
    }

    /// A committed release.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn release(&self, id: &str) -> Result<Release> {
        let releases = self.releases()?;
        let found = releases.iter().find(|release| release.id == id).cloned();
        found.ok_or_else(|| release::unknown(&self.out, id, &releases))
    }

    /// The release that was current when another was made.
    ///
    /// # Errors
    /// It is the first, or the one before it is gone.
    pub fn before(&self, release: &Release) -> Result<Release> {
        let here = self.out.display();
        let none = || {
            Error::definition(format!(
                "{here}: release '{}' has none before it; name two releases",
                release.id
            ))
        };
        self.release(release.previous.as_ref().ok_or_else(none)?)
    }

    /// Becomes the only writer, and clears away what a killed run left.
    pub fn lock(&self) -> Result<Lock> {
        if !self.staging_folder().exists() || !self.releases_folder().exists() {
            self.lay_out()?;
        }
        let lock = Lock::take(&self.lock_file())?;
        self.tidy()?;
        Ok(lock)
    }

    /// Begins a release; the caller holds the lock until it is committed or dropped.
    pub fn begin(&self, options: WriteOptions) -> Result<Staging> {
        assert!(Lock::is_held(&self.lock_file()), "a release begins under the lock");
        let mut existing = names_in(&self.releases_folder())?;
        let current = self.current()?;
        existing.extend(current.iter().map(|release| release.id.clone()));
        let id = release::next_id(&existing, chrono::Utc::now());
        // The staging folder outlives the move of what it holds, and so marks the moved release as not yet
        // committed: it has to be on disk first.
        let staging = Staging::create(self.clone(), id, current, options)?;
        disk::sync_dir(&self.staging_folder())?;
        Ok(staging)
    }

    /// Makes an earlier release current again: the given one, or the one before the current. Takes the lock.
    pub fn rollback(&self, id: Option<&str>) -> Result<Release> {
        let _lock = self.lock()?;
        let id = match id {
            Some(id) => id.to_owned(),
            None => self.before_current()?,
        };
        let releases = self.releases()?;
        let Some(release) = releases.iter().find(|release| release.id == id) else {
            return Err(release::unknown(&self.out, &id, &releases));
        };
        if let Some(damage) = release.all_files().into_iter().find_map(|file| self.missing(file)) {
            let way_out = "choose another release or run again";
            return Err(Error::check(format!("{}: {}; {way_out}", damage.path, damage.found)));
        }
        let path = self.manifest(&id);
        let manifest = read(&path)?.expect("a listed release has a manifest, and we hold the lock");
        self.point_at(release, &manifest)?;
        Ok(Release { current: true, ..release.clone() })
    }

    /// Rereads every file of a release and says which are missing or changed.
    pub fn verify(&self, release: &Release) -> Result<Vec<Damage>> {
        let damages = release.all_files().into_par_iter().map(|file| {
            let path = self.out.join(&file.path);
            match digest(&path) {
                Ok(found) if found == file.blake3 => Ok(None),
                Ok(_) => Ok(Some(damage(file, "its bytes changed since they were published".to_owned()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.missing(file)),
                Err(error) => Err(Error::io(Kind::Input, &path, &error)),
            }
        });
        // In the order of the files, whichever was read first.
        let damages: Vec<Option<Damage>> = damages.collect::<Result<_>>()?;
        Ok(damages.into_iter().flatten().collect())
    }

    /// Removes all releases but the newest `keep` and the current one, and the kept facts that none of the
    /// remaining ones lists. Takes the lock.
    pub fn vacuum(&self, keep: usize) -> Result<Vacuumed> {
        let _lock = self.lock()?;
        let releases = self.releases()?;
        let newest = releases.len().saturating_sub(keep);
        let mut vacuumed = Vacuumed::default();
        let mut kept = Vec::new();
        for (age, release) in releases.into_iter().enumerate() {
            if age >= newest || release.current {
                kept.push(release);
            } else {
                self.remove(&release.id)?;
                vacuumed.releases.push(release.id);
            }
        }
        vacuumed.state = self.vacuum_state(&kept)?;
        Ok(vacuumed)
    }

    /// Moves a staged release, synced to its last folder, among the releases.
    pub(super) fn move_in(&self, id: &str) -> Result<()> {
        disk::rename(&self.tree(id), &self.release_folder(id))?;
        disk::sync_dir(&self.releases_folder())?;
        disk::sync_dir(&self.staged(id))
    }

    /// The commit: `release.json` becomes the manifest of a complete release. What needs space is written
    /// first, so that a full disk leaves all as it was.
    pub(super) fn point_at(&self, release: &Release, manifest: &[u8]) -> Result<()> {
        let views = Replacement::prepare(&self.views(), views::sql(&self.out, release).as_bytes())?;
        let pointer = Replacement::prepare(&self.pointer(), manifest)?;
        pointer.replace()?;
        disk::sync_dir(&self.out)?;
        views.replace()?;
        self.link(release)?;
        disk::sync_dir(&self.out)
    }

    /// Removes a staged release, also when it was moved among the releases but never committed.
    pub(super) fn discard(&self, id: &str) -> Result<()> {
        if self.current()?.is_none_or(|current| current.id != id) && self.release_folder(id).exists() {
            disk::remove_dir(&self.release_folder(id))?;
            disk::sync_dir(&self.releases_folder())?;
        }
        disk::remove_dir(&self.staged(id))?;
        disk::sync_dir(&self.staging_folder())
    }

    /// Where a staged release grows into what its folder will be.
    pub(super) fn tree(&self, id: &str) -> PathBuf {
        self.staged(id).join("release")
    }

    fn lay_out(&self) -> Result<()> {
        let (releases, staging) = (self.releases_folder(), self.staging_folder());
        disk::create_dirs(&releases)?;
        disk::create_dirs(&staging)?;
        for folder in [&self.state(), &self.out] {
            disk::sync_dir(folder)?;
        }
        self.out.parent().map_or(Ok(()), disk::sync_dir)
    }

    fn tidy(&self) -> Result<()> {
        // While the pointer is damaged nothing is removed: only a rollback makes sense of it again.
        let Ok(current) = self.current() else { return Ok(()) };
        for id in names_in(&self.staging_folder())? {
            self.discard(&id)?;
        }
        match current {
            Some(current) if self.disagrees(&current) => {
                Replacement::prepare(&self.views(), views::sql(&self.out, &current).as_bytes())?.replace()?;
                self.link(&current)?;
                disk::sync_dir(&self.out)
            }
            _ => Ok(()),
        }
    }

    fn disagrees(&self, current: &Release) -> bool {
        let views = views::sql(&self.out, current);
        fs::read_link(self.out.join("current")).ok() != Some(link_target(current))
            || fs::read(self.views()).ok().as_deref() != Some(views.as_bytes())
    }

    fn link(&self, release: &Release) -> Result<()> {
        disk::replace_symlink(&link_target(release), &self.out.join("current"))
    }

    fn before_current(&self) -> Result<String> {
        let here = self.out.display();
        let current = self.published()?;
        let first = format!("{here}: release '{}' has none before it; name the release to go to", current.id);
        current.previous.ok_or_else(|| Error::definition(first))
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

    fn missing(&self, file: &PublishedFile) -> Option<Damage> {
        match fs::metadata(self.out.join(&file.path)) {
            Ok(found) if found.len() == file.bytes => None,
            Ok(found) => Some(damage(file, format!("{} bytes, expected {}", found.len(), file.bytes))),
            Err(_) => Some(damage(file, "missing".to_owned())),
        }
    }

    fn pointer(&self) -> PathBuf {
        self.out.join("release.json")
    }

    fn views(&self) -> PathBuf {
        self.out.join("views.sql")
    }

    fn lock_file(&self) -> PathBuf {
        self.state().join("lock")
    }

    fn releases_folder(&self) -> PathBuf {
        self.out.join("releases")
    }

    fn release_folder(&self, id: &str) -> PathBuf {
        self.releases_folder().join(id)
    }

    fn manifest(&self, id: &str) -> PathBuf {
        self.release_folder(id).join("manifest.json")
    }

    fn staging_folder(&self) -> PathBuf {
        self.state().join("staging")
    }

    fn staged(&self, id: &str) -> PathBuf {
        self.staging_folder().join(id)
    }
}

/// Makes a folder in another, and removes it.
fn try_folder(folder: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::output(folder, &error);
    let trial = tempfile::Builder::new().prefix(".abacus-check-").tempdir_in(folder);
    // The crate's errors name the folder that was tried, which nobody knows.
    let trial = trial.map_err(|error| failed(error.kind().into()))?;
    trial.close().map_err(|error| failed(error.kind().into()))
}

/// Relative, so that the out folder can be moved.
fn link_target(release: &Release) -> PathBuf {
    Path::new("releases").join(&release.id)
}

fn damage(file: &PublishedFile, found: String) -> Damage {
    Damage { path: file.path.clone(), found }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path)?)?;
    Ok(hasher.finalize().to_string())
}

/// The content of a file, if there is one.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Error::io(Kind::Input, path, &error)),
    }
}

/// Names in a folder, sorted; none if there is no such folder.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: io::Error| Error::io(Kind::Input, folder, &error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>().map_err(failed)?;
    names.sort();
    Ok(names)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in names_in(folder)? {
        let path = folder.join(name);
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
