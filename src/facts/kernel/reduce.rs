//! Reduces one key range of one period: records in any order to rows sorted by customer.
//!
//! A range is cut so that its records stay in the processor's cache. They are brought in order by customer, and then one
//! customer after another is summed up and done with. Nothing here depends on the order of the records: sums are
//! integers, and sets are sorted.

use super::books::BookSums;
use super::cells::{CellSums, post};
use super::days::{DaySum, DaySums};
use super::deduplicate::Deduplicated;
use super::measures::GROUP_MEASURES;
use super::order_texts::texts_of;
use super::orders::{ANY, OrderEntry, OrderLayout, OrderSets, SALE};
use super::plans::{Closing, LinePlans, SourceShape, order_layout};
use super::record::{Head, Lines, META, Meta};
use super::reduced::{Reduced, columns_of, columns_of_width};
use super::row_match::RowMatch;
use super::sums::{add, index_u32};
use super::visits::by_customer;
use crate::facts::inputs::source::{AggregatePlan, COST, DISCOUNT, REVENUE};
use crate::facts::schema::NO_INSTANT;

/// What one run of the facts reduces every range to.
pub(crate) struct Target<'t> {
    /// How many aggregates the run has.
    pub(crate) aggregates: usize,
    /// Of these, what is kept per customer × product group too.
    pub(crate) line_aggregates: &'t [usize],
    /// And what is kept per order.
    pub(crate) order_aggregates: &'t [usize],
    /// By how many dimensions orders are divided.
    pub(crate) dimensions: usize,
    /// Whether texts of the keys of orders are kept.
    pub(crate) keeps_texts: bool,
    /// The member of orders whose lines are of several.
    pub(crate) several: u32,
    /// By number of the group, its place among all names.
    pub(crate) group_order: &'t [u32],
    /// Length of the period.
    pub(crate) days: usize,
    /// Whether customer × day is kept.
    pub(crate) keeps_days: bool,
}

/// A source, and what becomes of its lines.
struct SourcePlan<'s> {
    shape: &'s SourceShape,
    keep: Deduplicated,
    rows: LinePlans,
    cells: LinePlans,
    orders: LinePlans,
    /// The first value of a line that is a member of a dimension.
    first_member: usize,
    dimensions: usize,
    takes_all: bool,
    /// Whether a sale line is only counted, by its customer, beside what every sale line adds to its cell.
    is_plain: bool,
}

/// Lines of one source in a key range.
struct Run<'r> {
    source: usize,
    /// Which run of its source this is.
    number: usize,
    lines: Lines<'r>,
}

/// The tables of one key range, made customer by customer.
struct Tables<'t> {
    keys: Vec<u64>,
    measures: Vec<[i64; GROUP_MEASURES]>,
    instants: Vec<[i64; 2]>,
    /// All aggregates of a row, then those of the next.
    aggregates: Vec<i64>,
    cells: CellSums<'t>,
    orders: OrderSets,
    books: BookSums,
    active_days: Vec<i64>,
    days: Option<DaySums>,
    /// Of the customer at hand.
    open: Open,
    overflow: bool,
}

/// What the lines of a customer come to.
struct Open {
    aggregates: Vec<i64>,
    /// First and last instant with a sale line.
    first: i64,
    last: i64,
    /// Days with a sale line, one bit each.
    days: Vec<u64>,
    /// Whether any line is the customer's own.
    has_lines: bool,
}

