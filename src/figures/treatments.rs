//! Treatments: what is to be done with whom.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::html::escaped;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const TREATMENTS: Figure = Figure {
    id: "treatments",
    chapter: "What to do",
    title: "Treatments: what to do with whom",
    reading: "Each bar is the profit so far of the customers for whom a rule holds, with their number in brackets. The table has \
              the rule, the attitude and the next action.",
    comes_with: "[[segments.treatment]]",
    draw,
};

const COLUMNS: [&str; 6] = ["treatment", "customers", "customer_profit", "attitude", "next_action", "rule"];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let treatments = tables.all("treatment", &COLUMNS)?;
    // The row without a name counts those whom no rule meets; alone, it says that there are no rules.
    if !treatments.rows.iter().any(|row| row.cell("treatment").is_there()) {
        return Ok(None);
    }
    let treatments = treatments.first(60);
    Ok(Some(Drawn { seen: seen(&treatments), picture: picture(&treatments), rows: treatments }))
}

fn seen(treatments: &Rows) -> String {
    let ends = (treatments.highest("customer_profit"), treatments.lowest("customer_profit"));
    let (Some(most), Some(least)) = ends else { return String::new() };
    match most.cell("treatment").exact() == least.cell("treatment").exact() {
        true => format!("{}.", says(most)),
        false => format!("{}. {}.", says(most), says(least)),
    }
}

fn says(treatment: &Row) -> String {
    let next = treatment.cell("next_action");
    let next = if next.is_there() { format!(": {}", next.html()) } else { String::new() };
    format!(
        "“{}” meets {}, who brought {} so far{next}",
        escaped(&name(treatment)),
        treatment.cell("customers").words(),
        treatment.cell("customer_profit").words()
    )
}

fn picture(treatments: &Rows) -> String {
    let mut rows = Vec::new();
    for treatment in &treatments.rows {
        let profit = treatment.cell("customer_profit");
        rows.push(BarRow {
            name: format!("{} ({})", name(treatment), treatment.cell("customers").text()),
            shown: profit.text(),
            bars: profit.number().map(Bar::from_zero).into_iter().collect(),
        });
    }
    bar_rows(&rows, &[("good", "profit so far"), ("bad", "loss so far")])
}

fn name(treatment: &Row) -> String {
    match treatment.cell("treatment").name() {
        "" => "no treatment".to_owned(),
        name => name.to_owned(),
    }
}
