//! Measures over each customer's life, added up period by period.

use super::behaviour::{ADDITIVE, Behaviour, MEASURES};
use super::columns::{Values, add_at, combine};
use super::lines::{CostLine, LineCosts, posts};
use super::period_rows::PeriodRows;
use super::waterfall::{Books, Charges, Held, Measures, Worth};
use crate::error::{Error, Result};
use crate::facts::schema::NO_INSTANT;
use crate::units::Fixed18;
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
    /// Number of the first period with a sale line, among those added; -1: none.
    pub(crate) first_periods: Vec<i64>,
    added: i64,
}

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
            first_periods: vec![-1; customers],
            added: 0,
        }
    }

    /// Adds one period, which must follow those already added.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub(crate) fn add(&mut self, rows: &PeriodRows, charges: &Charges) -> Result<()> {
        let (first, ranks) = (self.ranks.start, &rows.ranks[..]);
        for ((sums, name), values) in self.sums.iter_mut().zip(ADDITIVE).zip(rows.behaviour.columns()) {
            add_at(name, sums, first, ranks, values)?;
        }
        for (sums, values) in self.volumes.iter_mut().zip(&charges.volumes) {
            add_at("driver volume", sums, first, ranks, values)?;
        }
        for (sums, values) in self.costs.iter_mut().zip(&charges.costs) {
            add_at("cost", sums, first, ranks, values)?;
        }
        for (line, sums) in &mut self.lines {
            let values = charges.lines.get(*line).expect("every line of the run is charged");
            add_at(line.column(), sums, first, ranks, values)?;
        }
        self.follow(rows);
        Ok(())
    }

    /// Takes over the first instants of those who have none yet, and the last ones of all who have one in the period.
    fn follow(&mut self, rows: &PeriodRows) {
        let instants = rows.behaviour.first_order_at.iter().zip(rows.behaviour.last_order_at.iter());
        let rows = rows.ranks.iter().zip(instants);
        for (rank, (first, last)) in rows.filter(|(_, (_, last))| **last != NO_INSTANT) {
            let row = *rank as usize - self.ranks.start;
            if self.first_order_at[row] == NO_INSTANT {
                self.first_order_at[row] = *first;
                self.first_periods[row] = self.added;
            }
            self.last_order_at[row] = *last;
        }
        self.added += 1;
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
        let instants = [self.first_order_at, self.last_order_at];
        let mut columns = self.sums.into_iter().chain(instants).map(Values::from);
        let mut behaviour =
            Behaviour::of(std::array::from_fn(|_| columns.next().expect("a column of each measure")));
        let orders_of_periods = std::mem::replace(&mut behaviour.orders, lifetime_orders.into());
        let orders_over_periods =
            combine("orders_over_periods", customers, &[&orders_of_periods], &[&behaviour.orders])?;
        let own = [orders_over_periods, openings.into()];
        let volumes = checked("driver volume", self.volumes)?;
        Life::derive(&self.ranks, behaviour, own, lines, volumes, checked("cost", self.costs)?)
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
    if columns.iter().all(|column| Fixed18::holds(column)) {
        return Ok(columns.into_iter().map(Values::from).collect());
    }
    Err(Error::too_many_digits(format!("profitability: a {name} over life")))
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

impl Life {
    fn derive(
        ranks: &Range<usize>,
        behaviour: Behaviour,
        [orders_over_periods, opening_acquisition_cost]: [Values; 2],
        lines: LineCosts,
        volumes: Vec<Values>,
        costs: Vec<Values>,
    ) -> Result<Self> {
        let worth = Worth::derive(&behaviour, lines)?;
        let rank = |rank: usize| u32::try_from(rank).expect("ranks fit 32 bits");
        let ranks = ranks.clone().map(rank).collect();
        let measures = Measures { ranks, behaviour, volumes, costs, worth };
        Ok(Self { measures, orders_over_periods, opening_acquisition_cost })
    }

    /// The columns that a life is derived from, for [`Life::restored`].
    pub(crate) fn columns<'l>(&'l self, books: &Books<'_>) -> Vec<&'l [i64]> {
        let measures = &self.measures;
        let own = [&self.orders_over_periods, &self.opening_acquisition_cost];
        let lines = CostLine::ALL.into_iter().filter(|line| books.lines.has(*line));
        let lines = lines.map(|line| measures.worth.line(line));
        let observed = measures.behaviour.columns().into_iter().chain(own);
        let columns = observed.chain(lines).chain(&measures.volumes).chain(&measures.costs);
        columns.map(|column| &column[..]).collect()
    }

    /// The lives of these customers, from [`Life::columns`].
    ///
    /// # Errors
    /// What `column` returns.
    pub(crate) fn restored(
        books: &Books<'_>,
        ranks: &Range<usize>,
        column: impl Fn(usize) -> Result<Vec<i64>>,
    ) -> Result<Self> {
        let lines: Vec<CostLine> = CostLine::ALL.into_iter().filter(|line| books.lines.has(*line)).collect();
        let activities = activity_columns(books);
        let count = MEASURES + 2 + lines.len() + 2 * activities;
        let columns = (0..count).map(|number| column(number).map(Values::from));
        let mut columns = columns.collect::<Result<Vec<Values>>>()?;
        let costs = columns.split_off(count - activities);
        let volumes = columns.split_off(count - 2 * activities);
        let lines = lines.into_iter().zip(columns.split_off(MEASURES + 2)).collect::<Vec<_>>();
        let own = columns.split_off(MEASURES);
        let behaviour = Behaviour::of(columns.try_into().expect("a column of each measure"));
        let own = own.try_into().expect("two columns of lives alone");
        Self::derive(ranks, behaviour, own, LineCosts::new(lines), volumes, costs)
    }
}
