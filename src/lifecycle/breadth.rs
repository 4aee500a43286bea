//! In how many product groups customers bought and over how many channels, by date.
//!
//! Facts are kept by period: of a date inside a period that goes on after it, only the periods before count.

use super::period_facts::PeriodFacts;
use crate::customers::calendar::Calendar;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::units::Day;
use std::ops::Range;

/// What breadth is counted from.
#[derive(Debug, Clone)]
pub(crate) struct BreadthPlan {
    /// By date, ascending: how many of the first periods count.
    cuts: Vec<usize>,
    product_groups: usize,
    channels: usize,
}

/// Product groups and channels of one customer before one date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CustomerBreadth {
    /// Product groups with a sale line.
    pub(crate) product_groups: u32,
    /// Declared channels with volume; none if none is declared.
    pub(crate) channels: Option<u32>,
}

/// Product groups and channels of the customers of a slice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breadth {
    product_groups: DistinctCounts,
    channels: Option<DistinctCounts>,
}

impl BreadthPlan {
    /// At these dates, which ascend.
    pub(crate) fn new(calendar: &Calendar, dates: &[Day], product_groups: usize, channels: usize) -> Self {
        let mut cuts = Vec::with_capacity(dates.len());
        for date in dates {
            let is_last = *date >= calendar.as_of;
            cuts.push(if is_last { calendar.len() } else { calendar.ended_by(*date) });
        }
        Self { cuts, product_groups, channels }
    }

    /// Of the customers of a slice.
    pub(crate) fn count(&self, facts: &PeriodFacts, ranks: &Range<usize>) -> Breadth {
        let mut bought = Marks::new(ranks.len(), self.product_groups, self.cuts.len());
        let mut used = Marks::new(ranks.len(), self.channels, self.cuts.len());
        for period in 0..self.cuts.last().copied().unwrap_or(0) {
            let date = self.cuts.partition_point(|cut| *cut <= period);
            let rows = facts.of_slice(period, ranks);
            rows.bought().for_each(|(customer, group)| bought.mark(customer, group, date));
            rows.used().for_each(|(customer, channel)| used.mark(customer, channel, date));
        }
        let channels = (self.channels > 0).then(|| used.finish());
        Breadth { product_groups: bought.finish(), channels }
    }
}

impl Breadth {
    /// Of a customer, by its place in the slice, at the date of this number.
    pub(crate) fn of(&self, customer: usize, date: usize) -> CustomerBreadth {
        CustomerBreadth {
            product_groups: self.product_groups.of(customer, date),
            channels: self.channels.as_ref().map(|channels| channels.of(customer, date)),
        }
    }
}

/// Of each declared channel, the aggregates that tell of its use.
pub(crate) fn channel_aggregates(definition: &Definition, facts: &FactSet) -> Vec<Vec<usize>> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities).collect::<Vec<_>>();
    let declared = definition.lifecycle.iter().flat_map(|lifecycle| &lifecycle.channels);
    let of_activity = |activity: &usize| {
        let parts = activities[*activity].driver.iter().flat_map(|driver| &driver.parts);
        let terms = parts.flat_map(|part| part.sql.driver.terms.iter().map(|(_, term)| (part.on, term)));
        terms.filter_map(|(source, aggregate)| facts.aggregate_index(source, aggregate)).collect()
    };
    declared.map(of_activity).collect()
}

/// Distinct members of each customer by date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DistinctCounts {
    dates: usize,
    /// By customer, then by date.
    counts: Vec<u32>,
}

impl DistinctCounts {
    fn of(&self, customer: usize, date: usize) -> u32 {
        self.counts[customer * self.dates + date]
    }
}

/// Words of 64 marks held at a time: with few members all of them, so that rows are marked as they come.
const MARK_WORDS: usize = 1 << 20;

/// Members marked by customer, a block of members at a time.
#[derive(Debug)]
struct Marks {
    /// Words of 64 marks per customer.
    words: usize,
    /// The first member of the block.
    first: usize,
    marks: Vec<u64>,
    /// Members by the first date that counts them; dates are added up in the end.
    counts: DistinctCounts,
    /// Customer, member and date of members beyond the block, in the order of dates.
    later: Vec<(u32, u32, u32)>,
}

impl Marks {
    fn new(customers: usize, members: usize, dates: usize) -> Self {
        let words = (MARK_WORDS / customers.max(1)).clamp(1, members.div_ceil(64).max(1));
        Self {
            words,
            first: 0,
            marks: vec![0; customers * words],
            counts: DistinctCounts { dates, counts: vec![0; customers * dates] },
            later: Vec::new(),
        }
    }

    /// Marks a member that counts from a date on; earlier dates come first.
    fn mark(&mut self, customer: usize, member: usize, date: usize) {
        let bit = member - self.first;
        if bit >= 64 * self.words {
            let narrow = |number: usize| u32::try_from(number).expect("members are fewer than 2^32");
            self.later.push((narrow(customer), narrow(member), narrow(date)));
            return;
        }
        let (word, mask) = (&mut self.marks[customer * self.words + bit / 64], 1 << (bit % 64));
        if *word & mask == 0 {
            *word |= mask;
            self.counts.counts[customer * self.counts.dates + date] += 1;
        }
    }

    /// Marks the members beyond the block, block by block, and adds the dates up.
    fn finish(mut self) -> DistinctCounts {
        while !self.later.is_empty() {
            self.first += 64 * self.words;
            self.marks.fill(0);
            for (customer, member, date) in std::mem::take(&mut self.later) {
                self.mark(customer as usize, member as usize, date as usize);
            }
        }
        for counts in self.counts.counts.chunks_exact_mut(self.counts.dates.max(1)) {
            let mut sum = 0;
            for count in counts {
                sum += *count;
                *count = sum;
            }
        }
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Product groups of customers 4 and 5 at dates after no, one and three periods.
    fn counted(periods: &[&[(u32, usize)]], product_groups: usize) -> [Vec<u32>; 2] {
        let plan = BreadthPlan { cuts: vec![0, 1, 3], product_groups, channels: 0 };
        let breadth = plan.count(&PeriodFacts::of_groups(periods), &(4..6));
        let of_customer = |customer| (0..3).map(|date| breadth.of(customer, date).product_groups).collect();
        assert_eq!(breadth.of(0, 0).channels, None);
        [of_customer(0), of_customer(1)]
    }

    #[test]
    fn members_count_once_and_from_the_period_they_appear_in() {
        let periods: [&[(u32, usize)]; 3] =
            [&[(3, 9), (4, 3), (4, 3), (5, 70)], &[(4, 3), (6, 1)], &[(4, 69), (5, 0)]];
        assert_eq!(counted(&periods, 71), [[0, 1, 2], [0, 1, 2]]);
        assert_eq!(counted(&[&[], &[], &[]], 0), [[0, 0, 0], [0, 0, 0]]);
    }

    #[test]
    fn more_members_than_are_marked_at_a_time_are_counted_exactly() {
        let members = 64 * MARK_WORDS;
        let rows: Vec<(u32, usize)> =
            (0..300_000).map(|row| (4, row * 223 % members)).chain([(5, 7), (5, members - 1)]).collect();
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        assert_eq!(counted(&[&sorted, &[], &sorted], members), [[0, 300_000, 300_000], [0, 2, 2]]);
    }
}
