//! Addresses in an object store, `s3://bucket/key`: which paths are such, and what they name.
//!
//! Paths of sources are `PathBuf`s whatever holds them, so that the rooms above know files alone. An address keeps its text as
//! a path, for joining and stripping take names one by one.

use crate::error::{Error, Result};
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// A kind of object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    /// S3 and what speaks like it.
    S3,
    /// Azure Blob Storage.
    Azure,
    /// Google Cloud Storage.
    Gcs,
}

/// Schemes by the service that they name, as Hadoop and the services' own tools write them.
const SCHEMES: [(&str, Service); 6] = [
    ("s3", Service::S3),
    ("s3a", Service::S3),
    ("az", Service::Azure),
    ("abfs", Service::Azure),
    ("abfss", Service::Azure),
    ("gs", Service::Gcs),
];

/// How the fault of an address with credentials begins, which is said without the address.
pub(crate) const NO_CREDENTIALS: &str = "an address holds no credentials";

/// An address in an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) service: Service,
    scheme: &'static str,
    /// Bucket or container; of Azure perhaps `container@account.dfs.core.windows.net`.
    pub(crate) bucket: String,
    /// What is below it, without slashes at the ends.
    pub(crate) key: String,
}

impl Location {
    /// The address that a path is; none for a path of the file system.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let mut names = path.components().map(Component::as_os_str).map(|name| name.to_str());
        let scheme = names.next()??.strip_suffix(':')?;
        let (scheme, service) = SCHEMES.into_iter().find(|(known, _)| *known == scheme)?;
        let bucket = names.next()??.to_owned();
        let key = names.collect::<Option<Vec<&str>>>()?.join("/");
        Some(Self { service, scheme, bucket, key })
    }

    /// What is wrong with an address that a person wrote; none if nothing is, or if it is no address.
    pub(crate) fn fault(text: &str) -> Option<String> {
        let (scheme, rest) = text.split_once("://")?;
        if !SCHEMES.iter().any(|(known, _)| *known == scheme) {
            return Some(format!(
                "'{scheme}://' is none of the stores that are known (s3://, az://, abfss://, gs://); use one of them, or a folder \
                 of this machine"
            ));
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let is_account = matches!(scheme, "abfs" | "abfss") && bucket.matches('@').count() == 1;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        // A query, such as a shared access signature; a pattern's `?` stands in a name without `=` after it.
        let has_query =
            key.split('/').any(|name| name.split_once('?').is_some_and(|(_, rest)| rest.contains('=')));
        if bucket.contains('@') && !is_account || has_query {
            let way_out = "take them out and set them in the environment of the run";
            return Some(format!("{NO_CREDENTIALS}; {way_out}"));
        }
        if bucket.is_empty() || !bucket.chars().all(|c| is_plain(c) || c == '@') {
            return Some(format!(
                "the bucket '{bucket}' has to be written out, as in {scheme}://bucket/sales"
            ));
        }
        let is_name = |name: &str| !name.is_empty() && name != "." && name != "..";
        let names = key.strip_suffix('/').unwrap_or(key);
        (!names.is_empty() && !names.split('/').all(is_name))
            .then(|| "a name in it is empty, '.' or '..'; an object store has no such folders".to_owned())
    }

    /// Makes sure that what a person named is a path of this machine, or an address with nothing wrong about it.
    ///
    /// # Errors
    /// Says what is wrong; an address with credentials is not shown.
    pub(crate) fn check(path: &Path) -> Result<()> {
        let text = path.to_string_lossy();
        let Some(fault) = Self::fault(&text) else { return Ok(()) };
        let shown = if fault.starts_with(NO_CREDENTIALS) { String::new() } else { format!("{text}: ") };
        Err(Error::definition(format!("{shown}{fault}")))
    }

    /// The bucket or container.
    pub(crate) fn root(&self) -> PathBuf {
        PathBuf::from(format!("{}://{}", self.scheme, self.bucket))
    }
}

impl Location {
    /// The address of an object in this folder.
    pub(crate) fn below(&self, name: &str) -> Self {
        let separator = if self.key.is_empty() { "" } else { "/" };
        Self { key: format!("{}{separator}{name}", self.key), ..self.clone() }
    }

    /// The same as a path.
    pub(crate) fn path(&self) -> PathBuf {
        if self.key.is_empty() { self.root() } else { PathBuf::from(self.to_string()) }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.bucket, self.key)
    }
}

/// The whole path of a file of the file system; an address is whole as it is.
///
/// # Errors
/// The folder that the program runs in is not known.
pub(crate) fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    if Location::of(path).is_some() { Ok(path.to_owned()) } else { std::path::absolute(path) }
}

/// The one path of what is there, links resolved; a store has no links.
///
/// # Errors
/// Nothing is there.
pub(crate) fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    if Location::of(path).is_some() { Ok(path.to_owned()) } else { path.canonicalize() }
}

/// A path and the folders that it lies in; those of an address end at its bucket.
pub(crate) fn with_ancestors(path: &Path) -> impl Iterator<Item = &Path> {
    let is_address = Location::of(path).is_some();
    path.ancestors().take_while(move |folder| !is_address || Location::of(folder).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_its_scheme_and_survives_as_a_path() {
        let path = Path::new("s3://sales/2024/").join("month=01/a b%.parquet");
        assert_eq!(path.display().to_string(), "s3://sales/2024/month=01/a b%.parquet");
        let at = Location::of(&path).unwrap();
        assert_eq!((at.service, &*at.bucket, &*at.key), (Service::S3, "sales", "2024/month=01/a b%.parquet"));
        assert_eq!(at.to_string(), path.display().to_string());
        let above: Vec<String> =
            with_ancestors(Path::new("gs://b/x/y")).map(|at| at.display().to_string()).collect();
        assert_eq!(above, ["gs://b/x/y", "gs://b/x", "gs://b"]);
        for local in ["", "s3", "s3:", "data/s3:/x", "/s3:/x", "ftp://host/x"] {
            assert_eq!(Location::of(Path::new(local)), None, "{local}");
        }
    }

    #[test]
    fn a_faulty_address_says_what_is_wrong() {
        for (text, expected) in [
            ("s3://bucket/a/*.parquet", None),
            ("s3://bucket", None),
            ("s3://bucket/sales/", None),
            ("abfss://files@account.dfs.core.windows.net/x/**", None),
            ("data/*.parquet", None),
            ("ftp://host/x", Some("none of the stores")),
            ("s3://key:secret@bucket/x", Some("no credentials")),
            ("az://files/x.parquet?sv=1&sig=abc", Some("no credentials")),
            ("az://files/x.parquet?sig=a%2Fb", Some("no credentials")),
            ("s3://bucket/year=202?/month=??/*.parquet", None),
            ("s3://sales-*/x", Some("has to be written out")),
            ("s3:///x", Some("has to be written out")),
            ("s3://b/a//x", Some("is empty")),
            ("s3://b/../x", Some("'..'")),
        ] {
            let found = Location::fault(text);
            match (&found, expected) {
                (None, None) => {}
                (Some(found), Some(expected)) => assert!(found.contains(expected), "{text}: {found}"),
                _ => panic!("{text}: {found:?}"),
            }
        }
    }
}
