//! Orders while a key range is reduced, one customer after another: distinct ones are counted, and each is summed up.

use super::column::Column;
use super::days::{DaySum, DaySums};
use super::reduced::OrderRows;
use super::sums::{add, add_all};

/// Set in an order's bits beside the filter answers: any row, and any sale row.
pub(crate) const ANY: u64 = 1 << 32;
pub(crate) const SALE: u64 = 1 << 33;

/// What the lines of an order add up to in every pipeline: sale lines, net revenue and product cost.
pub(crate) const ORDER_MEASURES: [&str; 3] = ["lines", "net_revenue", "product_cost"];
pub(crate) const ORDER_LINES: usize = 0;

/// Rows of one order and day that stood together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderEntry {
    pub(crate) words: [u64; 2],
    /// Days since the period began.
    pub(crate) day: u32,
    /// Filter answers, `ANY` and `SALE`.
    pub(crate) bits: u64,
    pub(crate) measures: [i64; ORDER_MEASURES.len()],
    /// Where its own values are among the open ones.
    pub(crate) at: usize,
}

/// What is kept of an order after its measures: aggregates, then members of dimensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderLayout {
    /// By aggregate: the bits of an order that is counted; none for one that lines add up to.
    pub(crate) aggregates: Vec<Option<u64>>,
    pub(crate) dimensions: usize,
    /// The member of orders whose lines are of several.
    pub(crate) several: i64,
}

impl OrderLayout {
    fn width(&self) -> usize {
        self.aggregates.len() + self.dimensions
    }
}

/// The orders of the customer at hand, and of all before it.
pub(crate) struct OrderSets {
    layout: OrderLayout,
    width: usize,
    /// Of the customer at hand; rows of one order may stand in several.
    open: Vec<OrderEntry>,
    /// Aggregates and members of these, `width` of each.
    open_values: Vec<i64>,
    counts: Vec<i64>,
    rows: Vec<u32>,
    words: Vec<[u64; 2]>,
    /// `ORDER_MEASURES`, then the aggregates.
    columns: Vec<Vec<i64>>,
    members: Vec<Vec<u32>>,
    /// The values of the order at hand.
    order: Vec<i64>,
}

/// Before the first line of an order.
const NO_MEMBER: i64 = -1;

impl OrderSets {
    /// Room for some orders, each perhaps of another customer.
    pub(crate) fn with_capacity(layout: OrderLayout, orders: usize) -> Self {
        let (width, dimensions) = (layout.width(), layout.dimensions);
        let columns = ORDER_MEASURES.len() + layout.aggregates.len();
        Self {
            layout,
            width,
            open: Vec::new(),
            open_values: Vec::new(),
            counts: Vec::with_capacity(orders),
            rows: Vec::with_capacity(orders),
            words: Vec::with_capacity(orders),
            columns: vec![Vec::with_capacity(orders); columns],
            members: vec![Vec::with_capacity(orders); dimensions],
            order: Vec::with_capacity(width),
        }
    }

    /// Begins the values of an entry, and says where they are.
    #[inline(always)]
    pub(crate) fn begin(&mut self) -> usize {
        let at = self.open_values.len();
        if self.width > 0 {
            self.open_values.resize(at + self.layout.aggregates.len(), 0);
            self.open_values.resize(at + self.width, NO_MEMBER);
        }
        at
    }

    /// The aggregates of the entry that begins here.
    #[inline(always)]
    pub(crate) fn aggregates(&mut self, at: usize) -> &mut [i64] {
        &mut self.open_values[at..][..self.layout.aggregates.len()]
    }

    /// Notes the member that a line is of, in a dimension.
    #[inline(always)]
    pub(crate) fn note_member(&mut self, at: usize, dimension: usize, member: i64) {
        let known = &mut self.open_values[at + self.layout.aggregates.len() + dimension];
        join(known, member, self.layout.several);
    }

    /// Adds an entry; without lines it is left out.
    #[inline(always)]
    pub(crate) fn add(&mut self, entry: OrderEntry, has_lines: bool) {
        if has_lines {
            self.open.push(entry);
        } else {
            self.open_values.truncate(entry.at);
        }
    }

