//! Files of kept state: chunks of immutable lists by name, and an index with the digest of every chunk.
//!
//! A chunk is an Arrow stream of one row whose columns are lists, each as long as it needs to be. The index comes last,
//! and the file is named by the digest of the index: so one chunk is read, and checked, without the others.

use super::packed::{Packed, differences, rows_of, sums};
use super::record::StateFile;
use crate::error::{Error, Kind, Result};
use crate::facts::kernel::column::{Part, widen, widen_into};
use crate::publish::UNFINISHED;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, LargeListArray, RecordBatch};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The lists of a chunk to be.
#[derive(Default)]
pub(crate) struct Lists {
    lists: Vec<(String, ArrayRef)>,
}

impl Lists {
    /// Adds a list as it is.
    pub(crate) fn add(&mut self, name: &str, list: ArrayRef) {
        self.lists.push((name.to_owned(), list));
    }

    /// Adds integers, one part after another, packed.
    pub(crate) fn pack(&mut self, name: &str, parts: &[Part<'_>]) {
        let Packed { narrow, others } = Packed::new(parts);
        self.add(name, narrow);
        if let Some([steps, values]) = others {
            self.add(&steps_to_others(name), steps);
            self.add(&others_of(name), values);
        }
    }

    /// Adds integers that mostly lie close together, packed as the differences between them (delta encoding).
    pub(crate) fn pack_differences(&mut self, name: &str, values: impl Iterator<Item = i64> + Clone) {
        let mut last = values.clone().next().unwrap_or(0);
        self.add(&start_of(name), Arc::new(Int64Array::from(vec![last])));
        self.pack(name, &[differences(values, &mut last).all()]);
    }

    /// The bytes of the chunk.
    ///
    /// # Errors
    /// Lists that are no Arrow stream, which is a fault of ours.
    pub(crate) fn encoded(self) -> Result<EncodedChunk> {
        let bytes = self.stream().map_err(|fault| Error::internal(format!("state: {fault}")))?;
        let blake3 = blake3::hash(&bytes).to_hex().to_string();
        Ok(EncodedChunk { bytes, blake3 })
    }

    fn stream(self) -> std::result::Result<Vec<u8>, ArrowError> {
        let batch = batch_of(self.lists)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
        writer.write(&batch)?;
        writer.into_inner()
    }
}

/// A chunk as it is written, and its digest.
pub(crate) struct EncodedChunk {
    bytes: Vec<u8>,
    blake3: String,
}

/// Names of the lists of exceptions: the steps between the rows whose values are too wide, and those values.
fn steps_to_others(name: &str) -> String {
    format!("{name}: steps to others")
}

fn others_of(name: &str) -> String {
    format!("{name}: others")
}

/// Name of the list with the first of integers that are kept as differences.
fn start_of(name: &str) -> String {
    format!("{name}: start")
}

fn batch_of(lists: Vec<(String, ArrayRef)>) -> std::result::Result<RecordBatch, ArrowError> {
    let list = |(name, values): (String, ArrayRef)| {
        let item = Field::new_list_field(values.data_type().clone(), values.is_nullable());
        let field = Field::new(name, DataType::LargeList(Arc::new(item.clone())), false);
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        let list = LargeListArray::try_new(Arc::new(item), offsets, values, None)?;
        Ok((field, Arc::new(list) as ArrayRef))
    };
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) =
        lists.into_iter().map(list).collect::<std::result::Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The index at the end of a file: what was noted, and where each chunk is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    /// What is read without any chunk.
    notes: BTreeMap<String, String>,
    chunks: Vec<ChunkPlace>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ChunkPlace {
    offset: u64,
    bytes: u64,
    blake3: String,
}

/// Ends a file: these bytes after the index and its length.
const MAGIC: &[u8; 8] = b"abacus 1";

/// Bytes of the index's length and what ends the file.
const TRAILER: u64 = 16;

/// Chunks encoded at a time before they are written.
pub(crate) const BAND: usize = 16;

/// A file that grows chunk by chunk; without a name of its own until it ends, and gone if it does not.
pub(crate) struct ChunkWriter {
    folder: PathBuf,
    file: tempfile::NamedTempFile,
    index: Index,
    offset: u64,
}

impl ChunkWriter {
    /// A file in this folder.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        // As readable as what is published: the umask decides.
        let readable = std::fs::Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().prefix(UNFINISHED).permissions(readable).tempfile_in(folder);
        let file = file.map_err(|fault| Error::output(folder, &fault))?;
        Ok(Self { folder: folder.to_owned(), file, index: Index::default(), offset: 0 })
    }

    /// How many chunks it has.
    pub(crate) fn chunks(&self) -> usize {
        self.index.chunks.len()
    }

