//! Options of a run of the facts.

use crate::error::Result;
use crate::facts::schema::{AttributeTypes, KeyTypes};
use crate::facts::state::record::Record;
use crate::memory::Memory;
use crate::units::Day;
use std::path::PathBuf;

/// How facts are gathered.
pub struct GatherOptions<'o> {
    /// Folder of the kept state.
    pub folder: PathBuf,
    /// Rows on this day or later are left out; default: the day after the last row.
    pub as_of: Option<Day>,
    /// Make every period again.
    pub full: bool,
    /// Make the periods again that overlap these days (the end is exclusive).
    pub again: Option<(Day, Day)>,
    /// Identify files by all their bytes instead of path, size, time and footer.
    pub verify_inputs: bool,
    /// Take what is to be made from the facts that a job handed over in this folder, instead of reading the sources.
    pub handover: Option<PathBuf>,
    /// What the current release was made from.
    pub previous: Option<Record>,
    /// What may be held, and where the rest goes.
    pub memory: Memory,
    /// Called with (rows read so far, rows to read).
    pub progress: &'o (dyn Fn(u64, u64) + Sync),
    /// Given what keys and attributes are before a row is read; an error ends the run.
    pub opened: &'o (dyn Fn(KeyTypes, &AttributeTypes) -> Result<()> + Sync),
}
