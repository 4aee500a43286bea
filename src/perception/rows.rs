//! Rows of complaints, referrals and episodes as they are held: sorted by customer, so that a slice of customers finds
//! its rows by binary search.

use crate::facts::Numbers;
use std::ops::Range;

/// One complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    pub(crate) who: u32,
    pub(crate) opened: i32,
    pub(crate) resolved: Option<i32>,
    /// Whether the customer was content with the resolution; none where that is not known.
    pub(crate) satisfied: Option<bool>,
}

/// One referral. They are sorted by the one referred, then by day and referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Referral {
    pub(crate) referred: u32,
    pub(crate) day: i32,
    pub(crate) referrer: u32,
    /// At `money_scale`.
    pub(crate) reward: i64,
}

/// A referral as seen by who made it. They are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Given {
    pub(crate) who: u32,
    pub(crate) day: i32,
}

/// The referrals that these ranks made.
pub(crate) fn given_by<'r>(given: &'r [Given], ranks: &Range<usize>) -> &'r [Given] {
    &given[within(given, ranks, |given| given.who)]
}

/// How many referrals somebody made within these days.
pub(crate) fn given_within(given: &[Given], who: u32, days: Range<i32>) -> usize {
    let place = |day| given.partition_point(|given| *given < Given { who, day });
    place(days.end) - place(days.start)
}

/// The complaints of these ranks, of complaints sorted by rank.
pub(crate) fn complaints_of<'r>(complaints: &'r [Complaint], ranks: &Range<usize>) -> &'r [Complaint] {
    &complaints[within(complaints, ranks, |complaint| complaint.who)]
}

/// The referrals of these ranks.
pub(crate) fn referrals_to<'r>(referrals: &'r [Referral], ranks: &Range<usize>) -> &'r [Referral] {
    &referrals[within(referrals, ranks, |referral| referral.referred)]
}

/// Episodes, sorted by customer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Episodes {
    who: Vec<u32>,
    /// The measures of one episode after another, in the order declared, value first.
    measures: Vec<i64>,
    width: usize,
}

impl Episodes {
    /// By customer and by column of measures, in any order of rows.
    pub(crate) fn new(who: &[u32], columns: &[Numbers]) -> Self {
        let mut order: Vec<usize> = (0..who.len()).collect();
        order.sort_unstable_by_key(|row| who[*row]);
        let measures = order
            .iter()
            .flat_map(|row| columns.iter().map(move |column| column.get(*row).unwrap_or(0)))
            .collect();
        Self { who: order.iter().map(|row| who[*row]).collect(), measures, width: columns.len() }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of_val(&self.who[..]) + size_of_val(&self.measures[..])) as u64
    }

    /// Customer and measures of each episode of these ranks.
    pub(crate) fn of(&self, ranks: &Range<usize>) -> impl Iterator<Item = (u32, &[i64])> {
        let rows = within(&self.who, ranks, |who| *who);
        let measures = move |row: usize| &self.measures[row * self.width..(row + 1) * self.width];
        rows.map(move |row| (self.who[row], measures(row)))
    }
}

/// Where the rows of these ranks are among rows in order of rank.
pub(crate) fn within<R>(rows: &[R], ranks: &Range<usize>, rank: impl Fn(&R) -> u32) -> Range<usize> {
    let start = rows.partition_point(|row| (rank(row) as usize) < ranks.start);
    let length = rows[start..].partition_point(|row| (rank(row) as usize) < ranks.end);
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referrals_are_counted_by_who_made_them_and_when() {
        let given = [(1, 5), (1, 9), (2, 5), (2, 5)].map(|(who, day)| Given { who, day });
        assert_eq!([given_within(&given, 1, 5..9), given_within(&given, 2, 0..6)], [1, 2]);
        assert_eq!([given_within(&given, 1, 6..9), given_within(&given, 3, 0..99)], [0, 0]);
        assert_eq!(given_by(&given, &(2..9)).len(), 2);
    }

    #[test]
    fn a_slice_finds_its_episodes() {
        let episodes = Episodes::new(&[7, 2], &[[Some(1), None], [Some(3), Some(4)]].map(Numbers::from_iter));
        assert_eq!(episodes.of(&(0..9)).collect::<Vec<_>>(), [(2, &[0, 4][..]), (7, &[1, 3][..])]);
    }
}
