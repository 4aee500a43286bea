//! Walking through all customers, a slice of consecutive ranks at a time.

use crate::error::Result;
use crate::profitability::schema::{CustomerDays, DaySlice};
use rayon::prelude::*;
use std::ops::Range;

/// Customers of a slice: their days stay in the second-level cache.
const SLICE_CUSTOMERS: usize = 1 << 16;

fn slices(customers: usize) -> Vec<Range<usize>> {
    let starts = (0..customers).step_by(SLICE_CUSTOMERS);
    starts.map(|start| start..customers.min(start + SLICE_CUSTOMERS)).collect()
}

/// Adds up what the slices hold. `merge` must not depend on how the slices are grouped: integers only.
pub(crate) fn add_up<T: Send>(
    days: &CustomerDays,
    empty: impl Fn() -> T + Sync,
    add: impl Fn(&mut T, usize, &DaySlice) + Sync,
    merge: impl Fn(T, T) -> T + Sync,
) -> T {
    let of_slice = |ranks: Range<usize>| {
        let mut sums = empty();
        add(&mut sums, ranks.start, &days.slice(ranks));
        sums
    };
    slices(days.customers()).into_par_iter().map(of_slice).reduce(&empty, &merge)
}

/// Makes something of every slice in parallel and takes it in the order of ranks.
///
/// # Errors
/// What `make` and `take` return.
pub(crate) fn in_order<T: Send>(
    days: &CustomerDays,
    make: impl Fn(usize, &DaySlice) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    // Two slices per thread are held at a time.
    for band in slices(days.customers()).chunks(2 * rayon::current_num_threads()) {
        let of_slice = |ranks: &Range<usize>| make(ranks.start, &days.slice(ranks.clone()));
        let made: Vec<T> = band.par_iter().with_max_len(1).map(of_slice).collect::<Result<_>>()?;
        made.into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_hold_every_customer_once() {
        assert!(slices(0).is_empty());
        assert_eq!(slices(1).iter().map(Range::len).collect::<Vec<_>>(), [1]);
        let all = slices(3 * SLICE_CUSTOMERS + 5);
        assert_eq!((all.len(), all[3].len()), (4, 5));
        assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
