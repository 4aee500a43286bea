//! Value matrices: current × residual value, value × loyalty (after W. Reinartz and V. Kumar, "The Mismanagement of
//! Customer Loyalty", Harvard Business Review, July 2002), product × customer.

use super::cut::quantile;
use super::grid::NONE;
use super::groups::{Groups, Totals};
use super::layout::{Layout, count, float, name, share, whole};
use super::loyalty::Loyalty;
use super::products::{CELLS, CLASSES, Cell};
use super::values::Values;
use crate::pipeline::ValueDef;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use rayon::prelude::*;

/// Cells of current × residual value, and what to do with them.
const VALUE_CELLS: [(&str, &str, &str, &str); 4] = [
    ("protect", "high", "high", "protect: they earn now and will; first in every service"),
    ("keep", "high", "low", "keep: they earn now; learn why little more is expected"),
    ("develop", "low", "high", "develop: invest in what is still to come"),
    ("economise", "low", "low", "serve at low cost, or let go"),
];

/// Cells of value × loyalty.
const LOYALTY_CELLS: [(&str, &str, &str, &str); 4] = [
    ("true friends", "high", "high", "delight: they are loyal and earn"),
    ("butterflies", "high", "low", "enjoy while they stay; do not overspend on keeping them"),
    ("barnacles", "low", "high", "loyal without profit: raise the basket or lower the cost to serve"),
    ("strangers", "low", "low", "spend nothing on the relation; earn on every order"),
];

/// Customers in the cells of current × residual value; nobody is in any while `[clv]` is off.
pub(crate) fn value_cells(
    definition: &ValueDef,
    scale: u8,
    profit: &[i64],
    residual: Option<&Values>,
) -> Groups {
    let money = |amount: crate::units::Decimal| {
        let exact = amount.at_scale(scale).expect("money was checked");
        i64::try_from(exact).expect("money was checked")
    };
    let current = definition.current.map_or_else(|| median(profit.to_vec()), money);
    let known: Vec<i64> = residual
        .map_or_else(Vec::new, |values| (0..values.len()).filter_map(|row| values.fixed_at(row)).collect());
    let later = definition.residual.map_or_else(|| median(known), money);
    let of = |row: usize| match residual.and_then(|values| values.fixed_at(row)) {
        Some(residual) => cell(profit[row] > current, residual > later),
        None => NONE,
    };
    groups("value_cell", &VALUE_CELLS, (0..profit.len()).into_par_iter().map(of).collect())
}

/// Customers in the cells of value × loyalty.
pub(crate) fn loyalty_cells(definition: &ValueDef, scale: u8, profit: &[i64], loyalty: &Loyalty) -> Groups {
    let money = definition.current.and_then(|amount| i64::try_from(amount.at_scale(scale)?).ok());
    let current = money.unwrap_or_else(|| median(profit.to_vec()));
    let declared =
        definition.loyalty.map(|share| share.mantissa as f64 / crate::units::pow10(share.scale) as f64);
    let loyal = declared.unwrap_or_else(|| middle(loyalty.index.iter().flatten().copied().collect()));
    let of = |row: usize| loyalty.index[row].map_or(NONE, |index| cell(profit[row] > current, index > loyal));
    groups("loyalty_cell", &LOYALTY_CELLS, (0..profit.len()).into_par_iter().map(of).collect())
}

fn groups(kind: &'static str, cells: &[(&str, &str, &str, &str); 4], of: Vec<u16>) -> Groups {
    Groups { kind, names: cells.iter().map(|cell| cell.0.to_owned()).collect(), of }
}

fn cell(first: bool, second: bool) -> u16 {
    match (first, second) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }
}

/// The type-7 median, or 0 where half of the values are losses: integers are above it where they are above its floor.
fn median(mut values: Vec<i64>) -> i64 {
    values.par_sort_unstable();
    quantile(&values, 1, 2).map_or(0, super::cut::Cut::floor).max(0)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.par_sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count => f64::midpoint(values[(count - 1) / 2], values[count / 2]),
    }
}

/// One row of the table.
struct Row {
    matrix: &'static str,
    row: &'static str,
    column: &'static str,
    cell: Option<&'static str>,
    customers: usize,
    pairs: Option<usize>,
    net_revenue: i128,
    gross_margin: i128,
    result: i128,
    residual: Option<i128>,
    action: &'static str,
}

