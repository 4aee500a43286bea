//! What winning each customer cost, placed in time.

use crate::facts::schema::{CustomerMaster, Keys};
use crate::publish::TableFormat;
use crate::units::{Day, Period, format_fixed};
use std::ops::Range;

/// When a cost of winning a customer is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placed {
    /// By index of the run's period.
    Period(usize),
    /// Won before the history or on an unknown day: an opening line of the customer's life.
    Opening,
    /// Won on or after the as-of day: charged nowhere.
    Later,
}

/// Acquisition costs by period; no resource pool holds them, so they are imputed. Where a cost falls follows from the
/// customer's own row of the customers source, so nothing but sums is kept.
#[derive(Debug, Clone)]
pub(crate) struct Acquisition<'m> {
    master: Option<&'m CustomerMaster>,
    /// First day of each period, and its end.
    periods: Vec<Range<Day>>,
    as_of: Day,
    /// Sum by period of the run.
    pub(crate) by_period: Vec<i128>,
    /// Sum of the opening lines.
    pub(crate) opening: i128,
    /// Customers who have one.
    pub(crate) opening_customers: usize,
    /// Sum of what is charged nowhere.
    pub(crate) later: i128,
    /// Customers whose cost that is.
    pub(crate) later_customers: usize,
}

impl<'m> Acquisition<'m> {
    /// Places every acquisition cost, and adds up by place.
    pub(crate) fn place(master: Option<&'m CustomerMaster>, periods: &[Period], as_of: Day) -> Self {
        let mut placed = Self {
            master,
            periods: periods.iter().map(|period| period.start..period.end()).collect(),
            as_of,
            by_period: vec![0; periods.len()],
            opening: 0,
            opening_customers: 0,
            later: 0,
            later_customers: 0,
        };
        let customers = master.map_or(0, |master| master.acquisition_cost.len());
        for (_, cost, place) in placed.costs(0..customers).collect::<Vec<_>>() {
            match place {
                Placed::Period(index) => placed.by_period[index] += i128::from(cost),
                Placed::Opening => {
                    placed.opening += i128::from(cost);
                    placed.opening_customers += 1;
                }
                Placed::Later => {
                    placed.later += i128::from(cost);
                    placed.later_customers += 1;
                }
            }
        }
        placed
    }

    /// Costs other than 0 of the customers of these ranks, and where they fall.
    fn costs(&self, ranks: Range<usize>) -> impl Iterator<Item = (u32, i64, Placed)> {
        let known = self.master.map_or(0, |master| master.acquisition_cost.len());
        let ranks = ranks.start.min(known)..ranks.end.min(known);
        let of_rank = move |rank: usize| {
            let master = self.master?;
            let cost = master.acquisition_cost[rank];
            (cost != 0).then(|| (rank_u32(rank), cost, self.place_of(master.acquired_on.get(rank))))
        };
        ranks.filter_map(of_rank)
    }

    fn place_of(&self, acquired_on: Option<Day>) -> Placed {
        let Some(day) = acquired_on else { return Placed::Opening };
        if day >= self.as_of {
            return Placed::Later;
        }
        let after = self.periods.partition_point(|period| period.start <= day);
        match after.checked_sub(1).filter(|&index| day < self.periods[index].end) {
            Some(index) => Placed::Period(index),
            None => Placed::Opening,
        }
    }

    /// (rank, cost) of customers of these ranks who were won in a period of the run, ascending; costs are not 0.
    pub(crate) fn of_period(&self, index: usize, ranks: Range<usize>) -> Vec<(u32, i64)> {
        self.won_in(index, ranks).collect()
    }

    /// The same, one after another. Every period looks through all customers, so a day is held against the bounds of
    /// the one period instead of being placed among all.
    fn won_in(&self, index: usize, ranks: Range<usize>) -> impl Iterator<Item = (u32, i64)> {
        let known = self.master.map_or(0, |master| master.acquisition_cost.len());
        let ranks = ranks.start.min(known)..ranks.end.min(known);
        let days = self.periods[index].start..self.periods[index].end.min(self.as_of);
        let costs = self.master.map_or(&[][..], |master| &master.acquisition_cost[ranks.clone()]);
        let acquired_on = self.master.map(|master| &master.acquired_on);
        let won = move |(rank, cost): (usize, &i64)| {
            let is_won = *cost != 0 && acquired_on?.get(rank).is_some_and(|day| days.contains(&day));
            is_won.then(|| (rank_u32(rank), *cost))
        };
        (ranks.start..).zip(costs).filter_map(won)
    }

