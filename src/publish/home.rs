//! The out folder: which releases it holds, which one is current, who may write. `shown` makes one current, `damage` holds
//! them against their digests.

use super::damage::DamagedRelease;
use super::disk;
use super::folder::{is_folder, names_in, read};
use super::lock::Lock;
use super::release::{self, Release};
use super::staging::{Staging, WriteOptions};
use crate::error::{Error, Kind, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The out folder.
#[derive(Debug, Clone)]
pub struct Home {
    out: PathBuf,
    /// What a person should know although the work went on.
    warnings: Arc<Mutex<Vec<String>>>,
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
        let home = Self { out, warnings: Arc::default() };
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

    /// Notes what a person should know of the folder although the work goes on; once, however often it is met.
    pub(crate) fn warn(&self, warning: String) {
        let mut warnings = self.warnings.lock().expect("no holder of the warnings panics");
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The value, or none with its fault as a warning.
    pub(crate) fn or_warn<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|fault| self.warn(fault.to_string())).ok()
    }

    /// Hands over what was noted so far.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock().expect("no holder of the warnings panics"))
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

    /// The release that `release.json` names, if anything was published yet. Where that file is damaged, but still says
    /// which release it is of, the release's own manifest says the same.
    pub fn current(&self) -> Result<Option<Release>> {
        let (path, text) = (self.pointer(), read(&self.pointer())?);
        let Some(text) = text else { return Ok(None) };
        let release = Release::parse(&path, &text).or_else(|fault| self.by_manifest(&text, fault))?;
        Ok(Some(Release { current: true, ..release }))
    }

    fn by_manifest(&self, pointer: &[u8], fault: Error) -> Result<Release> {
        let manifest = release::id_in(pointer).map(|id| self.read_manifest(&id));
        let Some(Ok(Some(release))) = manifest else { return Err(fault) };
        self.warn(format!("{fault}; it names release {}, which was read from its manifest", release.id));
        Ok(release)
    }

    /// What a release says of itself; none if there is no such release.
    fn read_manifest(&self, id: &str) -> Result<Option<Release>> {
        let path = self.manifest(id);
        let release = read(&path)?.map(|text| Release::parse(&path, &text)).transpose()?;
        match release {
            Some(release) if release.id != id => {
                Err(Error::input(format!("{}: is of release {}", path.display(), release.id)))
            }
            release => Ok(release),
        }
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

    /// All committed releases whose manifests can be read, oldest first.
    pub fn releases(&self) -> Result<Vec<Release>> {
        Ok(self.list()?.0)
    }

    /// The last release with something, the current one or one before it; none without one.
    pub fn last_with(&self, has: impl Fn(&Release) -> bool) -> Result<Option<Release>> {
        let Some(current) = self.current()? else { return Ok(None) };
        if has(&current) {
            return Ok(Some(current));
        }
        let before = self.releases()?.into_iter().filter(|release| release.id < current.id);
        Ok(before.rev().find(has))
    }

    /// All committed releases, oldest first, and those whose manifests are damaged: a release that nobody can make
    /// sense of stops no other.
    pub fn list(&self) -> Result<(Vec<Release>, Vec<DamagedRelease>)> {
        // A damaged pointer hides which release is current, not which there are: rollback needs them.
        let current = self.current().ok().flatten();
        let (mut releases, mut damaged) = (Vec::new(), Vec::new());
        for id in names_in(&self.releases_folder())? {
            if let Some(current) = current.as_ref().filter(|current| current.id == id) {
                releases.push(current.clone());
            } else if !self.staged(&id).exists() {
                match self.read_manifest(&id) {
                    Ok(found) => releases.extend(found),
                    Err(fault) => damaged.push(DamagedRelease { id, found: fault.to_string() }),
                }
            }
        }
        for release in &mut releases {
            let tag = fs::read_to_string(self.tag_file(&release.id)).ok();
            release.tag = tag.map(|tag| tag.trim().to_owned());
        }
        Ok((releases, damaged))
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
        let (releases, damaged) = self.list()?;
        let way_out = "choose another release or run again";
        if let Some(release) = damaged.iter().find(|release| release.id == id) {
            return Err(Error::check(format!("{}; {way_out}", release.found)));
        }
        let Some(release) = releases.iter().find(|release| release.id == id) else {
            return Err(release::unknown(&self.out, &id, &releases));
        };
        if let Some(damage) = self.damaged_files(release)?.first() {
            return Err(Error::check(format!("{}: {}; {way_out}", damage.path, damage.found)));
        }
        let path = self.manifest(&id);
        let manifest = read(&path)?.expect("a listed release has a manifest, and we hold the lock");
        Release::parse(&path, &manifest)?;
        self.point_at(release, &manifest)?;
        Ok(Release { current: true, ..release.clone() })
    }

    /// Moves a staged release, synced to its last folder, among the releases.
    pub(super) fn move_in(&self, id: &str) -> Result<()> {
        disk::rename(&self.tree(id), &self.release_folder(id))?;
        disk::sync_dir(&self.releases_folder())?;
        disk::sync_dir(&self.staged(id))
    }

    /// Removes a staged release, also when it was moved among the releases but never committed.
    pub(super) fn discard(&self, id: &str) -> Result<()> {
        if self.current()?.is_none_or(|current| current.id != id) {
            if self.release_folder(id).exists() {
                disk::remove_dir(&self.release_folder(id))?;
                disk::sync_dir(&self.releases_folder())?;
            }
            if self.keeps_delta() {
                self.vacuum_delta(&self.releases()?)?;
            }
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

    /// Removes what killed runs left; what is none of a run's is left alone.
    fn tidy(&self) -> Result<()> {
        self.remove_unfinished_state()?;
        // While the pointer is damaged no release is removed: only a commit makes sense of it again.
        let pointer = self.pointer();
        let Ok(current) = read(&pointer)?.map(|text| Release::parse(&pointer, &text)).transpose() else {
            return Ok(());
        };
        for id in names_in(&self.staging_folder())? {
            if release::is_id(&id) && is_folder(&self.staged(&id)) {
                self.discard(&id)?;
            }
        }
        if let Some(current) = current.filter(|current| self.disagrees(current)) {
            self.show_again(&current);
        }
        Ok(())
    }

    /// State files get their names when they are complete.
    fn remove_unfinished_state(&self) -> Result<()> {
        let folder = self.state().join("facts");
        let names = names_in(&folder)?.into_iter().filter(|name| name.starts_with(UNFINISHED));
        names
            .map(|name| folder.join(name))
            .filter(|path| !is_folder(path))
            .try_for_each(|path| disk::remove_file(&path))
    }

    fn before_current(&self) -> Result<String> {
        let here = self.out.display();
        let current = self.published()?;
        let first = format!("{here}: release '{}' has none before it; name the release to go to", current.id);
        current.previous.ok_or_else(|| Error::definition(first))
    }

    pub(super) fn pointer(&self) -> PathBuf {
        self.out.join("release.json")
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.state().join("lock")
    }

    pub(super) fn releases_folder(&self) -> PathBuf {
        self.out.join("releases")
    }

    pub(super) fn release_folder(&self, id: &str) -> PathBuf {
        self.releases_folder().join(id)
    }

    pub(super) fn manifest(&self, id: &str) -> PathBuf {
        self.release_folder(id).join("manifest.json")
    }

    /// Beside the manifest, so that a tag goes where its release goes.
    pub(super) fn tag_file(&self, id: &str) -> PathBuf {
        self.release_folder(id).join("tag")
    }

    pub(super) fn staging_folder(&self) -> PathBuf {
        self.state().join("staging")
    }

    pub(super) fn staged(&self, id: &str) -> PathBuf {
        self.staging_folder().join(id)
    }
}

/// How files of kept state are named until they are complete.
pub(crate) const UNFINISHED: &str = ".tmp";

/// Makes a folder in another, and removes it.
fn try_folder(folder: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::output(folder, &error);
    let trial = tempfile::Builder::new().prefix(".abacus-check-").tempdir_in(folder);
    // The crate's errors name the folder that was tried, which nobody knows.
    let trial = trial.map_err(|error| failed(error.kind().into()))?;
    trial.close().map_err(|error| failed(error.kind().into()))
}
