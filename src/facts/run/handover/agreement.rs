//! Whether the grains of a period agree: each customer's parts with its row, and the period's totals with those of the lines.

use super::customers::Customers;
use super::matches::{PeriodMatch, TOTALS};
use super::period::PeriodImport;
use crate::error::Result;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::measures::{DISCOUNT, LINES, LIST_REVENUE, MEASURES, PRODUCT_COST, RETURNS};
use crate::facts::kernel::orders::ORDER_LINES;
use crate::facts::kernel::reduced::{OrderRows, Reduced};

impl PeriodImport<'_> {
    /// Each customer's product groups, orders and days add up to its row.
    pub(super) fn check_sums(&self, reduced: &Reduced, block: &Customers) -> Result<()> {
        for (index, name) in MEASURES.iter().enumerate() {
            let column = &reduced.cells.measures[index];
            self.hold(name, &reduced.cells.rows, column.widened(), &reduced.measures[index], block)?;
        }
        let OrderRows { rows, columns, .. } = &reduced.order_rows;
        let with_sale = |values: Vec<i64>| values.into_iter().map(|value| i64::from(value > 0)).collect();
        self.hold("orders", rows, with_sale(columns[ORDER_LINES].widened()), &reduced.orders, block)?;
        let [list, discount, returns, cost] =
            [LIST_REVENUE, DISCOUNT, RETURNS, PRODUCT_COST].map(|index| reduced.measures[index].widened());
        let net: Vec<i64> = (0..list.len()).map(|row| list[row] - discount[row] - returns[row]).collect();
        let gross = net.iter().zip(&cost).map(|(net, cost)| net - cost).collect::<Vec<i64>>();
        let [lines, net_revenue, product_cost] = [0, 1, 2].map(|index| columns[index].widened());
        self.hold("lines of orders", rows, lines, &reduced.measures[LINES], block)?;
        let net = Column::from(net);
        self.hold("net revenue of orders", rows, net_revenue, &net, block)?;
        self.hold("product cost of orders", rows, product_cost, &reduced.measures[PRODUCT_COST], block)?;
        let Some(days) = &reduced.days else { return Ok(()) };
        let [_, orders, net_revenue, gross_margin] = &days.columns;
        self.hold("active_days", &days.rows, with_sale(orders.widened()), &reduced.active_days, block)?;
        self.hold("net revenue", &days.rows, net_revenue.widened(), &net, block)?;
        self.hold("gross margin", &days.rows, gross_margin.widened(), &gross.into(), block)
    }

    fn hold(
        &self,
        what: &str,
        rows: &[u32],
        parts: Vec<i64>,
        whole: &Column,
        block: &Customers,
    ) -> Result<()> {
        let mut sums: Vec<i128> = vec![0; block.len()];
        rows.iter().zip(parts).for_each(|(row, part)| sums[*row as usize] += i128::from(part));
        let whole = whole.widened();
        let odd = (0..block.len()).find(|row| sums[*row] != i128::from(whole[*row]));
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
}