    /// Opening lines of the customers of these ranks, by place among them.
    pub(crate) fn openings(&self, ranks: Range<usize>) -> Vec<i64> {
        let mut openings = vec![0; ranks.len()];
        for (rank, cost, _) in self.costs(ranks.clone()).filter(|(.., place)| *place == Placed::Opening) {
            openings[rank as usize - ranks.start] = cost;
        }
        openings
    }

    /// (rank, cost) of what is charged to the lives of the customers of these ranks.
    pub(crate) fn of_lives(&self, ranks: Range<usize>) -> impl Iterator<Item = (u32, i64)> {
        let charged = self.costs(ranks).filter(|(.., place)| *place != Placed::Later);
        charged.map(|(rank, cost, _)| (rank, cost))
    }

    /// Digest of the customers who were won in a period of the run, and of what that cost.
    pub(crate) fn digest(&self, index: usize, keys: &Keys) -> String {
        let mut hasher = blake3::Hasher::new();
        for (rank, cost) in self.won_in(index, 0..keys.len()) {
            match keys {
                Keys::Int(keys) => hasher.update(&keys[rank as usize].to_le_bytes()),
                Keys::Text(keys) => {
                    let key = keys.value(rank as usize);
                    hasher.update(&key.len().to_le_bytes()).update(key.as_bytes())
                }
            };
            hasher.update(&cost.to_le_bytes());
        }
        hasher.finalize().to_string()
    }

    /// Sum of what falls in a period of the run.
    pub(crate) fn placed_total(&self) -> i128 {
        self.by_period.iter().sum()
    }

    /// Warns of costs that are charged nowhere.
    pub(crate) fn warning(&self, format: TableFormat<'_>) -> Option<String> {
        let sum = format_fixed(self.later, format.money_scale);
        let customers = match self.later_customers {
            0 => return None,
            1 => "1 customer".to_owned(),
            customers => format!("{customers} customers"),
        };
        Some(format!(
            "customers: acquisition cost of {sum} {} of {customers} won on or after {}, where the history ends, is charged \
             nowhere; correct 'acquired_on', or run again when the history reaches those days",
            format.currency, format.as_of
        ))
    }
}

fn rank_u32(rank: usize) -> u32 {
    u32::try_from(rank).expect("ranks fit 32 bits")
}

#[cfg(test)]
impl Acquisition<'_> {
    /// No customer of whom it is known what winning it cost.
    pub(crate) fn none() -> Self {
        Self::place(None, &[], Day(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::schema::AcquiredOn;
    use crate::units::PeriodKind;

    #[test]
    fn acquisition_falls_in_its_period_or_opens_the_history() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let january = Period::containing(PeriodKind::Month, day("2024-01-15"));
        let days = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-10", "2024-01-01"];
        let mut acquired_on: AcquiredOn = days.iter().map(|text| Some(day(text))).collect();
        acquired_on.push(None);
        let master =
            CustomerMaster { acquired_on, acquisition_cost: vec![1, 2, 4, 8, 0, 16], attributes: vec![] };
        let placed = Acquisition::place(Some(&master), &[january, january.next()], day("2024-03-01"));
        assert_eq!(placed.by_period, [2, 4]);
        assert_eq!((placed.opening, placed.opening_customers), (17, 2));
        assert_eq!((placed.later, placed.later_customers), (8, 1));
        assert_eq!(placed.of_period(0, 0..6), [(1, 2)]);
        assert_eq!(placed.of_period(1, 0..9), [(2, 4)]);
        assert!(placed.of_period(1, 3..6).is_empty());
        assert_eq!(placed.openings(4..7), [0, 16, 0]);
        assert_eq!(placed.of_lives(0..usize::MAX).collect::<Vec<_>>(), [(0, 1), (1, 2), (2, 4), (5, 16)]);
    }
}
