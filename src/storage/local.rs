//! Local files: a walk that follows links, and positioned reads.

use super::pattern::Pattern;
use super::{Head, Object, Store};
use crate::error::{Error, Kind, Result};
use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use walkdir::{DirEntry, WalkDir};

/// The file system.
#[derive(Debug)]
pub(crate) struct Local;

impl Store for Local {
    fn list(&self, root: &Path, pattern: &Pattern) -> Result<Vec<PathBuf>> {
        // The empty path means the folder the program runs in, which has no other name for a walk.
        let start = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let is_missing =
            |fault: std::io::Error| matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        if start.symlink_metadata().is_err_and(is_missing) {
            return Ok(Vec::new());
        }
        let below = |path: &Path| path.strip_prefix(start).unwrap_or(path).to_owned();
        let may_matter = |entry: &DirEntry| {
            let below = below(entry.path());
            pattern.matches(&below) || entry.file_type().is_dir() && pattern.may_hold(&below)
        };
        let mut found = Vec::new();
        let mut has_links = false;
        for entry in WalkDir::new(start).follow_links(true).into_iter().filter_entry(may_matter) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() && pattern.may_hold(&below(entry.path())) => {
                    has_links |= entry.path_is_symlink();
                }
                Ok(entry) if entry.file_type().is_dir() => return Err(matched_folder(entry.path())),
                Ok(entry) if !entry.file_type().is_file() => {
                    return Err(Error::input(format!("{}: {NO_FILE}", entry.path().display())));
                }
                Ok(entry) => {
                    has_links |= entry.path_is_symlink();
                    found.push(root.join(below(entry.path())));
                }
                Err(fault) => {
                    let below = fault.path().map(below).unwrap_or_default();
                    // A link that leads nowhere may have been a folder as well as a file.
                    if pattern.matches(&below) || pattern.may_hold(&below) {
                        return Err(unreadable(&fault));
                    }
                }
            }
        }
        found.sort();
        if has_links {
            refuse_twice(&found)?;
        }
        Ok(found)
    }

    fn head(&self, path: &Path) -> std::io::Result<Head> {
        let metadata = path.metadata()?;
        let is_readable = metadata.is_file() || metadata.is_dir();
        if is_readable { Ok(head(&metadata)) } else { Err(std::io::Error::other(NO_FILE)) }
    }

    fn open(&self, path: &Path) -> std::io::Result<Arc<dyn Object>> {
        Ok(Arc::new(LocalFile(File::open(path)?)))
    }

    fn holds_descriptors(&self) -> bool {
        true
    }
}

/// What a socket, a pipe or a device is for.
const NO_FILE: &str = "is neither a file nor a folder; take it out of the pattern";

/// Engines differ in whether they read the files of a folder that a pattern for files matches, as Spark's are.
fn matched_folder(folder: &Path) -> Error {
    let folder = folder.display();
    Error::input(format!(
        "{folder}: is a folder, and the pattern is one for files; write {folder}/** for its files, or a pattern that \
         leaves it out"
    ))
}

fn unreadable(fault: &walkdir::Error) -> Error {
    let path = fault.path().unwrap_or(Path::new("")).display();
    if let Some(ancestor) = fault.loop_ancestor() {
        return Error::input(format!(
            "{path}: a link back to the folder {} that it lies in; remove the link or name the folders in the pattern",
            ancestor.display()
        ));
    }
    let is_link = fault.path().is_some_and(Path::is_symlink);
    let cause = fault.io_error().map_or_else(|| fault.to_string(), ToString::to_string);
    let way_out = "its files would be missing without a word";
    let kind = fault.io_error().map_or(Kind::Input, |error| Error::kind_of(error, Kind::Input));
    Error::new(
        kind,
        if is_link {
            format!(
                "{path}: the link's target cannot be read: {cause}; {way_out}; restore the target or remove the link"
            )
        } else {
            format!(
                "{path}: cannot be read: {cause}; {way_out}; grant access, or leave it out of the pattern"
            )
        },
    )
}