    /// Appends a chunk.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn push(&mut self, chunk: EncodedChunk) -> Result<()> {
        let EncodedChunk { bytes, blake3 } = chunk;
        self.file.write_all(&bytes).map_err(|fault| Error::output(&self.folder, &fault))?;
        self.index.chunks.push(ChunkPlace { offset: self.offset, bytes: bytes.len() as u64, blake3 });
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Appends the index, and names the file by its digest.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn finish(mut self, rows: usize, notes: BTreeMap<String, String>) -> Result<StateFile> {
        let io = |fault: std::io::Error| Error::output(&self.folder, &fault);
        self.index.notes = notes;
        let bytes = serde_json::to_vec(&self.index).expect("an index is JSON");
        let digest = blake3::hash(&bytes).to_hex().to_string();
        for part in [&bytes[..], &(bytes.len() as u64).to_le_bytes(), MAGIC] {
            self.file.write_all(part).map_err(io)?;
        }
        let state =
            StateFile { digest, bytes: self.offset + bytes.len() as u64 + TRAILER, rows: rows as u64 };
        let path = state.path(&self.folder);
        if path.is_dir() {
            // No state that anybody kept; a file cannot take its place.
            std::fs::remove_dir_all(&path).map_err(io)?;
        }
        self.file.persist(path).map_err(|fault| io(fault.error))?;
        Ok(state)
    }
}

/// Writes a file of chunks, which are made in parallel.
///
/// # Errors
/// What `make` returns, a folder that cannot be written to.
pub(crate) fn write(
    folder: &Path,
    rows: usize,
    chunks: usize,
    notes: BTreeMap<String, String>,
    make: impl Fn(usize) -> Lists + Sync,
) -> Result<StateFile> {
    let mut file = ChunkWriter::new(folder)?;
    let numbers: Vec<usize> = (0..chunks).collect();
    for band in numbers.chunks(BAND) {
        let encoded = band.par_iter().with_max_len(1).map(|number| make(*number).encoded());
        for chunk in encoded.collect::<Result<Vec<EncodedChunk>>>()? {
            file.push(chunk)?;
        }
    }
    file.finish(rows, notes)
}

/// A kept file, of which any chunk can be read.
pub(crate) struct Kept {
    path: PathBuf,
    file: File,
    index: Index,
}

impl Kept {
    /// Opens a file, and makes sure that its index is the one that was kept.
    ///
    /// # Errors
    /// A file that is gone, cut short or changed.
    pub(crate) fn open(folder: &Path, state: &StateFile) -> Result<Self> {
        let path = state.path(folder);
        let fault = |fault: &dyn std::fmt::Display| damaged(&path, fault);
        let io = |error: std::io::Error| unreadable(&path, &error);
        let file = File::open(&path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        if bytes != state.bytes || bytes < TRAILER {
            return Err(fault(&format!("it has {bytes} bytes, {} were kept", state.bytes)));
        }
        let trailer = read_at(&file, bytes - TRAILER, TRAILER).map_err(io)?;
        let (length, magic) = trailer.split_at(8);
        let length = u64::from_le_bytes(length.try_into().expect("half of the trailer"));
        let end = bytes - TRAILER;
        let index = match magic == MAGIC && length <= end {
            true => read_at(&file, end - length, length).map_err(io)?,
            false => Vec::new(),
        };
        if blake3::hash(&index).to_hex().as_str() != state.digest {
            return Err(fault(&CHANGED));
        }
        let index = serde_json::from_slice(&index).map_err(|error| fault(&error))?;
        Ok(Self { path, file, index })
    }

    /// Opens a file of one chunk and reads it.
    ///
    /// # Errors
    /// A file that is gone, cut short or changed.
    pub(crate) fn read(folder: &Path, state: &StateFile) -> Result<Chunk> {
        Self::open(folder, state)?.chunk(0)
    }

    /// What was noted.
    ///
    /// # Errors
    /// Nothing was noted by this name.
    pub(crate) fn note(&self, name: &str) -> Result<&str> {
        let note = self.index.notes.get(name);
        note.map(String::as_str).ok_or_else(|| damaged(&self.path, &format!("it says nothing of {name}")))
    }

    /// How many chunks it has.
    pub(crate) fn chunks(&self) -> usize {
        self.index.chunks.len()
    }

    /// Reads a chunk, and makes sure that it is what was kept.
    ///
    /// # Errors
    /// A chunk that cannot be read or has changed.
    pub(crate) fn chunk(&self, number: usize) -> Result<Chunk> {
        let bytes = self.bytes_of(number)?;
        let mut bytes = Buffer::from_vec(bytes);
        let batch = StreamDecoder::new().decode(&mut bytes).map_err(|fault| damaged(&self.path, &fault))?;
        Ok(Chunk { batch: batch.ok_or_else(|| damaged(&self.path, &"a chunk holds no rows"))? })
    }

    /// Makes sure that every chunk is what was kept.
    ///
    /// # Errors
    /// A chunk that cannot be read or has changed.
    pub(crate) fn verify(&self) -> Result<()> {
        (0..self.chunks()).try_for_each(|number| self.bytes_of(number).map(drop))
    }

    fn bytes_of(&self, number: usize) -> Result<Vec<u8>> {
        let ChunkPlace { offset, bytes, blake3 } = &self.index.chunks[number];
        let bytes = read_at(&self.file, *offset, *bytes).map_err(|fault| unreadable(&self.path, &fault))?;
        match blake3::hash(&bytes).to_hex().as_str() == blake3 {
            true => Ok(bytes),
            false => Err(damaged(&self.path, &CHANGED)),
        }
    }
}

/// The lists of a chunk.
pub(crate) struct Chunk {
    batch: RecordBatch,
}

impl Chunk {
    /// A list as it was added.
    pub(crate) fn list(&self, name: &str) -> ArrayRef {
        self.find(name).expect("the state has this list")
    }

