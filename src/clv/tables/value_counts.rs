//! `value_counts`: how many customers share a history. Every model of purchases in continuous time can be fitted again
//! from it.

use super::{Layout, integer};
use crate::clv::census::Tally;
use crate::clv::models::CountRow;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// A number of a row.
type Of = fn(&CountRow) -> u64;

/// One row per segment and history, ascending.
pub(crate) fn sheet(layout: &Layout<'_>, tallies: &[Tally]) -> Sheet {
    let rows: Vec<(usize, &CountRow)> = tallies
        .iter()
        .enumerate()
        .flat_map(|(segment, tally)| tally.counts.rows().iter().map(move |row| (segment, row)))
        .collect();
    let mut sheet = Sheet::new("value_counts", "segment and history of purchases", None);
    layout.add_as_of(&mut sheet, rows.len());
    layout.add_segments(&mut sheet, rows.iter().map(|(segment, _)| Some(*segment)));
    let columns: [(_, _, _, Of); 4] = [
        ("purchases", "purchases", "x: days with a purchase after the first", |row| row.purchases.into()),
        ("last_purchase_days", "days", "t_x: from the first purchase to the last", |row| {
            row.last_purchase_days.into()
        }),
        ("age_days", "days", "T: from the first purchase to the last day before the as-of date", |row| {
            row.age_days.into()
        }),
        ("customers", "customers", "Customers with this history", |row| row.customers),
    ];
    for (name, unit, meaning, of) in columns {
        let values: Vec<i64> = rows.iter().map(|(_, row)| integer(of(row))).collect();
        sheet.fixed(Column::new(name, ColumnKind::Integer, unit, meaning), values);
    }
    sheet
}
