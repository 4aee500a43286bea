//! The stage: one pass over the periods' facts makes every customer table.

use super::acquisition::Acquisition;
use super::channels::Channels;
use super::classes::Standing;
use super::customer_totals::CustomerTotals;
use super::hierarchy::{self, Earned};
use super::lifetime::Life;
use super::lines::{CostLine, Lines, posts};
use super::members::check_members;
use super::periods::{Beside, Lived, customer_periods};
use super::product::{Slice, add_group_totals, cost_columns, merge, slices, slices_of_window};
use super::product_cost::{ProductPeriod, UnitCosts, Walk};
use super::product_groups::{self, Groups};
use super::product_tables::customer_product;
use super::reconciliation::Reconciliation;
use super::tables::{Layout, customer};
use super::unbought::{Unbought, unbought};
use super::waterfall::{Books, Held, Measures};
use super::whale::{Rest, WhaleCurve};
use crate::costing::schema::{Activity, Costing};
use crate::customers::history::{CustomerDays, CustomerHistory};
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::measures::GROUP_MEASURES;
use crate::memory::Memory;
use crate::pipeline::{Definition, UnusedCapacity};
use crate::publish::Staging;
use crate::units::Period;
use rayon::prelude::*;
use std::ops::Range;

/// What the run's summary says of customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Customers with a sale line or a return line.
    pub customers: usize,
    /// Customers in any source without either.
    pub prospects: usize,
    /// Customer profit of prospects, mostly their cost; part of `profit`.
    pub prospect_profit: i128,
    /// Customer profit of all customers and the unidentified cost object over life.
    pub profit: i128,
    /// Share of customer profit earned by the best 20 % of customers; none when it is not above 0.
    pub top_20_share: Option<f64>,
    /// Customers who returned more than they bought, if any.
    pub unbought: Option<Unbought>,
    /// Customers with acquisition cost in no period of the history, which is charged to their lives only, and its sum.
    pub opening: (usize, i128),
    /// What a person should know of acquisition cost.
    pub warning: Option<String>,
}

/// Makes and stages every profitability table. Returns the customers' history too, where a later room wants it.
///
/// # Errors
/// An activity of an unknown channel or product group, a negative driver volume, a number beyond 18 digits, a statement that does not close, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    memory: &Memory,
    staging: &Staging,
) -> Result<(Summary, Option<CustomerHistory>)> {
    let layout = layout(definition, facts, costing);
    let as_of = facts.as_of.to_string();
    let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
    let master = facts.master.as_ref();
    let (acquisition, channels) =
        rayon::join(|| Acquisition::place(master, &periods, facts.as_of), || Channels::new(master));
    let channels = channels?;
    check_members(definition, &channels, &facts.groups)?;
    let books = books(definition, facts, costing);
    let sources = Sources { facts, costing, acquisition: &acquisition, channels: &channels };
    let beside = Beside {
        is_listed: definition.publish.customer_activity || books.held != Held::Columns,
        days: definition.wants_days(),
    };
    let Lived { life, earned, days } = customer_periods(&layout, &books, sources, beside, memory, staging)?;
    let lives = lives(&life, facts, &channels, &acquisition);
    let totals: Vec<CustomerTotals> = earned.iter().map(|earned| earned.totals).collect();
    let statement = Reconciliation::new(costing, &totals, lives.totals, &acquisition);
    statement.verify(facts.money_scale)?;
    let steps = hierarchy::steps(costing, &channels, &earned, &lives);
    let is_customer: Vec<bool> =
        (0..life.measures.ranks.len()).map(|row| life.measures.bought_or_returned(row)).collect();
    let standing = Standing::new(
        definition.profitability.as_ref(),
        facts.money_scale,
        facts.customers.keys.len(),
        &is_customer,
        &life.measures.worth.customer_profit,
    )?;
    let curve = WhaleCurve::new(&standing.profits);
    let rest = Rest::new(&standing, facts.customers.keys.len(), &life.measures.worth.customer_profit);
    let sheet = customer(&layout, &life, &standing, facts.master.as_ref())?;
    let unbought = unbought(&layout, &life.measures, facts.volume_scale);
    let history = days.map(|days| history(&life, days));
    drop(life);
    staging.put(&sheet.spec, Some(&as_of), sheet.arrays)?;
    products(definition, &layout, facts, costing, &standing, staging)?;
    let statement = [statement.sheet(&layout), hierarchy::sheet(&layout, &steps)];
    for sheet in [curve.sheet(&layout), curve.summary(&layout, &rest)].into_iter().chain(statement) {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    let summary = Summary {
        customers: curve.customers(),
        prospects: standing.is_prospect.iter().filter(|is_prospect| **is_prospect).count(),
        prospect_profit: rest.prospects,
        profit: lives.totals.customer_profit,
        top_20_share: curve.top(20, 100).2,
        unbought,
        opening: (acquisition.opening.len(), acquisition.opening_total()),
        warning: acquisition.warning(&layout),
    };
    Ok((summary, history))
}

fn history(life: &Life, days: CustomerDays) -> CustomerHistory {
    let worth = &life.measures.worth;
    CustomerHistory {
        days,
        profit: worth.customer_profit.clone(),
        acquisition_cost: worth.line(CostLine::Acquisition).clone(),
    }
}

/// What the customer tables are made from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'r> {
    pub(crate) facts: &'r FactSet,
    pub(crate) costing: &'r Costing,
    pub(crate) acquisition: &'r Acquisition,
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

fn lives(life: &Life, facts: &FactSet, channels: &Channels, acquisition: &Acquisition) -> Earned {
    let imputed = acquisition.opening_total() + acquisition.placed_total();
    Earned {
        incomes: channels.incomes(facts.customers.keys.len(), &life.measures, Measures::bought_or_returned),
        totals: CustomerTotals::of(&life.measures, imputed),
    }
}

fn layout<'r>(definition: &'r Definition, facts: &'r FactSet, costing: &'r Costing) -> Layout<'r> {
    Layout {
        customers: &facts.customers,
        activities: &costing.activities,
        currency: &definition.facts.currency,
        money_scale: facts.money_scale,
        volume_scale: facts.volume_scale,
        as_of: facts.as_of,
    }
}

