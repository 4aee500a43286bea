//! Customers cut into bins by a value, ties in the order of ranks: top shares, layers, bins of equal size.
//!
//! No order of all customers is made. A bin ends within the customers of one value, which [`ScratchColumn::select`]
//! finds; how many customers of this value come before a slice is counted, so that a slice is placed on its own.

use super::selection::{Order, ScratchColumn};
use crate::error::Result;
use rayon::prelude::*;

/// How customers are cut.
#[derive(Debug)]
pub(crate) struct Bins {
    order: Order,
    pub(crate) bins: Vec<Bin>,
    /// The ends of all bins but the last.
    ends: Vec<End>,
    /// By slice and by end: customers of the end's value in the slices before.
    ties_before: Vec<Vec<u64>>,
}

/// A bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bin {
    pub(crate) customers: u64,
    /// The values of its first and last customer; none of an empty bin.
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    /// Customers of the next bins whose value is the last of this one: only their rank put them there.
    pub(crate) tied_after: u64,
}

/// Where a bin ends.
#[derive(Debug)]
struct End {
    /// The key, in the order, of the last customer up to here; none of an empty bin.
    key: Option<i64>,
    /// Customers of this value up to here.
    tied: u64,
}

/// Customers before and at the ends of bins.
#[derive(Debug, Clone)]
struct Counts {
    before: Vec<u64>,
    at: Vec<u64>,
}

impl Bins {
    /// Bins that end after so many customers in the order, ascending; the last ends with the last customer.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn new(column: ScratchColumn<'_>, order: Order, ends: &[u64]) -> Result<Self> {
        let starts: Vec<u64> = std::iter::once(0).chain(ends.iter().copied()).take(ends.len()).collect();
        let bounds = starts.iter().zip(ends);
        // An empty bin asks for the place before its end all the same, so that places and bins stay parallel.
        let places = bounds.clone().flat_map(|(start, end)| [*start, end.saturating_sub(1)]).collect();
        let found = column.select(order, |_| places)?;
        let keys: Vec<Option<i64>> = found
            .chunks(2)
            .zip(ends)
            .map(|(of_bin, end)| of_bin[1].filter(|_| *end > 0).map(|value| order.key(value)))
            .collect();
        let slices: Vec<Counts> = (0..column.scratch.slices())
            .into_par_iter()
            .map(|slice| Ok(Counts::of(&column.values(slice)?, order, &keys)))
            .collect::<Result<_>>()?;
        let mut all = Counts { before: vec![0; keys.len()], at: vec![0; keys.len()] };
        let mut ties_before = Vec::with_capacity(slices.len());
        for slice in slices {
            ties_before.push(all.at.clone());
            all.add(&slice);
        }
        let bin = |(number, (start, end)): (usize, (&u64, &u64))| {
            let is_empty = start == end;
            let last = found[2 * number + 1].filter(|_| !is_empty);
            Bin {
                customers: end - start,
                first: found[2 * number].filter(|_| !is_empty),
                last,
                tied_after: last.map_or(0, |_| all.before[number] + all.at[number] - end),
            }
        };
        let bins = bounds.enumerate().map(bin).collect();
        let end = |(number, key): (usize, Option<i64>)| End { key, tied: ends[number] - all.before[number] };
        let inner = keys.len().saturating_sub(1);
        let ends = keys.into_iter().enumerate().take(inner).map(end).collect();
        Ok(Self { order, bins, ends, ties_before })
    }

    /// The bin of each customer of a slice.
    pub(crate) fn place(&self, slice: usize, values: &[i64]) -> Vec<u16> {
        let Some(ties_before) = self.ties_before.get(slice) else { return Vec::new() };
        let mut ties = ties_before.clone();
        let mut bins = Vec::with_capacity(values.len());
        for value in values {
            let key = self.order.key(*value);
            let mut bin = 0;
            for (end, ties) in self.ends.iter().zip(&mut ties) {
                let is_tied = end.key == Some(key);
                let is_after = end.key.is_none_or(|last| last < key) || (is_tied && *ties >= end.tied);
                bin += u16::from(is_after);
                *ties += u64::from(is_tied);
            }
            bins.push(bin);
        }
        bins
    }
}

