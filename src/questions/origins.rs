//! Money followed through the whole network: what customers bear back to ledger accounts, and a resource's own money
//! to where it ends.
//!
//! The costing traces every node and every end to the resources whose own money it is made of. A resource's own money
//! comes from its inputs; at each end its accounts share is the second difference of R(A_t·P_k/P), A_t the running
//! amounts of its ends and P_k the running inputs. So a trace closes at every end and at every account.

use super::recalled::Recalled;
use super::sources::Source;
use crate::costing::schema::{Input, level_name};
use crate::costing::{Origins, Reached, origins};
use crate::pipeline::Node;
use crate::units::round_ratio;

/// One period's network, traced.
pub(super) struct Trail<'r> {
    recalled: &'r Recalled<'r>,
    period: usize,
    origins: Origins,
}

impl<'r> Trail<'r> {
    pub(super) fn new(recalled: &'r Recalled<'r>, period: usize) -> Self {
        Self { recalled, period, origins: origins(recalled.costing, recalled.definition, period) }
    }

    /// What customers bear of an activity, by the resources whose own money it is, with what no pool holds last.
    pub(super) fn resources(&self, activity: usize) -> Vec<(Option<usize>, i64)> {
        let posted = self.recalled.costing.periods[self.period].activities[activity].posted;
        let parts = self.origins.at(Reached::Customers(activity));
        let imputed = posted - parts.iter().map(|(_, part)| part).sum::<i64>();
        let imputed = (imputed != 0).then_some((None, imputed));
        parts.into_iter().map(|(resource, part)| (Some(resource), part)).chain(imputed).collect()
    }

    /// The same, by ledger account and inline amount; adds up to what is posted.
    pub(super) fn accounts(&self, activity: usize) -> Vec<Source> {
        let end = Reached::Customers(activity);
        let of = |(resource, part): (Option<usize>, i64)| match resource {
            Some(resource) => self.inputs(resource, end),
            None => {
                let without_pool = self.recalled.costing.activities[activity].without_pool();
                let (kind, why) = without_pool.unwrap_or(("imputed", "no pool holds it"));
                vec![Source::new(kind, why, part)]
            }
        };
        self.resources(activity).into_iter().flat_map(of).collect()
    }

    /// Unused capacity that customers bear beside an activity, by ledger account and inline amount; adds up to it.
    pub(super) fn unused(&self, activity: usize) -> Vec<Source> {
        let end = Reached::UnusedCharged(activity);
        let parts = self.origins.at(end).into_iter();
        parts.flat_map(|(resource, _)| self.inputs(resource, end)).collect()
    }

    /// Resources whose own money a node's cost is made of; adds up to it.
    pub(super) fn of(&self, node: Node) -> Vec<Source> {
        let name = |resource: usize| &self.recalled.costing.resources[resource];
        let parts = self.origins.of(node).into_iter();
        parts.map(|(resource, part)| Source::new("resource", name(resource), part)).collect()
    }

    /// Where a resource's own money ends; adds up to its inputs.
    pub(super) fn ends(&self, resource: usize) -> Vec<Source> {
        let ends = self.origins.reached(resource).into_iter();
        ends.map(|(end, part)| {
            let (kind, name) = self.end(end);
            Source::new(kind, name, part)
        })
        .collect()
    }

    /// What of a resource's inputs ended there.
    fn inputs(&self, resource: usize, end: Reached) -> Vec<Source> {
        let inputs = &self.recalled.costing.periods[self.period].resources[resource].inputs;
        let ends = self.origins.reached(resource);
        let before = ends.iter().take_while(|(known, _)| *known != end).map(|(_, part)| *part).sum();
        let part = ends.iter().find(|(known, _)| *known == end).map_or(0, |(_, part)| *part);
        let name = &self.recalled.costing.resources[resource];
        let source = |((account, _), amount): (&Input, i64)| match account {
            Some(account) => Source::new("ledger account", format!("{account} ({name})"), amount),
            None => Source::new("inline amount", name, amount),
        };
        if inputs.is_empty() {
            return vec![Source::new("overdriven", format!("taken beyond the pool of {name}"), part)];
        }
        let amounts: Vec<i64> = inputs.iter().map(|(_, amount)| *amount).collect();
        inputs
            .iter()
            .zip(share(&amounts, before, part))
            .map(source)
            .filter(|source| source.amount != 0)
            .collect()
    }

    /// A person's words for an end.
    fn end(&self, end: Reached) -> (&'static str, String) {
        let costing = self.recalled.costing;
        let activity = |index: usize| &*costing.activities[index].name;
        match end {
            Reached::Customers(index) => ("customers", format!("through {}", activity(index))),
            Reached::UnusedCharged(index) => {
                ("customers", format!("as unused capacity, beside {}", activity(index)))
            }
            Reached::Retained(index) => {
                let level = level_name(costing.activities[index].level);
                ("retained", format!("at {level} level by {}", activity(index)))
            }
            Reached::UnusedRetained(index) => {
                ("retained", format!("as unused capacity of {}", costing.resources[index]))
            }
            Reached::Unused(index) => ("unused", format!("at {}", costing.resources[index])),
            Reached::Unassigned(node) => ("unassigned", format!("at {}", costing.node(node).1)),
            Reached::Variance(node) => {
                ("standard rate", format!("cost not charged by {}", costing.node(node).1))
            }
            Reached::Overdriven(index) => {
                ("overdriven", format!("taken beyond the pool of {}", costing.resources[index]))
            }
        }
    }
}

/// Each input's part of `part`, which follows ends of `before` in all. Inputs that cancel out leave it to the last.
fn share(inputs: &[i64], before: i64, part: i64) -> Vec<i64> {
    let whole: i128 = inputs.iter().map(|input| i128::from(*input)).sum();
    let (mut running, mut seen) = (0_i128, 0_i128);
    let last = inputs.len().saturating_sub(1);
    let of = |(index, input): (usize, &i64)| {
        running += i128::from(*input);
        let until = match index == last {
            true => i128::from(part),
            false if whole == 0 => 0,
            false => {
                let at = |end: i128| round_ratio(end * running * whole.signum(), whole.abs());
                at(i128::from(before) + i128::from(part)) - at(i128::from(before))
            }
        };
        let share = until - seen;
        seen = until;
        i64::try_from(share).expect("a share of money fits 64 bits")
    };
    inputs.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_close_at_every_end_and_over_all_ends() {
        for (inputs, ends) in [
            (vec![700, 300, 1], vec![333, 333, 335]),
            (vec![-20, 120], vec![150, -50]),
            (vec![-7], vec![-3, -4]),
            (vec![5, -5], vec![3, -3]),
        ] {
            let mut sums = vec![0; inputs.len()];
            let mut before = 0;
            for end in ends {
                let parts = share(&inputs, before, end);
                assert_eq!(parts.iter().sum::<i64>(), end);
                sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
                before += end;
            }
            if inputs.iter().sum::<i64>() != 0 {
                assert_eq!(sums, inputs);
            }
        }
    }
}
