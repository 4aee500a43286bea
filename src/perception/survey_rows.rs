//! Answers of surveys, partitioned by slice of customers and kept packed: there are several to a customer, and a walk
//! needs those of one slice at a time.

use crate::customers::slice_rows::SliceRows;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use rayon::prelude::*;
use std::ops::Range;

/// All answers, by slice of respondents.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// None without a survey.
    kept: Option<Scratch>,
    rows: usize,
    /// How many attributes there are.
    attributes: u32,
    end_rank: usize,
    is_any_own: bool,
}

/// One row of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Rank of the customer, or beyond for somebody who is none.
    pub(crate) who: u32,
    pub(crate) day: i32,
    /// Supplier × attributes + attribute. The firm is supplier 0, so of answers about it this is the attribute.
    pub(crate) topic: u32,
    /// At `SCORE_SCALE`, in the order of [`Score`].
    pub(crate) scores: [Option<i64>; 3],
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

impl Answer {
    pub(crate) fn score(&self, score: Score) -> Option<i64> {
        self.scores[score as usize]
    }

    /// Performance − expectation.
    pub(crate) fn gap(&self) -> Option<i64> {
        let performance = self.score(Score::Performance);
        performance.zip(self.score(Score::Expectation)).map(|(found, expected)| found - expected)
    }
}

/// Answers of consecutive respondents, sorted by respondent, day, supplier and attribute. The order of several answers
/// of one person to the same question is of no account.
#[derive(Debug, Clone, Default)]
pub(crate) struct SliceAnswers {
    pub(crate) rows: Vec<Answer>,
    /// How many attributes there are.
    pub(crate) attributes: u32,
}

impl Answers {
    /// Partitions rows, which may come in any order: `who` by row, and the rest of a row by its number. The topic of an
    /// own answer is below `attributes`.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn new(
        who: &[u32],
        attributes: u32,
        row: impl Fn(usize) -> Answer + Sync,
        memory: &Memory,
    ) -> Result<Self> {
        let end_rank = who.iter().max().map_or(0, |last| *last as usize + 1);
        let rows = SliceRows::new(who);
        let slices = rows.slices();
        let kept = Scratch::new(slices, memory);
        let keep = |slice: usize| {
            let mut answers: Vec<Answer> = rows.of(slice).map(&row).collect();
            answers.sort_unstable_by_key(|answer| (answer.who, answer.day, answer.topic));
            kept.keep(slice, packed(&answers, slice * SLICE_CUSTOMERS).iter().map(Vec::as_slice))?;
            Ok(answers.iter().any(|answer| answer.topic < attributes))
        };
        let own: Vec<bool> = (0..slices).into_par_iter().with_max_len(1).map(keep).collect::<Result<_>>()?;
        let is_any_own = own.contains(&true);
        Ok(Self { kept: Some(kept), rows: who.len(), attributes, end_rank, is_any_own })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// How many attributes there are.
    pub(crate) fn attributes(&self) -> u32 {
        self.attributes
    }

    /// The rank after the last respondent's.
    pub(crate) fn end_rank(&self) -> usize {
        self.end_rank
    }

    /// Whether any answer is about the firm itself.
    pub(crate) fn is_any_own(&self) -> bool {
        self.is_any_own
    }

    /// The answers of these respondents.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn of(&self, ranks: &Range<usize>) -> Result<SliceAnswers> {
        let mut found = SliceAnswers { rows: Vec::new(), attributes: self.attributes };
        let Some(kept) = &self.kept else { return Ok(found) };
        for slice in slices::slices(ranks.start..ranks.end.min(self.end_rank)) {
            let number = slice.start / SLICE_CUSTOMERS;
            let rows = unpacked(kept, number)?;
            let is_meant = |answer: &Answer| slice.contains(&(answer.who as usize));
            found.rows.extend(rows.into_iter().filter(is_meant));
        }
        Ok(found)
    }
}

/// Columns of an answer: the place of the respondent in the slice, day, topic, which scores there are, and the scores.
const COLUMNS: usize = 4 + Score::ALL.len();

fn packed(answers: &[Answer], first: usize) -> [Vec<i64>; COLUMNS] {
    let column = |of: &dyn Fn(&Answer) -> i64| answers.iter().map(of).collect::<Vec<i64>>();
    let is_there = |answer: &Answer| {
        let bits = answer.scores.iter().enumerate().map(|(bit, score)| i64::from(score.is_some()) << bit);
        bits.sum::<i64>()
    };
    let score = |number: usize| column(&move |answer: &Answer| answer.scores[number].unwrap_or(0));
    [
        column(&|answer| i64::from(answer.who) - first as i64),
        column(&|answer| answer.day.into()),
        column(&|answer| answer.topic.into()),
        column(&is_there),
        score(0),
        score(1),
        score(2),
    ]
}

fn unpacked(kept: &Scratch, slice: usize) -> Result<Vec<Answer>> {
    let column = |number: usize| kept.column(slice, number);
    let [place, day, topic, is_there] = [column(0)?, column(1)?, column(2)?, column(3)?];
    let scores = [column(4)?, column(5)?, column(6)?];
    let narrow = |value: i64| u32::try_from(value).expect("it was 32 bits wide");
    let first = narrow(slice as i64 * SLICE_CUSTOMERS as i64);
    let answer = |row: usize| {
        let score = |number: usize| (is_there[row] >> number & 1 == 1).then(|| scores[number][row]);
        Answer {
            who: first + narrow(place[row]),
            day: i32::try_from(day[row]).expect("it was 32 bits wide"),
            topic: narrow(topic[row]),
            scores: std::array::from_fn(score),
        }
    };
    Ok((0..place.len()).map(answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use std::sync::Arc;

    fn kept(rows: &[Answer], budget: MemoryBudget, read: impl Fn(&Answers)) {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory { allocator: None, budget, spill: Arc::new(SpillFile::new(folder.path())) };
        let who: Vec<u32> = rows.iter().map(|answer| answer.who).collect();
        read(&Answers::new(&who, 2, |row| rows[row], &memory).unwrap());
    }

    #[test]
    fn answers_come_back_by_slice_held_or_spilled() {
        let most = 999_999_999_999_999_999;
        let scores =
            [None, Some(0), Some(-1), Some(80_000), Some(i64::from(i32::MIN)), Some(most), Some(-most)];
        let far = u32::try_from(2 * SLICE_CUSTOMERS).unwrap() + 7;
        let mut rows = Vec::new();
        for (number, who) in (0..).zip([far, 3, 9, 3, 4, far, 20_000]) {
            let score = scores[usize::try_from(number).unwrap()];
            rows.push(Answer { who, day: -number, topic: 3, scores: [score, None, score] });
        }
        let mut sorted = rows.clone();
        sorted.sort_by_key(|answer| (answer.who, answer.day));
        for budget in [MemoryBudget::unlimited(), MemoryBudget::of(0)] {
            kept(&rows, budget, |answers| {
                let of = |ranks: Range<usize>| answers.of(&ranks).unwrap().rows;
                assert_eq!(of(0..usize::MAX), sorted);
                assert_eq!(of(0..4), sorted[..2]);
                assert_eq!((of(4..9).len(), of(5..9).len()), (1, 0));
                assert_eq!((answers.end_rank(), answers.len()), (far as usize + 1, 7));
                assert!(!answers.is_any_own());
            });
        }
        kept(&[], MemoryBudget::unlimited(), |answers| assert!(answers.of(&(0..9)).unwrap().rows.is_empty()));
    }
}
