//! Relationships of a semantic model: how facts join dimensions.

use super::words::name;
use crate::publish::{PublishedTable, relations_table};
use arrow::array::{Array, AsArray};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Those of `relations` whose tables and columns are there. A fact that is only a view, of a row per activity or segment, has its
/// key in no table and is left out. Rows without customer are those of the blank member.
pub(super) fn relationships(tables: &[(&String, &PublishedTable)]) -> String {
    let has = |table: &str| tables.iter().any(|(name, _)| *name == table);
    let has_column = |table: &str, column: &str| {
        let of = tables.iter().find(|(name, _)| *name == table);
        of.is_some_and(|(_, of)| of.columns.iter().any(|known| known.name == column))
    };
    let relations = relations_table(has);
    let place = |wanted: &str| {
        let mut names = relations.spec.columns.iter().map(|column| &column.name);
        names.position(|name| name == wanted).expect("a column of relations")
    };
    let texts = |column: &str| relations.arrays[place(column)].as_string::<i32>();
    let (from_tables, from_columns) = (texts("fact_table"), texts("fact_column"));
    let (to_tables, to_columns) = (texts("dimension"), texts("dimension_key"));
    // Two facts may show one table.
    let mut seen = BTreeSet::new();
    let mut text = String::new();
    for row in 0..from_tables.len() {
        let from = (from_tables.value(row), from_columns.value(row));
        let to = (to_tables.value(row), to_columns.value(row));
        if !has_column(from.0, from.1) || !has_column(to.0, to.1) || !seen.insert((from, to)) {
            continue;
        }
        let separator = if text.is_empty() { "" } else { "\n" };
        writeln!(
            text,
            "{separator}relationship {}\n\tfromColumn: {}.{}\n\ttoColumn: {}.{}",
            name(&format!("{}_{}_{}", from.0, from.1, to.0)),
            name(from.0),
            name(from.1),
            name(to.0),
            name(to.1),
        )
        .expect("a string takes text");
    }
    text
}
