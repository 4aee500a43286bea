//! What customers said before a date: what the early warning takes as reasons.

use super::answers::Satisfaction;
use super::rows::{Complaint, complaints_of};
use super::sources::Asked;
use super::streak::{Judging, streaks};
use super::sums::SCORE_UNIT;
use super::survey_rows::{Score, SliceAnswers};
use crate::error::Result;
use crate::pipeline::PerceptionDef;
use crate::units::Day;
use std::ops::Range;

/// Complaints and answers about the offer as a whole, asked for by slice.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'r> {
    asked: &'r Asked,
    has_complaints: bool,
    judging: Judging,
}

/// Those of a slice of customers.
#[derive(Debug, Clone)]
pub(crate) struct SliceVoice<'r> {
    voice: Voice<'r>,
    complaints: &'r [Complaint],
    answers: SliceAnswers,
}

/// What one customer said before a date.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Said {
    /// Complaints opened; none where complaints are not known.
    pub(crate) complaints: Option<usize>,
    /// Of these, those not resolved then.
    pub(crate) open_complaints: usize,
    /// Days since the oldest of them.
    pub(crate) open_complaint_days: Option<i32>,
    /// The latest interview about the offer as a whole.
    pub(crate) interview: Option<Interview>,
}

/// Scores of the offer as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interview {
    pub(crate) day: i32,
    /// Scores at `SCORE_SCALE`.
    pub(crate) performance: i64,
    pub(crate) expectation: Option<i64>,
    /// Differences up to it are none.
    pub(crate) tolerance: i64,
}

impl Interview {
    /// Whether performance met the expectation; none without one.
    pub(crate) fn satisfaction(&self) -> Option<Satisfaction> {
        Some(Satisfaction::of(self.performance - self.expectation?, self.tolerance))
    }
}

/// A score in points.
pub(crate) fn points(score: i64) -> f64 {
    score as f64 / SCORE_UNIT
}

impl<'r> Voice<'r> {
    /// Of the sources of `[perception]`.
    pub fn new(asked: &'r Asked, def: &PerceptionDef) -> Self {
        Self { asked, has_complaints: def.complaints.is_some(), judging: Judging::new(asked, def) }
    }

    /// What is heard of these customers.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn of(self, ranks: &Range<usize>) -> Result<SliceVoice<'r>> {
        let answers = match self.judging.overall {
            Some(_) => self.asked.answers.of(ranks)?,
            None => SliceAnswers::default(),
        };
        Ok(SliceVoice { voice: self, complaints: complaints_of(&self.asked.complaints, ranks), answers })
    }
}

impl SliceVoice<'_> {
    /// What a customer said before a date.
    pub(crate) fn before(&self, rank: usize, date: Day) -> Said {
        let complaints = complaints_of(self.complaints, &(rank..rank + 1));
        let complaints = &complaints[..complaints.partition_point(|complaint| complaint.opened < date.0)];
        let mut open = complaints.iter().filter(|complaint| is_open(complaint, date));
        Said {
            complaints: self.voice.has_complaints.then_some(complaints.len()),
            open_complaints: open.clone().count(),
            open_complaint_days: open.next().map(|complaint| date.0 - complaint.opened),
            interview: self.voice.judging.overall.and_then(|overall| self.interview(rank, date, overall)),
        }
    }

    /// Dissatisfied answers and complaints in a row up to the end of what is known; none where nobody was asked and complaints are not
    /// known.
    pub(crate) fn dissatisfied_in_a_row(&self, rank: usize) -> Option<u32> {
        let is_known = self.voice.has_complaints || self.voice.judging.overall.is_some();
        let streaks = || streaks(&self.answers, self.complaints, self.voice.judging, &(rank..rank + 1));
        is_known.then(|| streaks().last().map_or(0, |streak| streak.length))
    }

    fn interview(&self, rank: usize, date: Day, overall: u32) -> Option<Interview> {
        let rows = &self.answers.rows;
        let of_customer = rows.partition_point(|answer| (answer.who as usize, answer.day) < (rank, i32::MIN));
        let until = rows.partition_point(|answer| (answer.who as usize, answer.day) < (rank, date.0));
        // Answers are sorted by day; the firm is the supplier whose topics are the attributes themselves.
        let own = rows[of_customer..until].iter().rev().filter(|answer| answer.topic == overall);
        let mut judged = own.filter_map(|answer| {
            Some(Interview {
                day: answer.day,
                performance: answer.score(Score::Performance)?,
                expectation: answer.score(Score::Expectation),
                tolerance: self.voice.judging.tolerance,
            })
        });
        judged.next()
    }
}

fn is_open(complaint: &Complaint, date: Day) -> bool {
    complaint.opened < date.0 && complaint.resolved.is_none_or(|day| day >= date.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_open_from_the_day_after_until_its_resolution() {
        let complaint = Complaint { who: 1, opened: 10, resolved: Some(20), satisfied: None };
        let open = [10, 11, 20, 21].map(|date| is_open(&complaint, Day(date)));
        assert_eq!(open, [false, true, true, false]);
        assert!(is_open(&Complaint { resolved: None, ..complaint }, Day(99)));
    }

    #[test]
    fn the_latest_interview_before_the_date_speaks() {
        use super::super::survey_rows::Answer;
        let answer = |who, day, topic, scores| Answer { who, day, topic, scores };
        let rows = vec![
            answer(3, 5, 2, [None, Some(80_000), Some(60_000)]),
            answer(3, 9, 2, [None, None, Some(10_000)]),
            answer(3, 12, 2, [None, Some(70_000), Some(70_000)]),
            answer(4, 6, 1, [None, Some(70_000), Some(70_000)]),
        ];
        let asked = Asked::default();
        let judging = Judging { overall: Some(2), tolerance: 5_000 };
        let voice = Voice { asked: &asked, has_complaints: false, judging };
        let slice = SliceVoice { voice, complaints: &[], answers: SliceAnswers { rows, attributes: 3 } };
        let latest = |date| slice.before(3, Day(date)).interview.unwrap();
        assert_eq!((latest(9).expectation, latest(9).performance), (Some(80_000), 60_000));
        assert_eq!(latest(9).satisfaction(), Some(Satisfaction::Dissatisfied));
        assert_eq!((latest(12).performance, latest(12).satisfaction()), (10_000, None));
        assert_eq!(latest(13).satisfaction(), Some(Satisfaction::Satisfied));
        assert_eq!((latest(13).day, slice.before(4, Day(99)).interview), (12, None));
    }
}
