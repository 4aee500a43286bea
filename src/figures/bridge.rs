//! The last period beside the one before it, line by line of the result. A bridge of differences would need numbers that
//! no table publishes; `abacus explain --change` splits the change by cause.

use super::cells::{Row, Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use super::statement::{is_step, line_name};
use crate::error::Result;

pub(super) const BRIDGE: Figure = Figure {
    id: "bridge",
    chapter: "Profit",
    title: "The last period beside the one before it",
    reading: "For each line of the result the upper bar is the last period, the lower one the period before. Where the \
              history ends within a period, its bars are shorter for that reason alone. `abacus explain --change` tells \
              how much of a change came from volume, mix, price, service and rates.",
    comes_with: "[profitability], and a history of two periods or more",
    draw,
};

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = ["period_start", "section", "line", "item", "amount"];
    let mut lines = tables.rows("reconciliation", &columns, &is_step)?;
    let mut periods: Vec<String> = lines.rows.iter().map(|row| row.cell("period_start").exact()).collect();
    periods.dedup();
    let [.., before, last] = &periods[..] else { return Ok(None) };
    lines.rows.retain(|row| [before, last].contains(&&row.cell("period_start").exact()));
    lines.which = Some(format!("{} rows of the last two periods", lines.rows.len()));
    let lines = lines.without(&["section"]);
    Ok(Some(Drawn { seen: seen(&lines, before, last), picture: picture(&lines, before), rows: lines }))
}

fn seen(lines: &Rows, before: &str, last: &str) -> String {
    let profits: Vec<&Row> = lines.rows.iter().filter(|row| row.cell("line").is("customer profit")).collect();
    let [was, is] = profits[..] else { return String::new() };
    let (was, is) = (was.cell("amount"), is.cell("amount"));
    let went = if is.number() < was.number() { "fell" } else { "rose" };
    format!(
        "Customer profit {went} from {} in the period from {before} to {} in that from {last}.",
        was.words(),
        is.words()
    )
}

fn picture(lines: &Rows, before: &str) -> String {
    let mut rows: Vec<BarRow> = Vec::new();
    // The last period comes second in the table and first in the picture.
    let is_before = |line: &&Row| line.cell("period_start").exact() == before;
    let (earlier, last): (Vec<&Row>, Vec<&Row>) = lines.rows.iter().partition(is_before);
    for line in last.into_iter().chain(earlier) {
        let (name, amount) = (line_name(line), line.cell("amount"));
        let mut bar = Bar::from_zero(amount.number().unwrap_or(0.0));
        bar.title = Some(format!("{name}, from {}: {}", line.cell("period_start").text(), amount.text()));
        if is_before(&line) {
            bar.class = "idle";
        }
        match rows.iter_mut().find(|row| row.name == name) {
            Some(row) => {
                row.shown = format!("{} · {}", row.shown, compact(bar.to));
                row.bars.push(bar);
            }
            None => rows.push(BarRow { name, shown: compact(bar.to), bars: vec![bar] }),
        }
    }
    bar_rows(&rows, &[("good", "last period"), ("bad", "last period, taken away"), ("idle", "period before")])
}