/// `value_matrix`.
pub(crate) fn sheet(
    layout: &Layout<'_>,
    value: Option<&[Totals]>,
    loyalty: &[Totals],
    products: &[Cell; CELLS],
    has_residual: bool,
) -> Sheet {
    let mut rows: Vec<Row> = Vec::new();
    let of = |matrix,
              cells: &'static [(&'static str, &'static str, &'static str, &'static str); 4],
              totals: &[Totals]| {
        let row =
            |(cell, totals): (&'static (&'static str, &'static str, &'static str, &'static str), &Totals)| {
                Row {
                    matrix,
                    row: cell.1,
                    column: cell.2,
                    cell: Some(cell.0),
                    customers: totals.customers,
                    pairs: None,
                    net_revenue: totals.net_revenue,
                    gross_margin: totals.gross_margin,
                    result: totals.profit,
                    residual: has_residual.then_some(totals.residual),
                    action: cell.3,
                }
            };
        cells.iter().zip(totals).map(row).collect::<Vec<Row>>()
    };
    rows.extend(value.map_or_else(Vec::new, |totals| of("current × residual value", &VALUE_CELLS, totals)));
    rows.extend(of("current value × loyalty", &LOYALTY_CELLS, loyalty));
    rows.extend(products.iter().enumerate().map(|(at, cell)| product_row(at, cell)));
    written(layout, &rows)
}

fn product_row(at: usize, cell: &Cell) -> Row {
    let (product, customer) = (at / CLASSES.len(), at % CLASSES.len());
    Row {
        matrix: "product × customer",
        row: CLASSES[product],
        column: CLASSES[customer],
        cell: None,
        customers: cell.customers,
        pairs: Some(cell.pairs),
        net_revenue: cell.net_revenue,
        gross_margin: cell.gross_margin,
        result: cell.contribution,
        residual: None,
        action: product_action(product < 2, customer < 2, product == 2),
    }
}

/// What to do, by whether product and customer earn.
fn product_action(product_earns: bool, customer_earns: bool, breaks_even: bool) -> &'static str {
    match (product_earns, customer_earns) {
        (true, true) => "protect: profitable products at profitable customers",
        (true, false) => "sell them more of these products: they carry the customer",
        (false, true) if breaks_even => "reprice carefully: the customer earns elsewhere",
        (false, true) => "reprice or drop the product; offer the customer a better one",
        (false, false) if breaks_even => "reprice, and serve at lower cost",
        (false, false) => "reprice or drop the product; serve the customer at lower cost",
    }
}

fn written(layout: &Layout<'_>, rows: &[Row]) -> Sheet {
    let mut sheet = Sheet::new("value_matrix", "matrix and cell", None);
    layout.add_as_of(&mut sheet, rows.len());
    let revenue_of = |matrix: &str| -> i128 {
        rows.iter().filter(|row| row.matrix == matrix).map(|row| row.net_revenue).sum()
    };
    sheet.texts(name("matrix", "Row measure × column measure"), rows.iter().map(|row| Some(row.matrix)));
    sheet.texts(
        name("row_class", "Class of the row: of current value, or of the product group"),
        rows.iter().map(|row| Some(row.row)),
    );
    let meaning = "Class of the column: of residual value, of loyalty, or of the customer";
    sheet.texts(name("column_class", meaning), rows.iter().map(|row| Some(row.column)));
    let meaning = "The cell's name, as in customer_segment; null of products";
    sheet.texts(name("cell", meaning).nullable(), rows.iter().map(|row| row.cell));
    let customers = rows.iter().map(|row| whole(row.customers)).collect::<Vec<_>>();
    let meaning = "Customers in the cell; of products: who bought any in it";
    sheet.fixed(count("customers", "customers", meaning), customers);
    let pairs = count("pairs", "customer × product group", "Pairs in the cell; null of other matrices");
    sheet.fixed_or_null(pairs, rows.iter().map(|row| row.pairs.map(whole)).collect());
    sheet.totals(
        layout.total("net_revenue", "Net revenue"),
        rows.iter().map(|row| Some(row.net_revenue)).collect(),
    );
    let shares = rows.iter().map(|row| share(row.net_revenue, revenue_of(row.matrix)));
    sheet.floats(
        float("share_of_revenue", "1", "Share of the matrix's net revenue; null if that is not above 0"),
        shares,
    );
    sheet.totals(
        layout.total("gross_margin", "Gross margin"),
        rows.iter().map(|row| Some(row.gross_margin)).collect(),
    );
    let meaning = "Customer profit; of products: product contribution, or gross margin where no cost is told by product";
    sheet.totals(layout.total("profit", meaning), rows.iter().map(|row| Some(row.result)).collect());
    let residual =
        layout.total("residual_value", "Residual value; null of products and without [clv]").nullable();
    sheet.totals(residual, rows.iter().map(|row| row.residual).collect());
    let action = Column::new("action", ColumnKind::Name, "", "What to do with the cell");
    sheet.texts(action, rows.iter().map(|row| Some(row.action)));
    sheet
}
