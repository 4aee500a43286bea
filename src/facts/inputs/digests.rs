//! Digests of inputs that whoever delivers them hands over: a list as `b3sum` prints it, of a digest and a path from the
//! list's folder a line.

use crate::error::{Error, Kind, Result};
use crate::pipeline::Definition;
use crate::storage;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The digests of a list, by canonical path.
pub(crate) struct Digests {
    list: PathBuf,
    by_path: BTreeMap<PathBuf, String>,
}

/// What the bytes of a file must come to.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    list: PathBuf,
    blake3: String,
}

impl Digests {
    /// The list that the pipeline names, if it does.
    ///
    /// # Errors
    /// A list that cannot be read, a line that is no digest and path, a listed file that is not there.
    pub(crate) fn of(definition: &Definition) -> Result<Option<Self>> {
        let Some(list) = &definition.run.digests else { return Ok(None) };
        let io = |fault: std::io::Error| Error::io(Kind::Input, list, &fault);
        let text = storage::read(list).map_err(io)?;
        let text = std::str::from_utf8(&text).map_err(|fault| io(std::io::Error::other(fault)))?;
        let mut by_path = BTreeMap::new();
        for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.is_empty()) {
            let fault = |message: String| Error::input(format!("{}:{number}: {message}", list.display()));
            let expected = "expected a BLAKE3 digest of 64 hexadecimal digits, two spaces and a path, as b3sum prints them";
            let parts = line.split_once("  ").filter(|(digest, _)| is_digest(digest));
            let (digest, path) = parts.ok_or_else(|| fault(expected.to_owned()))?;
            let path = list.parent().unwrap_or(Path::new("")).join(path);
            let path = storage::canonical(&path).map_err(|cause| {
                fault(format!("{}: {cause}; deliver the file, or take it out of the list", path.display()))
            })?;
            by_path.insert(path, digest.to_ascii_lowercase());
        }
        Ok(Some(Self { list: list.clone(), by_path }))
    }

    /// What the list says of a file; none if it does not list it.
    pub(crate) fn expected(&self, path: &Path) -> Option<Expected> {
        let blake3 = self.by_path.get(&storage::canonical(path).ok()?)?.clone();
        Some(Expected { list: self.list.clone(), blake3 })
    }
}

impl Expected {
    /// # Errors
    /// The bytes of the file have another digest.
    pub(crate) fn check(&self, path: &Path, found: &str) -> Result<()> {
        if found == self.blake3 {
            return Ok(());
        }
        Err(Error::input(format!(
            "{}: its bytes have the digest {found}, and {} says {}; deliver the file again, or its list",
            path.display(),
            self.list.display(),
            self.blake3
        )))
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
