//! Budget against actual of the last planned period, line by line: the flexible-budget report.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const BUDGET: Figure = Figure {
    id: "budget",
    chapter: "Profit",
    title: "Budget against actual in the last planned period",
    reading: "Each bar is the variance of a line, actual less planned: to the right it adds to the result, to the left it takes \
              from it. The flexible budget is what the plan allows for the volume that there was: what leads to it is the volume \
              variance, the rest is due to rates, efficiency and capacity. Where the history ends within the period, volume is lower \
              for that reason alone.",
    comes_with: "[plan]",
    draw,
};

const COLUMNS: [&str; 8] = [
    "period_start",
    "line",
    "planned",
    "flexible_budget",
    "actual",
    "variance",
    "volume_variance",
    "rate_variance",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let mut lines = tables.all("plan_result", &COLUMNS)?;
    let Some(last) = lines.rows.last().map(|row| row.cell("period_start").exact()) else { return Ok(None) };
    lines.rows.retain(|row| row.cell("period_start").exact() == last);
    lines.which = Some(format!("{} lines of the last planned period", lines.rows.len()));
    Ok(Some(Drawn { seen: seen(&lines), picture: picture(&lines), rows: lines }))
}

fn picture(lines: &Rows) -> String {
    let bar = |line: &Row| {
        let variance = line.cell("variance");
        let value = variance.number().unwrap_or(0.0);
        let kind = if value < 0.0 { "bad" } else { "good" };
        let bars = vec![Bar::of(kind, 0.0, value)];
        BarRow { name: line.cell("line").name().to_owned(), shown: variance.text(), bars }
    };
    let rows: Vec<BarRow> = lines.rows.iter().map(bar).collect();
    bar_rows(&rows, &[("good", "favourable"), ("bad", "unfavourable")])
}

fn seen(lines: &Rows) -> String {
    let Some(last) = lines.rows.last() else { return String::new() };
    format!(
        "{} was planned at {} and came to {}; the flexible budget of the volume that there was is {}.",
        last.cell("line").html(),
        last.cell("planned").words(),
        last.cell("actual").words(),
        last.cell("flexible_budget").words()
    )
}
