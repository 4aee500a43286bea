//! The last walk over customers: writes `customer_need`, measures what was said of those held out, and adds up what segments
//! are worth.

use super::benefits::Benefits;
use super::customer_need::{NeedRow, customer_need};
use super::holdout::{HoldoutScore, better};
use super::key_hash::{HeldOut, KeyHash};
use super::naive_bayes::{NaiveBayes, Predictor, TraitCounts, most_probable};
use super::profile::Profile;
use super::segments::NeedSegments;
use super::traits::{SliceTraits, Traits};
use super::worth::{SegmentWorth, WorthRows, WorthTables};
use crate::customers::keyed_rows::RowsOfRanks;
use crate::customers::slices::in_order_reading;
use crate::error::Result;
use crate::facts::FactSet;
use crate::perception::schema::{Ratings, Respondent};
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat, TableWriter};
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
    pub(super) seed: u32,
    pub(super) held_out: HeldOut,
}

/// A respondent with its segment.
pub(super) struct Placed {
    respondent: Respondent,
    shares: Vec<f64>,
    segment: usize,
    is_held_out: bool,
}

/// By what customers are assigned.
struct Assignment {
    /// Of all respondents.
    model: NaiveBayes,
    /// Of those who are not held out, by [`Predictor`].
    of_training: [NaiveBayes; 2],
    /// The one of `of_training` that `model` is of the kind of.
    chosen: Predictor,
}

/// What is measured while rows are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Written {
    /// By [`Predictor`].
    pub(super) scores: [HoldoutScore; 2],
    /// By segment.
    pub(super) worth: Vec<SegmentWorth>,
    pub(super) chosen: Option<Predictor>,
}