    /// Ends a customer: counts its orders with a sale line, in all and by day, and tells `count` the bits of each order.
    /// True if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn close(
        &mut self,
        row: u32,
        mut count: impl FnMut(u64),
        mut days: Option<&mut DaySums>,
    ) -> bool {
        if self.open.len() > 1 {
            self.open.sort_unstable_by_key(|entry| (entry.words, entry.day));
        }
        let (mut orders, mut overflow) = (0, false);
        for order in self.open.chunk_by(|a, b| a.words == b.words) {
            let bits = order.iter().fold(0, |bits, entry| bits | entry.bits);
            count(bits);
            self.rows.push(row);
            self.words.push(order[0].words);
            let mut measures = order[0].measures;
            for entry in &order[1..] {
                overflow |= add_all(&mut measures, &entry.measures);
            }
            self.columns.iter_mut().zip(measures).for_each(|(column, value)| column.push(value));
            if self.width > 0 {
                let values = order.iter().map(|entry| &self.open_values[entry.at..][..self.width]);
                overflow |= add_up(&self.layout, values, bits, &mut self.order);
                let (aggregates, members) = self.order.split_at(self.layout.aggregates.len());
                let columns = self.columns[ORDER_MEASURES.len()..].iter_mut();
                columns.zip(aggregates).for_each(|(column, value)| column.push(*value));
                for (column, member) in self.members.iter_mut().zip(members) {
                    column.push(u32::try_from(*member).expect("every line is of a member"));
                }
            }
            if bits & SALE == 0 {
                continue;
            }
            orders += 1;
            let Some(days) = &mut days else { continue };
            for day in order.chunk_by(|a, b| a.day == b.day) {
                if day.iter().any(|entry| entry.bits & SALE != 0) {
                    days.add(DaySum { day: day[0].day, orders: 1, ..DaySum::default() });
                }
            }
        }
        self.counts.push(orders);
        self.open.clear();
        self.open_values.clear();
        overflow
    }

    pub(crate) fn finish(self) -> (Column, OrderRows) {
        let columns = self.columns.into_iter().map(Column::from).collect();
        let Self { rows, words, members, .. } = self;
        (self.counts.into(), OrderRows { rows, words, columns, members, texts: None })
    }
}

/// The values of an order, of those of its entries; true if a sum left 64 bits.
#[inline(always)]
fn add_up<'v>(
    layout: &OrderLayout,
    mut entries: impl Iterator<Item = &'v [i64]>,
    bits: u64,
    order: &mut Vec<i64>,
) -> bool {
    let summed = layout.aggregates.len();
    order.clear();
    order.extend_from_slice(entries.next().expect("an order has an entry"));
    let mut overflow = false;
    for entry in entries {
        for (sum, value) in order[..summed].iter_mut().zip(entry) {
            add(sum, *value, &mut overflow);
        }
        for (known, member) in order[summed..].iter_mut().zip(&entry[summed..]) {
            join(known, *member, layout.several);
        }
    }
    for (value, counted) in order.iter_mut().zip(&layout.aggregates) {
        if let Some(mask) = counted {
            *value = i64::from(bits & mask != 0);
        }
    }
    overflow
}

/// The member of lines that are of these two.
#[inline(always)]
fn join(known: &mut i64, member: i64, several: i64) {
    if *known == NO_MEMBER {
        *known = member;
    } else if *known != member {
        *known = several;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets() -> OrderSets {
        let layout = OrderLayout { aggregates: vec![None, Some(1), Some(ANY)], dimensions: 1, several: 99 };
        OrderSets::with_capacity(layout, 4)
    }

    fn add(sets: &mut OrderSets, order: u64, bits: u64, lines: &[(i64, i64)]) {
        let at = sets.begin();
        for (value, member) in lines {
            sets.aggregates(at)[0] += value;
            sets.note_member(at, 0, *member);
        }
        let count = i64::try_from(lines.len()).unwrap();
        let measures = [count, 10 * count, count];
        sets.add(OrderEntry { words: [order, 0], day: 0, bits, measures, at }, !lines.is_empty());
    }

    #[test]
    fn an_order_adds_up_wherever_its_lines_stand_and_is_of_the_member_of_all_its_lines() {
        let mut sets = sets();
        add(&mut sets, 2, ANY | SALE, &[(5, 7), (6, 7)]);
        add(&mut sets, 1, ANY | SALE, &[(1, 7)]);
        add(&mut sets, 3, ANY, &[]);
        add(&mut sets, 2, ANY | 1, &[(4, 7)]);
        add(&mut sets, 1, ANY | SALE, &[(1, 8)]);
        assert!(!sets.close(0, |_| {}, None));
        add(&mut sets, 1, ANY, &[(3, 8)]);
        assert!(!sets.close(1, |_| {}, None));
        let (counts, orders) = sets.finish();
        assert_eq!(counts.widened(), [2, 0]);
        assert_eq!((orders.rows, orders.words), (vec![0, 0, 1], vec![[1, 0], [2, 0], [1, 0]]));
        let columns: Vec<Vec<i64>> = orders.columns.iter().map(Column::widened).collect();
        assert_eq!(columns[ORDER_LINES], [2, 3, 1]);
        assert_eq!(columns[1], [20, 30, 10]);
        assert_eq!(columns[3], [2, 15, 3], "lines add up");
        assert_eq!(
            (&columns[4][..], &columns[5][..]),
            (&[0, 1, 0][..], &[1, 1, 1][..]),
            "orders are counted"
        );
        assert_eq!(orders.members, [[99, 7, 8]]);
    }
}
