//! An operator over slices of customers: *begin*, a pure and parallel *slice*, *take* in the order of ranks. Several
//! operators share one walk, so that the days of a slice are unpacked once for all of them.

use super::days::DaySlice;
use super::history::CustomerDays;
use super::slices;
use crate::error::Result;
use std::ops::Range;

/// Consecutive customers and all their days.
#[derive(Debug)]
pub(crate) struct CustomerSlice {
    pub(crate) ranks: Range<usize>,
    /// By place in `ranks`.
    pub(crate) days: DaySlice,
}

/// What is computed of customers in one walk. Nothing of it may hold a value for every customer: a part is about the
/// customers of a slice, the total is counts, sums, and tables being written.
pub(crate) trait SliceOperator: Sync {
    /// What is read of a window of several slices at once, and shared by them; `()` where the days are all it takes.
    type Window: Default + Sync;
    /// The result of a slice.
    type Part: Send;
    /// The results of all slices so far.
    type Total: Send;

    /// Before the first slice.
    ///
    /// # Errors
    /// A table that cannot be begun.
    fn begin(&self) -> Result<Self::Total>;

    /// What the slices of these ranks need besides their days: nothing, unless the operator says otherwise.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    fn read(&self, _ranks: Range<usize>) -> Result<Self::Window> {
        Ok(Self::Window::default())
    }

    /// Of one slice, on any thread.
    ///
    /// # Errors
    /// Numbers that leave their range.
    fn slice(&self, window: &Self::Window, customers: &CustomerSlice) -> Result<Self::Part>;

    /// Takes the next slice's part, in the order of ranks, so that sums of floats do not depend on threads.
    ///
    /// # Errors
    /// Sums that leave their range, a failed write.
    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()>;
}

/// Walks through all customers once.
///
/// # Errors
/// What the operator returns, days that cannot be read.
pub(crate) fn walk<O: SliceOperator>(days: &CustomerDays, operator: &O) -> Result<O::Total> {
    let mut total = operator.begin()?;
    for window in slices::windows(days.customers()) {
        let read = operator.read(window.clone())?;
        slices::in_order(
            window,
            |ranks| operator.slice(&read, &CustomerSlice { days: days.slice(ranks.clone())?, ranks }),
            |part| operator.take(&mut total, part),
        )?;
    }
    Ok(total)
}

impl<A: SliceOperator, B: SliceOperator> SliceOperator for (A, B) {
    type Window = (A::Window, B::Window);
    type Part = (A::Part, B::Part);
    type Total = (A::Total, B::Total);

    fn begin(&self) -> Result<Self::Total> {
        Ok((self.0.begin()?, self.1.begin()?))
    }

    fn read(&self, ranks: Range<usize>) -> Result<Self::Window> {
        Ok((self.0.read(ranks.clone())?, self.1.read(ranks)?))
    }

    fn slice(&self, window: &Self::Window, customers: &CustomerSlice) -> Result<Self::Part> {
        Ok((self.0.slice(&window.0, customers)?, self.1.slice(&window.1, customers)?))
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        self.0.take(&mut total.0, part.0)?;
        self.1.take(&mut total.1, part.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::slices::SLICE_CUSTOMERS;
    use crate::memory::Memory;

    /// Notes the first rank of every slice, and of the window it is in.
    struct FirstRanks;

    impl SliceOperator for FirstRanks {
        type Window = usize;
        type Part = (usize, usize);
        type Total = Vec<(usize, usize)>;

        fn begin(&self) -> Result<Self::Total> {
            Ok(Vec::new())
        }

        fn read(&self, ranks: Range<usize>) -> Result<usize> {
            Ok(ranks.start)
        }

        fn slice(&self, window: &usize, customers: &CustomerSlice) -> Result<Self::Part> {
            assert_eq!(customers.days.customers().count(), customers.ranks.len());
            Ok((*window, customers.ranks.start))
        }

        fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
            total.push(part);
            Ok(())
        }
    }

    #[test]
    fn operators_that_share_a_walk_see_every_slice_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::of_machine(folder.path());
        let days = CustomerDays::new(100 * SLICE_CUSTOMERS + 1, 0, &memory);
        let (one, other) = walk(&days, &(FirstRanks, FirstRanks)).unwrap();
        assert_eq!(one, other);
        assert!(one.iter().all(|(window, first)| window <= first));
        let slices: Vec<usize> = one.into_iter().map(|(_, first)| first).collect();
        assert_eq!(slices, (0..=100).map(|slice| slice * SLICE_CUSTOMERS).collect::<Vec<_>>());
    }
}
