//! Walks over respondents and customers, slice by slice, once the segments are known: which traits respondents of each segment have,
//! and how well those held out are predicted.

use super::benefits::Benefits;
use super::draws::Draws;
use super::holdout::HoldoutScore;
use super::naive_bayes::{NaiveBayes, Predictor, TraitCounts};
use super::profile::Profile;
use super::segments::NeedSegments;
use super::traits::{SliceTraits, Traits};
use crate::customers::slices::in_order_reading;
use crate::error::Result;
use crate::facts::FactSet;
use crate::perception::schema::{Ratings, Respondent};
use crate::publish::TableFormat;
use crate::publish::read::PublishedReader;
use std::ops::Range;

/// What the walks share.
pub(super) struct Walk<'r> {
    pub(super) format: TableFormat<'r>,
    pub(super) facts: &'r FactSet,
    pub(super) ratings: Ratings<'r>,
    pub(super) benefits: Benefits,
    pub(super) segments: NeedSegments,
    pub(super) traits: Traits,
    /// `customer_segment`, where the run makes it.
    pub(super) table: Option<PublishedReader>,
    pub(super) draws: Draws,
}

/// A respondent with its segment.
pub(super) struct Placed {
    pub(super) respondent: Respondent,
    shares: Vec<f64>,
    pub(super) segment: usize,
    pub(super) is_held_out: bool,
}

impl Walk<'_> {
    pub(super) fn customers(&self) -> usize {
        self.facts.customers.keys.len()
    }

    /// Respondents of these customers who rated every benefit, by rank; nobody where there are no segments.
    pub(super) fn placed(&self, ranks: &Range<usize>) -> Result<Vec<Placed>> {
        let mut placed = Vec::new();
        for respondent in self.ratings.of(ranks)? {
            let Some(shares) = self.benefits.shares(&respondent) else { continue };
            let Some(segment) = self.segments.of(&shares) else { continue };
            let is_held_out = self.draws.is_held_out(&self.facts.customers, respondent.rank);
            placed.push(Placed { respondent, shares, segment, is_held_out });
        }
        Ok(placed)
    }

    /// What respondents of each segment want, and which traits they have.
    ///
    /// # Errors
    /// A disk that fails, a published table that cannot be read back.
    pub(super) fn profile(&self) -> Result<Profile> {
        let empty =
            || Profile::new(self.segments.len(), self.benefits.attributes.len(), &self.traits.sizes());
        let mut profile = empty();
        let of_slice = |traits: &SliceTraits, respondents: &[Placed]| {
            let mut part = empty();
            for Placed { respondent, shares, segment, is_held_out } in respondents {
                let wants = (self.benefits.attributes.as_slice(), shares.as_slice());
                part.add(*segment, respondent, wants, self.ratings.overall);
                part.counts[usize::from(*is_held_out)].add(*segment, traits.of(respondent.rank as usize));
            }
            part
        };
        self.over_respondents(of_slice, |part| profile.merge(&part))?;
        Ok(profile)
    }

    /// What respondents who are not held out say of the others, by [`Predictor`].
    ///
    /// # Errors
    /// A disk that fails, a published table that cannot be read back.
    pub(super) fn holdout_scores(&self, training: &TraitCounts) -> Result<[HoldoutScore; 2]> {
        let models = Predictor::ALL.map(|predictor| NaiveBayes::new(training, predictor));
        let mut scores = [HoldoutScore::default(); 2];
        let of_slice = |traits: &SliceTraits, respondents: &[Placed]| {
            let mut part = [HoldoutScore::default(); 2];
            for placed in respondents.iter().filter(|placed| placed.is_held_out) {
                for (score, model) in part.iter_mut().zip(&models) {
                    let probabilities = model.probabilities(traits.of(placed.respondent.rank as usize));
                    score.add(placed.segment, &probabilities);
                }
            }
            part
        };
        let merge = |part: [HoldoutScore; 2]| {
            scores.iter_mut().zip(&part).for_each(|(score, more)| score.merge(more));
        };
        self.over_respondents(of_slice, merge)?;
        Ok(scores)
    }

    /// Makes a part of the respondents of every slice, and takes the parts in the order of slices.
    fn over_respondents<P: Send>(
        &self,
        part_of: impl Fn(&SliceTraits, &[Placed]) -> P + Sync,
        mut take: impl FnMut(P) + Send,
    ) -> Result<()> {
        let mut rows = self.traits.open(&self.facts.customers, self.table.as_ref())?;
        in_order_reading(
            0..self.customers().min(self.ratings.end_rank()),
            |ranks| rows.as_mut().map(|rows| rows.next(ranks)).transpose(),
            |rows, ranks| {
                let traits = self.traits.of_slice(rows.as_ref(), &ranks)?;
                Ok(part_of(&traits, &self.placed(&ranks)?))
            },
            |part| {
                take(part);
                Ok(())
            },
        )
    }
}
