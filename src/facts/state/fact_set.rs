//! The facts of a run, read from kept state one period at a time.

use super::mistake_table::{SourceMistake, by_source};
use super::one_customer::check_unchanged;
use super::period_run::read_ids;
use super::ranks::Ranks;
use super::record::{FileAccount, PeriodRuns, Record};
use super::scan::Scan;
use super::{join, quarantine};
use crate::error::{Error, Result};
use crate::facts::inputs::master::open_customers;
use crate::facts::inputs::products::NO_GROUP;
use crate::facts::inputs::raw_master::RawMaster;
use crate::facts::inputs::source::{line_aggregates, order_aggregates, wanted_aggregates};
use crate::facts::inputs::unlisted_customers::UnlistedCustomers;
use crate::facts::kernel::row_match::RowMatch;
use crate::facts::schema::{
    AggregateColumn, Book, CustomerMaster, Customers, FactPeriod, RowCounts, SourceMatch,
};
use crate::memory::Memory;
use crate::pipeline::{Aggregate, Definition, Policy};
use crate::units::{Day, Period, PeriodKind};
use arrow::array::ArrayRef;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

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
    /// And what activities above contribution need of orders: kept per order too.
    pub order_aggregates: Vec<usize>,
    /// By what orders are divided, in the order of the kept columns.
    pub dimensions: Vec<String>,
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
    /// Doubts about the sources, which a run says.
    pub warnings: Vec<String>,
    /// By source, the lake table it was read from, with its version.
    pub tables: BTreeMap<String, String>,
    /// What was read to make them.
    pub scan: Scan,
    /// Names of the sources, transactions first.
    sources: Vec<String>,
    pub(crate) folder: PathBuf,
    /// Customers whom the customers source does not list.
    pub(crate) unlisted: Option<UnlistedCustomers>,
    /// Per period, the index of its runs in the record; none if it has no row.
    pub(super) runs: Vec<Option<usize>>,
    /// Per runs of the record, the rank of each row.
    pub(super) ranks: Vec<Ranks>,
    /// Per runs of the record, the global code of each group code.
    pub(super) group_codes: Vec<Vec<u32>>,
}

