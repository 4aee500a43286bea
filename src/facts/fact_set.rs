//! The facts of a run, read from kept state one period at a time.

use super::master::{RawKeys, RawMaster, open_customers};
use super::one_customer::check_unchanged;
use super::period_run::{CUSTOMER, GROUP, GROUP_NAMES, ORDER_WORDS, ROW, aggregate_column};
use super::quarantine;
use super::schema::{
    AggregateColumn, CustomerFacts, CustomerMaster, Customers, FactPeriod, Keys, ProductFacts, RowCounts,
    SourceMatch,
};
use super::source::{line_aggregates, wanted_aggregates};
use super::state::{
    FileAccount, PeriodRuns, Record, RowMatch, StateFile, read, read_column, read_metadata, widen,
};
use crate::error::{Error, Result};
use crate::pipeline::{Aggregate, Definition, KeyType};
use crate::units::{Day, Period, PeriodKind};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Keys of the customers of runs just made, by digest of the run.
pub(crate) type KnownIds = HashMap<String, ArrayRef>;

/// The facts of a run.
#[derive(Debug)]
pub struct FactSet {
    /// All customers, by rank.
    pub customers: Customers,
    /// Names of product groups, sorted.
    pub groups: Vec<String>,
    /// Periods, ascending.
    pub periods: Vec<FactPeriod>,
    /// What activities need, in the order of `CustomerFacts::aggregates`.
    pub aggregates: Vec<AggregateColumn>,
    /// Of these, what activities of level unit need: kept per customer × product group too.
    pub line_aggregates: Vec<usize>,
    /// First day that is left out.
    pub as_of: Day,
    /// Customer master data by rank, if the pipeline has any.
    pub master: Option<CustomerMaster>,
    /// Digits after the point of money.
    pub money_scale: u8,
    /// Digits after the point of units.
    pub volume_scale: u8,
    /// What was read and kept, for the manifest.
    pub record: Record,
    /// Names of the sources, transactions first.
    sources: Vec<String>,
    folder: PathBuf,
    /// Per period, the index of its runs in the record; none if it has no row.
    runs: Vec<Option<usize>>,
    /// Per runs of the record, the rank of each row.
    ranks: Vec<Vec<u32>>,
    /// Per runs of the record, the global code of each group code.
    group_codes: Vec<Vec<u32>>,
}

impl FactSet {
    /// The facts a release was made from, without its sources; only the customers source is read.
    ///
    /// # Errors
    /// Kept state that cannot be read, a customers source that changed since.
    pub fn recall(
        definition: &Definition,
        folder: &Path,
        record: Record,
        as_of: Option<Day>,
    ) -> Result<Self> {
        let customers = definition.facts.customers.as_ref();
        let read = |def| open_customers(definition, def, Some(record.key_type), false)?.read();
        let master = customers.map(read).transpose()?;
        let files = master.iter().flat_map(|master| &master.files).map(|(file, _, _)| file);
        check_unchanged(files, &record)?;
        let aggregates = kept_aggregates(definition, &record);
        Self::open(definition, folder, record, aggregates, master, as_of, &KnownIds::new())
    }

