//! Lives of relationships, as survival counts them.
//!
//! A relationship ends at the first gap longer than the declared one, on the day it has lasted that long: last
//! purchase + gap. Otherwise it is censored at the last day before the as-of date. Non-contractual customers leave no
//! date of death: what is estimated depends on the declared gap.
//!
//! Durations count from the first purchase. Of a customer won before the history begins they count from the day it
//! was won, and the customer is under observation from its first purchase in the history on (delayed entry): only by
//! that is it known to be alive.

use super::customer_days::CustomerDaysView;
use super::grouping::Grouping;
use super::kaplan_meier::CountedLives;
use crate::units::Day;
use hashbrown::HashMap;

/// A life: entry, duration in days, whether it ended.
pub(crate) type Life = (u32, u32, bool);

/// Lives counted by grouping and group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lives(Vec<Vec<HashMap<Life, u64>>>);

impl Lives {
    pub(crate) fn new(groupings: &[Grouping]) -> Self {
        Self(groupings.iter().map(|grouping| vec![HashMap::new(); grouping.values.len()]).collect())
    }

    /// Counts one life in every grouping.
    pub(crate) fn add(&mut self, groupings: &[Grouping], rank: usize, life: Life) {
        for (grouping, groups) in groupings.iter().zip(&mut self.0) {
            *groups[grouping.group(rank)].entry(life).or_insert(0) += 1;
        }
    }

    /// The lives of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for (groups, others) in self.0.iter_mut().flatten().zip(other.0.into_iter().flatten()) {
            others.into_iter().for_each(|(life, lives)| *groups.entry(life).or_insert(0) += lives);
        }
        self
    }

    /// The lives of one group, in order.
    pub(crate) fn counted(&self, grouping: usize, group: usize) -> Vec<CountedLives> {
        let lives = self.0[grouping][group].iter();
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
}

/// The life of a customer by its days before the as-of date; none without a purchase.
pub(crate) fn life(
    days: CustomerDaysView<'_>,
    won: Option<Day>,
    start: Day,
    as_of: Day,
    gap_days: i32,
) -> Option<Life> {
    let mut purchases = days.purchases();
    let first = purchases.next()?;
    let mut last = first;
    let broke = purchases.find(|day| {
        let is_gap = *day - last > gap_days;
        last = if is_gap { last } else { *day };
        is_gap
    });
    // The gap that is still open lasts to the as-of date at least.
    let ended = broke.is_some() || as_of.0 - last > gap_days;
    let origin = won.filter(|won| *won < start).map_or(first, |won| won.0.min(first));
    let over = if ended { last + gap_days } else { as_of.0 - 1 };
    let since_origin = |day: i32| u32::try_from(day - origin).expect("nothing is observed before the origin");
    Some((since_origin(first), since_origin(over), ended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::customer_days::customers;
    use crate::lifecycle::tests::{bought, slice};

    fn life_of(days: &[i32], won: Option<i32>, as_of: i32, gap: i32) -> Option<Life> {
        let slice = slice(&[&bought(days)]);
        let (_, days) = customers(&slice).next().unwrap();
        life(days, won.map(Day), Day(100), Day(as_of), gap)
    }

    #[test]
    fn a_life_ends_at_the_first_gap_beyond_the_declared_one() {
        assert_eq!(life_of(&[], None, 200, 30), None);
        assert_eq!(
            life_of(&[100, 110, 150, 151], None, 200, 30),
            Some((0, 40, true)),
            "the later ones are another life"
        );
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
    }

    #[test]
    fn who_was_won_before_the_history_enters_late() {
        assert_eq!(life_of(&[120, 130], Some(40), 150, 30), Some((80, 109, false)));
        assert_eq!(life_of(&[120], Some(40), 200, 30), Some((80, 110, true)));
        assert_eq!(life_of(&[120], Some(110), 200, 30), Some((0, 30, true)), "won in the history");
        assert_eq!(life_of(&[90, 120], Some(95), 200, 30), Some((0, 60, true)), "bought before it was won");
    }
}
