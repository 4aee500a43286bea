//! Object storage, for publishing: whole objects, some of them under the condition that nobody else was faster.

use super::location::Location;
use bytes::Bytes;
use std::fmt::Debug;
use std::io::Result;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A folder of a bucket that is published to.
pub(crate) trait Target: Debug + Send + Sync {
    /// Its address.
    fn location(&self) -> &Location;

    /// An object, and which version of it; none if there is none.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    fn read(&self, name: &str) -> Result<Option<(Bytes, Stamp)>>;

    /// Puts an object, whatever was there.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    fn put(&self, name: &str, bytes: Bytes) -> Result<()>;

    /// Puts an object where the version that was read still is, or, without one, where none is.
    ///
    /// # Errors
    /// The store does not answer, or refuses. Whether the object is there is not known then.
    fn put_if(&self, name: &str, bytes: Bytes, replaced: Option<&Stamp>) -> Result<Put>;

    /// Removes objects; one that is gone already is no fault.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    fn remove(&self, names: &[String]) -> Result<()>;

    /// All objects below the folder, as they are now.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    fn list(&self) -> Result<Vec<Listed>>;

    /// Sends files whose names no other content has. One that is there already is put again if it was put longer ago than
    /// `fresh`, so that its time says that it is wanted.
    ///
    /// # Errors
    /// A file that cannot be read or is not what it was; the store does not answer, or refuses.
    fn send(&self, files: &[Sending], fresh: Duration) -> Result<()>;
}

/// Which version of an object was read: its entity tag and its generation, as far as the store has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) tag: Option<String>,
    pub(crate) generation: Option<String>,
}

/// What came of a put under a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Done,
    /// Another object is there.
    Lost,
}

/// A file to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// Its name below the folder, which no other content has.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// What its bytes must come to.
    pub(crate) blake3: String,
}

/// An object of a listing.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Below the folder.
    pub(crate) name: String,
    /// When it was put last, by the clock of the store.
    pub(crate) modified: SystemTime,
}