    /// The same from kept state alone: no master data, and no customer whom only the customers source knows.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn recall_kept(
        definition: &Definition,
        folder: &Path,
        record: Record,
        as_of: Option<Day>,
    ) -> Result<Self> {
        let aggregates = kept_aggregates(definition, &record);
        Self::open(definition, folder, record, aggregates, None, as_of, &KnownIds::new())
    }

    /// Opens kept runs: joins the customers and product groups of all periods. Keys that are known are not read again.
    pub(crate) fn open(
        definition: &Definition,
        folder: &Path,
        record: Record,
        aggregates: Vec<AggregateColumn>,
        master: Option<RawMaster>,
        as_of: Option<Day>,
        known: &KnownIds,
    ) -> Result<Self> {
        let ids_of = |runs: &PeriodRuns| match known.get(&runs.customers.digest) {
            Some(ids) => Ok(ids.clone()),
            None => read_column(folder, &runs.customers, CUSTOMER),
        };
        let ids = record.periods.par_iter().map(ids_of).collect::<Result<Vec<ArrayRef>>>()?;
        let customers = join_customers(&ids, record.key_type, master.as_ref().map(|master| &master.keys));
        let ranks = ids.par_iter().map(|ids| ranks_of(&customers, ids)).collect();
        let (groups, group_codes) = join_groups(folder, &record)?;
        let lived = periods_lived(definition, &record);
        let last_day =
            record.periods[lived.clone()].iter().filter_map(|runs| runs.last_day.parse::<Day>().ok()).max();
        let as_of = as_of.or_else(|| last_day.map(|day| Day(day.0 + 1))).expect("a record has a period");
        let runs = runs_by_period(&record, lived, definition.facts.period)?;
        Ok(Self {
            master: master.map(|master| master.align(&customers)).transpose()?,
            periods: runs
                .iter()
                .map(|(period, _)| FactPeriod { period: *period, complete: period.end() <= as_of })
                .collect(),
            runs: runs.into_iter().map(|(_, run)| run).collect(),
            customers,
            groups,
            line_aggregates: line_aggregates(definition, &aggregates),
            aggregates,
            as_of,
            money_scale: definition.facts.money_scale,
            volume_scale: definition.facts.volume_scale,
            record,
            sources: source_names(definition),
            folder: folder.to_owned(),
            ranks,
            group_codes,
        })
    }

    /// The facts of a period, one row per customer.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn customer_facts(&self, period: usize) -> Result<CustomerFacts> {
        let Some(run) = self.runs[period] else {
            return Ok(CustomerFacts {
                aggregates: vec![Vec::new(); self.aggregates.len()],
                ..Default::default()
            });
        };
        let batch = read(&self.folder, &self.record.periods[run].customers)?;
        let column = |name: &str| widen(batch.column_by_name(name).expect("the state has this column"));
        Ok(CustomerFacts {
            ranks: self.ranks[run].clone(),
            lines: column("lines"),
            orders: column("orders"),
            active_days: column("active_days"),
            units: column("units"),
            returned_units: column("returned_units"),
            list_revenue: column("list_revenue"),
            discount: column("discount"),
            returns: column("returns"),
            product_cost: column("product_cost"),
            first_order_at: column("first_order_at"),
            last_order_at: column("last_order_at"),
            aggregates: (0..self.aggregates.len()).map(|index| column(&aggregate_column(index))).collect(),
        })
    }

    /// The facts of a period, one row per customer × product group.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn product_facts(&self, period: usize) -> Result<ProductFacts> {
        let Some(run) = self.runs[period] else {
            let aggregates = vec![Vec::new(); self.line_aggregates.len()];
            return Ok(ProductFacts { aggregates, ..Default::default() });
        };
        let batch = read(&self.folder, &self.record.periods[run].products)?;
        let column = |name: &str| widen(batch.column_by_name(name).expect("the state has this column"));
        let codes = &self.group_codes[run];
        let index = |value: i64| usize::try_from(value).expect("row and group numbers are not negative");
        Ok(ProductFacts {
            ranks: column(ROW).into_iter().map(|row| self.ranks[run][index(row)]).collect(),
            groups: column(GROUP).into_iter().map(|code| codes[index(code)]).collect(),
            lines: column("lines"),
            units: column("units"),
            returned_units: column("returned_units"),
            list_revenue: column("list_revenue"),
            discount: column("discount"),
            returns: column("returns"),
            product_cost: column("product_cost"),
            aggregates: (0..self.line_aggregates.len())
                .map(|index| column(&aggregate_column(index)))
                .collect(),
        })
    }

    /// Sum of each aggregate over all customers of a period.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn aggregate_totals(&self, period: usize) -> Result<Vec<i128>> {
        let Some(run) = self.runs[period] else { return Ok(vec![0; self.aggregates.len()]) };
        let totals = &self.record.periods[run].aggregate_totals;
        totals
            .iter()
            .map(|total| total.parse().map_err(|_| Error::input("kept state: a total is no number")))
            .collect()
    }

    /// What drivers make of the rows of each source, by period.
    pub fn matches(&self) -> Vec<(Period, Vec<SourceMatch>)> {
        let of_period = |(period, run): (&FactPeriod, &Option<usize>)| {
            let found = run.map(|run| &self.record.periods[run].matches[..]).unwrap_or_default();
            let sources = self.sources.iter().enumerate();
            (period.period, sources.map(|(index, source)| source_match(index, source, found)).collect())
        };
        self.periods.iter().zip(&self.runs).map(of_period).collect()
    }

    /// Content address of a period's customer facts, keys included.
    pub fn digest(&self, period: usize) -> &str {
        self.runs[period].map_or("no rows", |run| &self.record.periods[run].customers.digest)
    }

    /// Distinct orders with a sale line over life, by rank.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn lifetime_orders(&self) -> Result<Vec<i64>> {
        let runs = self
            .record
            .periods
            .par_iter()
            .zip(&self.ranks)
            .map(|(runs, ranks)| OrderRun::read(&self.folder, &runs.orders, ranks))
            .collect::<Result<Vec<_>>>()?;
        let mut orders = vec![0_i64; self.customers.len()];
        orders.par_chunks_mut(SLICE).enumerate().for_each(|(slice, orders)| {
            count_orders(&runs, u32::try_from(slice * SLICE).expect("ranks fit 32 bits"), orders);
        });
        Ok(orders)
    }

    /// Index of an aggregate among `aggregates`.
    pub fn aggregate_index(&self, source: Option<usize>, aggregate: &Aggregate) -> Option<usize> {
        self.aggregates.iter().position(|known| known.source == source && known.aggregate == *aggregate)
    }

    /// Where the rows of each source went, in source order.
    pub fn accounts(&self) -> Vec<(String, usize, RowCounts)> {
        let mut accounts: Vec<(String, usize, RowCounts)> = Vec::new();
        for FileAccount { source, counts, .. } in &self.record.files {
            match accounts.iter_mut().find(|(name, _, _)| name == source) {
                Some((_, files, known)) => {
                    *files += 1;
                    known.add(counts);
                }
                None => accounts.push((source.clone(), 1, *counts)),
            }
        }
        let duplicates: u64 = self.record.periods.iter().map(|runs| runs.duplicates).sum();
        if let Some((_, _, transactions)) = accounts.first_mut() {
            transactions.used -= duplicates;
            transactions.excluded += duplicates;
        }
        accounts
    }

    /// Columns of the published table `quarantine`.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn quarantine(&self) -> Result<Vec<ArrayRef>> {
        quarantine::load(&self.folder, self.record.files.iter().filter_map(|file| file.quarantine.as_ref()))
    }

    /// State files a release made from these facts needs, with their paths.
    pub fn state_paths(&self) -> Vec<PathBuf> {
        self.record.state_files().map(|file| file.path(&self.folder)).collect()
    }
}

