//! Retention of cohorts: who still buys so many periods after the first purchase.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{HeatCell, heat_map, legend};
use crate::error::Result;

pub(super) const COHORTS: Figure = Figure {
    id: "cohorts",
    chapter: "Customers over time",
    title: "Cohorts: who comes back after the first purchase",
    reading: "A row is everybody who first bought in one period. Going right, each cell is the share of them that bought \
              again so many periods later; the stronger its colour, the more. What is not over yet is empty. Customers \
              won before the history begins are in its first row.",
    comes_with: "[lifecycle]",
    draw,
};

/// Cohorts that are drawn, the newest, and periods after their first purchase.
const COHORTS_SHOWN: usize = 24;
const PERIODS: i64 = 24;

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let columns = ["cohort_by", "index_kind", "cohort", "k", "customers", "active", "retention"];
    let mut cells = tables.rows("cohort", &columns, &is_shown)?;
    let mut cohorts: Vec<String> = cells.rows.iter().map(|row| row.cell("cohort").exact()).collect();
    cohorts.sort();
    cohorts.dedup();
    if cohorts.is_empty() {
        return Ok(None);
    }
    let older = cohorts.len().saturating_sub(COHORTS_SHOWN);
    if older > 0 {
        let gone: Vec<String> = cohorts.drain(..older).collect();
        cells.rows.retain(|row| !gone.contains(&row.cell("cohort").exact()));
        cells.which = Some(format!("{} rows of the last {COHORTS_SHOWN} cohorts", cells.rows.len()));
    }
    let cells = cells.without(&["cohort_by", "index_kind"]);
    Ok(Some(Drawn { seen: seen(&cells), picture: picture(&cells, &cohorts), rows: cells }))
}

fn is_shown(row: &Row) -> bool {
    let by_period = row.cell("cohort_by").is("first purchase") && row.cell("index_kind").is("calendar");
    // Everybody bought in window 0: a cell of 100 % in every row tells nothing.
    let is_after = row.cell("k").integer().is_some_and(|k| (1..=PERIODS).contains(&k));
    by_period && is_after && row.cell("retention").is_there()
}

fn seen(cells: &Rows) -> String {
    let mut first = cells.clone();
    first.rows.retain(|row| row.cell("k").integer() == Some(1));
    let (Some(best), Some(least)) = (first.highest("retention"), first.lowest("retention")) else {
        return String::new();
    };
    format!(
        "One period after their first purchase {} bought again, at the least, and {} at the most.",
        says(least),
        says(best)
    )
}

fn says(row: &Row) -> String {
    format!(
        "{} (of {} in the cohort of <time>{}</time>)",
        row.cell("retention").html(),
        row.cell("customers").words(),
        row.cell("cohort").html()
    )
}

fn picture(cells: &Rows, cohorts: &[String]) -> String {
    let most = cells.highest("retention").expect("cells without a retention are not shown").cell("retention");
    let highest = most.number().unwrap_or(0.0);
    let windows = cells.rows.iter().filter_map(|row| row.cell("k").integer()).max().unwrap_or(1);
    let columns: Vec<String> = (1..=windows).map(|k| k.to_string()).collect();
    let mut drawn = Vec::new();
    for cell in &cells.rows {
        let retention = cell.cell("retention").number().unwrap_or(0.0);
        let cohort = cell.cell("cohort").exact();
        let k = cell.cell("k").integer().unwrap_or(1);
        drawn.push(HeatCell {
            title: format!("{cohort}, {k} later: {}", cell.cell("retention").text()),
            row: cohorts.iter().position(|known| *known == cohort).expect("every cohort is listed"),
            column: usize::try_from(k - 1).expect("windows are counted from 1"),
            class: "good",
            strength: if highest > 0.0 { retention / highest } else { 0.0 },
            text: String::new(),
        });
    }
    let keys = legend(&[("good", &format!("{} bought again", most.text())), ("pale", "few did")]);
    keys + &heat_map(cohorts, &columns, 3, &drawn, 16.0)
}
