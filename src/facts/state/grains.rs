//! Range scans of kept facts: the rows of a period, in every grain, of any range of customers.
//!
//! Only the chunks that hold the customers are read, and each is held against its digest.

use super::fact_set::FactSet;
use super::instants;
use super::lifetime_orders::{OrderRun, count_orders};
use super::packed::rows_of;
use super::period_run::{
    CHUNK_CUSTOMERS, GROUP, MEMBER_NAMES, ORDER_TEXT, ORDER_WORDS, STEP, aggregate_column, dimension_column,
};
use super::record::StateFile;
use super::state_file::{Chunk, Kept};
use crate::error::{Error, Result};
use crate::facts::kernel::days::DAY_COLUMNS;
use crate::facts::kernel::orders::{ORDER_LINES, ORDER_MEASURES};
use crate::facts::schema::{CustomerFacts, DayFacts, OrderFacts, OrderType, ProductFacts};
use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, StringArray};
use rayon::prelude::*;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

/// A chunk, and which of its rows are asked for.
struct ChunkRows {
    chunk: Chunk,
    rows: Range<usize>,
}

impl FactSet {
    /// The facts of a period, one row per customer.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn customer_facts(&self, period: usize, ranks: impl RangeBounds<usize>) -> Result<CustomerFacts> {
        let ranks = self.bounded(ranks);
        let Some(run) = self.runs[period] else {
            let aggregates = vec![Vec::new(); self.aggregates.len()];
            return Ok(CustomerFacts { aggregates, ..Default::default() });
        };
        let rows = self.ranks[run].rows_of(&ranks)?;
        let chunks = self.chunks(&self.record.periods[run].customers, &rows)?;
        let column = |name: &str| column_of(&chunks, name);
        let mut instants: [Vec<i64>; 2] = Default::default();
        for ChunkRows { chunk, rows } in &chunks {
            let of_chunk = instants::unpack(chunk, &chunk.integers("orders"));
            instants.iter_mut().zip(of_chunk).for_each(|(all, of_chunk)| all.extend(&of_chunk[rows.clone()]));
        }
        let [first_order_at, last_order_at] = instants;
        Ok(CustomerFacts {
            ranks: self.ranks[run].of_rows(&rows)?,
            lines: column("lines"),
            orders: column("orders"),
            active_days: column("active_days"),
            units: self.units(column("units")),
            returned_units: self.units(column("returned_units")),
            list_revenue: column("list_revenue"),
            discount: column("discount"),
            returns: column("returns"),
            product_cost: column("product_cost"),
            first_order_at,
            last_order_at,
            aggregates: (0..self.aggregates.len()).map(|index| column(&aggregate_column(index))).collect(),
        })
    }

    /// The facts of a period, one row per customer × product group.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn product_facts(&self, period: usize, ranks: impl RangeBounds<usize>) -> Result<ProductFacts> {
        let ranks = self.bounded(ranks);
        let Some(run) = self.runs[period] else {
            let aggregates = vec![Vec::new(); self.line_aggregates.len()];
            return Ok(ProductFacts { aggregates, ..Default::default() });
        };
        let (ranks, chunks) = self.entries(run, &self.record.periods[run].products, &ranks)?;
        let column = |name: &str| column_of(&chunks, name);
        let codes = &self.group_codes[run];
        let index = |value: i64| usize::try_from(value).expect("group numbers are not negative");
        Ok(ProductFacts {
            ranks,
            groups: column(GROUP).into_iter().map(|code| codes[index(code)]).collect(),
            lines: column("lines"),
            units: self.units(column("units")),
            returned_units: self.units(column("returned_units")),
            list_revenue: column("list_revenue"),
            discount: column("discount"),
            returns: column("returns"),
            product_cost: column("product_cost"),
            aggregates: (0..self.line_aggregates.len())
                .map(|index| column(&aggregate_column(index)))
                .collect(),
        })
    }

    /// The facts of a period, one row per customer × order; with keys of the orders, if asked.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn order_facts(
        &self,
        period: usize,
        ranks: impl RangeBounds<usize>,
        with_ids: bool,
    ) -> Result<OrderFacts> {
        let ranks = self.bounded(ranks);
        let (aggregates, dimensions) = (self.order_aggregates.len(), self.dimensions.len());
        let order_type = self.record.order_type;
        let Some(run) = self.runs[period] else {
            let (aggregates, members) = (vec![Vec::new(); aggregates], vec![Vec::new(); dimensions]);
            let ids = with_ids.then(|| order_ids(order_type, &[]));
            return Ok(OrderFacts { aggregates, members, ids, ..Default::default() });
        };
        let (ranks, chunks) = self.entries(run, &self.record.periods[run].orders, &ranks)?;
        let [lines, net_revenue, product_cost] = ORDER_MEASURES.map(|name| column_of(&chunks, name));
        let code = |code: i64| u32::try_from(code).expect("codes are not negative");
        let members = |dimension| {
            column_of(&chunks, &dimension_column(dimension)).into_iter().map(code).collect::<Vec<u32>>()
        };
        Ok(OrderFacts {
            ranks,
            lines,
            net_revenue,
            product_cost,
            aggregates: (0..aggregates).map(|index| column_of(&chunks, &aggregate_column(index))).collect(),
            ids: with_ids.then(|| order_ids(order_type, &chunks)),
            members: (0..dimensions).map(members).collect(),
        })
    }

    /// Names of the members of dimensions in a period, by code.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn members(&self, period: usize) -> Result<Vec<String>> {
        let Some(run) = self.runs[period] else { return Ok(Vec::new()) };
        let kept = Kept::open(&self.folder, &self.record.periods[run].orders)?;
        Ok(serde_json::from_str(kept.note(MEMBER_NAMES)?).expect("the names are a JSON list"))
    }

    /// The facts of a period, one row per customer × day with a line; kept where a stage asks for them.
    ///
    /// # Errors
    /// Kept state that cannot be read, or was made when nothing asked for days.
    pub fn day_facts(&self, period: usize, ranks: impl RangeBounds<usize>) -> Result<DayFacts> {
        let ranks = self.bounded(ranks);
        let Some(run) = self.runs[period] else { return Ok(DayFacts::default()) };
        let Some(file) = &self.record.periods[run].days else {
            return Err(Error::check(
                "the release keeps no days of customers: the pipeline had neither [lifecycle] nor [clv], nor \
                 surveys or complaints; run it again",
            ));
        };
        let (ranks, chunks) = self.entries(run, file, &ranks)?;
        let start = self.periods[period].period.start.0;
        let day = |day: i64| start + i32::try_from(day).expect("a period has few days");
        let [days, orders, net_revenue, gross_margin] = DAY_COLUMNS.map(|name| column_of(&chunks, name));
        let days = days.into_iter().map(day).collect();
        Ok(DayFacts { ranks, days, orders, net_revenue, gross_margin })
    }

    /// Distinct orders with a sale line over life of the customers of these ranks, by rank.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub fn lifetime_orders(&self, ranks: impl RangeBounds<usize>) -> Result<Vec<i64>> {
        let ranks = self.bounded(ranks);
        let starts: Vec<usize> = ranks.clone().step_by(ORDER_CUSTOMERS).collect();
        let orders_from = |start: &usize| self.orders_of(*start..ranks.end.min(start + ORDER_CUSTOMERS));
        let orders = starts.par_iter().with_max_len(1).map(orders_from);
        Ok(orders.collect::<Result<Vec<_>>>()?.concat())
    }

    fn orders_of(&self, ranks: Range<usize>) -> Result<Vec<i64>> {
        let mut runs = Vec::with_capacity(self.record.periods.len());
        for run in 0..self.record.periods.len() {
            let (mut ranks, chunks) = self.entries(run, &self.record.periods[run].orders, &ranks)?;
            let mut words = ORDER_WORDS.map(|word| {
                let sums = chunks.iter().map(|part| part.chunk.sums(word)[part.rows.clone()].to_vec());
                sums.collect::<Vec<_>>().concat()
            });
            let lines = column_of(&chunks, ORDER_MEASURES[ORDER_LINES]);
            if lines.contains(&0) {
                keep_sold(&mut ranks, &lines);
                words.iter_mut().for_each(|words| keep_sold(words, &lines));
            }
            runs.push(OrderRun { ranks, words });
        }
        Ok(count_orders(&runs, ranks))
    }

    /// Ranks within those there are; `..` means all customers.
    fn bounded(&self, ranks: impl RangeBounds<usize>) -> Range<usize> {
        let start = match ranks.start_bound() {
            Bound::Included(rank) => *rank,
            Bound::Excluded(rank) => rank + 1,
            Bound::Unbounded => 0,
        };
        let end = match ranks.end_bound() {
            Bound::Included(rank) => rank + 1,
            Bound::Excluded(rank) => *rank,
            Bound::Unbounded => self.customers.len(),
        };
        start.min(self.customers.len())..end.min(self.customers.len())
    }

    /// The chunks of a file that hold these customers of a run.
    fn chunks(&self, file: &StateFile, rows: &Range<usize>) -> Result<Vec<ChunkRows>> {
        let numbers = rows.start / CHUNK_CUSTOMERS..rows.end.div_ceil(CHUNK_CUSTOMERS);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let kept = Kept::open(&self.folder, file)?;
        let read = |number: usize| {
            let first = number * CHUNK_CUSTOMERS;
            let (start, end) = (rows.start.max(first), rows.end.min(first + CHUNK_CUSTOMERS));
            Ok(ChunkRows { chunk: kept.chunk(number)?, rows: start - first..end - first })
        };
        numbers.into_par_iter().with_max_len(1).map(read).collect()
    }

    /// The chunks of a file of entries, with the rows of the entries of these customers, and the rank of each.
    fn entries(
        &self,
        run: usize,
        file: &StateFile,
        ranks: &Range<usize>,
    ) -> Result<(Vec<u32>, Vec<ChunkRows>)> {
        let rows = self.ranks[run].rows_of(ranks)?;
        let mut chunks = self.chunks(file, &rows)?;
        let mut found = Vec::new();
        let first_chunk = rows.start / CHUNK_CUSTOMERS;
        for (number, part) in (first_chunk..).zip(&mut chunks) {
            let of_customers: Vec<usize> = rows_of(part.chunk.integers(STEP)).collect();
            let bound = |row: usize| of_customers.partition_point(|known| *known < row);
            let entries = bound(part.rows.start)..bound(part.rows.end);
            let ranks = self.ranks[run].chunk(number)?;
            found.extend(of_customers[entries.clone()].iter().map(|row| ranks[*row]));
            part.rows = entries;
        }
        Ok((found, chunks))
    }

    /// Kept units at `volume_scale`; that they fit was seen to when they were made.
    fn units(&self, mut kept: Vec<i64>) -> Vec<i64> {
        let factor = 10_i64.pow(u32::from(self.record.units_lack));
        kept.iter_mut().for_each(|units| *units *= factor);
        kept
    }
}