/// A source's part of a period; only transactions, which come first, have money.
fn source_match(index: usize, source: &str, found: &[RowMatch]) -> SourceMatch {
    let RowMatch { rows, matched, unmatched_net_revenue } = found.get(index).copied().unwrap_or_default();
    let unmatched_net_revenue = (index == 0).then_some(i128::from(unmatched_net_revenue));
    SourceMatch { source: source.to_owned(), rows, matched, unmatched_net_revenue }
}

fn source_names(definition: &Definition) -> Vec<String> {
    let events = definition.facts.events.iter().map(|events| events.name.clone());
    std::iter::once("transactions".to_owned()).chain(events).collect()
}

/// What the definition wants, with the scales that were found when the facts were made.
fn kept_aggregates(definition: &Definition, record: &Record) -> Vec<AggregateColumn> {
    let mut aggregates = wanted_aggregates(definition);
    for (aggregate, scale) in aggregates.iter_mut().zip(&record.aggregate_scales) {
        aggregate.scale = *scale;
    }
    aggregates
}

/// Ranks handled by one thread at a time.
const SLICE: usize = 65_536;

/// The distinct orders of a period, sorted by rank.
struct OrderRun {
    ranks: Vec<u32>,
    words: [Vec<i64>; 2],
}

impl OrderRun {
    fn read(folder: &Path, file: &StateFile, ranks: &[u32]) -> Result<Self> {
        let batch = read(folder, file)?;
        let column = |name: &str| widen(batch.column_by_name(name).expect("the state has this column"));
        let rank = |row: i64| ranks[usize::try_from(row).expect("rows are not negative")];
        let words = [column(ORDER_WORDS[0]), column(ORDER_WORDS[1])];
        Ok(Self { ranks: column(ROW).into_iter().map(rank).collect(), words })
    }
}

