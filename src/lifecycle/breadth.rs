//! In how many product groups customers bought and over how many channels, by date.

use super::calendar::Calendar;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::units::Day;

/// Product groups and channels of every customer before one date.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breadth {
    /// By rank: product groups with a sale line.
    pub(crate) product_groups: Vec<u16>,
    /// By rank: declared channels with volume; empty if none is declared.
    pub(crate) channels: Vec<u16>,
}

/// Words of 64 marks held at a time.
const MARK_WORDS: usize = 1 << 25;

/// Counts both at each of these dates, which ascend. Facts are kept by period: of a date inside a period that goes on
/// after it, only the periods before count.
///
/// # Errors
/// Kept state that cannot be read.
pub(crate) fn breadths(
    definition: &Definition,
    facts: &FactSet,
    calendar: &Calendar,
    dates: &[Day],
) -> Result<Vec<Breadth>> {
    let known = facts.customers.keys.len();
    let until = |date: &Day| if *date >= calendar.as_of { calendar.len() } else { calendar.ended_by(*date) };
    let cuts: Vec<usize> = dates.iter().map(until).collect();
    let product_groups = distinct(known, facts.groups.len(), &cuts, |period, marks| {
        let rows = facts.product_facts(period)?;
        let bought = rows.ranks.iter().zip(&rows.groups).zip(&rows.lines).filter(|(_, lines)| **lines > 0);
        bought.for_each(|((rank, group), _)| marks.mark(*rank, *group as usize));
        Ok(())
    })?;
    let channels = channel_aggregates(definition, facts);
    let used = distinct(known, channels.len(), &cuts, |period, marks| {
        let rows = facts.customer_facts(period)?;
        for (channel, aggregates) in channels.iter().enumerate() {
            for values in aggregates.iter().map(|aggregate| &rows.aggregates[*aggregate]) {
                let moved = rows.ranks.iter().zip(values).filter(|(_, value)| **value != 0);
                moved.for_each(|(rank, _)| marks.mark(*rank, channel));
            }
        }
        Ok(())
    })?;
    let pairs = product_groups.into_iter().zip(used);
    Ok(pairs.map(|(product_groups, channels)| Breadth { product_groups, channels }).collect())
}

/// Of each declared channel, the aggregates that tell of its use.
fn channel_aggregates(definition: &Definition, facts: &FactSet) -> Vec<Vec<usize>> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities).collect::<Vec<_>>();
    let declared = definition.lifecycle.iter().flat_map(|lifecycle| &lifecycle.channels);
    let of_activity = |activity: &usize| {
        let parts = activities[*activity].driver.iter().flat_map(|driver| &driver.parts);
        let terms = parts.flat_map(|part| part.sql.driver.terms.iter().map(|(_, term)| (part.on, term)));
        terms.filter_map(|(source, aggregate)| facts.aggregate_index(source, aggregate)).collect()
    };
    declared.map(of_activity).collect()
}

/// Members marked by customer, a block of members at a time.
struct Marks {
    customers: usize,
    /// Words of 64 marks per customer.
    words: usize,
    /// The first member of the block.
    first: usize,
    marks: Vec<u64>,
}

impl Marks {
    fn mark(&mut self, rank: u32, member: usize) {
        let rank = rank as usize;
        if rank < self.customers && (self.first..self.first + 64 * self.words).contains(&member) {
            let bit = member - self.first;
            self.marks[rank * self.words + bit / 64] |= 1 << (bit % 64);
        }
    }

    /// Adds the marks of each customer.
    fn count(&self, counts: &mut [u16]) {
        for (count, marks) in counts.iter_mut().zip(self.marks.chunks_exact(self.words)) {
            let marked: u32 = marks.iter().map(|word| word.count_ones()).sum();
            *count = count.saturating_add(u16::try_from(marked).unwrap_or(u16::MAX));
        }
    }
}

/// Of each customer the distinct members marked in the periods before each cut. Members are taken so many at a time
/// that their marks fit memory.
fn distinct(
    customers: usize,
    members: usize,
    cuts: &[usize],
    read: impl Fn(usize, &mut Marks) -> Result<()>,
) -> Result<Vec<Vec<u16>>> {
    if members == 0 {
        return Ok(vec![Vec::new(); cuts.len()]);
    }
    let mut counts = vec![vec![0; customers]; cuts.len()];
    let words = (MARK_WORDS / customers.max(1)).clamp(1, members.div_ceil(64));
    for first in (0..members).step_by(64 * words) {
        let mut marks = Marks { customers, words, first, marks: vec![0; customers * words] };
        let mut period = 0;
        for (cut, counts) in cuts.iter().zip(&mut counts) {
            while period < *cut {
                read(period, &mut marks)?;
                period += 1;
            }
            marks.count(counts);
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_count_once_and_from_the_period_they_appear_in() {
        // (rank, member) by period; rank 2 is no customer.
        let periods: [&[(u32, usize)]; 3] =
            [&[(0, 3), (0, 3), (1, 70)], &[(0, 3), (2, 1)], &[(0, 69), (1, 0)]];
        let read = |period: usize, marks: &mut Marks| {
            periods[period].iter().for_each(|(rank, member)| marks.mark(*rank, *member));
            Ok(())
        };
        assert_eq!(distinct(2, 71, &[0, 1, 3], read).unwrap(), [[0, 0], [1, 1], [2, 2]]);
        assert_eq!(distinct(2, 0, &[1, 3], read).unwrap(), [[0_u16; 0], []]);
    }
}
