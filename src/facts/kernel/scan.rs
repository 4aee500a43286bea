//! Reads one row group batch by batch: evaluates the source's expressions, sends every row where it belongs, and
//! writes the used ones as records into the key ranges of their period.

use super::context::{ScanContext, Scanned};
use super::evaluate::evaluate;
use super::fates::Fates;
use super::mistakes::{BatchPlace, Measures, check_products, check_rows};
use super::rated::Rated;
use super::sink::Sink;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::Rows;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::reading::Reading;
use crate::facts::inputs::task::Task;
use crate::pipeline::DayBounds;
use arrow::array::RecordBatch;

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
    let expected = file.row_groups().nth(task.row_group).unwrap_or(0);
    let mut sink = Sink::new(context, task.source, file.room_for(expected));
    for batch in reading.batches()?.take(batches) {
        let batch = batch?;
        add_batch(context, task, &batch, first_row, &mut sink, &mut scanned)
            .map_err(|fault| with_place(fault, file, task.row_group))?;
        first_row += batch.num_rows() as u64;
    }
    scanned.records = sink.records;
    Ok(scanned)
}

/// Reads some rows of a row group, ascending, as a scan does: for whoever counted rows elsewhere and shows these.
///
/// # Errors
/// As [`scan`].
pub(crate) fn scan_rows(context: &ScanContext<'_>, task: Task, rows: &[u64]) -> Result<Scanned> {
    let source = &context.sources[task.source];
    let file = &source.files[task.file];
    let mut scanned = Scanned::default();
    let mut sink = Sink::new(context, task.source, 0);
    let mut read = 0;
    for batch in Reading::of(source, task).only(rows).batches()? {
        let batch = batch?;
        add_batch(context, task, &batch, read, &mut sink, &mut scanned)
            .map_err(|fault| with_place(fault, file, task.row_group))?;
        read += batch.num_rows() as u64;
    }
    // Rows were counted over those that were read.
    let place = |row: u64| rows[usize::try_from(row).expect("a row that was read")];
    scanned.quarantined.iter_mut().for_each(|found| found.row = place(found.row));
    scanned.mistakes.iter_mut().for_each(|found| found.row = place(found.row));
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
    let rated = match (&source.rates, context.rates) {
        (Some(of), Some(rates)) => Some(Rated::new(rates, of, batch)?),
        _ => None,
    };
    let rows = &Rows::of(rated.as_ref().map_or(batch, |rated| &rated.batch));
    let mut fates = Fates::new(rows.count());
    if let Some(filter) = &source.filter {
        let kept = fates.accept(filter.truth(rows)?, "where");
        fates.exclude(&kept);
    }
    let evaluated = evaluate(context, source, rows, rated.as_ref(), &mut fates)?;
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
    if let Some(eliminated) = &evaluated.eliminated {
        fates.eliminate(eliminated);
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
    sink.add(task, first_row, &evaluated, &fates.used());
    Ok(())
}
