//! The one pass: decides which periods must be made again, reads the row groups that reach into them, reduces each
//! period as soon as its last row group is in, and keeps the runs.

use super::probe::probe;
use super::schedule::{Run, days_of};
use super::stray::check_strays;
use super::worker::{Inbox, Outcome, Shared};
use crate::error::{Error, Faults, Result};
use crate::facts::inputs::file_outcome::FileOutcome;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::master::{CustomersSource, open_customers};
use crate::facts::inputs::products::read_products;
use crate::facts::inputs::raw_master::RawMaster;
use crate::facts::inputs::source::{bind_sources, key_type};
use crate::facts::inputs::source_view::SourceView;
use crate::facts::kernel::mistakes::add_all;
use crate::facts::schema::{AttributeTypes, RowCounts};
use crate::facts::state::fact_set::{FactSet, KnownIds};
use crate::facts::state::lines;
use crate::facts::state::mistake_table::{by_source, refuse_mistakes};
use crate::facts::state::quarantine;
use crate::facts::state::record::{FileAccount, PeriodRuns, Record, STATE_VERSION};
use crate::pipeline::{Definition, KeyType, Mistake, Policy};
use crate::units::{Day, Period};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

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
    /// What the current release was made from.
    pub previous: Option<Record>,
    /// Told (rows read so far, rows to read).
    pub progress: &'o (dyn Fn(u64, u64) + Sync),
    /// Given what keys and attributes are before a row is read; an error ends the run.
    pub opened: &'o (dyn Fn(KeyType, &AttributeTypes) -> Result<()> + Sync),
}

/// Sources that were checked.
#[derive(Debug, Default)]
pub struct Checked {
    /// What was found of each.
    pub sources: Vec<SourceView>,
    /// What customer keys are, where the sources agree.
    pub keys: Option<KeyType>,
    /// The types of customer attributes.
    pub attributes: AttributeTypes,
}

/// Opens the sources, checks columns and types, and decodes a batch of every distinct layout; writes nothing.
///
/// # Errors
/// All faults of all sources.
pub fn check(definition: &Definition) -> Result<Checked> {
    let mut found = Vec::new();
    let mut faults = Faults::default();
    let bound = bind_sources(definition, false).and_then(|(sources, _)| {
        let days = days_of(&sources, definition.facts.timezone)?;
        Ok((key_type(definition, &sources)?, sources, days))
    });
    let (mut customer_keys, mut products) = (None, None);
    let mut attributes = AttributeTypes::new();
    let bound = faults.keep(bound);
    if let Some(def) = &definition.facts.products {
        let transactions = bound.as_ref().map(|(_, sources, _)| &sources[0]);
        products = faults.keep(read_products(definition, def, transactions, &Interner::new(), false));
    }
    if let Some((key_type, sources, days)) = bound {
        found.extend(
            sources.iter().map(|source| SourceView::of(&source.name, &source.files, &source.columns)),
        );
        if definition.facts.products.is_some() == products.is_some()
            && let Some(warnings) = faults.keep(probe(definition, &sources, &days, products.as_ref()))
        {
            for (view, warning) in found.iter_mut().zip(warnings) {
                view.warnings.extend(warning);
            }
        }
        customer_keys = Some(key_type);
    }
    if let Some(def) = &definition.facts.customers
        && let Some(source) = faults.keep(open_customers(definition, def, customer_keys, false))
    {
        faults.keep(source.read());
        attributes = source.attribute_types();
        found.push(SourceView::of("customers", source.files(), &source.columns()));
    }
    found.extend(products.map(|products| SourceView::of("products", &products.files, &[])));
    faults.none().map(|()| Checked { sources: found, keys: customer_keys, attributes })
}

