//! Net promoter score: how likely customers recommend the firm, from 0 to 10 (F. F. Reichheld, "The one number you need to grow",
//! Harvard Business Review 81 (12) (2003), 46–54): promoters say 9 or 10, detractors 6 or less.

use super::sums::{SCORE_SCALE, share};
use super::survey_rows::{Score, SliceAnswers};
use std::ops::Range;

const PROMOTER_POINTS: i64 = 9;
const DETRACTOR_POINTS: i64 = 6;

/// What one answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recommendation {
    Promoter,
    Passive,
    Detractor,
}

/// Answers, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Recommendations {
    pub(crate) answers: i64,
    pub(crate) promoters: i64,
    pub(crate) detractors: i64,
}

impl Recommendation {
    /// Of a score at `SCORE_SCALE`.
    fn of(score: i64) -> Self {
        let points = 10_i64.pow(u32::from(SCORE_SCALE));
        match score {
            score if score >= PROMOTER_POINTS * points => Self::Promoter,
            score if score <= DETRACTOR_POINTS * points => Self::Detractor,
            _ => Self::Passive,
        }
    }
}

impl Recommendations {
    pub(crate) fn add(&mut self, recommendation: Recommendation) {
        self.answers += 1;
        self.promoters += i64::from(recommendation == Recommendation::Promoter);
        self.detractors += i64::from(recommendation == Recommendation::Detractor);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.answers += other.answers;
        self.promoters += other.promoters;
        self.detractors += other.detractors;
    }

    pub(crate) fn net_promoter_score(&self) -> Option<f64> {
        share(100 * (self.promoters - self.detractors), self.answers)
    }
}

/// Who said on which day how likely a recommendation is, in order; `attribute` is the one that asks for it.
pub(crate) fn recommendations(
    answers: &SliceAnswers,
    attribute: Option<u32>,
) -> Vec<(u32, i32, Recommendation)> {
    let Some(attribute) = attribute else { return Vec::new() };
    let own = answers.rows.iter().filter(|answer| answer.topic == attribute);
    own.filter_map(|answer| {
        Some((answer.who, answer.day, Recommendation::of(answer.score(Score::Performance)?)))
    })
    .collect()
}

/// The first of a customer within these days.
pub(crate) fn first_within(
    said: &[(u32, i32, Recommendation)],
    who: u32,
    days: Range<i32>,
) -> Option<Recommendation> {
    let first = said.partition_point(|(other, day, _)| (*other, *day) < (who, days.start));
    said.get(first).filter(|(other, day, _)| *other == who && *day < days.end).map(|(_, _, said)| *said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_and_ten_promote_and_six_and_less_detract() {
        let mut found = Recommendations::default();
        for tenths in [100, 90, 89, 70, 61, 60, 0] {
            found.add(Recommendation::of(tenths * 10_i64.pow(u32::from(SCORE_SCALE) - 1)));
        }
        assert_eq!(found, Recommendations { answers: 7, promoters: 2, detractors: 2 });
        assert_eq!(
            (found.net_promoter_score(), Recommendations::default().net_promoter_score()),
            (Some(0.0), None)
        );
    }

    #[test]
    fn the_first_answer_within_the_days_counts() {
        let said = [
            (1, 5, Recommendation::Detractor),
            (1, 9, Recommendation::Promoter),
            (3, 1, Recommendation::Passive),
        ];
        let of = |who, days| first_within(&said, who, days);
        assert_eq!(
            [of(1, 0..9), of(1, 6..10)],
            [Some(Recommendation::Detractor), Some(Recommendation::Promoter)]
        );
        assert_eq!([of(1, 10..99), of(2, 0..99), of(3, 2..99)], [None; 3]);
    }
}
