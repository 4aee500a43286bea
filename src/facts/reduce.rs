//! Reduces one key range of one period: records in any order to rows sorted by customer.
//!
//! A range is cut so that its tables stay in the processor's cache. Nothing here depends on the order of the
//! records: sums are integers, and sets and rows are sorted before they leave.

use super::cells::{Cell, CellIndex};
use super::days::{DaySum, DaySums};
use super::deduplicate::Deduplicated;
use super::record::{AT, KEY, Layout, Line, Part};
use super::reduced::{
    ANY, FIRST, GROUP_MEASURES, LAST, MEASURES, OrderEntry, Reduced, SALE, columns_of, finish_cells,
    finish_orders, sort_orders,
};
use super::source::{AggregatePlan, COST, DISCOUNT, QUANTITY, REVENUE};
use super::state::RowMatch;
use crate::pipeline::Duplicates;
use hashbrown::HashTable;

/// What the reduction knows of a source.
#[derive(Debug, Clone)]
pub(crate) struct SourceShape {
    pub(crate) is_sale: bool,
    /// Whether its lines are told apart from each other.
    pub(crate) is_checked: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) aggregates: Vec<(usize, AggregatePlan)>,
}

const LINES: usize = 0;
const UNITS: usize = 1;
const RETURNED_UNITS: usize = 2;
const LIST_REVENUE: usize = 3;
const DISCOUNTS: usize = 4;
const RETURNS: usize = 5;
const PRODUCT_COST: usize = 6;
/// The tables of one key range while it is reduced.
struct Tables<'o> {
    rows: HashTable<u32>,
    keys: Vec<u64>,
    stride: usize,
    sums: Vec<i64>,
    cells: CellIndex<'o>,
    cell_stride: usize,
    cell_sums: Vec<i64>,
    orders: Vec<OrderEntry>,
    days: Option<DaySums>,
    overflow: bool,
}

/// What one run of the facts reduces every range to.
pub(crate) struct Target<'t> {
    /// How many aggregates the run has.
    pub(crate) aggregates: usize,
    /// Of these, what is kept per customer × product group too.
    pub(crate) line_aggregates: &'t [usize],
    /// By number of the group, its place among all names.
    pub(crate) group_order: &'t [u32],
    /// Length of the period.
    pub(crate) days: usize,
    /// Whether customer × day is kept.
    pub(crate) keeps_days: bool,
}

impl SourceShape {
    /// Whether some driver counts or adds up every row, whatever its filters say.
    fn takes_all(&self) -> bool {
        self.aggregates.iter().any(|(_, plan)| match plan {
            AggregatePlan::Count { filter }
            | AggregatePlan::Any { filter }
            | AggregatePlan::Sum { filter, .. }
            | AggregatePlan::Orders { filter }
            | AggregatePlan::Distinct { filter, .. } => filter.is_none(),
        })
    }
}

