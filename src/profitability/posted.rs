//! Activities' costs posted to a period's customers, slice by slice of rows: what a slice bears follows from its
//! volumes and the running volume before it, so slices of any size make the same table.

use super::columns::Values;
use super::lines::{CostLine, posts};
use super::waterfall::key_text;
use crate::costing::schema::{Activity, ActivityCosting, PeriodCosting, Rate, VolumeFault, post};
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use std::ops::AddAssign;

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

/// A period's activities while their costs are posted to consecutive customers.
pub(crate) struct Posting<'c> {
    customers: &'c Customers,
    period: &'c PeriodCosting,
    activities: Vec<Running<'c>>,
}

/// One activity, and how far it is posted.
struct Running<'c> {
    activity: &'c Activity,
    costed: &'c ActivityCosting,
    /// Driver volume of all customers before the next row.
    volume: i64,
    sums: PostedSums,
}

/// What rows had of an activity; 64 bits that wrap hold any sum that fits them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PostedSums {
    volume: i64,
    cost: i64,
    unused: i64,
}

impl AddAssign for PostedSums {
    fn add_assign(&mut self, other: Self) {
        self.volume = self.volume.wrapping_add(other.volume);
        self.cost = self.cost.wrapping_add(other.cost);
        self.unused = self.unused.wrapping_add(other.unused);
    }
}

/// The activities of a period that post to customers.
fn posting<'c>(
    activities: &'c [Activity],
    period: &'c PeriodCosting,
) -> impl Iterator<Item = (&'c Activity, &'c ActivityCosting)> {
    activities.iter().zip(&period.activities).filter(|(activity, _)| posts(activity))
}

impl<'c> Posting<'c> {
    /// From the first customer whose predecessors had these volumes, by posting activity.
    pub(crate) fn from(
        customers: &'c Customers,
        activities: &'c [Activity],
        period: &'c PeriodCosting,
        before: &[i64],
    ) -> Self {
        let mut running = Vec::with_capacity(before.len());
        for ((activity, costed), volume) in posting(activities, period).zip(before) {
            running.push(Running { activity, costed, volume: *volume, sums: PostedSums::default() });
        }
        Self { customers, period, activities: running }
    }

    /// The line of each posting activity.
    pub(crate) fn lines(&self) -> impl Iterator<Item = CostLine> {
        self.activities.iter().flat_map(|running| running.activity.line).map(CostLine::of)
    }

    /// Moves past rows without posting anything to them, and gives the volumes after them.
    ///
    /// # Errors
    /// A negative volume, named with its customer; a value beyond 18 digits.
    pub(crate) fn skip(&mut self, ranks: &[u32], aggregates: &[Values]) -> Result<Vec<i64>> {
        let (customers, period) = (self.customers, self.period);
        for running in &mut self.activities {
            let volumes = running.volumes(customers, period, ranks, aggregates)?;
            running.move_past(&volumes)?;
        }
        Ok(self.activities.iter().map(|running| running.volume).collect())
    }

    /// Posts to the next rows.
    ///
    /// # Errors
    /// A negative volume, named with its customer; a value beyond 18 digits.
    pub(crate) fn next(&mut self, ranks: &[u32], aggregates: &[Values]) -> Result<Posted> {
        let (customers, period) = (self.customers, self.period);
        let mut posted = Posted { volumes: Vec::new(), costs: Vec::new(), unused: Vec::new() };
        for running in &mut self.activities {
            let (volumes, costs, unused) = running.next(customers, period, ranks, aggregates)?;
            posted.volumes.push(volumes);
            posted.costs.push(costs);
            posted.unused.push(unused);
        }
        Ok(posted)
    }

    /// What the rows posted to had, by posting activity.
    pub(crate) fn finish(self) -> Vec<PostedSums> {
        self.activities.into_iter().map(|running| running.sums).collect()
    }
}

/// Asserts that all customers of a period together bore what the costing says.
pub(crate) fn close(activities: &[Activity], period: &PeriodCosting, sums: &[PostedSums]) {
    for ((activity, costed), sums) in posting(activities, period).zip(sums) {
        let name = &activity.name;
        if costed.rate.is_some() {
            assert_eq!(sums.volume, costed.volume, "volumes of '{name}' add up to their total");
        }
        assert_eq!(sums.cost, costed.posted, "parts of '{name}' add up to its cost");
        assert_eq!(sums.unused, costed.unused_charged, "parts of unused capacity add up, '{name}'");
    }
}

type Columns = (Values, Values, Option<Values>);

