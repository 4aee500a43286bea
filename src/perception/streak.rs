//! Streaks of dissatisfaction: how many dissatisfied answers about the offer as a whole and complaints a customer had in a row, and
//! what those did next beside customers who had none so far. One answer within or above what was expected ends a streak.

use super::answers::{Satisfaction, tolerance};
use super::cuts::{Cuts, Segment};
use super::rows::{Complaint, complaints_of, within};
use super::sequels::Aftermath;
use super::sources::Asked;
use super::sums::share;
use super::survey_rows::{Answer, SliceAnswers};
use crate::pipeline::PerceptionDef;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use std::collections::BTreeMap;
use std::ops::Range;

/// Longer streaks are counted with those of this length.
const LONGEST: u8 = 4;

/// A customer's streak after an answer or complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streak {
    pub(crate) who: u32,
    pub(crate) day: i32,
    /// Dissatisfied answers and complaints in a row; 0 after any other answer.
    pub(crate) length: u32,
}

/// What makes an answer a dissatisfied one: the attribute that is the offer as a whole, if anybody was asked about it, and differences
/// that are none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judging {
    pub(crate) overall: Option<u32>,
    pub(crate) tolerance: i64,
}

impl Judging {
    /// As the definition says.
    pub(crate) fn new(asked: &Asked, def: &PerceptionDef) -> Self {
        Self { overall: asked.attribute(&def.overall), tolerance: tolerance(def) }
    }
}

impl Streak {
    /// As streaks are counted.
    pub(crate) fn band(&self) -> u8 {
        u8::try_from(self.length).map_or(LONGEST, |length| length.min(LONGEST))
    }
}

/// The streaks of customers of these ranks, in order of rank and day.
pub(crate) fn streaks(
    answers: &SliceAnswers,
    complaints: &[Complaint],
    judging: Judging,
    ranks: &Range<usize>,
) -> Vec<Streak> {
    let mut found = judged(&answers.rows, judging, ranks);
    let complaints = complaints_of(complaints, ranks);
    found.extend(complaints.iter().map(|complaint| (complaint.who, complaint.opened, true)));
    // Of one day, dissatisfaction comes last.
    found.sort_unstable();
    let mut streaks: Vec<Streak> = Vec::with_capacity(found.len());
    for (who, day, is_dissatisfied) in found {
        let before = streaks.last().filter(|streak| streak.who == who).map_or(0, |streak| streak.length);
        let length = if is_dissatisfied { before + 1 } else { 0 };
        streaks.push(Streak { who, day, length });
    }
    streaks
}

/// Who judged the offer as a whole on which day, and whether that was dissatisfied: by the mean of a day's answers.
fn judged(answers: &[Answer], judging: Judging, ranks: &Range<usize>) -> Vec<(u32, i32, bool)> {
    let is_meant = |answer: &&Answer| Some(answer.topic) == judging.overall && answer.gap().is_some();
    let of_ranks = &answers[within(answers, ranks, |answer| answer.who)];
    let about: Vec<&Answer> = of_ranks.iter().filter(is_meant).collect();
    let of_day = about.chunk_by(|a, b| (a.who, a.day) == (b.who, b.day));
    let judged = of_day.map(|same| {
        let gap: i128 = same.iter().filter_map(|answer| answer.gap()).map(i128::from).sum();
        let mean = gap.div_euclid(same.len() as i128);
        let mean = i64::try_from(mean).expect("a mean of 64-bit numbers");
        (same[0].who, same[0].day, Satisfaction::of(mean, judging.tolerance) == Satisfaction::Dissatisfied)
    });
    judged.collect()
}

