//! An ordered parallel walk over slices of consecutive ranks, so that nothing about all customers is ever held at once.

use crate::error::Result;
use rayon::prelude::*;
use std::ops::Range;

/// Customers of a slice: their columns stay in the second-level cache. Fixed, for sums of floats are added slice by
/// slice, and must depend neither on threads nor on memory.
pub(crate) const SLICE_CUSTOMERS: usize = 1 << 14;

/// Slices in the making at a time: enough to keep every core busy while the ones before them are written, and no more,
/// for what is made of them waits in memory.
fn band() -> usize {
    2 * rayon::current_num_threads()
}

/// Slices that share what is read for them: kept state comes in chunks of as many customers who were active in a period,
/// so that of a range of few slices most chunks would be read once more by the next.
const WINDOW: usize = 8;

/// Ranges of consecutive slices that share what is read for them, in order; wide enough for every core.
pub(crate) fn windows(customers: usize) -> impl Iterator<Item = Range<usize>> {
    let customers_of_window = SLICE_CUSTOMERS * WINDOW.max(band());
    let starts = (0..customers).step_by(customers_of_window);
    starts.map(move |start| start..customers.min(start + customers_of_window))
}

/// The slices of these ranks, cut at multiples of [`SLICE_CUSTOMERS`], in order.
pub(crate) fn slices(ranks: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let first = ranks.start / SLICE_CUSTOMERS;
    let end = ranks.end.div_ceil(SLICE_CUSTOMERS);
    let bounds = move |number: usize| {
        let start = number * SLICE_CUSTOMERS;
        start.max(ranks.start)..ranks.end.min(start + SLICE_CUSTOMERS)
    };
    (first..end).map(bounds).filter(|slice| !slice.is_empty())
}

/// Makes something of every slice in parallel, and hands it on in the order of ranks while the next slices are made.
///
/// # Errors
/// What `make` or `take` returns.
pub(crate) fn in_order<T: Send>(
    ranks: Range<usize>,
    make: impl Fn(Range<usize>) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let slices: Vec<Range<usize>> = slices(ranks).collect();
    let make_band = |band: &[Range<usize>]| -> Vec<Result<T>> {
        band.par_iter().with_max_len(1).map(|slice| make(slice.clone())).collect()
    };
    let mut ready: Vec<T> = Vec::new();
    for band in slices.chunks(band()) {
        let done = std::mem::take(&mut ready);
        let (taken, made) = rayon::join(|| done.into_iter().try_for_each(&mut take), || make_band(band));
        taken?;
        ready = made.into_iter().collect::<Result<_>>()?;
    }
    ready.into_iter().try_for_each(take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_come_in_order_and_cover_all() {
        let end = SLICE_CUSTOMERS * (band() + 2) + 5;
        let mut next = 7;
        in_order(7..end, Ok, |slice| {
            assert_eq!(slice.start, next);
            next = slice.end;
            Ok(())
        })
        .unwrap();
        assert_eq!(next, end);
    }

    #[test]
    fn windows_are_whole_slices() {
        let customers = 3 * SLICE_CUSTOMERS * WINDOW.max(band()) + 5;
        let windows: Vec<Range<usize>> = windows(customers).collect();
        assert_eq!((windows.len(), windows[3].len(), windows[3].end), (4, 5, customers));
        assert!(windows.iter().all(|window| window.start % SLICE_CUSTOMERS == 0));
    }

    #[test]
    fn slices_are_cut_at_multiples_whatever_the_first_rank() {
        let cuts: Vec<Range<usize>> = slices(SLICE_CUSTOMERS - 1..SLICE_CUSTOMERS + 1).collect();
        assert_eq!(cuts, [SLICE_CUSTOMERS - 1..SLICE_CUSTOMERS, SLICE_CUSTOMERS..SLICE_CUSTOMERS + 1]);
        assert_eq!(slices(4..4).count(), 0);
    }
}
