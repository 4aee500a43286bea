//! The few rows of a file that a release shows: those that are quarantined, with their content, and the first of each kind of
//! mistake. They are read from the file and judged as a scan judges them, so the engine's word is held against it too.

use super::account::CountedMistake;
use crate::error::{Error, Result};
use crate::facts::inputs::file_outcome::FileOutcome;
use crate::facts::inputs::findings::add_all;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::row_in_group::row_in_group;
use crate::facts::inputs::task::Task;
use crate::facts::kernel::context::{ScanContext, Scanned};
use crate::facts::kernel::scan::scan_rows;
use crate::facts::run::schedule::Run;
use crate::units::Day;
use std::collections::{BTreeMap, BTreeSet};

/// A quarantined row by the engine's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Refused {
    /// Counted over the file, from 0.
    pub(super) row: u64,
    pub(super) reason: String,
}

/// A file whose marked rows are to be read.
pub(super) struct MarkedRows<'r> {
    pub(super) run: &'r Run<'r>,
    pub(super) source: usize,
    pub(super) file: usize,
    pub(super) as_of: Option<Day>,
    pub(super) customers: &'r Interner,
}

impl MarkedRows<'_> {
    /// Reads them; the findings are of these rows alone.
    ///
    /// # Errors
    /// A file that cannot be read, a row that is not what the engine says.
    pub(super) fn read(&self, refused: &[Refused], mistakes: &[CountedMistake]) -> Result<FileOutcome> {
        let file = &self.run.sources[self.source].files[self.file];
        let mut marked: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        let rows = refused.iter().map(|refused| refused.row).chain(mistakes.iter().map(|found| found.first));
        for row in rows {
            let (row_group, row) = row_in_group(row, file.row_groups());
            marked.entry(row_group).or_default().insert(row);
        }
        let mut outcome = FileOutcome::default();
        for (row_group, rows) in marked {
            let rows: Vec<u64> = rows.into_iter().collect();
            let task = Task { source: self.source, file: self.file, row_group };
            let Scanned { quarantined, mistakes, .. } = scan_rows(&self.context(), task, &rows)?;
            outcome.quarantined.extend(quarantined);
            add_all(&mut outcome.mistakes, &mistakes);
        }
        outcome.quarantined.sort_by_key(|row| (row.row_group, row.row));
        self.check_refused(refused, &outcome.quarantined)?;
        for counted in mistakes {
            let (row_group, row) = row_in_group(counted.first, file.row_groups());
            let found = outcome.mistakes.iter().find(|found| found.mistake == counted.mistake);
            if found.is_none_or(|found| (found.row_group, found.row) != (row_group, row)) {
                return Err(self.differs(
                    row_group,
                    row,
                    &format!("the first {}", counted.mistake.name()),
                    "not",
                ));
            }
        }
        Ok(outcome)
    }

    fn context(&self) -> ScanContext<'_> {
        let run = self.run;
        ScanContext {
            sources: &run.sources,
            days: &run.days,
            periods: &run.periods,
            as_of: self.as_of,
            bounds: run.bounds,
            checks: &run.checks,
            wanted: &|_| false,
            customers: self.customers,
            groups: &run.groups,
            members: &run.members,
            rates: run.rates.as_ref(),
            companies: &run.companies,
            products: run.products.as_ref(),
            currency: &run.currency,
            ranges: &|_, _| unreachable!("no row is wanted"),
        }
    }

    /// The engine quarantines the same rows for the same reasons.
    fn check_refused(&self, refused: &[Refused], found: &[QuarantinedRow]) -> Result<()> {
        let file = &self.run.sources[self.source].files[self.file];
        let mut found = found.iter().peekable();
        for Refused { row, reason } in refused {
            let place = row_in_group(*row, file.row_groups());
            let same = found.next_if(|found| (found.row_group, found.row) == place);
            let own = same.map_or("used or left out", |found| found.reason.as_str());
            if own != reason {
                return Err(self.differs(place.0, place.1, &format!("quarantined for '{reason}'"), own));
            }
        }
        match found.next() {
            None => Ok(()),
            Some(QuarantinedRow { row_group, row, reason, .. }) => {
                Err(self.differs(*row_group, *row, "not quarantined", reason))
            }
        }
    }

    fn differs(&self, row_group: usize, row: u64, engine: &str, own: &str) -> Error {
        let path = self.run.sources[self.source].files[self.file].path.display();
        Error::input(format!(
            "{path}: row group {row_group} row {row} is {engine} by the engine and '{own}' by abacus; the facts are of other rows \
             or rules, so write a new request and run its job"
        ))
    }
}
