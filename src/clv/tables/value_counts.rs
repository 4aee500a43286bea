//! `value_counts`: how many customers share a history. Every model of purchases in continuous time can be fitted again
//! from it; MBG/CNBD-k at the k that `value_model` has.

use super::TableContext;
use crate::clv::census::Tally;
use crate::clv::models::CountRow;
use crate::publish::schema::Sheet;

/// One row per segment, cell of covariates and history, ascending.
pub(crate) fn sheet(context: TableContext<'_>, tallies: &[Tally]) -> Sheet {
    let covariates = context.covariates;
    let texts: Vec<String> = (0..covariates.cells()).map(|cell| covariates.cell_text(cell)).collect();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (segment, tally) in tallies.iter().enumerate() {
        for (cell, counts) in tally.histories.cells.iter().enumerate() {
            let of_cell = counts.rows().iter().map(|row| Row { segment, cell: Some(cell), row });
            rows.extend(of_cell);
        }
        if tally.histories.cells.is_empty() {
            rows.extend(tally.counts().rows().iter().map(|row| Row { segment, cell: None, row }));
        }
    }
    let grain = "segment, values of covariates and history of purchases";
    let mut draft = context.format.draft("value_counts", grain, None, &rows);
    draft.as_of();
    context.add_segment(&mut draft, |row| Some(row.segment));
    let meaning = "Values of the covariates that clv.covariates names; null where it names none";
    draft.name("covariate_values", meaning, |row| row.cell.map(|cell| &texts[cell]));
    let meaning = "x: days with a purchase after the first";
    draft.count("repeat_purchases", "purchases", meaning, |row| row.row.purchases);
    let meaning = "t_x: from the first purchase to the last";
    draft.count("relationship_days", "days", meaning, |row| row.row.last_purchase_days);
    let meaning = "T: from the first purchase to the last day before the as-of date";
    draft.count("tenure_days", "days", meaning, |row| row.row.age_days);
    draft.count("customers", "customers", "Customers with this history", |row| row.row.customers);
    draft.finish()
}

/// Customers with one history.
struct Row<'r> {
    segment: usize,
    /// None where no covariates are declared.
    cell: Option<usize>,
    row: &'r CountRow,
}
