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
              what stayed unused and is charged to no customer, and the red part what was done beyond capacity.",
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
    let has_capacity =
        |row: &Row| row.cell("stage").is("resource") && row.cell("practical_capacity_minutes").is_there();
    let mut rows = tables.rows("balance", &COLUMNS, &has_capacity)?;
    if rows.rows.is_empty() {
        return Ok(None);
    }
    let all = rows.rows.len();
    rows.rows.sort_by_key(|row| (row.cell("node").exact(), row.cell("period_start").exact()));
    let mut of_resource: Vec<Vec<Row>> = Vec::new();
    for row in rows.rows {
        match of_resource.last_mut() {
            Some(last) if last[0].cell("node").exact() == row.cell("node").exact() => last.push(row),
            _ => of_resource.push(vec![row]),
        }
    }
    of_resource.truncate(RESOURCES);
    for periods in &mut of_resource {
        periods.drain(..periods.len().saturating_sub(PERIODS));
    }
    let picture = picture(&of_resource)?;
    rows.rows = of_resource.into_iter().flatten().collect();
    if rows.rows.len() < all {
        rows.which = Some(format!(
            "{} of {all} rows: at most {RESOURCES} resources and {PERIODS} periods",
            rows.rows.len()
        ));
    }
    let rows = rows.without(&["stage"]);
    Ok(Some(Drawn { seen: seen(&rows)?, picture, rows }))
}

fn seen(rows: &Rows) -> Result<String> {
    let mut seen = String::new();
    if let Some(most) = rows.highest("unused")? {
        seen += &format!(
            "Most money for unused capacity lies in {}, in the period from {}: {} for {}.",
            most.cell("node").html(),
            most.cell("period_start").html(),
            most.cell("unused").words(),
            most.cell("unused_minutes").words()
        );
    }
    if let Some(most) = rows.highest("overdriven_minutes")?
        && most.cell("overdriven_minutes").number()?.is_some_and(|minutes| minutes > 0.0)
    {
        seen += &format!(
            " Work beyond capacity was highest in {}, in the period from {}: {} above {}.",
            most.cell("node").html(),
            most.cell("period_start").html(),
            most.cell("overdriven_minutes").words(),
            most.cell("practical_capacity_minutes").words()
        );
    }
    Ok(seen)
}

/// Pixels of a resource's name, of its columns, and of what is below them.
const HEAD: f64 = 26.0;
const COLUMN: f64 = 90.0;
const FOOT: f64 = 30.0;

fn picture(resources: &[Vec<Row>]) -> Result<String> {
    let mut svg = Svg::new((HEAD + COLUMN + FOOT) * resources.len() as f64);
    for (place, periods) in resources.iter().enumerate() {
        resource(&mut svg, periods, (HEAD + COLUMN + FOOT) * place as f64)?;
    }
    let keys = [("good", "used"), ("hollow", "unused"), ("bad", "beyond capacity")];
    Ok(legend(&keys) + &svg.finish())
}

fn resource(svg: &mut Svg, periods: &[Row], top: f64) -> Result<()> {
    let minutes = |row: &Row, column| row.cell(column).number().map(|minutes| minutes.unwrap_or(0.0));
    let mut highest = 0.0_f64;
    for row in periods {
        highest = highest.max(minutes(row, "used_minutes")? + minutes(row, "unused_minutes")?);
    }
    let scale = Scale::with_zero([highest]);
    let y = |minutes: f64| top + HEAD + COLUMN * (1.0 - scale.at(minutes) / 100.0);
    let last = &periods[periods.len() - 1];
    svg.name(top + 16.0, last.cell("node").name());
    let capacity = last.cell("practical_capacity_minutes").number()?.unwrap_or(0.0);
    svg.text("value", 100.0, top + 16.0, Anchor::End, &format!("capacity {} min", compact(capacity)));
    let width = 100.0 / periods.len() as f64;
    for (place, row) in periods.iter().enumerate() {
        let across = [(place as f64 + 0.1) * width, (place as f64 + 0.9) * width];
        let (used, over) = (minutes(row, "used_minutes")?, minutes(row, "overdriven_minutes")?);
        let unused = minutes(row, "unused_minutes")?;
        let between = |from: f64, to: f64| [y(to), y(from) - y(to)];
        svg.begin_mark(&format!(
            "{}: used {}, unused {}, beyond capacity {}",
            row.cell("period_start").exact(),
            row.cell("used_minutes").text(),
            row.cell("unused_minutes").text(),
            row.cell("overdriven_minutes").text()
        ));
        svg.bar("good", across, between(0.0, used - over));
        svg.bar("bad", across, between(used - over, used));
        svg.bar("hollow", across, between(used, used + unused));
        svg.end_mark();
    }
    svg.rule("zero", [0.0, y(0.0)], [100.0, y(0.0)]);
    let base = top + HEAD + COLUMN + 16.0;
    svg.text("tick", 0.0, base, Anchor::Start, &periods[0].cell("period_start").text());
    if periods.len() > 1 {
        svg.text("tick", 100.0, base, Anchor::End, &last.cell("period_start").text());
    }
    Ok(())
}
