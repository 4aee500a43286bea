//! One pass over all customers: everything the fits need, as counts and sums by date and segment.

use super::lives::{Calendar, Lives, Opportunities, opportunity};
use super::models::Counts;
use super::models::contribution::{Overflow, PurchaseSums};
use super::models::margin_rate::RateSums;
use super::past::{Brought, Days, MEASURES, Purchase, Rows, Times};
use super::segments::Segments;
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::pipeline::Margin;
use crate::profitability::schema::CustomerHistory;
use std::ops::Range;

/// What is counted, and until when.
pub(crate) struct Scope<'r> {
    pub(crate) history: &'r CustomerHistory,
    pub(crate) segments: &'r Segments,
    pub(crate) calendar: &'r Calendar,
    pub(crate) margin: Margin,
    /// The as-of date, then calibration dates.
    pub(crate) dates: Vec<i32>,
    /// Days of the history begin here.
    pub(crate) start: i32,
    /// Whether BG/BB is back-tested, which needs opportunities at calibration dates too.
    pub(crate) has_periods: bool,
}

/// What one segment did before a date.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) opportunities: Opportunities,
    /// What purchases brought, by measure.
    pub(crate) brought: [PurchaseSums; MEASURES],
    /// Margin of revenue.
    pub(crate) rates: RateSums,
    /// Of customers who bought again.
    pub(crate) repeaters: Repeaters,
}

/// Everything counted.
#[derive(Debug, Default)]
pub(crate) struct Census {
    /// By date, by segment.
    pub(crate) tallies: Vec<Vec<Tally>>,
    /// By segment, at the as-of date.
    pub(crate) lives: Vec<Lives>,
    /// By calibration date, by day since the start: purchases of customers whose first came before the date, the first
    /// ones aside.
    pub(crate) repeats_by_day: Vec<Vec<u64>>,
}

impl Scope<'_> {
    /// Counts everybody.
    ///
    /// # Errors
    /// Money whose squares leave 128 bits.
    pub(crate) fn count(&self) -> Result<Census> {
        let mut census = self.empty();
        let mut piles: Vec<Vec<Pile>> =
            self.dates.iter().map(|_| (0..self.segments.len()).map(|_| Pile::default()).collect()).collect();
        slices::in_order(
            0..self.history.days.customers(),
            |ranks| self.count_slice(ranks),
            |part| self.merge(part, &mut census, &mut piles),
        )?;
        for (tallies, piles) in census.tallies.iter_mut().zip(piles) {
            for (tally, pile) in tallies.iter_mut().zip(piles) {
                tally.counts = pile.finish();
            }
        }
        Ok(census)
    }

    fn empty(&self) -> Census {
        let days = usize::try_from(self.dates[0] - self.start).unwrap_or(0);
        Census {
            tallies: self.dates.iter().map(|_| self.by_segment(Tally::default)).collect(),
            lives: self.by_segment(|| Lives::new(self.calendar.periods())),
            repeats_by_day: vec![vec![0; days]; self.dates.len() - 1],
        }
    }

    fn by_segment<T>(&self, of: impl Fn() -> T) -> Vec<T> {
        (0..self.segments.len()).map(|_| of()).collect()
    }

    fn count_slice(&self, ranks: Range<usize>) -> Result<Part> {
        let slice = self.history.days.slice(ranks.clone());
        let days = Days::new(&slice, self.margin);
        let mut part = Part { census: self.empty(), times: vec![Vec::new(); self.dates.len()] };
        let mut room = Room::default();
        for (customer, rank) in ranks.enumerate() {
            let rows = days.of(customer);
            self.count_customer(&mut part, &rows, rank, &mut room).map_err(|Overflow| too_large())?;
        }
        Ok(part)
    }

    fn count_customer(
        &self,
        part: &mut Part,
        rows: &Rows<'_>,
        rank: usize,
        room: &mut Room,
    ) -> Result<(), Overflow> {
        let segment = self.segments.of(rank);
        for (index, date) in self.dates.iter().enumerate() {
            let rows = rows.before(*date);
            let Some(times) = Times::of(&rows, *date) else { continue };
            let tally = &mut part.census.tallies[index][segment];
            part.times[index].push((segment_number(segment), times));
            rows.purchases_into(&mut room.purchases);
            let brought = Brought::of(&room.purchases, &mut room.pairs);
            for measure in 0..MEASURES {
                let (sum, squares) = (brought.sums[measure], brought.squares[measure]);
                tally.brought[measure].add(brought.purchases, sum, squares)?;
            }
            tally.rates = tally.rates.add(&brought.rate).ok_or(Overflow)?;
            if times.repeats() > 0 {
                tally.repeaters.push(times.repeats(), brought.repeat_revenue);
            }
            if (index == 0 || self.has_periods)
                && let Some(row) = opportunity(self.calendar, &rows, *date)
            {
                *tally.opportunities.entry(row).or_default() += 1;
            }
        }
        self.count_life(&mut part.census, rows, rank, segment);
        Ok(())
    }

    fn count_life(&self, census: &mut Census, rows: &Rows<'_>, rank: usize, segment: usize) {
        let rows = rows.before(self.dates[0]);
        let Some(times) = Times::of(&rows, self.dates[0]) else { return };
        let cost = self.history.acquisition_cost.get(rank).copied().unwrap_or(0);
        census.lives[segment].add(self.calendar, &rows, &times, cost);
        for (date, repeats) in self.dates[1..].iter().zip(&mut census.repeats_by_day) {
            if times.first < *date {
                for day in rows.purchase_days().skip(1) {
                    repeats[usize::try_from(day - self.start).expect("the history begins at its start")] += 1;
                }
            }
        }
    }

    fn merge(&self, part: Part, census: &mut Census, piles: &mut [Vec<Pile>]) -> Result<()> {
        for (piles, times) in piles.iter_mut().zip(part.times) {
            times.iter().for_each(|(segment, times)| piles[usize::from(*segment)].push(times));
        }
        let tallies = census.tallies.iter_mut().flatten().zip(part.census.tallies.into_iter().flatten());
        for (tally, more) in tallies {
            tally.merge(more).map_err(|Overflow| too_large())?;
        }
        census.lives.iter_mut().zip(&part.census.lives).for_each(|(lives, more)| lives.merge(more));
        let days = census.repeats_by_day.iter_mut().flatten();
        days.zip(part.census.repeats_by_day.iter().flatten()).for_each(|(sum, more)| *sum += more);
        Ok(())
    }
}

