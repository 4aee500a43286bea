//! Distinct orders while a key range is reduced, one customer after another.

use super::column::Column;
use super::days::{DaySum, DaySums};
use super::reduced::OrderKeys;

/// Set in an order's bits beside the filter answers: any row, and any sale row.
pub(crate) const ANY: u64 = 1 << 32;
pub(crate) const SALE: u64 = 1 << 33;

/// Rows of one order and day that stood together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderEntry {
    pub(crate) words: [u64; 2],
    /// Days since the period began.
    pub(crate) day: u32,
    /// Filter answers, `ANY` and `SALE`.
    pub(crate) bits: u64,
}

/// The orders of the customer at hand, and of all before it.
pub(crate) struct OrderSets {
    /// Of the customer at hand; rows of one order may stand in several.
    open: Vec<OrderEntry>,
    counts: Vec<i64>,
    keys: OrderKeys,
}

impl OrderSets {
    /// Room for some orders, each perhaps of another customer.
    pub(crate) fn with_capacity(orders: usize) -> Self {
        let keys = OrderKeys { rows: Vec::with_capacity(orders), words: Vec::with_capacity(orders) };
        Self { open: Vec::new(), counts: Vec::with_capacity(orders), keys }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, entry: OrderEntry) {
        self.open.push(entry);
    }

    /// Ends a customer: counts its orders with a sale line, in all and by day, and tells `count` the bits of each order.
    #[inline(always)]
    pub(crate) fn close(&mut self, row: u32, mut count: impl FnMut(u64), mut days: Option<&mut DaySums>) {
        if self.open.len() > 1 {
            self.open.sort_unstable_by_key(|entry| (entry.words, entry.day));
        }
        let mut orders = 0;
        for order in self.open.chunk_by(|a, b| a.words == b.words) {
            let bits = order.iter().fold(0, |bits, entry| bits | entry.bits);
            count(bits);
            if bits & SALE == 0 {
                continue;
            }
            orders += 1;
            self.keys.rows.push(row);
            self.keys.words.push(order[0].words);
            let Some(days) = &mut days else { continue };
            for day in order.chunk_by(|a, b| a.day == b.day) {
                if day.iter().any(|entry| entry.bits & SALE != 0) {
                    days.add(DaySum { day: day[0].day, orders: 1, ..DaySum::default() });
                }
            }
        }
        self.counts.push(orders);
        self.open.clear();
    }

    pub(crate) fn finish(self) -> (Column, OrderKeys) {
        (self.counts.into(), self.keys)
    }
}
