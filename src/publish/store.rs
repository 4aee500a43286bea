//! Releases in an object store: the same files, laid out by table, and a `release.json` of its own that alone commits there.
//!
//! ```text
//! <store>/release.json                                          the commit: which release is current there, its files
//! <store>/tables/<table>/<key>=<value>/<table>-<digest>.parquet named by what they hold, so that they are sent once
//! <store>/releases/<id>.json                                    what release.json says while the release is current
//! <store>/releases/<id>.tag                                     why no vacuum removes it
//! <store>/views.sql                                             a convenience, derived from release.json
//! ```
//!
//! The release was committed in the out folder, where state and staging lie. Its files follow, and then `release.json` is put
//! in the place of the one that was read when the run began: under that condition one of several writers wins, and the others
//! say so. A put whose outcome is not known is read back, and never cleaned up: the object may arrive late.

use super::home::Home;
use super::release::{PublishedFile, Release};
use super::views;
use crate::error::{Error, Kind, Result};
use crate::storage::{Put, Sending, Stamp, Target, target_of};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The folder of a store that releases are published to, as it was when the run began.
#[derive(Debug)]
pub struct ReleaseStore {
    pub(super) target: Box<dyn Target>,
    base: Option<Base>,
}

/// The release that is current in a store, which version of its `release.json` that is, and the document.
#[derive(Debug)]
struct Base {
    release: Release,
    stamp: Stamp,
    text: Bytes,
}

/// What a store was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The store's folder.
    pub store: String,
    /// Files that it did not have.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

pub(super) const POINTER: &str = "release.json";

impl ReleaseStore {
    /// Looks at a store, and tries whether it keeps conditions of puts: else two runs could both believe to have published.
    ///
    /// # Errors
    /// It cannot be reached or written, holds what is no release, or ignores conditions.
    pub fn open(address: &Path) -> Result<Self> {
        let target = target_of(address).map_err(|fault| Error::io(Kind::Input, address, &fault))?;
        Self::of(target)
    }

    pub(super) fn of(target: Box<dyn Target>) -> Result<Self> {
        let at = target.location().below(POINTER).path();
        let read = target.read(POINTER).map_err(|fault| Error::io(Kind::Input, &at, &fault))?;
        let parsed = |(text, stamp): (Bytes, Stamp)| {
            Ok::<_, Error>(Base { release: Release::parse(&at, &text)?, stamp, text })
        };
        let base = read.map(parsed).transpose()?;
        let trial = format!(
            ".trial-{}",
            blake3::hash(format!("{:?} {}", chrono::Utc::now(), std::process::id()).as_bytes())
        );
        let keeps = keeps_conditions(&*target, &trial);
        // Nobody reads it; a store that lets nothing be removed is not refused for it.
        let _ = target.remove(&[trial]);
        match keeps.map_err(|fault| Error::io(Kind::Input, &target.location().path(), &fault))? {
            true => Ok(Self { target, base }),
            false => Err(Error::input(format!(
                "{}: the store ignores conditions of puts (If-None-Match, If-Match), so that of two runs at once both would \
                 believe to have published; publish to one that keeps them, or without 'store' in [publish]",
                target.location().path().display()
            ))),
        }
    }

