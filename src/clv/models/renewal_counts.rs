//! Renewal counts: how many customers left at each renewal, how many were still there after the last one observed, and how many came
//! under observation late. Sufficient statistics of models of retention: life table, survival curve and likelihoods read nothing else.

/// Customers by the renewal they left or were last seen at. Parts merge by adding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RenewalCounts {
    /// At `[t]`: customers who left at renewal t; `[0]` is 0, there is no renewal 0.
    pub(super) lost: Vec<u64>,
    /// At `[t]`: customers still there after their last observed renewal, t.
    pub(super) kept: Vec<u64>,
    /// At `[t]`: customers who came under observation after t renewals, and are known because they had lived through them; those
    /// observed from their beginning are not counted here.
    pub(super) entered: Vec<u64>,
}

impl RenewalCounts {
    /// One cohort: customers at the start, then those still there after renewals 1, 2, …
    ///
    /// # Errors
    /// The first renewal after which there were more than before.
    pub fn of_cohort(survivors: &[u64]) -> Result<Self, usize> {
        let mut counts = Self::default();
        for (renewal, pair) in survivors.windows(2).enumerate() {
            counts.add_lost(renewal + 1, pair[0].checked_sub(pair[1]).ok_or(renewal + 1)?);
        }
        if let Some(still_there) = survivors.last() {
            counts.add_kept(survivors.len() - 1, *still_there);
        }
        Ok(counts)
    }

    /// Counts customers who left at a renewal, 1 or later.
    ///
    /// # Panics
    /// Renewal 0.
    pub fn add_lost(&mut self, renewal: usize, customers: u64) {
        assert!(renewal > 0, "the first renewal is number 1");
        *at(&mut self.lost, renewal) += customers;
    }

    /// Counts customers who are still there after so many renewals.
    pub fn add_kept(&mut self, renewals: usize, customers: u64) {
        *at(&mut self.kept, renewals) += customers;
    }

    /// Counts customers, who are lost or kept as well, whose first `renewals` were not observed: nobody who was lost at these is known
    /// (left truncation). They are at risk from the next one on.
    pub fn add_entered(&mut self, renewals: usize, customers: u64) {
        if renewals > 0 {
            *at(&mut self.entered, renewals) += customers;
        }
    }

    /// Adds another part of the population.
    pub fn merge(&mut self, other: &Self) {
        for (sums, more) in [
            (&mut self.lost, &other.lost),
            (&mut self.kept, &other.kept),
            (&mut self.entered, &other.entered),
        ] {
            more.iter().enumerate().for_each(|(renewals, customers)| *at(sums, renewals) += customers);
        }
    }

    /// Customers who came under observation after so many renewals, 1 or more.
    pub fn entered_after(&self, renewals: usize) -> u64 {
        self.entered.get(renewals).copied().unwrap_or(0)
    }

    /// Whether renewals of anybody were not observed.
    pub fn is_truncated(&self) -> bool {
        self.entered.iter().any(|customers| *customers > 0)
    }

    /// Customers who left at a renewal.
    pub fn lost_at(&self, renewal: usize) -> u64 {
        self.lost.get(renewal).copied().unwrap_or(0)
    }

    /// Customers still there after so many renewals, the last ones observed.
    pub fn kept_after(&self, renewals: usize) -> u64 {
        self.kept.get(renewals).copied().unwrap_or(0)
    }

    /// The last renewal at which anybody was observed.
    pub fn last(&self) -> usize {
        let last_of = |counts: &[u64]| counts.iter().rposition(|customers| *customers > 0).unwrap_or(0);
        last_of(&self.lost).max(last_of(&self.kept))
    }

    /// Customers who left.
    pub fn total_lost(&self) -> u64 {
        self.lost.iter().sum()
    }

    /// Renewals that came up under observation, over all customers.
    pub(super) fn exposures(&self) -> u64 {
        let sum = |counts: &[u64]| -> u64 {
            counts.iter().enumerate().map(|(renewals, customers)| renewals as u64 * customers).sum()
        };
        sum(&self.lost) + sum(&self.kept) - sum(&self.entered)
    }
}

fn at(counts: &mut Vec<u64>, index: usize) -> &mut u64 {
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    &mut counts[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_of_several_ages_merge() {
        let (mut merged, mut counted) =
            (RenewalCounts::of_cohort(&[50, 40, 33]).unwrap(), RenewalCounts::default());
        merged.merge(&RenewalCounts::of_cohort(&[70, 50, 44, 41]).unwrap());
        for (renewal, customers) in [(1, 30), (2, 13), (3, 3)] {
            counted.add_lost(renewal, customers);
        }
        counted.add_kept(2, 33);
        counted.add_kept(3, 41);
        assert_eq!(merged, counted);
        assert_eq!(RenewalCounts::of_cohort(&[5, 6]), Err(1));
    }
}
