//! Kept state: immutable columns in files named by their content, and the record that says what they hold.

use super::column::Column;
use super::input::Identity;
use super::schema::RowCounts;
use crate::error::{Error, Kind, Result};
use crate::pipeline::KeyType;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int8Type, Int16Type, Int32Type, Int64Type, Schema};
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A state file, known by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// BLAKE3 of the bytes; the file is `<digest>.arrow`.
    pub digest: String,
    /// Its size.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
}

impl StateFile {
    /// Where it lies in the facts' state folder.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.arrow", self.digest))
    }

    /// Whether the file is there with every byte that was kept.
    pub fn is_whole(&self, folder: &Path) -> bool {
        std::fs::read(self.path(folder))
            .is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == self.digest)
    }
}

/// The runs of one period: one file per grain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRuns {
    /// First day of the period.
    pub period: String,
    /// Digest of all that decides the runs: definition, inputs that reach into the period, as-of day.
    pub inputs: String,
    /// Last day with a used row.
    pub last_day: String,
    /// Identical rows that were dropped.
    pub duplicates: u64,
    /// Sum of each aggregate over all customers, as text: JSON numbers end at 64 bits.
    pub aggregate_totals: Vec<String>,
    /// By source, transactions first: what drivers make of its rows.
    pub matches: Vec<RowMatch>,
    /// One row per customer.
    pub customers: StateFile,
    /// One row per customer × product group.
    pub products: StateFile,
    /// One row per customer × distinct order with a sale line.
    pub orders: StateFile,
    /// Identities of the order lines, where they must be unique.
    #[serde(default)]
    pub lines: Option<StateFile>,
    /// One row per customer × day with a line, if later rooms want them.
    #[serde(default)]
    pub days: Option<StateFile>,
}

impl PeriodRuns {
    /// Every state file of the period.
    pub fn state_files(&self) -> impl Iterator<Item = &StateFile> {
        [&self.customers, &self.products, &self.orders].into_iter().chain(&self.lines).chain(&self.days)
    }
}

/// What drivers make of the rows of one source in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMatch {
    /// Rows in the facts.
    pub rows: u64,
    /// Of these, the rows that some driver counts or adds up.
    pub matched: u64,
    /// List revenue less discount of the other order lines, at `money_scale`.
    pub unmatched_net_revenue: i64,
}

impl std::ops::AddAssign for RowMatch {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.matched += other.matched;
        self.unmatched_net_revenue += other.unmatched_net_revenue;
    }
}

/// What a source file gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// Source name.
    pub source: String,
    /// Which file.
    pub file: Identity,
    /// Digest of what decides the counts: definition, and the as-of day if it cuts the file.
    pub rules: String,
    /// Where its rows went.
    pub counts: RowCounts,
    /// Its quarantined rows, if any.
    pub quarantine: Option<StateFile>,
}

/// All that a run of the facts left behind; listed in the release's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How the state is written.
    #[serde(default)]
    pub version: String,
    /// What customer keys are.
    pub key_type: KeyType,
    /// Digits that units lack to `volume_scale`: they are kept as short as they came.
    #[serde(default)]
    pub units_lack: u8,
    /// Digits after the point of each aggregate.
    pub aggregate_scales: Vec<u8>,
    /// Periods, ascending.
    pub periods: Vec<PeriodRuns>,
    /// `inputs` of periods that row groups may reach into, by their statistics, and have no row in.
    #[serde(default)]
    pub empty: BTreeSet<String>,
    /// Files, in source and path order.
    pub files: Vec<FileAccount>,
    /// Files of the products source.
    #[serde(default)]
    pub products: Vec<Identity>,
    /// Product groups that the products source lists, sold or not, sorted.
    #[serde(default)]
    pub listed_groups: Vec<String>,
}

/// Part of every digest of what runs are made of, to be raised when the state changes.
pub(crate) const STATE_VERSION: &str = "facts 5";

impl Record {
    /// # Errors
    /// State that an earlier version of abacus wrote.
    pub(crate) fn check_version(&self) -> Result<()> {
        if self.version == STATE_VERSION {
            return Ok(());
        }
        Err(Error::check(
            "the release's facts were kept by an earlier version of abacus, in a form that this one does not read; run the \
             pipeline again",
        ))
    }

    /// Every state file the record needs.
    pub fn state_files(&self) -> impl Iterator<Item = &StateFile> {
        let runs = self.periods.iter().flat_map(PeriodRuns::state_files);
        runs.chain(self.files.iter().filter_map(|file| file.quarantine.as_ref()))
    }
}

