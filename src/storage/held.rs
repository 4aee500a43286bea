//! A file that stays the same file from the first byte that is read of it to the last.
//!
//! A late load may replace a file, or write into it, while a run reads it. A replaced file goes on to be read as it was,
//! for its descriptor is held; one that was written to is refused when all of it was read.

use super::{CHANGED, Head, Object, store_of};
use crate::memory::MemoryBudget;
use std::io::{Error, Result};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// A file as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct HeldFile {
    path: PathBuf,
    head: Head,
    /// None where the process may not have more files open: such a file is opened again, and compared.
    open: Option<Arc<Held>>,
}

#[derive(Debug)]
struct Held {
    object: Arc<dyn Object>,
    /// None for what takes no descriptor.
    _slot: Option<Slot>,
}

impl HeldFile {
    /// Opens a file.
    ///
    /// # Errors
    /// The file does not exist or may not be read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Arc<dyn Object>)> {
        let store = store_of(path);
        let object = store.open(path)?;
        let head = object.head()?;
        let kept = object.for_keeping().unwrap_or_else(|| Arc::clone(&object));
        let slot = if store.holds_descriptors() { Slot::take() } else { None };
        let may_be_held = slot.is_some() || !store.holds_descriptors();
        let open = may_be_held.then(|| Arc::new(Held { object: kept, _slot: slot }));
        Ok((Self { path: path.to_owned(), head, open }, object))
    }

    /// What it was when it was opened.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The open file.
    ///
    /// # Errors
    /// It had to be opened again, and cannot be, or is another file now.
    pub(crate) fn object(&self) -> Result<Arc<dyn Object>> {
        if let Some(open) = &self.open {
            return Ok(Arc::clone(&open.object));
        }
        let object = store_of(&self.path).open(&self.path)?;
        self.check(&*object)?;
        Ok(object)
    }

    /// Begins to fetch groups of its ranges, where it lies in a store far away.
    pub(crate) fn fetch_ahead(&self, groups: &dyn Fn() -> Vec<Vec<Range<u64>>>, budget: &MemoryBudget) {
        if let Some(open) = &self.open {
            open.object.fetch_ahead(groups, budget);
        }
    }

    /// Makes sure, after something was read of the open file, that it still is what it was.
    ///
    /// # Errors
    /// Its size or time of change is another, or another file is open.
    pub(crate) fn check(&self, object: &dyn Object) -> Result<()> {
        let same = object.head()? == self.head;
        same.then_some(()).ok_or_else(|| Error::other(CHANGED))
    }
}

/// A file that is held open, of as many as may be.
#[derive(Debug)]
struct Slot;

impl Slot {
    fn take() -> Option<Self> {
        let fewer = |free: u64| free.checked_sub(1);
        FREE_SLOTS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).ok().map(|_| Self)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        FREE_SLOTS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Half of the files that the process may have open.
static FREE_SLOTS: LazyLock<AtomicU64> = LazyLock::new(|| {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    AtomicU64::new(open_files(&limits).unwrap_or(LOWEST_LIMIT) / 2)
});

/// What systems allow at least that do not say.
const LOWEST_LIMIT: u64 = 256;

/// The soft limit of open files in `/proc/self/limits`; `unlimited` counts as unknown.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Files that are held open, and such that there was no room for.
    fn both(path: &Path) -> [HeldFile; 2] {
        let (held, _) = HeldFile::open(path).unwrap();
        [HeldFile { open: None, ..held.clone() }, held]
    }

    #[test]
    fn a_replaced_file_is_read_as_it_was_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a", "old");
        let [reopened, held] = both(&path);
        fs::rename(file(folder.path(), "b", "new"), &path).unwrap();
        let object = held.object().unwrap();
        assert_eq!(&object.read_range(0, 3).unwrap()[..], b"old");
        held.check(&*object).unwrap();
        assert!(reopened.object().unwrap_err().to_string().contains("changed while it was read"));
    }

    #[test]
    fn the_soft_limit_of_open_files_is_the_first_number() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096   files\n";
        assert_eq!(open_files(limits), Some(1_024));
        assert_eq!(open_files("Max open files  unlimited unlimited files"), None);
    }

    #[test]
    fn a_file_that_was_written_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for which in [0, 1] {
            let path = file(folder.path(), &which.to_string(), "old");
            let held = &both(&path)[which];
            let object = held.object().unwrap();
            held.check(&*object).unwrap();
            fs::File::options().append(true).open(&path).unwrap().write_all(b"er").unwrap();
            assert!(held.check(&*object).unwrap_err().to_string().contains("changed while it was read"));
        }
    }
}