fn segment_number(segment: usize) -> u16 {
    u16::try_from(segment).expect("segments are few")
}

fn too_large() -> Error {
    Error::check(
        "lifetime value: squares of money per purchase add up to more than 38 digits; use a smaller facts.money_scale",
    )
}

impl Tally {
    /// All segments together.
    ///
    /// # Errors
    /// Money whose squares leave 128 bits.
    pub(crate) fn of_all(tallies: &[Self]) -> Result<Self> {
        let mut all = Self::default();
        for tally in tallies {
            all.counts = merged(&all.counts, &tally.counts);
            all.add_money(tally).map_err(|Overflow| too_large())?;
            all.repeaters.merge(&tally.repeaters);
        }
        Ok(all)
    }

    /// Merges all but the counts, which the piles hold.
    fn merge(&mut self, more: Self) -> Result<(), Overflow> {
        self.add_money(&more)?;
        more.repeaters.rows.iter().for_each(|(repeats, revenue)| self.repeaters.push(*repeats, *revenue));
        more.opportunities.into_iter().for_each(|(row, customers)| {
            *self.opportunities.entry(row).or_default() += customers;
        });
        Ok(())
    }

    fn add_money(&mut self, more: &Self) -> Result<(), Overflow> {
        for (sums, more) in self.brought.iter_mut().zip(&more.brought) {
            sums.merge(more)?;
        }
        self.rates = self.rates.merge(&more.rates).ok_or(Overflow)?;
        Ok(())
    }

    /// Days between purchases, on average over all gaps; none if nobody bought twice.
    pub(crate) fn mean_gap(&self) -> Option<f64> {
        let rows = self.counts.rows();
        let days: u64 = rows.iter().map(|row| u64::from(row.last_purchase_days) * row.customers).sum();
        let gaps = self.counts.purchases();
        #[expect(clippy::cast_precision_loss, reason = "a mean is rounded anyway")]
        (gaps > 0).then(|| days as f64 / gaps as f64)
    }
}

