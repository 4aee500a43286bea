//! Decides what a run of the facts must do: which periods are kept, which are made, which row groups are read.

use super::options::GatherOptions;
use super::reach::{Reach, days_of, reach_of};
use super::rules::Rules;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::Type;
use crate::facts::inputs::bind_sources::bind_sources;
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::identity::Identity;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::master::{CustomersSource, open_customers};
use crate::facts::inputs::products::{ProductGroups, read_products};
use crate::facts::inputs::source::{
    QUANTITY, Source, keeps_days, key_type, line_aggregates, order_aggregates,
};
use crate::facts::inputs::source_view::SourceView;
use crate::facts::inputs::statistics::Days;
use crate::facts::inputs::task::Task;
use crate::facts::kernel::books::BookNames;
use crate::facts::kernel::periods::PeriodIndex;
use crate::facts::schema::AggregateColumn;
use crate::facts::state::journal::Finished;
use crate::facts::state::record::{FileAccount, PeriodRuns, Record, StateFile};
use crate::memory::MemoryBudget;
use crate::pipeline::{DayBounds, Definition, KeyType, RowChecks};
use crate::units::Day;
use std::collections::{BTreeMap, BTreeSet};

/// A run of the facts with its sources open and its work decided.
pub(crate) struct Run<'d> {
    pub(crate) sources: Vec<Source>,
    pub(crate) aggregates: Vec<AggregateColumn>,
    /// Of these, what is kept per customer × product group too.
    pub(crate) line_aggregates: Vec<usize>,
    /// And what is kept per order.
    pub(crate) order_aggregates: Vec<usize>,
    /// Whether customer × day is kept.
    pub(crate) keeps_days: bool,
    pub(crate) key_type: KeyType,
    pub(crate) groups: Interner,
    /// Members of dimensions.
    pub(crate) members: Interner,
    pub(crate) products: Option<ProductGroups>,
    pub(crate) customers: Option<CustomersSource<'d>>,
    pub(crate) periods: PeriodIndex,
    pub(crate) currency: String,
    /// What foreign currencies are worth.
    pub(crate) rates: Option<ExchangeRates>,
    /// Companies of the group, and whether lines say of which they are.
    pub(crate) companies: Interner,
    pub(crate) has_companies: bool,
    /// Whether payments are valued at rates of days before theirs.
    has_settlements: bool,
    pub(crate) zone: chrono_tz::Tz,
    pub(crate) money_scale: u8,
    pub(crate) bounds: DayBounds,
    pub(crate) checks: RowChecks,
    /// Per source, file and row group: the days it can hold, by its statistics.
    pub(crate) days: Vec<Vec<Vec<Days>>>,
    /// The periods it may reach into; `None` when statistics do not tell.
    pub(crate) reach: Vec<Vec<Vec<Reach>>>,
    /// Digest of all inputs of each period.
    pub(crate) inputs: BTreeMap<u16, String>,
    /// Whether every row group's periods are known, so that a period's inputs are too.
    pub(crate) bounded: bool,
    pub(crate) rules: Rules,
    /// Periods whose kept runs still hold.
    pub(crate) kept: BTreeMap<u16, PeriodRuns>,
    /// Periods to make, with the reason.
    pub(crate) reasons: BTreeMap<u16, &'static str>,
    pub(crate) tasks: Vec<Task>,
    /// Accounts of files that are not read again.
    pub(crate) kept_accounts: Vec<FileAccount>,
    /// The type that keys had in the last release, if it was another.
    pub(crate) previous_keys: Option<KeyType>,
    /// What to say of files that changed since the last release and do not look it.
    pub(crate) changed_unseen: Vec<String>,
}

