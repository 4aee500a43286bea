//! Reads one row group batch by batch: evaluates the source's expressions, sends every row where it belongs, and
//! writes the used ones as records into the key ranges of their period.

use super::evaluate::evaluate;
use super::fates::Fates;
use super::key_ranges::KeyRanges;
use super::mistakes::{BatchPlace, Found, Measures, check_products, check_rows};
use super::periods::PeriodIndex;
use super::record::Records;
use super::sink::Sink;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::Rows;
use crate::facts::inputs::input::InputFile;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::ProductGroups;
use crate::facts::inputs::reading::Reading;
use crate::facts::inputs::source::Source;
use crate::facts::inputs::statistics::Days;
use crate::facts::schema::RowCounts;
use crate::facts::state::quarantine::QuarantinedRow;
use crate::pipeline::{DayBounds, RowChecks};
use crate::units::Day;
use arrow::array::RecordBatch;
use hashbrown::HashMap;
use std::sync::Arc;

/// Rows decoded at a time: a batch of ten columns stays in the second-level cache.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// Gives a period's key ranges.
pub(crate) type RangesOf<'c> = dyn Fn(u16, &[u64]) -> Arc<KeyRanges> + Sync + 'c;

/// What all tasks of a run share.
pub(crate) struct ScanContext<'c> {
    pub(crate) sources: &'c [Source],
    /// Per source, file and row group: the days it was planned by.
    pub(crate) days: &'c [Vec<Vec<Days>>],
    pub(crate) periods: &'c PeriodIndex,
    /// Rows on this day or later are left out.
    pub(crate) as_of: Option<Day>,
    /// Rows outside are quarantined, where the source makes periods.
    pub(crate) bounds: DayBounds,
    /// What becomes of order lines that contradict themselves.
    pub(crate) checks: &'c RowChecks,
    /// Which periods are being made; rows of the others are counted but go nowhere.
    pub(crate) wanted: &'c (dyn Fn(u16) -> bool + Sync),
    pub(crate) customers: &'c Interner,
    pub(crate) groups: &'c Interner,
    pub(crate) products: Option<&'c ProductGroups>,
    pub(crate) currency: &'c str,
    /// The key ranges of a period, made from the first keys seen of it.
    pub(crate) ranges: &'c RangesOf<'c>,
}

/// One row group to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) source: usize,
    pub(crate) file: usize,
    pub(crate) row_group: usize,
}

/// What came of a row group.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) counts: RowCounts,
    pub(crate) quarantined: Vec<QuarantinedRow>,
    /// What row checks found.
    pub(crate) mistakes: Vec<Found>,
    /// By period, and whether their values are narrow.
    pub(crate) records: HashMap<(u16, bool), Records>,
    /// Last day with a used row.
    pub(crate) last_day: Option<Day>,
}

/// Reads one row group, or its first batches.
///
/// # Errors
/// A page that cannot be decoded, rows that contradict the footer: names the file and the row group.
pub(crate) fn scan(context: &ScanContext<'_>, task: Task, batches: usize) -> Result<Scanned> {
    let source = &context.sources[task.source];
    let file = &source.files[task.file];
    let reading = Reading::of(source, task);
    let mut scanned = Scanned::default();
    let mut first_row = 0;
    let expected = file.metadata.metadata().row_group(task.row_group).num_rows();
    let mut sink = Sink::new(context, task.source, usize::try_from(expected).unwrap_or(0));
    for batch in reading.batches()?.take(batches) {
        let batch = batch?;
        add_batch(context, task, &batch, first_row, &mut sink, &mut scanned)
            .map_err(|fault| with_place(fault, file, task.row_group))?;
        first_row += batch.num_rows() as u64;
    }
    scanned.records = sink.records;
    Ok(scanned)
}

/// A fault of the rows, such as a key of 64 bits or a day outside the statistics, with the row group it lies in.
fn with_place(fault: Error, file: &InputFile, row_group: usize) -> Error {
    if !matches!(fault.kind, Kind::Input | Kind::Definition) {
        return fault;
    }
    let message = format!("{}: row group {row_group}: {}", file.path.display(), fault.messages.join("; "));
    Error { kind: fault.kind, messages: vec![message] }
}

fn add_batch(
    context: &ScanContext<'_>,
    task: Task,
    batch: &RecordBatch,
    first_row: u64,
    sink: &mut Sink<'_>,
    scanned: &mut Scanned,
) -> Result<()> {
    let source = &context.sources[task.source];
    let rows = &Rows::of(batch);
    let mut fates = Fates::new(rows.count());
    if let Some(filter) = &source.filter {
        let kept = fates.accept(filter.truth(rows)?, "where");
        fates.exclude(&kept);
    }
    let evaluated = evaluate(context, source, rows, &mut fates)?;
    let planned = context.days[task.source][task.file][task.row_group];
    planned.check(
        &evaluated.instants,
        evaluated.day_span,
        first_row,
        source.at.is_column().unwrap_or_default(),
    )?;
    if source.makes_periods && context.bounds != DayBounds::default() {
        fates.bound(&evaluated.instants.days, context.bounds);
    }
    fates.cut(&evaluated.instants.days, context.as_of);
    if source.sale.is_some() {
        let measures = Measures::new(source, &evaluated.meta, &evaluated.columns);
        let place = BatchPlace { row_group: task.row_group, first_row };
        let found = &mut scanned.mistakes;
        check_rows(source, context.checks, &measures, place, &mut fates, found);
        if let Some(unlisted) = &evaluated.unlisted {
            check_products(source, context.checks, &measures, place, unlisted, &mut fates, found);
        }
    }
    scanned.counts.add(&fates.counts);
    for (row, reason) in &fates.reasons {
        scanned.quarantined.push(QuarantinedRow::new(
            batch,
            *row,
            first_row + *row as u64,
            task.row_group,
            reason,
        )?);
    }
    sink.add(task, first_row, &evaluated, &fates.used(), scanned);
    Ok(())
}
