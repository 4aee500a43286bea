//! How a run was asked for.

use crate::memory::MemorySize;
use crate::units::Day;
use std::path::PathBuf;

/// How a run was asked for.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Leave out rows on this day or later.
    pub as_of: Option<Day>,
    /// Make every period again.
    pub full: bool,
    /// Make the periods again that overlap these days.
    pub again: Option<(Day, Day)>,
    /// Make no other tables than those of these stages and of the stages they take from; all of them if it is empty.
    pub only: Vec<String>,
    /// Take the facts from what a job handed over in this folder, instead of reading the sources.
    pub facts: Option<PathBuf>,
    /// Identify inputs by all their bytes.
    pub verify_inputs: bool,
    /// Choose the models of lifetime value again, whatever the current release chose.
    pub reselect: bool,
    /// Make a release even if it follows from nothing new.
    pub republish: bool,
    /// Publish nothing where more than the pipeline's bounds would be restated.
    pub gate: bool,
    /// Resident memory that the run may take, whatever the pipeline file says.
    pub memory: Option<MemorySize>,
    /// Stage and check, but do not commit.
    pub dry_run: bool,
}
