//! Brings what customers cost in a period to their days in it.

use super::columns::{Values, combine};
use super::lines::{CostLine, posts};
use super::posted::Posted;
use super::waterfall::Measures;
use crate::costing::schema::Activity;
use crate::customers::history::{COLUMNS, PeriodDays};
use crate::error::{Error, Result};
use crate::facts::schema::DayFacts;
use crate::units::{Day, Decimal, pow10, round_ratio};
use std::ops::Range;

/// Costs that end with the customer: what acquisition cost is spent, and fully loaded lines go on without it.
const SERVED: [CostLine; 5] = [
    CostLine::PriceConcession,
    CostLine::CostToServe,
    CostLine::CustomerLevel,
    CostLine::Financing,
    CostLine::ExchangeDifference,
];

/// The avoidable part of what a period's customers bear, row by row, while their costs are posted.
pub(crate) struct Avoidable {
    /// By posting activity: the share, of those that count.
    shares: Vec<Option<Decimal>>,
    costs: Vec<i64>,
}

impl Avoidable {
    pub(crate) fn new(activities: &[Activity]) -> Self {
        let share = |activity: &Activity| {
            let line = activity.line.map(CostLine::of).filter(|line| SERVED.contains(line));
            line.map(|_| activity.avoidable)
        };
        let posting = activities.iter().filter(|activity| posts(activity));
        Self { shares: posting.map(share).collect(), costs: Vec::new() }
    }

    /// Adds the next rows.
    pub(crate) fn add(&mut self, rows: usize, posted: &Posted) -> Result<()> {
        let start = self.costs.len();
        self.costs.resize(start + rows, 0);
        for (share, costs) in self.shares.iter().zip(&posted.costs) {
            let Some(share) = share.filter(|share| share.mantissa != 0) else { continue };
            for (sum, cost) in self.costs[start..].iter_mut().zip(costs.iter()) {
                *sum = part(*cost, share).and_then(|part| sum.checked_add(part)).ok_or_else(too_large)?;
            }
        }
        Ok(())
    }
}

/// The share of a cost, rounded half away from zero.
fn part(cost: i64, share: Decimal) -> Option<i64> {
    if share == Decimal::ONE || cost == 0 {
        return Some(cost);
    }
    let part = round_ratio(i128::from(cost).checked_mul(share.mantissa)?, pow10(share.scale));
    i64::try_from(part).ok()
}

fn too_large() -> Error {
    Error::too_many_digits("profitability: an avoidable cost")
}

/// The days that consecutive customers have in a period, with what they brought and cost; the unidentified cost object,
/// of rank `customers`, is left out. `rows_of_days` are those of these customers.
///
/// # Errors
/// A number beyond 18 digits.
pub(crate) fn period_days(
    measures: &Measures,
    avoidable: Avoidable,
    facts: &DayFacts,
    rows_of_days: Range<usize>,
    last_day: Day,
    customers: usize,
) -> Result<PeriodDays> {
    let worth = &measures.worth;
    let rows = measures.ranks.len();
    let costs = |name: &str, lines: &[CostLine]| {
        let costs = lines.iter().flat_map(|line| worth.lines.get(*line)).map(|cost| &cost[..]);
        combine(name, rows, &costs.collect::<Vec<_>>(), &[])
    };
    let served = costs("contribution", &SERVED[..2])?;
    let full = costs("full_margin", &SERVED)?;
    let avoidable: Values = avoidable.costs.into();
    assert_eq!(avoidable.len(), rows, "avoidable costs of every customer");
    let mut days = Days::with_capacity(rows_of_days.len());
    let mut next = rows_of_days.start;
    for (row, &rank) in measures.ranks.iter().enumerate().filter(|(_, rank)| (**rank as usize) < customers) {
        let first = next;
        while next < rows_of_days.end && facts.ranks[next] == rank {
            next += 1;
        }
        days.add(rank, facts, first..next, [served[row], avoidable[row], full[row]], last_day)?;
    }
    assert!(
        facts.ranks[next..rows_of_days.end].iter().all(|rank| *rank as usize >= customers),
        "every day has its customer"
    );
    Ok(days.finish())
}

/// Rows of a period's days.
struct Days {
    ranks: Vec<u32>,
    columns: [Vec<i64>; COLUMNS],
}

impl Days {
    fn with_capacity(rows: usize) -> Self {
        Self { ranks: Vec::with_capacity(rows), columns: std::array::from_fn(|_| Vec::with_capacity(rows)) }
    }

    /// Adds a customer's days; `costs` are to be subtracted for contribution, avoidable margin and full margin.
    fn add(
        &mut self,
        rank: u32,
        facts: &DayFacts,
        rows: Range<usize>,
        costs: [i64; 3],
        last_day: Day,
    ) -> Result<()> {
        if rows.is_empty() {
            if costs != [0; 3] {
                self.push(rank, [i64::from(last_day.0), 0, 0, 0], costs)?;
            }
            return Ok(());
        }
        let all: i128 = facts.orders[rows.clone()].iter().map(|orders| i128::from(*orders)).sum();
        let (mut run, mut borne) = (0, [0; 3]);
        for row in rows.clone() {
            run += i128::from(facts.orders[row]);
            let until = |cost: i64| match all {
                0 => {
                    if row + 1 == rows.end {
                        cost
                    } else {
                        0
                    }
                }
                all => i64::try_from(round_ratio(i128::from(cost) * run, all)).expect("at most the cost"),
            };
            let due = costs.map(until);
            let parts = std::array::from_fn(|index| due[index] - borne[index]);
            borne = due;
            let lines =
                [facts.days[row].into(), facts.orders[row], facts.net_revenue[row], facts.gross_margin[row]];
            self.push(rank, lines, parts)?;
        }
        Ok(())
    }

