//! A spill file: bytes that do not fit the memory budget, written once and read back by place.
//!
//! The file has no name, so the system removes it whatever ends the process.

use crate::error::{Error, Result};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file of a run's spilled bytes, made when the first of them come.
#[derive(Debug)]
pub struct SpillFile {
    folder: PathBuf,
    file: OnceLock<File>,
    end: AtomicU64,
}

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    offset: u64,
    bytes: usize,
}

impl Extent {
    /// Some of its bytes.
    pub fn part(self, bytes: Range<usize>) -> Self {
        assert!(bytes.end <= self.bytes, "a part lies within its whole");
        Self { offset: self.offset + bytes.start as u64, bytes: bytes.len() }
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
    pub fn write(&self, bytes: &[u8]) -> Result<Extent> {
        let failed = |fault| Error::output(&self.folder, &fault);
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file().map_err(failed)?.write_all_at(bytes, offset).map_err(failed)?;
        Ok(Extent { offset, bytes: bytes.len() })
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn read(&self, extent: Extent) -> Result<Vec<u8>> {
        let failed = |fault| Error::output(&self.folder, &fault);
        let mut bytes = vec![0; extent.bytes];
        self.file().map_err(failed)?.read_exact_at(&mut bytes, extent.offset).map_err(failed)?;
        Ok(bytes)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn bytes_come_back_whoever_wrote_them_and_leave_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let spill = SpillFile::new(folder.path());
        let part = |number: u8| spill.write(&vec![number; usize::from(number)]).unwrap();
        let extents: Vec<(u8, Extent)> =
            (0..100).into_par_iter().map(|number| (number, part(number))).collect();
        for (number, extent) in extents {
            assert_eq!(spill.read(extent).unwrap(), vec![number; usize::from(number)]);
            let middle = extent.part(usize::from(number) / 3..usize::from(number) / 2);
            assert_eq!(spill.read(middle).unwrap(), vec![number; usize::from(number / 2 - number / 3)]);
        }
        assert_eq!(spill.written(), (0..100).sum::<u64>());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let spill = SpillFile::new(Path::new("/no/such/folder"));
        let error = spill.write(b"x").unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }

    #[test]
    fn a_full_disk_is_a_resource_error() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let spill =
            SpillFile { folder: "out/state".into(), file: OnceLock::from(file), end: AtomicU64::new(0) };
        let error = spill.write(&[1; 9]).unwrap_err();
        assert_eq!(error.exit_code(), 8, "{error}");
        assert!(error.to_string().contains("out/state: disk full"), "{error}");
    }
}
