//! Order costing: activities above contribution reach customer × order, in the order in which facts keep orders.
//!
//! A customer's part of an activity is split by cumulative difference once more, over the orders' own volumes, so that
//! orders add up to exactly what the customer bears. What of the volume no order has, as that of calls, comes after the
//! last order and stays with the customer.

use super::columns::Values;
use super::lines::posts;
use super::period_rows::PeriodRows;
use super::posted::Posted;
use crate::costing::schema::{Activity, ActivityDriver, PeriodCosting, post};
use crate::error::{Error, Result};
use crate::facts::schema::OrderFacts;
use crate::pipeline::{Level, Line, NegativeVolume};
use std::borrow::Cow;
use std::ops::Range;

/// Kinds of cost between gross margin and contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderCost {
    PriceConcession,
    UnitLevel,
    OrderLevel,
}

/// How many kinds there are.
pub(crate) const ORDER_COSTS: usize = 3;

/// Columns of money, one for each kind of cost.
pub(crate) type CostsByKind<T> = [T; ORDER_COSTS];

/// The activities above contribution, with the part of their drivers that orders have.
pub(crate) struct OrderCosts<'c> {
    activities: Vec<OrderActivity<'c>>,
}

struct OrderActivity<'c> {
    /// Among all activities.
    index: usize,
    /// Among those that post.
    place: usize,
    activity: &'c Activity,
    kind: OrderCost,
    driver: OrderDriver,
    fallback: OrderDriver,
}

/// The part of a driver that orders have.
struct OrderDriver {
    /// (Column among the aggregates of orders, factor).
    terms: Vec<(usize, i64)>,
    /// Whether that is all of it.
    is_whole: bool,
}

impl OrderDriver {
    /// `kept` has the indices of the aggregates that facts keep by order.
    fn of(driver: Option<&ActivityDriver>, kept: &[usize]) -> Self {
        let all = driver.map_or(&[][..], |driver| &driver.terms);
        let place = |aggregate: usize| kept.iter().position(|kept| *kept == aggregate);
        let term = |(aggregate, factor): &(usize, i64)| Some((place(*aggregate)?, *factor));
        let terms: Vec<(usize, i64)> = all.iter().filter_map(term).collect();
        Self { is_whole: terms.len() == all.len(), terms }
    }
}

/// What the orders of consecutive customers cost.
pub(crate) struct OrdersPosted {
    /// By kind, a cost for each order.
    pub(crate) orders: CostsByKind<Vec<i64>>,
    /// By kind, what is left to each customer without being an order's.
    pub(crate) rest: CostsByKind<Vec<i64>>,
}

impl OrderCost {
    fn of(activity: &Activity) -> Option<Self> {
        match (activity.line?, activity.level) {
            (Line::PriceConcession, _) => Some(Self::PriceConcession),
            (Line::CostToServe, Level::Unit) => Some(Self::UnitLevel),
            (Line::CostToServe, _) => Some(Self::OrderLevel),
            _ => None,
        }
    }
}

impl<'c> OrderCosts<'c> {
    /// `kept` has the indices of the aggregates that facts keep by order.
    pub(crate) fn new(activities: &'c [Activity], kept: &[usize]) -> Self {
        let posting = activities.iter().enumerate().filter(|(_, activity)| posts(activity)).enumerate();
        let activity = |(place, (index, activity)): (usize, (usize, &'c Activity))| {
            let kind = OrderCost::of(activity)?;
            let driver = OrderDriver::of(activity.driver.as_ref(), kept);
            let fallback = OrderDriver::of(activity.fallback.as_ref(), kept);
            Some(OrderActivity { index, place, activity, kind, driver, fallback })
        };
        Self { activities: posting.filter_map(activity).collect() }
    }
}

/// The orders of a slice of customers while costs are posted to them.
pub(crate) struct OrderPosting<'p> {
    costs: &'p OrderCosts<'p>,
    costed: &'p PeriodCosting,
    orders: &'p OrderFacts,
    rows: &'p PeriodRows,
    /// Of the orders, those of the slice.
    of_slice: Range<usize>,
    next_row: usize,
    next_order: usize,
    /// Driver volume of all customers before the next row, by activity above contribution.
    before: Vec<i64>,
    posted: OrdersPosted,
}

