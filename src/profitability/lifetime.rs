//! Measures over each customer's life, added up period by period.

use super::acquisition::Acquisition;
use super::columns::{Values, add_at, combine};
use super::waterfall::{Measures, PeriodMeasures, Sources, Worth};
use crate::costing::schema::Activity;
use crate::error::{Error, Result};
use crate::facts::schema::NO_INSTANT;
use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;

/// Running sums by rank. Only what cannot be derived at the end is kept.
#[derive(Debug)]
pub(crate) struct Lifetime {
    /// Additive measures, in the order of `additive`.
    sums: Vec<Vec<i64>>,
    aggregates: Vec<Vec<i64>>,
    costs: Vec<Vec<i64>>,
    acquisition_cost: Vec<i64>,
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
    pub(crate) fn new(customers: usize, aggregates: usize, activities: usize) -> Self {
        let zeros = |columns: usize| vec![vec![0; customers]; columns];
        Self {
            sums: zeros(ADDITIVE.len()),
            aggregates: zeros(aggregates),
            costs: zeros(activities),
            acquisition_cost: vec![0; customers],
            first_order_at: vec![NO_INSTANT; customers],
            last_order_at: vec![NO_INSTANT; customers],
        }
    }

    /// Adds one period, which must follow those already added.
    pub(crate) fn add(&mut self, period: &PeriodMeasures) -> Result<()> {
        let PeriodMeasures { measures, aggregates } = period;
        let ranks = &measures.ranks[..];
        let own = self.sums.iter_mut().zip(ADDITIVE).map(|(sums, (name, of))| (name, sums, of(measures)));
        let kept =
            self.aggregates.iter_mut().zip(aggregates).map(|(sums, values)| ("driver volume", sums, values));
        let costs = self.costs.iter_mut().zip(&measures.costs).map(|(sums, values)| ("cost", sums, values));
        let acquisition = ("acquisition_cost", &mut self.acquisition_cost, &measures.worth.acquisition_cost);
        let jobs: Vec<_> = own.chain(kept).chain(costs).chain([acquisition]).collect();
        let added: Vec<Result<()>> =
            jobs.into_par_iter().map(|(name, sums, values)| add_at(name, sums, ranks, values)).collect();
        for (row, &rank) in
            ranks.iter().enumerate().filter(|(row, _)| measures.last_order_at[*row] != NO_INSTANT)
        {
            let first = &mut self.first_order_at[rank as usize];
            if *first == NO_INSTANT {
                *first = measures.first_order_at[row];
            }
            self.last_order_at[rank as usize] = measures.last_order_at[row];
        }
        added.into_iter().collect()
    }

    /// The measures of whole lives, one row per rank.
    pub(crate) fn finish(
        mut self,
        activities: &[Activity],
        lifetime_orders: Vec<i64>,
        acquisition: &Acquisition,
    ) -> Result<Life> {
        let customers = self.acquisition_cost.len();
        assert_eq!(lifetime_orders.len(), customers, "lifetime orders of every customer");
        let mut opening = vec![0; customers];
        for &(rank, cost) in &acquisition.opening {
            opening[rank as usize] = cost;
        }
        self.acquisition_cost =
            combine("acquisition_cost", customers, &[&self.acquisition_cost, &opening], &[])?.to_vec();
        let aggregates: Vec<Values> = self.aggregates.into_iter().map(Values::from).collect();
        let volumes = activities.iter().map(|activity| {
            let fault = || Error::check(format!("volume_{} over life exceeds 18 digits", activity.column));
            let none = || Some(Values::from(vec![0; customers]));
            let volumes =
                activity.driver.as_ref().map_or_else(none, |driver| driver.volumes(&aggregates, customers));
            volumes.ok_or_else(fault)
        });
        let volumes = volumes.collect::<Result<Vec<_>>>()?;
        let costs: Vec<Values> = self.costs.into_iter().map(Values::from).collect();
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
            costs: &costs,
            acquisition_cost: self.acquisition_cost.into(),
        };
        let worth = Worth::derive(activities, sources)?;
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
            volumes,
            costs,
            worth,
        };
        Ok(Life { measures, orders_over_periods, opening_acquisition_cost: opening.into() })
    }
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
