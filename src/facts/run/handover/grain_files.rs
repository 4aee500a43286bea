//! The rows of a grain, file by file: each is held against its digest before a row of it is believed.

use super::manifest::{GrainFile, Manifest, hex};
use crate::error::{Error, Kind, Result};
use crate::facts::inputs::contain::{contain, contain_each};
use crate::storage::{HeldFile, Location};
use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// Rows decoded at a time; of the grain by customer and period, what is joined at a time.
const BATCH_ROWS: usize = 1 << 16;

/// Bytes of an object that are asked for at a time.
const PIECE: u64 = 8 << 20;

/// All rows of a grain, or those of one period, in the order of its files.
pub(super) fn batches<'m>(
    manifest: &'m Manifest,
    grain: &str,
    period: Option<&str>,
) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<'m> {
    columns_of(manifest, grain, period, None)
}

/// The same with these columns alone, where not all are asked for.
pub(super) fn columns_of<'m>(
    manifest: &'m Manifest,
    grain: &str,
    period: Option<&str>,
    columns: Option<Vec<String>>,
) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<'m> {
    let files = manifest.files(grain, period).into_iter();
    let mut files = files.map(|file| (manifest.folder.join(&file.path), file));
    let scratch = &manifest.scratch;
    let mut open: Option<Box<dyn Iterator<Item = Result<RecordBatch>> + Send>> = None;
    std::iter::from_fn(move || {
        loop {
            if let Some(batch) = open.as_mut().and_then(Iterator::next) {
                return Some(batch);
            }
            let (path, file) = files.next()?;
            match of_file(&path, scratch, file, columns.as_deref()) {
                Ok(batches) => open = Some(Box::new(batches)),
                Err(fault) => return Some(Err(fault)),
            }
        }
    })
}

fn of_file(
    path: &Path,
    scratch: &Path,
    listed: &GrainFile,
    columns: Option<&[String]>,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<>> {
    let is_stored = Location::of(path).is_some();
    let file = if is_stored { fetched(path, scratch) } else { File::open(path) };
    let mut file = file.map_err(|fault| Error::io(Kind::Input, path, &fault))?;
    let (bytes, digest) = digest_of(&mut file).map_err(|fault| Error::io(Kind::Input, path, &fault))?;
    if (bytes, digest.as_str()) != (listed.bytes, listed.sha256.as_str()) {
        return Err(Error::input(format!(
            "{}: the file is not as the job left it: {bytes} bytes of SHA-256 {digest}, and facts.json lists {} of {}; run the \
             job again, on a new request",
            path.display(),
            listed.bytes,
            listed.sha256
        )));
    }
    let path = path.to_owned();
    let damaged = move |fault: String| {
        Error::input(format!(
            "{}: {fault}; the job wrote a file that cannot be read, so run it again, on a new request",
            path.display()
        ))
    };
    let reader = contain(|| reader(file, columns));
    let reader = reader.map_err(&damaged)?;
    Ok(contain_each(reader).map(move |batch| batch.map_err(&damaged)))
}

fn reader(
    file: File,
    columns: Option<&[String]>,
) -> std::result::Result<ParquetRecordBatchReader, ParquetError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS);
    if let Some(columns) = columns {
        let names = columns.iter().map(String::as_str);
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        builder = builder.with_projection(mask);
    }
    builder.build()
}

/// An object as a file of this machine, which is gone when it is closed. All its bytes are held against their digest before
/// rows are read, and would come twice from the store.
fn fetched(path: &Path, scratch: &Path) -> std::io::Result<File> {
    let (held, object) = HeldFile::open(path)?;
    let mut file = tempfile::tempfile_in(scratch)?;
    let (size, mut start) = (held.head().size, 0);
    while start < size {
        let piece = object.read_range(start, (size - start).min(PIECE) as usize)?;
        file.write_all(&piece)?;
        start += piece.len() as u64;
    }
    held.check(&*object)?;
    file.rewind()?;
    Ok(file)
}

fn digest_of(file: &mut File) -> std::io::Result<(u64, String)> {
    let (mut digest, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
    file.rewind()?;
    Ok((bytes, hex(&digest.finalize())))
}
