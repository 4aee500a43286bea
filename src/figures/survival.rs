//! Survival of relationships, with its band of 95 per cent (E. L. Kaplan and P. Meier, 1958; M. Greenwood, 1926).

use super::cells::{Row, Rows, Tables, compact, short_share};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Plot, Scale, legend};
use crate::error::Result;
use crate::publish::ALL_CUSTOMERS;

pub(super) const SURVIVAL: Figure = Figure {
    id: "survival",
    chapter: "Customers over time",
    title: "Survival: how long relationships last",
    reading: "The line is the share of relationships that last longer than so many days. The band is where it lies with a \
              confidence of 95\u{a0}%; it widens where few relationships are that old.",
    comes_with: "[lifecycle]",
    draw,
};

const POINTS: usize = 150;

/// Days of about a year, to which the sentence refers.
const YEAR_DAYS: i64 = 365;

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns =
        ["segment_by", "time_days", "at_risk", "events", "survival", "survival_low", "survival_high"];
    let of_all = |row: &Row| row.cell("segment_by").is(ALL_CUSTOMERS);
    let curve = tables.rows("survival", &columns, &of_all)?.without(&["segment_by"]);
    if curve.rows.len() < 2 {
        return Ok(None);
    }
    let within = |row: &&Row| row.cell("time_days").integer().is_some_and(|days| days <= YEAR_DAYS);
    let year = curve.rows.iter().rev().find(within).cloned();
    let summary = tables.rows("survival_summary", &["segment_by", "gap_days", "median_days"], &of_all)?;
    let curve = curve.thinned(POINTS);
    let seen = seen(year.as_ref(), &summary);
    Ok(Some(Drawn { seen, picture: picture(&curve), rows: curve }))
}

fn seen(year: Option<&Row>, summary: &Rows) -> String {
    let mut seen = String::new();
    if let Some(year) = year {
        seen += &format!(
            "{} of relationships last longer than {}",
            year.cell("survival").html(),
            year.cell("time_days").words()
        );
        if year.cell("survival_low").is_there() {
            let [low, high] = ["survival_low", "survival_high"].map(|column| year.cell(column).html());
            seen += &format!(" (between {low} and {high} with a confidence of 95\u{a0}%)");
        }
        seen += ".";
    }
    if let Some(summary) = summary.rows.first() {
        let median = summary.cell("median_days");
        seen += &match median.is_there() {
            true => format!(" Half of them are over after {}.", median.words()),
            false => " More than half last longer than the history tells.".to_owned(),
        };
        seen += &format!(
            " A relationship counts as over after {} without purchase.",
            summary.cell("gap_days").words()
        );
    }
    seen
}

fn picture(curve: &Rows) -> String {
    let (mut line, mut upper, mut lower) = (Vec::new(), Vec::new(), Vec::new());
    for row in &curve.rows {
        let [days, middle, low, high] =
            ["time_days", "survival", "survival_low", "survival_high"].map(|name| row.cell(name).number());
        let (Some(days), Some(middle)) = (days, middle) else { continue };
        line.push([days, middle]);
        // Where nobody has left yet there is no band.
        lower.push([days, low.unwrap_or(middle)]);
        upper.push([days, high.unwrap_or(middle)]);
    }
    let mut plot = Plot::new(
        Scale::with_zero(line.iter().map(|at| at[0])),
        Scale::between(0.0, 1.0),
        compact,
        short_share,
    );
    plot.name_axes("days since the first purchase", "share that lasts longer");
    let [line, upper, lower] = [line, upper, lower].map(|points| plot.points(&points));
    plot.svg.band("good", &upper, &lower);
    plot.svg.steps("good", &line);
    legend(&[("good", "estimate"), ("pale", "95 % band")]) + &plot.finish()
}