/// Reduces the records of one key range.
///
/// `records[i]` are runs of lines of source `i`; `distinct[i][set]` those of its distinct sets.
pub(crate) fn reduce(
    shapes: &[SourceShape],
    records: &[Vec<Lines<'_>>],
    distinct: &[Vec<Vec<&[u64]>>],
    target: &Target<'_>,
) -> Reduced {
    let mut reduced = Reduced { matches: vec![RowMatch::default(); shapes.len()], ..Reduced::default() };
    let mut plans = Vec::with_capacity(shapes.len());
    let mut runs = Vec::new();
    for (source, (shape, parts)) in shapes.iter().zip(records).enumerate() {
        let rows = LinePlans::of_rows(shape);
        let cells = LinePlans::of_cells(shape, target.line_aggregates);
        let orders = LinePlans::of_orders(shape, target.order_aggregates);
        let dimensions = if shape.is_sale { target.dimensions } else { 0 };
        let takes_all = shape.takes_all();
        let only_counts =
            takes_all && rows.only_count() && cells.is_empty() && orders.is_empty() && dimensions == 0;
        plans.push(SourcePlan {
            shape,
            keep: Deduplicated::new(shape, parts, &mut reduced.duplicates),
            rows,
            cells,
            orders,
            first_member: shape.values - dimensions - usize::from(shape.books.is_some()),
            dimensions,
            takes_all,
            is_plain: only_counts && !shape.is_checked && !target.keeps_days && shape.books.is_none(),
        });
        runs.extend(parts.iter().enumerate().map(|(number, lines)| Run { source, number, lines: *lines }));
    }
    let visits = by_customer(runs.iter().map(|run| run.lines));
    let closing = Closing::new(shapes);
    let lines = runs.iter().map(|run| run.lines.len()).sum();
    let several = i64::from(target.several);
    let order_layout = order_layout(shapes, target.order_aggregates, target.dimensions, several);
    let mut tables = Tables::new(target, order_layout, visits.len(), lines);
    for customer in visits.chunk_by(|a, b| a.key == b.key) {
        for visit in customer {
            let run = &runs[visit.run as usize];
            tables.add(&plans[run.source], run, visit.head as usize, &mut reduced.matches[run.source]);
        }
        tables.close(customer[0].key, &closing);
    }
    for (shape, sets) in shapes.iter().zip(distinct) {
        for (index, plan) in &shape.aggregates {
            if let AggregatePlan::Distinct { set, filter } = *plan {
                tables.count_distinct(&sets[set], filter, *index);
            }
        }
    }
    let mut reduced = tables.finish(reduced);
    if target.keeps_texts {
        let texts = runs.iter().map(|run| run.lines.texts);
        reduced.order_rows.texts = Some(texts_of(texts, &reduced.order_rows.words));
    }
    reduced
}

impl<'t> Tables<'t> {
    /// Tables with room for all that lines with so many heads can come to.
    fn new(target: &Target<'t>, order_layout: OrderLayout, heads: usize, lines: usize) -> Self {
        Self {
            keys: Vec::with_capacity(heads),
            measures: Vec::with_capacity(heads),
            instants: Vec::with_capacity(heads),
            aggregates: Vec::with_capacity(heads * target.aggregates),
            cells: CellSums::new(target.group_order, target.line_aggregates.len(), lines),
            orders: OrderSets::with_capacity(order_layout, heads),
            books: BookSums::default(),
            active_days: Vec::with_capacity(heads),
            days: target.keeps_days.then(DaySums::default),
            open: Open {
                aggregates: vec![0; target.aggregates],
                first: i64::MAX,
                last: NO_INSTANT,
                days: vec![0; target.days.div_ceil(64)],
                has_lines: false,
            },
            overflow: false,
        }
    }

    /// Adds the lines of a head to the customer at hand.
    #[inline(always)]
    fn add(&mut self, plan: &SourcePlan<'_>, run: &Run<'_>, head: usize, matches: &mut RowMatch) {
        match (plan.shape.is_sale, plan.is_plain) {
            (true, true) => return self.add_sale::<true>(plan, run, head, matches),
            (true, false) => return self.add_sale::<false>(plan, run, head, matches),
            (false, _) => {}
        }
        let (mut lines, mut matched) = (0, 0);
        for line in run.lines.of(head) {
            let meta = Meta(line[META]);
            plan.rows.count_some(&mut self.open.aggregates, meta);
            self.overflow |= plan.rows.add(&mut self.open.aggregates, &run.lines.layout, meta, line);
            lines += 1;
            matched += u64::from(meta.filters() != 0);
        }
        plan.rows.count(&mut self.open.aggregates, lines);
        self.open.has_lines = true;
        matches.rows += lines;
        matches.matched += if plan.takes_all { lines } else { matched };
    }

    /// Adds the lines of an order; those of a plain source ask for less.
    #[inline(always)]
    fn add_sale<const IS_PLAIN: bool>(
        &mut self,
        plan: &SourcePlan<'_>,
        run: &Run<'_>,
        head: usize,
        matches: &mut RowMatch,
    ) {
        let layout = &run.lines.layout;
        let Head { order, micros, day, first, .. } = run.lines.heads[head];
        let (mut lines, mut unmatched, mut bits, mut overflow) = (0, 0, 0, false);
        let (mut sale_lines, mut net_revenue, mut product_cost) = (0, 0, 0);
        let at = self.orders.begin();
        for (number, line) in run.lines.of(head).enumerate() {
            let meta = Meta(line[META]);
            if !IS_PLAIN
                && plan.shape.is_checked
                && !plan.keep.keeps(run.number, first as usize + number * layout.words)
            {
                continue;
            }
            if !IS_PLAIN && plan.shape.books.is_some() {
                overflow |= self.books.add(plan.shape, layout, meta, line);
                if meta.is_eliminated() {
                    continue;
                }
            }
            let values = layout.measures(line);
            let cell = self.cells.of(meta.group());
            overflow |= post(self.cells.measures(cell), values, meta.is_return());
            plan.rows.count_some(&mut self.open.aggregates, meta);
            lines += 1;
            sale_lines += i64::from(!meta.is_return());
            bits |= u64::from(meta.filters()) | if meta.is_return() { ANY } else { ANY | SALE };
            let net = values[REVENUE] - values[DISCOUNT];
            add(&mut net_revenue, net, &mut overflow);
            add(&mut product_cost, values[COST], &mut overflow);
            if IS_PLAIN {
                continue;
            }
            if !plan.cells.is_empty() {
                let aggregates = self.cells.aggregates(cell);
                plan.cells.count(aggregates, 1);
                plan.cells.count_some(aggregates, meta);
                overflow |= plan.cells.add(aggregates, layout, meta, line);
            }
            overflow |= plan.rows.add(&mut self.open.aggregates, layout, meta, line);
            if !plan.orders.is_empty() {
                let aggregates = self.orders.aggregates(at);
                plan.orders.count_some(aggregates, meta);
                overflow |= plan.orders.add(aggregates, layout, meta, line);
            }
            for dimension in 0..plan.dimensions {
                let member = layout.value(line, plan.first_member + dimension);
                self.orders.note_member(at, dimension, member);
            }
            if !plan.takes_all && meta.filters() == 0 {
                unmatched += 1;
                add(&mut matches.unmatched_net_revenue, net, &mut overflow);
            }
        }
        let entry =
            OrderEntry { words: order, day, bits, measures: [sale_lines, net_revenue, product_cost], at };
        self.orders.add(entry, lines > 0);
        if lines == 0 {
            self.overflow |= overflow;
            return;
        }
        self.open.has_lines = true;
        plan.rows.count(&mut self.open.aggregates, lines);
        plan.orders.count(self.orders.aggregates(at), lines);
        matches.rows += lines;
        matches.matched += lines - unmatched;
        let (gross_margin, carried) = net_revenue.overflowing_sub(product_cost);
        self.overflow |= overflow | carried;
        if let Some(days) = &mut self.days {
            days.add(DaySum { day, orders: 0, net_revenue, gross_margin });
        }
        if bits & SALE != 0 {
            self.open.first = self.open.first.min(micros);
            self.open.last = self.open.last.max(micros);
            self.open.days[day as usize / 64] |= 1 << (day % 64);
        }
    }

    /// Ends the customer at hand.
    #[inline(always)]
    fn close(&mut self, key: u64, closing: &Closing) {
        // Whose lines are all between companies of the group is no customer.
        if !std::mem::take(&mut self.open.has_lines) {
            return;
        }
        let row = index_u32(self.keys.len());
        self.keys.push(key);
        let Self { open, days, .. } = self;
        let count = |bits: u64| {
            for (column, mask) in &closing.orders {
                open.aggregates[*column] += i64::from(bits & mask != 0);
            }
        };
        self.overflow |= self.orders.close(row, count, days.as_mut());
        if let Some(days) = days {
            self.overflow |= days.close(row);
        }
        closing.any.iter().for_each(|column| open.aggregates[*column] = open.aggregates[*column].min(1));
        self.aggregates.extend_from_slice(&open.aggregates);
        open.aggregates.fill(0);
        let mut measures = [0; GROUP_MEASURES];
        self.overflow |= self.cells.close(row, &mut measures);
        self.measures.push(measures);
        let never = open.first == i64::MAX;
        self.instants.push([if never { NO_INSTANT } else { open.first }, open.last]);
        self.active_days.push(open.days.iter().map(|word| i64::from(word.count_ones())).sum());
        (open.first, open.last) = (i64::MAX, NO_INSTANT);
        open.days.fill(0);
    }

    /// Counts the distinct values of each customer.
    fn count_distinct(&mut self, runs: &[&[u64]], filter: Option<u8>, column: usize) {
        let mask = filter.map_or(0, |bit| 1_u64 << bit);
        let records = runs.iter().flat_map(|run| run.chunks_exact(4));
        let mut values: Vec<[u64; 3]> = records
            .filter(|record| mask == 0 || record[3] & mask != 0)
            .map(|record| [record[0], record[1], record[2]])
            .collect();
        values.sort_unstable();
        values.dedup();
        let width = self.open.aggregates.len();
        let mut rows = self.keys.iter().zip(self.aggregates.chunks_exact_mut(width));
        for of_customer in values.chunk_by(|a, b| a[0] == b[0]) {
            let row = rows.find(|(key, _)| **key == of_customer[0][0]);
            let (_, aggregates) = row.expect("who has a value has a line");
            aggregates[column] += i64::try_from(of_customer.len()).expect("a count fits");
        }
    }

    fn finish(self, reduced: Reduced) -> Reduced {
        let (orders, order_rows) = self.orders.finish();
        Reduced {
            keys: self.keys,
            measures: columns_of(&self.measures),
            instants: self.instants,
            aggregates: columns_of_width(self.open.aggregates.len(), &self.aggregates),
            orders,
            order_rows,
            active_days: self.active_days.into(),
            cells: self.cells.finish(),
            books: self.books,
            days: self.days.map(DaySums::finish),
            overflow: self.overflow,
            ..reduced
        }
    }
}
