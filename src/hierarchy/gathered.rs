//! First walk of a level: what each member brings to its group, kept by partition of groups.

use super::customer_reader::{BLOCK, CustomerBlock, CustomerTables};
use super::measures::{LINES, Measures};
use crate::customers::grouped_rows::GroupedRows;
use crate::customers::membership::{Member, Membership};
use crate::error::Result;
use crate::facts::schema::Customers;
use crate::memory::Memory;
use arrow::array::{Array, ArrayRef};
use rayon::prelude::*;

/// What is kept of a member after its additive measures, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    FirstOrderAt,
    LastOrderAt,
    Rank,
    /// Of 1.
    Share,
    /// Of [`IS_RANKED`] and the following.
    Flags,
    /// The only group of the next level that the customer belongs to, or [`NO_NEXT`].
    Next,
}

/// How many they are.
pub(super) const KEPT: usize = 6;

/// Bought or returned.
pub(super) const IS_RANKED: i64 = 1;
/// Belongs to other groups of the level too.
pub(super) const IS_SHARED: i64 = 2;
/// Has no value of the level's attribute and no shares.
pub(super) const IS_ALONE: i64 = 4;
/// Has a sale line, though of a shared customer's part there may be none.
pub(super) const IS_ACTIVE: i64 = 8;
/// Has a sale line and no residual value that is known.
pub(super) const IS_UNVALUED: i64 = 16;

/// Of a customer who belongs to several groups of the next level, or where there is none.
pub(super) const NO_NEXT: i64 = -1;

/// A level while its members are gathered.
pub(super) struct Gathering<'r> {
    pub(super) customers: &'r Customers,
    pub(super) measures: &'r Measures,
    /// The attribute, by rank.
    pub(super) values: &'r ArrayRef,
    pub(super) membership: &'r Membership,
    pub(super) next: Option<&'r Membership>,
}

/// What members bring, and what customers have in all, by measure.
pub(super) struct Gathered {
    pub(super) rows: GroupedRows,
    pub(super) totals: Vec<i128>,
}

impl Gathering<'_> {
    /// Reads all customers once.
    ///
    /// # Errors
    /// A table that cannot be read, a full disk.
    pub(super) fn gather(&self, tables: &CustomerTables, memory: &Memory) -> Result<Gathered> {
        let customers = self.customers.len();
        let mut reader = tables.reader(self.customers, self.measures)?;
        let rows = GroupedRows::new(self.membership.len(), customers.div_ceil(BLOCK), memory);
        let mut totals = vec![0; self.measures.all().len()];
        for (number, first) in (0..customers).step_by(BLOCK).enumerate() {
            let ranks = first..customers.min(first + BLOCK);
            let block = reader.next(ranks.clone())?;
            for (total, values) in totals.iter_mut().zip(&block.measures) {
                *total += values.iter().map(|value| i128::from(*value)).sum::<i128>();
            }
            let members = self.membership.members(ranks);
            let groups: Vec<u32> = members.iter().map(|member| member.group).collect();
            rows.keep(number, &groups, &self.columns(&block, &members))?;
        }
        Ok(Gathered { rows, totals })
    }

    /// Additive measures of the members' parts, then what else is kept.
    fn columns(&self, block: &CustomerBlock, members: &[Member]) -> Vec<Vec<i64>> {
        let row = |member: &Member| member.rank as usize - block.first;
        let additive: Vec<usize> = self.measures.additive().map(|(place, _)| place).collect();
        let divided = |place: &usize| -> Vec<i64> {
            let values = &block.measures[*place];
            members.iter().map(|member| member.part.of(values[row(member)])).collect()
        };
        let mut columns: Vec<Vec<i64>> = additive.par_iter().map(divided).collect();
        let lines = &block.measures[self.measures.place(LINES).expect("every run has lines")];
        let each = |of: &dyn Fn(&Member) -> i64| members.iter().map(of).collect();
        columns.push(each(&|member| block.first_order_at[row(member)]));
        columns.push(each(&|member| block.last_order_at[row(member)]));
        columns.push(each(&|member| member.rank.into()));
        columns.push(each(&|member| member.part.share()));
        columns.push(each(&|member| {
            let row = row(member);
            let is_active = lines[row] > 0;
            let flag = |is_set: bool, flag: i64| if is_set { flag } else { 0 };
            self.of_member(member)
                + flag(block.is_ranked[row], IS_RANKED)
                + flag(is_active, IS_ACTIVE)
                + flag(is_active && !block.is_valued[row], IS_UNVALUED)
        }));
        columns.push(each(&|member| {
            self.next.and_then(|next| next.only_group(member.rank)).map_or(NO_NEXT, i64::from)
        }));
        columns
    }

    /// Flags of how it belongs to the group.
    fn of_member(&self, member: &Member) -> i64 {
        let rank = member.rank as usize;
        let is_identified = rank < self.customers.keys.len();
        let has_value = rank < self.values.len() && self.values.is_valid(rank);
        let is_alone = is_identified && !has_value && !self.membership.has_shares(member.rank);
        let flag = |is_set: bool, flag: i64| if is_set { flag } else { 0 };
        flag(member.is_shared, IS_SHARED) + flag(is_alone, IS_ALONE)
    }
}
