//! Files of kept state: immutable lists by name, in a file named by its content.
//!
//! A file is an Arrow file of one row, whose columns are lists: so each may be as long as it needs to be.

use super::packed::{Packed, differences, sums};
use super::record::StateFile;
use crate::error::{Error, Result};
use crate::facts::kernel::column::{Column, widen};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, LargeListArray, RecordBatch};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{FileDecoder, FileReader, read_footer_length};
use arrow::ipc::root_as_footer;
use arrow::ipc::writer::FileWriter;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::sync::Arc;

/// The lists of a file to be.
pub(crate) struct Lists {
    rows: usize,
    lists: Vec<(String, ArrayRef)>,
    notes: HashMap<String, String>,
}

impl Lists {
    /// Nothing yet about so many rows.
    pub(crate) fn of(rows: usize) -> Self {
        Self { rows, lists: Vec::new(), notes: HashMap::new() }
    }

    /// Adds a list as it is.
    pub(crate) fn add(&mut self, name: &str, list: ArrayRef) {
        self.lists.push((name.to_owned(), list));
    }

    /// Adds integers, one part after another, packed.
    pub(crate) fn pack(&mut self, name: &str, parts: &[&Column]) {
        let Packed { narrow, others } = Packed::new(parts);
        self.add(name, narrow);
        if let Some([steps, values]) = others {
            self.add(&steps_to_others(name), steps);
            self.add(&others_of(name), values);
        }
    }

    /// Adds integers that mostly lie close together, packed as the differences between them.
    pub(crate) fn pack_differences<V: Iterator<Item = i64>>(
        &mut self,
        name: &str,
        first: Option<i64>,
        parts: impl Iterator<Item = V>,
    ) {
        let mut last = first.unwrap_or(0);
        self.add(&start_of(name), Arc::new(Int64Array::from(vec![last])));
        let columns: Vec<Column> = parts.map(|values| differences(values, &mut last)).collect();
        self.pack(name, &columns.iter().collect::<Vec<_>>());
    }

    /// Notes something that is read without the lists.
    pub(crate) fn note(&mut self, key: &str, text: String) {
        self.notes.insert(key.to_owned(), text);
    }

    /// Writes the file.
    pub(crate) fn write(self, folder: &Path) -> Result<StateFile> {
        let io = |fault: std::io::Error| Error::output(folder, &fault);
        let arrow = |fault: ArrowError| match fault {
            ArrowError::IoError(_, fault) => Error::output(folder, &fault),
            other => Error::internal(format!("state: {other}")),
        };
        let batch = batch_of(self.lists, self.notes).map_err(arrow)?;
        let file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        let mut writer = FileWriter::try_new(Hashing::new(file), &batch.schema()).map_err(arrow)?;
        writer.write(&batch).map_err(arrow)?;
        let Hashing { inner, hasher, bytes } = writer.into_inner().map_err(arrow)?;
        let state =
            StateFile { digest: hasher.finalize().to_hex().to_string(), bytes, rows: self.rows as u64 };
        inner.persist(state.path(folder)).map_err(|fault| io(fault.error))?;
        Ok(state)
    }
}

/// Where the steps between values stand that are wider than the others of their list, and where those values do.
fn steps_to_others(name: &str) -> String {
    format!("{name}: steps to others")
}

fn others_of(name: &str) -> String {
    format!("{name}: others")
}

/// Where the first of integers stands that are kept as differences.
fn start_of(name: &str) -> String {
    format!("{name}: start")
}

fn batch_of(
    lists: Vec<(String, ArrayRef)>,
    notes: HashMap<String, String>,
) -> std::result::Result<RecordBatch, ArrowError> {
    let list = |(name, values): (String, ArrayRef)| {
        let item = Field::new_list_field(values.data_type().clone(), values.is_nullable());
        let field = Field::new(name, DataType::LargeList(Arc::new(item.clone())), false);
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        let list = LargeListArray::try_new(Arc::new(item), offsets, values, None)?;
        Ok((field, Arc::new(list) as ArrayRef))
    };
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) =
        lists.into_iter().map(list).collect::<std::result::Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, notes)), columns)
}

/// Hashes what it passes on.
struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), bytes: 0 }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// The lists of a kept file.
pub(crate) struct Kept {
    batch: RecordBatch,
}

impl Kept {
    /// Reads a file whole, and makes sure that it is what was kept.
    pub(crate) fn read(folder: &Path, state: &StateFile) -> Result<Self> {
        let path = state.path(folder);
        let bytes = std::fs::read(&path).map_err(|fault| damaged(&path, &fault))?;
        if blake3::hash(&bytes).to_hex().as_str() != state.digest {
            return Err(damaged(&path, &"its bytes are not those that were kept"));
        }
        let batch = decoded(&Buffer::from_vec(bytes)).map_err(|fault| damaged(&path, &fault))?;
        Ok(Self { batch: batch.ok_or_else(|| damaged(&path, &"it holds no rows"))? })
    }

