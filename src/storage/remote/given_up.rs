//! Buckets that were out of reach after all retries: each of a thousand objects would take as long to find it out again.

use crate::storage::location::Location;
use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

/// By bucket, why it was given up.
static GIVEN_UP: LazyLock<Mutex<BTreeMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// Gives up the bucket of an address for the life of the process.
pub(super) fn give_up(at: &Location, why: String) -> Error {
    GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner).insert(at.root(), why.clone());
    Error::other(why)
}

/// # Errors
/// The bucket was given up, and why.
pub(super) fn check_not_given_up(at: &Location) -> Result<()> {
    match GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner).get(&at.root()) {
        Some(why) => Err(Error::other(why.clone())),
        None => Ok(()),
    }
}
