//! Measures over each customer's life, added up period by period.

use super::columns::{Values, add_at, combine};
use super::lines::{CostLine, LineCosts, posts};
use super::waterfall::{Books, Held, Measures, Sources, Worth};
use crate::costing::schema::fits;
use crate::error::{Error, Result};
use crate::facts::schema::NO_INSTANT;
use std::ops::Range;

/// Running sums of consecutive customers. Only what cannot be derived at the end is kept; volumes can not, for policies
/// and fallback drivers are not linear.
#[derive(Debug)]
pub(crate) struct Lifetime {
    ranks: Range<usize>,
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

impl Lifetime {
    /// Nothing yet, of the customers of these ranks.
    pub(crate) fn new(books: &Books<'_>, ranks: Range<usize>) -> Self {
        let customers = ranks.len();
        let zeros = |columns: usize| vec![vec![0; customers]; columns];
        let activities = activity_columns(books);
        let lines = CostLine::ALL.into_iter().filter(|line| books.lines.has(*line));
        Self {
            ranks,
            sums: zeros(ADDITIVE.len()),
            volumes: zeros(activities),
            costs: zeros(activities),
            lines: lines.map(|line| (line, vec![0; customers])).collect(),
            first_order_at: vec![NO_INSTANT; customers],
            last_order_at: vec![NO_INSTANT; customers],
        }
    }

    /// Adds one period, which must follow those already added.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub(crate) fn add(&mut self, measures: &Measures) -> Result<()> {
        let (first, ranks) = (self.ranks.start, &measures.ranks[..]);
        for (sums, (name, of)) in self.sums.iter_mut().zip(ADDITIVE) {
            add_at(name, sums, first, ranks, of(measures))?;
        }
        for (sums, values) in self.volumes.iter_mut().zip(&measures.volumes) {
            add_at("driver volume", sums, first, ranks, values)?;
        }
        for (sums, values) in self.costs.iter_mut().zip(&measures.costs) {
            add_at("cost", sums, first, ranks, values)?;
        }
        for (line, sums) in &mut self.lines {
            add_at(line.column(), sums, first, ranks, measures.worth.line(*line))?;
        }
        self.follow(measures);
        Ok(())
    }

    /// Takes over the first instants of those who have none yet, and the last ones of all who have one in the period.
    fn follow(&mut self, measures: &Measures) {
        let instants = measures.first_order_at.iter().zip(measures.last_order_at.iter());
        let rows = measures.ranks.iter().zip(instants);
        for (rank, (first, last)) in rows.filter(|(_, (_, last))| **last != NO_INSTANT) {
            let row = *rank as usize - self.ranks.start;
            if self.first_order_at[row] == NO_INSTANT {
                self.first_order_at[row] = *first;
            }
            self.last_order_at[row] = *last;
        }
    }

    /// The measures of whole lives, one row per rank; `openings` is acquisition cost in no period.
    ///
    /// # Errors
    /// A value beyond 18 digits.
    pub(crate) fn finish(self, lifetime_orders: Vec<i64>, openings: Vec<i64>) -> Result<Life> {
        let customers = self.ranks.len();
        assert_eq!(lifetime_orders.len(), customers, "lifetime orders of every customer");
        let mut lines = LineCosts::new(self.lines);
        lines.add(CostLine::Acquisition, &openings)?;
        let mut sums = self.sums.into_iter();
        let sums: [Vec<i64>; ADDITIVE.len()] =
            std::array::from_fn(|_| sums.next().expect("one column per additive measure"));
        let [lines_sold, period_orders, active_days, units, returned_units, list, discount, returns, cost] =
            sums.map(Values::from);
        let orders = Values::from(lifetime_orders);
        let orders_over_periods = combine("orders_over_periods", customers, &[&period_orders], &[&orders])?;
        let observed = Observed {
            lines: lines_sold,
            orders,
            active_days,
            units,
            returned_units,
            list_revenue: list,
            discount,
            returns,
            product_cost: cost,
            first_order_at: self.first_order_at.into(),
            last_order_at: self.last_order_at.into(),
            orders_over_periods,
            opening_acquisition_cost: openings.into(),
        };
        let volumes = checked("driver volume", self.volumes)?;
        Life::derive(&self.ranks, observed, lines, volumes, checked("cost", self.costs)?)
    }
}

/// Activities that have columns of their own.
fn activity_columns(books: &Books<'_>) -> usize {
    match books.held {
        Held::Columns => books.activities.iter().filter(|activity| posts(activity)).count(),
        Held::Slices(_) => 0,
    }
}

