//! Reduces one key range of one period: records in any order to rows sorted by customer.
//!
//! A range is cut so that its tables stay in the processor's cache. Nothing here depends on the order of the
//! records: sums are integers, and sets and rows are sorted before they leave.

use super::deduplicate::Deduplicated;
use super::record::{AT, KEY, Layout, META, Meta, ORDER};
use super::source::{AggregatePlan, COST, DISCOUNT, QUANTITY, REVENUE};
use super::wall_time::to_utc;
use crate::pipeline::Duplicates;
use hashbrown::HashTable;

/// What the reduction knows of a source.
#[derive(Debug, Clone)]
pub(crate) struct SourceShape {
    pub(crate) layout: Layout,
    pub(crate) is_sale: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) aggregates: Vec<(usize, AggregatePlan)>,
}

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
const LINES: usize = 0;
const UNITS: usize = 1;
const RETURNED_UNITS: usize = 2;
const LIST_REVENUE: usize = 3;
const DISCOUNTS: usize = 4;
const RETURNS: usize = 5;
const PRODUCT_COST: usize = 6;
const FIRST: usize = 7;
const LAST: usize = 8;
/// The first seven measures are kept per product group too.
pub(crate) const GROUP_MEASURES: usize = 7;

/// Rows of one key range, sorted by key; `cells` and `orders` refer to rows by index.
#[derive(Debug, Default)]
pub(crate) struct Reduced {
    pub(crate) keys: Vec<u64>,
    /// `MEASURES`.
    pub(crate) measures: Vec<Vec<i64>>,
    pub(crate) orders: Vec<i64>,
    pub(crate) active_days: Vec<i64>,
    pub(crate) aggregates: Vec<Vec<i64>>,
    /// Customer × product group, sorted by (row, group).
    pub(crate) cells: Cells,
    /// Distinct (row, order) with a sale line, sorted.
    pub(crate) order_keys: OrderKeys,
    /// Identical rows that were dropped.
    pub(crate) duplicates: u64,
    /// Whether a sum left the range of 64 bits.
    pub(crate) overflow: bool,
}

impl Reduced {
    /// Turns the instants from wall time into UTC.
    pub(crate) fn shift_to_utc(&mut self, zone: chrono_tz::Tz) {
        for instants in &mut self.measures[FIRST..=LAST] {
            let known = instants.iter_mut().filter(|at| **at != super::schema::NO_INSTANT);
            known.for_each(|at| *at = to_utc(zone, *at));
        }
    }
}

/// Rows of customer × product group, sorted by row; a row's groups are in no order.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) rows: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    /// The first `GROUP_MEASURES` of `MEASURES`.
    pub(crate) measures: Vec<Vec<i64>>,
}

/// Distinct orders of customers.
#[derive(Debug, Default)]
pub(crate) struct OrderKeys {
    pub(crate) rows: Vec<u32>,
    pub(crate) words: Vec<[u64; 2]>,
}

/// Set in an order's bits beside the filter answers: any row, and any sale row.
const ANY: u64 = 1 << 32;
const SALE: u64 = 1 << 33;

#[derive(Clone, Copy, Default)]
struct OrderEntry {
    row: u32,
    words: [u64; 2],
    bits: u64,
}

/// The tables of one key range while it is reduced.
struct Tables {
    rows: HashTable<u32>,
    keys: Vec<u64>,
    stride: usize,
    sums: Vec<i64>,
    cells: HashTable<u32>,
    cell_keys: Vec<(u32, u32)>,
    cell_sums: Vec<i64>,
    orders: Vec<OrderEntry>,
    overflow: bool,
}

