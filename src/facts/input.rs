//! Input files: opened, identified, and held against one another.

use super::constant::{ConstantColumn, PathClaim};
use super::contain::contain;
use super::expr::as_uuid;
use super::file_kind::{FileKind, conversion};
use super::find::{FoundFiles, Origin, find};
use super::pages::Pages;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, Files};
use crate::storage::{Head, Object, store_of};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::LogicalType;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
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
    /// The file's columns, then the constant ones.
    pub(crate) schema: SchemaRef,
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
    pub(crate) fn row_groups(&self) -> impl Iterator<Item = u64> {
        let row_groups = self.metadata.metadata().row_groups().iter();
        row_groups.map(|row_group| u64::try_from(row_group.num_rows()).unwrap_or(0))
    }

    /// The constant column of this name.
    pub(crate) fn constant(&self, name: &str) -> Option<&ConstantColumn> {
        self.constants.iter().find(|column| column.name() == name)
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
    open_found(find(definition, files)?, verify)
}

/// Opens the files of a source.
///
/// # Errors
/// A file cannot be opened or is no complete Parquet file: all such files are named.
pub(crate) fn open_found(found: FoundFiles, verify: bool) -> Result<Vec<InputFile>> {
    let opened: Vec<Result<InputFile>> =
        found.files.par_iter().map(|file| open_one(&file.path, verify)).collect();
    let (opened, faults): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    let messages: Vec<String> = faults.into_iter().filter_map(Result::err).flat_map(|e| e.messages).collect();
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Input, messages });
    }
    let mut opened: Vec<InputFile> = opened.into_iter().filter_map(Result::ok).collect();
    found.add_columns(&mut opened)?;
    Ok(opened)
}

fn open_one(path: &Path, verify: bool) -> Result<InputFile> {
    let unreadable = |fault: &dyn std::fmt::Display| not_parquet(path, fault);
    let io = |fault: &std::io::Error| Error::io(Kind::Input, path, fault);
    let file = Pages::open(path).map_err(|fault| io(&fault))?;
    let head = file.object().head().map_err(|fault| io(&fault))?;
    let metadata = contain(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))
        .map_err(|fault| unreadable(&fault))?;
    let hinted = hinted_schema(&metadata);
    let options = ArrowReaderOptions::new().with_schema(hinted);
    let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).unwrap_or(metadata);
    let digest =
        if verify { digest_all(file.object(), head.size) } else { digest_footer(file.object(), head.size) };
    let digest = digest.map_err(|fault| io(&fault))?;
    let identity = Identity::new(path, head, digest, verify);
    let schema = Arc::clone(metadata.schema());
    Ok(InputFile {
        path: path.to_owned(),
        identity,
        metadata,
        schema,
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
        // Without an Arrow schema in the footer, only Parquet's own type tells a UUID from sixteen other bytes.
        DataType::FixedSizeBinary(16) if is_uuid(metadata, field.name()) => Arc::new(as_uuid(field)),
        _ => Arc::clone(field),
    };
    let fields: Vec<_> = schema.fields().iter().map(hint).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn is_uuid(metadata: &ArrowReaderMetadata, name: &str) -> bool {
    let column = metadata.parquet_schema().columns().iter().find(|column| column.path().string() == name);
    column.is_some_and(|column| column.logical_type_ref() == Some(&LogicalType::Uuid))
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
