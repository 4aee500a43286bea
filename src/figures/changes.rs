//! What the release changed in the one before it.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const CHANGES: Figure = Figure {
    id: "changes",
    chapter: "Since the last release",
    title: "What changed in customer profit since the last release",
    reading: "Each bar is a change of customer profit in one period by one cause: new, late or removed rows, a changed \
              ledger, or changed keys of the pipeline file. `abacus releases diff` names the customers.",
    comes_with: "a release before this one, and a change of customer profit since",
    draw,
};

const COLUMNS: [&str; 6] = ["control_total", "base_release", "period_start", "cause", "change", "before"];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let of_profit = |row: &Row| row.cell("control_total").is("customer_profit");
    let parts = tables.rows("restatement", &COLUMNS, &of_profit)?.first(40);
    if parts.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&parts), picture: picture(&parts), rows: parts }))
}

fn seen(parts: &Rows) -> String {
    let base = parts.only("base_release").html();
    let (Some(most), Some(least)) = (parts.highest("change"), parts.lowest("change")) else {
        return String::new();
    };
    let compared = format!("Compared with release {base}, customer profit changed by");
    match parts.rows.len() {
        1 => format!("{compared} {}.", says(most)),
        _ => format!("{compared} parts from {} to {}.", says(least), says(most)),
    }
}

fn says(part: &Row) -> String {
    format!("{} {} ({})", part.cell("change").html(), place(part), part.cell("cause").html())
}

fn place(part: &Row) -> String {
    match part.cell("period_start").is_there() {
        true => format!("in the period from {}", part.cell("period_start").html()),
        false => "in no period".to_owned(),
    }
}

fn picture(parts: &Rows) -> String {
    let mut rows = Vec::new();
    for part in &parts.rows {
        let change = part.cell("change");
        rows.push(BarRow {
            name: format!("{}, {}", part.cell("period_start").text(), part.cell("cause").name()),
            shown: change.text(),
            bars: change.number().map(Bar::from_zero).into_iter().collect(),
        });
    }
    bar_rows(&rows, &[])
}
