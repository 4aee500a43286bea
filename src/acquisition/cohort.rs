//! A cohort of acquisition: customers of one channel who came in one period, those who never bought among them.

use super::residual::{CustomerResidual, Residual};
use std::collections::BTreeMap;

/// Which cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CohortKey {
    /// Group of the channel.
    pub(super) channel: usize,
    /// First day of the period; none of customers who came on no known day.
    pub(super) start: Option<i32>,
}

/// Sums over its customers, in smallest units of money.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cohort {
    pub(super) customers: u64,
    /// Those with a purchase.
    pub(super) buyers: u64,
    pub(super) acquisition_cost: i128,
    /// What others were given for bringing them.
    pub(super) rewards: i128,
    /// Customer profit, acquisition cost taken off.
    pub(super) profit: i128,
    /// By period of the run; sparse, as a part of a slice has few customers of a cohort.
    pub(super) contribution: BTreeMap<usize, i128>,
    pub(super) residual: Residual,
}

/// One customer of a cohort.
pub(super) struct CohortMember {
    /// Whether it is a customer, not one to come.
    pub(super) is_won: bool,
    pub(super) is_buyer: bool,
    pub(super) acquisition_cost: i64,
    pub(super) profit: i64,
    pub(super) residual: Option<CustomerResidual>,
}

impl Cohort {
    pub(super) fn add(&mut self, member: &CohortMember) {
        self.customers += u64::from(member.is_won);
        self.buyers += u64::from(member.is_buyer);
        self.acquisition_cost += i128::from(member.acquisition_cost);
        self.profit += i128::from(member.profit);
        if let Some(residual) = member.residual {
            self.residual.add(residual);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.buyers += other.buyers;
        self.acquisition_cost += other.acquisition_cost;
        self.rewards += other.rewards;
        self.profit += other.profit;
        for (period, contribution) in &other.contribution {
            *self.contribution.entry(*period).or_default() += contribution;
        }
        self.residual.merge(&other.residual);
    }

    /// What winning them cost, rewards included.
    pub(super) fn cost(&self) -> i128 {
        self.acquisition_cost + self.rewards
    }

    /// Contribution of all periods.
    pub(super) fn contributed(&self) -> i128 {
        self.contribution.values().sum()
    }

    /// Customer profit before the cost of winning.
    pub(super) fn brought(&self) -> i128 {
        self.profit + self.acquisition_cost
    }

    /// What is expected of them; none where a buyer's residual value is not known. Of those who never bought nothing is expected.
    pub(super) fn expected(&self) -> Option<&Residual> {
        (self.residual.customers >= self.buyers).then_some(&self.residual)
    }

    /// What they brought and are expected to bring, before the cost of winning.
    pub(super) fn lifetime_value(&self) -> Option<i128> {
        Some(self.brought() + self.expected()?.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_of_a_cohort_is_known_where_that_of_every_buyer_is() {
        let member = |is_buyer, residual: Option<i64>| CohortMember {
            is_won: true,
            is_buyer,
            acquisition_cost: 2,
            profit: 5,
            residual: residual.map(|value| CustomerResidual { value, errors: None }),
        };
        let mut cohort = Cohort::default();
        cohort.add(&member(false, None));
        assert_eq!(cohort.lifetime_value(), Some(7), "nothing is expected of who never bought");
        cohort.add(&member(true, Some(10)));
        assert_eq!(cohort.lifetime_value(), Some(24));
        cohort.add(&member(true, None));
        assert_eq!((cohort.expected(), cohort.lifetime_value()), (None, None));
    }
}
