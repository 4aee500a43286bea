//! Lives of relationships, as survival counts them.
//!
//! A relationship ends at the first gap longer than the declared one, on the day it has lasted that long: last
//! purchase + gap. Otherwise it is censored at the last day before the as-of date. Non-contractual customers leave no
//! date of death: what is estimated depends on the declared gap.
//!
//! Durations count from the first purchase. Of a customer won before the history begins they count from the day it
//! was won, and it is under observation once the history is as old as the gap: then whether it still lasts is known of
//! every such customer alike. Those without purchase by then left before, unseen (delayed entry).

use super::grouping::Grouping;
use super::kaplan_meier::CountedLives;
use super::ratio::share;
use crate::clv::schema::periods_lived;
use crate::customers::calendar::Calendar;
use crate::customers::days::{CustomerDaysView, Seen};
use crate::units::Day;
use hashbrown::HashMap;

/// A life: entry, duration in days, whether it ended.
pub(crate) type Life = (u32, u32, bool);

/// What is known of the lives of a customer base: where observation begins and ends, and what ends a life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// First day of the history.
    pub(crate) start: Day,
    /// First day left out.
    pub(crate) as_of: Day,
    pub(crate) gap_days: i32,
}

/// Lives counted by grouping and group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lives(Vec<Vec<LivesOfGroup>>);

#[derive(Debug, Clone, Default)]
struct LivesOfGroup {
    counts: HashMap<Life, u64>,
    unobserved: u64,
    exposure: Exposure,
}

/// Relationships that ended and the time they could have ended in: churn is the one over the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    /// Complete periods lived, of all relationships.
    pub(crate) periods: u64,
    /// Relationships that were lost.
    pub(crate) lost: u64,
}

impl Exposure {
    /// Of one relationship, as the lifetime formulas of `[clv]` count it.
    pub(crate) fn of(seen: &Seen, calendar: &Calendar, gap_days: i32) -> Self {
        let bought_in = [seen.first, seen.last].map(|day| calendar.index(day));
        let complete = calendar.complete();
        let lived = periods_lived(bought_in, seen.last, calendar.as_of, gap_days, complete);
        lived.map_or_else(Self::default, |(lived, is_lost)| Self {
            periods: lived.len() as u64,
            lost: is_lost.into(),
        })
    }

    fn add(&mut self, more: Self) {
        self.periods += more.periods;
        self.lost += more.lost;
    }

    /// Relationships lost per period lived; none where nobody lived through a period.
    pub(crate) fn churn_rate(&self) -> Option<f64> {
        share(self.lost, self.periods)
    }

    /// 1 / churn rate: the mean of a geometric lifetime; none where nobody was lost.
    pub(crate) fn lifetime_periods(&self) -> Option<f64> {
        share(self.periods, self.lost)
    }
}

impl Lives {
    pub(crate) fn new(groupings: &[Grouping]) -> Self {
        Self(
            groupings.iter().map(|grouping| vec![LivesOfGroup::default(); grouping.values().len()]).collect(),
        )
    }

    /// Counts one customer in every grouping; without life: not under observation.
    pub(crate) fn add(
        &mut self,
        groupings: &[Grouping],
        rank: usize,
        life: Option<Life>,
        exposure: Exposure,
    ) {
        for (grouping, groups) in groupings.iter().zip(&mut self.0) {
            let group = &mut groups[grouping.group(rank)];
            group.exposure.add(exposure);
            match life {
                Some(life) => *group.counts.entry(life).or_insert(0) += 1,
                None => group.unobserved += 1,
            }
        }
    }

    /// The lives of both.
    pub(crate) fn merge(&mut self, other: Self) {
        for (group, other) in self.0.iter_mut().flatten().zip(other.0.into_iter().flatten()) {
            group.unobserved += other.unobserved;
            group.exposure.add(other.exposure);
            other
                .counts
                .into_iter()
                .for_each(|(life, lives)| *group.counts.entry(life).or_insert(0) += lives);
        }
    }

