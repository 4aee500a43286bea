//! A folder of a bucket that is published to, by puts that the services make conditional.

use super::again::again;
use super::client::client;
use super::fault::meaning;
use super::object::key_of;
use super::runtime::wait;
use crate::storage::location::Location;
use crate::storage::{Listed, Put, Sending, Stamp, Target};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path as Key;
use object_store::{
    Error as Fault, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion,
    WriteMultipart,
};
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A folder of a bucket.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    at: Location,
    client: Arc<dyn ObjectStore>,
}

/// Of larger files so much is in memory at once, and is sent by itself.
const PART: usize = 16 << 20;

/// Requests on their way at once.
const AT_ONCE: usize = 8;

impl Folder {
    /// The folder of an address.
    ///
    /// # Errors
    /// The environment's settings make no client.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let at = super::at(path)?;
        Ok(Self { client: client(&at)?, at })
    }

    fn key(&self, name: &str) -> Result<Key> {
        key_of(&self.at.below(name))
    }

    fn explained(&self, fault: &Fault) -> Error {
        meaning(fault, &self.at)
    }

    async fn send_one(&self, file: &Sending, fresh: Duration) -> Result<()> {
        let key = self.key(&file.name)?;
        let mut source = Source { file: File::open(&file.path)?, hasher: blake3::Hasher::new() };
        let first = source.part()?;
        if (first.len() as u64) < file.bytes {
            return self.send_parts(&key, source, first, file).await;
        }
        source.check(file)?;
        let put = async |mode: PutMode| {
            again(|| self.client.put_opts(&key, first.clone().into(), mode.clone().into())).await
        };
        let mut sent = put(PutMode::Create).await;
        if matches!(sent, Err(Fault::AlreadyExists { .. } | Fault::Precondition { .. })) {
            if self.is_fresh(&key, fresh).await? {
                return Ok(());
            }
            sent = put(PutMode::Overwrite).await;
        }
        sent.map(drop).map_err(|fault| self.explained(&fault))
    }

    async fn is_fresh(&self, key: &Key, fresh: Duration) -> Result<bool> {
        let found = again(|| self.client.head(key)).await.map_err(|fault| self.explained(&fault))?;
        let put = SystemTime::from(found.last_modified);
        Ok(SystemTime::now().duration_since(put).is_ok_and(|age| age <= fresh))
    }

    async fn remove_one(&self, name: &str) -> Result<()> {
        let key = self.key(name)?;
        match again(|| self.client.delete(&key)).await {
            Ok(()) | Err(Fault::NotFound { .. }) => Ok(()),
            Err(fault) => Err(self.explained(&fault)),
        }
    }

    async fn send_parts(&self, key: &Key, mut source: Source, first: Bytes, file: &Sending) -> Result<()> {
        let explained = |fault: Fault| self.explained(&fault);
        let upload = self.client.put_multipart(key).await.map_err(explained)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut part = first;
        while !part.is_empty() {
            upload.wait_for_capacity(2).await.map_err(explained)?;
            upload.put(part);
            part = source.part()?;
        }
        if let Err(fault) = source.check(file) {
            // What was sent is no object before it is finished.
            let _ = upload.abort().await;
            return Err(fault);
        }
        upload.finish().await.map(drop).map_err(explained)
    }
}

impl Target for Folder {
    fn location(&self) -> &Location {
        &self.at
    }

    fn read(&self, name: &str) -> Result<Option<(Bytes, Stamp)>> {
        let key = self.key(name)?;
        let read = async || {
            let result = self.client.get_opts(&key, GetOptions::default()).await?;
            let stamp = Stamp { tag: result.meta.e_tag.clone(), generation: result.meta.version.clone() };
            Ok((result.bytes().await?, stamp))
        };
        match wait(again(read))? {
            Ok(read) => Ok(Some(read)),
            Err(fault) => match self.explained(&fault) {
                explained if explained.kind() == ErrorKind::NotFound => Ok(None),
                explained => Err(explained),
            },
        }
    }

    fn put(&self, name: &str, bytes: Bytes) -> Result<()> {
        let key = self.key(name)?;
        wait(again(|| self.client.put(&key, bytes.clone().into())))?
            .map(drop)
            .map_err(|fault| self.explained(&fault))
    }

    fn put_if(&self, name: &str, bytes: Bytes, replaced: Option<&Stamp>) -> Result<Put> {
        let key = self.key(name)?;
        let version =
            |stamp: &Stamp| UpdateVersion { e_tag: stamp.tag.clone(), version: stamp.generation.clone() };
        let mode = replaced.map_or(PutMode::Create, |stamp| PutMode::Update(version(stamp)));
        let put = || self.client.put_opts(&key, bytes.clone().into(), PutOptions::from(mode.clone()));
        match wait(again(put))? {
            Ok(_) => Ok(Put::Done),
            Err(Fault::AlreadyExists { .. } | Fault::Precondition { .. }) => Ok(Put::Lost),
            Err(fault) => Err(self.explained(&fault)),
        }
    }

    fn remove(&self, names: &[String]) -> Result<()> {
        let removals = stream::iter(names).map(|name| self.remove_one(name)).buffer_unordered(AT_ONCE);
        wait(removals.try_collect::<()>())?
    }

    fn list(&self) -> Result<Vec<Listed>> {
        let prefix = key_of(&self.at)?;
        let list = || {
            self.client.list((!self.at.key.is_empty()).then_some(&prefix)).try_collect::<Vec<ObjectMeta>>()
        };
        let objects = wait(again(list))?.map_err(|fault| self.explained(&fault))?;
        let listed = |object: ObjectMeta| {
            let name = object.location.as_ref().strip_prefix(prefix.as_ref())?.trim_start_matches('/');
            Some(Listed { name: name.to_owned(), modified: object.last_modified.into() })
        };
        Ok(objects.into_iter().filter_map(listed).collect())
    }

    fn send(&self, files: &[Sending], fresh: Duration) -> Result<()> {
        let sends = stream::iter(files).map(|file| self.send_one(file, fresh)).buffer_unordered(AT_ONCE);
        wait(sends.try_collect::<()>())?
    }
}

/// A file that is read part by part, and digested.
struct Source {
    file: File,
    hasher: blake3::Hasher,
}

impl Source {
    /// The next part; empty at the end.
    fn part(&mut self) -> Result<Bytes> {
        let mut part = Vec::new();
        (&self.file).take(PART as u64).read_to_end(&mut part)?;
        self.hasher.update(&part);
        Ok(part.into())
    }

    /// What goes out is what the release's manifest says.
    fn check(&self, file: &Sending) -> Result<()> {
        if self.hasher.finalize().to_string() == file.blake3 {
            return Ok(());
        }
        let path = file.path.display();
        Err(Error::other(format!(
            "{path} is damaged: its bytes are not those that were published; run again with --republish"
        )))
    }
}
