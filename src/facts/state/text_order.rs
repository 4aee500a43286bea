//! The order of text keys: ranges are cut by numbers of texts, so a period's customers are sorted bytewise as a whole.

use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::days::Days;
use crate::facts::kernel::reduced::{Cells, OrderRows, Reduced};
use arrow::array::{ArrayRef, StringArray};
use std::sync::Arc;

/// The customers' texts in order, null for the unidentified cost object, which is last; and all ranges as one in this order.
pub(crate) fn in_text_order(ranges: Vec<Reduced>, customers: &Interner) -> (ArrayRef, Vec<Reduced>) {
    let known = |word: &u64| u32::try_from(*word).ok();
    let keys = || ranges.iter().flat_map(|range| &range.keys);
    let numbers: Vec<u32> = keys().filter_map(known).collect();
    let mut texts = customers.resolve(&numbers).into_iter();
    let texts: Vec<Option<String>> = keys().map(|key| known(key).and_then(|_| texts.next())).collect();
    let mut order: Vec<u32> = (0..u32::try_from(texts.len()).expect("fewer than 2³² customers")).collect();
    order.sort_unstable_by_key(|row| {
        let text = texts[*row as usize].as_deref();
        (text.is_none(), text)
    });
    let ids = order.iter().map(|row| texts[*row as usize].as_deref()).collect::<StringArray>();
    let sorted = Order::new(&ranges, order).sorted(&ranges);
    (Arc::new(ids), vec![sorted])
}

/// A permutation of the customers of all ranges.
struct Order {
    /// Source rows in target order.
    order: Vec<u32>,
    /// Target row of each source row.
    place: Vec<u32>,
    /// First source row of each range.
    bases: Vec<usize>,
}

impl Order {
    fn new(ranges: &[Reduced], order: Vec<u32>) -> Self {
        let mut place = vec![0; order.len()];
        for (target, source) in (0_u32..).zip(&order) {
            place[*source as usize] = target;
        }
        let mut bases = Vec::with_capacity(ranges.len());
        let mut base = 0;
        for range in ranges {
            bases.push(base);
            base += range.keys.len();
        }
        Self { order, place, bases }
    }

    fn sorted(&self, ranges: &[Reduced]) -> Reduced {
        let Some(first) = ranges.first() else { return Reduced::default() };
        let column = |of: &dyn Fn(&Reduced) -> &Column| permuted(ranges.iter().map(of), &self.order);
        let instants = ranges.iter().map(|range| &range.instants[..]).collect::<Vec<_>>().concat();
        Reduced {
            measures: (0..first.measures.len())
                .map(|index| column(&|range| &range.measures[index]))
                .collect(),
            instants: self.order.iter().map(|row| instants[*row as usize]).collect(),
            orders: column(&|range| &range.orders),
            active_days: column(&|range| &range.active_days),
            aggregates: (0..first.aggregates.len())
                .map(|index| column(&|range| &range.aggregates[index]))
                .collect(),
            cells: self.cells(ranges),
            order_rows: self.order_rows(ranges),
            days: self.days(ranges),
            ..Reduced::default()
        }
    }

    /// The target rows of entries, in order, and the source entries that come there; those of a customer stay in order.
    fn entries<'r>(&self, rows: impl Iterator<Item = &'r [u32]>) -> (Vec<u32>, Vec<u32>) {
        let mut targets = Vec::new();
        for (rows, base) in rows.zip(&self.bases) {
            targets.extend(rows.iter().map(|row| self.place[base + *row as usize]));
        }
        let mut order: Vec<u32> =
            (0..u32::try_from(targets.len()).expect("fewer than 2³² entries")).collect();
        order.sort_by_key(|entry| targets[*entry as usize]);
        (order.iter().map(|entry| targets[*entry as usize]).collect(), order)
    }

    fn cells(&self, ranges: &[Reduced]) -> Cells {
        let (rows, order) = self.entries(ranges.iter().map(|range| &range.cells.rows[..]));
        let groups = ranges.iter().map(|range| &range.cells.groups[..]).collect::<Vec<_>>().concat();
        let measures = ranges.iter().map(|range| range.cells.measures.len()).max().unwrap_or(0);
        let column = |index: usize| {
            let with_cells = ranges.iter().filter(|range| !range.cells.rows.is_empty());
            permuted(with_cells.map(|range| &range.cells.measures[index]), &order)
        };
        Cells {
            rows,
            groups: order.iter().map(|entry| groups[*entry as usize]).collect(),
            measures: (0..measures).map(column).collect(),
        }
    }

    fn order_rows(&self, ranges: &[Reduced]) -> OrderRows {
        let (rows, order) = self.entries(ranges.iter().map(|range| &range.order_rows.rows[..]));
        let with_orders: Vec<&OrderRows> =
            ranges.iter().map(|range| &range.order_rows).filter(|orders| !orders.rows.is_empty()).collect();
        let words = with_orders.iter().map(|orders| &orders.words[..]).collect::<Vec<_>>().concat();
        let first = &ranges[0].order_rows;
        let column = |index: usize| permuted(with_orders.iter().map(|orders| &orders.columns[index]), &order);
        let members = |dimension: usize| {
            let numbers = with_orders.iter().map(|orders| &orders.members[dimension][..]);
            let numbers = numbers.collect::<Vec<_>>().concat();
            order.iter().map(|entry| numbers[*entry as usize]).collect()
        };
        OrderRows {
            rows,
            words: order.iter().map(|entry| words[*entry as usize]).collect(),
            columns: (0..first.columns.len()).map(column).collect(),
            members: (0..first.members.len()).map(members).collect(),
            texts: first.texts.as_ref().map(|_| {
                let texts: Vec<&str> = ranges
                    .iter()
                    .flat_map(|range| range.order_rows.texts.iter().flat_map(|texts| texts.iter().flatten()))
                    .collect();
                order.iter().map(|entry| Some(texts[*entry as usize])).collect()
            }),
        }
    }

    fn days(&self, ranges: &[Reduced]) -> Option<Days> {
        let days: Option<Vec<&Days>> = ranges.iter().map(|range| range.days.as_ref()).collect();
        let days = days?;
        let (rows, order) = self.entries(days.iter().map(|days| &days.rows[..]));
        let column = |index: usize| permuted(days.iter().map(|days| &days.columns[index]), &order);
        Some(Days { rows, columns: std::array::from_fn(column) })
    }
}

/// The values of several columns, one after another, in another order.
fn permuted<'c>(columns: impl Iterator<Item = &'c Column>, order: &[u32]) -> Column {
    let joined: Vec<i64> = columns.flat_map(|column| column.widened()).collect();
    order.iter().map(|row| joined[*row as usize]).collect::<Vec<_>>().into()
}
