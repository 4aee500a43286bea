//! What the reduction of a key range leaves: rows sorted by customer, with their cells and orders.

use super::cells::Cell;
use super::column::Column;
use super::days::Days;
use super::schema::NO_INSTANT;
use super::state::RowMatch;
use super::wall_time::to_utc;

/// Additive measures of a customer row, in the order of the state's columns.
pub(crate) const MEASURES: [&str; 9] = [
    "lines",
    "units",
    "returned_units",
    "list_revenue",
    "discount",
    "returns",
    "product_cost",
    "first_order_at",
    "last_order_at",
];
/// Where the first and last sale line stand among them.
pub(crate) const FIRST: usize = 7;
pub(crate) const LAST: usize = 8;
/// The first seven measures are kept per product group too.
pub(crate) const GROUP_MEASURES: usize = 7;

/// Rows of one key range, sorted by key; `cells` and `orders` refer to rows by index.
#[derive(Debug, Default)]
pub(crate) struct Reduced {
    pub(crate) keys: Vec<u64>,
    /// `MEASURES`.
    pub(crate) measures: Vec<Column>,
    pub(crate) orders: Column,
    pub(crate) active_days: Column,
    pub(crate) aggregates: Vec<Column>,
    /// Customer × product group, sorted by (row, group).
    pub(crate) cells: Cells,
    /// Distinct (row, order) with a sale line, sorted.
    pub(crate) order_keys: OrderKeys,
    /// Customer × day, if they are kept.
    pub(crate) days: Option<Days>,
    /// By source, what drivers make of its rows.
    pub(crate) matches: Vec<RowMatch>,
    /// Identical rows that were dropped.
    pub(crate) duplicates: u64,
    /// Whether a sum left the range of 64 bits.
    pub(crate) overflow: bool,
}

impl Reduced {
    /// Turns the instants from wall time into UTC.
    pub(crate) fn shift_to_utc(&mut self, zone: chrono_tz::Tz) {
        for instants in &mut self.measures[FIRST..=LAST] {
            let shift = |at: i64| if at == NO_INSTANT { at } else { to_utc(zone, at) };
            *instants = instants.widened().into_iter().map(shift).collect::<Vec<_>>().into();
        }
    }
}

/// Rows of customer × product group, sorted by row and name of the group.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) rows: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    /// The first `GROUP_MEASURES` of `MEASURES`, then the aggregates that lines add up to.
    pub(crate) measures: Vec<Column>,
}

/// Distinct orders of customers.
#[derive(Debug, Default)]
pub(crate) struct OrderKeys {
    pub(crate) rows: Vec<u32>,
    pub(crate) words: Vec<[u64; 2]>,
}

/// Set in an order's bits beside the filter answers: any row, and any sale row.
pub(crate) const ANY: u64 = 1 << 32;
pub(crate) const SALE: u64 = 1 << 33;

/// Rows of one order and day that stood together.
#[derive(Clone, Copy, Default)]
pub(crate) struct OrderEntry {
    pub(crate) row: u32,
    /// Days since the period began.
    pub(crate) day: u32,
    pub(crate) words: [u64; 2],
    pub(crate) bits: u64,
}

/// Items dealt out by row, and where each row's items begin: rows have few items, so this beats a sort.
pub(crate) fn by_row<T: Copy + Default>(
    items: &[T],
    row_of: impl Fn(&T) -> u32,
    rows: usize,
) -> (Vec<T>, Vec<u32>) {
    let mut next = vec![0_u32; rows + 1];
    items.iter().for_each(|item| next[row_of(item) as usize + 1] += 1);
    for row in 0..rows {
        next[row + 1] += next[row];
    }
    let starts = next.clone();
    let mut dealt = vec![T::default(); items.len()];
    for item in items {
        let place = &mut next[row_of(item) as usize];
        dealt[*place as usize] = *item;
        *place += 1;
    }
    (dealt, starts)
}

/// Entries by row, order and day.
pub(crate) fn sort_orders(entries: &[OrderEntry], rows: usize) -> Vec<OrderEntry> {
    let (mut entries, starts) = by_row(entries, |entry| entry.row, rows);
    for pair in starts.windows(2).filter(|pair| pair[1] - pair[0] > 1) {
        entries[pair[0] as usize..pair[1] as usize].sort_unstable_by_key(|entry| (entry.words, entry.day));
    }
    entries
}

/// Joins the sorted entries of each order and counts them.
///
/// `count` is told the row and the bits of each, for what drivers count.
pub(crate) fn finish_orders(
    entries: &[OrderEntry],
    rows: usize,
    mut count: impl FnMut(u32, u64),
) -> (Column, OrderKeys) {
    let mut orders = vec![0; rows];
    let mut keys =
        OrderKeys { rows: Vec::with_capacity(entries.len()), words: Vec::with_capacity(entries.len()) };
    for same in entries.chunk_by(|a, b| a.row == b.row && a.words == b.words) {
        let (row, bits) = (same[0].row, same.iter().fold(0, |bits, entry| bits | entry.bits));
        count(row, bits);
        if bits & SALE != 0 {
            orders[row as usize] += 1;
            keys.rows.push(row);
            keys.words.push(same[0].words);
        }
    }
    (orders.into(), keys)
}

/// The cells of a key range with their sums.
pub(crate) fn finish_cells(cells: &[Cell], sums: &[i64], stride: usize) -> Cells {
    let numbers: Vec<u32> = cells.iter().map(|cell| cell.number).collect();
    Cells {
        measures: columns_of(sums, stride, 0..stride, &numbers),
        rows: cells.iter().map(|cell| cell.row).collect(),
        groups: cells.iter().map(|cell| cell.group).collect(),
    }
}

/// Some columns of a table of rows, in the order given, while the table is in cache.
pub(crate) fn columns_of(
    sums: &[i64],
    stride: usize,
    columns: std::ops::Range<usize>,
    order: &[u32],
) -> Vec<Column> {
    let mut values = Vec::with_capacity(order.len());
    let mut column = |index: usize| {
        values.clear();
        values.extend(order.iter().map(|row| sums[*row as usize * stride + index]));
        Column::from(&values[..])
    };
    columns.map(&mut column).collect()
}
