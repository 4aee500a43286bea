//! Whether the grains of a period agree: each customer's parts with its row, and the period's totals with those of the lines.

use super::customers::Customers;
use super::matches::{PeriodMatch, TOTALS};
use super::period::PeriodImport;
use crate::error::Result;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::days::Days;
use crate::facts::kernel::measures::{DISCOUNT, LINES, LIST_REVENUE, MEASURES, PRODUCT_COST, RETURNS};
use crate::facts::kernel::reduced::{OrderRows, Reduced};

impl PeriodImport<'_> {
    /// Each customer's product groups, orders and days add up to its row.
    pub(super) fn check_sums(&self, reduced: &Reduced, block: &Customers) -> Result<()> {
        let measures: Vec<Vec<i128>> = reduced.measures.iter().map(wide).collect();
        for (index, name) in MEASURES.iter().enumerate() {
            self.hold(
                name,
                &reduced.cells.rows,
                wide(&reduced.cells.measures[index]),
                &measures[index],
                block,
            )?;
        }
        let net_revenue =
            |row: usize| measures[LIST_REVENUE][row] - measures[DISCOUNT][row] - measures[RETURNS][row];
        let net: Vec<i128> = (0..block.len()).map(net_revenue).collect();
        let OrderRows { rows, columns, .. } = &reduced.order_rows;
        let [lines, net_of_orders, cost_of_orders] = [0, 1, 2].map(|index| wide(&columns[index]));
        self.hold("orders", rows, with_sale(&lines), &wide(&reduced.orders), block)?;
        self.hold("lines of orders", rows, lines, &measures[LINES], block)?;
        self.hold("net revenue of orders", rows, net_of_orders, &net, block)?;
        self.hold("product cost of orders", rows, cost_of_orders, &measures[PRODUCT_COST], block)?;
        let Some(Days { rows, columns }) = &reduced.days else { return Ok(()) };
        let [_, orders, net_of_days, gross_of_days] = columns.each_ref().map(wide);
        let gross: Vec<i128> =
            net.iter().zip(&measures[PRODUCT_COST]).map(|(net, cost)| net - cost).collect();
        self.hold("active_days", rows, with_sale(&orders), &wide(&reduced.active_days), block)?;
        self.hold("net revenue of days", rows, net_of_days, &net, block)?;
        self.hold("gross margin of days", rows, gross_of_days, &gross, block)
    }

    fn hold(
        &self,
        what: &str,
        rows: &[u32],
        parts: Vec<i128>,
        whole: &[i128],
        block: &Customers,
    ) -> Result<()> {
        let mut sums: Vec<i128> = vec![0; block.len()];
        rows.iter().zip(parts).for_each(|(row, part)| sums[*row as usize] += part);
        let odd = (0..block.len()).find(|row| sums[*row] != whole[*row]);
        odd.map_or(Ok(()), |row| {
            let (customer, parts, whole) = (block.shown(row), sums[row], whole[row]);
            Err(self.fault(format!(
                "{what} of {customer} is {whole} in customer_period, and its parts sum to {parts}"
            )))
        })
    }

    /// The period's totals by two ways.
    pub(super) fn check_totals(&self, found: &PeriodMatch, sums: [i128; TOTALS.len()]) -> Result<()> {
        let of = TOTALS.into_iter().zip(sums).zip(found.totals);
        match of.into_iter().find(|((_, sum), lines)| sum != lines) {
            None => Ok(()),
            Some(((name, sum), lines)) => Err(self.fault(format!(
                "{name} sums to {sum} over customers and to {lines} straight from the lines, in the last digit of money_scale"
            ))),
        }
    }

    /// Lines by company and currency, without those between companies, add up to the period's totals.
    pub(super) fn check_books(&self, found: &PeriodMatch) -> Result<()> {
        if self.run.sources[0].books().is_none() {
            return Ok(());
        }
        let mut sums = [0; TOTALS.len()];
        for book in found.books.iter().filter(|book| !book.is_eliminated) {
            let of_book = [book.list_revenue, book.discount, book.returns, book.product_cost];
            sums.iter_mut().zip(of_book).for_each(|(sum, of_book)| *sum += of_book);
        }
        match TOTALS.into_iter().zip(sums).zip(found.totals).find(|((_, sum), lines)| sum != lines) {
            None => Ok(()),
            Some(((name, sum), lines)) => Err(self.fault(format!(
                "{name} sums to {sum} over companies and currencies and to {lines} straight from the lines"
            ))),
        }
    }
}

/// Sums of 64-bit numbers that nobody has held against a range yet need more.
fn wide(column: &Column) -> Vec<i128> {
    column.widened().into_iter().map(i128::from).collect()
}

/// One for each row that has some.
fn with_sale(values: &[i128]) -> Vec<i128> {
    values.iter().map(|value| i128::from(*value > 0)).collect()
}
