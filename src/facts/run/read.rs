//! Reads the row groups of a run with all threads, and joins what they left in the order of the tasks.

use super::inbox::Inbox;
use super::options::GatherOptions;
use super::schedule::Run;
use super::worker::{Outcome, Shared};
use crate::error::{Error, Result};
use crate::facts::inputs::file_outcome::FileOutcome;
use crate::facts::inputs::findings::add_all;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::master::CustomersSource;
use crate::facts::inputs::raw_master::RawMaster;
use crate::facts::inputs::reading::Reading;
use crate::facts::inputs::task::Task;
use crate::facts::schema::RowCounts;
use crate::facts::state::journal::Journal;
use crate::facts::state::quarantine;
use crate::facts::state::record::{FileAccount, PeriodRuns, Record, STATE_VERSION};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// What reading left.
pub(crate) struct Read {
    pub(crate) made: Vec<PeriodRuns>,
    pub(crate) accounts: Vec<FileAccount>,
    pub(crate) master: Option<RawMaster>,
}

impl Run<'_> {
    /// Reads all tasks and makes their periods; beside them, reads the customers source.
    pub(crate) fn read(&self, options: &GatherOptions<'_>) -> Result<Read> {
        let inboxes: Vec<Inbox> = (0..self.periods.len()).map(|_| Inbox::default()).collect();
        for task in &self.tasks {
            match self.reach[task.source][task.file][task.row_group] {
                Some((first, last)) => {
                    (first..=last).for_each(|number| inboxes[usize::from(number)].expect(self.rows_of(*task)))
                }
                None => inboxes.iter().for_each(|inbox| inbox.expect(0)),
            }
        }
        let customers = Interner::new();
        let shared = Shared {
            run: self,
            customers: &customers,
            inboxes: &inboxes,
            folder: &options.folder,
            memory: &options.memory,
        };
        let (done, total) = (AtomicU64::new(0), self.rows_to_read());
        let next = AtomicUsize::new(0);
        // Row groups of an object store are asked for while the ones before them are decoded.
        let (ahead, tasks_ahead) = (AtomicUsize::new(0), (2 * rayon::current_num_threads()).max(4));
        let outcomes: Mutex<Vec<(usize, Result<Outcome>)>> = Mutex::new(Vec::new());
        let (journal, tasks_left) = (Journal::open(&options.folder), self.tasks_by_file());
        let failed = AtomicBool::new(false);
        let worker = |_: usize| {
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(task) = self.tasks.get(index) else { break };
                let from = ahead.fetch_max(index + 1 + tasks_ahead, Ordering::Relaxed).max(index + 1);
                let next_ones = from..(index + 1 + tasks_ahead).min(self.tasks.len());
                for task in self.tasks.get(next_ones).into_iter().flatten() {
                    Reading::of(&self.sources[task.source], *task).fetch_ahead(&options.memory.budget);
                }
                let outcome = shared.work(*task, options.as_of);
                if outcome.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                let read = done.fetch_add(self.rows_of(*task), Ordering::Relaxed) + self.rows_of(*task);
                (options.progress)(read, total);
                outcome
                    .iter()
                    .flat_map(|outcome| &outcome.periods)
                    .for_each(|(_, runs)| journal.note_period(runs));
                let mut outcomes = outcomes.lock().expect("no worker panics while it reports");
                outcomes.push((index, outcome));
                let left = &tasks_left[&(task.source, task.file)];
                if left.fetch_sub(1, Ordering::Relaxed) == 1
                    && let Some(account) = self.finished_account(&outcomes, *task, &options.folder)
                {
                    journal.note_file(&account);
                }
            }
        };
        let read_customers = || {
            let master = self.customers.as_ref().map(CustomersSource::read).transpose();
            // No use in reading a history whose customers are wrong.
            failed.fetch_or(master.is_err(), Ordering::Relaxed);
            master
        };
        let workers = || (0..rayon::current_num_threads()).into_par_iter().for_each(worker);
        let (master, ()) = rayon::join(read_customers, workers);
        let master = master?;
        let mut outcomes = outcomes.into_inner().expect("no worker panics while it reports");
        outcomes.sort_by_key(|(index, _)| *index);
        self.collect(outcomes, &options.folder, master)
    }

    /// How many tasks read each file.
    fn tasks_by_file(&self) -> BTreeMap<(usize, usize), AtomicUsize> {
        let mut tasks: BTreeMap<(usize, usize), AtomicUsize> = BTreeMap::new();
        for task in &self.tasks {
            *tasks.entry((task.source, task.file)).or_default().get_mut() += 1;
        }
        tasks
    }

    /// The account of the file of a task, whose tasks are all done; none where one failed, or where the file has one.
    fn finished_account(
        &self,
        outcomes: &[(usize, Result<Outcome>)],
        of: Task,
        folder: &Path,
    ) -> Option<FileAccount> {
        if self.has_account(of.source, of.file) {
            return None;
        }
        let is_of_file = |index: usize| {
            let task = self.tasks[index];
            (task.source, task.file) == (of.source, of.file)
        };
        let mut of_file: Vec<_> = outcomes.iter().filter(|(index, _)| is_of_file(*index)).collect();
        of_file.sort_by_key(|(index, _)| *index);
        let mut file = FileOutcome::default();
        for (_, outcome) in of_file {
            add_outcome(&mut file, outcome.as_ref().ok()?);
        }
        self.account(of.source, of.file, file, folder).ok()
    }

    /// Whether the file was accounted for before this run.
    pub(crate) fn has_account(&self, source: usize, file: usize) -> bool {
        let source = &self.sources[source];
        let identity = &source.files[file].identity;
        let mut accounts = self.kept_accounts.iter();
        accounts.any(|account| account.source == source.name && account.file == *identity)
    }

    /// The account of a file, whose quarantined rows are kept.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(crate) fn account(
        &self,
        source: usize,
        file: usize,
        found: FileOutcome,
        folder: &Path,
    ) -> Result<FileAccount> {
        let FileOutcome { counts, quarantined, mistakes } = found;
        let rules = self.rules_of_file(source, file);
        let source = &self.sources[source];
        let identity = source.files[file].identity.clone();
        let quarantine = quarantine::keep(folder, &source.name, &identity.path, quarantined)?;
        Ok(FileAccount { source: source.name.clone(), file: identity, rules, counts, quarantine, mistakes })
    }

    /// Joins the outcomes of all tasks, in task order.
    fn collect(
        &self,
        outcomes: Vec<(usize, Result<Outcome>)>,
        folder: &Path,
        master: Option<RawMaster>,
    ) -> Result<Read> {
        let mut made = BTreeMap::new();
        let mut files: BTreeMap<(usize, usize), FileOutcome> = BTreeMap::new();
        let mut faults: BTreeMap<u16, Error> = BTreeMap::new();
        for (index, outcome) in outcomes {
            let outcome = outcome?;
            let task = self.tasks[index];
            let file = files.entry((task.source, task.file)).or_default();
            add_outcome(file, &outcome);
            made.extend(outcome.periods);
            faults.extend(outcome.faults);
        }
        if let Some((_, fault)) = faults.pop_first() {
            return Err(fault);
        }
        let mut accounts = Vec::new();
        for ((source_index, file_index), file) in files {
            if !self.has_account(source_index, file_index) {
                accounts.push(self.account(source_index, file_index, file, folder)?);
            }
        }
        Ok(Read { made: made.into_values().collect(), accounts: self.all_accounts(accounts), master })
    }

    /// New accounts with those of files that are not read again, in source and path order.
    pub(crate) fn all_accounts(&self, new: Vec<FileAccount>) -> Vec<FileAccount> {
        let mut accounts = self.kept_accounts.clone();
        accounts.extend(new);
        let of_source =
            |account: &FileAccount| self.sources.iter().position(|source| source.name == account.source);
        accounts.sort_by(|a, b| (of_source(a), &a.file.path).cmp(&(of_source(b), &b.file.path)));
        accounts
    }

    /// Accounts of the files of master data, customers and products.
    pub(crate) fn master_accounts(
        &self,
        master: Option<&RawMaster>,
        folder: &Path,
    ) -> Result<Vec<FileAccount>> {
        let customers = master.into_iter().flat_map(|master| &master.files);
        let customers = customers.map(|(file, outcome)| ("customers", file, outcome));
        let products =
            self.products.iter().flat_map(|products| products.files.iter().zip(&products.outcomes));
        let products = products.map(|(file, outcome)| ("products", &file.identity, outcome));
        let mut accounts = Vec::new();
        for (source, file, outcome) in customers.chain(products) {
            accounts.push(FileAccount {
                source: source.to_owned(),
                file: file.clone(),
                rules: self.rules.definition.clone(),
                counts: outcome.counts,
                quarantine: quarantine::keep(folder, source, &file.path, outcome.quarantined.clone())?,
                mistakes: outcome.mistakes.clone(),
            });
        }
        Ok(accounts)
    }

    pub(crate) fn record(
        &self,
        made: Vec<PeriodRuns>,
        files: Vec<FileAccount>,
        folder: &Path,
    ) -> Result<Record> {
        let mut periods: Vec<PeriodRuns> = self.kept.values().cloned().chain(made).collect();
        periods.sort_by(|a, b| a.period.cmp(&b.period));
        if periods.iter().all(|runs| runs.matches[0].rows == 0) {
            return Err(nothing_left(folder, &files));
        }
        let aggregate_scales = self.aggregates.iter().map(|aggregate| aggregate.scale).collect();
        let listed_groups = self.products.iter().flat_map(|products| products.groups(&self.groups)).collect();
        let products = self.products.iter().flat_map(|products| &products.files);
        let products = products.map(|file| file.identity.clone()).collect();
        let has_rows = |first: &str| periods.binary_search_by(|runs| runs.period.as_str().cmp(first)).is_ok();
        let inputs = self.inputs.iter().map(|(number, inputs)| (self.periods.period(*number), inputs));
        let empty = inputs.filter(|(period, _)| !has_rows(&period.to_string()));
        let empty = empty.map(|(_, inputs)| inputs.clone()).collect();
        Ok(Record {
            version: STATE_VERSION.to_owned(),
            key_type: self.key_type,
            order_type: self.sources[0].order_type(),
            units_lack: self.units_lack(),
            aggregate_scales,
            periods,
            empty,
            files,
            products,
            exchange_rates: self.rates.iter().flat_map(|rates| rates.files.clone()).collect(),
            constant_rates: self.rates.iter().flat_map(|rates| rates.constant.clone()).collect(),
            listed_groups,
        })
    }
}

fn add_outcome(file: &mut FileOutcome, outcome: &Outcome) {
    file.counts.add(&outcome.counts);
    file.quarantined.extend(outcome.quarantined.iter().cloned());
    add_all(&mut file.mistakes, &outcome.mistakes);
}

/// A history of which no order line can be used: where its rows went, and the first that was refused.
fn nothing_left(folder: &Path, files: &[FileAccount]) -> Error {
    let mut counts = RowCounts::default();
    let lines = files.iter().filter(|account| account.source == "transactions");
    lines.clone().for_each(|account| counts.add(&account.counts));
    let RowCounts { read, excluded, quarantined, after_as_of, eliminated, .. } = counts;
    let between = match eliminated {
        0 => String::new(),
        lines => format!(", {lines} between companies of the group"),
    };
    let refused = quarantine::first(folder, lines.filter_map(|account| account.quarantine.as_ref()));
    let refused = refused.map_or(String::new(), |row| format!(" (the first: {row})"));
    Error::check(format!(
        "no row of the transactions is left to work on: of {read} rows {excluded} are excluded by 'where', {quarantined} \
         quarantined{refused}{between} and {after_as_of} after the as-of day; correct what leaves them out, or the file pattern"
    ))
}
