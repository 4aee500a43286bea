//! `customer_order`: what every order brought and cost in a period, and what of a customer's cost no order causes. A
//! customer's rows add up to those of `customer_period`, down to contribution.

use super::lines::CostLine;
use super::order_bands::{OrderBand, OrderBands};
use super::order_costs::{CostsByKind, ORDER_COSTS, OrderCost, OrdersPosted};
use super::table_context::TableContext;
use super::waterfall::Books;
use crate::error::{Error, Result};
use crate::facts::schema::OrderFacts;
use crate::publish::Draft;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Fixed18, Period};
use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use std::ops::Range;

/// Makes the rows of one period.
pub(crate) struct CustomerOrders<'r> {
    pub(crate) context: TableContext<'r>,
    pub(crate) books: &'r Books<'r>,
    pub(crate) bands: &'r OrderBands,
    pub(crate) period: Period,
    /// Names of the dimensions.
    pub(crate) dimensions: &'r [String],
    /// Names of their members, by code.
    pub(crate) members: Vec<String>,
}

/// An order, or what no order of the customer causes.
struct Row {
    rank: u32,
    /// Among the orders of the facts.
    order: Option<usize>,
    band: OrderBand,
    lines: i64,
    net_revenue: Fixed18,
    product_cost: Fixed18,
    gross_margin: Fixed18,
    costs: CostsByKind<Fixed18>,
    cost_to_serve: Fixed18,
    contribution: Fixed18,
}

impl CustomerOrders<'_> {
    /// The table without rows.
    ///
    /// # Errors
    /// A key of orders that cannot be published.
    pub(crate) fn empty(&self, facts: &OrderFacts) -> Result<Sheet> {
        self.table(facts, &[])
    }

    /// The orders of consecutive customers, in the order of their keys, and after those of each customer the rest.
    ///
    /// # Errors
    /// A value beyond 18 digits.
    pub(crate) fn arrays(
        &self,
        facts: &OrderFacts,
        of_slice: Range<usize>,
        ranks: &[u32],
        posted: &OrdersPosted,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Vec::with_capacity(of_slice.len());
        let (first, mut next) = (of_slice.start, of_slice.start);
        for (place, rank) in ranks.iter().enumerate() {
            while next < of_slice.end && facts.ranks[next] == *rank {
                let costs = std::array::from_fn(|kind| posted.orders[kind][next - first]);
                let (lines, net_revenue) = (facts.lines[next], facts.net_revenue[next]);
                let band = self.bands.band(lines, net_revenue);
                let earned = [lines, net_revenue, facts.product_cost[next]];
                rows.push(Row::new(*rank, Some(next), band, earned, costs)?);
                next += 1;
            }
            let rest: CostsByKind<i64> = std::array::from_fn(|kind| posted.rest[kind][place]);
            if rest != [0; ORDER_COSTS] {
                rows.push(Row::new(*rank, None, OrderBand::NoOrder, [0; 3], rest)?);
            }
        }
        Ok(self.table(facts, &rows)?.arrays)
    }

    fn table(&self, facts: &OrderFacts, rows: &[Row]) -> Result<Sheet> {
        let format = self.context.format;
        let mut draft = format.draft("customer_order", "customer, period and order", Some("period"), rows);
        self.context.add_customer(&mut draft, rows.iter().map(|row| row.rank));
        draft.day("period_start", "First day of the period", |_| self.period.start);
        let (column, ids) = self.ids(facts, rows)?;
        draft.ready().add(column, ids);
        for (name, codes) in self.dimensions.iter().zip(&facts.members) {
            let meaning = "Declared dimension of the order; (none): lines without one, (several): lines of several; null on \
                           the row of no order";
            draft.name(name.clone(), meaning, |row| {
                row.order.map(|order| self.members[codes[order] as usize].as_str())
            });
        }
        let meaning = "Band of the order's net revenue in the period; (returns only): without a sale line, (no order): cost whose \
                       driver no order has a part of";
        draft.name("order_band", meaning, |row| self.bands.name(row.band));
        self.add_money(&mut draft);
        Ok(draft.finish())
    }

    /// Keys of the orders; null of what no order causes.
    fn ids(&self, facts: &OrderFacts, rows: &[Row]) -> Result<(Column, ArrayRef)> {
        let ids = facts.ids.as_ref().expect("keys of orders were asked for");
        let kind = match ids.data_type() {
            DataType::Int64 => ColumnKind::IntKey,
            DataType::Date32 => ColumnKind::Date,
            _ => ColumnKind::Text,
        };
        let index = |order: usize| u32::try_from(order).expect("a window has few orders");
        let places: UInt32Array = rows.iter().map(|row| row.order.map(index)).collect();
        let ids = take(ids, &places, None)
            .map_err(|fault| Error::internal(format!("customer_order: keys of orders: {fault}")))?;
        let meaning = "Order, within the customer; null on the row of what no order causes";
        Ok((Column::new("order_id", kind, "", meaning).nullable(), ids))
    }

    fn add_money(&self, draft: &mut Draft<'_, Row>) {
        draft.count("lines", "lines", "Sale lines", |row| row.lines);
        draft.money("net_revenue", "List revenue − discount − returns", |row| row.net_revenue);
        draft.money("product_cost", "Cost of the goods, less that of returned goods", |row| row.product_cost);
        draft.money("gross_margin", "Net revenue − product cost", |row| row.gross_margin);
        if self.books.lines.has(CostLine::PriceConcession) {
            let meaning = "Cost of all activities that are price concessions";
            let concessions = |row: &Row| row.costs[OrderCost::PriceConcession as usize];
            draft.money(CostLine::PriceConcession.column(), meaning, concessions);
        }
        let meaning = "Cost of all unit-level activities";
        draft.money("unit_level_cost", meaning, |row| row.costs[OrderCost::UnitLevel as usize]);
        let meaning = "Cost of all order-level activities";
        draft.money("order_level_cost", meaning, |row| row.costs[OrderCost::OrderLevel as usize]);
        let meaning = "Cost of all unit- and order-level activities";
        draft.money("cost_to_serve", meaning, |row| row.cost_to_serve);
        let meaning = "Gross margin − price concessions, if any − cost to serve";
        draft.money("contribution", meaning, |row| row.contribution);
    }
}

impl Row {
    /// `earned`: lines, net revenue, product cost.
    fn new(
        rank: u32,
        order: Option<usize>,
        band: OrderBand,
        earned: [i64; 3],
        costs: CostsByKind<i64>,
    ) -> Result<Self> {
        let money = |amount: i128| Fixed18::checked(amount, "customer_order: money of an order");
        let [lines, net_revenue, product_cost] = earned;
        let [net_revenue, product_cost] = [net_revenue, product_cost].map(i128::from);
        let [concessions, unit, order_level] = costs.map(i128::from);
        let gross_margin = net_revenue - product_cost;
        let cost_to_serve = unit + order_level;
        Ok(Self {
            rank,
            order,
            band,
            lines,
            net_revenue: money(net_revenue)?,
            product_cost: money(product_cost)?,
            gross_margin: money(gross_margin)?,
            costs: [money(concessions)?, money(unit)?, money(order_level)?],
            cost_to_serve: money(cost_to_serve)?,
            contribution: money(gross_margin - concessions - cost_to_serve)?,
        })
    }
}
