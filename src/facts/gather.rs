//! The one pass: decides which periods must be made again, reads the row groups that reach into them, reduces each
//! period as soon as its last row group is in, and keeps the runs.

use super::fact_set::FactSet;
use super::intern::Interner;
use super::master::{ProductGroups, RawMaster, read_customers, read_products};
use super::period_run::{Kept, keep};
use super::periods::PeriodIndex;
use super::quarantine::{self, QuarantinedRow};
use super::record::{Layout, Records};
use super::reduce::{SourceShape, reduce};
use super::scan::{ScanContext, Scanned, Task, place_parts, scan};
use super::schema::{AggregateColumn, RowCounts};
use super::source::{Source, bind_sources, key_type};
use super::state::{FileAccount, PeriodRuns, Record};
use super::statistics::row_group_days;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, KeyType};
use crate::units::{Day, Period};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

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
}

/// Opens the sources and checks columns and types; reads no row and writes nothing.
///
/// # Errors
/// All faults of all sources.
pub fn check(definition: &Definition) -> Result<Vec<(String, usize, u64)>> {
    let (sources, _) = bind_sources(definition, false)?;
    let key_type = key_type(&sources)?;
    let rows = |source: &Source| source.files.iter().map(super::input::InputFile::rows).sum();
    let mut found: Vec<_> =
        sources.iter().map(|source| (source.name.clone(), source.files.len(), rows(source))).collect();
    let groups = Interner::new();
    if let Some(def) = &definition.facts.customers {
        let master = read_customers(definition, def, key_type, false)?;
        let rows = master.files.iter().map(|(_, counts, _)| counts.read).sum();
        found.push(("customers".to_owned(), master.files.len(), rows));
    }
    if let Some(def) = &definition.facts.products {
        let products = read_products(definition, def, &groups, false)?;
        let rows = products.files.iter().map(super::input::InputFile::rows).sum();
        found.push(("products".to_owned(), products.files.len(), rows));
    }
    Ok(found)
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
}

/// Says what `gather` would read; reads footers and master data only.
///
/// # Errors
/// As `gather`.
pub fn plan(definition: &Definition, options: &GatherOptions<'_>) -> Result<ScanPlan> {
    let run = Run::open(definition, options)?;
    let kept = run.kept.keys().map(|number| run.periods.period(*number)).collect();
    let made = run.reasons.iter().map(|(number, reason)| (run.periods.period(*number), *reason)).collect();
    Ok(ScanPlan { kept, made, rows: run.rows_to_read() })
}

/// Gathers the facts of a definition, from kept state where inputs did not change.
///
/// # Errors
/// Inputs that cannot be read, columns that do not fit, duplicate lines where they are errors, sums past 64 bits.
pub fn gather(definition: &Definition, options: &GatherOptions<'_>) -> Result<FactSet> {
    std::fs::create_dir_all(&options.folder)
        .map_err(|fault| Error::io(Kind::Resource, &options.folder, &fault))?;
    let run = Run::open(definition, options)?;
    let (made, mut accounts) = run.read(options)?;
    accounts.extend(run.master_accounts(&options.folder)?);
    let record = run.record(made, accounts)?;
    FactSet::open(definition, &options.folder, record, run.aggregates, run.master, options.as_of)
}

/// A run of the facts with its sources open and its work decided.
struct Run {
    sources: Vec<Source>,
    aggregates: Vec<AggregateColumn>,
    key_type: KeyType,
    groups: Interner,
    products: Option<ProductGroups>,
    master: Option<RawMaster>,
    periods: PeriodIndex,
    currency: String,
    /// Per source, file and row group: the periods it may reach into; `None` when statistics do not tell.
    reach: Vec<Vec<Vec<Option<(u16, u16)>>>>,
    /// Digest of all inputs of each period.
    inputs: BTreeMap<u16, String>,
    /// Whether every row group's periods are known, so that a period's inputs are too.
    bounded: bool,
    rules: Rules,
    /// Periods whose kept runs still hold.
    kept: BTreeMap<u16, PeriodRuns>,
    /// Periods to make, with the reason.
    reasons: BTreeMap<u16, &'static str>,
    tasks: Vec<Task>,
    /// Accounts of files that are not read again.
    kept_accounts: Vec<FileAccount>,
}