/// A file that two paths lead to would be counted twice.
fn refuse_twice(paths: &[PathBuf]) -> Result<()> {
    let mut known: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in paths {
        let target = path.canonicalize().map_err(|fault| Error::io(Kind::Input, path, &fault))?;
        if let Some(first) = known.insert(target, path) {
            return Err(Error::input(format!(
                "{} and {} are the same file, reached through a link; it would be counted twice; remove the link or \
                 leave it out of the pattern",
                first.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

fn head(metadata: &Metadata) -> Head {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Head {
        size: metadata.len(),
        modified: modified.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
        file: [metadata.dev(), metadata.ino()],
        version: None,
        is_folder: metadata.is_dir(),
    }
}

#[derive(Debug)]
struct LocalFile(File);

/// As long as pages mostly are: what such a read asks for is little, and not worth a system call to check.
const UNCHECKED_BYTES: usize = 4 << 20;

impl Object for LocalFile {
    fn head(&self) -> std::io::Result<Head> {
        self.0.metadata().map(|metadata| head(&metadata))
    }

    fn read_range(&self, start: u64, length: usize) -> std::io::Result<Bytes> {
        // A claim of much is held against the file before memory is asked for.
        if length > UNCHECKED_BYTES && self.0.metadata()?.len() < start.saturating_add(length as u64) {
            return Err(std::io::Error::from(ErrorKind::UnexpectedEof));
        }
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let place = start + bytes.len() as u64;
            match pread(&self.0, spare_capacity(&mut bytes), place) {
                Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof)),
                Ok(_) | Err(Errno::INTR) => {}
                Err(fault) => return Err(std::io::Error::from(fault)),
            }
        }
        bytes.truncate(length);
        Ok(bytes.into())
    }

    fn read_some(&self, start: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(buffer, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A tree of empty files.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, []).unwrap();
        }
        folder
    }

    fn list(folder: &Path, pattern: &str) -> Result<Vec<String>> {
        let (root, pattern) = Pattern::split(pattern).unwrap();
        let found = Local.list(&folder.join(root), &pattern)?;
        Ok(found.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect())
    }

    #[test]
    fn files_of_a_spark_job_in_the_middle_of_its_commit_are_left_out() {
        // What FileOutputCommitter and dynamic partition overwrite leave below the table while a job runs.
        let folder = tree(&[
            "d/day=1/part-0.parquet",
            "d/day=1/.part-0.parquet.crc",
            "d/_SUCCESS",
            "d/_temporary/0/_temporary/attempt_2024/day=2/part-1.parquet",
            "d/.spark-staging-1f/day=2/part-1.parquet",
            "d/day=1/_committed_1",
        ]);
        assert_eq!(list(folder.path(), "d/**/*.parquet").unwrap(), ["d/day=1/part-0.parquet"]);
        assert_eq!(list(folder.path(), "d/**").unwrap(), ["d/day=1/part-0.parquet"]);
        assert_eq!(list(folder.path(), "d/_temporary/**/*.parquet").unwrap().len(), 0);
        assert_eq!(list(folder.path(), "d/_temporary/0/_temporary/**/*.parquet").unwrap().len(), 1);
    }

    #[test]
    fn files_are_listed_by_path_and_the_root_may_be_missing() {
        let folder = tree(&["b/2.parquet", "b/10.parquet", "a/z.parquet", "a.parquet"]);
        let expected = ["a/z.parquet", "a.parquet", "b/10.parquet", "b/2.parquet"];
        assert_eq!(list(folder.path(), "**/*.parquet").unwrap(), expected);
        assert!(list(folder.path(), "c/**/*.parquet").unwrap().is_empty());
    }

    #[test]
    fn links_are_followed_and_those_that_lead_nowhere_or_back_are_errors() {
        let folder = tree(&["d/a/1.parquet", "e/2.parquet", "d/x/y/3.csv"]);
        let path = |name: &str| folder.path().join(name);
        symlink(path("e"), path("d/e")).unwrap();
        assert_eq!(list(folder.path(), "d/**/*.parquet").unwrap(), ["d/a/1.parquet", "d/e/2.parquet"]);
        symlink(path("away"), path("d/a/b.parquet")).unwrap();
        let fault = list(folder.path(), "d/**/*.parquet").unwrap_err();
        assert!(fault.exit_code() == 4 && fault.messages[0].contains("d/a/b.parquet"), "{fault}");
        assert_eq!(list(folder.path(), "d/x/*/*.csv").unwrap(), ["d/x/y/3.csv"]);
        symlink(path("d"), path("d/x/y/z")).unwrap();
        let fault = list(folder.path(), "d/x/**/*.csv").unwrap_err();
        assert!(fault.messages[0].contains("d/x/y/z"), "{fault}");
        assert_eq!(list(folder.path(), "d/x/*/*.csv").unwrap(), ["d/x/y/3.csv"], "not entered");
    }

    #[test]
    fn a_file_that_a_link_leads_to_a_second_time_is_an_error() {
        let folder = tree(&["d/2024-11/1.parquet"]);
        symlink("2024-11", folder.path().join("d/latest")).unwrap();
        let fault = list(folder.path(), "d/**/*.parquet").unwrap_err();
        assert!(fault.messages[0].contains("d/latest/1.parquet"), "{fault}");
    }
}
