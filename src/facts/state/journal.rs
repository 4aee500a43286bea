//! A write-ahead journal of the facts: what a run has finished, so that the run after one that died goes on from there.
//! What it lists is known by the digests of all it was made of, like what a release lists; it is a cache, and a line that
//! cannot be read, or is not what was written, is as if it were not there.

use super::record::{FileAccount, PeriodRuns};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What runs since the last release have finished.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// Periods, in the order they were finished.
    pub(crate) periods: Vec<PeriodRuns>,
    /// Files that were read whole.
    pub(crate) files: Vec<FileAccount>,
    /// `inputs` of periods that have no row.
    pub(crate) empty: BTreeSet<String>,
}

/// A journal that is being written.
pub(crate) struct Journal(Mutex<Option<File>>);

/// One line of it, as JSON.
#[derive(Serialize, Deserialize)]
enum Entry<P, F> {
    Period(P),
    File(F),
    Empty(BTreeSet<String>),
}

impl Finished {
    /// By the folder of the kept facts.
    pub(crate) fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(path(folder)).unwrap_or_default();
        let mut finished = Self::default();
        for entry in text.lines().filter_map(entry_of).filter_map(|entry| serde_json::from_str(entry).ok()) {
            match entry {
                Entry::Period(runs) => finished.periods.push(runs),
                Entry::File(account) => finished.files.push(account),
                Entry::Empty(inputs) => finished.empty.extend(inputs),
            }
        }
        finished
    }
}

impl Journal {
    /// Goes on with the journal there is. Where none can be written, a run that dies is not resumed.
    pub(crate) fn open(folder: &Path) -> Self {
        Self(Mutex::new(File::options().create(true).append(true).open(path(folder)).ok()))
    }

    pub(crate) fn note_period(&self, runs: &PeriodRuns) {
        self.note(&Entry::<_, ()>::Period(runs));
    }

    pub(crate) fn note_file(&self, account: &FileAccount) {
        self.note(&Entry::<(), _>::File(account));
    }

    pub(crate) fn note_empty(&self, inputs: &BTreeSet<String>) {
        self.note(&Entry::<(), ()>::Empty(inputs.clone()));
    }

    /// A whole line at once, so that lines of several threads do not mix.
    fn note<E: Serialize>(&self, entry: &E) {
        let entry = serde_json::to_string(entry).expect("an entry is plain JSON");
        let line = format!("{} {entry}\n", blake3::hash(entry.as_bytes()));
        let mut file = self.0.lock().expect("no writer of the journal panics");
        if file.as_mut().is_some_and(|file| file.write_all(line.as_bytes()).is_err()) {
            *file = None;
        }
    }
}

/// The entry of a line, if it is what was written: a line begins with the digest of its entry.
fn entry_of(line: &str) -> Option<&str> {
    let (digest, entry) = line.split_once(' ')?;
    (digest == blake3::hash(entry.as_bytes()).to_string()).then_some(entry)
}

/// Removes the journal: a release lists what it lists, or everything is to be made again.
pub fn forget_finished(folder: &Path) {
    // A journal that stays is read again, and changes nothing.
    let _ = fs::remove_file(path(folder));
}

/// Beside the folder, in which every file is kept state.
fn path(folder: &Path) -> PathBuf {
    folder.with_extension("journal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::schema::{Identity, RowCounts};

    #[test]
    fn a_line_that_was_cut_or_changed_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let facts = folder.path().join("facts");
        let account = |name: &str| FileAccount {
            source: name.to_owned(),
            file: Identity {
                path: "a.parquet".to_owned(),
                size: 1,
                modified: 2,
                version: None,
                digest: "d".to_owned(),
                verified: false,
            },
            rules: "r".to_owned(),
            counts: RowCounts::default(),
            quarantine: None,
            mistakes: Vec::new(),
        };
        for name in ["first", "second"] {
            Journal::open(&facts).note_file(&account(name));
        }
        let text = fs::read_to_string(path(&facts)).unwrap();
        fs::write(path(&facts), &text[..text.len() - 4]).unwrap();
        assert_eq!(Finished::read(&facts).files, [account("first")]);
        fs::write(path(&facts), text.replacen("\"size\":1", "\"size\":7", 1)).unwrap();
        assert_eq!(Finished::read(&facts).files, [account("second")]);
        forget_finished(&facts);
        assert!(Finished::read(&facts).files.is_empty());
    }
}