impl Running<'_> {
    fn volumes(
        &self,
        customers: &Customers,
        period: &PeriodCosting,
        ranks: &[u32],
        aggregates: &[Values],
    ) -> Result<Values> {
        let volumes = self.activity.volumes(self.costed, aggregates, ranks.len());
        volumes.map_err(|fault| match fault {
            VolumeFault::TooLarge => too_large(self.activity),
            VolumeFault::Negative { row, volume } => {
                negative(customers, self.activity, period, ranks[row], volume)
            }
        })
    }

    fn move_past(&mut self, volumes: &[i64]) -> Result<()> {
        self.volume = self.volume.checked_add(sum(volumes)).ok_or_else(|| too_large(self.activity))?;
        Ok(())
    }

    fn next(
        &mut self,
        customers: &Customers,
        period: &PeriodCosting,
        ranks: &[u32],
        aggregates: &[Values],
    ) -> Result<Columns> {
        let volumes = self.volumes(customers, period, ranks, aggregates)?;
        let costed = self.costed;
        let costs = match costed.rate {
            Some(rate) => self.post(rate, &volumes)?,
            None => vec![0; ranks.len()].into(),
        };
        let charged = Rate { money: costed.unused_charged, volume: costed.volume };
        let unused = (charged.money != 0).then(|| self.post(charged, &volumes)).transpose()?;
        self.sums +=
            PostedSums { volume: sum(&volumes), cost: sum(&costs), unused: unused.as_deref().map_or(0, sum) };
        self.move_past(&volumes)?;
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
    Error::too_many_digits(format!("costing: a volume of '{}'", activity.name))
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

#[cfg(test)]
mod tests {
    use super::super::tests::{books, costing, customers, facts, measure_period};
    use super::super::waterfall::{Books, Held, Measures};
    use crate::costing::schema::{Costing, Rate};
    use crate::pipeline::{Level, NegativeVolume};
    use proptest::prelude::*;

    const ACTIVITIES: usize = 3;

    /// An activity at actual rates, a signed one with unused capacity to charge, and one at a standard rate.
    fn costed(volumes: &[[i64; ACTIVITIES]]) -> Option<Costing> {
        let total = |activity: usize| volumes.iter().map(|row| row[activity]).sum::<i64>();
        if total(0) == 0 || total(1) <= 0 {
            return None;
        }
        let pools = [(1_001, total(0)), (-777, total(1)), (500, total(2))];
        let mut costing = costing(&[Level::Order, Level::Customer, Level::Unit], &[&pools]);
        costing.activities[1].negative = NegativeVolume::Signed;
        let activities = &mut costing.periods[0].activities;
        activities[1].unused_charged = 333;
        let rate = Rate { money: 10, volume: 3 };
        activities[2].rate = Some(rate);
        activities[2].posted = i64::try_from(rate.at(i128::from(total(2))).unwrap()).unwrap();
        Some(costing)
    }

    /// What customers bear, and every slice's cells one after the other, by activity.
    fn borne(
        costing: &Costing,
        volumes: &[[i64; ACTIVITIES]],
        held: Held,
    ) -> (Measures, [Vec<(i64, i64)>; ACTIVITIES]) {
        let ranks: Vec<u32> = (0..).step_by(2).take(volumes.len()).collect();
        let customers = customers(200);
        let lines = super::super::lines::Lines::new(&costing.activities, true);
        let books = Books { lines, held, ..books(costing, &customers) };
        let column = |activity: usize| volumes.iter().map(|row| row[activity]).collect::<Vec<_>>();
        let columns = [0, 1, 2].map(column);
        let facts = facts(&ranks, &vec![100; ranks.len()], &[&columns[0], &columns[1], &columns[2]]);
        let mut cells: [Vec<(i64, i64)>; ACTIVITIES] = Default::default();
        let measures = measure_period(&books, &costing.periods[0], facts, &[(2, 9)], &mut |ranks, posted| {
            for (activity, cells) in cells.iter_mut().enumerate() {
                let (volumes, costs) = (&posted.volumes[activity], &posted.costs[activity]);
                assert_eq!(ranks.len(), volumes.len());
                cells.extend(volumes.iter().copied().zip(costs.iter().copied()));
            }
            Ok(())
        });
        (measures.unwrap(), cells)
    }

    proptest! {
        #[test]
        fn slices_of_any_size_make_the_same_table(
            volumes in prop::collection::vec((0..9_i64, -3..9_i64, 0..4_i64), 1..60), rows in 1..20_usize
        ) {
            let volumes: Vec<[i64; ACTIVITIES]> = volumes.into_iter().map(|(a, b, c)| [a, b, c]).collect();
            let costing = costed(&volumes);
            prop_assume!(costing.is_some());
            let costing = costing.unwrap();
            let (whole, cells) = borne(&costing, &volumes, Held::Columns);
            let (sliced, sliced_cells) = borne(&costing, &volumes, Held::Slices(rows));
            prop_assert_eq!(&cells, &sliced_cells);
            prop_assert_eq!((whole.volumes.len(), sliced.volumes.len()), (ACTIVITIES, 0));
            prop_assert_eq!(format!("{:?}", whole.worth), format!("{:?}", sliced.worth));
            for (activity, costed) in costing.periods[0].activities.iter().enumerate() {
                let borne: i64 = cells[activity].iter().map(|(_, cost)| cost).sum();
                prop_assert_eq!(borne, costed.posted);
            }
            let charged: i64 = whole.worth.line(super::CostLine::UnusedCharged).iter().sum();
            prop_assert_eq!(charged, 333);
        }
    }
}
