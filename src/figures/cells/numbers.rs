//! The numbers of a figure as a table, in which long names stand whole.

use super::rows::Rows;
use crate::figures::html::escaped;
use crate::publish::PublishedColumn;
use std::fmt::Write;

/// A table of the rows, closed until a reader opens it.
pub(crate) fn numbers(rows: &Rows, id: &str) -> String {
    let count = match rows.rows.len() {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    };
    let which = rows.which.clone().unwrap_or(count);
    let mut html = format!(
        "<details>\n<summary id=\"{id}-numbers\">The numbers: {which}, table <code>{}</code></summary>\n\
         <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}-numbers\">\n<table>\n<thead><tr>",
        rows.table
    );
    for (place, column) in rows.columns.iter().enumerate() {
        let class = if is_number(rows, place) { " class=\"number\"" } else { "" };
        let (name, meaning) = (column.name.replace('_', " "), escaped(&column.meaning));
        let unit = unit(column);
        write!(html, "<th scope=\"col\"{class} title=\"{meaning}\">{}{unit}</th>", escaped(&name))
            .expect(FITS);
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &rows.rows {
        html.push_str("<tr>");
        for (place, cell) in row.cells.iter().enumerate() {
            let class = if is_number(rows, place) { " class=\"number\"" } else { "" };
            write!(html, "<td{class}>{}</td>", cell.html()).expect(FITS);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</div>\n</details>\n");
    html
}

const FITS: &str = "a string takes text";

fn is_number(rows: &Rows, column: usize) -> bool {
    rows.rows.iter().any(|row| row.cells[column].is_number())
}

/// Shares say their unit themselves, and a name that is its unit says it once.
fn unit(column: &PublishedColumn) -> String {
    match column.unit.as_str() {
        "" | "1" => String::new(),
        unit if unit == column.name => String::new(),
        unit => format!(" <small>{}</small>", escaped(unit)),
    }
}