impl<'d> Run<'d> {
    pub(crate) fn open(definition: &'d Definition, options: &GatherOptions<'_>) -> Result<Self> {
        let (sources, aggregates) = bind_sources(definition, options.verify_inputs)?;
        let key_type = key_type(definition, &sources)?;
        let groups = Interner::without_gaps();
        let facts = &definition.facts;
        let customers = facts.customers.as_ref();
        let customers = customers
            .map(|def| open_customers(definition, def, Some(key_type), options.verify_inputs))
            .transpose()?;
        check_memory(customers.as_ref(), &options.memory.budget)?;
        let products = facts.products.as_ref();
        let products = products
            .map(|def| read_products(definition, def, sources.first(), &groups, options.verify_inputs))
            .transpose()?;
        let periods = PeriodIndex::new(facts.period);
        let days = days_of(&sources, facts.timezone)?;
        let reach = reach_of(&sources, &days, &periods, facts);
        let rules = Rules::of(definition, &sources, products.as_ref(), options.as_of);
        let rates = ExchangeRates::read(definition)?;
        let mut run = Self {
            bounded: reach.iter().flatten().flatten().all(Option::is_some),
            sources,
            line_aggregates: line_aggregates(definition, &aggregates),
            order_aggregates: order_aggregates(definition, &aggregates),
            keeps_days: keeps_days(definition),
            aggregates,
            key_type,
            groups,
            members: Interner::without_gaps(),
            products,
            customers,
            periods,
            currency: facts.currency.clone(),
            rates,
            companies: Interner::without_gaps(),
            has_companies: facts.transactions.company.is_some(),
            has_settlements: facts.events.iter().any(|events| events.settlements.is_some()),
            zone: facts.timezone,
            money_scale: facts.money_scale,
            bounds: facts.bounds,
            checks: facts.checks,
            days,
            reach,
            inputs: BTreeMap::new(),
            rules,
            kept: BTreeMap::new(),
            reasons: BTreeMap::new(),
            tasks: Vec::new(),
            kept_accounts: Vec::new(),
            previous_keys: options
                .previous
                .as_ref()
                .map(|previous| previous.key_type)
                .filter(|of| *of != key_type),
            changed_unseen: Vec::new(),
        };
        run.inputs = run.inputs_by_period();
        run.changed_unseen =
            options.previous.iter().flat_map(|previous| run.changed_unseen(previous)).collect();
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
        let period = self.periods.period(number);
        self.rates.iter().for_each(|rates| {
            hasher.update(self.rates_within(rates, period.start, period.end()).as_bytes());
        });
        hasher
    }

    /// A digest of the rates that rows of these days are valued at, the last of them excluded.
    fn rates_within(&self, rates: &ExchangeRates, first: Day, end: Day) -> String {
        // What is paid was invoiced before.
        let first = if self.has_settlements { Day::MIN } else { first };
        rates.digest(first, Day(end.0 - 1))
    }

    /// What decides the account of a file, beside its rows.
    pub(crate) fn rules_of_file(&self, source: usize, file: usize) -> String {
        let last = self.last_day(source, file);
        let rules = self.rules.for_file(last);
        let Some(rates) = self.rates.as_ref().filter(|_| self.sources[source].rates.is_some()) else {
            return rules;
        };
        let first = self.reach[source][file].iter().map(|reach| reach.map(|(first, _)| first));
        let first = first.collect::<Option<Vec<u16>>>().and_then(|firsts| firsts.into_iter().min());
        let first = first.map_or(Day::MIN, |number| self.periods.start(number));
        let end = last.map_or(Day::END, |last| Day(last.0 + 1));
        format!("{rules} {}", self.rates_within(rates, first, end))
    }

