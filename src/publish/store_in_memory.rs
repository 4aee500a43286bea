//! A store in memory, for tests: objects with their generations and times. It may ignore conditions, and lose answers.

use super::home::Home;
use super::release::Release;
use super::store::ReleaseStore;
use crate::error::Result;
use crate::storage::{Listed, Location, Put, Sending, Stamp, Target};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

#[derive(Debug, Clone)]
pub(super) struct StoreInMemory {
    at: Location,
    objects: Arc<Mutex<BTreeMap<String, Stored>>>,
    is_deaf: bool,
    /// Puts whose answers are lost from now on.
    pub(super) lost_answers: Arc<Mutex<u32>>,
    /// What another run makes `release.json` while the next listing is under way.
    pub(super) meanwhile: Arc<Mutex<Option<Bytes>>>,
}

#[derive(Debug, Clone)]
struct Stored {
    bytes: Bytes,
    generation: u64,
    modified: SystemTime,
}

impl StoreInMemory {
    pub(super) fn new() -> Self {
        let at = Location::of(Path::new("s3://test/out")).unwrap();
        Self {
            at,
            objects: Arc::default(),
            is_deaf: false,
            lost_answers: Arc::default(),
            meanwhile: Arc::default(),
        }
    }

    /// One that ignores conditions.
    pub(super) fn deaf() -> Self {
        Self { is_deaf: true, ..Self::new() }
    }

    pub(super) fn store(&self) -> Result<ReleaseStore> {
        ReleaseStore::of(Box::new(self.clone()))
    }

    /// The release that is current.
    pub(super) fn current(&self) -> String {
        let objects = self.objects.lock().unwrap();
        Release::parse(Path::new("release.json"), &objects["release.json"].bytes).unwrap().id
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    /// As if so much time had gone by.
    pub(super) fn wait(&self, time: Duration) {
        self.objects.lock().unwrap().values_mut().for_each(|stored| stored.modified -= time);
    }
}

fn stamp(generation: u64) -> Stamp {
    Stamp { tag: None, generation: Some(generation.to_string()) }
}

impl Target for StoreInMemory {
    fn location(&self) -> &Location {
        &self.at
    }

    fn read(&self, name: &str) -> io::Result<Option<(Bytes, Stamp)>> {
        let objects = self.objects.lock().unwrap();
        Ok(objects.get(name).map(|stored| (stored.bytes.clone(), stamp(stored.generation))))
    }

    fn put(&self, name: &str, bytes: Bytes) -> io::Result<()> {
        let mut objects = self.objects.lock().unwrap();
        let generation = objects.get(name).map_or(1, |stored| stored.generation + 1);
        objects.insert(name.to_owned(), Stored { bytes, generation, modified: SystemTime::now() });
        Ok(())
    }

    fn put_if(&self, name: &str, bytes: Bytes, replaced: Option<&Stamp>) -> io::Result<Put> {
        let mut objects = self.objects.lock().unwrap();
        let found = objects.get(name).map(|stored| stored.generation);
        if !self.is_deaf && found.map(stamp).as_ref() != replaced {
            return Ok(Put::Lost);
        }
        let generation = found.unwrap_or(0) + 1;
        objects.insert(name.to_owned(), Stored { bytes, generation, modified: SystemTime::now() });
        let mut lost = self.lost_answers.lock().unwrap();
        if *lost > 0 {
            *lost -= 1;
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Put::Done)
    }

    fn remove(&self, names: &[String]) -> io::Result<()> {
        let mut objects = self.objects.lock().unwrap();
        names.iter().for_each(|name| drop(objects.remove(name)));
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        if let Some(text) = self.meanwhile.lock().unwrap().take() {
            self.put("release.json", text)?;
        }
        let objects = self.objects.lock().unwrap();
        let listed =
            |(name, stored): (&String, &Stored)| Listed { name: name.clone(), modified: stored.modified };
        Ok(objects.iter().map(listed).collect())
    }

    fn send(&self, files: &[Sending], _fresh: Duration) -> io::Result<()> {
        files.iter().try_for_each(|file| self.put(&file.name, std::fs::read(&file.path)?.into()))
    }
}

/// A release without tables.
pub(super) fn release(id: &str) -> Release {
    Release { format: 1, id: id.to_owned(), ..Release::default() }
}

/// An out folder.
pub(super) fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path()).unwrap();
    (folder, home)
}
