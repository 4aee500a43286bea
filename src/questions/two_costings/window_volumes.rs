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

    /// The volume up to the end of the window.
    pub(super) fn after(&self) -> i64 {
        *self.running.last().expect("it begins with the volume before")
    }

    /// The volume before a slice, of which the first begins with the window.
    pub(super) fn before(&self, slice: usize) -> i64 {
        self.running[slice]
    }

    /// What the rows of a slice are charged; none if that is beyond 18 digits.
    pub(super) fn posted(&self, rate: Rate, slice: usize, rows: Range<usize>) -> Option<Vec<i64>> {
        post(rate, &self.values[rows], self.running[slice])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slices_posted_alone_are_the_window_posted_whole(
            volumes in prop::collection::vec(0..1_000_i64, 1..40),
            cuts in prop::collection::vec(0..40_usize, 0..4),
            before in 0..100_000_i64,
            money in 0..1_000_000_i64,
        ) {
            let rate = Rate { money, volume: before + volumes.iter().sum::<i64>() + 1 };
            let mut bounds: Vec<usize> = cuts.into_iter().map(|cut| cut.min(volumes.len())).collect();
            bounds.extend([0, volumes.len()]);
            bounds.sort_unstable();
            let slices: Vec<Range<usize>> = bounds.windows(2).map(|ends| ends[0]..ends[1]).collect();
            let window = WindowVolumes::new(volumes.clone().into(), before, &slices).unwrap();
            let mut posted = Vec::new();
            for (slice, rows) in slices.into_iter().enumerate() {
                posted.extend(window.posted(rate, slice, rows).unwrap());
            }
            prop_assert_eq!(posted, post(rate, &volumes, before).unwrap());
            prop_assert_eq!((window.before(0), window.after()), (before, before + volumes.iter().sum::<i64>()));
        }
    }
}
