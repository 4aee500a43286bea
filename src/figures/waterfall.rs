//! The margin waterfall of the company: from net revenue to what customers earn, and on to the ledger's result.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use super::statement::{is_level, is_step, line_name};
use crate::error::Result;

pub(super) const WATERFALL: Figure = Figure {
    id: "waterfall",
    chapter: "Profit",
    title: "Margin waterfall: from revenue to the result",
    reading: "Long bars from the left are levels. What stands between two of them is taken away from the first, or added \
              to it, until the second is left.",
    comes_with: "[profitability]",
    draw,
};

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = ["section", "line", "item", "amount"];
    let lines = tables.rows("reconciliation_total", &columns, &is_step)?.without(&["section"]);
    if lines.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&lines), picture: picture(&lines), rows: lines }))
}

fn seen(lines: &Rows) -> String {
    let amount = |line| lines.find("line", line).map_or_else(String::new, |row| row.cell("amount").words());
    format!(
        "Customers brought {} of net revenue. When the goods and what was done for customers are paid, {} are left as \
         customer profit. The ledger's result, with all that is charged to no customer, is {}.",
        amount("net revenue"),
        amount("customer profit"),
        amount("ledger result")
    )
}

fn picture(lines: &Rows) -> String {
    falling(lines, is_level, line_name)
}

/// Bars from 0 for levels; each of the others begins where the one above it ends.
pub(super) fn falling(lines: &Rows, is_level: fn(&Row) -> bool, name: fn(&Row) -> String) -> String {
    let mut rows = Vec::new();
    let mut level = 0.0;
    for line in &lines.rows {
        let amount = line.cell("amount");
        let value = amount.number().unwrap_or(0.0);
        let bar = match is_level(line) {
            true => Bar::of(if value < 0.0 { "bad" } else { "level" }, 0.0, value),
            false => Bar::of(if value < 0.0 { "bad" } else { "good" }, level, level + value),
        };
        level = bar.to;
        rows.push(BarRow { name: name(line), shown: amount.text(), bars: vec![bar] });
    }
    bar_rows(&rows, &[("level", "level"), ("good", "added"), ("bad", "taken away")])
}
