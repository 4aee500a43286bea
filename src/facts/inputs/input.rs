//! Input files: opened, identified, and held against one another.

use super::constant::{ConstantColumn, PathClaim};
use super::file_kind::{FileKind, conversion};
use super::find::{FoundFile, FoundFiles, Origin, find};
use super::footer::read_footer;
use super::pages::Pages;
use super::unify::unify;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, Files, Int96};
use crate::storage::{Head, Object, store_of};
use arrow::datatypes::{Field, SchemaRef};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A Parquet file whose footer has been read.
pub(crate) struct InputFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it is known by between runs.
    pub(crate) identity: Identity,
    /// Footer and Arrow schema, with decimals that fit read as 64-bit integers.
    pub(crate) metadata: ArrowReaderMetadata,
    /// What expressions may name: the columns of all files of the source, each in the widest of its types. Until the files
    /// are unified, the file's columns, then the constant ones.
    pub(crate) schema: SchemaRef,
    /// Of these, what the file has under another name or in another kind of type, with its name there; none if it lacks
    /// the column, which is then null.
    pub(crate) differing: BTreeMap<String, Option<String>>,
    /// By column of the source, why its files cannot be read as one.
    pub(crate) drift: Arc<BTreeMap<String, String>>,
    /// INT96 columns of which the file does not say whether they are instants or wall time.
    pub(crate) silent_int96: Vec<String>,
    /// Columns that are constant over the file.
    pub(crate) constants: Vec<ConstantColumn>,
    /// Values its path gives for columns of the file.
    pub(crate) path_claims: Vec<PathClaim>,
    /// What all files of the source share.
    pub(crate) origin: Arc<Origin>,
}

/// What a file is known by between runs: a change of any part makes it a new file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// As the pipeline file's pattern found it.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: u64,
    /// BLAKE3 of the Parquet footer; of all bytes with `--verify-inputs`.
    pub digest: String,
    /// Whether the digest is of all bytes.
    pub verified: bool,
}

impl InputFile {
    /// Rows by the footer.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Rows of each row group.
    pub(crate) fn row_groups(&self) -> impl Iterator<Item = u64> + Clone {
        let row_groups = self.metadata.metadata().row_groups().iter();
        row_groups.map(|row_group| u64::try_from(row_group.num_rows()).unwrap_or(0))
    }

    /// The constant column of this name.
    pub(crate) fn constant(&self, name: &str) -> Option<&ConstantColumn> {
        self.constants.iter().find(|column| column.name() == name)
    }

    /// What the file calls a column of the source; none if it lacks it.
    pub(crate) fn stored_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        match self.differing.get(name) {
            None => Some(name),
            Some(stored) => stored.as_deref(),
        }
    }

    /// Columns of the source that the file lacks.
    pub(crate) fn absent(&self) -> impl Iterator<Item = &str> {
        let absent = self.differing.iter().filter(|(_, stored)| stored.is_none());
        absent.map(|(name, _)| name.as_str())
    }

    /// What the schema calls a column, whatever its capitals.
    pub(crate) fn spelling_of(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let fields = self.schema.fields();
        let exact = fields.iter().find(|field| field.name() == name);
        let found = exact.or_else(|| fields.iter().find(|field| field.name().to_lowercase() == lower));
        found.map(|field| field.name().clone())
    }

    /// The columns expressions may name.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

/// The files a pattern names, sorted by path, each with its footer read.
///
/// # Errors
/// No file matches, or a file cannot be opened or is no complete Parquet file: all such files are named.
pub(crate) fn open(definition: &Definition, files: &Files, verify: bool) -> Result<Vec<InputFile>> {
    let mut opened = open_found(find(definition, files)?, definition.facts.int96, verify)?;
    unify(&mut opened);
    Ok(opened)
}

/// Opens the files of a source, each with its own schema; `int96` is what an INT96 column is where its file does not say.
///
/// # Errors
/// A file cannot be opened or is no complete Parquet file: all such files are named.
pub(crate) fn open_found(found: FoundFiles, int96: Option<Int96>, verify: bool) -> Result<Vec<InputFile>> {
    let open = |file: &FoundFile| open_one(&file.path, int96, &found.columns, verify);
    let opened: Vec<Result<InputFile>> = found.files.par_iter().map(open).collect();
    let (opened, faults): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    let messages: Vec<String> = faults.into_iter().filter_map(Result::err).flat_map(|e| e.messages).collect();
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Input, messages });
    }
    let mut opened: Vec<InputFile> = opened.into_iter().filter_map(Result::ok).collect();
    found.add_columns(&mut opened)?;
    Ok(opened)
}

fn open_one(path: &Path, int96: Option<Int96>, table: &[Field], verify: bool) -> Result<InputFile> {
    let io = |fault: &std::io::Error| Error::io(Kind::Input, path, fault);
    let file = Pages::open(path).map_err(|fault| io(&fault))?;
    let head = file.object().head().map_err(|fault| io(&fault))?;
    let footer = read_footer(&file, int96, table).map_err(|fault| not_parquet(path, &fault))?;
    let digest =
        if verify { digest_all(file.object(), head.size) } else { digest_footer(file.object(), head.size) };
    let digest = digest.map_err(|fault| io(&fault))?;
    let identity = Identity::new(path, head, digest, verify);
    Ok(InputFile {
        path: path.to_owned(),
        identity,
        schema: Arc::clone(footer.metadata.schema()),
        metadata: footer.metadata,
        differing: BTreeMap::new(),
        drift: Arc::default(),
        silent_int96: footer.silent_int96,
        constants: Vec::new(),
        path_claims: Vec::new(),
        origin: Arc::default(),
    })
}

/// What a file is that does not read as Parquet, with the one line that converts it.
fn not_parquet(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    let place = path.display();
    Error::input(match FileKind::of(path).unwrap_or(FileKind::Unknown) {
        kind @ (FileKind::Parquet | FileKind::Empty | FileKind::Unknown) => {
            format!("{place}: not a complete Parquet file: {fault}; {}", conversion(kind, path))
        }
        kind => format!("{place}: is {kind}, expected Parquet; {}", conversion(kind, path)),
    })
}

/// The identity of a small file, by all its bytes.
pub(crate) fn identify(path: &Path) -> Result<Identity> {
    let io = |fault: std::io::Error| Error::io(Kind::Input, path, &fault);
    let file = store_of(path).open(path).map_err(io)?;
    let head = file.head().map_err(io)?;
    Ok(Identity::new(path, head, digest_all(&*file, head.size).map_err(io)?, true))
}

impl Identity {
    fn new(path: &Path, head: Head, digest: String, verified: bool) -> Self {
        let Head { size, modified, .. } = head;
        Self { path: path.to_string_lossy().into_owned(), size, modified, digest, verified }
    }
}

/// The footer holds every row group's sizes, offsets and statistics, so it changes when the data do.
fn digest_footer(file: &dyn Object, size: u64) -> std::io::Result<String> {
    let tail = file.read_range(size.saturating_sub(8), 8)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let start = size.saturating_sub(8 + length);
    let footer = file.read_range(start, usize::try_from(size - start).map_err(std::io::Error::other)?)?;
    Ok(blake3::hash(&footer).to_hex().to_string())
}

fn digest_all(file: &dyn Object, size: u64) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut place = 0;
    while place < size {
        let read = file.read_some(place, &mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        place += read as u64;
    }
    Ok(hasher.finalize().to_hex().to_string())
}
