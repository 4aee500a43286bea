//! Customer equity: what the base is still going to bring, with its interval.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const EQUITY: Figure = Figure {
    id: "equity",
    chapter: "Lifetime value",
    title: "Customer equity: what customers are still going to bring",
    reading: "The upper bar is the expected value of all future margins, discounted to today. The lower one is the range in \
              which it lies with a confidence of 95\u{a0}%.",
    comes_with: "[clv]",
    draw,
};

pub(super) const SEGMENT_EQUITY: Figure = Figure {
    id: "segment-equity",
    chapter: "Lifetime value",
    title: "Customer equity by segment",
    reading: "As above, for the segments that are valued by parameters of their own.",
    comes_with: "[clv] with `segment`",
    draw: draw_segments,
};

const MEASURES: [&str; 7] = [
    "model",
    "customers",
    "alive_customers",
    "residual_value",
    "residual_value_low",
    "residual_value_high",
    "past_profit",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let rows = tables.rows("customer_equity", &MEASURES, &is_valued)?;
    let Some(all) = rows.rows.first() else { return Ok(None) };
    Ok(Some(Drawn { seen: seen(all), picture: picture(&rows, |_| "all customers".to_owned()), rows }))
}

fn draw_segments(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = [&["segment"], &MEASURES[..]].concat();
    let rows = tables.rows("segment_equity", &columns, &is_valued)?.first(40);
    let Some(most) = rows.highest("residual_value") else { return Ok(None) };
    let seen = format!(
        "Most is expected of {}: {} of {} customers.",
        most.cell("segment").html(),
        most.cell("residual_value").words(),
        most.cell("customers").html()
    );
    Ok(Some(Drawn { seen, picture: picture(&rows, |row| row.cell("segment").text()), rows }))
}

fn is_valued(row: &Row) -> bool {
    row.cell("residual_value").is_there()
}

fn seen(all: &Row) -> String {
    let mut seen =
        format!("The customers of today are expected to bring {} more", all.cell("residual_value").words());
    if all.cell("residual_value_low").is_there() {
        let [low, high] = ["residual_value_low", "residual_value_high"].map(|column| all.cell(column).html());
        seen += &format!(" (between {low} and {high} with a confidence of 95\u{a0}%)");
    }
    format!("{seen}. Until now they brought {} of profit.", all.cell("past_profit").words())
}

fn picture(segments: &Rows, name: fn(&Row) -> String) -> String {
    let mut rows = Vec::new();
    for segment in &segments.rows {
        let mut bars = Vec::new();
        bars.extend(segment.cell("residual_value").number().map(Bar::from_zero));
        let [low, high] =
            ["residual_value_low", "residual_value_high"].map(|name| segment.cell(name).number());
        if let (Some(from), Some(to)) = (low, high) {
            bars.push(Bar::of("idle", from, to));
        }
        rows.push(BarRow { name: name(segment), shown: segment.cell("residual_value").text(), bars });
    }
    bar_rows(&rows, &[("good", "expected"), ("idle", "range of 95 %")])
}
