//! Every model fitted at every date, segment by segment.

use super::census::Census;
use super::models::Fit;
use super::outlook;
use super::spend::Spend;
use crate::error::Result;
use crate::pipeline::PurchaseModel;

/// All fits of a run.
#[derive(Debug)]
pub(crate) struct Fits {
    /// In continuous time, in the order declared.
    pub(crate) models: Vec<PurchaseModel>,
    /// By date (as-of first), segment and model; none where nobody bought before the date.
    by: Vec<Vec<Vec<Option<Fit>>>>,
    /// By date and segment; none where nobody bought before the date.
    pub(crate) spends: Vec<Vec<Option<Spend>>>,
}

impl Fits {
    /// Fits everything, always from the same start.
    ///
    /// # Errors
    /// Money beyond 128 bits.
    pub(crate) fn new(models: &[PurchaseModel], census: &Census) -> Result<Self> {
        let models: Vec<PurchaseModel> =
            models.iter().copied().filter(|model| *model != PurchaseModel::BgBb).collect();
        let fit = |tally: &super::census::Tally, model: &PurchaseModel| {
            (tally.counts.customers() > 0).then(|| outlook::fit(*model, &tally.counts))
        };
        let by = census.tallies.iter().map(|tallies| {
            tallies.iter().map(|tally| models.iter().map(|model| fit(tally, model)).collect()).collect()
        });
        let by = by.collect();
        let spends = census.tallies.iter();
        let spends = spends.map(|tallies| tallies.iter().map(Spend::fit).collect::<Result<Vec<_>>>());
        Ok(Self { by, spends: spends.collect::<Result<_>>()?, models })
    }

    /// The fit at a date, of a segment, by a model's place in `models`.
    pub(crate) fn of(&self, date: usize, segment: usize, model: usize) -> Option<&Fit> {
        self.by[date][segment][model].as_ref()
    }
}
