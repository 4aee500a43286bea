//! Answers for a person: cells in columns.

use super::exact::Exact;
use super::sources::Flow;
use super::takers::Takers;
use crate::terminal::escaped;
use std::fmt::{Display, Formatter, Result};

/// Lines of cells. The first column stands to the left, the others to the right, each as wide as it needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    indent: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn indented(indent: usize) -> Self {
        Self { indent, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escaped(&cell)).collect());
    }

    /// Words in the place of the columns' heads.
    pub(super) fn head(&mut self, cells: &[&str]) {
        self.row(cells.iter().map(|cell| (*cell).to_string()));
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let length =
            |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
        let width = |column| self.rows.iter().map(|row| length(row, column)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = " ".repeat(self.indent);
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => line += &format!("{cell:width$}"),
                    _ => line += &format!("  {cell:>width$}"),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number, or nothing where there is none.
pub(super) fn shown(number: Option<Exact>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Flows, one a line.
pub(super) fn flows(flows: &[Flow]) -> Table {
    let mut table = Table::indented(4);
    for flow in flows {
        let name = match (flow.kind, flow.name.as_str()) {
            (kind, "") => kind.to_string(),
            (kind, name) => format!("{kind} {name}"),
        };
        table.row([
            name,
            shown(flow.quantity.map(|quantity| Exact(quantity.0.normalised()))),
            flow.amount.to_string(),
        ]);
    }
    table
}

/// Customers, one a line, and the rest as one.
pub(super) fn takers(takers: &Takers) -> Table {
    let mut table = Table::indented(4);
    for taker in &takers.top {
        let customer = format!("customer {}", taker.customer);
        table.row([customer, shown(taker.volume), taker.amount.to_string()]);
    }
    if let Some(rest) = &takers.rest {
        let others = format!("{} others", rest.customers);
        table.row([others, shown(rest.volume), rest.amount.to_string()]);
    }
    table
}

/// SQL that was written over several lines.
pub(super) fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
