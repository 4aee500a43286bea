//! Product × customer: which products earn at which customers (V. Kumar and W. Reinartz, "Customer Relationship
//! Management", and P. Kotler and K. L. Keller, "Marketing Management", customer-product profitability analysis).

use super::cells::{Row, Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{HeatCell, heat_map, legend};
use crate::error::Result;

pub(super) const PRODUCT_MATRIX: Figure = Figure {
    id: "product-matrix",
    chapter: "Profit",
    title: "Products and customers: where profit is made and lost",
    reading: "Rows are classes of products, columns classes of customers. A cell is the profit of these products at these \
              customers; the stronger its colour, the more money. The table tells what to do with each cell.",
    comes_with: "[segments], and `product_group` of [facts.transactions]",
    draw,
};

const COLUMNS: [&str; 8] =
    ["matrix", "row_class", "column_class", "customers", "pairs", "net_revenue", "profit", "action"];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let is_of_products = |row: &Row| row.cell("matrix").is("product × customer");
    let cells = tables.rows("value_matrix", &COLUMNS, &is_of_products)?.without(&["matrix"]);
    if cells.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&cells), picture: picture(&cells), rows: cells }))
}

fn seen(cells: &Rows) -> String {
    let mut seen = String::new();
    if let Some(most) = cells.highest("profit") {
        seen += &format!("Most profit comes from {}.", says(most));
    }
    if let Some(least) = cells.lowest("profit")
        && least.cell("profit").is_negative()
    {
        seen += &format!(" Most is lost with {}.", says(least));
    }
    seen
}

fn says(row: &Row) -> String {
    format!(
        "products of class “{}” at customers of class “{}”: {}",
        row.cell("row_class").html(),
        row.cell("column_class").html(),
        row.cell("profit").words()
    )
}

/// Colours no stronger than this leave a cell's text readable.
const STRONGEST: f64 = 0.55;

fn picture(cells: &Rows) -> String {
    let largest = cells.numbers("profit").into_iter().fold(0.0_f64, |most, profit| most.max(profit.abs()));
    let (mut rows, mut columns, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for cell in &cells.rows {
        let profit = cell.cell("profit").number().unwrap_or(0.0);
        let is_empty = cell.cell("pairs").integer() == Some(0);
        let class = match (is_empty, profit < 0.0) {
            (true, _) => "empty",
            (_, true) => "bad",
            _ => "good",
        };
        let [row, column] = ["row_class", "column_class"].map(|name| cell.cell(name).name().to_owned());
        let text = if is_empty { "–".to_owned() } else { compact(profit) };
        drawn.push(HeatCell {
            title: format!("{row} products, {column} customers: {}", cell.cell("profit").text()),
            row: place_of(&mut rows, row),
            column: place_of(&mut columns, column),
            class,
            strength: if largest > 0.0 { STRONGEST * profit.abs() / largest } else { 0.0 },
            text,
        });
    }
    let keys = legend(&[("good", "profit"), ("bad", "loss")]);
    keys + &heat_map(&rows, &columns, 1, &drawn, 52.0)
}

/// The place of a name in a list, at whose end it comes if it is new.
fn place_of(names: &mut Vec<String>, name: String) -> usize {
    names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}
