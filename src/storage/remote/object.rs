//! An object as it was when it was opened: every request asks for that version alone, so that no read mixes two.

use super::again::again;
use super::ahead::Ahead;
use super::fault::meaning;
use super::groups::Groups;
use super::runtime::{runtime, wait};
use crate::memory::MemoryBudget;
use crate::storage::location::{Location, Service};
use crate::storage::{Head, Object};
use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{
    GetOptions, GetRange, GetResult, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, ObjectStoreExt,
    coalesce_ranges,
};
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A version of an object, and how to reach it.
#[derive(Debug)]
pub(super) struct Version {
    at: Location,
    client: Arc<dyn ObjectStore>,
    key: Key,
    meta: ObjectMeta,
    head: Head,
    /// Why it cannot be read any more, since the first read that failed.
    fault: OnceLock<(ErrorKind, String)>,
    ahead: Mutex<Vec<Ahead>>,
}

/// An open object.
#[derive(Debug)]
pub(super) struct RemoteObject {
    version: Arc<Version>,
    /// What was read last by who reads on from a place: at first its end, where footers are.
    window: Mutex<(u64, Bytes)>,
}

/// Read with the first request: footers are mostly shorter, and so are the files of small sources.
const TAIL: u64 = 128 << 10;

/// Read on from a place at once: a request takes as long as some megabytes.
const WINDOW: usize = 4 << 20;

impl RemoteObject {
    /// Opens an object with one request, or two where a service or an empty object asks for it.
    ///
    /// # Errors
    /// It does not exist or may not be read, or the store is out of reach.
    pub(super) fn open(at: &Location, client: Arc<dyn ObjectStore>) -> Result<Self> {
        let key = key_of(at)?;
        let failed = |fault: object_store::Error| meaning(&fault, at);
        let end = async || {
            // Azure serves no last bytes.
            if at.service != Service::Azure {
                match client.get_opts(&key, ranged(GetRange::Suffix(TAIL))).await {
                    Err(fault) if has_no_last_bytes(&fault) => {}
                    result => return end_of(result?).await,
                }
            }
            let meta = client.head(&key).await?;
            if meta.size == 0 {
                return Ok((meta, 0, Bytes::new()));
            }
            let start = meta.size.saturating_sub(TAIL);
            let mut options = ranged(GetRange::Bounded(start..meta.size));
            options.if_match.clone_from(&meta.e_tag);
            end_of(client.get_opts(&key, options).await?).await
        };
        let read = wait(again(end))?;
        let (meta, start, tail) = read.map_err(failed)?;
        let version = Version {
            at: at.clone(),
            client,
            key,
            head: head_of(&meta),
            meta,
            fault: OnceLock::new(),
            ahead: Mutex::default(),
        };
        Ok(Self { version: Arc::new(version), window: Mutex::new((start, tail)) })
    }
}

/// The key of an object as the store writes it.
pub(super) fn key_of(at: &Location) -> Result<Key> {
    Key::parse(&at.key).map_err(|fault| Error::new(ErrorKind::InvalidInput, fault.to_string()))
}

fn ranged(range: GetRange) -> GetOptions {
    GetOptions { range: Some(range), ..GetOptions::default() }
}

/// Nothing has none, and a service may give all bytes where it is asked for some.
fn has_no_last_bytes(fault: &object_store::Error) -> bool {
    let text = fault.to_string();
    text.contains("status code: 416") || text.contains("non-partial response")
}

async fn end_of(result: GetResult) -> object_store::Result<(ObjectMeta, u64, Bytes)> {
    let (meta, start) = (result.meta.clone(), result.range.start);
    Ok((meta, start, result.bytes().await?))
}

/// Size and version; the time of change is part of no identity, for the version says more.
pub(super) fn head_of(meta: &ObjectMeta) -> Head {
    let version = meta.e_tag.as_ref().or(meta.version.as_ref());
    let version = version.map_or_else(|| meta.last_modified.to_rfc3339(), Clone::clone);
    Head { size: meta.size, modified: 0, file: [0; 2], version: Some(version.into()), is_folder: false }
}

impl Version {
    /// Exactly this range of this version.
    async fn range(&self, range: Range<u64>) -> object_store::Result<Bytes> {
        let length = range.end - range.start;
        let mut options = ranged(GetRange::Bounded(range));
        match &self.meta.e_tag {
            Some(tag) => options.if_match = Some(tag.clone()),
            None => options.if_unmodified_since = Some(self.meta.last_modified),
        }
        let read = async || self.client.get_opts(&self.key, options.clone()).await?.bytes().await;
        let bytes = again(read).await?;
        if bytes.len() as u64 == length {
            return Ok(bytes);
        }
        let source = format!("{} bytes of the object came, {length} were asked for", bytes.len()).into();
        Err(object_store::Error::Generic { store: "range", source })
    }

    /// Ranges of it, near ones in one request.
    pub(super) async fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let read = coalesce_ranges(ranges, |range| self.range(range), OBJECT_STORE_COALESCE_DEFAULT).await;
        read.map_err(|fault| {
            let explained = meaning(&fault, &self.at);
            let (kind, message) = self.fault.get_or_init(|| (explained.kind(), explained.to_string()));
            Error::new(*kind, message.clone())
        })
    }

    /// Ranges of it, which may be on their way already.
    pub(super) fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let started = {
            let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            let place = ahead.iter().position(|started| started.is_of(ranges));
            place.map(|place| ahead.swap_remove(place))
        };
        match started {
            Some(started) => wait(started.bytes())?,
            None => wait(self.ranges(ranges))?,
        }
    }

    pub(super) fn read(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.head.size);
        let end = end.ok_or(ErrorKind::UnexpectedEof)?;
        if length == 0 {
            return Ok(Bytes::new());
        }
        let mut read = wait(self.ranges(std::slice::from_ref(&(start..end))))??;
        read.pop().ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    /// What it was when it was opened, or why it cannot be read any more.
    pub(super) fn state(&self) -> Result<Head> {
        match self.fault.get() {
            None => Ok(self.head.clone()),
            Some((kind, message)) => Err(Error::new(*kind, message.clone())),
        }
    }
}

