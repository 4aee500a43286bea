//! Object storage, for reading: listing by pattern, head and ranged reads behind one trait.
//!
//! Sources are reached through it alone, so that another store is one more implementation. It knows no format and no
//! later room.

mod held;
mod local;
mod pattern;

pub(crate) use held::HeldFile;
pub(crate) use local::Local;
pub use pattern::{Pattern, PatternError};

use crate::error::Result;
use bytes::Bytes;
use std::fmt::Debug;
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
}

/// Metadata of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes.
    pub(crate) size: u64,
    /// Last change, in nanoseconds since 1970; 0 where the store does not know.
    pub(crate) modified: u64,
    /// What tells it from another file of its name, such as device and inode; zeros where the store does not know.
    pub(crate) file: [u64; 2],
    /// Whether it is a folder.
    pub(crate) is_folder: bool,
}

/// The store that holds a path.
pub(crate) fn store_of(_path: &Path) -> &'static dyn Store {
    &Local
}

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
    Ok((bytes?, file.head()))
}
