//! The account of one file: row counts, quarantined rows and findings of row checks.

use super::findings::Found;
use super::quarantined_row::QuarantinedRow;
use crate::facts::schema::RowCounts;

/// Where the rows of a file went, and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct FileOutcome {
    pub(crate) counts: RowCounts,
    pub(crate) quarantined: Vec<QuarantinedRow>,
    /// What row checks found, by kind.
    pub(crate) mistakes: Vec<Found>,
}

impl FileOutcome {
    /// Turns rows counted over the whole file into row groups and the rows in them.
    pub(crate) fn place(&mut self, rows_of_groups: impl Iterator<Item = u64> + Clone) {
        self.quarantined.iter_mut().for_each(|row| row.place(rows_of_groups.clone()));
        self.mistakes.iter_mut().for_each(|found| found.place(rows_of_groups.clone()));
    }
}
