//! Rows of a source partitioned by slice of customers: a counting sort of their numbers.

use super::slices::SLICE_CUSTOMERS;

/// The numbers of rows, slice by slice; within a slice in the order of the source.
#[derive(Debug)]
pub(crate) struct SliceRows {
    order: Vec<u32>,
    /// Where each slice ends, after 0.
    ends: Vec<usize>,
}

impl SliceRows {
    /// Of rows of these ranks.
    pub(crate) fn new(who: &[u32]) -> Self {
        let end_rank = who.iter().max().map_or(0, |last| *last as usize + 1);
        let slice_of = |who: &u32| *who as usize / SLICE_CUSTOMERS;
        let mut ends = vec![0_usize; end_rank.div_ceil(SLICE_CUSTOMERS) + 1];
        who.iter().for_each(|who| ends[slice_of(who) + 1] += 1);
        (1..ends.len()).for_each(|slice| ends[slice] += ends[slice - 1]);
        let mut next = ends.clone();
        let mut order = vec![0_u32; who.len()];
        for (number, who) in (0..).zip(who) {
            let place = &mut next[slice_of(who)];
            order[*place] = number;
            *place += 1;
        }
        Self { order, ends }
    }

    /// How many slices, up to the last with a row.
    pub(crate) fn slices(&self) -> usize {
        self.ends.len() - 1
    }

    /// The numbers of the rows of a slice.
    pub(crate) fn of(&self, slice: usize) -> impl Iterator<Item = usize> {
        self.order[self.ends[slice]..self.ends[slice + 1]].iter().map(|number| *number as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_slice() {
        let far = u32::try_from(2 * SLICE_CUSTOMERS).unwrap();
        let rows = SliceRows::new(&[far, 3, far + 1, 0]);
        let of = |slice| rows.of(slice).collect::<Vec<_>>();
        assert_eq!((rows.slices(), of(0), of(1), of(2)), (3, vec![1, 3], vec![], vec![0, 2]));
        assert_eq!(SliceRows::new(&[]).slices(), 0);
    }
}