/// Columns whose values all have at most 18 digits.
fn checked(name: &str, columns: Vec<Vec<i64>>) -> Result<Vec<Values>> {
    if columns.iter().all(|column| fits(column)) {
        return Ok(columns.into_iter().map(Values::from).collect());
    }
    Err(Error::check(format!("profitability: a {name} over life exceeds 18 digits; lower its scale")))
}

/// The whole lives of consecutive customers.
#[derive(Debug)]
pub(crate) struct Life {
    /// One row per rank.
    pub(crate) measures: Measures,
    /// Σ orders of periods − lifetime orders.
    pub(crate) orders_over_periods: Values,
    /// Of the acquisition cost, what lies before the history.
    pub(crate) opening_acquisition_cost: Values,
}

/// What a life is derived from, costs aside.
struct Observed {
    lines: Values,
    orders: Values,
    active_days: Values,
    units: Values,
    returned_units: Values,
    list_revenue: Values,
    discount: Values,
    returns: Values,
    product_cost: Values,
    first_order_at: Values,
    last_order_at: Values,
    orders_over_periods: Values,
    opening_acquisition_cost: Values,
}

/// Columns of [`Observed`].
const OBSERVED: usize = 13;

impl Life {
    fn derive(
        ranks: &Range<usize>,
        observed: Observed,
        lines: LineCosts,
        volumes: Vec<Values>,
        costs: Vec<Values>,
    ) -> Result<Self> {
        let sources = Sources {
            list_revenue: &observed.list_revenue,
            discount: &observed.discount,
            returns: &observed.returns,
            product_cost: &observed.product_cost,
        };
        let worth = Worth::derive(sources, lines)?;
        let rank = |rank: usize| u32::try_from(rank).expect("ranks fit 32 bits");
        let measures = Measures {
            ranks: ranks.clone().map(rank).collect(),
            lines: observed.lines,
            orders: observed.orders,
            active_days: observed.active_days,
            units: observed.units,
            returned_units: observed.returned_units,
            list_revenue: observed.list_revenue,
            discount: observed.discount,
            returns: observed.returns,
            product_cost: observed.product_cost,
            first_order_at: observed.first_order_at,
            last_order_at: observed.last_order_at,
            volumes,
            costs,
            worth,
        };
        let Observed { orders_over_periods, opening_acquisition_cost, .. } = observed;
        Ok(Self { measures, orders_over_periods, opening_acquisition_cost })
    }

    /// The columns that a life is derived from, for [`Life::restored`].
    pub(crate) fn columns<'l>(&'l self, books: &Books<'_>) -> Vec<&'l [i64]> {
        let measures = &self.measures;
        let observed: [&Values; OBSERVED] = [
            &measures.lines,
            &measures.orders,
            &measures.active_days,
            &measures.units,
            &measures.returned_units,
            &measures.list_revenue,
            &measures.discount,
            &measures.returns,
            &measures.product_cost,
            &measures.first_order_at,
            &measures.last_order_at,
            &self.orders_over_periods,
            &self.opening_acquisition_cost,
        ];
        let lines = CostLine::ALL.into_iter().filter(|line| books.lines.has(*line));
        let lines = lines.map(|line| measures.worth.line(line));
        let columns = observed.into_iter().chain(lines).chain(&measures.volumes).chain(&measures.costs);
        columns.map(|column| &column[..]).collect()
    }

    /// The lives of these customers, from [`Life::columns`].
    ///
    /// # Errors
    /// What `column` returns.
    pub(crate) fn restored(
        books: &Books<'_>,
        ranks: &Range<usize>,
        mut column: impl FnMut(usize) -> Result<Vec<i64>>,
    ) -> Result<Self> {
        let mut number = 0;
        let mut next = || {
            number += 1;
            column(number - 1).map(Values::from)
        };
        let observed = Observed {
            lines: next()?,
            orders: next()?,
            active_days: next()?,
            units: next()?,
            returned_units: next()?,
            list_revenue: next()?,
            discount: next()?,
            returns: next()?,
            product_cost: next()?,
            first_order_at: next()?,
            last_order_at: next()?,
            orders_over_periods: next()?,
            opening_acquisition_cost: next()?,
        };
        let mut lines = Vec::new();
        for line in CostLine::ALL.into_iter().filter(|line| books.lines.has(*line)) {
            lines.push((line, next()?));
        }
        let activities = activity_columns(books);
        let volumes = (0..activities).map(|_| next()).collect::<Result<_>>()?;
        let costs = (0..activities).map(|_| next()).collect::<Result<_>>()?;
        Self::derive(ranks, observed, LineCosts::new(lines), volumes, costs)
    }
}
