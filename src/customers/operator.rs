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
    /// What a slice comes to.
    type Part: Send;
    /// What all slices so far come to.
    type Total: Send;

    /// Before the first slice.
    ///
    /// # Errors
    /// A table that cannot be begun.
    fn begin(&self) -> Result<Self::Total>;

    /// Of one slice, on any thread.
    ///
    /// # Errors
    /// Numbers that leave their range, kept state that cannot be read.
    fn slice(&self, customers: &CustomerSlice) -> Result<Self::Part>;

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
    slices::in_order(
        0..days.customers(),
        |ranks| operator.slice(&CustomerSlice { days: days.slice(ranks.clone())?, ranks }),
        |part| operator.take(&mut total, part),
    )?;
    Ok(total)
}

impl<A: SliceOperator, B: SliceOperator> SliceOperator for (A, B) {
    type Part = (A::Part, B::Part);
    type Total = (A::Total, B::Total);

    fn begin(&self) -> Result<Self::Total> {
        Ok((self.0.begin()?, self.1.begin()?))
    }

    fn slice(&self, customers: &CustomerSlice) -> Result<Self::Part> {
        Ok((self.0.slice(customers)?, self.1.slice(customers)?))
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        self.0.take(&mut total.0, part.0)?;
        self.1.take(&mut total.1, part.1)
    }
}
