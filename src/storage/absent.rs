//! A build without object stores: an address is known, and what would reach it says how to come by a build that does.

use super::pattern::Pattern;
use super::{Head, Object, Store, Target};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No bucket of any service.
#[derive(Debug)]
pub(crate) struct Remote;

const ABSENT: &str = "this build of abacus reads no object stores; build it with cargo build --release --features object-stores";

fn absent() -> std::io::Error {
    std::io::Error::other(ABSENT)
}

impl Store for Remote {
    fn list(&self, root: &Path, _: &Pattern) -> Result<Vec<PathBuf>> {
        Err(Error::input(format!("{}: {ABSENT}", root.display())))
    }

    fn head(&self, _: &Path) -> std::io::Result<Head> {
        Err(absent())
    }

    fn open(&self, _: &Path) -> std::io::Result<Arc<dyn Object>> {
        Err(absent())
    }

    fn holds_descriptors(&self) -> bool {
        false
    }
}

/// No folder of any bucket.
///
/// # Errors
/// Always.
pub(super) fn target(_: &Path) -> std::io::Result<Box<dyn Target>> {
    Err(absent())
}
