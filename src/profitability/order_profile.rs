//! `order_profile`: what orders of each size bring and cost, divided by the declared dimensions. For each dimension the
//! rows of a period add up to those of all customers, down to customer profit.

use super::lines::CostLine;
use super::order_bands::{NO_ORDER, OrderBand, OrderBands};
use super::order_costs::{CostsByKind, OrderCost, OrdersPosted};
use super::table_context::TableContext;
use super::waterfall::{Books, Measures};
use crate::facts::schema::OrderFacts;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{ALL_CUSTOMERS, Draft};
use crate::units::{Fixed18, Period, round_ratio};
use std::collections::BTreeMap;
use std::ops::{AddAssign, Range};

/// Sums of orders that the profile tells apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OrderSums {
    orders: i128,
    lines: i128,
    net_revenue: i128,
    product_cost: i128,
    costs: CostsByKind<i128>,
    /// Customer-level, financing and acquisition cost.
    above_orders: i128,
}

impl AddAssign for OrderSums {
    fn add_assign(&mut self, other: Self) {
        self.orders += other.orders;
        self.lines += other.lines;
        self.net_revenue += other.net_revenue;
        self.product_cost += other.product_cost;
        self.costs.iter_mut().zip(other.costs).for_each(|(sum, cost)| *sum += cost);
        self.above_orders += other.above_orders;
    }
}

impl OrderSums {
    fn cost(&self, kind: OrderCost) -> i128 {
        self.costs[kind as usize]
    }

    fn gross_margin(&self) -> i128 {
        self.net_revenue - self.product_cost
    }

    fn cost_to_serve(&self) -> i128 {
        self.cost(OrderCost::UnitLevel) + self.cost(OrderCost::OrderLevel)
    }

    fn contribution(&self) -> i128 {
        self.gross_margin() - self.costs.iter().sum::<i128>()
    }

    fn customer_profit(&self) -> i128 {
        self.contribution() - self.above_orders
    }

    fn per_order(&self, amount: i128) -> Option<i128> {
        (self.orders > 0).then(|| round_ratio(amount, self.orders))
    }
}

/// What a row is of: the dimension, from 1, or 0 for all orders; the code of its member; the band.
type CellKey = (usize, u32, OrderBand);

/// Sums by dimension, member and band.
#[derive(Debug, Default)]
pub(crate) struct OrderCells(BTreeMap<CellKey, OrderSums>);

impl OrderCells {
    /// Of the orders of a slice of customers, and of what no order of theirs causes.
    pub(crate) fn of(
        bands: &OrderBands,
        facts: &OrderFacts,
        of_slice: Range<usize>,
        posted: &OrdersPosted,
        measures: &Measures,
    ) -> Self {
        let dimensions = 1 + facts.members.len();
        let mut cells: Vec<DenseCells> = (0..dimensions).map(|_| DenseCells::default()).collect();
        for (place, order) in of_slice.enumerate() {
            let (lines, net_revenue) = (facts.lines[order], facts.net_revenue[order]);
            let sums = OrderSums {
                orders: i128::from(lines > 0),
                lines: i128::from(lines),
                net_revenue: i128::from(net_revenue),
                product_cost: i128::from(facts.product_cost[order]),
                costs: std::array::from_fn(|kind| i128::from(posted.orders[kind][place])),
                above_orders: 0,
            };
            let band = bands.band(lines, net_revenue);
            cells[0].add(0, band, bands, sums);
            for (cells, members) in cells[1..].iter_mut().zip(&facts.members) {
                cells.add(members[order], band, bands, sums);
            }
        }
        let rest = rest_of(posted, measures);
        let mut whole = rest;
        cells[0].sums.iter().for_each(|(_, sums)| whole += *sums);
        check(&whole, measures);
        let mut sums = BTreeMap::new();
        for (dimension, cells) in cells.into_iter().enumerate() {
            let of_dimension =
                cells.sums.into_iter().map(|((member, band), sums)| ((dimension, member, band), sums));
            sums.extend(of_dimension);
            sums.insert((dimension, u32::MAX, OrderBand::NoOrder), rest);
        }
        Self(sums)
    }

