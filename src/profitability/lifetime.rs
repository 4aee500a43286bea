//! Measures over each customer's life, added up period by period.

use super::acquisition::Acquisition;
use super::columns::{Values, add_at, combine};
use super::lines::{CostLine, LineCosts, posts};
use super::waterfall::{Books, Held, Measures, Sources, Worth};
use crate::costing::schema::fits;
use crate::error::{Error, Result};
use crate::facts::schema::NO_INSTANT;
use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;

/// Running sums by rank. Only what cannot be derived at the end is kept; volumes can not, for policies and fallback
/// drivers are not linear.
#[derive(Debug)]
pub(crate) struct Lifetime {
    /// Additive measures, in the order of `ADDITIVE`.
    sums: Vec<Vec<i64>>,
    /// By posting activity, where columns of activities are held.
    volumes: Vec<Vec<i64>>,
    costs: Vec<Vec<i64>>,
    /// The lines of the run.
    lines: Vec<(CostLine, Vec<i64>)>,
    first_order_at: Vec<i64>,
    last_order_at: Vec<i64>,
}

/// Name of a measure, and the measure.
type Additive = (&'static str, fn(&Measures) -> &Values);

/// Measures that add up over periods. Orders add up to the orders of all periods, which may exceed those of life.
const ADDITIVE: [Additive; 9] = [
    ("lines", |measures| &measures.lines),
    ("orders", |measures| &measures.orders),
    ("active_days", |measures| &measures.active_days),
    ("units", |measures| &measures.units),
    ("returned_units", |measures| &measures.returned_units),
    ("list_revenue", |measures| &measures.list_revenue),
    ("discount", |measures| &measures.discount),
    ("returns", |measures| &measures.returns),
    ("product_cost", |measures| &measures.product_cost),
];

/// Takes over the first instants of those who have none yet, and the last ones of all who have one in the period.
fn follow(firsts: &mut [i64], lasts: &mut [i64], measures: &Measures) {
    let instants = measures.first_order_at.iter().zip(measures.last_order_at.iter());
    for (rank, (first, last)) in
        measures.ranks.iter().zip(instants).filter(|(_, (_, last))| **last != NO_INSTANT)
    {
        let known = &mut firsts[*rank as usize];
        if *known == NO_INSTANT {
            *known = *first;
        }
        lasts[*rank as usize] = *last;
    }
}

impl Lifetime {
    pub(crate) fn new(books: &Books<'_>, customers: usize) -> Self {
        let zeros = |columns: usize| vec![vec![0; customers]; columns];
        let activities = match books.held {
            Held::Columns => books.activities.iter().filter(|activity| posts(activity)).count(),
            Held::Slices(_) => 0,
        };
        let lines = CostLine::ALL.into_iter().filter(|line| books.lines.has(*line));
        Self {
            sums: zeros(ADDITIVE.len()),
            volumes: zeros(activities),
            costs: zeros(activities),
            lines: lines.map(|line| (line, vec![0; customers])).collect(),
            first_order_at: vec![NO_INSTANT; customers],
            last_order_at: vec![NO_INSTANT; customers],
        }
    }

    /// Adds one period, which must follow those already added.
    pub(crate) fn add(&mut self, measures: &Measures) -> Result<()> {
        let ranks = &measures.ranks[..];
        let own = self.sums.iter_mut().zip(ADDITIVE).map(|(sums, (name, of))| (name, sums, of(measures)));
        let volumes = self.volumes.iter_mut().zip(&measures.volumes);
        let volumes = volumes.map(|(sums, values)| ("driver volume", sums, values));
        let costs = self.costs.iter_mut().zip(&measures.costs).map(|(sums, values)| ("cost", sums, values));
        let worth = &measures.worth;
        let lines = self.lines.iter_mut().map(|(line, sums)| (line.column(), sums, worth.line(*line)));
        let jobs: Vec<_> = own.chain(volumes).chain(costs).chain(lines).collect();
        let add = |(name, sums, values): (_, &mut Vec<i64>, &Values)| add_at(name, sums, ranks, values);
        let (firsts, lasts) = (&mut self.first_order_at, &mut self.last_order_at);
        let (added, ()) = rayon::join(
            || jobs.into_par_iter().map(add).collect::<Vec<Result<()>>>(),
            || follow(firsts, lasts, measures),
        );
        added.into_iter().collect()
    }

    /// The measures of whole lives, one row per rank.
    pub(crate) fn finish(self, lifetime_orders: Vec<i64>, acquisition: &Acquisition) -> Result<Life> {
        let customers = self.first_order_at.len();
        assert_eq!(lifetime_orders.len(), customers, "lifetime orders of every customer");
        let mut opening = vec![0; customers];
        for &(rank, cost) in &acquisition.opening {
            opening[rank as usize] = cost;
        }
        let mut sums = self.sums.into_iter().map(Values::from);
        let mut next = || sums.next().expect("one column per additive measure");
        let (lines, period_orders, active_days, units, returned_units) =
            (next(), next(), next(), next(), next());
        let (list_revenue, discount, returns, product_cost) = (next(), next(), next(), next());
        let sources = Sources {
            list_revenue: &list_revenue,
            discount: &discount,
            returns: &returns,
            product_cost: &product_cost,
        };
        let mut borne = LineCosts::new(self.lines);
        borne.add(CostLine::Acquisition, &opening)?;
        let worth = Worth::derive(sources, borne)?;
        let orders = ScalarBuffer::from(lifetime_orders);
        let orders_over_periods = combine("orders_over_periods", customers, &[&period_orders], &[&orders])?;
        let measures = Measures {
            ranks: (0..u32::try_from(customers).expect("ranks fit 32 bits")).collect(),
            lines,
            orders,
            active_days,
            units,
            returned_units,
            list_revenue,
            discount,
            returns,
            product_cost,
            first_order_at: self.first_order_at.into(),
            last_order_at: self.last_order_at.into(),
            volumes: checked("driver volume", self.volumes)?,
            costs: checked("cost", self.costs)?,
            worth,
        };
        Ok(Life { measures, orders_over_periods, opening_acquisition_cost: opening.into() })
    }
}

/// Columns whose values all have at most 18 digits.
fn checked(name: &str, columns: Vec<Vec<i64>>) -> Result<Vec<Values>> {
    if columns.iter().all(|column| fits(column)) {
        return Ok(columns.into_iter().map(Values::from).collect());
    }
    Err(Error::check(format!("profitability: a {name} over life exceeds 18 digits; lower its scale")))
}

/// Every customer's whole life.
#[derive(Debug)]
pub(crate) struct Life {
    /// One row per rank.
    pub(crate) measures: Measures,
    /// Σ orders of periods − lifetime orders.
    pub(crate) orders_over_periods: Values,
    /// Of the acquisition cost, what lies before the history.
    pub(crate) opening_acquisition_cost: Values,
}
