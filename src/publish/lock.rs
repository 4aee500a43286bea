//! One writer at a time.

use super::disk;
use crate::error::{Error, Kind, Result};
use rustix::fs::OFlags;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Held by the one run that may write; released when dropped, and by the kernel when the process dies.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// The file stays when the lock is released: removing it would let two runs lock two files of one name.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => sign(&mut file).map_err(|error| disk::failed(path, &error))?,
            Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
            Err(TryLockError::Error(error)) => return Err(disk::failed(path, &error)),
        }
        Ok(Self { path: path.to_owned(), _file: file })
    }

    /// Whether it is the lock of this name.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        self.path == path
    }

    /// Whether someone, perhaps this process, holds it.
    pub(super) fn is_held(path: &Path) -> bool {
        open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

/// A link in its place is not followed, for the file is written to.
fn open(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    let file = options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path);
    file.map_err(|error| disk::failed(path, &error))
}

fn sign(file: &mut File) -> std::io::Result<()> {
    let since = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S UTC");
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "process {} since {since}", std::process::id())
}

fn held(path: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    if file.read_to_string(&mut holder).is_err() || holder.is_empty() {
        holder = "it has just started".to_owned();
    }
    let way_out = "wait for it to end, or end that process: its lock ends with it";
    Error::new(Kind::Locked, format!("{}: another run holds the lock ({holder}); {way_out}", path.display()))
}
