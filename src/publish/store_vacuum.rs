//! Vacuum of an object store: the releases that no rule keeps, and the files that only they named.
//!
//! Nothing locks a store, so what another run may be about to name stays: a file that no release names is removed only once it
//! is older than any run takes from sending its files to its commit, and nothing is removed where another release has become
//! current meanwhile.

use super::release::{Release, is_id};
use super::retention::{Candidate, Retention};
use super::store::{POINTER, ReleaseStore, manifest_there, tag_there};
use crate::error::{Error, Kind, Result};
use crate::storage::Listed;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// How long files stay that no release names.
const UNNAMED_STAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ReleaseStore {
    /// Says in the store too that no vacuum removes a release, or, without a tag, takes that back.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    pub fn tag(&self, id: &str, tag: Option<&str>) -> Result<()> {
        let name = tag_there(id);
        let done = match tag {
            Some(tag) => self.target.put(&name, Bytes::from(format!("{tag}\n"))),
            None => self.target.remove(&[name]),
        };
        done.map_err(|fault| self.failed(&fault))
    }

    /// Removes the releases that no rule keeps, and the files that no remaining one names. Returns their ids, oldest first.
    ///
    /// # Errors
    /// The store does not answer, or refuses; a release that is kept cannot be read, so that its files are not known.
    pub fn vacuum(&self, retention: Retention) -> Result<Vec<String>> {
        let Some((text, stamp)) = self.target.read(POINTER).map_err(|fault| self.failed(&fault))? else {
            return Ok(Vec::new());
        };
        let current = self.parsed(POINTER, &text)?;
        let listed = self.target.list().map_err(|fault| self.failed(&fault))?;
        let again = self.target.read(POINTER).map_err(|fault| self.failed(&fault))?;
        if again.is_none_or(|(_, found)| found != stamp) {
            return Ok(Vec::new());
        }
        let (kept, removed) = sorted_out(&listed, &current.id, retention);
        let mut named: BTreeSet<String> = current.all_files().iter().map(|file| file.path.clone()).collect();
        for id in kept.into_iter().filter(|id| **id != *current.id) {
            named.extend(self.release(id)?.all_files().into_iter().map(|file| file.path.clone()));
        }
        let manifests: Vec<String> = removed.iter().map(|id| manifest_there(id)).collect();
        self.target.remove(&manifests).map_err(|fault| self.failed(&fault))?;
        let is_left = |object: &&Listed| {
            object.name.starts_with("tables/") && !named.contains(&object.name) && age(object) > UNNAMED_STAY
        };
        let left: Vec<String> = listed.iter().filter(is_left).map(|object| object.name.clone()).collect();
        self.target.remove(&left).map_err(|fault| self.failed(&fault))?;
        Ok(removed.into_iter().map(str::to_owned).collect())
    }

    fn release(&self, id: &str) -> Result<Release> {
        let name = manifest_there(id);
        let read = self.target.read(&name).map_err(|fault| self.failed(&fault))?;
        let (text, _) = read.ok_or_else(|| self.failed(&std::io::Error::other(format!("{name} is gone"))))?;
        self.parsed(&name, &text)
    }

    fn parsed(&self, name: &str, text: &[u8]) -> Result<Release> {
        Release::parse(&self.target.location().below(name).path(), text)
    }

    fn failed(&self, fault: &std::io::Error) -> Error {
        let store = self.target.location().path();
        Error::new(Kind::Store, format!("{}: {fault}", store.display()))
    }
}

/// Ids of the releases that stay, and of those that go, oldest first.
fn sorted_out<'l>(listed: &'l [Listed], current: &str, retention: Retention) -> (Vec<&'l str>, Vec<&'l str>) {
    let releases: BTreeMap<&str, &Listed> =
        listed.iter().filter_map(|object| Some((id_of(object, ".json")?, object))).collect();
    let tagged: BTreeSet<&str> = listed.iter().filter_map(|object| id_of(object, ".tag")).collect();
    let candidate = |(id, object): (&&'l str, &&Listed)| Candidate {
        id,
        is_current: *id == current,
        is_tagged: tagged.contains(id),
        since_replaced: Some(age(object)),
    };
    let keeps = retention.keeps(&releases.iter().map(candidate).collect::<Vec<_>>());
    let (kept, removed): (Vec<_>, Vec<_>) = releases.into_keys().zip(keeps).partition(|(_, keeps)| *keeps);
    let ids = |some: Vec<(&'l str, bool)>| some.into_iter().map(|(id, _)| id).collect();
    (ids(kept), ids(removed))
}

fn id_of<'l>(object: &'l Listed, ending: &str) -> Option<&'l str> {
    object.name.strip_prefix("releases/")?.strip_suffix(ending).filter(|id| is_id(id))
}

