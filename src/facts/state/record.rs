//! The record of kept state: which files there are, and what they hold.

use super::state_file::Kept;
use crate::error::{Error, Kind, Result};
use crate::facts::inputs::findings::Found;
use crate::facts::inputs::identity::Identity;
use crate::facts::kernel::row_match::RowMatch;
use crate::facts::schema::{Book, OrderType, RowCounts};
use crate::pipeline::KeyType;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A state file, known by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// BLAKE3 of the index, which has the digest of every chunk; the file is `<digest>.arrow`.
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

    /// Whether the file is there, as long as it was when it was kept; its bytes are checked when they are read.
    pub(crate) fn is_there(&self, folder: &Path) -> bool {
        self.path(folder).metadata().is_ok_and(|found| found.len() == self.bytes)
    }

    /// Whether the file is there with every byte that was kept.
    ///
    /// # Errors
    /// A file that may not be read.
    pub fn is_whole(&self, folder: &Path) -> Result<bool> {
        match Kept::open(folder, self).and_then(|kept| kept.verify()) {
            Ok(()) => Ok(true),
            Err(fault) if fault.kind == Kind::State => Ok(false),
            Err(fault) => Err(fault),
        }
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
    /// Lines by company and currency, where these are declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub books: Vec<Book>,
    /// The customers' keys, in order.
    pub keys: StateFile,
    /// One row per customer.
    pub customers: StateFile,
    /// One row per customer × product group.
    pub products: StateFile,
    /// One row per customer × distinct order.
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
        [&self.keys, &self.customers, &self.products, &self.orders]
            .into_iter()
            .chain(&self.lines)
            .chain(&self.days)
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
    /// What row checks found in it, by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Found>,
}

/// All that a run of the facts left behind; listed in the release's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How the state is written.
    #[serde(default)]
    pub version: String,
    /// What customer keys are.
    pub key_type: KeyType,
    /// What keys of orders are.
    #[serde(default)]
    pub order_type: OrderType,
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
    /// Files of exchange rates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange_rates: Vec<Identity>,
    /// Rates at constant currency, by currency, of ten digits after the point.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constant_rates: BTreeMap<String, i64>,
    /// Product groups that the products source lists, sold or not, sorted.
    #[serde(default)]
    pub listed_groups: Vec<String>,
}

/// Part of every digest of what runs are made of, to be raised when the state changes.
pub(crate) const STATE_VERSION: &str = "facts 10";

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