    /// `order_profile` of a period, of which `names` are the members by code.
    pub(crate) fn sheet(
        &self,
        context: TableContext<'_>,
        books: &Books<'_>,
        bands: &OrderBands,
        period: Period,
        dimensions: &[String],
        names: &[String],
    ) -> Sheet {
        let is_something = |(_, sums): &(&CellKey, &OrderSums)| **sums != OrderSums::default();
        let rows: Vec<(&CellKey, &OrderSums)> = self.0.iter().filter(is_something).collect();
        let grain = "period, dimension of orders, member and band of order size";
        let mut draft = context.format.draft("order_profile", grain, Some("period"), &rows);
        draft.day("period_start", "First day of the period", |_| period.start);
        let meaning = "Declared key by which orders are divided; all: not divided";
        draft.name("dimension", meaning, |((dimension, ..), _)| {
            dimension.checked_sub(1).map_or(ALL_CUSTOMERS, |place| dimensions[place].as_str())
        });
        let meaning = "Its value; (none): lines without one, (several): orders whose lines have several, (no order): what no order \
                       causes, all: all orders";
        draft.name("member", meaning, |((dimension, member, band), _)| match (band, dimension) {
            (OrderBand::NoOrder, _) => NO_ORDER,
            (_, 0) => ALL_CUSTOMERS,
            _ => names[*member as usize].as_str(),
        });
        let meaning = "Band of the order's net revenue in the period: from the first limit, below the second; (returns only): orders \
                       without a sale line, (no order): cost whose driver no order has a part of, and what stays above orders";
        draft.name("order_band", meaning, |((.., band), _)| bands.name(*band));
        draft.count("band_number", "", "Place of the band among all, from 1", |((.., band), _)| {
            i64::try_from(bands.place(*band) + 1).expect("bands are few")
        });
        let meaning = "Least net revenue of an order of the band; null where it is open";
        draft.money("band_from", meaning, |((.., band), _)| bands.limits(*band).0.map(Fixed18::of_column));
        let meaning = "Net revenue from which an order is of the next band; null where it is open";
        draft.money("band_below", meaning, |((.., band), _)| bands.limits(*band).1.map(Fixed18::of_column));
        add_sums(&mut draft, books);
        draft.finish()
    }
}

impl AddAssign for OrderCells {
    fn add_assign(&mut self, other: Self) {
        for (key, sums) in other.0 {
            *self.0.entry(key).or_default() += sums;
        }
    }
}

/// The cells of a dimension that orders were met of.
#[derive(Default)]
struct DenseCells {
    /// By member and band, the place of their cell from 1.
    places: Vec<u32>,
    sums: Vec<((u32, OrderBand), OrderSums)>,
}

impl DenseCells {
    fn add(&mut self, member: u32, band: OrderBand, bands: &OrderBands, sums: OrderSums) {
        let key = member as usize * bands.len() + bands.place(band);
        if key >= self.places.len() {
            self.places.resize((member as usize + 1) * bands.len(), 0);
        }
        let place = &mut self.places[key];
        if *place == 0 {
            self.sums.push(((member, band), OrderSums::default()));
            *place = u32::try_from(self.sums.len()).expect("cells are few");
        }
        self.sums[*place as usize - 1].1 += sums;
    }
}

/// What no order causes.
fn rest_of(posted: &OrdersPosted, measures: &Measures) -> OrderSums {
    let total = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let costs: CostsByKind<i128> = std::array::from_fn(|kind| total(&posted.rest[kind]));
    let worth = &measures.worth;
    let above_orders = total(&worth.contribution) - total(&worth.customer_profit);
    OrderSums { costs, above_orders, ..OrderSums::default() }
}

