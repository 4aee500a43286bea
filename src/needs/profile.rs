//! What respondents of each segment want and how they judge: sums that add up over slices.

use super::naive_bayes::TraitCounts;
use crate::perception::schema::{Respondent, Score, Sum};

/// Of the respondents of one segment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wants {
    pub(super) respondents: u64,
    /// Sums of importance shares, by benefit.
    shares: Vec<f64>,
    /// By benefit.
    performance: Vec<Sum>,
    /// Performance and expectation of the offer as a whole.
    overall: [Sum; 2],
}

impl Wants {
    fn new(benefits: usize) -> Self {
        let performance = vec![Sum::default(); benefits];
        Self { respondents: 0, shares: vec![0.0; benefits], performance, overall: [Sum::default(); 2] }
    }

    /// Mean importance share of a benefit.
    pub(super) fn share(&self, benefit: usize) -> Option<f64> {
        (self.respondents > 0).then(|| self.shares[benefit] / self.respondents as f64)
    }

    pub(super) fn performance(&self, benefit: usize) -> Option<f64> {
        self.performance[benefit].mean()
    }

    /// Mean judgement of the offer as a whole, and what was expected of it.
    pub(super) fn satisfaction(&self) -> [Option<f64>; 2] {
        self.overall.map(|sum| sum.mean())
    }

    /// Merge in a fixed order: floats add up differently in others.
    pub(super) fn merge(&mut self, other: &Self) {
        self.respondents += other.respondents;
        self.shares.iter_mut().zip(&other.shares).for_each(|(sum, more)| *sum += more);
        self.performance.iter_mut().zip(&other.performance).for_each(|(sum, more)| sum.merge(more));
        self.overall.iter_mut().zip(&other.overall).for_each(|(sum, more)| sum.merge(more));
    }
}

/// All segments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile {
    pub(super) wants: Vec<Wants>,
    /// Of respondents who are not held out, and of those who are.
    pub(super) counts: [TraitCounts; 2],
}

impl Profile {
    pub(super) fn new(segments: usize, benefits: usize, values: &[usize]) -> Self {
        let counts = TraitCounts::new(segments, values);
        Self { wants: vec![Wants::new(benefits); segments], counts: [counts.clone(), counts] }
    }

    /// A respondent of a segment, with its shares by benefit.
    pub(super) fn add(
        &mut self,
        segment: usize,
        respondent: &Respondent,
        (benefits, shares): (&[u32], &[f64]),
        overall: Option<u32>,
    ) {
        let wants = &mut self.wants[segment];
        wants.respondents += 1;
        for (place, (attribute, share)) in benefits.iter().zip(shares).enumerate() {
            wants.shares[place] += share;
            wants.performance[place].merge(respondent.sum(*attribute, Score::Performance));
        }
        if let Some(overall) = overall {
            for (sum, score) in wants.overall.iter_mut().zip([Score::Performance, Score::Expectation]) {
                sum.merge(respondent.sum(overall, score));
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.wants.iter_mut().zip(&other.wants).for_each(|(wants, more)| wants.merge(more));
        self.counts.iter_mut().zip(&other.counts).for_each(|(counts, more)| counts.merge(more));
    }

    /// Of all respondents together.
    pub(super) fn everybody(&self) -> Option<Wants> {
        let mut wants = self.wants.iter();
        let mut sum = wants.next()?.clone();
        wants.for_each(|more| sum.merge(more));
        Some(sum)
    }

    /// Whether held out or not.
    pub(super) fn all_counts(&self) -> TraitCounts {
        let mut counts = self.counts[0].clone();
        counts.merge(&self.counts[1]);
        counts
    }
}
