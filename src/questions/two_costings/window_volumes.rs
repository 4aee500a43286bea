//! Driver volumes of the rows of a window, as running sums: what a slice of it is charged follows from the volume before the slice.

use super::narrowed;
use crate::costing::schema::{Rate, post};
use crate::error::Result;
use crate::profitability::schema::Values;
use std::ops::Range;

/// Volumes of an activity in a period, by row of the window.
pub(super) struct WindowVolumes {
    pub(super) values: Values,
    /// Volume of all customers before each slice of the window, and after the last.
    running: Vec<i64>,
}

impl WindowVolumes {
    /// With the volume before the window; `slices` are the rows of each slice.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub(super) fn new(values: Values, before: i64, slices: &[Range<usize>]) -> Result<Self> {
        let mut running = Vec::with_capacity(slices.len() + 1);
        running.push(before);
        let mut sum = i128::from(before);
        for rows in slices {
            sum += values[rows.clone()].iter().map(|volume| i128::from(*volume)).sum::<i128>();
            running.push(narrowed(sum)?);
        }
        Ok(Self { values, running })
    }

    /// The volume before the window.
    pub(super) fn before(&self) -> i64 {
        self.running[0]
    }

    /// The volume up to the end of the window.
    pub(super) fn after(&self) -> i64 {
        *self.running.last().expect("it begins with the volume before")
    }

    /// The volume before a slice.
    pub(super) fn before_slice(&self, slice: usize) -> i64 {
        self.running[slice]
    }

    /// What the rows of a slice are charged; none if that is beyond 18 digits.
    pub(super) fn posted(&self, rate: Rate, slice: usize, rows: Range<usize>) -> Option<Vec<i64>> {
        post(rate, &self.values[rows], self.running[slice])
    }
}
