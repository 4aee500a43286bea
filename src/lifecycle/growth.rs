//! Growth accounting: who came, stayed, returned and left, period by period.
//!
//! active = new + retained + resurrected; active of the period before = retained + inactive. The five are counted on
//! their own, and the identities are asserted.

use super::grouping::Grouping;
use super::ratio::share;
use crate::customers::calendar::Calendar;

/// Customers of one group in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    /// With a purchase.
    pub(crate) active: u64,
    /// With their first purchase.
    pub(crate) new: u64,
    /// Active in the period before too.
    pub(crate) retained: u64,
    /// Active earlier, but not in the period before.
    pub(crate) resurrected: u64,
    /// Active in the period before, but not now: many of them will be back, so this is no churn.
    pub(crate) inactive: u64,
}

impl Moves {
    /// (new + resurrected) / inactive; none if nobody became inactive.
    pub(crate) fn quick_ratio(&self) -> Option<f64> {
        share(self.new + self.resurrected, self.inactive)
    }

    /// Inactive per customer active in the period before; none if there was none.
    pub(crate) fn inactivity_rate(&self) -> Option<f64> {
        share(self.inactive, self.inactive + self.retained)
    }

    fn merge(&mut self, other: &Self) {
        self.active += other.active;
        self.new += other.new;
        self.retained += other.retained;
        self.resurrected += other.resurrected;
        self.inactive += other.inactive;
    }
}

/// Moves of every group, groupings one after another, by period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    /// By grouping, the place of its first group.
    starts: Vec<usize>,
    pub(crate) groups: Vec<Vec<Moves>>,
}

impl Growth {
    pub(crate) fn new(groupings: &[Grouping], periods: usize) -> Self {
        let (mut starts, mut groups) = (Vec::new(), 0);
        for grouping in groupings {
            starts.push(groups);
            groups += grouping.values().len();
        }
        Self { starts, groups: vec![vec![Moves::default(); periods]; groups] }
    }

    /// Adds a customer by the periods of its purchases, which do not descend.
    pub(crate) fn add(&mut self, groupings: &[Grouping], rank: usize, purchased_in: &[usize]) {
        for (grouping, start) in groupings.iter().zip(&self.starts) {
            follow(&mut self.groups[start + grouping.group(rank)], purchased_in);
        }
    }

    /// The customers of both.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = self.groups.iter_mut().flatten().zip(other.groups.iter().flatten());
        pairs.for_each(|(moves, other)| moves.merge(other));
    }

    /// Asserts the identities of every period.
    pub(crate) fn verify(&self) {
        for moves in &self.groups {
            let mut before = 0;
            for period in moves {
                assert_eq!(
                    period.active,
                    period.new + period.retained + period.resurrected,
                    "active customers"
                );
                assert_eq!(
                    before,
                    period.retained + period.inactive,
                    "customers active in the period before"
                );
                before = period.active;
            }
        }
    }

    /// Of each group, over the complete periods after the first: customers who became inactive per customer active in
    /// the period before. None where nobody could.
    pub(crate) fn mean_inactivity(&self, calendar: &Calendar) -> Vec<Option<f64>> {
        let complete = 1..calendar.complete().max(1);
        let of_group = |moves: &Vec<Moves>| {
            let (mut inactive, mut before) = (0, 0);
            for period in &moves[complete.clone()] {
                inactive += period.inactive;
                before += period.inactive + period.retained;
            }
            share(inactive, before)
        };
        self.groups.iter().map(of_group).collect()
    }
}

fn follow(moves: &mut [Moves], purchased_in: &[usize]) {
    let mut last: Option<usize> = None;
    for &period in purchased_in {
        match last {
            Some(known) if known == period => continue,
            None => moves[period].new += 1,
            Some(known) if known + 1 == period => moves[period].retained += 1,
            Some(known) => {
                moves[known + 1].inactive += 1;
                moves[period].resurrected += 1;
            }
        }
        moves[period].active += 1;
        last = Some(period);
    }
    if let Some(next) = last.and_then(|last| moves.get_mut(last + 1)) {
        next.inactive += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::months;

    fn growth(customers: &[&[usize]], periods: usize) -> Growth {
        let groupings = [Grouping::all()];
        let mut growth = Growth::new(&groupings, periods);
        for purchased_in in customers {
            growth.add(&groupings, 0, purchased_in);
        }
        growth.verify();
        growth
    }

    #[test]
    fn customers_come_stay_leave_and_return() {
        let growth = growth(&[&[0, 0, 1, 3], &[0], &[1, 2, 3], &[]], 4);
        let moves = |active, new, retained, resurrected, inactive| Moves {
            active,
            new,
            retained,
            resurrected,
            inactive,
        };
        assert_eq!(
            growth.groups[0],
            [moves(2, 2, 0, 0, 0), moves(2, 1, 1, 0, 1), moves(1, 0, 1, 0, 1), moves(2, 0, 1, 1, 0)]
        );
        let ratios: Vec<_> =
            growth.groups[0].iter().map(|moves| (moves.quick_ratio(), moves.inactivity_rate())).collect();
        assert_eq!(ratios, [(None, None), (Some(1.0), Some(0.5)), (Some(0.0), Some(0.5)), (None, Some(0.0))]);
    }

    #[test]
    fn an_incomplete_period_is_left_out_of_the_mean() {
        let growth = growth(&[&[0, 1, 2], &[0, 1], &[0]], 3);
        let mean = |as_of| growth.mean_inactivity(&months("2024-01-01", 3, as_of))[0];
        assert_eq!(mean("2024-03-10"), Some(1.0 / 3.0));
        assert_eq!(mean("2024-04-01"), Some(0.4));
        assert_eq!(mean("2024-02-01"), None);
        assert_eq!(mean("2024-01-20"), None, "no complete period at all");
    }
}
