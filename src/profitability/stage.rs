//! The stage: a walk over the periods, a walk over lives, and from them every customer table.

use super::acquisition::Acquisition;
use super::bridges::Bridges;
use super::channels::Channels;
use super::classes::{Cuts, Standing, top_fifth};
use super::customer_totals::CustomerTotals;
use super::group_books::GroupBooks;
use super::hierarchy;
use super::lifetime::Life;
use super::lines::{Lines, posts};
use super::lives::{self, Lives};
use super::matrix_walk::MatrixWalk;
use super::members::check_members;
use super::order_bands::OrderBands;
use super::order_costs::OrderCosts;
use super::periods::{Extras, OrderBook, customer_periods};
use super::price_lines::PriceLines;
use super::published_change::PublishedChange;
use super::reconciliation::Reconciliation;
use super::table_context::TableContext;
use super::tables::customer;
use super::unbought::Unbought;
use super::waterfall::{Books, Held};
use super::whale::{WhaleCurve, WhaleCurveBuilder};
use crate::costing::schema::Costing;
use crate::customers::history::CustomerHistory;
use crate::customers::ranking::Ranking;
use crate::customers::slices::in_order;
use crate::error::Result;
use crate::facts::FactSet;
use crate::memory::Memory;
use crate::pipeline::{Definition, UnusedCapacity};
use crate::publish::{StageTables, TableFormat};
use crate::units::Period;

/// What the run's summary says of customers.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Customers with a sale line or a return line.
    pub customers: usize,
    /// Customers in any source without either.
    pub prospects: usize,
    /// Customer profit of prospects, mostly their cost; part of `profit`.
    pub prospect_profit: i128,
    /// Customer profit of all customers and the unidentified cost object over life.
    pub profit: i128,
    /// Customer profit by period.
    pub profit_by_period: Vec<i128>,
    /// Share of customer profit earned by the best 20 % of customers; none when it is not above 0.
    pub top_20_share: Option<f64>,
    /// Customers who returned more than they bought, if any.
    pub unbought: Option<Unbought>,
    /// Customers with acquisition cost in no period of the history, which is charged to their lives only, and its sum.
    pub opening: (usize, i128),
    /// What a person should know of acquisition cost.
    pub warning: Option<String>,
}

