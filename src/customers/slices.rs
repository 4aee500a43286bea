//! An ordered parallel walk over slices of consecutive ranks, so that nothing about all customers is ever held at once.

use crate::error::Result;
use crate::memory::Memory;
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

/// Ranges of consecutive slices that share what is read for them, in order; wide enough for every core. Kept state comes
/// in chunks of as many customers as a slice has, but only of those who were active in a period: read slice by slice, most
/// chunks would be read several times.
pub(crate) fn windows(customers: usize) -> impl Iterator<Item = Range<usize>> {
    windows_of(customers, BLOCK)
}

/// The same, of at least so many slices.
pub(crate) fn windows_of(customers: usize, least: usize) -> impl Iterator<Item = Range<usize>> {
    let customers_of_window = SLICE_CUSTOMERS * least.max(band());
    let starts = (0..customers).step_by(customers_of_window);
    starts.map(move |start| start..customers.min(start + customers_of_window))
}

/// How many slices to read kept state for at once: the more, the less of it is read twice.
pub(crate) fn slices_of_window(memory: &Memory) -> usize {
    usize::try_from(memory.budget.limit() >> 28).unwrap_or(usize::MAX).clamp(BLOCK, 4 * BLOCK)
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

/// Slices whose columns are read together: 65,536 customers, half of a row group of a published table unless the
/// pipeline says otherwise, so that its decoded columns are mostly handed out without a copy.
const BLOCK: usize = 4;

/// Like [`in_order`], for columns that can only be read forward: reads one block of slices after another, and makes
/// something of every slice of a block in parallel while the block before is taken and the block after is read. At
/// most two blocks of columns are held.
///
/// # Errors
/// What `read`, `make` or `take` returns.
pub(crate) fn in_order_reading<B: Send + Sync, T: Send>(
    ranks: Range<usize>,
    read: impl FnMut(Range<usize>) -> Result<B> + Send,
    make: impl Fn(&B, Range<usize>) -> Result<T> + Sync,
    take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    in_order_reading_blocks(ranks, BLOCK, read, make, take)
}

/// The same, in blocks of so many slices.
///
/// # Errors
/// What `read`, `make` or `take` returns.
pub(crate) fn in_order_reading_blocks<B: Send + Sync, T: Send>(
    ranks: Range<usize>,
    block: usize,
    mut read: impl FnMut(Range<usize>) -> Result<B> + Send,
    make: impl Fn(&B, Range<usize>) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let slices: Vec<Range<usize>> = slices(ranks).collect();
    let mut blocks = slices.chunks(block);
    let mut current = blocks.next();
    let mut columns = current.map(|block| read(span(block))).transpose()?;
    let mut ready: Vec<T> = Vec::new();
    while let (Some(block), Some(of_block)) = (current, columns.take()) {
        let done = std::mem::take(&mut ready);
        current = blocks.next();
        let take_and_read = || {
            done.into_iter().try_for_each(&mut take)?;
            current.map(|next| read(span(next))).transpose()
        };
        let make_block = || -> Vec<Result<T>> {
            block.par_iter().with_max_len(1).map(|slice| make(&of_block, slice.clone())).collect()
        };
        let (next, made) = rayon::join(take_and_read, make_block);
        columns = next?;
        ready = made.into_iter().collect::<Result<_>>()?;
    }
    ready.into_iter().try_for_each(take)
}

/// The ranks of consecutive slices.
fn span(slices: &[Range<usize>]) -> Range<usize> {
    slices[0].start..slices[slices.len() - 1].end
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
        let customers = 3 * SLICE_CUSTOMERS * BLOCK.max(band()) + 5;
        let windows: Vec<Range<usize>> = windows(customers).collect();
        assert_eq!((windows.len(), windows[3].len(), windows[3].end), (4, 5, customers));
        assert!(windows.iter().all(|window| window.start % SLICE_CUSTOMERS == 0));
    }

    #[test]
    fn blocks_are_read_once_and_their_slices_come_in_order() {
        let end = SLICE_CUSTOMERS * (2 * BLOCK + 1) + 5;
        let mut read_to = 7;
        let mut next = 7;
        let read = |block: Range<usize>| {
            assert_eq!(block.start, read_to);
            read_to = block.end;
            Ok(block)
        };
        let make = |block: &Range<usize>, slice: Range<usize>| {
            assert!(block.start <= slice.start && slice.end <= block.end);
            Ok(slice)
        };
        in_order_reading(7..end, read, make, |slice| {
            assert_eq!(slice.start, next);
            next = slice.end;
            Ok(())
        })
        .unwrap();
        assert_eq!((read_to, next), (end, end));
    }

    #[test]
    fn slices_are_cut_at_multiples_whatever_the_first_rank() {
        let cuts: Vec<Range<usize>> = slices(SLICE_CUSTOMERS - 1..SLICE_CUSTOMERS + 1).collect();
        assert_eq!(cuts, [SLICE_CUSTOMERS - 1..SLICE_CUSTOMERS, SLICE_CUSTOMERS..SLICE_CUSTOMERS + 1]);
        assert_eq!(slices(4..4).count(), 0);
    }
}