impl<'p> OrderPosting<'p> {
    /// From the first of these customers, whose predecessors had the volumes `before`, by posting activity.
    pub(crate) fn from(
        costs: &'p OrderCosts<'p>,
        costed: &'p PeriodCosting,
        orders: &'p OrderFacts,
        of_slice: Range<usize>,
        rows: &'p PeriodRows,
        before: &[i64],
    ) -> Self {
        let columns = |rows: usize| std::array::from_fn(|_| vec![0; rows]);
        let posted = OrdersPosted { orders: columns(of_slice.len()), rest: columns(rows.ranks.len()) };
        let before = costs.activities.iter().map(|of| before[of.place]).collect();
        let next_order = of_slice.start;
        Self { costs, costed, orders, rows, of_slice, next_row: 0, next_order, before, posted }
    }

    /// Posts to the orders of the next customers what these bear.
    ///
    /// # Errors
    /// A volume beyond 18 digits.
    pub(crate) fn next(&mut self, posted: &Posted, ranks: &[u32]) -> Result<()> {
        let takers = Takers::of(self.orders, ranks, self.next_order, self.of_slice.end);
        for (of, before) in self.costs.activities.iter().zip(&mut self.before) {
            let (volumes, charged) = (&posted.volumes[of.place], &posted.costs[of.place]);
            let rest = &mut self.posted.rest[of.kind as usize][self.next_row..];
            let costed = &self.costed.activities[of.index];
            let driver = if costed.is_fallback { &of.fallback } else { &of.driver };
            let Some(rate) = costed.rate.filter(|_| !driver.terms.is_empty()) else {
                rest.iter_mut().zip(charged.iter()).for_each(|(sum, cost)| *sum += cost);
                continue;
            };
            let of_orders = &mut self.posted.orders[of.kind as usize];
            let of_orders = &mut of_orders[self.next_order - self.of_slice.start..];
            let rows = self.next_row..self.next_row + ranks.len();
            let signs = of.signs(self.costed, self.rows, &rows)?;
            let too_large = || too_large(of.activity);
            let own = takers.own_volumes(&driver.terms).ok_or_else(too_large)?;
            if driver.is_whole && signs.is_none() {
                // Nothing is left to customers, so orders follow each other.
                let costs = post(rate, &own, *before).ok_or_else(too_large)?;
                of_orders.iter_mut().zip(&costs).for_each(|(sum, cost)| *sum += cost);
            } else {
                let split = takers.volumes(&own, volumes, signs.as_deref()).ok_or_else(too_large)?;
                let costs = post(rate, &split, *before).ok_or_else(too_large)?;
                takers.add_costs(&costs, of_orders, rest);
            }
            *before = volumes.iter().fold(*before, |sum, volume| sum.wrapping_add(*volume));
        }
        (self.next_row, self.next_order) = (self.next_row + ranks.len(), takers.end());
        Ok(())
    }

    /// What each order costs.
    pub(crate) fn finish(self) -> OrdersPosted {
        assert_eq!(self.next_order, self.of_slice.end, "every order is of a customer of the period");
        self.posted
    }
}

impl OrderActivity<'_> {
    /// What orders' volumes are multiplied with, where the policy for negative volumes turns or drops those of a customer.
    fn signs(
        &self,
        costing: &PeriodCosting,
        rows: &PeriodRows,
        of: &Range<usize>,
    ) -> Result<Option<Vec<i64>>> {
        let factor = match self.activity.negative {
            NegativeVolume::Error | NegativeVolume::Signed => return Ok(None),
            NegativeVolume::Absolute => -1,
            NegativeVolume::Zero => 0,
        };
        let driver = self.activity.driver_of(&costing.activities[self.index]);
        let aggregates: Vec<Values> =
            rows.aggregates.iter().map(|column| column.slice(of.start, of.len())).collect();
        let volumes = driver.and_then(|driver| driver.volumes(&aggregates, of.len()));
        let volumes = volumes.ok_or_else(|| too_large(self.activity))?;
        Ok(Some(volumes.iter().map(|volume| if *volume < 0 { factor } else { 1 }).collect()))
    }
}

/// The orders of these ranks.
pub(crate) fn orders_of(orders: &OrderFacts, ranks: &Range<usize>) -> Range<usize> {
    let bound = |rank: usize| orders.ranks.partition_point(|known| (*known as usize) < rank);
    bound(ranks.start)..bound(ranks.end)
}

/// Customers with orders or without, whose volumes are split.
struct Takers<'t> {
    facts: &'t OrderFacts,
    /// Of each customer, where its orders end.
    ends: Vec<usize>,
    start: usize,
}

