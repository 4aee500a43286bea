//! What lies below a folder of a bucket, asked once: a run looks at its sources several times, for files, for marks of lake
//! tables and for identities, and sees the same files each time.

use super::again::again;
use super::client::client;
use super::fault::meaning;
use super::object::key_of;
use super::runtime::wait;
use crate::storage::location::Location;
use futures_util::TryStreamExt;
use object_store::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// By folder: names below it, sorted.
static LISTED: LazyLock<Mutex<BTreeMap<PathBuf, Arc<Vec<String>>>>> = LazyLock::new(Mutex::default);

/// Names of the objects below a folder, from it on, sorted as paths are.
///
/// # Errors
/// The bucket does not exist, may not be listed, or is out of reach.
pub(super) fn objects_below(folder: &Location) -> Result<Arc<Vec<String>>> {
    let mut listed = LISTED.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(folder.to_string());
    if let Some(names) = listed.get(&path) {
        return Ok(Arc::clone(names));
    }
    // A folder below one that was listed.
    for above in path.ancestors().skip(1) {
        if let Some(names) = listed.get(above) {
            let below =
                path.strip_prefix(above).map(|below| format!("{}/", below.display())).unwrap_or_default();
            let names = names.iter().filter_map(|name| name.strip_prefix(&below).map(str::to_owned));
            return Ok(Arc::new(names.collect()));
        }
    }
    let names = Arc::new(names_below(folder)?);
    listed.insert(path, Arc::clone(&names));
    Ok(names)
}

fn names_below(folder: &Location) -> Result<Vec<String>> {
    let (client, prefix) = (client(folder)?, key_of(folder)?);
    let list = || client.list((!folder.key.is_empty()).then_some(&prefix)).try_collect::<Vec<ObjectMeta>>();
    let objects = wait(again(list))?.map_err(|fault| meaning(&fault, folder))?;
    let folders: BTreeSet<&str> =
        objects.iter().flat_map(|object| folders_of(object.location.as_ref())).collect();
    let is_file = |object: &&ObjectMeta| !is_folder_marker(object, &folders);
    let below = |object: &ObjectMeta| {
        let name = object.location.as_ref().strip_prefix(prefix.as_ref())?;
        let name = name.strip_prefix('/').unwrap_or(name);
        (!name.is_empty()).then(|| name.to_owned())
    };
    let mut names: Vec<String> = objects.iter().filter(is_file).filter_map(below).collect();
    // Folders before names that go on: the order in which paths of a file system sort.
    names.sort_by(|left, right| left.split('/').cmp(right.split('/')));
    Ok(names)
}

fn folders_of(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').map(|(end, _)| &key[..end])
}

/// Consoles and Hadoop make empty objects for folders, of the folder's name; so does Azure where it has real ones.
fn is_folder_marker(object: &ObjectMeta, folders: &BTreeSet<&str>) -> bool {
    let key = object.location.as_ref();
    let name = key.rsplit('/').next().unwrap_or(key);
    object.size == 0 && (folders.contains(key) || !name.contains('.'))
}
