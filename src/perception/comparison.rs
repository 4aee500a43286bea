//! Customers to whom something has not happened so far (a complaint, dissatisfaction), counted by the windows that begin on each of
//! their days: whom those are compared with to whom it has.

use super::baseline::{Compared, Windows};
use super::history::Seen;
use super::rows::Given;

/// What is counted of the customers of a slice, purchase by purchase.
#[derive(Debug)]
pub(crate) struct Comparison<'r> {
    windows: Windows,
    /// Rank and day of what ends it, ascending, each rank once.
    firsts: Vec<(u32, i32)>,
    /// Referrals made, by rank and day.
    given: &'r [Given],
    counted: Compared,
}

impl<'r> Comparison<'r> {
    /// Of customers of so many profiles.
    pub(crate) fn new(
        windows: Windows,
        firsts: Vec<(u32, i32)>,
        given: &'r [Given],
        profiles: usize,
    ) -> Self {
        Self { windows, firsts, given, counted: Compared::new(profiles) }
    }

    /// Before the first rank.
    pub(crate) fn begin(&mut self) -> Counting<'_> {
        Counting {
            windows: self.windows,
            firsts: OfRank { rest: &self.firsts },
            given: OfRank { rest: self.given },
            counted: &mut self.counted,
        }
    }

    /// What was counted.
    pub(crate) fn finish(self) -> Compared {
        self.counted
    }
}

/// Counts customers in ascending order of rank.
pub(crate) struct Counting<'c> {
    windows: Windows,
    firsts: OfRank<'c, (u32, i32)>,
    given: OfRank<'c, Given>,
    counted: &'c mut Compared,
}

impl Counting<'_> {
    /// Counts the days from what is seen of a customer up to its next purchase; none: up to the end.
    pub(crate) fn count(&mut self, profile: usize, rank: u32, seen: Seen, next: Option<i32>) {
        let first = self.firsts.of(rank, |first| first.0).first().map_or(i32::MAX, |(_, day)| *day);
        match (seen.purchases, next) {
            (0, None) => {}
            (0, Some(day)) => self.counted.begin(profile, day, first),
            _ => {
                let given = self.given.of(rank, |given| given.who);
                self.windows.look(seen, next, first, given, self.counted.points(profile));
            }
        }
    }
}

/// Rows in order of rank, for ranks asked for in ascending order.
struct OfRank<'c, T> {
    rest: &'c [T],
}

impl<'c, T> OfRank<'c, T> {
    fn of(&mut self, rank: u32, rank_of: impl Fn(&T) -> u32) -> &'c [T] {
        while self.rest.first().is_some_and(|row| rank_of(row) < rank) {
            self.rest = &self.rest[1..];
        }
        let own = self.rest.iter().take_while(|row| rank_of(row) == rank).count();
        &self.rest[..own]
    }
}