/// What decides the facts beside the inputs.
struct Rules {
    definition: String,
    as_of: Option<Day>,
}

impl Rules {
    fn of(
        definition: &Definition,
        sources: &[Source],
        products: Option<&ProductGroups>,
        as_of: Option<Day>,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        let facts = &definition.facts;
        let mut add = |text: &str| {
            hasher.update(text.as_bytes());
            hasher.update(b"\0");
        };
        add("facts 1");
        add(&format!("{:?} {} {}", facts.period, facts.money_scale, facts.volume_scale));
        add(&format!("{} {}", facts.timezone.name(), facts.currency));
        let transactions = &facts.transactions;
        add(&format!("{:?} {:?}", transactions.unknown_customer, transactions.duplicates));
        let scalars = [
            &transactions.filter,
            &Some(transactions.customer.clone()),
            &Some(transactions.order.clone()),
            &transactions.line,
            &transactions.product,
            &transactions.product_group,
            &Some(transactions.at.clone()),
            &transactions.quantity,
            &transactions.is_return,
            &Some(transactions.revenue.clone()),
            &transactions.discount,
            &transactions.cost,
            &transactions.currency,
        ];
        scalars.iter().for_each(|scalar| add(scalar.as_ref().map_or("-", |scalar| &scalar.text)));
        for events in &facts.events {
            add(&events.name);
            add(events.filter.as_ref().map_or("-", |scalar| &scalar.text));
            add(&format!("{} {} {:?}", events.customer.text, events.at.text, events.unknown_customer));
        }
        for source in sources {
            add(&format!("{:?}", source.aggregates));
        }
        for activity in definition.costing.iter().flat_map(|costing| &costing.activities) {
            for (_, aggregate) in &activity.driver().driver.terms {
                add(&format!("{:?} {aggregate:?}", activity.on));
            }
        }
        for file in products.iter().flat_map(|products| &products.files) {
            add(&format!("{:?}", file.identity));
        }
        Self { definition: hasher.finalize().to_hex().to_string(), as_of }
    }

    /// The digest that decides a file's counts: the as-of day matters only if it may cut the file.
    fn for_file(&self, last_day: Option<Day>) -> String {
        let cut = self.as_of.filter(|as_of| last_day.is_none_or(|last| last >= *as_of));
        format!("{} {}", self.definition, cut.map_or("whole".to_owned(), |day| day.to_string()))
    }
}

impl Run {
    fn open(definition: &Definition, options: &GatherOptions<'_>) -> Result<Self> {
        let (sources, aggregates) = bind_sources(definition, options.verify_inputs)?;
        let key_type = key_type(&sources)?;
        let groups = Interner::new();
        let facts = &definition.facts;
        let master = facts.customers.as_ref();
        let master =
            master.map(|def| read_customers(definition, def, key_type, options.verify_inputs)).transpose()?;
        let products = facts.products.as_ref();
        let products =
            products.map(|def| read_products(definition, def, &groups, options.verify_inputs)).transpose()?;
        let periods = PeriodIndex::new(facts.period);
        let reach = reach_of(&sources, &periods, facts.timezone);
        let rules = Rules::of(definition, &sources, products.as_ref(), options.as_of);
        let mut run = Self {
            bounded: reach.iter().flatten().flatten().all(Option::is_some),
            sources,
            aggregates,
            key_type,
            groups,
            products,
            master,
            periods,
            currency: facts.currency.clone(),
            reach,
            inputs: BTreeMap::new(),
            rules,
            kept: BTreeMap::new(),
            reasons: BTreeMap::new(),
            tasks: Vec::new(),
            kept_accounts: Vec::new(),
        };
        run.inputs = run.inputs_by_period();
        run.decide(options);
        Ok(run)
    }