/// What would be read, and why.
#[derive(Debug, Clone)]
pub struct ScanPlan {
    /// Periods kept as they are.
    pub kept: Vec<Period>,
    /// Periods to make, with the reason.
    pub made: Vec<(Period, &'static str)>,
    /// Rows of the row groups to read.
    pub rows: u64,
    /// The sources, transactions first.
    pub sources: Vec<SourceView>,
    /// What a run would warn of.
    pub warnings: Vec<String>,
}

/// Says what `gather` would read; reads footers and the products only.
///
/// # Errors
/// As `gather`.
pub fn plan(definition: &Definition, options: &GatherOptions<'_>) -> Result<ScanPlan> {
    let run = Run::open(definition, options)?;
    let kept = run.kept.keys().map(|number| run.periods.period(*number)).collect();
    let made = run.reasons.iter().map(|(number, reason)| (run.periods.period(*number), *reason)).collect();
    Ok(ScanPlan { kept, made, rows: run.rows_to_read(), sources: run.views(), warnings: run.warnings() })
}

/// Gathers the facts of a definition, from kept state where inputs did not change.
///
/// # Errors
/// Inputs that cannot be read, columns that do not fit, duplicate lines where they are errors, sums past 64 bits.
pub fn gather(definition: &Definition, options: &GatherOptions<'_>) -> Result<FactSet> {
    std::fs::create_dir_all(&options.folder).map_err(|fault| Error::output(&options.folder, &fault))?;
    let run = Run::open(definition, options)?;
    let attributes = run.customers.as_ref().map(CustomersSource::attribute_types).unwrap_or_default();
    (options.opened)(run.key_type, &attributes)?;
    let Read { made, mut accounts, master, ids } = run.read(options)?;
    accounts.extend(run.master_accounts(master.as_ref(), &options.folder)?);
    let record = run.record(made, accounts, &options.folder)?;
    let kept: BTreeSet<String> = run.kept.values().map(|runs| runs.period.clone()).collect();
    check_lines(&options.folder, &record, |period| kept.contains(period))?;
    check_strays(definition, &run, &record)?;
    refuse_mistakes(&definition.facts, &by_source(&definition.facts, &record))?;
    let (warnings, views) = (run.warnings(), run.views());
    let mut facts =
        FactSet::open(definition, &options.folder, record, run.aggregates, master, options.as_of, &ids)?;
    check_products(definition, &facts)?;
    facts.warnings = warnings;
    if let Some(unlisted) = facts.unlisted.take() {
        facts.warnings.push(unlisted.warning(definition)?);
    }
    facts.tables = views.into_iter().filter_map(|view| Some((view.source, view.table?))).collect();
    Ok(facts)
}

/// Where no line finds its product, the keys of both sides mean something else.
fn check_products(definition: &Definition, facts: &FactSet) -> Result<()> {
    let mistake = Mistake::UnlistedProduct;
    let found = facts.mistakes(definition).into_iter().find(|found| found.kind == mistake);
    let (Some(found), Some(products)) = (found, &definition.facts.products) else { return Ok(()) };
    if facts.has_grouped_lines() || definition.facts.checks.policy(mistake) == Policy::Allow {
        return Ok(());
    }
    Err(Error::check(format!(
        "{}: no line of the transactions has a product of '{}': {}; write 'product' so that both have the same keys, or \
         say {} = \"allow\" in {}",
        definition.place(products.product.at),
        products.files.pattern,
        found.account(&definition.facts),
        mistake.name(),
        mistake.section()
    )))
}

/// An order line may stand in one period only, where lines must be unique.
fn check_lines(folder: &Path, record: &Record, is_kept: impl Fn(&str) -> bool) -> Result<()> {
    let files: Vec<_> = record.periods.iter().map(|runs| runs.lines.clone()).collect();
    match lines::shared(folder, &files, |index| !is_kept(&record.periods[index].period))? {
        None => Ok(()),
        Some((first, second)) => Err(Error::check(format!(
            "an order line stands in the period of {} and again, with another date, in that of {}; remove one of them",
            record.periods[first].period, record.periods[second].period
        ))),
    }
}

/// What reading left.
struct Read {
    made: Vec<PeriodRuns>,
    accounts: Vec<FileAccount>,
    master: Option<RawMaster>,
    ids: KnownIds,
}

impl Run<'_> {
    /// Reads all tasks and makes their periods; beside them, reads the customers source.
    fn read(&self, options: &GatherOptions<'_>) -> Result<Read> {
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
        let shared = Shared { run: self, customers: &customers, inboxes: &inboxes, folder: &options.folder };
        let (done, total) = (AtomicU64::new(0), self.rows_to_read());
        let next = AtomicUsize::new(0);
        let outcomes: Mutex<Vec<(usize, Result<Outcome>)>> = Mutex::new(Vec::new());
        let failed = AtomicBool::new(false);
        let worker = |_: usize| {
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(task) = self.tasks.get(index) else { break };
                let outcome = shared.work(*task, options.as_of);
                if outcome.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                let read = done.fetch_add(self.rows_of(*task), Ordering::Relaxed) + self.rows_of(*task);
                (options.progress)(read, total);
                outcomes.lock().expect("no worker panics while it reports").push((index, outcome));
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

    /// Joins the outcomes of all tasks, in task order.
    fn collect(
        &self,
        outcomes: Vec<(usize, Result<Outcome>)>,
        folder: &Path,
        master: Option<RawMaster>,
    ) -> Result<Read> {
        let mut made = BTreeMap::new();
        let mut ids = KnownIds::new();
        let mut files: BTreeMap<(usize, usize), FileOutcome> = BTreeMap::new();
        let mut faults: BTreeMap<u16, Error> = BTreeMap::new();
        for (index, outcome) in outcomes {
            let outcome = outcome?;
            let task = self.tasks[index];
            let file = files.entry((task.source, task.file)).or_default();
            file.counts.add(&outcome.counts);
            file.quarantined.extend(outcome.quarantined);
            add_all(&mut file.mistakes, &outcome.mistakes);
            for (number, period, keys) in outcome.periods {
                ids.insert(period.customers.digest.clone(), keys);
                made.insert(number, period);
            }
            faults.extend(outcome.faults);
        }
        if let Some((_, fault)) = faults.pop_first() {
            return Err(fault);
        }
        let mut accounts = self.kept_accounts.clone();
        for ((source_index, file_index), file) in files {
            let FileOutcome { counts, quarantined, mistakes } = file;
            let source = &self.sources[source_index];
            let identity = source.files[file_index].identity.clone();
            if accounts.iter().any(|account| account.source == source.name && account.file == identity) {
                continue;
            }
            let rules = self.rules.for_file(self.last_day(source_index, file_index));
            let quarantine = quarantine::keep(folder, &source.name, &identity.path, quarantined)?;
            accounts.push(FileAccount {
                source: source.name.clone(),
                file: identity,
                rules,
                counts,
                quarantine,
                mistakes,
            });
        }
        let of_source =
            |account: &FileAccount| self.sources.iter().position(|source| source.name == account.source);
        accounts.sort_by(|a, b| (of_source(a), &a.file.path).cmp(&(of_source(b), &b.file.path)));
        Ok(Read { made: made.into_values().collect(), accounts, master, ids })
    }

    /// Accounts of the files of master data, customers and products.
    fn master_accounts(&self, master: Option<&RawMaster>, folder: &Path) -> Result<Vec<FileAccount>> {
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

    fn record(&self, made: Vec<PeriodRuns>, files: Vec<FileAccount>, folder: &Path) -> Result<Record> {
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
            units_lack: self.units_lack(),
            aggregate_scales,
            periods,
            empty,
            files,
            products,
            listed_groups,
        })
    }
}

/// A history of which no order line can be used: where its rows went, and the first that was refused.
fn nothing_left(folder: &Path, files: &[FileAccount]) -> Error {
    let mut counts = RowCounts::default();
    let lines = files.iter().filter(|account| account.source == "transactions");
    lines.clone().for_each(|account| counts.add(&account.counts));
    let RowCounts { read, excluded, quarantined, after_as_of, .. } = counts;
    let refused = quarantine::first(folder, lines.filter_map(|account| account.quarantine.as_ref()));
    let refused = refused.map_or(String::new(), |row| format!(" (the first: {row})"));
    Error::check(format!(
        "no row of the transactions is left to work on: of {read} rows {excluded} are excluded by 'where', {quarantined} \
         quarantined{refused} and {after_as_of} after the as-of day; correct what leaves them out, or the file pattern"
    ))
}

impl RowCounts {
    /// Adds another account.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        self.quarantined += other.quarantined;
        self.excluded += other.excluded;
        self.after_as_of += other.after_as_of;
    }
}
