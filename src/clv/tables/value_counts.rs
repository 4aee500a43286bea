//! `value_counts`: how many customers share a history. Every model of purchases in continuous time can be fitted again
//! from it; MBG/CNBD-k at the k that `value_model` has.

use super::TableContext;
use crate::clv::census::Tally;
use crate::clv::models::CountRow;
use crate::publish::schema::Sheet;

/// One row per segment and history, ascending.
pub(crate) fn sheet(context: TableContext<'_>, tallies: &[Tally]) -> Sheet {
    let mut rows: Vec<(usize, &CountRow)> = Vec::new();
    for (segment, tally) in tallies.iter().enumerate() {
        rows.extend(tally.counts.rows().iter().map(|row| (segment, row)));
    }
    let mut draft = context.format.draft("value_counts", "segment and history of purchases", None, &rows);
    draft.as_of();
    context.add_segment(&mut draft, |row| Some(row.0));
    let meaning = "x: days with a purchase after the first";
    draft.count("repeat_purchases", "purchases", meaning, |row| row.1.purchases);
    let meaning = "t_x: from the first purchase to the last";
    draft.count("relationship_days", "days", meaning, |row| row.1.last_purchase_days);
    let meaning = "T: from the first purchase to the last day before the as-of date";
    draft.count("tenure_days", "days", meaning, |row| row.1.age_days);
    draft.count("customers", "customers", "Customers with this history", |row| row.1.customers);
    draft.finish()
}