/// How long ago an object was put; no time, if the store's clock is ahead.
fn age(object: &Listed) -> Duration {
    SystemTime::now().duration_since(object.modified).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::store_in_memory::{StoreInMemory, home, release};
    use crate::publish::{PublishedFile, PublishedTable};

    /// A release of one table with a file of its own and one that every release has.
    fn publish(memory: &StoreInMemory, day: u32) -> String {
        let (folder, home) = home();
        let mut files = Vec::new();
        for text in ["same".to_owned(), format!("of day {day}")] {
            let blake3 = blake3::hash(text.as_bytes()).to_string();
            let path = format!("{blake3}.parquet");
            std::fs::write(folder.path().join(&path), &text).unwrap();
            files.push(PublishedFile {
                path,
                bytes: text.len() as u64,
                blake3,
                partition: None,
                rows: 1,
                recipe: None,
            });
        }
        let table = PublishedTable { grain: String::new(), partition: None, columns: Vec::new(), files };
        let id = format!("202501{day:02}T000000Z-00000{day}");
        let made = Release { tables: [("sales".to_owned(), table)].into(), ..release(&id) };
        memory.store().unwrap().publish(&home, &made).unwrap();
        id
    }

    fn releases(memory: &StoreInMemory) -> Vec<String> {
        memory.names().into_iter().filter(|name| name.starts_with("releases/")).collect()
    }

    fn files(memory: &StoreInMemory) -> usize {
        memory.names().iter().filter(|name| name.starts_with("tables/")).count()
    }

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn releases_go_by_the_rules_and_their_files_a_day_later() {
        let memory = StoreInMemory::new();
        let ids: Vec<String> = (1..=4).map(|day| publish(&memory, day)).collect();
        let vacuum = || memory.store().unwrap().vacuum(Retention::newest(2)).unwrap();
        assert_eq!(vacuum(), ids[..2]);
        assert_eq!(releases(&memory), [manifest_there(&ids[2]), manifest_there(&ids[3])]);
        assert_eq!(files(&memory), 5, "another run may be about to name them");
        memory.wait(25 * HOUR);
        assert_eq!(vacuum(), Vec::<String>::new());
        assert_eq!(files(&memory), 3);
    }

    #[test]
    fn what_was_replaced_a_moment_ago_stays_for_its_readers() {
        let memory = StoreInMemory::new();
        let first = publish(&memory, 1);
        memory.wait(10 * HOUR);
        publish(&memory, 2);
        let retention = Retention { grace: HOUR, ..Retention::newest(1) };
        assert_eq!(memory.store().unwrap().vacuum(retention).unwrap(), Vec::<String>::new());
        memory.wait(2 * HOUR);
        assert_eq!(memory.store().unwrap().vacuum(retention).unwrap(), [first]);
    }

    #[test]
    fn tagged_releases_stay_until_their_tag_is_taken_away() {
        let memory = StoreInMemory::new();
        let first = publish(&memory, 1);
        publish(&memory, 2);
        let store = memory.store().unwrap();
        store.tag(&first, Some("audit")).unwrap();
        assert!(store.vacuum(Retention::newest(1)).unwrap().is_empty());
        store.tag(&first, None).unwrap();
        assert_eq!(store.vacuum(Retention::newest(1)).unwrap(), [first]);
    }

    #[test]
    fn nothing_goes_while_another_release_becomes_current() {
        let memory = StoreInMemory::new();
        (1..=3).for_each(|day| drop(publish(&memory, day)));
        let before = memory.names();
        let store = memory.store().unwrap();
        let (text, _) = store.target.read(POINTER).unwrap().unwrap();
        *memory.meanwhile.lock().unwrap() = Some(text);
        assert_eq!(store.vacuum(Retention::newest(1)).unwrap(), Vec::<String>::new());
        assert_eq!(memory.names(), before);
        assert_eq!(store.vacuum(Retention::newest(1)).unwrap().len(), 2);
    }

    #[test]
    fn a_release_that_cannot_be_read_keeps_every_file() {
        let memory = StoreInMemory::new();
        let first = publish(&memory, 1);
        publish(&memory, 2);
        memory.wait(25 * HOUR);
        let store = memory.store().unwrap();
        store.target.put(&manifest_there(&first), Bytes::from_static(b"{}")).unwrap();
        let before = memory.names();
        let fault = store.vacuum(Retention::newest(2)).unwrap_err();
        assert!(fault.messages[0].contains(&manifest_there(&first)), "{fault}");
        assert_eq!(memory.names(), before);
    }
}