/// Counts distinct orders of the ranks from `first` on.
fn count_orders(runs: &[OrderRun], first: u32, orders: &mut [i64]) {
    let end = first + u32::try_from(orders.len()).expect("a slice is short");
    let mut cursors: Vec<usize> =
        runs.iter().map(|run| run.ranks.partition_point(|rank| *rank < first)).collect();
    let mut seen: Vec<(i64, i64)> = Vec::new();
    for rank in first..end {
        seen.clear();
        let mut periods = 0;
        for (run, cursor) in runs.iter().zip(&mut cursors) {
            let start = *cursor;
            while *cursor < run.ranks.len() && run.ranks[*cursor] == rank {
                seen.push((run.words[0][*cursor], run.words[1][*cursor]));
                *cursor += 1;
            }
            periods += usize::from(*cursor > start);
        }
        if periods > 1 {
            seen.sort_unstable();
            seen.dedup();
        }
        orders[(rank - first) as usize] = i64::try_from(seen.len()).expect("a count fits 63 bits");
    }
}

/// The runs from the first to the last that have rows of a source that makes periods; all, if there are none.
fn periods_lived(definition: &Definition, record: &Record) -> Range<usize> {
    let events = definition.facts.events.iter().map(|events| events.makes_periods);
    let makes_periods: Vec<bool> = std::iter::once(true).chain(events).collect();
    let is_lived = |runs: &PeriodRuns| {
        runs.matches.iter().zip(&makes_periods).any(|(found, makes_periods)| *makes_periods && found.rows > 0)
    };
    let first = record.periods.iter().position(is_lived);
    let last = record.periods.iter().rposition(is_lived);
    first.zip(last).map_or(0..record.periods.len(), |(first, last)| first..last + 1)
}

/// Every period from the first with rows to the last, with the index of its runs: a period without rows still has
/// its resources to account for.
fn runs_by_period(
    record: &Record,
    lived: Range<usize>,
    kind: PeriodKind,
) -> Result<Vec<(Period, Option<usize>)>> {
    let mut periods: Vec<(Period, Option<usize>)> = Vec::new();
    for (index, runs) in record.periods.iter().enumerate().take(lived.end).skip(lived.start) {
        let start = runs.period.parse().map_err(Error::internal)?;
        while let Some((last, _)) = periods.last().filter(|(last, _)| last.end() < start) {
            periods.push((last.next(), None));
        }
        periods.push((Period { start, kind }, Some(index)));
    }
    Ok(periods)
}

/// All customers of all periods and of the master data.
fn join_customers(ids: &[ArrayRef], key_type: KeyType, master: Option<&RawKeys>) -> Customers {
    let has_unidentified = ids.iter().any(|ids| ids.null_count() > 0);
    let keys = match key_type {
        KeyType::Int => {
            let known = |ids: &ArrayRef| {
                let array = ids.as_primitive::<Int64Type>();
                array.values()[..array.len() - array.null_count()].to_vec()
            };
            let mut listed = Vec::new();
            if let Some(RawKeys::Int(keys)) = master {
                listed.clone_from(keys);
                listed.sort_unstable();
            }
            // The customers source mostly knows every customer, which one walk tells; joining all lists takes many.
            let is_listed = |ids: &ArrayRef| is_within(&known(ids), &listed);
            match !listed.is_empty() && ids.par_iter().all(is_listed) {
                true => Keys::Int(listed),
                false => Keys::Int(union_all(ids.iter().map(known).chain([listed]).collect())),
            }
        }
        KeyType::Text => {
            let known = |ids: &ArrayRef| ids.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
            let mut lists: Vec<Vec<String>> = ids.iter().map(known).collect();
            if let Some(RawKeys::Text(keys)) = master {
                let mut keys = keys.clone();
                keys.sort_unstable();
                lists.push(keys);
            }
            Keys::Text(StringArray::from(union_all(lists)))
        }
    };
    Customers { keys, has_unidentified }
}