    /// One digest per period over the rules and every row group that may reach into it.
    fn inputs_by_period(&self) -> BTreeMap<u16, String> {
        let mut hashers: BTreeMap<u16, blake3::Hasher> = BTreeMap::new();
        let mut anywhere = blake3::Hasher::new();
        for (source, files) in self.sources.iter().zip(&self.reach) {
            for (file, row_groups) in source.files.iter().zip(files) {
                for (row_group, reach) in row_groups.iter().enumerate() {
                    let input = format!("{} {:?} {row_group}\0", source.name, file.identity);
                    let Some((first, last)) = *reach else {
                        anywhere.update(input.as_bytes());
                        continue;
                    };
                    for number in first..=last {
                        let hasher = hashers.entry(number).or_insert_with(|| self.period_hasher(number));
                        hasher.update(input.as_bytes());
                    }
                }
            }
        }
        if !self.bounded {
            // What statistics do not bound may have rows in any period: it must change them all when it goes.
            let anywhere = anywhere.finalize();
            hashers.values_mut().for_each(|hasher| {
                hasher.update(anywhere.as_bytes());
            });
        }
        hashers.into_iter().map(|(number, hasher)| (number, hasher.finalize().to_hex().to_string())).collect()
    }

    fn period_hasher(&self, number: u16) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        let cut = self.rules.as_of.filter(|as_of| *as_of < self.periods.period(number).end());
        hasher.update(format!("{} {cut:?}\0", self.rules.definition).as_bytes());
        hasher
    }

    /// Splits the work into what is kept and what is made.
    fn decide(&mut self, options: &GatherOptions<'_>) {
        let nothing = || Record {
            key_type: self.key_type,
            aggregate_scales: vec![],
            periods: vec![],
            empty: BTreeSet::new(),
            files: vec![],
        };
        let previous = options.previous.clone().unwrap_or_else(nothing);
        let known: BTreeMap<&str, &PeriodRuns> =
            previous.periods.iter().map(|runs| (runs.period.as_str(), runs)).collect();
        let has_state = |runs: &PeriodRuns| {
            [&runs.customers, &runs.products, &runs.orders]
                .iter()
                .all(|file| file.path(&options.folder).exists())
        };
        let unread = self.files_without_account(&previous);
        for (number, inputs) in &self.inputs {
            let period = self.periods.period(*number);
            let asked =
                options.again.is_some_and(|(from, until)| period.start < until && from < period.end());
            let reason = match known.get(period.to_string().as_str()) {
                _ if options.full => "--full",
                _ if asked => "asked for",
                _ if !self.bounded => "a source has no statistics on its dates",
                None if self.touched_by(&unread, *number) => "new files",
                None if previous.empty.contains(inputs) => continue,
                None => "not kept",
                Some(runs) if runs.inputs != *inputs => "inputs or definition changed",
                Some(runs) if !has_state(runs) => "its state is gone",
                Some(_) if self.touched_by(&unread, *number) => "new files",
                Some(runs) => {
                    self.kept.insert(*number, (*runs).clone());
                    continue;
                }
            };
            self.reasons.insert(*number, reason);
        }
        self.choose_tasks(&previous, &unread);
    }

    /// Files whose rows the previous run did not account for under today's rules, as (source, file).
    fn files_without_account(&self, previous: &Record) -> BTreeSet<(usize, usize)> {
        let mut unread = BTreeSet::new();
        for (source_index, source) in self.sources.iter().enumerate() {
            for (file_index, file) in source.files.iter().enumerate() {
                let rules = self.rules.for_file(self.last_day(source_index, file_index));
                let known = previous.files.iter().any(|account| {
                    account.source == source.name && account.file == file.identity && account.rules == rules
                });
                if !known {
                    unread.insert((source_index, file_index));
                }
            }
        }
        unread
    }

    /// The last day a file may have, where statistics tell.
    fn last_day(&self, source: usize, file: usize) -> Option<Day> {
        let last = self.reach[source][file].iter().map(|reach| reach.map(|(_, last)| last));
        let last = last.collect::<Option<Vec<u16>>>()?.into_iter().max()?;
        Some(Day(self.periods.period(last).end().0 - 1))
    }

    fn touched_by(&self, files: &BTreeSet<(usize, usize)>, number: u16) -> bool {
        files.iter().any(|(source, file)| {
            self.reach[*source][*file]
                .iter()
                .any(|reach| reach.is_none_or(|(first, last)| (first..=last).contains(&number)))
        })
    }

    /// Row groups that reach into a period to be made, or whose file has no account; in order of their periods.
    fn choose_tasks(&mut self, previous: &Record, unread: &BTreeSet<(usize, usize)>) {
        let mut tasks = Vec::new();
        for (source, files) in self.reach.iter().enumerate() {
            for (file, row_groups) in files.iter().enumerate() {
                let without_account =
                    unread.contains(&(source, file)) || !self.bounded || self.kept.is_empty();
                for (row_group, reach) in row_groups.iter().enumerate() {
                    let wanted = reach
                        .is_none_or(|(first, last)| (first..=last).any(|n| self.reasons.contains_key(&n)));
                    if without_account || wanted {
                        let first = reach.map_or(0, |(first, _)| first);
                        tasks.push((first, source, file, row_group));
                    }
                }
                if !without_account {
                    let source_name = &self.sources[source].name;
                    let identity = &self.sources[source].files[file].identity;
                    let same =
                        |account: &&FileAccount| account.source == *source_name && account.file == *identity;
                    let account = previous.files.iter().find(same).expect("the file has an account");
                    self.kept_accounts.push(account.clone());
                }
            }
        }
        tasks.sort_unstable();
        self.tasks =
            tasks.into_iter().map(|(_, source, file, row_group)| Task { source, file, row_group }).collect();
    }

    fn rows_of(&self, task: Task) -> u64 {
        let metadata = self.sources[task.source].files[task.file].metadata.metadata();
        u64::try_from(metadata.row_group(task.row_group).num_rows()).unwrap_or(0)
    }

    fn rows_to_read(&self) -> u64 {
        self.tasks.iter().map(|task| self.rows_of(*task)).sum()
    }

    /// Reads all tasks and makes their periods.
    fn read(&self, options: &GatherOptions<'_>) -> Result<(Vec<PeriodRuns>, Vec<FileAccount>)> {
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
        let failed = std::sync::atomic::AtomicBool::new(false);
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
        (0..rayon::current_num_threads()).into_par_iter().for_each(worker);
        let mut outcomes = outcomes.into_inner().expect("no worker panics while it reports");
        outcomes.sort_by_key(|(index, _)| *index);
        self.collect(outcomes, &options.folder)
    }

    /// Joins the outcomes of all tasks, in task order.
    fn collect(
        &self,
        outcomes: Vec<(usize, Result<Outcome>)>,
        folder: &Path,
    ) -> Result<(Vec<PeriodRuns>, Vec<FileAccount>)> {
        let mut made = BTreeMap::new();
        let mut files: BTreeMap<(usize, usize), (RowCounts, Vec<QuarantinedRow>)> = BTreeMap::new();
        for (index, outcome) in outcomes {
            let outcome = outcome?;
            let task = self.tasks[index];
            let (counts, quarantined) = files.entry((task.source, task.file)).or_default();
            counts.add(&outcome.counts);
            quarantined.extend(outcome.quarantined);
            for (number, period) in outcome.periods {
                made.insert(number, period);
            }
        }
        let mut accounts = self.kept_accounts.clone();
        for ((source_index, file_index), (counts, quarantined)) in files {
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
            });
        }
        let of_source =
            |account: &FileAccount| self.sources.iter().position(|source| source.name == account.source);
        accounts.sort_by(|a, b| (of_source(a), &a.file.path).cmp(&(of_source(b), &b.file.path)));
        Ok((made.into_values().collect(), accounts))
    }

    fn master_accounts(&self, folder: &Path) -> Result<Vec<FileAccount>> {
        let files = self.master.iter().flat_map(|master| &master.files);
        let account =
            |(file, counts, quarantined): &(super::input::InputFile, RowCounts, Vec<QuarantinedRow>)| {
                Ok(FileAccount {
                    source: "customers".to_owned(),
                    file: file.identity.clone(),
                    rules: self.rules.definition.clone(),
                    counts: *counts,
                    quarantine: quarantine::keep(
                        folder,
                        "customers",
                        &file.identity.path,
                        quarantined.clone(),
                    )?,
                })
            };
        files.map(account).collect()
    }

    fn record(&self, made: Vec<PeriodRuns>, files: Vec<FileAccount>) -> Result<Record> {
        let mut periods: Vec<PeriodRuns> = self.kept.values().cloned().chain(made).collect();
        periods.sort_by(|a, b| a.period.cmp(&b.period));
        if periods.is_empty() {
            let read: u64 = files.iter().map(|account| account.counts.read).sum();
            return Err(Error::check(format!(
                "no row is left to work on: {read} rows were read, all excluded, quarantined or after the as-of day; \
                 check 'where', the file patterns and --as-of"
            )));
        }
        let aggregate_scales = self.aggregates.iter().map(|aggregate| aggregate.scale).collect();
        let has_rows = |first: &str| periods.binary_search_by(|runs| runs.period.as_str().cmp(first)).is_ok();
        let inputs = self.inputs.iter().map(|(number, inputs)| (self.periods.period(*number), inputs));
        let empty = inputs.filter(|(period, _)| !has_rows(&period.to_string()));
        let empty = empty.map(|(_, inputs)| inputs.clone()).collect();
        Ok(Record { key_type: self.key_type, aggregate_scales, periods, empty, files })
    }
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

