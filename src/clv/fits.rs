//! Every model fitted at every date, segment by segment and to all customers.

use super::census::{Census, Tally};
use super::models::{self, Counts, Fit, Lapsing, Purchasing, Reason};
use super::pooling::{self, Pooled};
use super::spend::Spend;
use crate::error::Result;
use crate::pipeline::PurchaseModel;
use rayon::prelude::*;

/// All fits of a run.
#[derive(Debug)]
pub(crate) struct Fits {
    /// In continuous time, in the order declared.
    pub(crate) models: Vec<PurchaseModel>,
    /// By date, as-of first.
    by_date: Vec<DatedFits>,
}

/// Fits to what came before a date, by segment; none where nobody bought before it.
#[derive(Debug)]
struct DatedFits {
    /// By segment and model.
    purchases: Vec<Vec<Option<FittedPurchases>>>,
    /// By segment.
    spends: Vec<Option<FittedSpend>>,
}

/// The purchase model of a segment.
#[derive(Debug, Clone)]
pub(crate) struct FittedPurchases {
    pub(crate) fit: Fit,
    /// Whether the fit is that of all customers, and why.
    pub(crate) pooled: Option<Pooled>,
    /// Whether the histories fitted rule out that customers lapse, where they show no lapse.
    rules_out_lapse: bool,
}

/// What a purchase brings in a segment.
#[derive(Debug, Clone)]
pub(crate) struct FittedSpend {
    pub(crate) spend: Spend,
    /// Whether that is fitted to all customers, and why.
    pub(crate) pooled: Option<Pooled>,
}

impl FittedPurchases {
    pub(crate) fn new(model: PurchaseModel, counts: &Counts, discount_per_day: f64) -> Self {
        let rules_out_lapse = pooling::rules_out_lapse(counts, discount_per_day);
        Self { fit: models::fit(model, counts), pooled: None, rules_out_lapse }
    }

    /// Whether anything is predicted: too few repeat buyers, or no time to buy again, determine no model.
    pub(crate) fn predicts(&self) -> bool {
        self.fit.reason != Some(Reason::FewRepeaters) && self.fit.form.purchasing != Purchasing::Unknown
    }

    /// Whether purchases for ever have a value: where no lapse was seen, only if next to none is possible.
    pub(crate) fn has_residual(&self) -> bool {
        self.predicts()
            && (self.fit.form.lapsing != Lapsing::Never
                || self.rules_out_lapse
                || self.fit.reason == Some(Reason::NoRepeaters))
    }
}

impl Fits {
    /// Fits everything, always from the same start.
    ///
    /// # Errors
    /// Money beyond 128 bits.
    pub(crate) fn new(models: &[PurchaseModel], census: &Census, discount_per_day: f64) -> Result<Self> {
        let models: Vec<PurchaseModel> =
            models.iter().copied().filter(|model| model.is_continuous()).collect();
        let of_date = |tallies: &Vec<Tally>| DatedFits::new(&models, tallies, discount_per_day);
        let by_date = census.tallies.par_iter().map(of_date).collect::<Result<_>>()?;
        Ok(Self { models, by_date })
    }

    /// The purchase model at a date, of a segment, by its place in `models`.
    pub(crate) fn of(&self, date: usize, segment: usize, model: usize) -> Option<&FittedPurchases> {
        self.by_date[date].purchases[segment][model].as_ref()
    }

    /// What a purchase brings at a date, of a segment.
    pub(crate) fn spend(&self, date: usize, segment: usize) -> Option<&FittedSpend> {
        self.by_date[date].spends[segment].as_ref()
    }

    /// Whether a segment takes the parameters of all customers of every model, at the as-of date.
    pub(crate) fn is_pooled(&self, segment: usize) -> bool {
        let mut models = self.by_date[0].purchases[segment].iter();
        models.all(|fitted| fitted.as_ref().is_some_and(|fitted| fitted.pooled.is_some()))
    }
}

impl DatedFits {
    fn new(models: &[PurchaseModel], tallies: &[Tally], discount_per_day: f64) -> Result<Self> {
        let fit = |tally: &Tally| -> Vec<Option<FittedPurchases>> {
            let has_customers = tally.counts.customers() > 0;
            let fit = |model: &PurchaseModel| {
                has_customers.then(|| FittedPurchases::new(*model, &tally.counts, discount_per_day))
            };
            models.par_iter().map(fit).collect()
        };
        let spend = |tally: &Tally| Ok(Spend::fit(tally)?.map(|spend| FittedSpend { spend, pooled: None }));
        // A fit leaves cores idle in its small steps: several at a time keep them busy.
        let of_segments = || -> Result<Self> {
            let purchases = tallies.par_iter().map(fit).collect();
            Ok(Self { purchases, spends: tallies.par_iter().map(spend).collect::<Result<_>>()? })
        };
        if tallies.len() == 1 {
            return of_segments();
        }
        let of_all = || {
            let all = Tally::of_all(tallies)?;
            Ok((fit(&all), spend(&all)?))
        };
        let (fits, all) = rayon::join(of_segments, of_all);
        let (mut fits, (all, all_spend)) = (fits?, all?);
        fits.pool(tallies, &all, all_spend.as_ref(), discount_per_day);
        Ok(fits)
    }

    /// Replaces what segments should not have of their own by that of all customers.
    fn pool(
        &mut self,
        tallies: &[Tally],
        all: &[Option<FittedPurchases>],
        all_spend: Option<&FittedSpend>,
        discount_per_day: f64,
    ) {
        let pool_model = |tally: &Tally, own: &mut Option<FittedPurchases>, all: &Option<FittedPurchases>| {
            let (Some(own), Some(all)) = (own, all) else { return };
            let pooled = pooling::purchases(own, &tally.counts, &all.fit, discount_per_day);
            if pooled.is_some() {
                *own = FittedPurchases { pooled, ..all.clone() };
            }
        };
        tallies.par_iter().zip(&mut self.purchases).for_each(|(tally, own)| {
            own.par_iter_mut().zip(all).for_each(|(own, all)| pool_model(tally, own, all));
        });
        for (tally, own) in tallies.iter().zip(&mut self.spends) {
            let (Some(own), Some(all)) = (own, all_spend) else { continue };
            let pooled = pooling::spend(&own.spend, tally, &all.spend);
            if pooled.is_some() {
                *own = FittedSpend { pooled, ..all.clone() };
            }
        }
    }
}
