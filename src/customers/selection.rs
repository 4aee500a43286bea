//! Order statistics of a scratch column: the values at given places, pass by pass over its slices in parallel.

use super::order_statistics::{Pass, Search};
use crate::error::Result;
use crate::memory::Scratch;
use rayon::prelude::*;

/// Which values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    /// An integer that ascends in this order; the key of the key is the value. The complement, unlike the negative, is
    /// there for every integer.
    pub(crate) fn key(self, value: i64) -> i64 {
        match self {
            Self::Ascending => value,
            Self::Descending => !value,
        }
    }
}

/// One column of every slice of a scratch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScratchColumn<'s> {
    pub(crate) scratch: &'s Scratch,
    pub(crate) column: usize,
}

impl ScratchColumn<'_> {
    /// The values of a slice.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn values(&self, slice: usize) -> Result<Vec<i64>> {
        self.scratch.column(slice, self.column)
    }

    /// The values at these places in the order, from 0; places are asked for by the number of values.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn select(
        &self,
        order: Order,
        places: impl FnOnce(u64) -> Vec<u64>,
    ) -> Result<Vec<Option<i64>>> {
        let mut asked = Vec::new();
        let mut search = Search::new(self.counted(order, &Pass::first())?, |count| {
            asked = places(count).into_iter().map(|place| (place, place < count)).collect();
            asked.iter().map(|(place, _)| *place).collect()
        });
        while let Some(pass) = search.next_pass() {
            search.narrow(self.counted(order, &pass)?);
        }
        let narrow = |key| i64::try_from(key).expect("a value of the column");
        let mut found = search.values().into_iter().map(|key| order.key(narrow(key)));
        Ok(asked.into_iter().map(|(_, is_there)| if is_there { found.next() } else { None }).collect())
    }

    fn counted(&self, order: Order, pass: &Pass) -> Result<Pass> {
        let slices = self.scratch.slices();
        // A pass is a quarter of a megabyte: few of them, each over many slices.
        let of_thread = slices.div_ceil(rayon::current_num_threads()).max(1);
        let count = |mut pass: Pass, slice: usize| {
            self.values(slice)?.into_iter().for_each(|value| pass.add(order.key(value)));
            Ok(pass)
        };
        let merge = |mut pass: Pass, other: Pass| {
            pass.merge(other);
            Ok(pass)
        };
        let slices = (0..slices).into_par_iter().with_min_len(of_thread.div_ceil(4));
        slices.try_fold(|| pass.empty(), count).try_reduce(|| pass.empty(), merge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn values_are_selected_from_either_end() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(3, &Memory::of_machine(folder.path()));
        for (slice, values) in [[5, i64::MIN], [9, 1], [7, i64::MAX]].iter().enumerate() {
            scratch.keep(slice, [&values[..]]).unwrap();
        }
        let column = ScratchColumn { scratch: &scratch, column: 0 };
        let places = |count| vec![count - 1, 0, count, 1];
        let ascending = column.select(Order::Ascending, places).unwrap();
        assert_eq!(ascending, [Some(i64::MAX), Some(i64::MIN), None, Some(1)]);
        let descending = column.select(Order::Descending, places).unwrap();
        assert_eq!(descending, [Some(i64::MIN), Some(i64::MAX), None, Some(9)]);
    }
}