impl<'t> Takers<'t> {
    /// The orders of these customers, the first of whom has the order `start`.
    fn of(facts: &'t OrderFacts, ranks: &[u32], start: usize, limit: usize) -> Self {
        let mut end = start;
        let mut end_of = |rank: &u32| {
            while end < limit && facts.ranks[end] == *rank {
                end += 1;
            }
            end
        };
        Self { facts, ends: ranks.iter().map(&mut end_of).collect(), start }
    }

    /// Where the orders of all these customers end.
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(self.start)
    }

    /// The volumes of each customer's orders, and after them what is left of the customer's own. `None` beyond 64 bits.
    fn volumes(&self, own: &[i64], of_customers: &[i64], signs: Option<&[i64]>) -> Option<Vec<i64>> {
        let mut volumes = Vec::with_capacity(own.len() + self.ends.len());
        let mut next = 0;
        for (row, (end, volume)) in self.ends.iter().zip(of_customers).enumerate() {
            let of_orders = &own[next..end - self.start];
            next = end - self.start;
            let mut rest = *volume;
            let sign = signs.map_or(1, |signs| signs[row]);
            for volume in of_orders {
                let volume = volume.checked_mul(sign)?;
                rest = rest.checked_sub(volume)?;
                volumes.push(volume);
            }
            volumes.push(rest);
        }
        Some(volumes)
    }

    /// The volume of each order, whatever its customer's sign.
    fn own_volumes(&self, terms: &[(usize, i64)]) -> Option<Cow<'t, [i64]>> {
        let column = |column: usize| &self.facts.aggregates[column][self.start..self.end()];
        if let [(only, 1)] = terms {
            return Some(Cow::Borrowed(column(*only)));
        }
        let mut volumes = vec![0_i64; self.end() - self.start];
        for (place, factor) in terms {
            for (volume, value) in volumes.iter_mut().zip(column(*place)) {
                *volume = volume.checked_add(value.checked_mul(*factor)?)?;
            }
        }
        Some(Cow::Owned(volumes))
    }

    /// Adds what such volumes cost to the orders, and what is left to their customers.
    fn add_costs(&self, costs: &[i64], of_orders: &mut [i64], rest: &mut [i64]) {
        let mut start = self.start;
        for (row, (end, rest)) in self.ends.iter().zip(rest).enumerate() {
            // Before the costs of a customer's orders lie those of all orders before, and a rest of each customer before.
            let (first, last) = (start - self.start, end - self.start);
            let own = &costs[first + row..=last + row];
            of_orders[first..last].iter_mut().zip(own).for_each(|(sum, cost)| *sum += cost);
            *rest += own[last - first];
            start = *end;
        }
    }
}