/// Whether a sorted list holds every key of another.
fn is_within(keys: &[i64], list: &[i64]) -> bool {
    let mut rest = list.iter();
    keys.iter().all(|key| rest.by_ref().find(|known| *known >= key) == Some(key))
}

/// The union of sorted lists, pair by pair.
fn union_all<K: Ord + Send>(mut lists: Vec<Vec<K>>) -> Vec<K> {
    while lists.len() > 1 {
        let mut pairs: Vec<(Vec<K>, Vec<K>)> = Vec::new();
        let mut rest = lists.into_iter();
        while let Some(first) = rest.next() {
            pairs.push((first, rest.next().unwrap_or_default()));
        }
        lists = pairs.into_par_iter().map(|(a, b)| union(a, b)).collect();
    }
    lists.pop().unwrap_or_default()
}

fn union<K: Ord>(a: Vec<K>, b: Vec<K>) -> Vec<K> {
    let mut joined = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let ordering = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) => left.cmp(right),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return joined,
        };
        if ordering.is_ge() {
            let key = b.next();
            if ordering.is_gt() {
                joined.extend(key);
            }
        }
        if ordering.is_le() {
            joined.extend(a.next());
        }
    }
}

/// The rank of each row of a period: both sides are sorted, so one walk finds all.
fn ranks_of(customers: &Customers, ids: &ArrayRef) -> Vec<u32> {
    let known = ids.len() - ids.null_count();
    let mut ranks = Vec::with_capacity(ids.len());
    let mut rank = 0_usize;
    let mut push = |is_at: &dyn Fn(usize) -> bool| {
        while !is_at(rank) {
            rank += 1;
        }
        ranks.push(u32::try_from(rank).expect("ranks fit 32 bits"));
    };
    match &customers.keys {
        Keys::Int(keys) => {
            let values = &ids.as_primitive::<Int64Type>().values()[..known];
            values.iter().for_each(|key| push(&|rank| keys[rank] == *key));
        }
        Keys::Text(keys) => {
            let values = ids.as_string::<i32>();
            (0..known).for_each(|row| push(&|rank| keys.value(rank) == values.value(row)));
        }
    }
    if ids.null_count() > 0 {
        ranks.push(u32::try_from(customers.keys.len()).expect("ranks fit 32 bits"));
    }
    ranks
}

/// All group names, sorted, and per period the global code of each of its codes.
fn join_groups(folder: &Path, record: &Record) -> Result<(Vec<String>, Vec<Vec<u32>>)> {
    let names_of = |runs: &super::state::PeriodRuns| {
        let metadata = read_metadata(folder, &runs.products)?;
        let names = metadata.get(GROUP_NAMES).map(|names| serde_json::from_str::<Vec<String>>(names));
        Ok(names.expect("product runs carry their group names").expect("as JSON"))
    };
    let of_period = record.periods.iter().map(names_of).collect::<Result<Vec<_>>>()?;
    let mut groups: Vec<String> = of_period.iter().flatten().cloned().collect();
    groups.sort_unstable();
    groups.dedup();
    let code = |name: &String| {
        let index = groups.binary_search(name).expect("every name was joined");
        u32::try_from(index).expect("groups are numbered in 20 bits")
    };
    let codes = of_period.iter().map(|names| names.iter().map(code).collect()).collect();
    Ok((groups, codes))
}