/// The keys of orders; texts are kept where they are asked for.
fn order_ids(order_type: OrderType, chunks: &[ChunkRows]) -> ArrayRef {
    if order_type == OrderType::Text {
        let lists = chunks.iter().map(|part| (part.chunk.list(ORDER_TEXT), &part.rows));
        let texts: Vec<StringArray> =
            lists.map(|(list, rows)| list.as_string::<i32>().slice(rows.start, rows.len())).collect();
        return Arc::new(texts.iter().flat_map(|texts| texts.iter()).collect::<StringArray>());
    }
    let words = chunks.iter().map(|part| part.chunk.sums(ORDER_WORDS[0])[part.rows.clone()].to_vec());
    let words: Vec<i64> = words.collect::<Vec<_>>().concat();
    match order_type {
        OrderType::Date => {
            let day = |day: i64| i32::try_from(day).expect("a day is one");
            Arc::new(words.into_iter().map(day).map(Some).collect::<Date32Array>())
        }
        _ => Arc::new(Int64Array::from(words)),
    }
}

/// Leaves orders with a sale line.
fn keep_sold<T>(values: &mut Vec<T>, lines: &[i64]) {
    let mut lines = lines.iter();
    values.retain(|_| lines.next().is_some_and(|lines| *lines > 0));
}

/// Customers whose orders are counted by one thread at a time.
const ORDER_CUSTOMERS: usize = 65_536;

/// A column over chunks.
fn column_of(chunks: &[ChunkRows], name: &str) -> Vec<i64> {
    let mut values = Vec::with_capacity(chunks.iter().map(|part| part.rows.len()).sum());
    for ChunkRows { chunk, rows } in chunks {
        chunk.append(name, rows.clone(), &mut values);
    }
    values
}