fn too_large(activity: &Activity) -> Error {
    Error::too_many_digits(format!("costing: a volume of '{}' by order", activity.name))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{books, costing, customers, facts};
    use super::super::waterfall::{Books, Held, charge};
    use super::*;
    use crate::costing::schema::Costing;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const CUSTOMERS: usize = 12;

    /// Volumes of an order: one from 0, and one of either sign.
    type Orders = BTreeMap<(u32, u32), [i64; 2]>;

    /// An order-level activity of orders, a unit-level one of signed volumes, and an order-level one of orders and calls.
    fn costed(orders: &Orders, calls: &[i64], policy: NegativeVolume) -> Option<Costing> {
        let signed =
            |of: usize| orders.iter().filter(|((rank, _), _)| *rank as usize == of).map(|(_, v)| v[1]).sum();
        let charged = |volume: i64| match policy {
            NegativeVolume::Absolute => volume.abs(),
            NegativeVolume::Zero => volume.max(0),
            _ => volume,
        };
        let plain: i64 = orders.values().map(|volumes| volumes[0]).sum();
        let second: i64 = (0..CUSTOMERS).map(|of| charged(signed(of))).sum();
        let third = 2 * plain + calls.iter().sum::<i64>();
        if plain == 0 || second <= 0 {
            return None;
        }
        let pools = [(10_007, plain), (999, second), (333, third)];
        let mut costing = costing(&[Level::Order, Level::Unit, Level::Order], &[&pools]);
        costing.activities[1].negative = policy;
        costing.activities[2].driver = Some(ActivityDriver { terms: vec![(0, 2), (2, 1)], scale: 0 });
        Some(costing)
    }

    /// Orders' and customers' costs where so many rows are held at a time, and what each customer bears in all.
    fn posted(costing: &Costing, orders: &Orders, calls: &[i64], held: Held) -> (OrdersPosted, Vec<i64>) {
        let of_customer = |rank: usize, place: usize| {
            orders.iter().filter(|((of, _), _)| *of as usize == rank).map(|(_, volumes)| volumes[place]).sum()
        };
        let columns =
            [0, 1].map(|place| (0..CUSTOMERS).map(|rank| of_customer(rank, place)).collect::<Vec<i64>>());
        let ranks: Vec<u32> = (0..).take(CUSTOMERS).collect();
        let rows = PeriodRows::from(facts(&ranks, &[0; CUSTOMERS], &[&columns[0], &columns[1], calls]));
        let order_facts = OrderFacts {
            ranks: orders.keys().map(|(rank, _)| *rank).collect(),
            aggregates: [0, 1].map(|place| orders.values().map(|volumes| volumes[place]).collect()).to_vec(),
            ..OrderFacts::default()
        };
        let customers = customers(CUSTOMERS as i64);
        let books = Books { held, ..books(costing, &customers) };
        let costs = OrderCosts::new(&costing.activities, &[0, 1]);
        let before = [0; 3];
        let mut posting =
            OrderPosting::from(&costs, &costing.periods[0], &order_facts, 0..orders.len(), &rows, &before);
        let mut of_customers = vec![0; CUSTOMERS];
        let mut each = |ranks: &[u32], posted: &Posted| {
            for costs in &posted.costs {
                ranks.iter().zip(costs.iter()).for_each(|(rank, cost)| of_customers[*rank as usize] += cost);
            }
            posting.next(posted, ranks)
        };
        charge(&books, &costing.periods[0], &rows, &[], &before, &mut each).unwrap();
        (posting.finish(), of_customers)
    }

    fn policies() -> impl Strategy<Value = NegativeVolume> {
        let policies = [NegativeVolume::Signed, NegativeVolume::Absolute, NegativeVolume::Zero];
        prop::sample::select(policies.to_vec())
    }

    proptest! {
        #[test]
        fn orders_and_what_is_left_of_a_customer_are_what_the_customer_bears(
            orders in prop::collection::btree_map((0..12_u32, 0..6_u32), (0..4_i64, -5..9_i64), 1..50),
            calls in prop::collection::vec(0..3_i64, CUSTOMERS), policy in policies(), held in 1..9_usize,
        ) {
            let orders: Orders = orders.into_iter().map(|(key, (plain, signed))| (key, [plain, signed])).collect();
            let costing = costed(&orders, &calls, policy);
            prop_assume!(costing.is_some());
            let costing = costing.unwrap();
            let (whole, of_customers) = posted(&costing, &orders, &calls, Held::Columns);
            let mut sums: Vec<i64> = (0..CUSTOMERS).map(|rank| whole.rest.iter().map(|rest| rest[rank]).sum()).collect();
            for (place, (rank, _)) in orders.keys().enumerate() {
                sums[*rank as usize] += whole.orders.iter().map(|costs| costs[place]).sum::<i64>();
            }
            prop_assert_eq!(&sums, &of_customers);
            prop_assert_eq!(of_customers.iter().sum::<i64>(), 10_007 + 999 + 333);
            prop_assert!(whole.rest[OrderCost::UnitLevel as usize].iter().all(|rest| *rest == 0), "all of it is of orders");
            let (sliced, _) = posted(&costing, &orders, &calls, Held::Slices(held));
            prop_assert_eq!((&sliced.orders, &sliced.rest), (&whole.orders, &whole.rest));
        }
    }

    #[test]
    fn an_order_bears_by_its_volume_and_calls_stay_with_the_customer() {
        // Two orders of 1 and 3, and a call of a customer without order: 10,007 over 4, and 333 over 2, 6 and 1.
        let orders: Orders = [((1, 0), [1, 1]), ((1, 1), [3, 2])].into();
        let mut calls = vec![0; CUSTOMERS];
        calls[5] = 1;
        let costing = costed(&orders, &calls, NegativeVolume::Signed).unwrap();
        let (posted, _) = posted(&costing, &orders, &calls, Held::Columns);
        assert_eq!(posted.orders[OrderCost::UnitLevel as usize], [333, 666]);
        assert_eq!(posted.orders[OrderCost::OrderLevel as usize], [2502 + 74, 7505 + 222]);
        assert_eq!(posted.rest[OrderCost::OrderLevel as usize][5], 37);
    }
}
