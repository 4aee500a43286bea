//! Ratings of the firm, respondent by respondent, over all interviews: what segments by needs start from.

use super::sources::Asked;
use super::sums::Sum;
use super::survey_rows::{Answer, Score};
use crate::error::Result;
use crate::pipeline::PerceptionDef;
use std::ops::Range;

/// The answers about the firm, asked for by slice.
#[derive(Debug, Clone, Copy)]
pub struct Ratings<'r> {
    asked: &'r Asked,
    /// The attribute that is the offer as a whole; none if nobody was asked about it.
    pub(crate) overall: Option<u32>,
    /// The attribute that asks for a recommendation.
    recommend: Option<u32>,
}

/// What one customer answered, of all its interviews.
#[derive(Debug, Clone)]
pub(crate) struct Respondent {
    pub(crate) rank: u32,
    /// By attribute and score.
    scores: Vec<[Sum; Score::ALL.len()]>,
}

impl<'r> Ratings<'r> {
    /// Of the surveys of `[perception]`.
    pub fn new(asked: &'r Asked, def: &PerceptionDef) -> Self {
        Self { asked, overall: asked.attribute(&def.overall), recommend: asked.recommend(def) }
    }

    /// Whether an attribute is a part of the offer.
    pub(crate) fn is_item(self, attribute: u32) -> bool {
        ![self.overall, self.recommend].contains(&Some(attribute))
    }

    /// Names of attributes, by number.
    pub(crate) fn attributes(self) -> &'r [String] {
        &self.asked.attributes
    }

    /// The rank after the last respondent's.
    pub(crate) fn end_rank(self) -> usize {
        self.asked.answers.end_rank()
    }

    /// Those of these customers who judged the firm, by rank.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn of(self, ranks: &Range<usize>) -> Result<Vec<Respondent>> {
        let answers = self.asked.answers.of(ranks)?;
        let of_customers = answers.rows.chunk_by(|a, b| a.who == b.who);
        Ok(of_customers.filter_map(|rows| Respondent::of(rows, answers.attributes)).collect())
    }
}

impl Respondent {
    /// Of the answers of one customer; none without one about the firm.
    fn of(rows: &[Answer], attributes: u32) -> Option<Self> {
        let mut scores = vec![[Sum::default(); Score::ALL.len()]; attributes as usize];
        let mut is_about_firm = false;
        for answer in rows.iter().filter(|answer| answer.topic < attributes) {
            is_about_firm = true;
            for score in Score::ALL {
                scores[answer.topic as usize][score as usize].add(answer.score(score));
            }
        }
        is_about_firm.then(|| Self { rank: rows[0].who, scores })
    }

    /// The scores given to an attribute.
    pub(crate) fn sum(&self, attribute: u32, score: Score) -> &Sum {
        &self.scores[attribute as usize][score as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_respondent_has_all_that_was_said_of_the_firm() {
        let answer = |day, topic, importance: i64, performance: i64| Answer {
            who: 4,
            day,
            topic,
            scores: [Some(importance * 10_000), None, Some(performance * 10_000)],
        };
        // Topics from 2 on are about competitors.
        let rows = [answer(1, 0, 8, 5), answer(1, 2, 1, 1), answer(9, 0, 5, 6), answer(9, 1, 4, 3)];
        let found = Respondent::of(&rows, 2).unwrap();
        assert_eq!(found.sum(0, Score::Importance).mean(), Some(6.5));
        assert_eq!(found.sum(1, Score::Importance).mean(), Some(4.0));
        assert_eq!(found.sum(1, Score::Expectation).mean(), None);
        assert!(Respondent::of(&rows[1..2], 2).is_none(), "nothing about the firm");
    }
}