impl Object for RemoteObject {
    fn head(&self) -> Result<Head> {
        self.version.state()
    }

    fn read_range(&self, start: u64, length: usize) -> Result<Bytes> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match within(&window, start, length) {
            Some(bytes) => Ok(bytes),
            None => self.version.read(start, length),
        }
    }

    fn read_some(&self, start: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let left = usize::try_from(self.version.head.size.saturating_sub(start)).unwrap_or(usize::MAX);
        if left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        if within(&window, start, 1).is_none() {
            *window = (start, self.version.read(start, left.min(WINDOW.max(buffer.len())))?);
        }
        let bytes = within(&window, start, 1).and_then(|_| window.1.get(place_in(&window, start)?..));
        let bytes = bytes.unwrap_or_default();
        let read = bytes.len().min(buffer.len());
        buffer[..read].copy_from_slice(&bytes[..read]);
        Ok(read)
    }

    fn in_groups(&self, groups: &dyn Fn() -> Vec<Vec<Range<u64>>>) -> Option<Arc<dyn Object>> {
        Some(Arc::new(Groups::new(Arc::clone(&self.version), groups())))
    }

    fn fetch_ahead(&self, groups: &dyn Fn() -> Vec<Vec<Range<u64>>>, budget: &MemoryBudget) {
        for ranges in groups() {
            let bytes = ranges.iter().map(|range| range.end - range.start).sum();
            let (Some(reserved), Ok(runtime)) = (budget.reserve_waiting(bytes), runtime()) else { return };
            let (version, asked) = (Arc::clone(&self.version), ranges.clone());
            let request = runtime.spawn(async move { version.ranges(&asked).await });
            let mut ahead = self.version.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            ahead.push(Ahead::new(ranges, request, reserved));
        }
    }

    fn for_keeping(&self) -> Option<Arc<dyn Object>> {
        Some(Arc::new(Self { version: Arc::clone(&self.version), window: Mutex::default() }))
    }
}

/// Where a place lies in what was read.
fn place_in((first, bytes): &(u64, Bytes), start: u64) -> Option<usize> {
    let place = usize::try_from(start.checked_sub(*first)?).ok()?;
    (place <= bytes.len()).then_some(place)
}

/// A range of what was read; none if it is not all there.
fn within(window: &(u64, Bytes), start: u64, length: usize) -> Option<Bytes> {
    let place = place_in(window, start)?;
    let end = place.checked_add(length).filter(|end| *end <= window.1.len())?;
    Some(window.1.slice(place..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use std::path::Path;

    fn put(client: &Arc<InMemory>, bytes: Vec<u8>) {
        wait(client.put(&Key::from("x"), bytes.into())).unwrap().unwrap();
    }

    fn open(client: &Arc<InMemory>) -> RemoteObject {
        RemoteObject::open(&Location::of(Path::new("s3://test/x")).unwrap(), Arc::clone(client) as _).unwrap()
    }

    /// Longer than what comes with the first request.
    fn bytes() -> Vec<u8> {
        (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn an_object_reads_as_its_bytes_whichever_way_it_is_read() {
        let client = Arc::new(InMemory::new());
        put(&client, bytes());
        let object = open(&client);
        let groups = vec![vec![0..1_000, 5_000..9_000], vec![9_000..9_001, 500_000..700_000]];
        object.fetch_ahead(&|| groups[..1].to_vec(), &MemoryBudget::unlimited());
        let grouped = object.in_groups(&|| groups.clone()).unwrap();
        let kept = object.for_keeping().unwrap();
        for (start, length) in
            [(0, 1_000), (5_000, 1), (8_000, 2_000), (600_000, 4_096), (1_199_000, 1_000), (1_200_000, 0)]
        {
            let place = usize::try_from(start).unwrap();
            let expected = &bytes()[place..place + length];
            for read in [&object as &dyn Object, &*grouped, &*kept] {
                assert_eq!(&read.read_range(start, length).unwrap()[..], expected);
                let mut some = vec![0; length];
                let count = read.read_some(start, &mut some).unwrap();
                assert!((count > 0 || length == 0) && some[..count] == expected[..count]);
            }
        }
        for read in [&object as &dyn Object, &*grouped] {
            let fault = read.read_range(1_199_999, 2).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(read.read_some(1_200_000, &mut [0]).unwrap(), 0);
        }
    }

    #[test]
    fn an_object_of_no_bytes_can_be_opened() {
        let client = Arc::new(InMemory::new());
        put(&client, Vec::new());
        assert_eq!(open(&client).head().unwrap().size, 0);
    }

    #[test]
    fn an_object_that_was_replaced_is_refused_from_then_on() {
        let client = Arc::new(InMemory::new());
        put(&client, bytes());
        let object = open(&client);
        let before = object.head().unwrap();
        put(&client, bytes());
        assert_ne!(open(&client).head().unwrap(), before, "another version");
        assert!(object.read_range(0, 10).unwrap_err().to_string().contains("changed while it was read"));
        assert!(object.head().is_err());
    }
}
