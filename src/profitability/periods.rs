//! The walk over periods: `customer_period` and `customer_activity`, slice by slice of the customers of one period
//! after another, and what costs leave of each day.
//!
//! A customer's cost follows from the driver volume of all customers before it. So the volumes of a window's slices are
//! added up before any of them is posted, and slices are then posted on any thread; where each slice started is kept,
//! for the walk over lives.

use super::acquired_rows::{of_ranks, with_rows_for};
use super::activity_table::ActivityRows;
use super::behaviour::Behaviour;
use super::customer_order::CustomerOrders;
use super::customer_price::CustomerPrices;
use super::customer_totals::CustomerTotals;
use super::hierarchy::Earned;
use super::history::{Avoidable, period_days};
use super::order_bands::OrderBands;
use super::order_costs::{OrderCosts, OrderPosting, orders_of};
use super::order_profile::OrderCells;
use super::period_rows::PeriodRows;
use super::posted::{Posted, PostedSums, Posting, close};
use super::price_lines::PriceLines;
use super::stage::Sources;
use super::starts::Starts;
use super::table_context::TableContext;
use super::tables::customer_period;
use super::waterfall::{Books, Measures, charge};
use crate::costing::schema::PeriodCosting;
use crate::customers::history::CustomerDays;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::facts::schema::{DayFacts, OrderFacts};
use crate::memory::Memory;
use crate::publish::schema::{Sheet, TableSpec};
use crate::publish::{StageTables, TableWriter};
use crate::units::{Day, Period};
use arrow::array::ArrayRef;
use rayon::prelude::*;
use std::ops::Range;

/// What the walk leaves.
pub(crate) struct Walked {
    /// By period.
    pub(crate) earned: Vec<Earned>,
    /// Where days are wanted.
    pub(crate) days: Option<CustomerDays>,
    pub(crate) starts: Starts,
}

/// What is made besides `customer_period`.
#[derive(Clone, Copy)]
pub(crate) struct Extras<'r> {
    /// `customer_activity`.
    pub(crate) is_listed: bool,
    /// What customers' days brought and cost.
    pub(crate) days: bool,
    /// `order_profile`.
    pub(crate) orders: OrderBook<'r>,
    /// `customer_price`.
    pub(crate) prices: Option<&'r PriceLines>,
}

/// How orders are costed and told apart.
#[derive(Clone, Copy)]
pub(crate) struct OrderBook<'r> {
    /// Whether `customer_order` is made too.
    pub(crate) are_listed: bool,
    pub(crate) bands: &'r OrderBands,
    pub(crate) costs: &'r OrderCosts<'r>,
}

/// Writes the tables of every period.
///
/// # Errors
/// What measuring, reading and writing return.
pub(crate) fn customer_periods(
    context: TableContext<'_>,
    books: &Books<'_>,
    sources: Sources<'_>,
    extras: Extras<'_>,
    memory: &Memory,
    staging: StageTables<'_>,
) -> Result<Walked> {
    let periods = sources.costing.periods.len();
    let known = sources.facts.customers.keys.len();
    let days = extras.days.then(|| CustomerDays::new(known, periods, memory));
    let mut earned = Vec::with_capacity(periods);
    let mut starts = Vec::with_capacity(periods);
    for (index, costed) in sources.costing.periods.iter().enumerate() {
        let (days, block) = (days.as_ref(), slices::slices_of_window(memory));
        let Extras { orders, prices, .. } = extras;
        let walk = PeriodWalk { context, books, sources, orders, prices, index, costed, days, block };
        let (of_period, started) = walk.walk(extras.is_listed, staging)?;
        earned.push(of_period);
        starts.push(started);
    }
    Ok(Walked { earned, days, starts: Starts::new(starts) })
}

/// The walk over one period.
#[derive(Clone, Copy)]
struct PeriodWalk<'r> {
    context: TableContext<'r>,
    books: &'r Books<'r>,
    sources: Sources<'r>,
    orders: OrderBook<'r>,
    prices: Option<&'r PriceLines>,
    index: usize,
    costed: &'r PeriodCosting,
    /// Filled by slices, where days are wanted.
    days: Option<&'r CustomerDays>,
    /// Slices that are read at once.
    block: usize,
}

