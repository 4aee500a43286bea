//! Interviews about the firm: the answers of one respondent on one day; of an attribute asked about twice, the mean.

use super::answers::Satisfaction;
use super::cuts::{Cuts, Segment, Segments};
use super::rows::within;
use super::sums::{Sum, real};
use super::survey_rows::{Answer, Score, SliceAnswers};
use std::collections::BTreeMap;
use std::ops::Range;

/// Interviews in order of respondent and day, packed: 14 bytes and 13 for each attribute that was judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interviews {
    who: Vec<u32>,
    day: Vec<i32>,
    /// In which years after it the respondent bought, see [`Interviews::retained`].
    years: Vec<u8>,
    /// Where the judgements of each end.
    end: Vec<u32>,
    attribute: Vec<u32>,
    /// Mean performance; NaN where none was given.
    performance: Vec<f64>,
    satisfaction: Vec<Option<Satisfaction>>,
    /// Interviews by segment, over the whole history and by tracking period.
    by_segment: BTreeMap<Segment, Vec<u32>>,
}

impl Interviews {
    /// Of the answers of a slice. `years` tells in which years after an interview somebody bought, as a set of bits.
    pub(crate) fn new(
        answers: &SliceAnswers,
        (cuts, segments): (&Cuts, &Segments),
        tolerance: i64,
        years: impl Fn(u32, i32) -> u8,
    ) -> Self {
        let mut interviews = Self::default();
        for answered in answers.rows.chunk_by(|a, b| (a.who, a.day) == (b.who, b.day)) {
            // The firm's answers come first.
            let own = &answered[..answered.partition_point(|answer| answer.topic < answers.attributes)];
            let Some(Answer { who, day, .. }) = own.first().copied() else { continue };
            let number = count(interviews.who.len());
            for segment in segments.of(who) {
                for segment in [*segment, segment.over(cuts.period(day))] {
                    interviews.by_segment.entry(segment).or_default().push(number);
                }
            }
            for same in own.chunk_by(|a, b| a.topic == b.topic) {
                interviews.judge(same, tolerance);
            }
            interviews.who.push(who);
            interviews.day.push(day);
            interviews.years.push(years(who, day));
            interviews.end.push(count(interviews.attribute.len()));
        }
        interviews
    }

    /// Adds the judgement of one attribute.
    fn judge(&mut self, same: &[Answer], tolerance: i64) {
        let (mut performance, mut gap) = (Sum::default(), Sum::default());
        for answer in same {
            performance.add(answer.score(Score::Performance));
            gap.add(answer.gap());
        }
        let class = |gap: f64| match real(tolerance) {
            tolerance if gap > tolerance => Satisfaction::Delighted,
            tolerance if gap < -tolerance => Satisfaction::Dissatisfied,
            _ => Satisfaction::Satisfied,
        };
        self.attribute.push(same[0].topic);
        self.performance.push(performance.mean().unwrap_or(f64::NAN));
        self.satisfaction.push(gap.mean().map(class));
    }

    /// Appends interviews of later respondents.
    pub(crate) fn append(&mut self, other: Self) {
        let (interviews, judged) = (count(self.who.len()), count(self.attribute.len()));
        self.who.extend(other.who);
        self.day.extend(other.day);
        self.years.extend(other.years);
        self.end.extend(other.end.iter().map(|end| end + judged));
        self.attribute.extend(other.attribute);
        self.performance.extend(other.performance);
        self.satisfaction.extend(other.satisfaction);
        for (segment, numbers) in other.by_segment {
            let known = self.by_segment.entry(segment).or_default();
            known.extend(numbers.iter().map(|number| number + interviews));
        }
    }

    /// The interviews of each segment, by number.
    pub(crate) fn by_segment(&self) -> &BTreeMap<Segment, Vec<u32>> {
        &self.by_segment
    }

    /// The numbers of those of these ranks.
    pub(crate) fn of(&self, ranks: &Range<usize>) -> Range<u32> {
        let found = within(&self.who, ranks, |who| *who);
        count(found.start)..count(found.end)
    }

    pub(crate) fn who(&self, interview: u32) -> u32 {
        self.who[interview as usize]
    }

    pub(crate) fn day(&self, interview: u32) -> i32 {
        self.day[interview as usize]
    }

    /// Whether the respondent bought in the n-th year after the interview, from 1.
    pub(crate) fn retained(&self, interview: u32, year: u32) -> bool {
        self.years[interview as usize] & year_bit(year) != 0
    }

    /// Attributes with a performance.
    pub(crate) fn attributes(&self, interview: u32) -> impl Iterator<Item = u32> {
        let judged = self.judged(interview).filter(|place| !self.performance[*place].is_nan());
        judged.map(|place| self.attribute[place])
    }

    pub(crate) fn performance(&self, interview: u32, attribute: u32) -> Option<f64> {
        let performance = self.performance[self.place(interview, attribute)?];
        (!performance.is_nan()).then_some(performance)
    }

    pub(crate) fn satisfaction(&self, interview: u32, attribute: u32) -> Option<Satisfaction> {
        self.satisfaction[self.place(interview, attribute)?]
    }

    fn judged(&self, interview: u32) -> Range<usize> {
        let interview = interview as usize;
        let start = interview.checked_sub(1).map_or(0, |before| self.end[before]);
        start as usize..self.end[interview] as usize
    }

    fn place(&self, interview: u32, attribute: u32) -> Option<usize> {
        let judged = self.judged(interview);
        // Mostly every attribute is judged, and its place is its number.
        let guess = judged.start + attribute as usize;
        if guess < judged.end && self.attribute[guess] == attribute {
            return Some(guess);
        }
        let found = self.attribute[judged.clone()].binary_search(&attribute).ok();
        found.map(|place| judged.start + place)
    }
}

/// The bit of the n-th year after an interview, from 1.
pub(crate) fn year_bit(year: u32) -> u8 {
    1 << (year - 1)
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).expect("interviews and judgements fit 32 bits")
}
