//! Cumulative purchases, expected and actual, week by week: the tracking plot of the models of purchases.

use super::backtest::Backtest;
use super::cells::{Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Plot, Scale, legend};
use crate::error::Result;

pub(super) const TRACKING: Figure = Figure {
    id: "tracking",
    chapter: "Lifetime value",
    title: "Is the forecast on track? Purchases week by week",
    reading: "The two lines add up repeat purchases since the history began. The model knew what was left of the upright \
              line, and foretold what is right of it.",
    comes_with: "[clv], and a history long enough to hold a part of it back",
    draw,
};

const COLUMNS: [&str; 7] =
    ["calibration_date", "forecaster", "covariates", "season", "week", "expected", "actual"];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let Some(backtest) = Backtest::best(tables)? else { return Ok(None) };
    let rows = tables.rows("value_backtest_week", &COLUMNS, &|row| backtest.has(row))?.thinned(130);
    if rows.rows.len() < 2 {
        return Ok(None);
    }
    let rows = rows.without(&["calibration_date", "covariates", "season"]);
    Ok(Some(Drawn { seen: seen(&rows), picture: picture(&rows, &backtest), rows }))
}

fn seen(rows: &Rows) -> String {
    let end = &rows.rows[rows.rows.len() - 1];
    format!(
        "Until week {} customers were expected to come back {} times ({}); they came back {} times.",
        end.cell("week").html(),
        end.cell("expected").html(),
        end.cell("forecaster").html(),
        end.cell("actual").html()
    )
}

fn picture(rows: &Rows, backtest: &Backtest) -> String {
    let weeks = rows.numbers("week");
    let (expected, actual) = (rows.numbers("expected"), rows.numbers("actual"));
    let y = Scale::with_zero(expected.iter().chain(&actual).copied());
    let mut plot = Plot::new(Scale::with_zero(weeks.iter().copied()), y, compact, compact);
    plot.name_axes("weeks", "repeat purchases so far");
    let over = |values: Vec<f64>| weeks.iter().copied().zip(values).map(|(x, y)| [x, y]).collect::<Vec<_>>();
    let [expected, actual] = [expected, actual].map(|values| plot.points(&over(values)));
    let [known, end] = ["calibration_date", "until_date"].map(|column| backtest.total.cell(column).number());
    if let (Some(known), Some(end), Some(last)) = (known, end, weeks.last()) {
        // The last whole week ends less than seven days before the holdout does.
        plot.upright(last - (end - known) / 7.0, "forecast from here");
    }
    plot.svg.line("second", &expected);
    plot.svg.line("good", &actual);
    legend(&[("good", "actual"), ("second", "expected")]) + &plot.finish()
}
