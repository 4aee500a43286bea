//! Growth accounting: who came, stayed, returned and left, period by period.
//!
//! active = new + retained + resurrected; active of the period before = retained + churned. The five are counted on
//! their own, and the identities are asserted.

use super::calendar::Calendar;
use super::grouping::Grouping;
use super::layout::{real, share};
use std::ops::Range;

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
    /// Active in the period before, but not now.
    pub(crate) churned: u64,
}

impl Moves {
    /// (new + resurrected) / churned; none if nobody churned.
    pub(crate) fn quick_ratio(&self) -> Option<f64> {
        share(self.new + self.resurrected, self.churned)
    }

    /// Churned per customer active in the period before; none if there was none.
    pub(crate) fn churn_rate(&self) -> Option<f64> {
        share(self.churned, self.churned + self.retained)
    }

    /// 1 / churn rate; none if nobody churned.
    pub(crate) fn lifetime_periods(&self) -> Option<f64> {
        share(self.churned + self.retained, self.churned)
    }

    fn merge(&mut self, other: &Self) {
        self.active += other.active;
        self.new += other.new;
        self.retained += other.retained;
        self.resurrected += other.resurrected;
        self.churned += other.churned;
    }
}

/// Moves of every group, groupings one after another, by period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    /// By grouping, the place of its first group.
    starts: Vec<usize>,
    pub(crate) groups: Vec<Vec<Moves>>,
}

/// Churn of a group over all complete periods.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct MeanRates {
    /// None where nobody could churn.
    pub(crate) churn: Option<f64>,
    /// None where nobody churned.
    pub(crate) lifetime_periods: Option<f64>,
    pub(crate) lifetime_days: Option<f64>,
}

impl Growth {
    pub(crate) fn new(groupings: &[Grouping], periods: usize) -> Self {
        let (mut starts, mut groups) = (Vec::new(), 0);
        for grouping in groupings {
            starts.push(groups);
            groups += grouping.values.len();
        }
        Self { starts, groups: vec![vec![Moves::default(); periods]; groups] }
    }

    /// Adds a customer by the periods of its purchases, which do not descend.
    pub(crate) fn add(
        &mut self,
        groupings: &[Grouping],
        rank: usize,
        purchased_in: impl Iterator<Item = usize> + Clone,
    ) {
        for (grouping, start) in groupings.iter().zip(&self.starts) {
            follow(&mut self.groups[start + grouping.group(rank)], purchased_in.clone());
        }
    }

    /// The customers of both.
    pub(crate) fn merge(mut self, other: &Self) -> Self {
        let pairs = self.groups.iter_mut().flatten().zip(other.groups.iter().flatten());
        pairs.for_each(|(moves, other)| moves.merge(other));
        self
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
                assert_eq!(before, period.retained + period.churned, "customers active in the period before");
                before = period.active;
            }
        }
    }

    /// Of each group, over the complete periods after the first.
    pub(crate) fn mean_rates(&self, calendar: &Calendar) -> Vec<MeanRates> {
        let complete: Range<usize> = 1..calendar.ended_by(calendar.as_of).max(1);
        let days = calendar.mean_days(complete.clone());
        let of_group = |moves: &Vec<Moves>| {
            let (mut churned, mut before) = (0, 0);
            for period in &moves[complete.clone()] {
                churned += period.churned;
                before += period.churned + period.retained;
            }
            let lifetime_periods = (churned > 0).then(|| real(before) / real(churned));
            MeanRates {
                churn: share(churned, before),
                lifetime_periods,
                lifetime_days: lifetime_periods.zip(days).map(|(periods, days)| periods * days),
            }
        };
        self.groups.iter().map(of_group).collect()
    }
}

fn follow(moves: &mut [Moves], purchased_in: impl Iterator<Item = usize>) {
    let mut last: Option<usize> = None;
    for period in purchased_in {
        match last {
            Some(known) if known == period => continue,
            None => moves[period].new += 1,
            Some(known) if known + 1 == period => moves[period].retained += 1,
            Some(known) => {
                moves[known + 1].churned += 1;
                moves[period].resurrected += 1;
            }
        }
        moves[period].active += 1;
        last = Some(period);
    }
    if let Some(next) = last.and_then(|last| moves.get_mut(last + 1)) {
        next.churned += 1;
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
            growth.add(&groupings, 0, purchased_in.iter().copied());
        }
        growth.verify();
        growth
    }

    #[test]
    fn customers_come_stay_leave_and_return() {
        let growth = growth(&[&[0, 0, 1, 3], &[0], &[1, 2, 3], &[]], 4);
        let moves = |active, new, retained, resurrected, churned| Moves {
            active,
            new,
            retained,
            resurrected,
            churned,
        };
        assert_eq!(
            growth.groups[0],
            [moves(2, 2, 0, 0, 0), moves(2, 1, 1, 0, 1), moves(1, 0, 1, 0, 1), moves(2, 0, 1, 1, 0)]
        );
        let ratios: Vec<_> =
            growth.groups[0].iter().map(|moves| (moves.quick_ratio(), moves.churn_rate())).collect();
        assert_eq!(ratios, [(None, None), (Some(1.0), Some(0.5)), (Some(0.0), Some(0.5)), (None, Some(0.0))]);
    }

    #[test]
    fn an_incomplete_period_is_left_out_of_the_mean() {
        let growth = growth(&[&[0, 1, 2], &[0, 1], &[0]], 3);
        let rates = |as_of| growth.mean_rates(&months("2024-01-01", 3, as_of))[0];
        let mean = rates("2024-03-10");
        assert_eq!((mean.churn, mean.lifetime_periods), (Some(1.0 / 3.0), Some(3.0)));
        assert_eq!(mean.lifetime_days, Some(87.0), "three Februaries");
        assert_eq!(rates("2024-04-01").churn, Some(0.4));
        assert_eq!(rates("2024-02-01"), MeanRates::default());
        assert_eq!(rates("2024-01-20"), MeanRates::default(), "no complete period at all");
    }
}
