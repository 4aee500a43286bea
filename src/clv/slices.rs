//! Customers slice by slice, so that no table about all of them is ever held.

use crate::error::Result;
use rayon::prelude::*;
use std::ops::Range;

/// Customers of a slice. Fixed: floats are added slice by slice, and bytes must not depend on threads.
const CUSTOMERS: usize = 1 << 14;

/// Slices in the making at a time.
const BAND: usize = 16;

/// Makes something of every slice in parallel, and hands it on in order while the next slices are made.
///
/// # Errors
/// What `make` or `take` returns.
pub(crate) fn in_order<T: Send>(
    customers: usize,
    make: impl Fn(Range<usize>) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let starts: Vec<usize> = (0..customers).step_by(CUSTOMERS).collect();
    let mut ready: Vec<T> = Vec::new();
    for band in starts.chunks(BAND) {
        let done = std::mem::take(&mut ready);
        let make = |start: &usize| make(*start..customers.min(start + CUSTOMERS));
        let make_band = || band.par_iter().with_max_len(1).map(make).collect::<Vec<Result<T>>>();
        let (taken, made) = rayon::join(|| done.into_iter().try_for_each(&mut take), make_band);
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
        let mut next = 0;
        in_order(CUSTOMERS * (BAND + 2) + 5, Ok, |slice| {
            assert_eq!(slice.start, next);
            next = slice.end;
            Ok(())
        })
        .unwrap();
        assert_eq!(next, CUSTOMERS * (BAND + 2) + 5);
    }
}
