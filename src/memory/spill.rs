//! A spill file: bytes that do not fit the memory budget, written once and read back by place.
//!
//! The file has no name, so the system removes it whatever ends the process.

use crate::error::{Error, Result};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A file of a run's spilled bytes, made when the first of them come.
#[derive(Debug)]
pub struct SpillFile {
    folder: PathBuf,
    file: OnceLock<File>,
    end: AtomicU64,
}

/// Bytes in a spill file. Where they lay is given back to the disk when they are dropped.
#[derive(Debug)]
pub struct Spilled {
    file: Arc<SpillFile>,
    offset: u64,
    bytes: usize,
}

impl Spilled {
    /// Reads all of them back.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn read(&self) -> Result<Vec<u8>> {
        self.read_part(0..self.bytes)
    }

    /// Reads some of them back.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn read_part(&self, part: Range<usize>) -> Result<Vec<u8>> {
        assert!(part.end <= self.bytes, "a part lies within its whole");
        let failed = |fault| Error::output(&self.file.folder, &fault);
        let mut bytes = vec![0; part.len()];
        let file = self.file.file().map_err(failed)?;
        file.read_exact_at(&mut bytes, self.offset + part.start as u64).map_err(failed)?;
        Ok(bytes)
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        self.file.give_back(self.offset, self.bytes as u64);
    }
}

impl SpillFile {
    /// A file in this folder, which must be there when the first bytes are written.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: OnceLock::new(), end: AtomicU64::new(0) }
    }

    /// Appends bytes; threads may do so at the same time.
    ///
    /// # Errors
    /// A full disk, or a folder that cannot be written to.
    pub fn write(self: &Arc<Self>, bytes: &[u8]) -> Result<Spilled> {
        let failed = |fault| Error::output(&self.folder, &fault);
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file().map_err(failed)?.write_all_at(bytes, offset).map_err(failed)?;
        Ok(Spilled { file: Arc::clone(self), offset, bytes: bytes.len() })
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    fn file(&self) -> std::io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        // Of two threads that make a file at once, one file is kept and the other is empty and gone.
        let file = tempfile::tempfile_in(&self.folder)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Punches a hole, without which a run of many periods would take the disk of all of them at once. File systems that
    /// have no holes give the space back at the end of the run.
    #[cfg(target_os = "linux")]
    fn give_back(&self, offset: u64, bytes: u64) {
        use rustix::fs::{FallocateFlags, fallocate};
        if let Some(file) = self.file.get().filter(|_| bytes > 0) {
            let _ = fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, offset, bytes);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn give_back(&self, _offset: u64, _bytes: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn bytes_come_back_whoever_wrote_them_and_leave_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Arc::new(SpillFile::new(folder.path()));
        let part = |number: u8| spill.write(&vec![number; usize::from(number)]).unwrap();
        let parts: Vec<(u8, Spilled)> =
            (0..100).into_par_iter().map(|number| (number, part(number))).collect();
        for (number, spilled) in &parts {
            let number = *number;
            assert_eq!(spilled.read().unwrap(), vec![number; usize::from(number)]);
            let middle = spilled.read_part(usize::from(number) / 3..usize::from(number) / 2).unwrap();
            assert_eq!(middle, vec![number; usize::from(number / 2 - number / 3)]);
        }
        assert_eq!(spill.written(), (0..100).sum::<u64>());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn dropped_bytes_take_no_disk() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let spill = Arc::new(SpillFile::new(folder.path()));
        let parts = [1, 2].map(|number| spill.write(&[number; 1 << 20]).unwrap());
        let blocks = || spill.file.get().unwrap().metadata().unwrap().blocks();
        let full = blocks();
        let [first, second] = parts;
        drop(first);
        assert!(blocks() <= full / 2 + 16, "{} blocks of {full}", blocks());
        assert_eq!(second.read().unwrap(), [2; 1 << 20]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let spill = Arc::new(SpillFile::new(Path::new("/no/such/folder")));
        let error = spill.write(b"x").unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }

    #[test]
    fn a_full_disk_is_a_resource_error() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let (folder, file) = ("out/state".into(), OnceLock::from(file));
        let spill = Arc::new(SpillFile { folder, file, end: AtomicU64::new(0) });
        let error = spill.write(&[1; 9]).unwrap_err();
        assert_eq!(error.exit_code(), 8, "{error}");
        assert!(error.to_string().contains("out/state: disk full"), "{error}");
    }
}
