//! Object storage, for reading: listing by pattern, head and ranged reads behind one trait.
//!
//! Sources are reached through it alone, so that another store is one more implementation: local files, and the object
//! stores of `remote`. It knows no format and no later room.

mod held;
mod local;
mod location;
mod pattern;
mod remote;
mod target;

pub(crate) use held::HeldFile;
pub(crate) use local::Local;
pub(crate) use location::{Location, NO_CREDENTIALS, absolute, canonical, with_ancestors};
pub use pattern::{Pattern, PatternError};
pub(crate) use target::{Listed, Put, Sending, Stamp, Target};

use crate::error::Result;
use crate::memory::MemoryBudget;
use bytes::Bytes;
use remote::Remote;
use std::fmt::Debug;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place that holds files.
pub(crate) trait Store: Sync {
    /// The files below a root that the pattern matches, sorted by path; hidden ones only where the pattern names them.
    ///
    /// A root that does not exist holds none.
    ///
    /// # Errors
    /// Names the first folder or link that cannot be read, and files reached twice through links.
    fn list(&self, root: &Path, pattern: &Pattern) -> Result<Vec<PathBuf>>;

    /// Size and time of change.
    ///
    /// # Errors
    /// The file does not exist or may not be read.
    fn head(&self, path: &Path) -> std::io::Result<Head>;

    /// Opens a file for ranged reads.
    ///
    /// # Errors
    /// The file does not exist or may not be read.
    fn open(&self, path: &Path) -> std::io::Result<Arc<dyn Object>>;

    /// Whether an open file takes one of the descriptors that a process may have.
    fn holds_descriptors(&self) -> bool;
}

/// An open file, read at positions from any thread.
pub(crate) trait Object: Send + Sync + Debug {
    /// Size and time of change.
    ///
    /// # Errors
    /// The store does not answer.
    fn head(&self) -> std::io::Result<Head>;

    /// Exactly this range.
    ///
    /// # Errors
    /// The range cannot be read, or the file ends before it does.
    fn read_range(&self, start: u64, length: usize) -> std::io::Result<Bytes>;

    /// Some bytes from this position on; 0 at the end of the file.
    ///
    /// # Errors
    /// The range cannot be read.
    fn read_some(&self, start: u64, buffer: &mut [u8]) -> std::io::Result<usize>;

    /// The same file, each of whose groups of ranges is fetched as a whole when its first byte is read; none where reads
    /// are cheap as they come.
    fn in_groups(&self, _groups: &dyn Fn() -> Vec<Vec<Range<u64>>>) -> Option<Arc<dyn Object>> {
        None
    }

    /// Begins to fetch groups, where reads are dear and the budget has room for what waits.
    fn fetch_ahead(&self, _groups: &dyn Fn() -> Vec<Vec<Range<u64>>>, _budget: &MemoryBudget) {}

    /// The same file, to be held open for long: without what was read when it was opened.
    fn for_keeping(&self) -> Option<Arc<dyn Object>> {
        None
    }
}

/// Metadata of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes.
    pub(crate) size: u64,
    /// Last change, in nanoseconds since 1970; 0 where the store does not know.
    pub(crate) modified: u64,
    /// What tells it from another file of its name, such as device and inode; zeros where the store does not know.
    pub(crate) file: [u64; 2],
    /// The version of an object, its entity tag or generation; none where a store has no such thing.
    pub(crate) version: Option<Arc<str>>,
    /// Whether it is a folder.
    pub(crate) is_folder: bool,
}

/// The store that holds a path.
pub(crate) fn store_of(path: &Path) -> &'static dyn Store {
    if Location::of(path).is_some() { &Remote } else { &Local }
}

/// The folder of an object store that this address is, to publish to.
///
/// # Errors
/// The environment's settings make no client of the store.
pub(crate) fn target_of(path: &Path) -> std::io::Result<Box<dyn Target>> {
    remote::target(path)
}

/// Why a file that was written to, or replaced, is refused.
const CHANGED: &str = "changed while it was read; run again when nothing writes to it";

/// All bytes of a small file.
///
/// # Errors
/// The file cannot be read, or changed meanwhile.
pub(crate) fn read(path: &Path) -> std::io::Result<Bytes> {
    read_with_head(path).map(|(bytes, _)| bytes)
}

/// The same, with what the file was when it was read.
///
/// # Errors
/// The file cannot be read, or changed meanwhile.
pub(crate) fn read_with_head(path: &Path) -> std::io::Result<(Bytes, Head)> {
    let (file, object) = HeldFile::open(path)?;
    let size = usize::try_from(file.head().size).map_err(std::io::Error::other)?;
    let bytes = object.read_range(0, size);
    file.check(&*object)?;
    Ok((bytes?, file.head().clone()))
}