/// Periods each row group may reach into, per source, file and row group.
fn reach_of(
    sources: &[Source],
    periods: &PeriodIndex,
    zone: chrono_tz::Tz,
) -> Vec<Vec<Vec<Option<(u16, u16)>>>> {
    let numbers = |(first, last): (Day, Day)| {
        let clamp = |day: Day| periods.of_day(day.0.clamp(Day::MIN.0, Day::END.0 - 1));
        (clamp(first), clamp(last))
    };
    let file = |source: &Source, file: &super::input::InputFile| {
        row_group_days(file, &source.at, zone).into_iter().map(|days| days.map(numbers)).collect()
    };
    let files = |source: &Source| source.files.iter().map(|input| file(source, input)).collect();
    sources.iter().map(files).collect()
}

/// What a task left behind.
struct Outcome {
    counts: RowCounts,
    quarantined: Vec<QuarantinedRow>,
    periods: Vec<(u16, PeriodRuns)>,
}

/// Records of a period until its last row group is in.
#[derive(Default)]
struct Inbox {
    /// Tasks that may still bring records.
    pending: AtomicUsize,
    /// Rows those tasks have.
    rows: AtomicU64,
    ranges: OnceLock<Arc<Vec<u64>>>,
    records: Mutex<(Vec<Records>, Option<Day>)>,
}

