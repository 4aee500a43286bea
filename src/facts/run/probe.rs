//! Trial runs over one batch of each file, so that `check` finds codecs, pages, types and values that `run` would
//! stumble over.

use crate::error::{Error, Faults, Kind, Result};
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::ProductGroups;
use crate::facts::inputs::source::Source;
use crate::facts::inputs::statistics::Days;
use crate::facts::inputs::task::Task;
use crate::facts::inputs::trial_files::worth_a_trial;
use crate::facts::kernel::context::{ScanContext, Scanned};
use crate::facts::kernel::key_ranges::KeyRanges;
use crate::facts::kernel::periods::PeriodIndex;
use crate::facts::kernel::scan::scan;
use crate::facts::schema::RowCounts;
use crate::pipeline::{DayBounds, Definition};
use std::sync::Arc;

/// Evaluates a batch of every file of the sources or, where they are many, of one of every distinct layout; gives a
/// warning for each source of which rows would be quarantined.
///
/// # Errors
/// Files whose first rows cannot be decoded, sources of which no row that was tried can be used.
pub(crate) fn probe(
    definition: &Definition,
    sources: &[Source],
    days: &[Vec<Vec<Days>>],
    products: Option<&ProductGroups>,
    rates: Option<&ExchangeRates>,
) -> Result<Vec<Option<String>>> {
    let facts = &definition.facts;
    // Without bounds: the first rows of a long history may well lie before them.
    let context = ScanContext {
        sources,
        days,
        periods: &PeriodIndex::new(facts.period),
        as_of: None,
        bounds: DayBounds::default(),
        checks: &facts.checks,
        wanted: &|_| false,
        customers: &Interner::new(),
        groups: &Interner::new(),
        members: &Interner::without_gaps(),
        products,
        rates,
        companies: &Interner::without_gaps(),
        currency: &facts.currency,
        ranges: &|_, keys| Arc::new(KeyRanges::new(0, keys)),
    };
    let mut faults = Faults::default();
    let tried = (0..sources.len()).map(|source| probe_source(&context, source));
    let warnings = tried.filter_map(|tried| faults.keep(tried)).collect();
    faults.none().map(|()| warnings)
}

fn probe_source(context: &ScanContext<'_>, source: usize) -> Result<Option<String>> {
    let Source { name, files, columns, .. } = &context.sources[source];
    let mut faults = Faults::default();
    let mut counts = RowCounts::default();
    let mut first = None;
    for file in worth_a_trial(files, columns) {
        let Some(row_group) = files[file].row_groups().position(|rows| rows > 0) else { continue };
        let scanned = scan(context, Task { source, file, row_group }, 1);
        let Some(Scanned { counts: of_file, quarantined, .. }) = faults.keep(scanned) else { continue };
        counts.add(&of_file);
        let path = files[file].path.display().to_string();
        first = first.or_else(|| quarantined.first().map(|row| row.words(&path)));
    }
    faults.none()?;
    let Some(first) = first else { return Ok(None) };
    let RowCounts { read, used, quarantined, .. } = counts;
    let is_all = read == files.iter().map(InputFile::rows).sum::<u64>();
    if source == 0 && used == 0 && is_all {
        let none = format!(
            "{name}: none of the {read} rows can be used, {quarantined} would be quarantined; the first: {first}; correct what leaves them out, or the file pattern"
        );
        let of_rates = context.rates.into_iter().flat_map(|rates| &rates.view.warnings).cloned();
        return Err(Error { kind: Kind::Check, messages: std::iter::once(none).chain(of_rates).collect() });
    }
    Ok(Some(format!(
        "{name}: {quarantined} of {read} rows that were tried would be quarantined; the first: {first}"
    )))
}
