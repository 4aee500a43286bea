//! Every model fitted at every date and by every clock, segment by segment and to all customers.

use super::census::{Census, Tally};
use super::models::{self, Counts, Fit, Lapsing, Purchasing, Reason};
use super::pooling::{self, Pooled};
use super::spend::Spend;
use super::timing::{Timed, Timings};
use crate::error::Result;
use crate::pipeline::PurchaseModel;
use rayon::prelude::*;

/// All fits of a run.
#[derive(Debug)]
pub(crate) struct Fits {
    /// In continuous time, in the order declared.
    pub(crate) models: Vec<PurchaseModel>,
    /// By date, as-of first, by the place of the timing: none where it has no clock of its own, or nobody asked.
    purchases: Vec<Vec<Option<PurchaseFits>>>,
    /// By date, by segment; none where nobody bought before it.
    spends: Vec<Vec<Option<FittedSpend>>>,
    /// The place of the timing that customers are valued by.
    timing: usize,
}

/// Fits to what came before a date by one clock: by segment and model; none where nobody bought before it.
type PurchaseFits = Vec<Vec<Option<FittedPurchases>>>;

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
    /// Fits what a purchase brings at every date, and the purchase models at every date by the clocks of every timing; with
    /// a choice of timings, those of the as-of date wait for [`Fits::value_by`]. Always from the same start.
    ///
    /// # Errors
    /// Money beyond 128 bits.
    pub(crate) fn new(
        models: &[PurchaseModel],
        census: &Census,
        timings: &Timings<'_>,
        discount_per_day: f64,
    ) -> Result<Self> {
        let models: Vec<PurchaseModel> =
            models.iter().copied().filter(|model| model.is_continuous()).collect();
        let first = usize::from(timings.len() > 1);
        let of_date = |(date, tallies): (usize, &Vec<Tally>)| {
            let fit = |timing: usize| {
                let timed = timings.own(date, timing).filter(|_| date >= first)?;
                Some(purchase_fits(&models, timed, discount_per_day))
            };
            let purchases = || (0..timings.len()).into_par_iter().map(fit).collect();
            let (purchases, spends) = rayon::join(purchases, || spend_fits(tallies));
            Ok((purchases, spends?))
        };
        let by_date = census.tallies.par_iter().enumerate().map(of_date).collect::<Result<Vec<_>>>()?;
        let (purchases, spends) = by_date.into_iter().unzip();
        Ok(Self { models, purchases, spends, timing: 0 })
    }

    /// Chooses the timing that customers are valued by, and fits what waited for it.
    pub(crate) fn value_by(&mut self, timings: &Timings<'_>, timing: usize, discount_per_day: f64) {
        self.timing = timing;
        if self.purchases[0][timing].is_none() {
            let timed = timings.at(0, timing);
            self.purchases[0][timing] = Some(purchase_fits(&self.models, timed, discount_per_day));
        }
    }

    /// The purchase model at a date, of a segment, by its place in `models`.
    pub(crate) fn of(&self, date: usize, segment: usize, model: usize) -> Option<&FittedPurchases> {
        self.by_timing(date, self.timing, segment, model)
    }

    /// The same by a timing: by the calendar where that has no clock of its own.
    pub(crate) fn by_timing(
        &self,
        date: usize,
        timing: usize,
        segment: usize,
        model: usize,
    ) -> Option<&FittedPurchases> {
        let of_date = &self.purchases[date];
        let fits = of_date[timing].as_ref().or(of_date[0].as_ref())?;
        fits[segment][model].as_ref()
    }

    /// What a purchase brings at a date, of a segment.
    pub(crate) fn spend(&self, date: usize, segment: usize) -> Option<&FittedSpend> {
        self.spends[date][segment].as_ref()
    }

    /// Whether a segment takes the parameters of all customers of every model, at the as-of date.
    pub(crate) fn is_pooled(&self, segment: usize) -> bool {
        (0..self.models.len())
            .all(|model| self.of(0, segment, model).is_some_and(|fitted| fitted.pooled.is_some()))
    }
}

/// A fit leaves cores idle in its small steps: several at a time keep them busy.
fn purchase_fits(models: &[PurchaseModel], timed: &Timed<'_>, discount_per_day: f64) -> PurchaseFits {
    let fit = |counts: &Counts| -> Vec<Option<FittedPurchases>> {
        let has_customers = counts.customers() > 0;
        let fit = |model: &PurchaseModel| {
            has_customers.then(|| FittedPurchases::new(*model, counts, discount_per_day))
        };
        models.par_iter().map(fit).collect()
    };
    let of_segments = || timed.counts.par_iter().map(|counts| fit(counts)).collect();
    if timed.counts.len() == 1 {
        return of_segments();
    }
    let of_all = || fit(&Counts::of_rows(timed.counts.iter().flat_map(|counts| counts.rows()).copied()));
    let (mut fits, all): (PurchaseFits, _) = rayon::join(of_segments, of_all);
    let pool_model = |counts: &Counts, own: &mut Option<FittedPurchases>, all: &Option<FittedPurchases>| {
        let (Some(own), Some(all)) = (own, all) else { return };
        let pooled = pooling::purchases(own, counts, &all.fit, discount_per_day);
        if pooled.is_some() {
            *own = FittedPurchases { pooled, ..all.clone() };
        }
    };
    timed.counts.par_iter().zip(&mut fits).for_each(|(counts, own)| {
        own.par_iter_mut().zip(&all).for_each(|(own, all)| pool_model(counts, own, all));
    });
    fits
}

/// By segment, with that of all customers where a segment should not have its own.
fn spend_fits(tallies: &[Tally]) -> Result<Vec<Option<FittedSpend>>> {
    let fit = |tally: &Tally| Ok(Spend::fit(tally)?.map(|spend| FittedSpend { spend, pooled: None }));
    let of_segments = || tallies.par_iter().map(fit).collect();
    if tallies.len() == 1 {
        return of_segments();
    }
    let of_all = || fit(&Tally::of_all(tallies)?);
    let (fits, all) = rayon::join(of_segments, of_all);
    let (mut fits, all): (Vec<Option<FittedSpend>>, _) = (fits?, all?);
    for (tally, own) in tallies.iter().zip(&mut fits) {
        let (Some(own), Some(all)) = (own, &all) else { continue };
        let pooled = pooling::spend(&own.spend, tally, &all.spend);
        if pooled.is_some() {
            *own = FittedSpend { pooled, ..all.clone() };
        }
    }
    Ok(fits)
}
