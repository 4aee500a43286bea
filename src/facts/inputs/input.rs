//! Input files: opened, identified, and held against one another.

use super::file_kind::{FileKind, conversion};
use super::find::{FoundFile, FoundFiles, find};
use super::footer::read_footer;
use super::identity::{Identity, digest_all, digest_footer};
use super::input_file::InputFile;
use super::pages::Pages;
use super::unify::unify;
use crate::error::{Error, Faults, Kind, Result};
use crate::pipeline::{Definition, Files, Int96};
use crate::storage::HeldFile;
use arrow::datatypes::Field;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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
    let open = |file: &FoundFile| open_one(file, int96, &found.columns, verify);
    let opened: Vec<Result<InputFile>> = found.files.par_iter().map(open).collect();
    let mut faults = Faults::default();
    let mut opened: Vec<InputFile> = opened.into_iter().filter_map(|file| faults.keep(file)).collect();
    faults.none()?;
    found.add_columns(&mut opened)?;
    Ok(opened)
}

fn open_one(found: &FoundFile, int96: Option<Int96>, table: &[Field], verify: bool) -> Result<InputFile> {
    let path = &found.path;
    let io = |fault: &std::io::Error| Error::io(Kind::Input, path, fault);
    // A digest that was handed over is of all bytes.
    let verify = verify || found.expected.is_some();
    let (held, object) = HeldFile::open(path).map_err(|fault| io(&fault))?;
    let size = held.head().size;
    let footer = read_footer(&Pages::of(Arc::clone(&object)), int96, table);
    let digest = if verify { digest_all(&*object, size) } else { digest_footer(&*object, size) };
    held.check(&*object).map_err(|fault| io(&fault))?;
    let digest = digest.map_err(|fault| io(&fault));
    if let (Some(expected), Ok(digest)) = (&found.expected, &digest) {
        expected.check(path, digest)?;
    }
    let footer = footer.map_err(|fault| not_parquet(path, &fault))?;
    let identity = Identity::new(&found.name, held.head(), digest?, verify);
    Ok(InputFile {
        path: path.to_owned(),
        held,
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