/// Asserts that orders, and what no order causes, are together what their customers' rows are.
fn check(whole: &OrderSums, measures: &Measures) {
    let total = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let (behaviour, worth) = (&measures.behaviour, &measures.worth);
    assert_eq!(whole.orders, total(&behaviour.orders), "orders of customers");
    assert_eq!(whole.lines, total(&behaviour.lines), "lines of orders add up");
    assert_eq!(whole.net_revenue, total(&worth.net_revenue), "net revenue of orders adds up");
    assert_eq!(whole.product_cost, total(&behaviour.product_cost), "product cost of orders adds up");
    let concessions = worth.lines.get(CostLine::PriceConcession).map_or(0, |costs| total(costs));
    assert_eq!(whole.cost(OrderCost::PriceConcession), concessions, "price concessions of orders add up");
    assert_eq!(whole.cost_to_serve(), total(worth.line(CostLine::CostToServe)), "cost of orders adds up");
    assert_eq!(whole.customer_profit(), total(&worth.customer_profit), "customer profit is all that is left");
}

type Row<'r> = (&'r CellKey, &'r OrderSums);

/// What orders come to, down to customer profit.
fn add_sums<'r>(draft: &mut Draft<'r, Row<'r>>, books: &Books<'_>) {
    let orders = Column::new("orders", ColumnKind::Total(0), "orders", "Distinct orders with a sale line");
    draft.wide(orders, |(_, sums)| sums.orders);
    let lines = Column::new("lines", ColumnKind::Total(0), "lines", "Sale lines");
    draft.wide(lines, |(_, sums)| sums.lines);
    draft.total("net_revenue", "List revenue − discount − returns", |(_, sums)| sums.net_revenue);
    let meaning = "Cost of the goods, less that of returned goods";
    draft.total("product_cost", meaning, |(_, sums)| sums.product_cost);
    draft.total("gross_margin", "Net revenue − product cost", |(_, sums)| sums.gross_margin());
    if books.lines.has(CostLine::PriceConcession) {
        let meaning = "Cost of all activities that are price concessions";
        let concessions = |(_, sums): &Row<'_>| sums.cost(OrderCost::PriceConcession);
        draft.total(CostLine::PriceConcession.column(), meaning, concessions);
    }
    let meaning = "Cost of all unit-level activities";
    draft.total("unit_level_cost", meaning, |(_, sums)| sums.cost(OrderCost::UnitLevel));
    let meaning = "Cost of all order-level activities";
    draft.total("order_level_cost", meaning, |(_, sums)| sums.cost(OrderCost::OrderLevel));
    let meaning = "Cost of all unit- and order-level activities";
    draft.total("cost_to_serve", meaning, |(_, sums)| sums.cost_to_serve());
    let meaning = "Gross margin − price concessions, if any − cost to serve";
    draft.total("contribution", meaning, |(_, sums)| sums.contribution());
    let meaning = "Customer-level cost, financing cost, if any, and acquisition cost: no order causes them";
    draft.total("cost_above_orders", meaning, |(_, sums)| sums.above_orders);
    let meaning = "Contribution − cost above orders; all rows of a dimension add up to the customers' profit";
    draft.total("customer_profit", meaning, |(_, sums)| sums.customer_profit());
    let meaning = "Net revenue of an order on average; null without orders";
    draft.total("net_revenue_per_order", meaning, |(_, sums)| sums.per_order(sums.net_revenue));
    let meaning = "Gross margin of an order on average; null without orders";
    draft.total("gross_margin_per_order", meaning, |(_, sums)| sums.per_order(sums.gross_margin()));
    let meaning = "Cost to serve of an order on average; null without orders";
    draft.total("cost_to_serve_per_order", meaning, |(_, sums)| sums.per_order(sums.cost_to_serve()));
    let meaning = "Contribution of an order on average; null without orders";
    draft.total("contribution_per_order", meaning, |(_, sums)| sums.per_order(sums.contribution()));
}
