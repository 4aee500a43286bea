//! Object stores of the clouds and what speaks like them: S3, Azure Blob Storage, Google Cloud Storage.
//!
//! Requests are made again after faults that pass, with growing pauses, and end with what a person can do. Credentials come
//! from the environment alone, and leave it for requests alone.

mod again;
mod ahead;
mod client;
mod fault;
mod given_up;
mod groups;
mod listing;
mod object;
mod runtime;
mod target;
use super::location::Location;
use super::pattern::Pattern;
use super::{Head, Object, Store, Target};
use crate::error::{Error, Kind, Result};
use again::again;
use client::client;
use fault::meaning;
use listing::objects_below;
use object::{RemoteObject, head_of, key_of};
use object_store::ObjectStoreExt;
use runtime::wait;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use target::Folder;

/// All buckets of all services.
#[derive(Debug)]
pub(crate) struct Remote;

impl Store for Remote {
    fn list(&self, root: &Path, pattern: &Pattern) -> Result<Vec<PathBuf>> {
        let at = at(root).map_err(|fault| Error::io(Kind::Input, root, &fault))?;
        let objects = objects_below(&at).map_err(|fault| Error::io(Kind::Input, &at.root(), &fault))?;
        let names = objects.iter().filter(|below| pattern.matches(Path::new(below.as_str())));
        Ok(names.map(|below| root.join(below)).collect())
    }

    fn head(&self, path: &Path) -> std::io::Result<Head> {
        let at = at(path)?;
        let (client, key) = (client(&at)?, key_of(&at)?);
        let found = if at.key.is_empty() { None } else { Some(wait(again(|| client.head(&key)))?) };
        match found.transpose().map_err(|fault| meaning(&fault, &at)) {
            Ok(Some(meta)) => Ok(head_of(&meta)),
            Err(fault) if fault.kind() != ErrorKind::NotFound => Err(fault),
            Ok(None) | Err(_) if objects_below(&at)?.is_empty() => Err(ErrorKind::NotFound.into()),
            Ok(None) | Err(_) => Ok(Head { is_folder: true, ..Head::default() }),
        }
    }

    fn open(&self, path: &Path) -> std::io::Result<Arc<dyn Object>> {
        let at = at(path)?;
        Ok(Arc::new(RemoteObject::open(&at, client(&at)?)?))
    }

    fn holds_descriptors(&self) -> bool {
        false
    }
}

/// The folder of an address, to publish to.
///
/// # Errors
/// The environment's settings make no client.
pub(super) fn target(path: &Path) -> std::io::Result<Box<dyn Target>> {
    Ok(Box::new(Folder::open(path)?))
}

fn at(path: &Path) -> std::io::Result<Location> {
    Location::of(path).ok_or_else(|| std::io::Error::other("is no address of an object store"))
}