/// Facts of the customers of several slices.
struct Window {
    first_rank: usize,
    rows: PeriodRows,
    acquired: Vec<(u32, i64)>,
    days: DayFacts,
    /// Where they are wanted.
    orders: Option<OrderFacts>,
    /// By slice and posting activity.
    starts: Vec<Vec<i64>>,
}

/// What a slice comes to.
struct Part {
    /// Of `customer_period`, unless it is taken over.
    columns: Option<Vec<ArrayRef>>,
    /// Of `customer_activity`.
    listed: Vec<Vec<ArrayRef>>,
    /// Of `order_profile`.
    orders: Option<OrderCells>,
    /// Of `customer_order`.
    listed_orders: Option<Vec<ArrayRef>>,
    /// Of `customer_price`.
    prices: Option<Vec<ArrayRef>>,
    earned: Earned,
    posted: Vec<PostedSums>,
}

impl PeriodWalk<'_> {
    fn walk(self, is_listed: bool, staging: StageTables<'_>) -> Result<(Earned, Vec<Vec<i64>>)> {
        let Sources { facts, channels, .. } = self.sources;
        let period = self.costed.period;
        let recipe = self.sources.recipe(self.index);
        let nothing = vec![0; self.context.posting().count()];
        let spec = customer_period(self.context, period, &self.empty(&nothing)?).spec;
        let mut table = begin(&spec, period, &recipe, staging)?;
        let rows = is_listed.then(|| ActivityRows::new(self.context, period));
        let mut list = match &rows {
            Some(rows) => begin(&rows.sheet().spec, period, &recipe, staging)?,
            None => None,
        };
        let rows = rows.filter(|_| list.is_some());
        let profile = self.order_profile(&OrderCells::default(), &[]);
        let profile = begin(&profile.spec, period, &self.recipe_of_orders(&recipe), staging)?;
        let lister = self.orders.are_listed.then(|| self.customer_orders()).transpose()?;
        let mut order_list = match &lister {
            Some(lister) => {
                let nothing = facts.order_facts(self.index, 0..0, true)?;
                begin(&lister.empty(&nothing)?.spec, period, &self.recipe_of_orders(&recipe), staging)?
            }
            None => None,
        };
        let lister = lister.filter(|_| order_list.is_some());
        let prices = self.prices.map(|lines| CustomerPrices::new(self.context, lines, period));
        let mut price_list = match &prices {
            Some(prices) => {
                let recipe = format!("{recipe}\n{:?}", prices.lines);
                begin(&prices.empty().spec, period, &recipe, staging)?
            }
            None => None,
        };
        let prices = prices.filter(|_| price_list.is_some());
        let with_ids = order_list.is_some();
        let has_orders = profile.is_some() || with_ids;
        let mut orders = profile.as_ref().map(|_| OrderCells::default());
        let is_written = table.is_some();
        let mut volumes = nothing.clone();
        let mut starts = Vec::new();
        let mut earned = Earned::nothing(channels);
        let mut posted = vec![PostedSums::default(); nothing.len()];
        slices::in_order_reading_blocks(
            0..facts.customers.len(),
            self.block,
            |ranks| {
                let window = self.read(ranks, &mut volumes, has_orders.then_some(with_ids))?;
                starts.extend_from_slice(&window.starts);
                Ok(window)
            },
            |window, ranks| {
                self.slice(window, ranks, is_written, rows.as_ref(), lister.as_ref(), prices.as_ref())
            },
            |part| {
                earned += part.earned;
                orders.iter_mut().zip(part.orders).for_each(|(sum, more)| *sum += more);
                posted.iter_mut().zip(part.posted).for_each(|(sum, more)| *sum += more);
                table.iter_mut().zip(part.columns).try_for_each(|(table, columns)| table.write(columns))?;
                let listed_prices = price_list.iter_mut().zip(part.prices);
                listed_prices.into_iter().try_for_each(|(list, columns)| list.write(columns))?;
                let listed_orders = order_list.iter_mut().zip(part.listed_orders);
                listed_orders.into_iter().try_for_each(|(list, columns)| list.write(columns))?;
                let Some(list) = &mut list else { return Ok(()) };
                part.listed.into_iter().try_for_each(|columns| list.write(columns))
            },
        )?;
        close(self.books.activities, self.costed, &posted);
        table.map(TableWriter::finish).transpose()?;
        list.map(TableWriter::finish).transpose()?;
        order_list.map(TableWriter::finish).transpose()?;
        price_list.map(TableWriter::finish).transpose()?;
        if let (Some(mut profile), Some(orders)) = (profile, orders) {
            profile.write(self.order_profile(&orders, &facts.members(self.index)?).arrays)?;
            profile.finish()?;
        }
        Ok((earned, starts))
    }

    /// No rows, with all columns.
    fn empty(&self, nothing: &[i64]) -> Result<Measures> {
        let rows = PeriodRows::from(self.sources.facts.customer_facts(self.index, 0..0)?);
        let charges = charge(self.books, self.costed, &rows, &[], nothing, &mut |_, _| Ok(()))?;
        Measures::new(rows, charges)
    }

    fn order_profile(&self, cells: &OrderCells, names: &[String]) -> Sheet {
        let dimensions = &self.sources.facts.dimensions;
        cells.sheet(self.context, self.books, self.orders.bands, self.costed.period, dimensions, names)
    }

    fn customer_orders(&self) -> Result<CustomerOrders<'_>> {
        let facts = self.sources.facts;
        Ok(CustomerOrders {
            context: self.context,
            books: self.books,
            bands: self.orders.bands,
            period: self.costed.period,
            dimensions: &facts.dimensions,
            members: facts.members(self.index)?,
        })
    }

    /// Reads the facts of a window, and moves `volumes` past it; with orders, and their keys, if asked.
    fn read(&self, ranks: Range<usize>, volumes: &mut [i64], orders: Option<bool>) -> Result<Window> {
        let Sources { facts, acquisition, .. } = self.sources;
        let acquired = acquisition.of_period(self.index, ranks.clone());
        let (rows, (days, orders)) = rayon::join(
            || facts.customer_facts(self.index, ranks.clone()),
            || {
                let days = self.days.map(|_| facts.day_facts(self.index, ranks.clone())).transpose();
                let orders = orders.map(|with_ids| facts.order_facts(self.index, ranks.clone(), with_ids));
                (days, orders.transpose())
            },
        );
        let (days, orders) = (days?.unwrap_or_default(), orders?);
        let rows = PeriodRows::from(with_rows_for(rows?, &acquired));
        let slices: Vec<Range<usize>> = slices::slices(ranks.clone()).collect();
        let nothing = vec![0; volumes.len()];
        let volumes_of = |slice: &Range<usize>| {
            let rows = rows.of_ranks(slice);
            self.posting(&nothing).skip(&rows.ranks, &rows.aggregates)
        };
        // Collected as results first, so that the first faulty slice is reported, not the fastest.
        let of_slices: Vec<Result<Vec<i64>>> = slices.par_iter().with_max_len(1).map(volumes_of).collect();
        let mut starts = Vec::with_capacity(slices.len());
        for of_slice in of_slices {
            starts.push(volumes.to_vec());
            // Sums beyond 64 bits are refused where the slice is posted.
            volumes.iter_mut().zip(of_slice?).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        }
        Ok(Window { first_rank: ranks.start, rows, acquired, days, orders, starts })
    }

    fn posting(&self, before: &[i64]) -> Posting<'_> {
        Posting::from(self.books.customers, self.books.activities, self.costed, before)
    }

    fn slice(
        &self,
        window: &Window,
        ranks: Range<usize>,
        is_written: bool,
        list: Option<&ActivityRows<'_>>,
        lister: Option<&CustomerOrders<'_>>,
        prices: Option<&CustomerPrices<'_>>,
    ) -> Result<Part> {
        let Sources { facts, channels, .. } = self.sources;
        let known = facts.customers.keys.len();
        let acquired = of_ranks(&window.acquired, &ranks);
        let mut avoidable = self.days.map(|_| Avoidable::new(self.books.activities));
        let mut listed = Vec::new();
        let start = &window.starts[(ranks.start - window.first_rank) / SLICE_CUSTOMERS];
        let rows = window.rows.of_ranks(&ranks);
        let mut orders = window.orders.as_ref().map(|orders| {
            let of_slice = orders_of(orders, &ranks);
            OrderPosting::from(self.orders.costs, self.costed, orders, of_slice, &rows, start)
        });
        let mut priced = prices.map(|prices| prices.columns(&rows));
        let mut each = |ranks: &[u32], posted: &Posted| {
            priced.iter_mut().for_each(|priced| priced.add(posted, ranks.len()));
            avoidable.iter_mut().try_for_each(|avoidable| avoidable.add(ranks.len(), posted))?;
            listed.extend(list.map(|list| list.arrays(ranks, posted)).transpose()?);
            orders.iter_mut().try_for_each(|orders| orders.next(posted, ranks))
        };
        let mut charges = charge(self.books, self.costed, &rows, acquired, start, &mut each)?;
        let posted = std::mem::take(&mut charges.posted);
        let orders = orders.map(OrderPosting::finish);
        let measures = Measures::new(rows, charges)?;
        let (mut cells, mut listed_orders) = (None, None);
        if let Some((facts, posted)) = window.orders.as_ref().zip(orders) {
            let of_slice = orders_of(facts, &ranks);
            let list = |lister: &CustomerOrders<'_>| {
                lister.arrays(facts, of_slice.clone(), &measures.ranks, &posted)
            };
            listed_orders = lister.map(list).transpose()?;
            cells = Some(OrderCells::of(self.orders.bands, facts, of_slice, &posted, &measures));
        }
        let prices = priced.map(|priced| priced.arrays(&measures)).transpose()?;
        let imputed = acquired.iter().map(|(_, cost)| i128::from(*cost)).sum();
        let earned = Earned {
            incomes: channels.incomes(known, &measures, Behaviour::bought),
            totals: CustomerTotals::of(&measures, imputed),
        };
        let identified = ranks.start..ranks.end.min(known);
        if let (Some(days), Some(avoidable), false) = (self.days, avoidable, identified.is_empty()) {
            let last_day = Day(self.costed.period.end().min(facts.as_of).0 - 1);
            let bound = |rank: usize| window.days.ranks.partition_point(|of| (*of as usize) < rank);
            let rows = bound(ranks.start)..bound(ranks.end);
            let of_slice = period_days(&measures, avoidable, &window.days, rows, last_day, known)?;
            days.keep(self.index, &identified, &of_slice)?;
        }
        let columns = is_written.then(|| customer_period(self.context, self.costed.period, &measures).arrays);
        Ok(Part { columns, listed, orders: cells, listed_orders, prices, earned, posted })
    }

    /// The same of orders, whose customers have this recipe.
    fn recipe_of_orders(&self, recipe: &str) -> String {
        let facts = self.sources.facts;
        let (dimensions, bands) = (&facts.dimensions, self.orders.bands);
        format!("{recipe}\n{} {dimensions:?} {bands:?}", facts.digest_of_orders(self.index))
    }
}

/// Begins a partition; none when the current release has the same rows, which are taken over.
fn begin(
    spec: &TableSpec,
    period: Period,
    recipe: &str,
    staging: StageTables<'_>,
) -> Result<Option<TableWriter>> {
    let partition = period.to_string();
    if staging.reuse(spec, Some(&partition), recipe)? {
        return Ok(None);
    }
    Ok(Some(staging.table(spec, Some(&partition))?.with_recipe(recipe)))
}