/// Repeat purchases and their net revenue by customer: all customers or, of very many, every 2nd, 4th, …, so that they
/// never fill the memory.
#[derive(Debug)]
pub(crate) struct Repeaters {
    pub(crate) rows: Vec<(u32, i128)>,
    /// One customer in so many is kept.
    pub(crate) stride: u64,
    seen: u64,
}

/// Customers that are kept at most.
const REPEATERS: usize = 1 << 20;

impl Default for Repeaters {
    fn default() -> Self {
        Self { rows: Vec::new(), stride: 1, seen: 0 }
    }
}

impl Repeaters {
    /// Customers come in key order.
    fn push(&mut self, repeats: u32, revenue: i128) {
        if self.seen.is_multiple_of(self.stride) {
            if self.rows.len() == REPEATERS {
                self.thin_out();
            }
            // After thinning out, this customer may be between two that are kept.
            if self.seen.is_multiple_of(self.stride) {
                self.rows.push((repeats, revenue));
            }
        }
        self.seen += 1;
    }

    /// Adds the customers of another segment; of both, one in as many is kept.
    fn merge(&mut self, other: &Self) {
        while self.stride < other.stride {
            self.thin_out();
        }
        let step =
            usize::try_from(self.stride / other.stride).expect("strides double as rows fill the memory");
        self.rows.extend(other.rows.iter().step_by(step));
        self.seen += other.seen;
        while self.rows.len() > REPEATERS {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        let mut index = 0;
        self.rows.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.stride *= 2;
    }
}

/// A slice's part, with the times of its customers by date.
struct Part {
    census: Census,
    times: Vec<Vec<(u16, Times)>>,
}

/// Buffers of one slice.
#[derive(Default)]
struct Room {
    purchases: Vec<Purchase>,
    pairs: Vec<(i64, i64)>,
}

/// Customers of a pile that are counted at once.
const PILE: usize = 1 << 20;

/// Customers on their way into counts: sorted by the pile, and piles of like size merged.
#[derive(Default)]
pub(crate) struct Pile {
    purchases: Vec<u32>,
    last: Vec<u32>,
    age: Vec<u32>,
    counts: Vec<Counts>,
}

impl Pile {
    pub(crate) fn push(&mut self, times: &Times) {
        self.purchases.push(times.repeats());
        self.last.push(times.last_days());
        self.age.push(times.age_days());
        if self.purchases.len() == PILE {
            self.sort();
        }
    }

    fn sort(&mut self) {
        let mut counts = Counts::of_columns(&self.purchases, &self.last, &self.age);
        [&mut self.purchases, &mut self.last, &mut self.age].into_iter().for_each(Vec::clear);
        while let Some(smaller) = self.counts.pop_if(|top| top.rows().len() <= 2 * counts.rows().len()) {
            counts = merged(&smaller, &counts);
        }
        self.counts.push(counts);
    }

    pub(crate) fn finish(mut self) -> Counts {
        self.sort();
        self.counts.into_iter().rev().reduce(|small, large| merged(&large, &small)).unwrap_or_default()
    }
}

fn merged(a: &Counts, b: &Counts) -> Counts {
    if a.rows().is_empty() {
        b.clone()
    } else if b.rows().is_empty() {
        a.clone()
    } else {
        a.merge(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_repeaters_every_second_is_kept() {
        let mut repeaters = Repeaters::default();
        let customers = u32::try_from(REPEATERS * 3).unwrap();
        (0..customers).for_each(|customer| repeaters.push(customer, customer.into()));
        assert_eq!(repeaters.stride, 4);
        assert!(repeaters.rows.iter().zip((0..).step_by(4)).all(|(row, customer)| row.0 == customer));
        assert_eq!(repeaters.rows.len(), REPEATERS * 3 / 4);
    }

    #[test]
    fn piles_hold_the_counts_of_all_customers() {
        let mut pile = Pile::default();
        let times = |last| Times { first: 0, last, purchases: 1 + u32::from(last > 0), seen: 9 };
        [0, 5, 0, 3].map(times).iter().for_each(|times| pile.push(times));
        pile.sort();
        [5, 0].map(times).iter().for_each(|times| pile.push(times));
        let counts = pile.finish();
        let rows: Vec<_> = counts.rows().iter().map(|row| (row.last_purchase_days, row.customers)).collect();
        assert_eq!(rows, [(0, 3), (3, 1), (5, 2)]);
    }
}