impl Inbox {
    fn expect(&self, rows: u64) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Cuts the keys into ranges of some 8,000 records, by a sample of the first batch.
    fn ranges(&self, keys: &[u64]) -> Arc<Vec<u64>> {
        let cut = || {
            let wanted = usize::try_from(self.rows.load(Ordering::Relaxed) / 8_192).unwrap_or(usize::MAX);
            let parts = wanted.clamp(4, 512).next_power_of_two();
            let mut sample = keys.to_vec();
            sample.sort_unstable();
            sample.dedup();
            let mut cuts: Vec<u64> = (1..parts).map(|part| sample[part * sample.len() / parts]).collect();
            cuts.dedup();
            Arc::new(cuts)
        };
        Arc::clone(self.ranges.get_or_init(cut))
    }
}

/// What the workers share.
struct Shared<'s> {
    run: &'s Run,
    customers: &'s Interner,
    inboxes: &'s [Inbox],
    folder: &'s Path,
}

impl Shared<'_> {
    /// Reads one row group, hands its records over, and makes the periods it was the last to feed.
    fn work(&self, task: Task, as_of: Option<Day>) -> Result<Outcome> {
        let run = self.run;
        let made = |number: u16| !run.kept.contains_key(&number);
        let context = ScanContext {
            sources: &run.sources,
            periods: &run.periods,
            as_of,
            wanted: &made,
            customers: self.customers,
            groups: &run.groups,
            products: run.products.as_ref(),
            currency: &run.currency,
            ranges: &|number, keys| self.inboxes[usize::from(number)].ranges(keys),
        };
        let scanned = scan(&context, task)?;
        let Scanned { counts, quarantined, records, last_day } = scanned;
        for (number, records) in records {
            let mut inbox = self.inboxes[usize::from(number)].records.lock().expect("no worker panics here");
            inbox.0.push(records);
            inbox.1 = inbox.1.max(last_day);
        }
        let fed = match run.reach[task.source][task.file][task.row_group] {
            Some((first, last)) => first..=last,
            None => 0..=u16::try_from(run.periods.len() - 1).expect("periods are numbered in 16 bits"),
        };
        let mut outcome = Outcome { counts, quarantined, periods: Vec::new() };
        for number in fed {
            if self.inboxes[usize::from(number)].pending.fetch_sub(1, Ordering::AcqRel) == 1 {
                self.make(number, &mut outcome)?;
            }
        }
        Ok(outcome)
    }

    /// Reduces and keeps a period whose records are complete.
    fn make(&self, number: u16, outcome: &mut Outcome) -> Result<()> {
        let inbox = &self.inboxes[usize::from(number)];
        let (records, last_day) = std::mem::take(&mut *inbox.records.lock().expect("no worker panics here"));
        if records.is_empty() {
            return Ok(());
        }
        let run = self.run;
        let period = run.periods.period(number);
        let shapes: Vec<SourceShape> = run.sources.iter().map(shape_of).collect();
        let parts = inbox.ranges(&[]).len() + 1;
        let days = usize::try_from(period.days()).expect("periods have days");
        let reduced: Vec<_> = (0..parts)
            .into_par_iter()
            .map(|part| {
                let (runs, distinct) = part_of_records(&run.sources, &records, part);
                reduce(&shapes, &runs, &distinct, run.aggregates.len(), days)
            })
            .collect();
        drop(records);
        if let Some(clash) = reduced.iter().filter_map(|range| range.clash).min() {
            return Err(self.duplicate_line(clash));
        }
        if reduced.iter().any(|range| range.overflow) {
            return Err(Error::check(format!(
                "a customer's sum in the period of {period} leaves the range of 64 bits at money_scale and \
                 volume_scale; lower the scale in [facts], or look for absurd values in the period"
            )));
        }
        let duplicates: u64 = reduced.iter().map(|range| range.duplicates).sum();
        let aggregate_totals = (0..run.aggregates.len()).map(|index| total_of(&reduced, index).to_string()).collect();
        let Kept { customers, products, orders } =
            keep(self.folder, reduced, run.key_type, self.customers, &run.groups)?;
        let inputs = run.inputs.get(&number).cloned().unwrap_or_else(|| run.rules.definition.clone());
        let last_day = last_day.unwrap_or(period.start).to_string();
        let period = period.to_string();
        let runs = PeriodRuns { period, inputs, last_day, duplicates, aggregate_totals, customers, products, orders };
        outcome.periods.push((number, runs));
        Ok(())
    }

    fn duplicate_line(&self, clash: (u64, u64)) -> Error {
        let place = |place: u64| {
            let (file, row_group, row) = place_parts(place);
            format!("{} row group {row_group} row {row}", self.run.sources[0].files[file].path.display())
        };
        Error::check(format!(
            "two rows have the same order and line: {} and {}; remove one, or say duplicates = \"drop identical\" if \
             they are the same row twice",
            place(clash.0),
            place(clash.1)
        ))
    }
}