impl Counts {
    fn of(values: &[i64], order: Order, keys: &[Option<i64>]) -> Self {
        let mut counts = Self { before: vec![0; keys.len()], at: vec![0; keys.len()] };
        for (number, key) in keys.iter().enumerate() {
            let Some(key) = *key else { continue };
            let (mut before, mut at) = (0, 0);
            for value in values {
                before += u64::from(order.key(*value) < key);
                at += u64::from(order.key(*value) == key);
            }
            (counts.before[number], counts.at[number]) = (before, at);
        }
        counts
    }

    fn add(&mut self, other: &Self) {
        self.before.iter_mut().zip(&other.before).for_each(|(sum, more)| *sum += more);
        self.at.iter_mut().zip(&other.at).for_each(|(sum, more)| *sum += more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, Scratch};
    use proptest::prelude::*;

    /// Cuts values in slices of three.
    pub(crate) fn cut(values: &[i64], order: Order, ends: &[u64]) -> (Vec<Bin>, Vec<u16>) {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(values.len().div_ceil(3), &Memory::of_machine(folder.path()));
        for (slice, values) in values.chunks(3).enumerate() {
            scratch.keep(slice, [values]).unwrap();
        }
        let ranking = Bins::new(ScratchColumn { scratch: &scratch, column: 0 }, order, ends).unwrap();
        let slices = values.chunks(3).enumerate();
        let placed = slices.flat_map(|(slice, values)| ranking.place(slice, values)).collect();
        (ranking.bins, placed)
    }

    #[test]
    fn ties_go_by_rank_and_are_counted() {
        let (bins, placed) = cut(&[5, 9, 5, 5, 1], Order::Descending, &[2, 5]);
        assert_eq!(placed, [0, 0, 1, 1, 1]);
        assert_eq!(bins[0], Bin { customers: 2, first: Some(9), last: Some(5), tied_after: 2 });
        assert_eq!(bins[1], Bin { customers: 3, first: Some(5), last: Some(1), tied_after: 0 });
    }

    #[test]
    fn a_bin_may_be_empty() {
        let (bins, placed) = cut(&[7, 8], Order::Ascending, &[0, 1, 1, 2]);
        assert_eq!(placed, [1, 3]);
        assert_eq!(bins[2], Bin { customers: 0, first: None, last: None, tied_after: 0 });
        assert_eq!(cut(&[], Order::Ascending, &[0, 0]).0.len(), 2);
    }

    proptest! {
        #[test]
        fn bins_are_those_of_the_sorted_customers(
            values in prop::collection::vec(-4_i64..4, 0..40),
            cuts in prop::collection::vec(0_u64..40, 0..5),
            is_descending: bool,
        ) {
            let order = if is_descending { Order::Descending } else { Order::Ascending };
            let count = values.len() as u64;
            let mut ends: Vec<u64> = cuts.into_iter().map(|end| end.min(count)).collect();
            ends.push(count);
            ends.sort_unstable();
            let mut sorted: Vec<usize> = (0..values.len()).collect();
            sorted.sort_by_key(|rank| (order.key(values[*rank]), *rank));
            let (bins, placed) = cut(&values, order, &ends);
            for (place, rank) in sorted.iter().enumerate() {
                let expected = ends.iter().filter(|end| **end <= place as u64).count();
                prop_assert_eq!(usize::from(placed[*rank]), expected);
            }
            let mut start = 0;
            for (bin, end) in bins.iter().zip(ends) {
                let of_bin = &sorted[start..usize::try_from(end).unwrap()];
                prop_assert_eq!(bin.customers, of_bin.len() as u64);
                prop_assert_eq!(bin.first, of_bin.first().map(|rank| values[*rank]));
                prop_assert_eq!(bin.last, of_bin.last().map(|rank| values[*rank]));
                let after = &sorted[usize::try_from(end).unwrap()..];
                let tied = after.iter().filter(|rank| Some(values[**rank]) == bin.last).count();
                prop_assert_eq!(bin.tied_after, tied as u64);
                start = usize::try_from(end).unwrap();
            }
        }
    }
}