    /// Integers as they were before they were packed.
    pub(crate) fn integers(&self, name: &str) -> Vec<i64> {
        let others = self.find(&steps_to_others(name)).zip(self.find(&others_of(name)));
        Packed { narrow: self.list(name), others: others.map(|(steps, values)| [steps, values]) }.unpacked()
    }

    /// Appends the integers of these rows.
    pub(crate) fn append(&self, name: &str, rows: Range<usize>, target: &mut Vec<i64>) {
        let first = target.len();
        let narrow = self.list(name).slice(rows.start, rows.len());
        widen_into(&narrow, target);
        let Some(steps) = self.find(&steps_to_others(name)) else { return };
        let others = widen(&self.list(&others_of(name)));
        for (row, value) in rows_of(widen(&steps)).zip(others) {
            if rows.contains(&row) {
                target[first + row - rows.start] = value;
            }
        }
    }

    /// Integers that were packed as differences.
    pub(crate) fn sums(&self, name: &str) -> Vec<i64> {
        let start = widen(&self.list(&start_of(name)));
        sums(self.integers(name), start[0])
    }

    fn find(&self, name: &str) -> Option<ArrayRef> {
        self.batch.column_by_name(name).map(|column| column.as_list::<i64>().value(0))
    }
}

const CHANGED: &str = "its bytes are not those that were kept";

fn read_at(file: &File, offset: u64, bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; usize::try_from(bytes).map_err(std::io::Error::other)?];
    file.read_exact_at(&mut buffer, offset)?;
    Ok(buffer)
}

/// State that may not be read, or for which there are no resources, is not damaged for that.
fn unreadable(path: &Path, fault: &std::io::Error) -> Error {
    match Error::kind_of(fault, Kind::State) {
        Kind::State => damaged(path, fault),
        kind => Error::io(kind, path, fault),
    }
}

fn damaged(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    let way_out = "run the pipeline again, which makes it again";
    Error::new(Kind::State, format!("{}: kept state cannot be read: {fault}; {way_out}", path.display()))
}

/// A chunk as it reads back.
#[cfg(test)]
pub(super) fn kept_chunk(folder: &Path, fill: impl Fn(&mut Lists) + Sync) -> Chunk {
    let make = |_| {
        let mut lists = Lists::default();
        fill(&mut lists);
        lists
    };
    let state = write(folder, 1, 1, BTreeMap::new(), make).unwrap();
    Kept::read(folder, &state).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::kernel::column::Column;
    use arrow::array::StringArray;

    fn make(folder: &Path) -> StateFile {
        let numbers: Vec<i64> = (0..500).map(|row| if row == 70 { i64::MIN } else { row % 9 }).collect();
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        let notes = BTreeMap::from([("about".to_owned(), "this".to_owned())]);
        let chunk = |number: usize| {
            let mut lists = Lists::default();
            lists.pack("numbers", &[Column::from(&numbers[..]).all()]);
            lists.pack_differences("keys", (1_i64 << (40 + number)..).take(500));
            lists.add("texts", texts.clone());
            lists
        };
        write(folder, 1_000, 2, notes, chunk).unwrap()
    }

    #[test]
    fn equal_lists_share_a_file_and_read_back_chunk_by_chunk() {
        let folder = tempfile::tempdir().unwrap();
        let state = make(folder.path());
        assert_eq!(make(folder.path()), state);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::metadata(state.path(folder.path())).unwrap().len(), state.bytes);
        let kept = Kept::open(folder.path(), &state).unwrap();
        assert_eq!((kept.chunks(), kept.note("about").unwrap()), (2, "this"));
        kept.verify().unwrap();
        for number in [1, 0] {
            let chunk = kept.chunk(number).unwrap();
            let numbers = chunk.integers("numbers");
            assert_eq!((numbers.len(), numbers[70], numbers[69]), (500, i64::MIN, 6));
            assert_eq!(chunk.list("texts").len(), 2);
            assert_eq!(chunk.sums("keys"), (1_i64 << (40 + number)..).take(500).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_changed_byte_is_found_in_the_chunk_it_is_in_and_a_cut_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = make(folder.path());
        let path = state.path(folder.path());
        let whole = std::fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[100] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let kept = Kept::open(folder.path(), &state).unwrap();
        let error = kept.chunk(0).err().expect("its first chunk has changed");
        assert!(error.to_string().contains("which makes it again"), "{error}");
        assert!(kept.chunk(1).is_ok() && kept.verify().is_err());
        let mut bytes = whole.clone();
        let end = bytes.len();
        bytes[end - 40] ^= 1;
        for bytes in [&whole[..end - 1], &whole[..0], &bytes] {
            std::fs::write(&path, bytes).unwrap();
            assert!(Kept::open(folder.path(), &state).is_err());
        }
    }
}