    /// By what names books are known.
    pub(crate) fn book_names(&self) -> BookNames<'_> {
        BookNames {
            companies: &self.companies,
            rates: self.rates.as_ref(),
            reporting: &self.currency,
            has_companies: self.has_companies,
        }
    }

    /// Splits the work into what is kept and what is made.
    fn decide(&mut self, options: &GatherOptions<'_>) {
        let nothing = || Record {
            version: String::new(),
            key_type: self.key_type,
            order_type: self.sources[0].order_type(),
            units_lack: 0,
            aggregate_scales: vec![],
            periods: vec![],
            empty: BTreeSet::new(),
            files: vec![],
            products: vec![],
            exchange_rates: vec![],
            constant_rates: BTreeMap::new(),
            listed_groups: vec![],
        };
        let mut previous = options.previous.clone().unwrap_or_else(nothing);
        let finished = if options.full { Finished::default() } else { Finished::read(&options.folder) };
        previous.files.extend(finished.files);
        previous.empty.extend(finished.empty);
        let known: BTreeMap<&str, &PeriodRuns> =
            previous.periods.iter().map(|runs| (runs.period.as_str(), runs)).collect();
        let is_there = |file: &StateFile| file.is_there(&options.folder);
        let unread = self.files_without_account(&previous, &is_there);
        for (number, inputs) in &self.inputs {
            let period = self.periods.period(*number);
            let asked =
                options.again.is_some_and(|(from, until)| period.start < until && from < period.end());
            let name = period.to_string();
            let is_finished = |runs: &&PeriodRuns| runs.period == name && runs.inputs == *inputs;
            let finished = finished.periods.iter().rev().find(is_finished);
            let reason = match finished.or_else(|| known.get(name.as_str()).copied()) {
                _ if options.full => "--full",
                _ if asked => "asked for",
                _ if !self.bounded => "a source is read without statistics on its dates",
                None if previous.empty.contains(inputs) => continue,
                None if self.touched_by(&unread, *number) => "new files",
                None => "not kept",
                Some(runs) if runs.inputs != *inputs => "inputs or definition changed",
                Some(runs) if !runs.state_files().all(is_there) => "its state is gone",
                Some(_) if self.touched_by(&unread, *number) => "new files",
                Some(runs) => {
                    self.kept.insert(*number, runs.clone());
                    continue;
                }
            };
            self.reasons.insert(*number, reason);
        }
        self.choose_tasks(&previous, &unread);
    }

    /// What to say of files that changed unseen since this record.
    fn changed_unseen(&self, previous: &Record) -> Vec<String> {
        let mut known: BTreeMap<&str, Vec<&Identity>> = BTreeMap::new();
        for account in &previous.files {
            known.entry(&account.file.path).or_default().push(&account.file);
        }
        let files = self.sources.iter().flat_map(|source| &source.files).map(|file| &file.identity);
        files
            .filter_map(|file| file.changed_unseen(known.get(&*file.path).into_iter().flatten().copied()))
            .collect()
    }

    /// Files whose rows the previous run did not account for under today's rules, or whose quarantined rows are gone, as
    /// (source, file).
    fn files_without_account(
        &self,
        previous: &Record,
        is_there: &impl Fn(&StateFile) -> bool,
    ) -> BTreeSet<(usize, usize)> {
        let mut unread = BTreeSet::new();
        for (source, files) in self.reach.iter().enumerate() {
            for file in 0..files.len() {
                let account = self.account_in(previous, source, file);
                if !account.is_some_and(|account| account.quarantine.iter().all(is_there)) {
                    unread.insert((source, file));
                }
            }
        }
        unread
    }

    /// What is known of the rows of a file under today's rules.
    fn account_in<'r>(&self, previous: &'r Record, source: usize, file: usize) -> Option<&'r FileAccount> {
        let rules = self.rules_of_file(source, file);
        let source = &self.sources[source];
        let identity = &source.files[file].identity;
        previous.files.iter().find(|account| {
            account.source == source.name && account.file == *identity && account.rules == rules
        })
    }

    /// The last day a file may have, where statistics tell.
    pub(crate) fn last_day(&self, source: usize, file: usize) -> Option<Day> {
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
                    let account = self.account_in(previous, source, file);
                    let account = account.expect("the file has an account").clone();
                    self.kept_accounts.push(account);
                }
            }
        }
        tasks.sort_unstable();
        self.tasks =
            tasks.into_iter().map(|(_, source, file, row_group)| Task { source, file, row_group }).collect();
    }

    /// Files of which a row group is read, by source.
    pub(crate) fn files_of_tasks(&self, source: usize) -> BTreeSet<usize> {
        self.tasks.iter().filter(|task| task.source == source).map(|task| task.file).collect()
    }

    /// Files of a source of which a row group is read.
    pub(crate) fn files_to_read(&self, source: &str) -> impl Iterator<Item = &InputFile> {
        let of_name = self.sources.iter().position(|known| known.name == source);
        let index = of_name.expect("a source of this run");
        self.files_of_tasks(index).into_iter().map(move |file| &self.sources[index].files[file])
    }

    /// Of these, those that were not accounted for before this run.
    pub(crate) fn files_to_account_for(&self, source: usize) -> Vec<usize> {
        self.files_of_tasks(source).into_iter().filter(|file| !self.has_account(source, *file)).collect()
    }

    /// The sources as they were found, transactions first.
    pub(crate) fn views(&self) -> Vec<SourceView> {
        let customers = self
            .customers
            .iter()
            .map(|source| SourceView::of("customers", source.files(), &source.columns()));
        let products = self.products.iter().map(|products| SourceView::of("products", &products.files, &[]));
        let sources =
            self.sources.iter().map(|source| SourceView::of(&source.name, &source.files, &source.columns));
        let rates = self.rates.iter().map(|rates| rates.view.clone());
        sources.chain(customers).chain(products).chain(rates).collect()
    }

    /// Doubts about the sources, and a change of all customers' keys.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.views().into_iter().flat_map(|view| view.warnings).collect();
        warnings.extend(self.changed_unseen.iter().cloned());
        warnings.extend(self.previous_keys.map(|previous| {
            let words = |key_type: KeyType| if key_type == KeyType::Text { "text" } else { "integers" };
            format!(
                "the type of customer keys has changed since the last release: they were {} and are {} now, so tables \
                 of both do not join; see the files and folder columns that 'customer' names",
                words(previous),
                words(self.key_type)
            )
        }));
        warnings
    }

    /// Digits that units lack to `volume_scale` while they are summed and kept.
    pub(crate) fn units_lack(&self) -> u8 {
        self.sources[0].values[QUANTITY].more_digits
    }

    /// Whether order lines carry wall time instead of instants.
    pub(crate) fn has_wall_time(&self) -> bool {
        !matches!(self.sources[0].at.ty(), Type::Timestamp { zoned: true })
    }

    pub(crate) fn rows_of(&self, task: Task) -> u64 {
        let metadata = self.sources[task.source].files[task.file].metadata.metadata();
        u64::try_from(metadata.row_group(task.row_group).num_rows()).unwrap_or(0)
    }

    pub(crate) fn rows_to_read(&self) -> u64 {
        self.tasks.iter().map(|task| self.rows_of(*task)).sum()
    }
}

/// Bytes that a row of the customers source takes at least: an integer key, the day and the cost of winning it.
const CUSTOMER_BYTES: u64 = 8 + 4 + 8;

/// Holds what the footers of the customers source claim against the memory that is allowed, before any is asked for: of all
/// inputs, it alone is held whole.
fn check_memory(customers: Option<&CustomersSource<'_>>, budget: &MemoryBudget) -> Result<()> {
    let rows: u64 = customers.iter().flat_map(|source| source.files()).map(InputFile::rows).sum();
    let (least, allowed) = (rows.saturating_mul(CUSTOMER_BYTES), budget.bytes().unwrap_or(u64::MAX));
    if least <= allowed {
        return Ok(());
    }
    Err(Error::new(
        Kind::Resource,
        format!(
            "the customers source has {rows} rows, which take {} MiB at least, and {} MiB are allowed; allow more memory, or \
             list fewer customers",
            least >> 20,
            allowed >> 20
        ),
    ))
}
