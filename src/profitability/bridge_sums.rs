//! Sums of customers' changes between two spans: what `bridge` and `bridge_part` show.

use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::step::{Effects, STEPS};
use std::ops::AddAssign;

/// Of one comparison. Integers, so that the order in which customers are added does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BridgeSums {
    /// Contribution of the first span.
    pub(crate) before: i128,
    /// Contribution of the second.
    pub(crate) after: i128,
    /// By product group.
    pub(crate) groups: Vec<Effects>,
    /// By service.
    pub(crate) services: Vec<Effects>,
    /// Effects of the lines between contribution and customer profit on the change of it.
    pub(crate) below: [i128; BELOW_CONTRIBUTION.len()],
    /// Customer profit of both spans.
    pub(crate) profit: (i128, i128),
}

impl BridgeSums {
    /// Of no customers.
    pub(crate) fn new(groups: usize, services: usize) -> Self {
        Self {
            before: 0,
            after: 0,
            groups: vec![[0; STEPS]; groups],
            services: vec![[0; STEPS]; services],
            below: Default::default(),
            profit: (0, 0),
        }
    }

    /// Adds the levels of a customer; its parts are added where they are found.
    pub(crate) fn add_levels(&mut self, change: &CustomerChange) {
        self.before += change.before;
        self.after += change.after;
        self.below.iter_mut().zip(change.below).for_each(|(sum, effect)| *sum += effect);
        self.profit.0 += change.profit.0;
        self.profit.1 += change.profit.1;
    }

    /// The effects of all parts.
    pub(crate) fn effects(&self) -> Effects {
        let mut sums = [0; STEPS];
        self.groups.iter().chain(&self.services).for_each(|effects| add(&mut sums, effects));
        sums
    }

    /// Asserts that the steps lead from one level to the other.
    pub(crate) fn close(&self) {
        let steps: i128 = self.effects().iter().sum();
        assert_eq!(self.before + steps, self.after, "the steps lead from one contribution to the other");
        let below: i128 = self.below.iter().sum();
        let (before, after) = self.profit;
        assert_eq!(before + steps + below, after, "the steps lead from one customer profit to the other");
    }
}

/// Adds effects step by step.
fn add(sums: &mut Effects, effects: &Effects) {
    sums.iter_mut().zip(effects).for_each(|(sum, effect)| *sum += effect);
}

impl AddAssign<&Self> for BridgeSums {
    fn add_assign(&mut self, other: &Self) {
        self.before += other.before;
        self.after += other.after;
        self.groups.iter_mut().zip(&other.groups).for_each(|(sums, effects)| add(sums, effects));
        self.services.iter_mut().zip(&other.services).for_each(|(sums, effects)| add(sums, effects));
        self.below.iter_mut().zip(other.below).for_each(|(sum, effect)| *sum += effect);
        self.profit.0 += other.profit.0;
        self.profit.1 += other.profit.1;
    }
}
