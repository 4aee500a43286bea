//! The points of one customer, replayed from its movements: the oldest points are used, or expire, first.

use super::movement::{Kind, Movement};
use std::collections::VecDeque;

/// Points earned in one period that are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lot {
    /// Number of the period in which they were earned, see [`super::tally`].
    pub(super) cohort: u32,
    pub(super) points: i64,
}

/// An account so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Oldest first; none is empty.
    pub(super) lots: VecDeque<Lot>,
    /// Points redeemed or expired beyond those that were earned: they were earned before the source begins.
    pub(super) overdrawn: i64,
}

impl Account {
    /// Applies a movement of a period; hands on how many points of which cohorts were redeemed or expired, and returns how many were
    /// of none.
    pub(super) fn apply(&mut self, movement: &Movement, period: u32, taken: impl FnMut(u32, i64)) -> i64 {
        match movement.kind {
            Kind::Earned => {
                self.earn(period, movement.points);
                0
            }
            Kind::Redeemed | Kind::Expired => self.take(movement.points, taken),
        }
    }

    fn earn(&mut self, cohort: u32, points: i64) {
        match self.lots.back_mut().filter(|lot| lot.cohort == cohort) {
            Some(lot) => lot.points += points,
            None if points > 0 => self.lots.push_back(Lot { cohort, points }),
            None => {}
        }
    }

    fn take(&mut self, mut points: i64, mut taken: impl FnMut(u32, i64)) -> i64 {
        while points > 0
            && let Some(lot) = self.lots.front_mut()
        {
            let of_lot = points.min(lot.points);
            lot.points -= of_lot;
            points -= of_lot;
            taken(lot.cohort, of_lot);
            if lot.points == 0 {
                self.lots.pop_front();
            }
        }
        self.overdrawn += points;
        points
    }

    /// Points that are there.
    pub(super) fn balance(&self) -> i64 {
        self.lots.iter().map(|lot| lot.points).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(kind: Kind, points: i64) -> Movement {
        Movement { who: 1, day: 5, kind, points, paid: 0, cost: 0 }
    }

    #[test]
    fn the_oldest_points_are_taken_first() {
        let mut account = Account::default();
        let mut taken = Vec::new();
        for (period, kind, points) in [
            (1, Kind::Earned, 10),
            (1, Kind::Earned, 5),
            (2, Kind::Earned, 0),
            (3, Kind::Earned, 20),
            (4, Kind::Redeemed, 18),
        ] {
            let beyond =
                account.apply(&movement(kind, points), period, |cohort, points| taken.push((cohort, points)));
            assert_eq!(beyond, 0);
        }
        assert_eq!(taken, [(1, 15), (3, 3)]);
        assert_eq!(account.lots, [Lot { cohort: 3, points: 17 }]);
        let beyond = account.apply(&movement(Kind::Expired, 20), 5, |_, _| ());
        assert_eq!((beyond, account.balance(), account.lots.len()), (3, 0, 0));
        account.apply(&movement(Kind::Earned, 4), 6, |_, _| ());
        assert_eq!((account.balance(), account.overdrawn), (4, 3), "what was overdrawn is of older points");
    }
}