    /// Makes a release of the out folder current in the store; nothing, where it is.
    ///
    /// # Errors
    /// Of the kind [`Kind::Store`]: the release is committed in the out folder, and the next run sends what is missing.
    pub fn publish(&self, home: &Home, release: &Release) -> Result<Sent> {
        let left = format!(
            "release {} is complete in {}; run again to publish it there",
            release.id,
            home.path().display()
        );
        let failed = |fault: io::Error| {
            let store = self.target.location().path();
            Error::new(Kind::Store, format!("{}: {fault}; {left}", store.display()))
        };
        let there = self.there(release);
        let mut sent =
            Sent { store: self.target.location().path().display().to_string(), files: 0, bytes: 0 };
        let views = Bytes::from(views::sql(&self.target.location().path(), &there));
        if self.base.as_ref().is_some_and(|base| base.release.id == release.id) {
            if self.target.read("views.sql").map_err(failed)?.is_none_or(|(text, _)| text != views) {
                home.or_warn(self.target.put("views.sql", views).map_err(failed));
            }
            return Ok(sent);
        }
        let missing = self.missing(home, release);
        self.target.send(&missing, FRESH).map_err(failed)?;
        (sent.files, sent.bytes) = (missing.len(), missing.iter().map(|file| file.bytes).sum());
        let manifest = Bytes::from(there.to_json());
        if let Some(tag) = &release.tag {
            self.target.put(&tag_there(&release.id), format!("{tag}\n").into()).map_err(failed)?;
        }
        self.note_replaced().map_err(failed)?;
        let base = self.base.as_ref().map(|base| &base.stamp);
        let winner = match self.put_known(&manifest_there(&release.id), &manifest, None).map_err(failed)? {
            Put::Done => self.put_known(POINTER, &manifest, base).map_err(failed)?,
            Put::Lost => Put::Lost,
        };
        if winner == Put::Lost {
            let other = self.target.read(POINTER).ok().flatten();
            let other = other.and_then(|(text, _)| Release::parse(Path::new(POINTER), &text).ok());
            let other =
                other.map_or_else(|| "another release".to_owned(), |other| format!("release {}", other.id));
            return Err(failed(io::Error::other(format!(
                "another run has published {other} there meanwhile"
            ))));
        }
        // After the commit there are only warnings.
        home.or_warn(self.target.put("views.sql", views).map_err(failed));
        Ok(sent)
    }

    /// The release with its files as the store has them.
    fn there(&self, release: &Release) -> Release {
        let mut there = Release { digest: String::new(), delta: Default::default(), ..release.clone() };
        for (name, table) in &mut there.tables {
            for file in &mut table.files {
                file.path = path_there(name, file);
            }
        }
        there
    }

    /// Files that the store's current release does not have.
    fn missing(&self, home: &Home, release: &Release) -> Vec<Sending> {
        let base = self.base.iter().flat_map(|base| base.release.all_files());
        let known: BTreeSet<&str> = base.map(|file| file.path.as_str()).collect();
        let mut missing = Vec::new();
        for (name, table) in &release.tables {
            for file in &table.files {
                let there = path_there(name, file);
                if !known.contains(there.as_str()) {
                    missing.push(Sending {
                        name: there,
                        path: home.path().join(&file.path),
                        bytes: file.bytes,
                        blake3: file.blake3.clone(),
                    });
                }
            }
        }
        missing
    }

    /// Puts the manifest of the release that will cease to be current again, so that its time says when that was: readers'
    /// grace counts from there. Where it is not as it was it stays, for another run may have removed it meanwhile.
    fn note_replaced(&self) -> io::Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        let name = manifest_there(&base.release.id);
        match self.target.read(&name)? {
            Some((_, stamp)) => self.target.put_if(&name, base.text.clone(), Some(&stamp)).map(drop),
            None => Ok(()),
        }
    }

    /// Puts under a condition, and reads back what became of a put whose outcome is not known, or that another copy of it
    /// may have won: requests are made again after faults.
    fn put_known(&self, name: &str, bytes: &Bytes, base: Option<&Stamp>) -> io::Result<Put> {
        let mut put = self.target.put_if(name, bytes.clone(), base);
        for _ in 0..TRIES {
            if matches!(put, Ok(Put::Done)) {
                return put;
            }
            if self.target.read(name)?.is_some_and(|(found, _)| found == *bytes) {
                return Ok(Put::Done);
            }
            if put.is_ok() {
                return put;
            }
            // It may be on its way still; the same condition holds for both, so that one of them arrives at most.
            put = self.target.put_if(name, bytes.clone(), base);
        }
        put
    }
}

/// A file that is there for longer is put again by a release that wants it; well below the time that a vacuum leaves a file
/// that no release names.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Puts of which nobody says what became of them.
const TRIES: usize = 3;

