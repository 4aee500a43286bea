//! Activities' costs posted to a period's customers, slice by slice of rows: what a slice bears follows from its
//! volumes and the running volume before it, so slices of any size make the same table.

use super::columns::Values;
use super::lines::{CostLine, posts};
use super::waterfall::key_text;
use crate::costing::schema::{Activity, ActivityCosting, PeriodCosting, Rate, VolumeFault, post};
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use rayon::prelude::*;

/// What the customers of a slice used and bear: a column per posting activity, in declared order.
pub(crate) struct Posted {
    /// After the activity's policies.
    pub(crate) volumes: Vec<Values>,
    pub(crate) costs: Vec<Values>,
    /// Unused capacity charged over the same volumes; none where there is none to charge.
    pub(crate) unused: Vec<Option<Values>>,
}

impl Posted {
    /// Every column with the line it belongs to; `of` holds the activities' lines.
    pub(crate) fn by_line<'p>(&'p self, of: &[CostLine]) -> Vec<(CostLine, &'p [i64])> {
        let costs = of.iter().zip(&self.costs).map(|(line, cost)| (*line, &cost[..]));
        let unused = self.unused.iter().flatten().map(|cost| (CostLine::UnusedCharged, &cost[..]));
        costs.chain(unused).collect()
    }
}

/// A period's activities while their costs are posted.
pub(crate) struct Posting<'c> {
    customers: &'c Customers,
    period: &'c PeriodCosting,
    activities: Vec<Running<'c>>,
}

/// One activity, and what the slices so far have of it.
struct Running<'c> {
    activity: &'c Activity,
    costed: &'c ActivityCosting,
    volume: i64,
    cost: i64,
    unused: i64,
}

impl<'c> Posting<'c> {
    pub(crate) fn new(
        customers: &'c Customers,
        activities: &'c [Activity],
        period: &'c PeriodCosting,
    ) -> Self {
        let of_period = activities.iter().zip(&period.activities).filter(|(activity, _)| posts(activity));
        let running = |(activity, costed)| Running { activity, costed, volume: 0, cost: 0, unused: 0 };
        Self { customers, period, activities: of_period.map(running).collect() }
    }

    /// The line of each posting activity.
    pub(crate) fn lines(&self) -> impl Iterator<Item = CostLine> {
        self.activities.iter().flat_map(|running| running.activity.line).map(CostLine::of)
    }

    /// Posts to the next rows.
    ///
    /// # Errors
    /// A negative volume, named with its customer; a value beyond 18 digits.
    pub(crate) fn next(&mut self, ranks: &[u32], aggregates: &[Values]) -> Result<Posted> {
        let (customers, period) = (self.customers, self.period);
        let columns =
            self.activities.par_iter_mut().map(|running| running.next(customers, period, ranks, aggregates));
        // Collected as results first, so that the first faulty activity is reported, not the fastest.
        let columns = columns.collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>>>()?;
        let mut posted = Posted { volumes: Vec::new(), costs: Vec::new(), unused: Vec::new() };
        for (volumes, costs, unused) in columns {
            posted.volumes.push(volumes);
            posted.costs.push(costs);
            posted.unused.push(unused);
        }
        Ok(posted)
    }

    /// Asserts that the slices together bore what the costing says.
    pub(crate) fn close(self) {
        for running in self.activities {
            let (name, costed) = (&running.activity.name, running.costed);
            assert_eq!(running.cost, costed.posted, "parts of '{name}' add up to its cost");
            assert_eq!(running.unused, costed.unused_charged, "parts of unused capacity add up, '{name}'");
        }
    }
}

type Columns = (Values, Values, Option<Values>);

impl Running<'_> {
    fn next(
        &mut self,
        customers: &Customers,
        period: &PeriodCosting,
        ranks: &[u32],
        aggregates: &[Values],
    ) -> Result<Columns> {
        let volumes =
            self.activity.volumes(self.costed, aggregates, ranks.len()).map_err(|fault| match fault {
                VolumeFault::TooLarge => too_large(self.activity),
                VolumeFault::Negative { row, volume } => {
                    negative(customers, self.activity, period, ranks[row], volume)
                }
            })?;
        let costed = self.costed;
        let costs = match costed.rate {
            Some(rate) => self.post(rate, &volumes)?,
            None => vec![0; ranks.len()].into(),
        };
        let charged = Rate { money: costed.unused_charged, volume: costed.volume };
        let unused = (charged.money != 0).then(|| self.post(charged, &volumes)).transpose()?;
        self.cost = self.cost.wrapping_add(sum(&costs));
        self.unused = self.unused.wrapping_add(unused.as_deref().map_or(0, sum));
        self.volume = self.volume.checked_add(sum(&volumes)).ok_or_else(|| too_large(self.activity))?;
        Ok((volumes, costs, unused))
    }

    fn post(&self, rate: Rate, volumes: &[i64]) -> Result<Values> {
        post(rate, volumes, self.volume).map(Values::from).ok_or_else(|| too_large(self.activity))
    }
}

/// The sum modulo 2^64, which is exact wherever the sum fits.
fn sum(values: &[i64]) -> i64 {
    values.iter().fold(0, |sum, value| sum.wrapping_add(*value))
}

fn too_large(activity: &Activity) -> Error {
    Error::check(format!("costing: a volume of '{}' exceeds 18 digits", activity.name))
}

fn negative(
    customers: &Customers,
    activity: &Activity,
    period: &PeriodCosting,
    rank: u32,
    volume: i64,
) -> Error {
    let volume = crate::units::format_fixed(i128::from(volume), activity.volume_scale());
    let (customer, period) = (key_text(customers, rank), period.period);
    Error::check(format!(
        "costing: driver volume of activity '{}' is {volume} for customer {customer} in {period}, \
         expected 0 or more; filter the driver, for example `filter (where quantity > 0)`, or say what it means \
         with `negative`",
        activity.name
    ))
}
