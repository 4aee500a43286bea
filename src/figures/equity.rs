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

const COLUMNS: [&str; 9] = [
    "scope",
    "segment",
    "model",
    "customers",
    "alive_customers",
    "residual_value",
    "residual_value_low",
    "residual_value_high",
    "past_profit",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let segments = tables.rows("customer_equity", &COLUMNS, &|row| row.cell("residual_value").is_there())?;
    let segments = segments.first(40);
    if segments.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&segments), picture: picture(&segments), rows: segments }))
}

fn seen(segments: &Rows) -> String {
    let Some(all) = segments.find("scope", "all") else { return String::new() };
    let mut seen =
        format!("The customers of today are expected to bring {} more", all.cell("residual_value").words());
    if all.cell("residual_value_low").is_there() {
        let [low, high] = ["residual_value_low", "residual_value_high"].map(|column| all.cell(column).html());
        seen += &format!(" (between {low} and {high} with a confidence of 95\u{a0}%)");
    }
    format!("{seen}. Until now they brought {} of profit.", all.cell("past_profit").words())
}

fn picture(segments: &Rows) -> String {
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

fn name(segment: &Row) -> String {
    match (segment.cell("scope").is("all"), segment.cell("segment").name()) {
        (true, _) => "all customers".to_owned(),
        (_, "") => "no segment".to_owned(),
        (_, name) => name.to_owned(),
    }
}