    /// Reads what was noted, and no list.
    pub(crate) fn read_note(folder: &Path, state: &StateFile, key: &str) -> Result<String> {
        let path = state.path(folder);
        let reader = FileReader::try_new(open(&path)?, None).map_err(|fault| damaged(&path, &fault))?;
        let note = reader.schema().metadata().get(key).cloned();
        note.ok_or_else(|| damaged(&path, &format!("it says nothing of {key}")))
    }

    /// Reads one list of integers or texts; a whole read of the same file will check its bytes.
    pub(crate) fn read_one(folder: &Path, state: &StateFile, name: &str) -> Result<Self> {
        let path = state.path(folder);
        let fault = |fault| damaged(&path, &fault);
        let schema = FileReader::try_new(open(&path)?, None).map_err(fault)?.schema();
        schema.index_of(name).map_err(fault)?;
        let names = [name.to_owned(), steps_to_others(name), others_of(name), start_of(name)];
        let columns = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let mut reader = FileReader::try_new(open(&path)?, Some(columns)).map_err(fault)?;
        let batch = reader.next().ok_or_else(|| damaged(&path, &"it holds no rows"))?;
        Ok(Self { batch: batch.map_err(fault)? })
    }

    /// A list as it was added.
    pub(crate) fn list(&self, name: &str) -> ArrayRef {
        self.find(name).expect("the state has this list")
    }

    /// Integers as they were before they were packed.
    pub(crate) fn integers(&self, name: &str) -> Vec<i64> {
        let others = self.find(&steps_to_others(name)).zip(self.find(&others_of(name)));
        Packed { narrow: self.list(name), others: others.map(|(steps, values)| [steps, values]) }.unpacked()
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

/// The batch of an Arrow file, in the memory it was read into.
fn decoded(file: &Buffer) -> std::result::Result<Option<RecordBatch>, ArrowError> {
    const TRAILER: usize = 10;
    let cut_short = || ArrowError::ParseError("it is too short".to_owned());
    let end = file.len().checked_sub(TRAILER).ok_or_else(cut_short)?;
    let trailer = file[end..].try_into().map_err(|_| cut_short())?;
    let start = end.checked_sub(read_footer_length(trailer)?).ok_or_else(cut_short)?;
    let invalid = |fault| ArrowError::ParseError(format!("its footer is no footer: {fault}"));
    let footer = root_as_footer(&file[start..end]).map_err(invalid)?;
    let schema = footer.schema().ok_or_else(|| ArrowError::ParseError("it has no schema".to_owned()))?;
    let decoder = FileDecoder::new(Arc::new(try_fb_to_schema(schema)?), footer.version());
    let Some(block) = footer.recordBatches().filter(|blocks| !blocks.is_empty()).map(|blocks| blocks.get(0))
    else {
        return Ok(None);
    };
    let place = |value: i64| usize::try_from(value).map_err(|_| cut_short());
    let length = place(block.bodyLength())? + place(block.metaDataLength().into())?;
    decoder.read_record_batch(block, &file.slice_with_length(place(block.offset())?, length))
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|fault| damaged(path, &fault))
}

fn damaged(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    Error::input(format!(
        "{}: kept state cannot be read: {fault}; run with --full to make it again",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;

    #[test]
    fn equal_lists_share_a_file_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let numbers: Vec<i64> = (0..500).map(|row| if row == 70 { i64::MIN } else { row % 9 }).collect();
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        let make = || {
            let mut lists = Lists::of(500);
            lists.pack("numbers", &[&Column::from(&numbers[..])]);
            lists.pack_differences("keys", Some(1 << 40), [(1_i64 << 40..).take(500)].into_iter());
            lists.add("texts", texts.clone());
            lists.note("about", "this".to_owned());
            lists.write(folder.path()).unwrap()
        };
        let state = make();
        assert_eq!(make(), state);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let kept = Kept::read(folder.path(), &state).unwrap();
        assert_eq!((kept.integers("numbers"), kept.list("texts")), (numbers.clone(), texts));
        assert_eq!(kept.sums("keys"), (1_i64 << 40..).take(500).collect::<Vec<_>>());
        assert_eq!(Kept::read_one(folder.path(), &state, "numbers").unwrap().integers("numbers"), numbers);
        assert_eq!(Kept::read_note(folder.path(), &state, "about").unwrap(), "this");
        let mut bytes = std::fs::read(state.path(folder.path())).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(state.path(folder.path()), bytes).unwrap();
        let fault = |fault: Option<Error>| fault.unwrap().to_string();
        let read = || fault(Kept::read(folder.path(), &state).err());
        assert!(read().contains("not those that were kept"));
        std::fs::write(state.path(folder.path()), b"short").unwrap();
        assert!(read().contains("--full"));
        assert!(fault(Kept::read_note(folder.path(), &state, "about").err()).contains("--full"));
        assert!(fault(Kept::read_one(folder.path(), &state, "numbers").err()).contains("--full"));
    }
}
