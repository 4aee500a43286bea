//! Input files: found, opened, identified, and held against one another.

use super::contain::contain;
use super::hive::{PathColumn, path_columns};
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, Files};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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
    /// The file's columns and those of its path.
    pub(crate) schema: SchemaRef,
    /// Columns that stand in its path.
    pub(crate) path_columns: Vec<PathColumn>,
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
    pub(crate) fn row_groups(&self) -> impl Iterator<Item = u64> {
        let row_groups = self.metadata.metadata().row_groups().iter();
        row_groups.map(|row_group| u64::try_from(row_group.num_rows()).unwrap_or(0))
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
    let paths = find(definition, files)?;
    let opened: Vec<Result<InputFile>> = paths.par_iter().map(|path| open_one(path, verify)).collect();
    let (opened, faults): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    let messages: Vec<String> = faults.into_iter().filter_map(Result::err).flat_map(|e| e.messages).collect();
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Input, messages });
    }
    let mut opened: Vec<InputFile> = opened.into_iter().filter_map(Result::ok).collect();
    path_columns(&mut opened);
    Ok(opened)
}

/// Paths a pattern names, sorted; hidden and `_` files are left out, as every engine does.
pub(crate) fn find(definition: &Definition, files: &Files) -> Result<Vec<PathBuf>> {
    let place = definition.place(files.at);
    let pattern = files.path.to_string_lossy();
    let matches = glob::glob(&pattern).map_err(|fault| {
        Error::definition(format!("{place}: '{}' is no file pattern: {fault}", files.pattern))
    })?;
    let visible = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        path.is_file() && !name.starts_with(['.', '_'])
    };
    let mut paths: Vec<PathBuf> = matches.filter_map(std::result::Result::ok).filter(visible).collect();
    paths.sort();
    if paths.is_empty() {
        let what = if files.pattern.contains(['*', '?', '[']) { "matches no file" } else { "does not exist" };
        let at = std::path::absolute(&files.path).unwrap_or_else(|_| files.path.clone());
        return Err(Error::input(format!(
            "{place}: '{}' {what} (looked at {}); paths are relative to the pipeline file's folder",
            files.pattern,
            at.display()
        )));
    }
    Ok(paths)
}

fn open_one(path: &Path, verify: bool) -> Result<InputFile> {
    let unreadable = |fault: &dyn std::fmt::Display| {
        Error::input(format!(
            "{}: not a complete Parquet file: {fault}; write the file again or take it out of the pattern",
            path.display()
        ))
    };
    let io = |fault: &std::io::Error| Error::io(Kind::Input, path, fault);
    let mut file = File::open(path).map_err(|fault| io(&fault))?;
    let stat = file.metadata().map_err(|fault| io(&fault))?;
    let metadata = contain(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))
        .map_err(|fault| unreadable(&fault))?;
    let hinted = hinted_schema(&metadata);
    let options = ArrowReaderOptions::new().with_schema(hinted);
    let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).unwrap_or(metadata);
    let digest = if verify { digest_all(&mut file) } else { digest_footer(&mut file, stat.len()) };
    let digest = digest.map_err(|fault| io(&fault))?;
    let identity = Identity::new(path, &stat, digest, verify);
    let schema = Arc::clone(metadata.schema());
    Ok(InputFile { path: path.to_owned(), identity, metadata, schema, path_columns: Vec::new() })
}

/// The identity of a small file, by all its bytes.
pub(crate) fn identify(path: &Path) -> Result<Identity> {
    let io = |fault: std::io::Error| Error::io(Kind::Input, path, &fault);
    let mut file = File::open(path).map_err(io)?;
    let stat = file.metadata().map_err(io)?;
    Ok(Identity::new(path, &stat, digest_all(&mut file).map_err(io)?, true))
}

impl Identity {
    fn new(path: &Path, stat: &std::fs::Metadata, digest: String, verified: bool) -> Self {
        let modified = stat.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Self {
            path: path.to_string_lossy().into_owned(),
            size: stat.len(),
            modified: modified.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
            digest,
            verified,
        }
    }
}

/// What to ask the reader for: 64-bit decimals where 18 digits suffice, half the memory traffic of 128-bit ones, and
/// dictionaries for texts of few values, so that a filter or a group is looked up once per value and not per row.
fn hinted_schema(metadata: &ArrowReaderMetadata) -> SchemaRef {
    let schema = metadata.schema();
    let hint = |field: &Arc<Field>| match field.data_type() {
        DataType::Decimal128(precision, scale) if *precision <= 18 => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Decimal64(*precision, *scale)))
        }
        DataType::Utf8 if has_few_values(metadata, field.name()) => {
            let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(dictionary))
        }
        _ => Arc::clone(field),
    };
    let fields: Vec<_> = schema.fields().iter().map(hint).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Whether a text column is dictionary-encoded in every row group and takes at most two bytes a row.
fn has_few_values(metadata: &ArrowReaderMetadata, name: &str) -> bool {
    let few = |row_group: &parquet::file::metadata::RowGroupMetaData| {
        let chunk = row_group.columns().iter().find(|chunk| chunk.column_path().string() == name);
        chunk.is_some_and(|chunk| {
            chunk.dictionary_page_offset().is_some()
                && chunk.uncompressed_size() <= row_group.num_rows() * 2 + SMALL_DICTIONARY
        })
    };
    metadata.metadata().row_groups().iter().all(few)
}

/// Bytes of a dictionary that are worth it whatever the number of rows.
const SMALL_DICTIONARY: i64 = 4_096;

/// The footer holds every row group's sizes, offsets and statistics, so it changes when the data do.
fn digest_footer(file: &mut File, size: u64) -> std::io::Result<String> {
    let mut tail = [0_u8; 8];
    file.seek(SeekFrom::Start(size.saturating_sub(8)))?;
    file.read_exact(&mut tail)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    file.seek(SeekFrom::Start(size.saturating_sub(8 + length)))?;
    let mut footer = Vec::new();
    file.read_to_end(&mut footer)?;
    Ok(blake3::hash(&footer).to_hex().to_string())
}

fn digest_all(file: &mut File) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    std::io::copy(file, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The type of the values, however a file encodes them.
fn held_as(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => held_as(values),
        DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        other => other,
    }
}

/// Files of one source must agree in the type of every column that is used; further columns may come and go.
///
/// # Errors
/// Names both files for every column that differs or is missing.
pub(crate) fn check_drift(files: &[InputFile], used: &[String]) -> Result<()> {
    let Some((first, rest)) = files.split_first() else { return Ok(()) };
    let mut messages = Vec::new();
    for file in rest {
        for field in first.schema().fields().iter().filter(|field| used.contains(field.name())) {
            let other = file.schema().field_with_name(field.name()).map(|other| other.data_type().clone());
            let difference = match other {
                Ok(other) if held_as(&other) == held_as(field.data_type()) => continue,
                Ok(other) => format!("is {other} here and {} in {}", field.data_type(), first.path.display()),
                Err(_) => format!("is missing here and present in {}", first.path.display()),
            };
            messages.push(format!(
                "{}: column '{}' {difference}; rewrite one of the files so that both agree",
                file.path.display(),
                field.name()
            ));
        }
    }
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Input, messages }) }
}