    fn push(&mut self, rank: u32, [day, orders, net, gross]: [i64; 4], costs: [i64; 3]) -> Result<()> {
        let [contribution, avoidable, full] = costs.map(|cost| gross.checked_sub(cost));
        let margins = contribution.zip(avoidable).zip(full).ok_or_else(too_large)?;
        let ((contribution, avoidable), full) = margins;
        self.ranks.push(rank);
        let row = [day, orders, net, gross, contribution, avoidable, full];
        self.columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        Ok(())
    }

    fn finish(self) -> PeriodDays {
        PeriodDays { ranks: self.ranks, columns: self.columns }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{books, costing, customers, facts, measure_period};
    use super::super::waterfall::Measures;
    use super::*;
    use crate::customers::days::DaySlice;
    use crate::customers::history::CustomerDays;
    use crate::memory::Memory;
    use crate::pipeline::Level;
    use proptest::prelude::*;

    const LAST_DAY: Day = Day(30);

    /// Ranks 1, 3 and 5 with these volumes of an order-level activity, 0.3 of it avoidable, and of a customer-level one,
    /// and what their days brought.
    fn lived(volumes: [[i64; 2]; 3], days: DayFacts) -> (Measures, DaySlice) {
        let total = |activity: usize| volumes.iter().map(|of| of[activity]).sum::<i64>();
        let mut costing = costing(&[Level::Order, Level::Customer], &[&[(1_001, total(0)), (500, total(1))]]);
        costing.activities[0].avoidable = "0.3".parse().unwrap();
        let customers = customers(9);
        let ranks = [1, 3, 5];
        let gross = ranks.map(|rank| {
            days.ranks.iter().zip(&days.gross_margin).filter(|(r, _)| **r == rank).map(|(_, g)| g).sum()
        });
        let column = |activity: usize| volumes.map(|of| of[activity]);
        let facts = facts(&ranks, &gross, &[&column(0), &column(1)]);
        let mut avoidable = Avoidable::new(&costing.activities);
        let mut each = |ranks: &[u32], posted: &Posted| avoidable.add(ranks.len(), posted);
        let measures =
            measure_period(&books(&costing, &customers), &costing.periods[0], facts, &[(3, 70)], &mut each);
        let measures = measures.unwrap();
        let period = period_days(&measures, avoidable, &days, 0..days.ranks.len(), LAST_DAY, 9).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let days = CustomerDays::new(9, 1, &Memory::of_machine(folder.path()));
        days.keep(0, &(0..9), &period).unwrap();
        (measures, days.slice(0..9).unwrap())
    }

    fn days(rows: &[(u32, i32, i64, i64)]) -> DayFacts {
        DayFacts {
            ranks: rows.iter().map(|row| row.0).collect(),
            days: rows.iter().map(|row| row.1).collect(),
            orders: rows.iter().map(|row| row.2).collect(),
            net_revenue: rows.iter().map(|row| row.3).collect(),
            gross_margin: rows.iter().map(|row| row.3).collect(),
        }
    }

    #[test]
    fn costs_fall_on_days_by_orders_or_on_the_last_day_there_is() {
        // Customer 1 buys on two days and returns on a third, customer 3 only returns, customer 5 only calls.
        let rows = [(1, 4, 2, 100), (1, 9, 1, 50), (1, 11, 0, -20), (3, 6, 0, -5), (3, 7, 0, -5)];
        let (_, slice) = lived([[1, 0], [0, 1], [0, 4]], days(&rows));
        assert_eq!(slice.starts, [0, 0, 3, 3, 5, 5, 6, 6, 6, 6]);
        assert_eq!(slice.day, [4, 9, 11, 6, 7, 30]);
        assert_eq!(slice.orders, [2, 1, 0, 0, 0, 0]);
        assert_eq!(slice.contribution, [100 - 667, 50 - 334, -20, -5, -5, 0], "1,001 by 2 orders and 1");
        assert_eq!(
            slice.avoidable_margin,
            [100 - 200, 50 - 100, -20, -5, -105, -400],
            "300 of it, 100 and 400"
        );
        assert_eq!(slice.full_margin, [100 - 667, 50 - 334, -20, -5, -105, -400]);
    }

    proptest! {
        #[test]
        fn days_close_to_the_period(
            rows in prop::collection::btree_map((0..3_usize, 0..20_i32), (0..3_i64, -500..900_i64), 0..20),
            volumes in prop::array::uniform3(prop::array::uniform2(0..5_i64)),
        ) {
            let rows = rows.iter().map(|((who, day), (orders, gross))| ([1, 3, 5][*who], *day, *orders, *gross));
            let rows: Vec<_> = rows.collect();
            let (measures, slice) = lived(volumes, days(&rows));
            for (row, &rank) in measures.ranks.iter().enumerate() {
                let sum = |column: &[i64]| {
                    column[slice.starts[rank as usize]..slice.starts[rank as usize + 1]].iter().sum::<i64>()
                };
                let worth = &measures.worth;
                prop_assert_eq!(sum(&slice.gross_margin), worth.gross_margin[row]);
                prop_assert_eq!(sum(&slice.contribution), worth.contribution[row]);
                let acquisition = worth.line(CostLine::Acquisition)[row];
                prop_assert_eq!(sum(&slice.full_margin), worth.customer_profit[row] + acquisition);
            }
        }
    }
}
