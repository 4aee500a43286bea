//! Expected and actual purchases in the holdout, by how often customers bought before (P. S. Fader, B. G. S. Hardie and
//! K. L. Lee, "Counting Your Customers the Easy Way", Marketing Science, 2005, figure 4).

use super::backtest::Backtest;
use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const CALIBRATION: Figure = Figure {
    id: "calibration",
    chapter: "Lifetime value",
    title: "Is the forecast right? Expected and actual purchases",
    reading: "The model saw the history up to a day and then said what would follow. Customers are grouped by how often \
              they had come back until then. The closer the two bars of a group, the better the forecast.",
    comes_with: "[clv], and a history long enough to hold a part of it back",
    draw,
};

const COLUMNS: [&str; 10] = [
    "calibration_date",
    "target",
    "forecaster",
    "covariates",
    "season",
    "bin_by",
    "bin",
    "customers",
    "expected",
    "actual",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let Some(backtest) = Backtest::best(tables)? else { return Ok(None) };
    let is_shown = |row: &Row| {
        row.cell("target").is("purchases") && row.cell("bin_by").is("frequency") && backtest.has(row)
    };
    let rows = tables.rows("value_backtest_bin", &COLUMNS, &is_shown)?;
    if rows.rows.is_empty() {
        return Ok(None);
    }
    let rows = rows.without(&["calibration_date", "target", "covariates", "season", "bin_by"]).first(30);
    Ok(Some(Drawn { seen: seen(&backtest), picture: picture(&rows), rows }))
}

fn seen(backtest: &Backtest) -> String {
    let cell = |column| backtest.total.cell(column);
    format!(
        "From {} to {}, the model {} expected {} purchases; {} were made. Its error per customer is {} purchases (root mean square), \
         the smallest of the models that were tried.",
        cell("calibration_date").html(),
        cell("until_date").html(),
        cell("forecaster").html(),
        cell("expected").html(),
        cell("actual").html(),
        cell("rmse").html()
    )
}

fn picture(rows: &Rows) -> String {
    let last = rows.rows.len() - 1;
    let mut drawn = Vec::new();
    for (place, row) in rows.rows.iter().enumerate() {
        let (actual, expected) = (row.cell("actual"), row.cell("expected"));
        let mut bars = Vec::new();
        for (cell, class) in [(expected, "idle"), (actual, "good")] {
            bars.extend(cell.number().map(|to| Bar::of(class, 0.0, to)));
        }
        let more = if place == last { " times or more" } else { " times" };
        drawn.push(BarRow {
            name: format!("came back before: {}{more}", row.cell("bin").text()),
            shown: format!("{} · {}", expected.text(), actual.text()),
            bars,
        });
    }
    bar_rows(&drawn, &[("idle", "expected purchases"), ("good", "actual purchases")])
}
