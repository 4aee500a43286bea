//! The whale curve: cumulative profit of customers, the most profitable first (R. S. Kaplan and R. Cooper, "Cost &
//! Effect", Harvard Business School Press, 1998).

use super::cells::{Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Plot, Scale};
use crate::error::Result;

pub(super) const WHALE_CURVE: Figure = Figure {
    id: "whale-curve",
    chapter: "Profit",
    title: "Whale curve: who earns the profit, and who takes it away",
    reading: "Customers stand from the most to the least profitable. The line rises as long as customers earn, and falls \
              where they cost more than they bring. Prospects, who never bought, are not on it.",
    comes_with: "[profitability], and at least one customer",
    draw,
};

/// One point in a hundred is enough for the eye.
const POINTS: usize = 101;

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = ["per_mille", "customers", "cumulative_profit", "share_of_total"];
    // The peak has no place in per mille; it is named by the summary.
    let curve =
        tables.rows("whale_curve", &columns, &|row| row.cell("per_mille").is_there())?.thinned(POINTS);
    let columns =
        ["customers", "peak_customers", "peak_profit", "value_destroyed", "total_profit", "top_20_share"];
    let summary = tables.all("whale_summary", &columns)?;
    if curve.rows.len() < 2 || summary.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&summary), picture: picture(&curve, &summary), rows: curve }))
}

fn seen(summary: &Rows) -> String {
    let words = |column| summary.only(column).words();
    let mut seen = format!(
        "Of {}, the {} who earn most bring {} together. The others take {} of it away, and {} remain.",
        words("customers"),
        summary.only("peak_customers").html(),
        words("peak_profit"),
        words("value_destroyed"),
        words("total_profit")
    );
    if summary.only("top_20_share").is_there() {
        seen += &format!(" The best fifth of customers earns {} of the profit.", words("top_20_share"));
    }
    seen
}

fn picture(curve: &Rows, summary: &Rows) -> String {
    let (customers, profits) = (curve.numbers("customers"), curve.numbers("cumulative_profit"));
    let points: Vec<[f64; 2]> = customers.into_iter().zip(profits).map(|(x, y)| [x, y]).collect();
    let (x, y) = (Scale::with_zero(points.iter().map(|point| point[0])), points.iter().map(|point| point[1]));
    let mut plot = Plot::new(x, Scale::with_zero(y), compact, compact);
    plot.name_axes("customers, the most profitable first", "cumulative profit");
    let at = plot.points(&points);
    plot.svg.line("good", &at);
    let peak = [summary.only("peak_customers").number(), summary.only("peak_profit").number()];
    if let [Some(x), Some(y)] = peak {
        plot.pin_above(x, y, &format!("peak {}", compact(y)));
    }
    let end = points[points.len() - 1];
    plot.pin_below(end[0], end[1], &format!("all {}", compact(end[1])));
    plot.finish()
}