    /// The lives of one group, in order.
    pub(crate) fn counted(&self, grouping: usize, group: usize) -> Vec<CountedLives> {
        let lives = self.0[grouping][group].counts.iter();
        let row = |(&(entry, duration, ended), &lives): (&Life, &u64)| CountedLives {
            entry,
            duration,
            ended,
            lives,
        };
        let mut rows: Vec<CountedLives> = lives.map(row).collect();
        rows.sort_unstable();
        rows
    }

    /// Of the relationships of one group.
    pub(crate) fn exposure(&self, grouping: usize, group: usize) -> Exposure {
        self.0[grouping][group].exposure
    }

    /// Customers of one group with a purchase whose life was not under observation.
    pub(crate) fn unobserved(&self, grouping: usize, group: usize) -> u64 {
        self.0[grouping][group].unobserved
    }
}

impl Observation {
    /// The life of a customer by its days before the as-of date; none if it is not under observation.
    pub(crate) fn life(&self, days: CustomerDaysView<'_>, won: Option<Day>) -> Option<Life> {
        let mut purchases = days.purchases();
        let first = purchases.next()?;
        let mut last = first;
        let broke = purchases.find(|day| {
            let is_gap = *day - last > self.gap_days;
            last = if is_gap { last } else { *day };
            is_gap
        });
        // The gap that is still open lasts to the as-of date at least.
        let ended = broke.is_some() || self.as_of.0 - last > self.gap_days;
        let over = if ended { last + self.gap_days } else { self.as_of.0 - 1 };
        let (origin, entry) = match won.filter(|won| *won < self.start) {
            None => (first, first),
            Some(won) => (won.0, self.start.0 + self.gap_days - 1),
        };
        let is_observed = first <= entry && (entry < over || entry == first);
        let since_origin =
            |day: i32| u32::try_from(day - origin).expect("nothing is observed before the origin");
        is_observed.then(|| (since_origin(entry), since_origin(over), ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::{bought, slice};

    fn life_of(days: &[i32], won: Option<i32>, as_of: i32, gap_days: i32) -> Option<Life> {
        let slice = slice(&[&bought(days)]);
        let days = slice.customers().next().unwrap();
        Observation { start: Day(100), as_of: Day(as_of), gap_days }.life(days, won.map(Day))
    }

    #[test]
    fn a_life_ends_at_the_first_gap_beyond_the_declared_one() {
        assert_eq!(life_of(&[], None, 200, 30), None);
        assert_eq!(life_of(&[100, 110, 150, 151], None, 200, 30), Some((0, 40, true)), "then another life");
        assert_eq!(
            life_of(&[100, 130], None, 150, 30),
            Some((0, 49, false)),
            "a gap of just that length is none"
        );
    }

    #[test]
    fn the_open_gap_counts_to_the_as_of_date() {
        // Last purchase on 110, gap 30: nothing on 111 to 140 is seen once 140 is over, that is from as-of 141 on.
        assert_eq!(life_of(&[100, 110], None, 140, 30), Some((0, 39, false)));
        assert_eq!(life_of(&[100, 110], None, 141, 30), Some((0, 40, true)));
    }

    #[test]
    fn a_history_shorter_than_the_gap_censors_everybody() {
        assert_eq!(life_of(&[100], None, 101, 180), Some((0, 0, false)));
        assert_eq!(life_of(&[100, 130], None, 150, 180), Some((0, 49, false)));
        assert_eq!(life_of(&[100, 130], Some(40), 150, 180), None, "of older ones nothing is known yet");
    }

    #[test]
    fn who_was_won_before_the_history_enters_when_it_is_as_old_as_the_gap() {
        // From day 129 on it is known who bought within the last 30 days.
        assert_eq!(life_of(&[120, 130], Some(40), 150, 30), Some((89, 109, false)));
        assert_eq!(life_of(&[100], Some(40), 200, 30), Some((89, 90, true)));
        assert_eq!(life_of(&[130, 140], Some(40), 200, 30), None, "it left before, unseen");
        assert_eq!(life_of(&[120], Some(40), 130, 30), None, "observation ends before it begins");
        assert_eq!(life_of(&[120], Some(110), 200, 30), Some((0, 30, true)), "won in the history");
    }
}
