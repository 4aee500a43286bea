//! What customers bought while they were surely active: between their first and their last purchase.
//!
//! Who bought on the last of these days had not lapsed before it. Given the span, and that x − 1 purchases lie within it,
//! their days are independent with density s(t)/(τ(last) − τ(first)), whatever the customer's rate and however customers
//! lapse: a Poisson process, given its number of events, scatters them by its intensity (D. R. Cox, P. A. W. Lewis, *The
//! Statistical Analysis of Series of Events*, Methuen 1966). So neither growth of the base nor customers who leave bends the
//! indices, and no model of them is needed first.

use crate::clv::models::Counts;
use crate::clv::past::Times;
use crate::units::Day;
use rayon::prelude::*;

/// Purchases of the days before a date, and the spans they were made in.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// By day since the start: purchases after the first and before the last of the customer.
    pub(super) purchases: Vec<u64>,
    /// Ascending by first and last purchase.
    pub(super) spans: Vec<ActiveSpan>,
}

/// Customers with the same first and last purchase, as days since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActiveSpan {
    pub(super) first: u32,
    pub(super) last: u32,
    /// Between these.
    pub(super) purchases: u64,
}

impl ActiveSpan {
    /// Days on which these purchases may lie, from the first one on.
    pub(super) fn days(&self) -> std::ops::Range<usize> {
        self.first as usize + 1..self.last as usize
    }
}

impl Activity {
    /// Of histories counted before a date. `repeats` are the purchases of each day since the start, the first ones of
    /// customers aside.
    pub(super) fn before<'c>(
        counts: impl Iterator<Item = &'c Counts>,
        repeats: &[u64],
        start: Day,
        date: Day,
    ) -> Self {
        let since = |day: i32| u32::try_from(day - start.0).expect("the history begins at its start");
        let mut purchases = repeats[..since(date.0) as usize].to_vec();
        let mut spans = Vec::new();
        for row in counts.flat_map(Counts::rows).filter(|row| row.purchases > 0) {
            let Times { first, last, .. } = row.times(date);
            purchases[since(last) as usize] -= row.customers;
            if row.purchases > 1 {
                let between = u64::from(row.purchases - 1) * row.customers;
                spans.push(ActiveSpan { first: since(first), last: since(last), purchases: between });
            }
        }
        spans.par_sort_unstable_by_key(|span| (span.first, span.last));
        spans.dedup_by(|next, kept| {
            let is_same = (next.first, next.last) == (kept.first, kept.last);
            kept.purchases += if is_same { next.purchases } else { 0 };
            is_same
        });
        Self { purchases, spans }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days 0 to 9: three customers on days 0, 4 and 9; one on days 2, 3, 5, 9; one on days 1 and 6; one on day 7.
    #[test]
    fn first_and_last_purchases_are_left_aside() {
        let counts = Counts::of_customers([(2, 9, 9), (2, 9, 9), (2, 9, 9), (3, 7, 7), (1, 5, 8), (0, 0, 2)]);
        let repeats = [0, 0, 0, 1, 3, 1, 1, 0, 0, 4, 7];
        let activity = Activity::before(std::iter::once(&counts), &repeats, Day(0), Day(10));
        assert_eq!(activity.purchases, [0, 0, 0, 1, 3, 1, 0, 0, 0, 0], "what came on day 10 is not seen");
        let spans: Vec<_> = activity.spans.iter().map(|span| (span.days(), span.purchases)).collect();
        assert_eq!(spans, [(1..9, 3), (3..9, 2)]);
    }
}
