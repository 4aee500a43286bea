//! What a worker does with a row group: scan it, hand its records over, and make the periods it was the last to feed.

use super::inbox::{Content, Inbox, RangeOfRecords, WaitingRecords};
use super::period_in_making::PeriodInMaking;
use super::schedule::Run;
use crate::error::{Error, Result};
use crate::facts::inputs::findings::Found;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::source::{Sale, Source};
use crate::facts::inputs::task::Task;
use crate::facts::kernel::context::{ScanContext, Scanned};
use crate::facts::kernel::plans::SourceShape;
use crate::facts::kernel::record::Lines;
use crate::facts::kernel::reduce::{Target, reduce};
use crate::facts::kernel::reduced::Reduced;
use crate::facts::kernel::scan::scan;
use crate::facts::kernel::sink::place_parts;
use crate::facts::schema::{RowCounts, SEVERAL};
use crate::facts::state::lines::{self, IdentifiedLine, Identities};
use crate::facts::state::record::{PeriodRuns, StateFile};
use crate::memory::Memory;
use crate::pipeline::Duplicates;
use crate::units::Day;
use rayon::prelude::*;
use std::path::Path;

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

/// What the workers share.
pub(crate) struct Shared<'s> {
    pub(crate) run: &'s Run<'s>,
    pub(crate) customers: &'s Interner,
    pub(crate) inboxes: &'s [Inbox],
    pub(crate) folder: &'s Path,
    pub(crate) memory: &'s Memory,
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
            members: &run.members,
            products: run.products.as_ref(),
            rates: run.rates.as_ref(),
            companies: &run.companies,
            currency: &run.currency,
            ranges: &|number, keys| self.inboxes[usize::from(number)].ranges(keys),
        };
        let scanned = scan(&context, task, usize::MAX)?;
        let Scanned { counts, quarantined, mistakes, records } = scanned;
        let fed = match run.reach[task.source][task.file][task.row_group] {
            Some((first, last)) => first..=last,
            None => 0..=u16::try_from(run.periods.len() - 1).expect("periods are numbered in 16 bits"),
        };
        for ((number, _), records) in records {
            // Another period may be reduced already: its rows would be lost or not, as the threads happen to run.
            assert!(fed.contains(&number), "a row group has rows only in periods that it was planned for");
            self.inboxes[usize::from(number)].put(records, self.memory)?;
        }
        let mut outcome = Outcome { counts, quarantined, mistakes, periods: Vec::new(), faults: Vec::new() };
        for number in fed {
            if self.inboxes[usize::from(number)].is_complete() {
                match self.make(number) {
                    Ok(made) => outcome.periods.extend(made.map(|runs| (number, runs))),
                    Err(fault) => outcome.faults.push((number, fault)),
                }
            }
        }
        Ok(outcome)
    }

    /// Reduces and keeps a period whose records are complete; none if it has no record.
    ///
    /// Some key ranges at a time, in order, each of which leaves for the period's files and is dropped.
    fn make(&self, number: u16) -> Result<Option<PeriodRuns>> {
        let inbox = &self.inboxes[usize::from(number)];
        let Content { records, groups, mut members, last_day } = inbox.take();
        if records.is_empty() {
            return Ok(None);
        }
        let run = self.run;
        let period = run.periods.period(number);
        let shapes: Vec<SourceShape> = run.sources.iter().map(shape_of).collect();
        let group_order = run.groups.order();
        let several = run.members.intern(SEVERAL);
        members.insert(several);
        let target = Target {
            aggregates: run.aggregates.len(),
            line_aggregates: &run.line_aggregates,
            order_aggregates: &run.order_aggregates,
            dimensions: run.sources[0].dimensions().len(),
            keeps_texts: run.sources[0].keeps_texts(),
            several,
            group_order: &group_order,
            days: usize::try_from(period.days()).expect("periods have days"),
            keeps_days: run.keeps_days,
        };
        let codes = run.codes(&groups, &members);
        let mut making = PeriodInMaking::new(run, number, self.folder, self.customers, codes)?;
        let mut identities = Identities::default();
        let ranges: Vec<usize> = (0..inbox.ranges(&[]).len()).collect();
        for band in ranges.chunks(2 * rayon::current_num_threads()) {
            let reduce = |range: &usize| self.reduce_range(&records, *range, &shapes, &target);
            let made = band.par_iter().with_max_len(1).map(reduce).collect::<Result<Vec<_>>>()?;
            let mut reduced = Vec::with_capacity(made.len());
            for (range, lines) in made {
                identities.add(lines);
                reduced.push(range);
            }
            making.add(reduced)?;
        }
        drop(records);
        // Lines between companies of the group alone are of no customer, and make no period.
        if making.is_empty() {
            return Ok(None);
        }
        let lines = self.lines(&shapes, identities)?;
        making.finish(lines, last_day).map(Some)
    }

    /// Reduces one key range, and gives its order lines where they must be unique.
    fn reduce_range(
        &self,
        records: &[WaitingRecords],
        range: usize,
        shapes: &[SourceShape],
        target: &Target<'_>,
    ) -> Result<(Reduced, Vec<IdentifiedLine>)> {
        let run = self.run;
        let found = records.iter().map(|records| records.range(range));
        let found = found.collect::<Result<Vec<_>>>()?;
        let of = |source: usize| found.iter().filter(move |records| records.source() == source);
        let lines = |source: usize| of(source).map(RangeOfRecords::lines).collect();
        let runs: Vec<Vec<Lines<'_>>> = (0..shapes.len()).map(lines).collect();
        let set = |source: usize, set: usize| of(source).map(|records| records.distinct(set)).collect();
        let sets =
            |source: usize| (0..run.sources[source].distinct.len()).map(|index| set(source, index)).collect();
        let distinct: Vec<Vec<Vec<&[u64]>>> = (0..shapes.len()).map(sets).collect();
        let mut reduced = reduce(shapes, &runs, &distinct, target);
        if run.zone != chrono_tz::UTC && run.has_wall_time() {
            reduced.shift_to_utc(run.zone);
        }
        let checked = shapes.iter().position(|shape| shape.is_checked);
        let lines = checked.map_or_else(Vec::new, |source| lines::identified(&runs[source]));
        Ok((reduced, lines))
    }

    /// Keeps the identities of a period's order lines, if they must be unique.
    fn lines(&self, shapes: &[SourceShape], lines: Identities) -> Result<Option<StateFile>> {
        let checked = shapes.iter().find(|shape| shape.is_checked);
        let Some(shape) = checked else { return Ok(None) };
        let identities = lines.unique(shape.duplicates).map_err(|clash| self.duplicate_line(clash))?;
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

fn shape_of(source: &Source) -> SourceShape {
    let sale = source.sale.as_ref();
    SourceShape {
        is_sale: sale.is_some(),
        values: source.record_values(),
        books: source.books().map(|books| books.own_revenue),
        is_checked: sale.is_some_and(Sale::looks_for_duplicates),
        duplicates: sale.map_or(Duplicates::Allow, |sale| sale.duplicates),
        aggregates: source.aggregates.clone(),
    }
}