/// Reduces the records of one key range.
///
/// `records[i]` are runs of records of source `i`; `distinct[i][set]` those of its distinct sets.
pub(crate) fn reduce(
    shapes: &[SourceShape],
    records: &[Vec<Part<'_>>],
    distinct: &[Vec<Vec<&[u64]>>],
    target: &Target<'_>,
) -> Reduced {
    let day_words = target.days.div_ceil(64);
    let first_aggregate = MEASURES.len() + day_words;
    let mut tables = Tables::new(first_aggregate + target.aggregates, target, records);
    let mut reduced = Reduced::default();
    let mut order_aggregates = Vec::new();
    for ((shape, runs), sets) in shapes.iter().zip(records).zip(distinct) {
        let keep = Deduplicated::new(shape, runs, &mut reduced);
        let plans = RowPlans::of_rows(shape, first_aggregate);
        let line_plans = RowPlans::of_cells(shape, target.line_aggregates);
        let mut matches = RowMatch::default();
        for (run_index, run) in runs.iter().enumerate() {
            let keeps = |index| keep.keeps(run_index, index);
            matches += tables.add_part(shape, [&plans, &line_plans], *run, keeps);
        }
        reduced.matches.push(matches);
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
    tables.finish(reduced, day_words, target, &order_aggregates)
}

fn filter_bit(filter: Option<u8>) -> u64 {
    filter.map_or(ANY, |bit| 1 << bit)
}

/// Aggregates that are added row by row: (column, filter mask or 0) of counts, and with the value of sums.
struct RowPlans {
    counts: Vec<(usize, u32)>,
    sums: Vec<(usize, u32, usize)>,
}

impl RowPlans {
    fn of_rows(shape: &SourceShape, first_aggregate: usize) -> Self {
        Self::new(shape, |index| Some(first_aggregate + index))
    }

    fn of_cells(shape: &SourceShape, line_aggregates: &[usize]) -> Self {
        let place = |index| line_aggregates.iter().position(|wanted| *wanted == index);
        Self::new(shape, |index| Some(GROUP_MEASURES + place(index)?))
    }

    fn new(shape: &SourceShape, column_of: impl Fn(usize) -> Option<usize>) -> Self {
        let mut plans = Self { counts: Vec::new(), sums: Vec::new() };
        let mask = |filter: Option<u8>| filter.map_or(0, |bit| 1_u32 << bit);
        for (index, plan) in &shape.aggregates {
            let Some(column) = column_of(*index) else { continue };
            match *plan {
                AggregatePlan::Count { filter } | AggregatePlan::Any { filter } => {
                    plans.counts.push((column, mask(filter)));
                }
                AggregatePlan::Sum { value, filter } => {
                    plans.sums.push((column, mask(filter), value));
                }
                AggregatePlan::Orders { .. } | AggregatePlan::Distinct { .. } => {}
            }
        }
        plans
    }

    /// Adds what a record counts for; true if a sum left 64 bits.
    #[inline(always)]
    fn add(&self, sums: &mut [i64], layout: &Layout, line: &Line<'_>) -> bool {
        let filters = line.meta.filters();
        let mut overflow = false;
        for (column, mask) in &self.counts {
            sums[*column] += i64::from(filters & mask != 0 || *mask == 0);
        }
        for (column, mask, value) in &self.sums {
            if filters & mask != 0 || *mask == 0 {
                add(&mut sums[*column], layout.value(line.words, *value), &mut overflow);
            }
        }
        overflow
    }
}

pub(crate) fn hash(word: u64) -> u64 {
    // Fibonacci hashing; the high half is folded down because the table takes its tag from the top bits.
    let spread = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ (spread >> 32)
}

fn add(sum: &mut i64, value: i64, overflow: &mut bool) {
    let (total, carried) = sum.overflowing_add(value);
    *sum = total;
    *overflow |= carried;
}

/// Adds column by column; true if a sum left 64 bits.
fn add_all<const COLUMNS: usize>(sums: &mut [i64; COLUMNS], values: &[i64; COLUMNS]) -> bool {
    let mut carried = 0;
    for (sum, value) in sums.iter_mut().zip(values) {
        let total = sum.wrapping_add(*value);
        // Negative where both signs differ from the total's.
        carried |= (*sum ^ total) & (value ^ total);
        *sum = total;
    }
    carried < 0
}

impl<'o> Tables<'o> {
    fn new(stride: usize, target: &Target<'o>, records: &[Vec<Part<'_>>]) -> Self {
        // As if every second line had a head.
        let lines =
            |part: &Part<'_>| 2 * part.words.len() / (2 * part.layout.line_words + part.layout.head_words);
        let expected: usize = records.iter().flatten().map(lines).sum();
        let cell_stride = GROUP_MEASURES + target.line_aggregates.len();
        Self {
            rows: HashTable::with_capacity(expected / 3),
            keys: Vec::with_capacity(expected / 3),
            stride,
            sums: Vec::with_capacity(expected / 3 * stride),
            cells: CellIndex::new(target.group_order, expected / 3, expected),
            cell_stride,
            cell_sums: Vec::with_capacity(expected * cell_stride),
            orders: Vec::with_capacity(expected / 2),
            days: target.keeps_days.then(|| DaySums::with_capacity(expected / 2)),
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
                self.cells.add_row();
                let start = self.sums.len();
                self.sums.resize(start + self.stride, 0);
                self.sums[start + FIRST] = i64::MAX;
                self.sums[start + LAST] = i64::MIN;
                row
            }
        }
    }

    fn add_part(
        &mut self,
        shape: &SourceShape,
        [plans, line_plans]: [&RowPlans; 2],
        part: Part<'_>,
        keep: impl Fn(usize) -> bool,
    ) -> RowMatch {
        let takes_all = shape.takes_all();
        let mut matches = RowMatch::default();
        let layout = &part.layout;
        let (mut last_key, mut row) = (None, 0);
        for (index, line) in part.lines().enumerate() {
            if line.meta.has_head() && last_key != Some(line.head[KEY]) {
                row = self.row(line.head[KEY]);
                last_key = Some(line.head[KEY]);
            }
            if shape.is_sale && line.meta.has_head() {
                self.add_order(row, line.meta.day(), layout.order(line.head));
            }
            if shape.is_checked && !keep(index) {
                continue;
            }
            if shape.is_sale {
                self.add_sale(layout, row, &line, line_plans);
            }
            let start = row as usize * self.stride;
            self.overflow |= plans.add(&mut self.sums[start..start + self.stride], layout, &line);
            matches.rows += 1;
            if takes_all || line.meta.filters() != 0 {
                matches.matched += 1;
            } else if shape.is_sale {
                let net = layout.value(line.words, REVENUE) - layout.value(line.words, DISCOUNT);
                add(&mut matches.unmatched_net_revenue, net, &mut self.overflow);
            }
        }
        matches
    }

    fn add_sale(&mut self, layout: &Layout, row: u32, line: &Line<'_>, line_plans: &RowPlans) {
        let meta = line.meta;
        let values = layout.measures(line.words);
        let (quantity, revenue, discount, cost) =
            (values[QUANTITY], values[REVENUE], values[DISCOUNT], values[COST]);
        let cell = self.cells.find(row, meta.group()) * self.cell_stride;
        if cell == self.cell_sums.len() {
            // A fill of known length takes a few moves, one of unknown length a call.
            self.cell_sums.extend_from_slice(&[0; GROUP_MEASURES]);
            self.cell_sums.resize(cell + self.cell_stride, 0);
        }
        let cells = &mut self.cell_sums[cell..cell + self.cell_stride];
        let mut overflow = line_plans.add(cells, layout, line);
        let cells = cells.first_chunk_mut::<GROUP_MEASURES>().expect("cells begin with the measures");
        add(&mut cells[PRODUCT_COST], cost, &mut overflow);
        if meta.is_return() {
            add(&mut cells[RETURNED_UNITS], -quantity, &mut overflow);
            add(&mut cells[RETURNS], discount - revenue, &mut overflow);
        } else {
            cells[LINES] += 1;
            add(&mut cells[UNITS], quantity, &mut overflow);
            add(&mut cells[LIST_REVENUE], revenue, &mut overflow);
            add(&mut cells[DISCOUNTS], discount, &mut overflow);
            let start = row as usize * self.stride;
            let sums = &mut self.sums[start..start + self.stride];
            let (measures, days) = sums.split_first_chunk_mut::<{ MEASURES.len() }>().expect("rows too");
            let at = line.head[AT].cast_signed();
            measures[FIRST] = measures[FIRST].min(at);
            measures[LAST] = measures[LAST].max(at);
            days[meta.day() as usize / 64] |= 1_i64 << (meta.day() % 64);
        }
        if let Some(days) = &mut self.days {
            let (net_revenue, day) = (revenue - discount, meta.day());
            overflow |=
                days.add(DaySum { row, day, orders: 0, net_revenue, gross_margin: net_revenue - cost });
        }
        self.overflow |= overflow;
        let order = self.orders.last_mut().expect("a line's head brought its order");
        order.bits |= u64::from(meta.filters()) | ANY | if meta.is_return() { 0 } else { SALE };
    }

    /// Notes the order of the lines to come.
    fn add_order(&mut self, row: u32, day: u32, words: [u64; 2]) {
        let is_it = |last: &OrderEntry| last.row == row && last.words == words && last.day == day;
        if !self.orders.last().is_some_and(is_it) {
            self.orders.push(OrderEntry { row, day, words, bits: 0 });
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

    /// The measures that rows share with their cells are the sums of these.
    fn add_cells(&mut self, cells: &[Cell], rows: &[u32]) {
        for cell in cells {
            let sums = &mut self.sums[rows[cell.row as usize] as usize * self.stride..];
            let values = &self.cell_sums[cell.number as usize * self.cell_stride..];
            let sums = sums.first_chunk_mut::<GROUP_MEASURES>().expect("rows begin with the measures");
            let values = values.first_chunk::<GROUP_MEASURES>().expect("and so do cells");
            self.overflow |= add_all(sums, values);
        }
    }

    fn finish(
        mut self,
        mut reduced: Reduced,
        day_words: usize,
        target: &Target<'_>,
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
        let stride = self.stride;
        for order in &mut self.orders {
            order.row = place[order.row as usize];
        }
        let sorted_orders = sort_orders(&self.orders, sorted.len());
        let count = |row: u32, bits: u64| {
            let start = sorted[row as usize] as usize * stride + first_aggregate;
            for (index, mask) in order_aggregates {
                self.sums[start + index] += i64::from(bits & mask != 0);
            }
        };
        (reduced.orders, reduced.order_keys) = finish_orders(&sorted_orders, sorted.len(), count);
        let cells = self.cells.in_order(&sorted);
        self.add_cells(&cells, &sorted);
        let never = self.sums.chunks_exact_mut(stride).filter(|row| row[FIRST] == i64::MAX);
        never.for_each(|row| row[FIRST] = super::schema::NO_INSTANT);
        let sums = &self.sums;
        reduced.keys = by_key.iter().map(|(key, _)| *key).collect();
        reduced.measures = columns_of(sums, stride, 0..MEASURES.len(), &sorted);
        let days = |row: &u32| {
            let row = &sums[*row as usize * stride..(*row as usize + 1) * stride];
            row[MEASURES.len()..first_aggregate].iter().map(|word| i64::from(word.count_ones())).sum()
        };
        reduced.active_days = sorted.iter().map(days).collect::<Vec<_>>().into();
        let columns = first_aggregate..first_aggregate + target.aggregates;
        reduced.aggregates = columns_of(sums, stride, columns, &sorted);
        reduced.days = self.days.map(|days| {
            let (days, overflow) = days.finish(&place, &sorted_orders);
            self.overflow |= overflow;
            days
        });
        reduced.cells = finish_cells(&cells, &self.cell_sums, self.cell_stride);
        reduced.overflow = self.overflow;
        reduced
    }
}

pub(crate) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("a key range holds fewer than 2³² rows")
}
