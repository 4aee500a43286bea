//! Reciprocal: services that serve each other, solved as simultaneous equations (R. Kaplan, "Variable and
//! self-service costs in reciprocal allocation models", The Accounting Review 48 (1973), 738–748; Horngren).
//!
//! Member i gives w_ij of its whole W_i to member j, w_ie to exit e, and Σ w = W_i. Its reciprocated cost x_i is its
//! own input b_i and what members give it: x = b + Sᵀx with S_ij = w_ij / W_i. Put x_i = W_i·y_i, and the equations
//! are of integers: W_j·y_j − Σ_i w_ij·y_i = b_j. Exit e has w_ie·y_i, and all exits share one denominator.
//!
//! Exits are rounded by cumulative difference in the order of the members, so they sum to the inputs. Reciprocated
//! costs count money again each time it goes round: they are shown, and never added up.

use super::Flow;
use crate::math::linear::{Factors, Singular};
use crate::math::ratio::{gcd, round};
use num_bigint::BigInt;
use std::sync::Arc;

pub(super) fn flow(group: usize) -> Flow {
    Flow::Within(group)
}

/// The weights of one group in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weights {
    /// W_i, above 0.
    pub(crate) wholes: Vec<i128>,
    /// (i, j, w_ij) by members' positions, in the order of the givers.
    pub(crate) within: Vec<(usize, usize, i128)>,
    /// (i, w_ie), in the order of the givers; the last exit of each member is what it keeps.
    pub(crate) exits: Vec<(usize, i128)>,
}

impl Weights {
    /// The same fractions in lowest terms, member by member: short entries make short determinants.
    pub(crate) fn reduced(mut self) -> Self {
        for member in 0..self.wholes.len() {
            let within = self.within.iter().filter(|(giver, _, _)| *giver == member).map(|(_, _, w)| *w);
            let exits = self.exits.iter().filter(|(giver, _)| *giver == member).map(|(_, w)| *w);
            let common = within.chain(exits).fold(self.wholes[member], gcd);
            self.wholes[member] /= common;
            self.within.iter_mut().filter(|edge| edge.0 == member).for_each(|edge| edge.2 /= common);
            self.exits.iter_mut().filter(|exit| exit.0 == member).for_each(|exit| exit.1 /= common);
        }
        self
    }

    /// The equations' matrix: row j holds W_j on the diagonal, less w_ij in column i.
    pub(crate) fn matrix(&self) -> Vec<Vec<i128>> {
        let size = self.wholes.len();
        let mut matrix = vec![vec![0; size]; size];
        for (member, whole) in self.wholes.iter().enumerate() {
            matrix[member][member] = *whole;
        }
        for &(giver, taker, weight) in &self.within {
            matrix[taker][giver] -= weight;
        }
        matrix
    }

    /// Members whose money can never leave the group.
    pub(crate) fn trapped(&self) -> Vec<usize> {
        let mut leaves = vec![false; self.wholes.len()];
        self.exits.iter().filter(|(_, weight)| *weight != 0).for_each(|(giver, _)| leaves[*giver] = true);
        for _ in 0..self.wholes.len() {
            for &(giver, taker, weight) in &self.within {
                leaves[giver] |= weight != 0 && leaves[taker];
            }
        }
        (0..leaves.len()).filter(|&member| !leaves[member]).collect()
    }
}

/// Eliminates the equations of a group.
///
/// # Errors
/// A group whose money goes round for ever.
pub(crate) fn factors(matrix: &[Vec<i128>]) -> Result<Factors, Singular> {
    Factors::new(matrix.iter().map(|row| row.iter().map(|&entry| BigInt::from(entry)).collect()).collect())
}

/// A group ready to be solved for any inputs.
#[derive(Debug, Clone)]
pub(crate) struct System {
    /// What its members give.
    pub(crate) weights: Weights,
    /// Its equations, shared by the periods in which they are the same.
    pub(crate) factors: Arc<Factors>,
}

/// A group's money, rounded. `None` where an amount leaves 128 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Solution {
    /// x_i, each rounded on its own.
    pub(crate) reciprocated: Vec<i128>,
    /// Parallel to `Weights::within`, each rounded on its own.
    pub(crate) within: Vec<i128>,
    /// Parallel to `Weights::exits`; their sum is the sum of the inputs.
    pub(crate) exits: Vec<i128>,
}

impl System {
    /// Solves the group for its members' inputs.
    pub(crate) fn solve(&self, inputs: &[i128]) -> Option<Solution> {
        let level = self.factors.solve(&inputs.iter().map(|&input| BigInt::from(input)).collect::<Vec<_>>());
        let denominator = self.factors.denominator();
        let rounded = |exact: BigInt| i128::try_from(round(&exact, &denominator)).ok();
        let wholes = self.weights.wholes.iter().zip(&level);
        let within = self.weights.within.iter();
        let until = self.running_exits(&level).into_iter().map(rounded).collect::<Option<Vec<_>>>()?;
        let before = std::iter::once(&0).chain(&until);
        Some(Solution {
            reciprocated: wholes.map(|(whole, level)| rounded(level * *whole)).collect::<Option<_>>()?,
            within: within
                .map(|&(giver, _, weight)| rounded(&level[giver] * weight))
                .collect::<Option<_>>()?,
            exits: until.iter().zip(before).map(|(until, before)| until - before).collect(),
        })
    }

    /// What has left through the first, the first two, … of the exits for these inputs, rounded.
    pub(crate) fn exits_until(&self, inputs: &[i128]) -> Vec<i128> {
        let level = self.factors.solve(&inputs.iter().map(|&input| BigInt::from(input)).collect::<Vec<_>>());
        let denominator = self.factors.denominator();
        let rounded = |exact: BigInt| i128::try_from(round(&exact, &denominator));
        let until = self.running_exits(&level).into_iter().map(rounded);
        until.map(|until| until.expect("a part is no larger than what was solved before")).collect()
    }

    /// Numerators of the running exits.
    fn running_exits(&self, level: &[BigInt]) -> Vec<BigInt> {
        let mut running = BigInt::ZERO;
        let exits = self.weights.exits.iter();
        exits
            .map(|&(giver, weight)| {
                if weight != 0 {
                    running += &level[giver] * weight;
                }
                running.clone()
            })
            .collect()
    }
}
