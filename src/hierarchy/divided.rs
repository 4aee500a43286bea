//! What customers bring in a period, divided among their groups.
//!
//! The part of a shared customer in a period is what the rounded part of everything up to the period's end differs by from that of
//! everything before it: the second difference over groups and periods. So parts add up both ways, over the groups to the
//! customer's row of the period, and over the periods to its part of life.

use super::level::Levels;
use crate::customers::membership::Member;
use crate::error::{Error, Result};
use crate::memory::Scratch;
use rayon::prelude::*;
use std::ops::Range;

/// Customers who belong to several groups of some level, with what they brought before and up to the end of a period: columns by
/// additive measure, parallel to them.
pub(super) struct Running {
    shared: Vec<u32>,
    before: Vec<Vec<i64>>,
    after: Vec<Vec<i64>>,
}

/// Rows of a period of consecutive customers.
pub(super) struct PeriodBlock {
    /// The customer of each row, ascending.
    pub(super) ranks: Vec<u32>,
    /// By additive measure.
    pub(super) values: Vec<Vec<i64>>,
}

impl Running {
    /// With what was kept of the period before, if there was one.
    ///
    /// # Errors
    /// A sum beyond 64 bits, a disk that fails.
    pub(super) fn new(
        levels: &Levels<'_>,
        ranks: Range<usize>,
        kept: Option<(&Scratch, usize)>,
        block: &PeriodBlock,
    ) -> Result<Self> {
        let members = levels.memberships.iter().flat_map(|membership| membership.shared_among(ranks.clone()));
        let mut shared: Vec<u32> = members.collect();
        shared.sort_unstable();
        shared.dedup();
        let column = |measure: usize| match kept {
            Some((scratch, block)) => scratch.column(block, measure),
            None => Ok(vec![0; shared.len()]),
        };
        let before = (0..block.values.len()).map(column).collect::<Result<Vec<_>>>()?;
        let add = |(before, values): (&Vec<i64>, &Vec<i64>)| {
            let mut after = before.clone();
            for (sum, customer) in after.iter_mut().zip(&shared) {
                if let Ok(row) = block.ranks.binary_search(customer) {
                    *sum = sum.checked_add(values[row]).ok_or_else(too_large)?;
                }
            }
            Ok(after)
        };
        let after = before.par_iter().zip(&block.values).map(add).collect::<Result<_>>()?;
        Ok(Self { shared, before, after })
    }

    /// Keeps what was brought up to the period's end.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn keep(&self, scratch: &Scratch, block: usize) -> Result<()> {
        scratch.keep(block, self.after.iter().map(Vec::as_slice))
    }

    /// Parts of an additive measure: of each member, whose row is given with it.
    pub(super) fn parts(&self, measure: usize, values: &[i64], members: &[(usize, Member)]) -> Vec<i64> {
        let part = |(row, member): &(usize, Member)| {
            if !member.is_shared {
                return values[*row];
            }
            let place = self.shared.binary_search(&member.rank).expect("a shared customer");
            member.part.of(self.after[measure][place]) - member.part.of(self.before[measure][place])
        };
        members.iter().map(part).collect()
    }
}

fn too_large() -> Error {
    Error::too_many_digits("hierarchy: what a shared customer brought")
}
