//! Practical capacity of resources, used and unused, period by period (R. S. Kaplan and S. R. Anderson, "Time-Driven
//! Activity-Based Costing", Harvard Business Review, November 2004).

use super::cells::{Row, Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Anchor, Scale, Svg, legend};
use crate::error::Result;

pub(super) const CAPACITY: Figure = Figure {
    id: "capacity",
    chapter: "Cost and capacity",
    title: "Capacity used and unused",
    reading: "Each column is a period. The filled part is what activities took of a resource's minutes, the hollow part \
              what stayed unused, and the red part what was done beyond capacity.",
    comes_with: "`capacity` of a [[costing.resource]]",
    draw,
};

const COLUMNS: [&str; 8] = [
    "stage",
    "node",
    "period_start",
    "practical_capacity_minutes",
    "used_minutes",
    "unused_minutes",
    "overdriven_minutes",
    "unused",
];

/// Resources that are drawn, and periods of each.
const RESOURCES: usize = 8;
const PERIODS: usize = 36;

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let mut rows = tables.rows("balance", &COLUMNS, &has_capacity)?;
    if rows.rows.is_empty() {
        return Ok(None);
    }
    let all = rows.rows.len();
    rows.rows.sort_by_key(|row| (row.cell("node").exact(), row.cell("period_start").exact()));
    let mut resources: Vec<Vec<Row>> = Vec::new();
    for row in rows.rows {
        match resources.last_mut() {
            Some(last) if last[0].cell("node").exact() == row.cell("node").exact() => last.push(row),
            _ => resources.push(vec![row]),
        }
    }
    resources.truncate(RESOURCES);
    for periods in &mut resources {
        periods.drain(..periods.len().saturating_sub(PERIODS));
    }
    let picture = picture(&resources);
    rows.rows = resources.into_iter().flatten().collect();
    let shown = rows.rows.len();
    if shown < all {
        let most = format!("at most {RESOURCES} resources and {PERIODS} periods");
        rows.which = Some(format!("{shown} of {all} rows, {most}"));
    }
    let rows = rows.without(&["stage"]);
    Ok(Some(Drawn { seen: seen(&rows), picture, rows }))
}

fn has_capacity(row: &Row) -> bool {
    row.cell("stage").is("resource") && row.cell("practical_capacity_minutes").is_there()
}

fn seen(rows: &Rows) -> String {
    let mut seen = Vec::new();
    if let Some(most) = rows.highest("unused").filter(|row| row.cell("unused").is_positive()) {
        seen.push(format!(
            "Most money for unused capacity lies in {}: {} for {}.",
            place(most),
            most.cell("unused").words(),
            most.cell("unused_minutes").words()
        ));
    }
    let over = rows.highest("overdriven_minutes");
    if let Some(most) = over.filter(|row| row.cell("overdriven_minutes").is_positive()) {
        seen.push(format!(
            "Work beyond capacity was highest in {}: {} above {}.",
            place(most),
            most.cell("overdriven_minutes").words(),
            most.cell("practical_capacity_minutes").words()
        ));
    }
    if seen.is_empty() { "All capacity was used, and no more than that.".to_owned() } else { seen.join(" ") }
}

fn place(row: &Row) -> String {
    format!("{}, in the period from {}", row.cell("node").html(), row.cell("period_start").html())
}

/// Pixels of a resource's name, of its columns, and of what is below them.
const HEAD: f64 = 26.0;
const COLUMN: f64 = 90.0;
const FOOT: f64 = 30.0;

fn picture(resources: &[Vec<Row>]) -> String {
    let mut svg = Svg::new((HEAD + COLUMN + FOOT) * resources.len() as f64);
    for (place, periods) in resources.iter().enumerate() {
        resource(&mut svg, periods, (HEAD + COLUMN + FOOT) * place as f64);
    }
    legend(&[("good", "used"), ("hollow", "unused"), ("bad", "beyond capacity")]) + &svg.finish()
}

fn resource(svg: &mut Svg, periods: &[Row], top: f64) {
    let highest = periods.iter().map(|row| minutes(row, "used_minutes") + minutes(row, "unused_minutes"));
    let scale = Scale::with_zero(highest);
    let y = |minutes: f64| top + HEAD + COLUMN * (1.0 - scale.at(minutes) / 100.0);
    let between = |from: f64, to: f64| [y(to), y(from) - y(to)];
    let (first, last) = (&periods[0], &periods[periods.len() - 1]);
    svg.name(top + 16.0, last.cell("node").name());
    let capacity = format!("capacity {} min", compact(minutes(last, "practical_capacity_minutes")));
    svg.text("value", 100.0, top + 16.0, Anchor::End, &capacity);
    let width = 100.0 / periods.len() as f64;
    for (place, row) in periods.iter().enumerate() {
        let across = [(place as f64 + 0.1) * width, (place as f64 + 0.9) * width];
        let (used, over) = (minutes(row, "used_minutes"), minutes(row, "overdriven_minutes"));
        svg.begin_mark(&title(row));
        svg.bar("good", across, between(0.0, used - over));
        svg.bar("bad", across, between(used - over, used));
        svg.bar("hollow", across, between(used, used + minutes(row, "unused_minutes")));
        svg.end_mark();
    }
    svg.rule("zero", [0.0, y(0.0)], [100.0, y(0.0)]);
    let base = top + HEAD + COLUMN + 16.0;
    svg.text("tick", 0.0, base, Anchor::Start, &first.cell("period_start").text());
    if periods.len() > 1 {
        svg.text("tick", 100.0, base, Anchor::End, &last.cell("period_start").text());
    }
}

fn minutes(row: &Row, column: &str) -> f64 {
    row.cell(column).number().unwrap_or(0.0)
}

fn title(row: &Row) -> String {
    let text = |column| row.cell(column).text();
    format!(
        "{}: used {}, unused {}, beyond capacity {}",
        text("period_start"),
        text("used_minutes"),
        text("unused_minutes"),
        text("overdriven_minutes")
    )
}