fn total_of(reduced: &[super::reduce::Reduced], aggregate: usize) -> i128 {
    reduced.iter().flat_map(|range| &range.aggregates[aggregate]).map(|value| i128::from(*value)).sum()
}

fn shape_of(source: &Source) -> SourceShape {
    let sale = source.sale.as_ref();
    SourceShape {
        layout: Layout::of(source),
        is_sale: sale.is_some(),
        duplicates: sale.map_or(crate::pipeline::Duplicates::Allow, |sale| sale.duplicates),
        aggregates: source.aggregates.clone(),
    }
}

/// The records of one key range, by source, and those of its distinct sets.
#[expect(clippy::type_complexity, reason = "slices by source and set, taken apart at once")]
fn part_of_records<'r>(
    sources: &[Source],
    records: &'r [Records],
    part: usize,
) -> (Vec<Vec<&'r [u64]>>, Vec<Vec<Vec<&'r [u64]>>>) {
    let of = |source: usize| records.iter().filter(move |records| records.source == source);
    let runs = |source: usize| of(source).map(|records| records.parts[part].as_slice()).collect();
    let set = |source: usize, set: usize| {
        of(source).map(|records| records.distinct[set][part].as_slice()).collect()
    };
    let sets = |source: usize| (0..sources[source].distinct.len()).map(|index| set(source, index)).collect();
    ((0..sources.len()).map(runs).collect(), (0..sources.len()).map(sets).collect())
}