/// Writes columns as a content-addressed Arrow file.
pub(crate) fn write(
    folder: &Path,
    columns: Vec<(String, ArrayRef)>,
    metadata: HashMap<String, String>,
) -> Result<StateFile> {
    let io = |fault: std::io::Error| Error::io(Kind::Resource, folder, &fault);
    let arrow = |fault: arrow::error::ArrowError| match fault {
        arrow::error::ArrowError::IoError(_, fault) => Error::io(Kind::Resource, folder, &fault),
        other => Error::internal(format!("state: {other}")),
    };
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), array.null_count() > 0))
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let rows = columns.first().map_or(0, |(_, array)| array.len() as u64);
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect())
        .map_err(arrow)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    let mut writer = FileWriter::try_new(Hashing::new(file), &schema).map_err(arrow)?;
    writer.write(&batch).map_err(arrow)?;
    let hashing = writer.into_inner().map_err(arrow)?;
    let state =
        StateFile { digest: hashing.hasher.finalize().to_hex().to_string(), bytes: hashing.bytes, rows };
    hashing.inner.persist(state.path(folder)).map_err(|fault| io(fault.error))?;
    Ok(state)
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

/// Reads a state file whole, and makes sure that it is what was kept.
pub(crate) fn read(folder: &Path, state: &StateFile) -> Result<RecordBatch> {
    let path = state.path(folder);
    let bytes = std::fs::read(&path).map_err(|fault| damaged(&path, &fault))?;
    if blake3::hash(&bytes).to_hex().as_str() != state.digest {
        return Err(damaged(&path, &"its bytes are not those that were kept"));
    }
    let mut reader = FileReader::try_new(Cursor::new(bytes), None).map_err(|fault| damaged(&path, &fault))?;
    let batch = reader.next().ok_or_else(|| damaged(&path, &"it holds no rows"))?;
    batch.map_err(|fault| damaged(&path, &fault))
}

/// Reads one column of a state file; a whole read of the same file will check its bytes.
pub(crate) fn read_column(folder: &Path, state: &StateFile, column: &str) -> Result<ArrayRef> {
    let path = state.path(folder);
    let file = File::open(&path).map_err(|fault| damaged(&path, &fault))?;
    let reader = FileReader::try_new(BufReader::new(file), None).map_err(|fault| damaged(&path, &fault))?;
    let index = reader.schema().index_of(column).map_err(|fault| damaged(&path, &fault))?;
    let file = File::open(&path).map_err(|fault| damaged(&path, &fault))?;
    let reader = FileReader::try_new(BufReader::new(file), Some(vec![index]));
    let batch = reader.map_err(|fault| damaged(&path, &fault))?.next();
    let batch =
        batch.ok_or_else(|| damaged(&path, &"it holds no rows"))?.map_err(|fault| damaged(&path, &fault))?;
    Ok(batch.column(0).clone())
}

fn damaged(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    Error::input(format!(
        "{}: kept state cannot be read: {fault}; run with --full to make it again",
        path.display()
    ))
}

/// The metadata of a state file; its columns stay unread.
pub(crate) fn read_metadata(folder: &Path, state: &StateFile) -> Result<HashMap<String, String>> {
    let path = state.path(folder);
    let file = File::open(&path).map_err(|fault| damaged(&path, &fault))?;
    let reader = FileReader::try_new(BufReader::new(file), None).map_err(|fault| damaged(&path, &fault))?;
    Ok(reader.schema().metadata().iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
}

/// Integers in the narrowest type that holds them all.
pub(crate) fn narrow(values: Vec<i64>) -> ArrayRef {
    Column::joined(&[&Column::from(values)])
}

/// A narrowed column as 64-bit integers.
pub(crate) fn widen(array: &ArrayRef) -> Vec<i64> {
    match array.data_type() {
        DataType::Int8 => {
            array.as_primitive::<Int8Type>().values().iter().map(|value| i64::from(*value)).collect()
        }
        DataType::Int16 => {
            array.as_primitive::<Int16Type>().values().iter().map(|value| i64::from(*value)).collect()
        }
        DataType::Int32 => {
            array.as_primitive::<Int32Type>().values().iter().map(|value| i64::from(*value)).collect()
        }
        _ => array.as_primitive::<Int64Type>().values().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_keeps_every_value() {
        for values in [
            vec![],
            vec![0, 127, -128],
            vec![128, -5],
            vec![i64::from(i16::MIN) - 1],
            vec![i64::MAX, i64::MIN, 0],
        ] {
            assert_eq!(widen(&narrow(values.clone())), values);
        }
    }

    #[test]
    fn equal_columns_share_a_file_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let make =
            || write(folder.path(), vec![("a".into(), narrow(vec![1, 2, 3]))], HashMap::new()).unwrap();
        let state = make();
        assert_eq!(make(), state);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(widen(&read_column(folder.path(), &state, "a").unwrap()), [1, 2, 3]);
        let mut bytes = std::fs::read(state.path(folder.path())).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(state.path(folder.path()), bytes).unwrap();
        assert!(read(folder.path(), &state).unwrap_err().to_string().contains("not those that were kept"));
        std::fs::write(state.path(folder.path()), b"short").unwrap();
        assert!(read(folder.path(), &state).unwrap_err().to_string().contains("--full"));
    }
}