/// Where a file lies in the store: named by its content, of which 128 bits of the digest say enough.
fn path_there(table: &str, file: &PublishedFile) -> String {
    let digest = file.blake3.get(..32).unwrap_or(&file.blake3);
    let folders = file.path.split('/').filter(|name| name.contains('='));
    let folders: String = folders.map(|name| format!("{name}/")).collect();
    format!("tables/{table}/{folders}{table}-{digest}.parquet")
}

/// What `release.json` says while a release is current.
pub(super) fn manifest_there(id: &str) -> String {
    format!("releases/{id}.json")
}

/// Why no vacuum removes a release.
pub(super) fn tag_there(id: &str) -> String {
    format!("releases/{id}.tag")
}

/// Whether a second object of a name is refused, and one in the place of a version that is gone.
fn keeps_conditions(target: &dyn Target, trial: &str) -> io::Result<bool> {
    let text = |which: &'static str| Bytes::from_static(which.as_bytes());
    let again = target.put_if(trial, text("first"), None);
    // The first try may have been made twice, so that only what is there counts.
    let Some((found, first)) = target.read(trial)? else {
        return again.map(|_| false);
    };
    if found != text("first") || target.put_if(trial, text("second"), None)? == Put::Done {
        return Ok(false);
    }
    target.put_if(trial, text("third"), Some(&first))?;
    // That version is gone now, whether it went with the third or with a copy of it.
    let lost = target.put_if(trial, text("fourth"), Some(&first))?;
    Ok(lost == Put::Lost && target.read(trial)?.is_some_and(|(found, _)| found == text("third")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::store_in_memory::{StoreInMemory, home, release};

    #[test]
    fn of_eight_writers_at_once_one_wins_each_time() {
        let (_folder, home) = home();
        let memory = StoreInMemory::new();
        for round in 0..20 {
            let writers: Vec<ReleaseStore> = (0..8).map(|_| memory.store().unwrap()).collect();
            let publish = |writer: usize, store: &ReleaseStore| {
                let id = format!("{round}-{writer}");
                store.publish(&home, &release(&id)).map(|_| id)
            };
            let publish = &publish;
            let outcomes: Vec<Result<String>> = std::thread::scope(|scope| {
                let writers = writers.iter().enumerate();
                let started: Vec<_> =
                    writers.map(|(writer, store)| scope.spawn(move || publish(writer, store))).collect();
                started.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let winners: Vec<&String> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
            assert_eq!(winners, [&memory.current()]);
            for loser in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
                assert_eq!(loser.exit_code(), 7);
                assert!(loser.messages[0].contains("another run has published release"), "{loser}");
            }
        }
    }

    #[test]
    fn a_put_that_arrived_without_an_answer_is_read_back() {
        let (_folder, home) = home();
        let memory = StoreInMemory::new();
        let store = memory.store().unwrap();
        *memory.lost_answers.lock().unwrap() = 2;
        store.publish(&home, &release("a")).unwrap();
        assert_eq!(*memory.lost_answers.lock().unwrap(), 0, "both were lost");
        assert_eq!(memory.current(), "a");
    }

    #[test]
    fn a_store_that_ignores_conditions_is_refused_by_name() {
        let deaf = StoreInMemory::deaf();
        let fault = deaf.store().unwrap_err();
        assert_eq!(fault.exit_code(), 4);
        assert!(fault.messages[0].starts_with("s3://test/out: the store ignores conditions"), "{fault}");
        assert!(deaf.names().is_empty(), "the trial is removed");
    }

    #[test]
    fn what_is_current_in_the_store_is_not_sent_again() {
        let (_folder, home) = home();
        let memory = StoreInMemory::new();
        memory.store().unwrap().publish(&home, &release("a")).unwrap();
        let before = memory.names();
        let sent = memory.store().unwrap().publish(&home, &release("a")).unwrap();
        assert_eq!((sent.files, before), (0, memory.names()));
    }
}
