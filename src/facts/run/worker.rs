//! What a worker does with a row group: scan it, hand its records over, and make the periods it was the last to feed.

use super::schedule::Run;
use crate::error::{Error, Result};
use crate::facts::inputs::findings::Found;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::source::{Sale, Source};
use crate::facts::inputs::task::Task;
use crate::facts::kernel::context::{ScanContext, Scanned};
use crate::facts::kernel::key_ranges::KeyRanges;
use crate::facts::kernel::plans::SourceShape;
use crate::facts::kernel::record::{Lines, Records};
use crate::facts::kernel::reduce::{Target, reduce};
use crate::facts::kernel::reduced::Reduced;
use crate::facts::kernel::row_match::RowMatch;
use crate::facts::kernel::scan::scan;
use crate::facts::kernel::sink::place_parts;
use crate::facts::schema::RowCounts;
use crate::facts::state::lines;
use crate::facts::state::period_run::{PeriodFiles, keep};
use crate::facts::state::record::{PeriodRuns, StateFile};
use crate::pipeline::Duplicates;
use crate::units::Day;
use rayon::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// What a task left behind.
pub(crate) struct Outcome {
    pub(crate) counts: RowCounts,
    pub(crate) quarantined: Vec<QuarantinedRow>,
    pub(crate) mistakes: Vec<Found>,
    /// Periods that were made.
    pub(crate) periods: Vec<(u16, PeriodRuns)>,
    /// Periods that could not be made. They do not end the reading: which task makes a period depends on the threads.
    pub(crate) faults: Vec<(u16, Error)>,
}

/// Records of a period until its last row group is in.
#[derive(Default)]
pub(crate) struct Inbox {
    /// Tasks that may still bring records.
    pending: AtomicUsize,
    /// Rows those tasks have.
    rows: AtomicU64,
    ranges: OnceLock<Arc<KeyRanges>>,
    records: Mutex<(Vec<Records>, Option<Day>)>,
}

impl Inbox {
    pub(crate) fn expect(&self, rows: u64) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// The period's key ranges, made from the first keys seen of it.
    fn ranges(&self, keys: &[u64]) -> Arc<KeyRanges> {
        let rows = usize::try_from(self.rows.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        Arc::clone(self.ranges.get_or_init(|| Arc::new(KeyRanges::new(rows, keys))))
    }
}

/// What the workers share.
pub(crate) struct Shared<'s> {
    pub(crate) run: &'s Run<'s>,
    pub(crate) customers: &'s Interner,
    pub(crate) inboxes: &'s [Inbox],
    pub(crate) folder: &'s Path,
}

