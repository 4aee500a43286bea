//! Why contribution changed from the period before to the last one, step by step.

use super::cells::{Row, Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::waterfall::falling;
use crate::error::Result;

pub(super) const BRIDGE: Figure = Figure {
    id: "bridge",
    chapter: "Profit",
    title: "Bridge: why contribution changed in the last period",
    reading: "The long bars are the contribution of the period before and of the last one. What lies between them changed it: \
              customers who came, new or back again, and who went; and of those who bought in both, how much was sold, which \
              products, at what prices and cost, how much service a unit took and what that cost. \
              Where the history ends within a period, volume is lower, and more customers seem lost, for that reason alone.",
    comes_with: "a history of two periods or more",
    draw,
};

const COLUMNS: [&str; 7] =
    ["comparison", "span", "measure", "compared_period_start", "period_start", "step", "amount"];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let wanted = [("comparison", "period before"), ("span", "period"), ("measure", "contribution")];
    let is_of_before = |row: &Row| wanted.iter().all(|(column, value)| row.cell(column).is(value));
    let mut steps = tables.rows("bridge", &COLUMNS, &is_of_before)?;
    let Some(last) = steps.rows.last().map(|row| row.cell("period_start").exact()) else { return Ok(None) };
    steps.rows.retain(|row| row.cell("period_start").exact() == last);
    steps.which = Some(format!("{} rows of the last period and the one before", steps.rows.len()));
    let name = |row: &Row| row.cell("step").name().to_owned();
    let picture = falling(&steps, is_level, name);
    let seen = seen(&steps);
    Ok(Some(Drawn { seen, picture, rows: steps.without(&wanted.map(|(column, _)| column)) }))
}

fn is_level(row: &Row) -> bool {
    ["contribution before", "contribution"].iter().any(|level| row.cell("step").is(level))
}

fn seen(steps: &Rows) -> String {
    let level = |step| steps.find("step", step).map(|row| row.cell("amount"));
    let (Some(was), Some(is)) = (level("contribution before"), level("contribution")) else {
        return String::new();
    };
    let went = if is.number() < was.number() { "fell" } else { "rose" };
    let mut seen = format!("Contribution {went} from {} to {}.", was.words(), is.words());
    let effects = || steps.rows.iter().filter(|row| !is_level(row));
    let size = |row: &&Row| row.cell("amount").number().map_or(0.0, f64::abs);
    if let Some(most) = effects().max_by(|a, b| size(a).total_cmp(&size(b))) {
        seen += &format!(" Most of it is {}: {}.", most.cell("step").html(), most.cell("amount").words());
    }
    seen
}