/// Makes and stages every profitability table. Returns the customers' history too, where it is wanted.
///
/// # Errors
/// An activity of an unknown channel or product group, a negative driver volume, a number beyond 18 digits, a statement that does not close, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    is_history_wanted: bool,
    memory: &Memory,
    staging: StageTables<'_>,
) -> Result<(Summary, Option<CustomerHistory>)> {
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let context = TableContext { format, customers: &facts.customers, activities: &costing.activities };
    let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
    let master = facts.master.as_ref();
    let (acquisition, channels) =
        rayon::join(|| Acquisition::place(master, &periods, facts.as_of), || Channels::new(master));
    let channels = channels?;
    check_members(definition, &channels, &facts.groups)?;
    let books = books(definition, facts, costing);
    let sources = Sources { facts, costing, acquisition: &acquisition, channels: &channels };
    let bands = OrderBands::of(definition)?;
    let order_costs = OrderCosts::new(&costing.activities, &facts.order_aggregates);
    let prices = PriceLines::of(definition, costing, &facts.aggregates);
    let extras = Extras {
        is_listed: definition.publish.customer_activity || books.held != Held::Columns,
        days: is_history_wanted,
        orders: OrderBook {
            are_listed: definition.publish.customer_order,
            bands: &bands,
            costs: &order_costs,
        },
        prices: prices.as_ref().filter(|_| definition.publish.customer_price),
    };
    let walked = customer_periods(context, &books, sources, extras, memory, staging)?;
    let (lives, sums) = lives::walk(&books, sources, &walked.starts, facts.volume_scale, memory)?;
    let totals: Vec<CustomerTotals> = walked.earned.iter().map(|earned| earned.totals).collect();
    let steps = hierarchy::steps(costing, &channels, &walked.earned, &sums.earned);
    let (standing, curve) = rank(definition, facts.money_scale, sums.ranking)?;
    customers(context, &lives, &standing, facts, staging)?;
    let starts = &walked.starts;
    Bridges { definition, context, books: &books, sources, starts, lives: &lives }.write(memory, staging)?;
    let mut statement = Reconciliation::new(costing, &totals, sums.earned.totals, &acquisition);
    let totals_of_periods: Vec<(Period, CustomerTotals)> =
        periods.iter().copied().zip(totals.clone()).collect();
    statement.add_bridges(&PublishedChange::read(staging)?, &totals_of_periods);
    drop(lives);
    let matrix = MatrixWalk { definition, context, facts, costing, prices: prices.as_ref() };
    let waterfalls = matrix.write(&sums.worth, &standing, staging)?;
    if let Some(prices) = &prices {
        statement.add_prices(prices, &waterfalls, &totals, sums.earned.totals);
    }
    if let Some(books) = GroupBooks::of(&definition.facts.transactions, facts) {
        books.write(format, &mut statement, &totals_of_periods, staging)?;
    }
    statement.verify(facts.money_scale)?;
    let curves = [curve.sheet(format), curve.summary(format, &sums.rest)];
    let statements = statement.sheets(format).into_iter().chain(hierarchy::sheets(format, &steps));
    for sheet in curves.into_iter().chain(statements) {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    let summary = Summary {
        customers: curve.customers(),
        prospects: sums.prospects,
        prospect_profit: sums.rest.prospects,
        profit: sums.earned.totals.customer_profit,
        profit_by_period: totals.iter().map(|totals| totals.customer_profit).collect(),
        top_20_share: curve.top(200).2,
        unbought: sums.unbought,
        opening: (acquisition.opening_customers, acquisition.opening),
        warning: acquisition.warning(format),
    };
    let history = walked.days.map(|days| CustomerHistory {
        days,
        worth: sums.worth,
        recipes: (0..periods.len()).map(|period| sources.digest_of_days(period)).collect(),
    });
    Ok((summary, history))
}

/// Ranks customers, or groups of them, by profit, and draws the whale curve on the way.
///
/// # Errors
/// A disk that fails, a break-even with more digits than money.
pub(crate) fn rank(
    definition: &Definition,
    money_scale: u8,
    ranking: Ranking,
) -> Result<(Standing, WhaleCurve)> {
    let mut curve = WhaleCurveBuilder::new(ranking.len());
    let last_of_top_fifth = top_fifth(ranking.len());
    let (mut met, mut top) = (0, None);
    let places = ranking.finish(|profit| {
        curve.add(profit);
        met += 1;
        if met == last_of_top_fifth {
            top = Some(i128::from(profit));
        }
    })?;
    let cuts = Cuts::declared(definition.profitability.as_ref(), money_scale, top)?;
    Ok((Standing { places, cuts }, curve.finish()))
}

/// Writes `customer`.
fn customers(
    context: TableContext<'_>,
    lives: &Lives<'_>,
    standing: &Standing,
    facts: &FactSet,
    staging: StageTables<'_>,
) -> Result<()> {
    let sheet = |life: &Life| customer(context, life, standing, facts.master.as_ref());
    let spec = sheet(&lives.empty()?)?.spec;
    let mut writer = staging.table(&spec, Some(&facts.as_of.to_string()))?;
    in_order(
        0..facts.customers.len(),
        |ranks| Ok(sheet(&lives.slice(&ranks)?)?.arrays),
        |arrays| writer.write(arrays),
    )?;
    writer.finish()
}

/// What the customer tables are made from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'r> {
    pub(crate) facts: &'r FactSet,
    pub(crate) costing: &'r Costing,
    pub(crate) acquisition: &'r Acquisition<'r>,
    pub(crate) channels: &'r Channels,
}

/// Activities beyond which `customer_period` has no columns of single activities.
const ACTIVITY_COLUMNS: usize = 40;

/// Volumes held at a time where columns of activities are not held.
const SLICE_CELLS: usize = 1 << 21;

/// Whether so many activities have columns of their own; of more, `customer_activity` has rows.
pub(crate) fn has_activity_columns(activities: usize) -> bool {
    activities <= ACTIVITY_COLUMNS
}

/// Whether customers are charged unused capacity.
pub(crate) fn is_unused_charged(definition: &Definition) -> bool {
    let mut resources = definition.costing.iter().flat_map(|costing| &costing.resources);
    resources.any(|resource| {
        resource.capacity.as_ref().is_some_and(|capacity| capacity.unused == UnusedCapacity::Proportional)
    })
}

fn books<'r>(definition: &Definition, facts: &'r FactSet, costing: &'r Costing) -> Books<'r> {
    let activities = costing.activities.iter().filter(|activity| posts(activity)).count();
    Books {
        customers: &facts.customers,
        activities: &costing.activities,
        lines: Lines::new(&costing.activities, is_unused_charged(definition)),
        held: match has_activity_columns(activities) {
            true => Held::Columns,
            false => Held::Slices((SLICE_CELLS / activities).max(1)),
        },
    }
}