impl FactSet {
    /// Bytes of memory that are held of every customer: keys and master data. Everything else lies in scratch or on disk.
    pub fn bytes(&self) -> u64 {
        self.customers.keys.bytes() + self.master.as_ref().map_or(0, CustomerMaster::bytes)
    }

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
        record.check_version()?;
        let customers = definition.facts.customers.as_ref();
        let read = |def| open_customers(definition, def, Some(record.key_type), false)?.read();
        let master = customers.map(read).transpose()?;
        let files = master.iter().flat_map(|master| &master.files).map(|(file, _)| file);
        check_unchanged(files, &record)?;
        let aggregates = kept_aggregates(definition, &record);
        Self::open(definition, folder, record, aggregates, master, as_of, &Memory::of_machine(folder))
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
        memory: &Memory,
    ) -> Result<Self> {
        record.check_version()?;
        let aggregates = kept_aggregates(definition, &record);
        Self::open(definition, folder, record, aggregates, None, as_of, memory)
    }

    /// Opens kept runs: joins the customers and product groups of all periods.
    pub(crate) fn open(
        definition: &Definition,
        folder: &Path,
        record: Record,
        aggregates: Vec<AggregateColumn>,
        master: Option<RawMaster>,
        as_of: Option<Day>,
        memory: &Memory,
    ) -> Result<Self> {
        let ids_of = |run: usize| read_ids(folder, &record.periods[run].keys, record.key_type);
        let ids = join::PeriodIds { periods: record.periods.len(), of: &ids_of };
        let listed = master.as_ref().map(|master| &master.keys);
        let (customers, ranks) = join::customers(ids, record.key_type, listed, memory)?;
        let have_rows = || have_rows(&ranks, customers.keys.len());
        let unlisted = master.as_ref().map(|master| UnlistedCustomers::of(&customers, master, have_rows));
        let unlisted = unlisted.transpose()?.flatten();
        let (groups, group_codes) = join::groups(folder, &record)?;
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
            order_aggregates: order_aggregates(definition, &aggregates),
            dimensions: definition.facts.transactions.dimensions.keys().cloned().collect(),
            aggregates,
            as_of,
            money_scale: definition.facts.money_scale,
            volume_scale: definition.facts.volume_scale,
            record,
            warnings: Vec::new(),
            tables: BTreeMap::new(),
            scan: Scan::default(),
            sources: source_names(definition),
            folder: folder.to_owned(),
            unlisted,
            ranks,
            group_codes,
        })
    }

    /// Whether any line is in a product group but that of those without one.
    pub(crate) fn has_grouped_lines(&self) -> bool {
        self.group_codes.iter().flatten().any(|code| self.groups[*code as usize] != NO_GROUP)
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

    /// Lines by company and currency, by period.
    pub fn books(&self) -> Vec<(Period, &[Book])> {
        let of_run = |run: &Option<usize>| run.map_or(&[][..], |run| &self.record.periods[run].books);
        self.periods.iter().zip(&self.runs).map(|(period, run)| (period.period, of_run(run))).collect()
    }

    /// Content addresses of a period's keys and customer facts.
    pub fn digest(&self, period: usize) -> String {
        let Some(run) = self.runs[period] else { return "no rows".to_owned() };
        let runs = &self.record.periods[run];
        format!("{} {}", runs.keys.digest, runs.customers.digest)
    }

    /// Content address of a period's customers by product group.
    pub fn digest_of_products(&self, period: usize) -> &str {
        self.runs[period].map_or("no rows", |run| &self.record.periods[run].products.digest)
    }

    /// Content address of a period's orders.
    pub fn digest_of_orders(&self, period: usize) -> &str {
        self.runs[period].map_or("no rows", |run| &self.record.periods[run].orders.digest)
    }

    /// Content address of what customers did by day in a period, where that is kept.
    pub fn digest_of_days(&self, period: usize) -> &str {
        let days = self.runs[period].and_then(|run| self.record.periods[run].days.as_ref());
        days.map_or("no rows", |days| &days.digest)
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

    /// Says how many rows of a source are quarantined, with the first of them, unless row checks say it all.
    pub fn quarantine_warnings(&self, definition: &Definition) -> Vec<String> {
        let checks = &definition.facts.checks;
        let mut warnings = Vec::new();
        for (source, _, counts) in self.accounts() {
            let files = self.record.files.iter().filter(|account| account.source == source);
            let mistakes = files.clone().flat_map(|account| &account.mistakes);
            let mistakes = mistakes.filter(|found| checks.policy(found.mistake) == Policy::Quarantine);
            if counts.quarantined > mistakes.map(|found| found.rows).sum() {
                let first = files.filter_map(|account| account.quarantine.as_ref()).take(1);
                let first = quarantine::first(&self.folder, first).unwrap_or_default();
                let RowCounts { read, quarantined, .. } = counts;
                warnings.push(format!(
                    "{source}: {quarantined} of {read} rows are quarantined; the first: {first}; table quarantine lists them"
                ));
            }
        }
        warnings
    }

    /// What row checks found, by source and kind.
    pub fn mistakes(&self, definition: &Definition) -> Vec<SourceMistake> {
        by_source(&definition.facts, &self.record)
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

/// Of these customers, who has a row in any period.
fn have_rows(ranks: &[Ranks], customers: usize) -> Result<Vec<bool>> {
    let mut have_rows = vec![false; customers];
    for chunk in ranks.iter().flat_map(Ranks::chunks) {
        for rank in chunk?.into_iter().filter(|rank| (*rank as usize) < customers) {
            have_rows[rank as usize] = true;
        }
    }
    Ok(have_rows)
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