impl Walk<'_> {
    fn customers(&self) -> usize {
        self.facts.customers.keys.len()
    }

    /// Respondents of these customers who rated every benefit, by rank; nobody where there are no segments.
    fn placed(&self, ranks: &Range<usize>) -> Result<Vec<Placed>> {
        let mut placed = Vec::new();
        for respondent in self.ratings.of(ranks)? {
            let Some(shares) = self.benefits.shares(&respondent) else { continue };
            let Some(segment) = self.segments.of(&shares) else { continue };
            let hash = KeyHash::of(&self.facts.customers, respondent.rank, self.seed);
            placed.push(Placed { respondent, shares, segment, is_held_out: self.held_out.has(hash) });
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
        let mut rows = self.traits.open(&self.facts.customers, self.table.as_ref())?;
        in_order_reading(
            0..self.customers().min(self.ratings.end_rank()),
            |ranks| rows.as_mut().map(|rows| rows.next(ranks)).transpose(),
            |rows, ranks| {
                let traits = self.traits.of_slice(rows.as_ref(), &ranks)?;
                let mut part = empty();
                for placed in self.placed(&ranks)? {
                    let Placed { respondent, shares, segment, is_held_out } = &placed;
                    let wants = (self.benefits.attributes.as_slice(), shares.as_slice());
                    part.add(*segment, respondent, wants, self.ratings.overall);
                    part.counts[usize::from(*is_held_out)].add(*segment, traits.of(respondent.rank as usize));
                }
                Ok(part)
            },
            |part| {
                profile.merge(&part);
                Ok(())
            },
        )?;
        Ok(profile)
    }

    /// Writes the table.
    ///
    /// # Errors
    /// A disk that fails, a published table that cannot be read back, a failed write.
    pub(super) fn write(
        &self,
        profile: &Profile,
        worth: &WorthTables,
        tables: StageTables<'_>,
    ) -> Result<Written> {
        let scores = self.holdout_scores(&profile.counts[0])?;
        let chosen = better(&scores);
        let of_training = Predictor::ALL.map(|predictor| NaiveBayes::new(&profile.counts[0], predictor));
        let assignment =
            Assignment { model: NaiveBayes::new(&profile.all_counts(), chosen), of_training, chosen };
        let worths = vec![SegmentWorth::default(); self.segments.len()];
        let mut written = Written { scores, worth: worths.clone(), chosen: Some(chosen) };
        let empty = customer_need(self.format, &self.facts.customers, &self.segments, &[]);
        let mut writer: TableWriter = tables.table(&empty.spec, Some(&self.facts.as_of.to_string()))?;
        let mut of_traits = self.traits.open(&self.facts.customers, self.table.as_ref())?;
        let mut of_worth = worth.reader(self.facts)?;
        in_order_reading(
            0..self.customers(),
            |ranks| {
                let traits = of_traits.as_mut().map(|rows| rows.next(ranks.clone())).transpose()?;
                Ok((traits, of_worth.next(ranks)?))
            },
            |(rows, worth): &(Option<RowsOfRanks>, WorthRows), ranks| {
                let traits = self.traits.of_slice(rows.as_ref(), &ranks)?;
                let rows = self.rows(&assignment, &traits, ranks)?;
                let mut worths = worths.clone();
                for row in &rows {
                    if let Some(segment) = row.segment {
                        worths[segment].add(worth, row.rank);
                    }
                }
                Ok((customer_need(self.format, &self.facts.customers, &self.segments, &rows), worths))
            },
            |(sheet, worths): (Sheet, Vec<SegmentWorth>)| {
                written.worth.iter_mut().zip(&worths).for_each(|(sum, more)| sum.merge(more));
                writer.write(sheet.arrays)
            },
        )?;
        writer.finish()?;
        Ok(written)
    }

    /// What respondents who are not held out say of the others, by [`Predictor`].
    fn holdout_scores(&self, training: &TraitCounts) -> Result<[HoldoutScore; 2]> {
        let models = Predictor::ALL.map(|predictor| NaiveBayes::new(training, predictor));
        let mut scores = [HoldoutScore::default(); 2];
        let mut rows = self.traits.open(&self.facts.customers, self.table.as_ref())?;
        in_order_reading(
            0..self.customers().min(self.ratings.end_rank()),
            |ranks| rows.as_mut().map(|rows| rows.next(ranks)).transpose(),
            |rows, ranks| {
                let traits = self.traits.of_slice(rows.as_ref(), &ranks)?;
                let mut part = [HoldoutScore::default(); 2];
                for placed in self.placed(&ranks)?.iter().filter(|placed| placed.is_held_out) {
                    for (score, model) in part.iter_mut().zip(&models) {
                        let probabilities = model.probabilities(traits.of(placed.respondent.rank as usize));
                        score.add(placed.segment, &probabilities);
                    }
                }
                Ok(part)
            },
            |part| {
                scores.iter_mut().zip(&part).for_each(|(score, more)| score.merge(more));
                Ok(())
            },
        )?;
        Ok(scores)
    }

    fn rows(
        &self,
        assignment: &Assignment,
        traits: &SliceTraits,
        ranks: Range<usize>,
    ) -> Result<Vec<NeedRow>> {
        let placed = self.placed(&ranks)?;
        let mut placed = placed.iter().peekable();
        let mut rows = Vec::with_capacity(ranks.len());
        for rank in ranks {
            let number = u32::try_from(rank).expect("ranks fit 32 bits");
            let answered = placed.next_if(|placed| placed.respondent.rank == number);
            rows.push(self.row(assignment, traits, number, answered));
        }
        Ok(rows)
    }

    fn row(
        &self,
        assignment: &Assignment,
        traits: &SliceTraits,
        rank: u32,
        answered: Option<&Placed>,
    ) -> NeedRow {
        let is_held_out = answered.is_some_and(|placed| placed.is_held_out);
        let mut row = NeedRow {
            rank,
            segment: None,
            is_asked: answered.is_some(),
            is_held_out,
            probability: None,
            expected: None,
        };
        if self.segments.len() == 0 {
            return row;
        }
        let model = match is_held_out {
            true => &assignment.of_training[assignment.chosen as usize],
            false => &assignment.model,
        };
        let (expected, probability) = most_probable(&model.probabilities(traits.of(rank as usize)));
        row.expected = Some(expected);
        row.segment = Some(answered.map_or(expected, |placed| placed.segment));
        row.probability = Some(if answered.is_some() { 1.0 } else { probability });
        row
    }
}
