//! The last walk over customers: writes `customer_need` and adds up what segments are worth.

use super::customer_need::{NeedRow, customer_need};
use super::holdout::{HoldoutScore, better};
use super::naive_bayes::{NaiveBayes, Predictor, most_probable};
use super::profile::Profile;
use super::traits::SliceTraits;
use super::walk::{Placed, Walk};
use super::worth::{SegmentWorth, WorthRows, WorthTables};
use crate::customers::keyed_rows::RowsOfRanks;
use crate::customers::slices::in_order_reading;
use crate::error::Result;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableWriter};
use std::ops::Range;

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
