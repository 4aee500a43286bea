//! Where each slice of a period starts: with it, any slice is posted on its own.

use crate::customers::slices::SLICE_CUSTOMERS;

/// Driver volumes of all customers before a slice: by period, slice and posting activity.
pub(crate) struct Starts(Vec<Vec<Vec<i64>>>);

impl Starts {
    /// By period, slice and posting activity.
    pub(crate) fn new(volumes: Vec<Vec<Vec<i64>>>) -> Self {
        Self(volumes)
    }

    /// What the slice that begins with this rank starts from.
    pub(crate) fn of(&self, period: usize, rank: usize) -> &[i64] {
        &self.0[period][rank / SLICE_CUSTOMERS]
    }
}
