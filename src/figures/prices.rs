//! The price waterfall of the company: from list price over invoice price to what is pocketed, and to the margin of it.

use super::cells::{Row, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::waterfall::falling;
use crate::error::Result;

pub(super) const PRICES: Figure = Figure {
    id: "prices",
    chapter: "Profit",
    title: "Price waterfall: from list price to what is pocketed",
    reading: "Long bars from the left are levels: all goods at list price, as invoiced, and what is left in the pocket when price \
              components that no invoice shows are given too. Returns are taken off every line.",
    comes_with: "[[facts.transactions.price_component]]",
    draw,
};

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = ["section", "line", "item", "amount"];
    let lines = tables.rows("reconciliation_total", &columns, &is_line)?.without(&["section"]);
    if lines.rows.is_empty() {
        return Ok(None);
    }
    let amount = |level| lines.find("item", level).map_or_else(String::new, |row| row.cell("amount").words());
    let seen = format!(
        "Of {} at list price, {} were invoiced and {} pocketed. After the goods {} are left.",
        amount("list price"),
        amount("invoice price"),
        amount("pocket price"),
        amount("pocket margin")
    );
    let picture = falling(&lines, is_level, name);
    Ok(Some(Drawn { seen, picture, rows: lines }))
}

/// Whether a row is of the waterfall itself, and not of what ties it to customers.
fn is_line(row: &Row) -> bool {
    let is_kind = ["level", "on invoice", "off invoice", "cost"].iter().any(|kind| row.cell("line").is(kind));
    row.cell("section").is("price") && is_kind
}

fn is_level(row: &Row) -> bool {
    row.cell("line").is("level")
}

fn name(row: &Row) -> String {
    row.cell("item").name().to_owned()
}