/// `dissatisfaction_streak`.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    cuts: &Cuts,
    found: &BTreeMap<(Segment, u8), Aftermath>,
    window_days: u32,
) -> Sheet {
    let rows: Vec<(Segment, u8, Aftermath)> =
        found.iter().map(|((segment, band), found)| (*segment, *band, *found)).collect();
    let mut draft = format.draft("dissatisfaction_streak", "segment and length of the streak", None, &rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.0, false);
    let meaning = "Dissatisfied answers about the offer as a whole and complaints in a row; 4: four or more; 0: customers without any so \
                   far, matched to the streaks on days since the last purchase and number of purchases";
    draft.count("streak", "answers and complaints", meaning, |row| row.1);
    draft.count("window_days", "days", "Days within which a repurchase counts", |_| window_days);
    let meaning =
        "Streaks that reached this length, or customers with a purchase before any dissatisfaction of theirs";
    draft.count("cases", "streaks", meaning, |row| row.2.cases);
    let own = |row: &(Segment, u8, Aftermath), of: i64| (row.1 > 0).then_some(of);
    let meaning =
        "Those of customers who had bought before, whose window has ended by the as-of date; null for 0";
    draft.count("observed", "streaks", meaning, |row| own(row, row.2.observed));
    let meaning = "Of these, those followed by a purchase in the window; null for 0";
    draft.count("repurchased", "streaks", meaning, |row| own(row, row.2.repurchased));
    let rate = |row: &(Segment, u8, Aftermath)| match row.1 {
        0 => row.2.expected_rate(),
        _ => share(row.2.repurchased, row.2.observed),
    };
    let meaning = "repurchased / observed; for 0 the mean over matched streaks of the rate of their cell";
    draft.float("repurchase_rate", "1", meaning, rate);
    let meaning = "1 − repurchase_rate";
    draft.float("lapse_rate", "1", meaning, move |row| rate(row).map(|rate| 1.0 - rate));
    let meaning =
        "Observed streaks for which there are customers without dissatisfaction so far to compare with";
    draft.count("matched", "streaks", meaning, |row| row.2.matched);
    let meaning = "Repurchase rate of customers without dissatisfaction so far who were as recent and had bought as often when the \
                   window began, on average over the matched streaks; cells with fewer than 20 gaps between purchases are pooled";
    draft.float("matched_rate", "1", meaning, |row| row.2.expected_rate());
    let meaning = "Repurchase rate of the matched streaks less matched_rate; null for 0";
    draft.float("effect", "1", meaning, |row| if row.1 == 0 { None } else { row.2.effect() });
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(who: u32, day: i32, expectation: i64, performance: i64) -> Answer {
        Answer { who, day, topic: 2, scores: [None, Some(expectation), Some(performance)] }
    }

    #[test]
    fn one_content_answer_ends_a_streak() {
        let rows = vec![
            answer(3, 5, 80, 60),
            Answer { topic: 1, ..answer(3, 6, 10, 90) },
            answer(3, 9, 80, 78),
            answer(3, 12, 80, 60),
            answer(3, 12, 80, 99),
            answer(4, 1, 80, 60),
            answer(4, 7, 80, 81),
        ];
        let answers = SliceAnswers { rows, attributes: 3 };
        let complaint = |who, opened| Complaint { who, opened, resolved: None, satisfied: None };
        let complaints =
            [complaint(3, 6), complaint(3, 9), complaint(4, 3), complaint(4, 7), complaint(5, 2)];
        let judging = Judging { overall: Some(2), tolerance: 5 };
        let found = streaks(&answers, &complaints, judging, &(0..5));
        let short: Vec<_> = found.iter().map(|streak| (streak.who, streak.day, streak.length)).collect();
        // Customer 3 is content on day 9, and complains on it all the same; two answers of day 12 lie within the tolerance.
        let third = [(3, 5, 1), (3, 6, 2), (3, 9, 0), (3, 9, 1), (3, 12, 0)];
        assert_eq!(short, [&third[..], &[(4, 1, 1), (4, 3, 2), (4, 7, 0), (4, 7, 1)]].concat());
        let unasked = streaks(&answers, &complaints, Judging { overall: None, ..judging }, &(4..6));
        assert_eq!(unasked.iter().map(|streak| streak.length).collect::<Vec<_>>(), [1, 2, 1]);
    }

    #[test]
    fn long_streaks_are_counted_together() {
        let band = |length| Streak { who: 1, day: 1, length }.band();
        assert_eq!([0, 1, 4, 5, 999].map(band), [0, 1, 4, 4, 4]);
    }
}
