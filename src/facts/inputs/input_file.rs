//! A Parquet file whose footer has been read, as the other files of its source see it.

use super::constant::{ConstantColumn, PathClaim};
use super::find::Origin;
use super::identity::Identity;
use crate::storage::HeldFile;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A Parquet file whose footer has been read.
pub(crate) struct InputFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Open as long as it may be read.
    pub(crate) held: HeldFile,
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

impl InputFile {
    /// Rows by the footer.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Room for so many rows as the footer claims, as far as the bytes of the file make that likely: rows that take next
    /// to none, as of constants, find room when they come.
    pub(crate) fn room_for(&self, rows: u64) -> usize {
        /// Rows that a byte of a file may hold where its columns are packed well.
        const ROWS_OF_A_BYTE: u64 = 16;
        let likely = rows.min(self.identity.size.saturating_mul(ROWS_OF_A_BYTE));
        usize::try_from(likely).unwrap_or(usize::MAX)
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
