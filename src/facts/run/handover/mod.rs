//! Facts from another engine: what the job of a request hands over (`abacus facts --to`) becomes the kept state that a scan
//! of the same files would have left, so that periods of either kind mix, and nothing later knows a difference.
//!
//! `manifest` holds the hand-over against the run: the same rules, as-of day and files. `period` joins the grains of a
//! period by customer, `agreement` holds them against each other, `account` says what became of each file's rows, and `marked_rows` reads the few rows of which the
//! release shows the content. All that can be summed up by two ways is, and must agree.

mod account;
mod agreement;
mod columns;
mod customers;
mod grain_files;
mod grain_rows;
mod grain_values;
pub(crate) mod layout;
mod manifest;
mod marked_rows;
mod matches;
mod period;

use super::options::GatherOptions;
use super::read::Read;
use super::schedule::Run;
use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::master::CustomersSource;
use crate::facts::state::journal::Journal;
use crate::facts::state::record::PeriodRuns;
use account::Accounts;
use manifest::Manifest;
use matches::Matches;
use period::PeriodImport;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

impl Run<'_> {
    /// Takes the periods to make from what a job handed over, instead of reading the row groups.
    ///
    /// # Errors
    /// A hand-over that is incomplete, damaged, of another request than this run needs, or at odds with itself.
    pub(crate) fn take_over(&self, folder: &Path, options: &GatherOptions<'_>) -> Result<Read> {
        let manifest = Manifest::open(folder, &options.folder)?;
        manifest.check(self, options.as_of)?;
        let master = self.customers.as_ref().map(CustomersSource::read).transpose()?;
        let matches = Matches::read(&manifest, self)?;
        let customers = Interner::new();
        let accounts = Accounts::read(&manifest, self)?;
        let accounts = accounts.of_files(self, options, &customers)?;
        self.check_periods(&manifest, &matches)?;
        let journal = Journal::open(&options.folder);
        let (done, total) = (AtomicU64::new(0), matches.rows());
        let numbers: Vec<u16> = matches.periods().filter(|number| !self.kept.contains_key(number)).collect();
        let import = |number: &u16| -> Result<Option<PeriodRuns>> {
            let import =
                PeriodImport { run: self, manifest: &manifest, number: *number, customers: &customers };
            let runs = import.make(&matches, &options.folder)?;
            runs.iter().for_each(|runs| journal.note_period(runs));
            let rows = matches.rows_of(*number);
            (options.progress)(done.fetch_add(rows, Ordering::Relaxed) + rows, total);
            Ok(runs)
        };
        let made = numbers.par_iter().with_max_len(1).map(import).collect::<Result<Vec<_>>>()?;
        accounts.iter().for_each(|account| journal.note_file(account));
        Ok(Read { made: made.into_iter().flatten().collect(), accounts: self.all_accounts(accounts), master })
    }

    /// The periods of customers are those of which rows are counted: one that either lacks would be lost in silence.
    fn check_periods(&self, manifest: &Manifest, matches: &Matches) -> Result<()> {
        let of_customers = manifest.periods_of("customer_period")?;
        let counted: BTreeSet<String> =
            matches.periods().map(|number| self.periods.period(number).to_string()).collect();
        match of_customers.symmetric_difference(&counted).next() {
            None => Ok(()),
            Some(period) => Err(Error::input(format!(
                "{}: the period of {period} is in only one of the grains customer_period and match; part of the facts is lost, so \
                 run the job again, on a new request",
                manifest.folder.display()
            ))),
        }
    }
}
