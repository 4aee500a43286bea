//! The few numbers at the head of the page.

use super::cells::{Cell, Tables};
use super::html::escaped;
use crate::error::Result;
use std::fmt::Write;

/// A number: what it is called, its table and its column.
type KeyNumber = (&'static str, &'static str, &'static str);

const KEY_NUMBERS: [KeyNumber; 6] = [
    ("Customers", "whale_summary", "customers"),
    ("Of them profitable", "whale_summary", "profitable_customers"),
    ("Customer profit", "run", "customer_profit"),
    ("Cost of resources", "run", "cost_input"),
    ("Of it unused", "run", "cost_unused"),
    ("Still to come", "customer_equity", "residual_value"),
];

/// A list of names and numbers; what the release does not publish is left out.
pub(super) fn key_numbers(tables: &Tables<'_>) -> Result<String> {
    let mut html = "<dl class=\"key-numbers\">\n".to_owned();
    for (name, table, column) in KEY_NUMBERS {
        if let Some(cell) = only(tables, table, column)?.filter(Cell::is_there) {
            let shown = if cell.is_money() { cell.words() } else { cell.html() };
            writeln!(html, "<div><dt>{}</dt><dd>{shown}</dd></div>", escaped(name))
                .expect("a string takes text");
        }
    }
    Ok(html + "</dl>\n")
}

/// The cell of a table of one row.
fn only(tables: &Tables<'_>, table: &'static str, column: &str) -> Result<Option<Cell>> {
    let rows = tables.all(table, &[column])?;
    Ok(rows.rows.first().map(|row| row.cell(column).clone()))
}
