//! A trial of a `RowSource` over one batch of each file, so that `check` finds rows that `run` would quarantine.

use super::row_contract::{Fate, RowContract};
use crate::error::Result;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::reading::batches;
use crate::facts::inputs::row_source::{RowSource, bind_rows, check_keys};
use crate::facts::inputs::source_view::SourceView;
use crate::facts::inputs::trial_files::worth_a_trial;
use crate::pipeline::{Definition, KeyType};
use crate::units::Day;

/// Opens a source, checks its columns and types and evaluates a batch of each file; warns of rows that a run would quarantine,
/// those of unknown customers aside, who are known only after the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn check_rows(
    definition: &Definition,
    source: &RowSource<'_>,
    keys: Option<KeyType>,
) -> Result<SourceView> {
    let bound = bind_rows(definition, source)?;
    keys.map_or(Ok(()), |keys| check_keys(definition, source, &bound, keys))?;
    let mut view = SourceView::of(source.name, &bound.files, &bound.used);
    // Without an as-of day: the first rows tell as much after it as before.
    let contract = RowContract { source, bound: &bound, customers: None, as_of: Day(i32::MAX) };
    let (mut tried, mut broken, mut first) = (0, 0, None);
    for file in worth_a_trial(&bound.files, &bound.used) {
        let file = &bound.files[file];
        let Some(batch) = batches(file, &bound.used)?.next().transpose()? else { continue };
        let (_, fates) = contract.evaluate(&batch)?;
        tried += fates.len();
        for (row, fate) in fates.iter().enumerate() {
            let Fate::Quarantined(reason) = fate else { continue };
            broken += 1;
            if first.is_none() {
                let mut row = QuarantinedRow::new(&batch, row, row as u64, 0, reason)?;
                row.place(file.row_groups());
                first = Some(row.words(&file.path.display().to_string()));
            }
        }
    }
    view.warnings.extend(first.map(|first| {
        format!(
            "{}: {broken} of {tried} rows that were tried would be quarantined; the first: {first}",
            source.name
        )
    }));
    Ok(view)
}
