//! `customer_price`: the price waterfall of every customer by period. Invoice price is the net revenue of `customer_period`, and
//! pocket margin its gross margin less price concessions.

use super::columns::Values;
use super::lines::posts;
use super::period_rows::PeriodRows;
use super::posted::Posted;
use super::price_lines::{PriceKind, PriceLines};
use super::price_waterfall::{AMOUNT, add_line_names};
use super::table_context::TableContext;
use super::waterfall::Measures;
use crate::error::Result;
use crate::publish::schema::Sheet;
use crate::units::{Fixed18, Period};
use arrow::array::ArrayRef;

/// Makes the rows of one period.
pub(crate) struct CustomerPrices<'r> {
    pub(crate) context: TableContext<'r>,
    pub(crate) lines: &'r PriceLines,
    pub(crate) period: Period,
    /// Of each concession, its place among the activities that post to customers; none of one that does not.
    places: Vec<Option<usize>>,
}

/// A line of the waterfall of a customer.
struct Row {
    rank: u32,
    place: usize,
    amount: Fixed18,
}

/// What the waterfalls of the customers of a slice are made of, gathered while costs are posted to them.
pub(crate) struct PriceColumns<'p> {
    prices: &'p CustomerPrices<'p>,
    /// In the order of [`PriceLines::invoiced`].
    invoiced: Vec<Values>,
    /// In the order of [`PriceLines::concessions`].
    conceded: Vec<Vec<i64>>,
}

impl<'r> CustomerPrices<'r> {
    /// Of a period.
    pub(crate) fn new(context: TableContext<'r>, lines: &'r PriceLines, period: Period) -> Self {
        let place = |index: &usize| {
            let activity = &context.activities[*index];
            let before = context.activities[..*index].iter().filter(|activity| posts(activity));
            posts(activity).then(|| before.count())
        };
        let places = lines.concessions.iter().map(place).collect();
        Self { context, lines, period, places }
    }

    /// Of the customers of a slice, before costs are posted to them.
    pub(crate) fn columns(&self, rows: &PeriodRows) -> PriceColumns<'_> {
        let invoiced = self.lines.invoiced.iter().map(|index| rows.aggregates[*index].clone()).collect();
        PriceColumns { prices: self, invoiced, conceded: vec![Vec::new(); self.places.len()] }
    }

    /// The table without rows.
    pub(crate) fn empty(&self) -> Sheet {
        self.sheet(&[])
    }

    fn sheet(&self, rows: &[Row]) -> Sheet {
        let grain = "customer, period and line of the price waterfall";
        let mut draft = self.context.format.draft("customer_price", grain, Some("period"), rows);
        self.context.add_customer(&mut draft, rows.iter().map(|row| row.rank));
        draft.day("period_start", "First day of the period", |_| self.period.start);
        add_line_names(&mut draft, &self.lines.lines, |row| row.place);
        draft.money("amount", AMOUNT, |row| row.amount);
        draft.finish()
    }
}

impl PriceColumns<'_> {
    /// Adds what is posted to the next customers.
    pub(crate) fn add(&mut self, posted: &Posted, customers: usize) {
        for (column, place) in self.conceded.iter_mut().zip(&self.prices.places) {
            match place {
                Some(place) => column.extend_from_slice(&posted.costs[*place]),
                None => column.resize(column.len() + customers, 0),
            }
        }
    }

    /// The waterfalls of the customers: all levels, and steps that are any.
    ///
    /// # Errors
    /// A value beyond 18 digits.
    pub(crate) fn arrays(&self, measures: &Measures) -> Result<Vec<ArrayRef>> {
        let (worth, behaviour, lines) = (&measures.worth, &measures.behaviour, self.prices.lines);
        let (mut rows, mut sums, mut amounts) = (Vec::new(), lines.nothing(), Vec::new());
        for (row, rank) in measures.ranks.iter().enumerate() {
            for (sum, column) in sums.invoiced.iter_mut().zip(&self.invoiced) {
                *sum = i128::from(column[row]);
            }
            for (sum, column) in sums.concessions.iter_mut().zip(&self.conceded) {
                *sum = i128::from(column[row]);
            }
            sums.net_revenue = i128::from(worth.net_revenue[row]);
            sums.product_cost = i128::from(behaviour.product_cost[row]);
            if sums.is_nothing() {
                continue;
            }
            lines.fill_amounts(&sums, &mut amounts);
            for (place, amount) in amounts.iter().enumerate() {
                if *amount != 0 || lines.lines[place].kind == PriceKind::Level {
                    let amount = Fixed18::checked(*amount, "customer_price: an amount of a customer")?;
                    rows.push(Row { rank: *rank, place, amount });
                }
            }
        }
        Ok(self.prices.sheet(&rows).arrays)
    }
}
