//! Reads one row group batch by batch: evaluates the source's expressions, sends every row where it belongs, and
//! writes the used ones as records into the key ranges of their period.

use super::contain::contain_each;
use super::evaluate::evaluate;
use super::expr::Rows;
use super::fates::Fates;
use super::input::InputFile;
use super::intern::Interner;
use super::key_ranges::KeyRanges;
use super::mistakes::{BatchPlace, Found, Measures, check_rows};
use super::pages::Pages;
use super::periods::PeriodIndex;
use super::products::ProductGroups;
use super::quarantine::QuarantinedRow;
use super::record::Records;
use super::schema::RowCounts;
use super::sink::Sink;
use super::source::Source;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{DayBounds, RowChecks};
use crate::units::Day;
use arrow::array::RecordBatch;
use hashbrown::HashMap;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::sync::Arc;

/// Rows decoded at a time: a batch of ten columns stays in the second-level cache.
const BATCH_ROWS: usize = 16_384;

/// Gives a period's key ranges.
pub(crate) type RangesOf<'c> = dyn Fn(u16, &[u64]) -> Arc<KeyRanges> + Sync + 'c;

/// What all tasks of a run share.
pub(crate) struct ScanContext<'c> {
    pub(crate) sources: &'c [Source],
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

/// Reads one row group.
///
/// # Errors
/// A page that cannot be decoded: names the file and the row group.
pub(crate) fn scan(context: &ScanContext<'_>, task: Task) -> Result<Scanned> {
    let source = &context.sources[task.source];
    let input = &source.files[task.file];
    let undecodable = |fault: &dyn std::fmt::Display| undecodable(input, task.row_group, fault);
    let mut scanned = Scanned::default();
    let mut first_row = 0;
    let expected = input.metadata.metadata().row_group(task.row_group).num_rows();
    let mut sink = Sink::new(context, task.source, usize::try_from(expected).unwrap_or(0));
    let reader = open_row_group(source, input, task.row_group).map_err(|fault| undecodable(&fault))?;
    for batch in contain_each(reader) {
        let batch = input.complete(batch.map_err(|fault| undecodable(&fault))?)?;
        add_batch(context, task, &batch, first_row, &mut sink, &mut scanned)
            .map_err(|fault| placed(fault, input, task.row_group))?;
        first_row += batch.num_rows() as u64;
    }
    scanned.records = sink.records;
    Ok(scanned)
}

/// A row group that cannot be decoded, with the way out.
pub(crate) fn undecodable(input: &InputFile, row_group: usize, fault: &dyn std::fmt::Display) -> Error {
    Error::input(format!(
        "{}: row group {row_group} cannot be decoded: {fault}; write the file again or take it out of the pattern",
        input.path.display()
    ))
}

/// A value that the definition has to take otherwise, such as a key of 64 bits, with its place.
fn placed(fault: Error, input: &InputFile, row_group: usize) -> Error {
    match fault.kind {
        Kind::Definition => Error::definition(format!(
            "{}: row group {row_group}: {}",
            input.path.display(),
            fault.messages.join("; ")
        )),
        _ => fault,
    }
}

pub(crate) fn open_row_group(
    source: &Source,
    input: &InputFile,
    row_group: usize,
) -> Result<ParquetRecordBatchReader> {
    let file = Pages::open(&input.path).map_err(|fault| Error::io(Kind::Input, &input.path, &fault))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, input.metadata.clone());
    let columns = source.columns.iter().map(String::as_str);
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    builder
        .with_projection(mask)
        .with_row_groups(vec![row_group])
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|fault| Error::input(fault.to_string()))
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
    if source.makes_periods && context.bounds != DayBounds::default() {
        fates.bound(&evaluated.instants.days, context.bounds);
    }
    fates.cut(&evaluated.instants.days, context.as_of);
    if source.sale.is_some() {
        let measures = Measures::new(source, &evaluated.meta, &evaluated.columns);
        let place = BatchPlace { row_group: task.row_group, first_row };
        check_rows(source, context.checks, &measures, place, &mut fates, &mut scanned.mistakes);
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
