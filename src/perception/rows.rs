//! Rows of surveys, complaints, referrals and episodes as they are held: packed, and sorted by customer, so that a slice
//! of customers finds its rows by binary search.

use crate::facts::{Numbers, WideNumbers};
use std::ops::Range;

/// Answers of surveys, sorted by respondent, day, supplier and attribute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    rows: Vec<Answer>,
    /// Scores that do not fit the 31 bits of a row.
    wide: WideNumbers,
    /// How many attributes there are.
    attributes: u32,
}

/// One row of a survey in 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Rank of the customer, or beyond for somebody who is none.
    pub(crate) who: u32,
    pub(crate) day: i32,
    /// Supplier × attributes + attribute. The firm is supplier 0, so of answers about it this is the attribute.
    pub(crate) topic: u32,
    scores: [i32; 3],
}

/// What was asked about an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Score {
    Importance,
    Expectation,
    Performance,
}

impl Score {
    pub(crate) const ALL: [Score; 3] = [Score::Importance, Score::Expectation, Score::Performance];
}

impl Answers {
    /// Room for so many rows about so many attributes.
    pub(crate) fn with_capacity(rows: usize, attributes: usize) -> Self {
        let attributes = u32::try_from(attributes).expect("few attributes");
        Self { rows: Vec::with_capacity(rows), wide: WideNumbers::default(), attributes }
    }

    /// Adds a row; supplier 0 is the firm.
    pub(crate) fn push(
        &mut self,
        who: u32,
        day: i32,
        supplier: u32,
        attribute: u32,
        scores: [Option<i64>; 3],
    ) {
        let topic = supplier.checked_mul(self.attributes).and_then(|first| first.checked_add(attribute));
        let topic = topic.expect("few suppliers and attributes");
        let scores = scores.map(|score| self.wide.pack(score));
        self.rows.push(Answer { who, day, topic, scores });
    }

    /// Brings the rows in order. The order of several answers of one person to the same question is of no account.
    pub(crate) fn sort(&mut self) {
        use rayon::prelude::*;
        self.rows.par_sort_unstable_by_key(|answer| (answer.who, answer.day, answer.topic));
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many attributes there are.
    pub(crate) fn attributes(&self) -> u32 {
        self.attributes
    }

    /// The rows of these ranks.
    pub(crate) fn of(&self, ranks: &Range<usize>) -> &[Answer] {
        &self.rows[within(&self.rows, ranks, |answer| answer.who)]
    }

    /// Whether any answer is about this topic.
    pub(crate) fn any(&self, is_meant: impl Fn(u32) -> bool) -> bool {
        self.rows.iter().any(|answer| is_meant(answer.topic))
    }

    /// The rank after the last respondent's.
    pub(crate) fn end_rank(&self) -> usize {
        self.rows.last().map_or(0, |answer| answer.who as usize + 1)
    }

    /// A score at `SCORE_SCALE`.
    pub(crate) fn score(&self, answer: &Answer, score: Score) -> Option<i64> {
        self.wide.number(answer.scores[score as usize])
    }

    /// Performance − expectation.
    pub(crate) fn gap(&self, answer: &Answer) -> Option<i64> {
        let performance = self.score(answer, Score::Performance);
        performance.zip(self.score(answer, Score::Expectation)).map(|(found, expected)| found - expected)
    }
}

/// One complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    pub(crate) who: u32,
    pub(crate) opened: i32,
    pub(crate) resolved: Option<i32>,
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
    fn scores_of_any_size_are_kept() {
        let most = 999_999_999_999_999_999;
        let scores =
            [None, Some(0), Some(-1), Some(80_000), Some(i64::from(i32::MIN)), Some(most), Some(-most)];
        let mut answers = Answers::with_capacity(0, 1);
        for score in scores {
            answers.push(0, 0, 0, 0, [score, None, score]);
        }
        for (answer, score) in answers.rows.iter().zip(scores) {
            let found = Score::ALL.map(|kind| answers.score(answer, kind));
            assert_eq!(found, [score, None, score]);
        }
    }

    #[test]
    fn a_slice_finds_its_rows() {
        let mut answers = Answers::with_capacity(0, 2);
        for who in [9, 3, 4, 3] {
            answers.push(who, 1, 1, 1, [Some(1); 3]);
        }
        answers.sort();
        assert_eq!(answers.of(&(0..4)).len(), 2);
        assert_eq!((answers.of(&(4..9)).len(), answers.of(&(5..9)).len(), answers.end_rank()), (1, 0, 10));
        let episodes = Episodes::new(&[7, 2], &[[Some(1), None], [Some(3), Some(4)]].map(Numbers::from_iter));
        assert_eq!(episodes.of(&(0..9)).collect::<Vec<_>>(), [(2, &[0, 4][..]), (7, &[1, 3][..])]);
    }
}