/// Sums of measures, by product group.
type GroupTotals = Vec<[i128; GROUP_MEASURES]>;

/// What must be known of all cells before any is published: sums by group, and what posting a slice starts from, by
/// period. Periods are read one by one, so few are held at a time.
fn product_totals(
    facts: &FactSet,
    costs: &UnitCosts<'_>,
    slices: &[Range<usize>],
) -> Result<(GroupTotals, Vec<Vec<Walk>>)> {
    let groups = facts.groups.len();
    let of_period = |period: usize| {
        let cells = ProductPeriod::new(facts.product_facts(period, ..)?);
        let mut totals = vec![[0_i128; GROUP_MEASURES]; groups];
        add_group_totals(&mut totals, &cells.facts);
        Ok((totals, costs.walk(period, &cells, slices, groups)?))
    };
    let periods = (0..facts.periods.len()).into_par_iter().with_max_len(1).map(of_period);
    let mut totals = vec![[0; GROUP_MEASURES]; groups];
    let mut walks = Vec::with_capacity(facts.periods.len());
    for (of_period, walk) in periods.collect::<Result<Vec<_>>>()? {
        totals.iter_mut().flatten().zip(of_period.iter().flatten()).for_each(|(sum, more)| *sum += more);
        walks.push(walk);
    }
    Ok((totals, walks))
}

fn products(
    definition: &Definition,
    layout: &Layout<'_>,
    facts: &FactSet,
    costing: &Costing,
    standing: &Standing,
    staging: &Staging,
) -> Result<()> {
    let names = &facts.groups;
    let slices = slices(facts.customers.len(), names.len());
    let mut costs = UnitCosts::new(costing, &facts.line_aggregates);
    let (totals, walks) = product_totals(facts, &costs, &slices)?;
    let of_group = costs.start_from(&walks, slices.len(), names.len());
    let activities: Vec<&Activity> = costs.activities().collect();
    let of_group = (!activities.is_empty()).then_some(of_group);
    let totals = product_groups::totals(costing, names, totals, of_group);
    let profitability = definition.profitability.as_ref();
    let mut groups = Groups::new(profitability, facts.money_scale, names, totals)?;
    let known = facts.customers.keys.len();
    let empty = Slice::empty(cost_columns(activities.len()));
    let spec = customer_product(layout, &groups, standing, &activities, empty)?.spec;
    let mut writer = staging.table(&spec, Some(&facts.as_of.to_string()))?;
    let mut buyers = vec![0; names.len()];
    let window = slices_of_window(names.len());
    for (number, window) in (0..).step_by(window).zip(slices.chunks(window)) {
        let ranks = window[0].start..window[window.len() - 1].end;
        let read = |period| facts.product_facts(period, ranks.clone()).map(ProductPeriod::new);
        let periods = (0..facts.periods.len()).into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
        merge(
            &periods,
            number,
            window,
            names.len(),
            &costs,
            |slice| {
                let bought = groups.count(&slice, known);
                Ok((bought, customer_product(layout, &groups, standing, &activities, slice)?.arrays))
            },
            |(bought, arrays)| {
                buyers.iter_mut().zip(bought).for_each(|(sum, count)| *sum += count);
                writer.write(arrays)
            },
        )?;
    }
    writer.finish()?;
    groups.customers = buyers;
    let own = if cost_columns(activities.len()) == activities.len() { activities } else { vec![] };
    let sheet = groups.sheet(layout, &own);
    staging.put(&sheet.spec, None, sheet.arrays)
}