impl Shared<'_> {
    /// Reads one row group, hands its records over, and makes the periods it was the last to feed.
    pub(crate) fn work(&self, task: Task, as_of: Option<Day>) -> Result<Outcome> {
        let run = self.run;
        let made = |number: u16| !run.kept.contains_key(&number);
        let context = ScanContext {
            sources: &run.sources,
            days: &run.days,
            periods: &run.periods,
            as_of,
            bounds: run.bounds,
            checks: &run.checks,
            wanted: &made,
            customers: self.customers,
            groups: &run.groups,
            products: run.products.as_ref(),
            currency: &run.currency,
            ranges: &|number, keys| self.inboxes[usize::from(number)].ranges(keys),
        };
        let scanned = scan(&context, task, usize::MAX)?;
        let Scanned { counts, quarantined, mistakes, records, last_day } = scanned;
        let fed = match run.reach[task.source][task.file][task.row_group] {
            Some((first, last)) => first..=last,
            None => 0..=u16::try_from(run.periods.len() - 1).expect("periods are numbered in 16 bits"),
        };
        for ((number, _), records) in records {
            // Another period may be reduced already: its rows would be lost or not, as the threads happen to run.
            assert!(fed.contains(&number), "a row group has rows only in periods that it was planned for");
            let mut inbox = self.inboxes[usize::from(number)].records.lock().expect("no worker panics here");
            inbox.0.push(records);
            inbox.1 = inbox.1.max(last_day);
        }
        let mut outcome = Outcome { counts, quarantined, mistakes, periods: Vec::new(), faults: Vec::new() };
        for number in fed {
            if self.inboxes[usize::from(number)].pending.fetch_sub(1, Ordering::AcqRel) == 1 {
                let made = self.make(number, &mut outcome);
                outcome.faults.extend(made.err().map(|fault| (number, fault)));
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
        let parts = inbox.ranges(&[]).len();
        let group_order = run.groups.order();
        let target = Target {
            aggregates: run.aggregates.len(),
            line_aggregates: &run.line_aggregates,
            group_order: &group_order,
            days: usize::try_from(period.days()).expect("periods have days"),
            keeps_days: run.keeps_days,
        };
        let lines = self.lines(&shapes, &records)?;
        let mut reduced: Vec<_> = (0..parts)
            .into_par_iter()
            .map(|part| {
                let (runs, distinct) = part_of_records(&run.sources, &records, part);
                reduce(&shapes, &runs, &distinct, &target)
            })
            .collect();
        drop(records);
        if run.zone != chrono_tz::UTC && run.has_wall_time() {
            reduced.iter_mut().for_each(|range| range.shift_to_utc(run.zone));
        }
        let units_factor = 10_i64.pow(u32::from(run.units_lack()));
        if reduced.iter().any(|range| range.overflow || !range.units_fit(units_factor)) {
            return Err(Error::check(format!(
                "a customer's sum in the period of {period} leaves the range of 64 bits at money_scale and \
                 volume_scale; lower the scale in [facts], or look for absurd values in the period"
            )));
        }
        let duplicates: u64 = reduced.iter().map(|range| range.duplicates).sum();
        let mut matches = vec![RowMatch::default(); run.sources.len()];
        for range in &reduced {
            matches.iter_mut().zip(&range.matches).for_each(|(sum, part)| *sum += *part);
        }
        let aggregate_totals =
            (0..run.aggregates.len()).map(|index| total_of(&reduced, index).to_string()).collect();
        let PeriodFiles { keys, customers, products, orders, days } =
            keep(self.folder, reduced, run.key_type, self.customers, &run.groups)?;
        let inputs = run.inputs.get(&number).cloned().unwrap_or_else(|| run.rules.definition.clone());
        let last_day = last_day.unwrap_or(period.start).to_string();
        let period = period.to_string();
        let runs = PeriodRuns {
            period,
            inputs,
            last_day,
            duplicates,
            aggregate_totals,
            matches,
            keys,
            customers,
            products,
            orders,
            lines,
            days,
        };
        outcome.periods.push((number, runs));
        Ok(())
    }

    /// Keeps the identities of a period's order lines, if they must be unique.
    fn lines(&self, shapes: &[SourceShape], records: &[Records]) -> Result<Option<StateFile>> {
        let checked = shapes.iter().position(|shape| shape.is_checked);
        let Some(source) = checked else { return Ok(None) };
        let shape = &shapes[source];
        let identities = lines::identities(records, source, shape.duplicates)
            .map_err(|clash| self.duplicate_line(clash))?;
        lines::keep(self.folder, &identities).map(Some)
    }

    fn duplicate_line(&self, clash: (u64, u64)) -> Error {
        let place = |place: u64| {
            let (file, row_group, row) = place_parts(place);
            format!("{} row group {row_group} row {row}", self.run.sources[0].files[file].path.display())
        };
        Error::check(format!(
            "two rows have the same order and line: {} and {}; remove one, or, if they are the same row twice, say \
             duplicates = \"drop identical\"",
            place(clash.0),
            place(clash.1)
        ))
    }
}

fn total_of(reduced: &[Reduced], aggregate: usize) -> i128 {
    reduced.iter().map(|range| range.aggregates[aggregate].total()).sum()
}

fn shape_of(source: &Source) -> SourceShape {
    let sale = source.sale.as_ref();
    SourceShape {
        is_sale: sale.is_some(),
        is_checked: sale.is_some_and(Sale::looks_for_duplicates),
        duplicates: sale.map_or(Duplicates::Allow, |sale| sale.duplicates),
        aggregates: source.aggregates.clone(),
    }
}

/// The records of one key range, by source, and those of its distinct sets.
#[expect(clippy::type_complexity, reason = "slices by source and set, taken apart at once")]
fn part_of_records<'r>(
    sources: &[Source],
    records: &'r [Records],
    part: usize,
) -> (Vec<Vec<Lines<'r>>>, Vec<Vec<Vec<&'r [u64]>>>) {
    let of = |source: usize| records.iter().filter(move |records| records.source == source);
    let runs = |source: usize| of(source).map(|records| records.lines(part)).collect();
    let set = |source: usize, set: usize| {
        of(source).map(|records| records.distinct[set][part].as_slice()).collect()
    };
    let sets = |source: usize| (0..sources[source].distinct.len()).map(|index| set(source, index)).collect();
    ((0..sources.len()).map(runs).collect(), (0..sources.len()).map(sets).collect())
}
