//! Trust by digest: whether the bytes of a published file are those that its release lists.

use super::release::PublishedFile;
use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

impl PublishedFile {
    /// What is wrong with the file at a path, in words; none if it is whole.
    ///
    /// # Errors
    /// A file that may not be read: it is not known to be damaged.
    pub(crate) fn damage_at(&self, path: &Path) -> Result<Option<String>> {
        match self.held_against(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Err(Error::io(Kind::Input, path, &error))
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Ok(Some("missing".to_owned()))
            }
            Err(error) => Ok(Some(format!("cannot be read: {error}"))),
            Ok(damage) => Ok(damage),
        }
    }

    fn held_against(&self, path: &Path) -> io::Result<Option<String>> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes != self.bytes {
            return Ok(Some(format!("{bytes} bytes, expected {}", self.bytes)));
        }
        let changed = digest(file)? != self.blake3;
        Ok(changed.then(|| "its bytes changed since they were published".to_owned()))
    }
}

fn digest(file: File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(hasher.finalize().to_string())
}