/// Reduces the records of one key range.
///
/// `records[i]` are runs of records of source `i`; `distinct[i][set]` those of its distinct sets; `days` is the
/// length of the period.
pub(crate) fn reduce(
    shapes: &[SourceShape],
    records: &[Vec<&[u64]>],
    distinct: &[Vec<Vec<&[u64]>>],
    aggregate_count: usize,
    days: usize,
) -> Reduced {
    let day_words = days.div_ceil(64);
    let first_aggregate = MEASURES.len() + day_words;
    let mut tables = Tables::new(first_aggregate + aggregate_count, records, shapes);
    let mut reduced = Reduced::default();
    let mut order_aggregates = Vec::new();
    for ((shape, runs), sets) in shapes.iter().zip(records).zip(distinct) {
        let keep = Deduplicated::new(shape, runs, &mut reduced);
        let plans = RowPlans::new(shape, first_aggregate);
        for (run_index, run) in runs.iter().enumerate() {
            tables.add_run(shape, &plans, run, |index| keep.keeps(run_index, index));
        }
        for (index, plan) in &shape.aggregates {
            match *plan {
                AggregatePlan::Orders { filter } => order_aggregates.push((*index, filter_bit(filter))),
                AggregatePlan::Distinct { set, filter } => {
                    tables.count_distinct(&sets[set], filter, first_aggregate + index);
                }
                AggregatePlan::Any { .. } => tables.clamp_to_one(first_aggregate + index),
                AggregatePlan::Count { .. } | AggregatePlan::Sum { .. } => {}
            }
        }
    }
    tables.finish(reduced, day_words, aggregate_count, &order_aggregates)
}

fn filter_bit(filter: Option<u8>) -> u64 {
    filter.map_or(ANY, |bit| 1 << bit)
}

/// Aggregates that are added row by row, as (column, filter mask or 0, value word or none).
struct RowPlans {
    counts: Vec<(usize, u32)>,
    sums: Vec<(usize, u32, usize)>,
}

impl RowPlans {
    fn new(shape: &SourceShape, first_aggregate: usize) -> Self {
        let mut plans = Self { counts: Vec::new(), sums: Vec::new() };
        let mask = |filter: Option<u8>| filter.map_or(0, |bit| 1_u32 << bit);
        for (index, plan) in &shape.aggregates {
            match *plan {
                AggregatePlan::Count { filter } | AggregatePlan::Any { filter } => {
                    plans.counts.push((first_aggregate + index, mask(filter)));
                }
                AggregatePlan::Sum { value, filter } => {
                    plans.sums.push((first_aggregate + index, mask(filter), shape.layout.values + value));
                }
                AggregatePlan::Orders { .. } | AggregatePlan::Distinct { .. } => {}
            }
        }
        plans
    }
}

fn hash(word: u64) -> u64 {
    // Fibonacci hashing; the high half is folded down because the table takes its tag from the top bits.
    let spread = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ (spread >> 32)
}

fn add(sum: &mut i64, value: i64, overflow: &mut bool) {
    let (total, carried) = sum.overflowing_add(value);
    *sum = total;
    *overflow |= carried;
}

impl Tables {
    fn new(stride: usize, records: &[Vec<&[u64]>], shapes: &[SourceShape]) -> Self {
        let expected: usize = records
            .iter()
            .zip(shapes)
            .map(|(runs, shape)| runs.iter().map(|run| run.len()).sum::<usize>() / shape.layout.words)
            .sum();
        Self {
            rows: HashTable::with_capacity(expected / 3),
            keys: Vec::with_capacity(expected / 3),
            stride,
            sums: Vec::with_capacity(expected / 3 * stride),
            cells: HashTable::with_capacity(expected),
            cell_keys: Vec::with_capacity(expected),
            cell_sums: Vec::with_capacity(expected * GROUP_MEASURES),
            orders: Vec::with_capacity(expected / 2),
            overflow: false,
        }
    }

