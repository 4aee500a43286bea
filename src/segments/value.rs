//! Value matrices: current × residual value, value × loyalty (after W. Reinartz and V. Kumar, "The Mismanagement of
//! Customer Loyalty", Harvard Business Review, July 2002), product × customer.

use super::cut::quantiles;
use super::grid::NONE;
use super::groups::{Groups, Totals, Worth};
use super::loyalty::Loyalty;
use super::products::{CELLS, CLASSES, Cell};
use super::share::share;
use crate::customers::selection::{Order, ScratchColumn};
use crate::error::Result;
use crate::pipeline::ValueDef;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

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

/// Above which a value is high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HighFrom {
    pub(crate) profit: i64,
    pub(crate) residual: i64,
    pub(crate) loyalty: f64,
}

impl HighFrom {
    /// As declared, or else above the middle of all customers' profit, known residual values, and known loyalty indices
    /// (as [`index_key`] keeps them).
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn new(
        definition: &ValueDef,
        scale: u8,
        profit: ScratchColumn<'_>,
        residual: ScratchColumn<'_>,
        loyalty: ScratchColumn<'_>,
    ) -> Result<Self> {
        let money = |amount: crate::units::Decimal| {
            let exact = amount.at_scale(scale).expect("money was checked");
            i64::try_from(exact).expect("money was checked")
        };
        let declared =
            definition.loyalty.map(|share| share.mantissa as f64 / crate::units::pow10(share.scale) as f64);
        Ok(Self {
            profit: definition.current.map_or_else(|| median(profit), |amount| Ok(money(amount)))?,
            residual: definition.residual.map_or_else(|| median(residual), |amount| Ok(money(amount)))?,
            loyalty: declared.map_or_else(|| middle(loyalty), Ok)?,
        })
    }

    /// Customers of a slice in the cells of current × residual value; they are empty while `[clv]` is off.
    pub(crate) fn value_cells(&self, worth: &Worth) -> Groups {
        let of = |row: usize| match worth.residual.as_ref().and_then(|values| values.fixed_at(row)) {
            Some(residual) => cell(worth.profit[row] > self.profit, residual > self.residual),
            None => NONE,
        };
        groups("value_cell", &VALUE_CELLS, (0..worth.profit.len()).map(of).collect())
    }

    /// Customers of a slice in the cells of value × loyalty.
    pub(crate) fn loyalty_cells(&self, worth: &Worth, loyalty: &Loyalty) -> Groups {
        let of = |row: usize| match loyalty.index[row] {
            Some(index) => cell(worth.profit[row] > self.profit, index > self.loyalty),
            None => NONE,
        };
        groups("loyalty_cell", &LOYALTY_CELLS, (0..worth.profit.len()).map(of).collect())
    }
}

/// A float as an integer of the same order, that of `f64::total_cmp`; the key of the key's bits is the float.
pub(crate) fn index_key(index: f64) -> i64 {
    in_total_order(index.to_bits().cast_signed())
}

/// Flips all bits but the sign of negative numbers; twice gives the bits again.
fn in_total_order(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
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
fn median(values: ScratchColumn<'_>) -> Result<i64> {
    Ok(quantiles(values, 2)?.first().map_or(0, |median| median.floor()).max(0))
}

/// The middle of the keys of floats; 0 of none.
fn middle(keys: ScratchColumn<'_>) -> Result<f64> {
    let around = keys.select(Order::Ascending, |count| vec![count.saturating_sub(1) / 2, count / 2])?;
    let float = |key: i64| f64::from_bits(in_total_order(key).cast_unsigned());
    Ok(match around[..] {
        [Some(low), Some(high)] => f64::midpoint(float(low), float(high)),
        _ => 0.0,
    })
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
    format: TableFormat<'_>,
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
    draw(format, &rows)
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

fn draw(format: TableFormat<'_>, rows: &[Row]) -> Sheet {
    let revenue_of = |matrix: &str| -> i128 {
        rows.iter().filter(|row| row.matrix == matrix).map(|row| row.net_revenue).sum()
    };
    let mut draft = format.draft("value_matrix", "matrix and cell", None, rows);
    draft.as_of();
    draft.name("matrix", "Row measure × column measure", |row| row.matrix);
    let meaning = "Class of the row: of current value, or of the product group";
    draft.name("row_class", meaning, |row| row.row);
    let meaning = "Class of the column: of residual value, of loyalty, or of the customer";
    draft.name("column_class", meaning, |row| row.column);
    draft.name("cell", "The cell's name, as in customer_segment; null of products", |row| row.cell);
    let meaning = "Customers in the cell; of products: who bought any in it";
    draft.count("customers", "customers", meaning, |row| row.customers);
    let meaning = "Pairs in the cell; null of other matrices";
    draft.count("pairs", "customer × product group", meaning, |row| row.pairs);
    draft.total("net_revenue", "Net revenue", |row| row.net_revenue);
    let meaning = "Share of the matrix's net revenue; null if that is not above 0";
    draft.float("share_of_revenue", "1", meaning, |row| share(row.net_revenue, revenue_of(row.matrix)));
    draft.total("gross_margin", "Gross margin", |row| row.gross_margin);
    let meaning = "Customer profit; of products: product contribution, or gross margin where no cost is traced to products";
    draft.total("profit", meaning, |row| row.result);
    let meaning = "Residual value; null of products and without [clv]";
    draft.total("residual_value", meaning, |row| row.residual);
    draft.name("action", "What to do with the cell", |row| row.action);
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::memory::Scratch;

    #[test]
    fn the_middle_of_floats_is_that_of_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let middle_of = |floats: &[f64]| {
            let scratch = Scratch::new(1, &Memory::of_machine(folder.path()));
            let keys: Vec<i64> = floats.iter().copied().map(index_key).collect();
            scratch.keep(0, [&keys[..]]).unwrap();
            middle(ScratchColumn { scratch: &scratch, column: 0 }).unwrap()
        };
        assert_eq!(middle_of(&[0.5, -3.0, 0.25, 1.0]), 0.375);
        assert_eq!(middle_of(&[-1.0, -2.0, 5.0]), -1.0);
        assert_eq!(middle_of(&[]), 0.0);
    }
}
