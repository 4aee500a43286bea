//! Every effect on the file system that durability depends on, one function each.
//!
//! Three environment variables are test hooks, read once per process:
//! `ABACUS_DISK_LOG=file` appends a line per operation before it happens, `ABACUS_CRASH_AT=n` aborts the
//! process in place of the n-th operation, `ABACUS_DISK_FULL_AT=n` lets the n-th write and all later ones
//! find the disk full.

use crate::error::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

/// A file being written.
pub(super) struct File {
    file: fs::File,
    path: PathBuf,
}

impl File {
    pub(super) fn create(path: &Path) -> Result<Self> {
        step("create", path);
        // A file of that name, or a link, would lead elsewhere: into an earlier release, or out of the folder.
        let file = fs::File::create_new(path).map_err(|error| failed(path, &error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// A finished file of another writer, to be synced.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = fs::File::open(path).map_err(|error| failed(path, &error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Another handle of the same file, so that it can be synced where nobody waits for it.
    pub(super) fn handle(&self) -> Result<Self> {
        let file = self.file.try_clone().map_err(|error| failed(&self.path, &error))?;
        Ok(Self { file, path: self.path.clone() })
    }

    pub(super) fn sync(&self) -> Result<()> {
        step("sync", &self.path);
        self.file.sync_all().map_err(|error| failed(&self.path, &error))
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        step("write", &self.path);
        HOOKS.room_for_a_write()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file and syncs it.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes).map_err(|error| failed(path, &error))?;
    file.sync()
}

/// A synced file waiting beside the one it will replace: what needs space is done, a rename remains.
pub(super) struct Replacement {
    target: PathBuf,
    waiting: PathBuf,
}

impl Replacement {
    /// The waiting file's name is fixed, so a killed run leaves at most one of them. What lies there is removed and not
    /// written to: it may be a link.
    pub(super) fn prepare(target: &Path, bytes: &[u8]) -> Result<Self> {
        let waiting = beside(target);
        remove_if_there(&waiting)?;
        write_file(&waiting, bytes)?;
        Ok(Self { target: target.to_owned(), waiting })
    }

    /// Atomic; durable once the folder is synced.
    pub(super) fn replace(self) -> Result<()> {
        rename(&self.waiting, &self.target)
    }
}

pub(super) fn create_dirs(path: &Path) -> Result<()> {
    step("mkdir", path);
    fs::create_dir_all(path).map_err(|error| failed(path, &error))
}

/// Sets a folder's time to now.
pub(super) fn touch(path: &Path) -> Result<()> {
    step("touch", path);
    let touched = fs::File::open(path).and_then(|folder| folder.set_modified(std::time::SystemTime::now()));
    touched.map_err(|error| failed(path, &error))
}

pub(super) fn sync_dir(path: &Path) -> Result<()> {
    step("syncdir", path);
    let dir = fs::File::open(path).map_err(|error| failed(path, &error))?;
    dir.sync_all().map_err(|error| failed(path, &error))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    step("rename", to);
    fs::rename(from, to).map_err(|error| failed(to, &error))
}

/// Hard-links, or copies and syncs where the file system has no links.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    step("link", to);
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let mut source = fs::File::open(from).map_err(|error| failed(from, &error))?;
    let mut copy = File::create(to)?;
    io::copy(&mut source, &mut copy).map_err(|error| failed(to, &error))?;
    copy.sync()
}

/// Puts a link to a file, or a copy of it, in the place of another in one step.
pub(super) fn replace_by_link(from: &Path, to: &Path) -> Result<()> {
    let waiting = beside(to);
    remove_if_there(&waiting)?;
    link_or_copy(from, &waiting)?;
    rename(&waiting, to)
}

/// Whether two names lead to the same file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    found(one).is_some_and(|one| found(other) == Some(one))
}

/// Replaces a symbolic link atomically. File systems without links do without: it is a convenience.
pub(super) fn replace_symlink(content: &Path, link: &Path) -> Result<()> {
    let waiting = beside(link);
    remove_if_there(&waiting)?;
    step("symlink", &waiting);
    match std::os::unix::fs::symlink(content, &waiting) {
        Ok(()) => rename(&waiting, link),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
        {
            Ok(())
        }
        Err(error) => Err(failed(link, &error)),
    }
}

pub(super) fn remove_file(path: &Path) -> Result<()> {
    step("remove", path);
    fs::remove_file(path).map_err(|error| failed(path, &error))
}

/// Removes a file or a link; one that is not there is fine.
pub(super) fn remove_if_there(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() { remove_file(path) } else { Ok(()) }
}

/// Removes a folder with all it holds; one that is not there is fine.
pub(super) fn remove_dir(path: &Path) -> Result<()> {
    step("remove", path);
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

/// Removes a folder that holds nothing; any other stays.
pub(super) fn remove_if_empty(path: &Path) -> Result<()> {
    step("remove", path);
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

/// The error of an output that cannot be written.
pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    Error::output(path, error)
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().expect("a file has a name").to_string_lossy();
    target.with_file_name(format!(".{name}.new"))
}

fn step(operation: &str, path: &Path) {
    let number = HOOKS.steps.fetch_add(1, Ordering::SeqCst) + 1;
    if HOOKS.crash_at == Some(number) {
        std::process::abort();
    }
    if let Some(log) = &HOOKS.log {
        let mut log = log.lock().expect("no holder of the log panics");
        writeln!(log, "{operation} {}", path.display()).expect("the disk log can be written");
    }
}

struct Hooks {
    crash_at: Option<u64>,
    full_at: Option<u64>,
    log: Option<Mutex<fs::File>>,
    steps: AtomicU64,
    writes: AtomicU64,
}

static HOOKS: LazyLock<Hooks> = LazyLock::new(|| Hooks {
    crash_at: number_from("ABACUS_CRASH_AT"),
    full_at: number_from("ABACUS_DISK_FULL_AT"),
    log: std::env::var_os("ABACUS_DISK_LOG").map(|path| {
        let log = fs::File::options().create(true).append(true).open(path);
        Mutex::new(log.expect("the disk log can be opened"))
    }),
    steps: AtomicU64::new(0),
    writes: AtomicU64::new(0),
});

impl Hooks {
    fn room_for_a_write(&self) -> io::Result<()> {
        let Some(full_at) = self.full_at else { return Ok(()) };
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if number < full_at { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is '{text}', expected a number")))
}