    fn row(&mut self, key: u64) -> u32 {
        let keys = &mut self.keys;
        let found =
            self.rows.entry(hash(key), |row| keys[*row as usize] == key, |row| hash(keys[*row as usize]));
        match found {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let row = index_u32(keys.len());
                entry.insert(row);
                keys.push(key);
                let start = self.sums.len();
                self.sums.resize(start + self.stride, 0);
                self.sums[start + FIRST] = i64::MAX;
                self.sums[start + LAST] = i64::MIN;
                row
            }
        }
    }

    fn cell(&mut self, row: u32, group: u32) -> usize {
        let keys = &mut self.cell_keys;
        let hash_of = |(row, group): (u32, u32)| hash(u64::from(row) << 20 | u64::from(group));
        let wanted = (row, group);
        let found = self.cells.entry(
            hash_of(wanted),
            |cell| keys[*cell as usize] == wanted,
            |cell| hash_of(keys[*cell as usize]),
        );
        match found {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get() as usize,
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let cell = keys.len();
                entry.insert(index_u32(cell));
                keys.push(wanted);
                self.cell_sums.resize((cell + 1) * GROUP_MEASURES, 0);
                cell
            }
        }
    }

    fn add_run(&mut self, shape: &SourceShape, plans: &RowPlans, run: &[u64], keep: impl Fn(usize) -> bool) {
        let checked = shape.layout.identity.is_some();
        let (mut last_key, mut row) = (None, 0);
        for (index, record) in run.chunks_exact(shape.layout.words).enumerate() {
            if checked && !keep(index) {
                continue;
            }
            if last_key != Some(record[KEY]) {
                row = self.row(record[KEY]);
                last_key = Some(record[KEY]);
            }
            if shape.is_sale {
                self.add_sale(shape.layout, row, record);
            }
            self.add_aggregates(plans, row, record);
        }
    }

    fn add_sale(&mut self, layout: Layout, row: u32, record: &[u64]) {
        let meta = Meta(record[META]);
        let value = |index: usize| record[layout.values + index].cast_signed();
        let (quantity, revenue, discount, cost) =
            (value(QUANTITY), value(REVENUE), value(DISCOUNT), value(COST));
        let cell = self.cell(row, meta.group());
        let mut overflow = false;
        let start = row as usize * self.stride;
        let sums = &mut self.sums[start..start + self.stride];
        let cells = &mut self.cell_sums[cell * GROUP_MEASURES..(cell + 1) * GROUP_MEASURES];
        let mut both = |measure: usize, value: i64| {
            add(&mut sums[measure], value, &mut overflow);
            add(&mut cells[measure], value, &mut overflow);
        };
        both(PRODUCT_COST, cost);
        if meta.is_return() {
            both(RETURNED_UNITS, -quantity);
            both(RETURNS, discount - revenue);
        } else {
            both(LINES, 1);
            both(UNITS, quantity);
            both(LIST_REVENUE, revenue);
            both(DISCOUNTS, discount);
            let at = record[AT].cast_signed();
            sums[FIRST] = sums[FIRST].min(at);
            sums[LAST] = sums[LAST].max(at);
            sums[MEASURES.len() + meta.day() / 64] |= 1_i64 << (meta.day() % 64);
        }
        self.overflow |= overflow;
        self.add_order(layout, row, record, meta);
    }

    fn add_order(&mut self, layout: Layout, row: u32, record: &[u64], meta: Meta) {
        let words = [record[ORDER], if layout.order_words == 2 { record[ORDER + 1] } else { 0 }];
        let bits = u64::from(meta.filters()) | ANY | if meta.is_return() { 0 } else { SALE };
        match self.orders.last_mut() {
            Some(last) if last.row == row && last.words == words => last.bits |= bits,
            _ => self.orders.push(OrderEntry { row, words, bits }),
        }
    }

    fn add_aggregates(&mut self, plans: &RowPlans, row: u32, record: &[u64]) {
        let filters = Meta(record[META]).filters();
        let start = row as usize * self.stride;
        let sums = &mut self.sums[start..start + self.stride];
        for (column, mask) in &plans.counts {
            sums[*column] += i64::from(filters & mask != 0 || *mask == 0);
        }
        for (column, mask, word) in &plans.sums {
            if filters & mask != 0 || *mask == 0 {
                add(&mut sums[*column], record[*word].cast_signed(), &mut self.overflow);
            }
        }
    }

    fn count_distinct(&mut self, runs: &[&[u64]], filter: Option<u8>, column: usize) {
        let mask = filter.map_or(0, |bit| 1_u64 << bit);
        let mut seen: Vec<(u32, u64, u64)> = Vec::new();
        for record in runs.iter().flat_map(|run| run.chunks_exact(4)) {
            if mask == 0 || record[3] & mask != 0 {
                seen.push((self.row(record[0]), record[1], record[2]));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        for (row, _, _) in seen {
            self.sums[row as usize * self.stride + column] += 1;
        }
    }

    fn clamp_to_one(&mut self, column: usize) {
        for sums in self.sums.chunks_exact_mut(self.stride) {
            sums[column] = sums[column].min(1);
        }
    }

    fn finish(
        mut self,
        mut reduced: Reduced,
        day_words: usize,
        aggregate_count: usize,
        order_aggregates: &[(usize, u64)],
    ) -> Reduced {
        let mut by_key: Vec<(u64, u32)> = self.keys.iter().copied().zip(0..).collect();
        by_key.sort_unstable();
        let sorted: Vec<u32> = by_key.iter().map(|(_, row)| *row).collect();
        let mut place = vec![0_u32; sorted.len()];
        for (rank, row) in sorted.iter().enumerate() {
            place[*row as usize] = index_u32(rank);
        }
        let first_aggregate = MEASURES.len() + day_words;
        let (sums, stride) = (&self.sums, self.stride);
        reduced.keys = by_key.iter().map(|(key, _)| *key).collect();
        let order = || sorted.iter().copied();
        reduced.measures = columns_of(sums, stride, 0..MEASURES.len(), order());
        for (instant, never) in [(FIRST, i64::MAX), (LAST, i64::MIN)] {
            let instants = &mut reduced.measures[instant];
            instants.iter_mut().filter(|at| **at == never).for_each(|at| *at = super::schema::NO_INSTANT);
        }
        let days = |row: &u32| {
            let row = &sums[*row as usize * stride..(*row as usize + 1) * stride];
            row[MEASURES.len()..first_aggregate].iter().map(|word| i64::from(word.count_ones())).sum()
        };
        reduced.active_days = sorted.iter().map(days).collect();
        reduced.aggregates =
            columns_of(sums, stride, first_aggregate..first_aggregate + aggregate_count, order());
        for order in &mut self.orders {
            order.row = place[order.row as usize];
        }
        finish_orders(&self.orders, &mut reduced, order_aggregates);
        reduced.cells = finish_cells(&self.cell_keys, &self.cell_sums, &place);
        reduced.overflow = self.overflow;
        reduced
    }
}

/// Items dealt out by row, and where each row's items begin: rows have few items, so this beats a sort.
fn by_row<T: Copy + Default>(items: &[T], row_of: impl Fn(&T) -> u32, rows: usize) -> (Vec<T>, Vec<u32>) {
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

/// Joins the entries of each order and counts them.
fn finish_orders(entries: &[OrderEntry], reduced: &mut Reduced, order_aggregates: &[(usize, u64)]) {
    let (mut entries, starts) = by_row(entries, |entry| entry.row, reduced.keys.len());
    for pair in starts.windows(2).filter(|pair| pair[1] - pair[0] > 1) {
        entries[pair[0] as usize..pair[1] as usize].sort_unstable_by_key(|entry| entry.words);
    }
    reduced.orders = vec![0; reduced.keys.len()];
    let mut start = 0;
    while start < entries.len() {
        let (row, words, mut bits) = (entries[start].row, entries[start].words, 0);
        let mut end = start;
        while end < entries.len() && entries[end].row == row && entries[end].words == words {
            bits |= entries[end].bits;
            end += 1;
        }
        for (index, mask) in order_aggregates {
            reduced.aggregates[*index][row as usize] += i64::from(bits & mask != 0);
        }
        if bits & SALE != 0 {
            reduced.orders[row as usize] += 1;
            reduced.order_keys.rows.push(row);
            reduced.order_keys.words.push(words);
        }
        start = end;
    }
}

fn finish_cells(keys: &[(u32, u32)], sums: &[i64], place: &[u32]) -> Cells {
    let cell = |(cell, (row, group)): (u32, &(u32, u32))| (place[*row as usize], *group, cell);
    let cells: Vec<(u32, u32, u32)> = (0..).zip(keys).map(cell).collect();
    let (cells, _) = by_row(&cells, |cell| cell.0, place.len());
    Cells {
        measures: columns_of(sums, GROUP_MEASURES, 0..GROUP_MEASURES, cells.iter().map(|cell| cell.2)),
        rows: cells.iter().map(|cell| cell.0).collect(),
        groups: cells.iter().map(|cell| cell.1).collect(),
    }
}

/// Some columns of a table of rows, in the order given: one pass, while the table is in cache.
fn columns_of(
    sums: &[i64],
    stride: usize,
    columns: std::ops::Range<usize>,
    order: impl ExactSizeIterator<Item = u32>,
) -> Vec<Vec<i64>> {
    let mut found = vec![vec![0; order.len()]; columns.len()];
    for (at, row) in order.enumerate() {
        let start = row as usize * stride;
        let values = &sums[start + columns.start..start + columns.end];
        found.iter_mut().zip(values).for_each(|(column, value)| column[at] = *value);
    }
    found
}

fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("a key range holds fewer than 2³² rows")
}
