//! The members of a group, with what of each belongs to it.

use super::exact::Exact;
use crate::customers::membership::{Member, Membership};
use crate::customers::part::SHARE_SCALE;
use crate::error::Result;
use crate::facts::FactSet;
use crate::hierarchy::schema::{BLOCK, CUSTOMER_PROFIT, CustomerTables, Measures, NET_REVENUE};
use crate::profitability::schema::key_text;
use serde::Serialize;
use std::cmp::Reverse;

/// Members of a group. The rows and the others add up to the group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupMembers {
    /// How many there are.
    pub members: usize,
    /// Those who belong to other groups of the level too.
    pub shared: usize,
    /// Those with the highest customer profit, in descending order, ties by key.
    pub top: Vec<GroupMember>,
    /// The others together.
    pub others: Option<OtherMembers>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupMember {
    /// Its key.
    pub customer: String,
    /// What of it belongs to the group, of 1.
    pub share: Exact,
    /// Its part of net revenue.
    pub net_revenue: Exact,
    /// Its part of contribution.
    pub contribution: Exact,
    /// Its part of customer profit.
    pub customer_profit: Exact,
}

/// Several members as one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherMembers {
    /// How many.
    pub members: usize,
    /// Their part of net revenue.
    pub net_revenue: Exact,
    /// Their part of contribution.
    pub contribution: Exact,
    /// Their part of customer profit.
    pub customer_profit: Exact,
}

/// The walk over all customers that finds the members.
pub(super) struct MemberWalk<'r> {
    pub(super) facts: &'r FactSet,
    pub(super) tables: &'r CustomerTables,
    pub(super) measures: &'r Measures,
    pub(super) membership: &'r Membership,
    pub(super) group: usize,
}

/// A member with its parts of the lines that are shown.
struct Found {
    member: Member,
    parts: [i64; SHOWN.len()],
}

const SHOWN: [&str; 3] = [NET_REVENUE, "contribution", CUSTOMER_PROFIT];

impl MemberWalk<'_> {
    /// Members, and what their parts add up to by measure, residual value left out.
    ///
    /// # Errors
    /// A table that cannot be read, a sum beyond 18 digits.
    pub(super) fn walk(&self, top: usize) -> Result<(GroupMembers, Vec<i64>)> {
        let customers = self.facts.customers.len();
        let mut reader = self.tables.reader(&self.facts.customers, self.measures)?;
        let mut sums = vec![0; self.measures.all().len()];
        let mut found = Vec::new();
        for first in (0..customers).step_by(BLOCK) {
            let ranks = first..customers.min(first + BLOCK);
            let block = reader.next(ranks.clone())?;
            let mut members = self.membership.members(ranks);
            members.retain(|member| member.group as usize == self.group);
            let divided = |place: usize| -> Vec<i64> {
                let values = &block.measures[place];
                members.iter().map(|member| member.part.of(values[member.rank as usize - first])).collect()
            };
            let parts = self.measures.additive().map(|(place, _)| divided(place)).collect();
            let parts = self.measures.waterfall(parts)?;
            for ((sum, column), measure) in sums.iter_mut().zip(&parts).zip(self.measures.all()) {
                if !measure.is_value() {
                    *sum += column.iter().sum::<i64>();
                }
            }
            let shown = SHOWN.map(|name| self.measures.place(name).expect("every run has it"));
            for (row, member) in members.into_iter().enumerate() {
                found.push(Found { member, parts: shown.map(|place| parts[place][row]) });
            }
        }
        Ok((self.listed(found, top), sums))
    }

    fn listed(&self, mut found: Vec<Found>, top: usize) -> GroupMembers {
        found.sort_by_key(|found| Reverse(found.parts[2]));
        let money = |amount: i64| Exact::new(amount, self.facts.money_scale);
        let named = top.min(found.len());
        let (first, others) = found.split_at(named);
        let member = |found: &Found| {
            let [net_revenue, contribution, customer_profit] = found.parts.map(money);
            let customer = key_text(&self.facts.customers, found.member.rank);
            let share = Exact::new(found.member.part.share(), SHARE_SCALE);
            GroupMember { customer, share, net_revenue, contribution, customer_profit }
        };
        let of_others = || {
            let sum = |place: usize| money(others.iter().map(|found| found.parts[place]).sum());
            let [net_revenue, contribution, customer_profit] = [sum(0), sum(1), sum(2)];
            OtherMembers { members: others.len(), net_revenue, contribution, customer_profit }
        };
        GroupMembers {
            members: found.len(),
            shared: found.iter().filter(|found| found.member.is_shared).count(),
            top: first.iter().map(member).collect(),
            others: (!others.is_empty()).then(of_others),
        }
    }
}
