//! Every model fitted at every date and by every clock, segment by segment and to all customers.

use super::census::{Census, Tally};
use super::models::{self, Counts, Fit, Gaps, Lapsing, Purchasing, Reason, Rhythm};
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
    /// By date: estimated by the calendar, as gaps are counted, and the same on the clock of any season.
    rhythms: Vec<Rhythms>,
    /// By date, as-of first, by the place of the timing: none where it has no clock of its own, or nobody asked.
    purchases: Vec<Vec<Option<PurchaseFits>>>,
    /// By date, by segment; none where nobody bought before it.
    spends: Vec<Vec<Option<FittedSpend>>>,
    /// The place of the timing that customers are valued by.
    timing: usize,
}

/// How regularly customers bought before a date.
#[derive(Debug)]
struct Rhythms {
    /// By segment.
    own: Vec<Rhythm>,
    /// Of all customers.
    all: Rhythm,
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
    pub(crate) fn new(model: PurchaseModel, counts: &Counts, rhythm: &Rhythm, discount_per_day: f64) -> Self {
        let rules_out_lapse = pooling::rules_out_lapse(counts, discount_per_day);
        Self { fit: models::fit_regular(model, counts, rhythm), pooled: None, rules_out_lapse }
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
            let purchases = || -> (Rhythms, Vec<Option<PurchaseFits>>) {
                let rhythms = Rhythms::new(&models, tallies);
                let fit = |timing: usize| {
                    let timed = timings.own(date, timing).filter(|_| date >= first)?;
                    Some(purchase_fits(&models, timed, &rhythms, discount_per_day))
                };
                let fits = (0..timings.len()).into_par_iter().map(fit).collect();
                (rhythms, fits)
            };
            let ((rhythms, purchases), spends) = rayon::join(purchases, || spend_fits(tallies));
            Ok((rhythms, (purchases, spends?)))
        };
        let by_date = census.tallies.par_iter().enumerate().map(of_date).collect::<Result<Vec<_>>>()?;
        let (rhythms, fits): (_, Vec<_>) = by_date.into_iter().unzip();
        let (purchases, spends) = fits.into_iter().unzip();
        Ok(Self { models, rhythms, purchases, spends, timing: 0 })
    }

    /// Chooses the timing that customers are valued by, and fits what waited for it.
    pub(crate) fn value_by(&mut self, timings: &Timings<'_>, timing: usize, discount_per_day: f64) {
        self.timing = timing;
        if self.purchases[0][timing].is_none() {
            let timed = timings.at(0, timing);
            let fits = purchase_fits(&self.models, timed, &self.rhythms[0], discount_per_day);
            self.purchases[0][timing] = Some(fits);
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

impl Rhythms {
    fn new(models: &[PurchaseModel], tallies: &[Tally]) -> Self {
        if !models.iter().any(|model| model.asks_for_gaps()) {
            return Self { own: vec![Rhythm::RANDOM; tallies.len()], all: Rhythm::RANDOM };
        }
        let of_segment = |tally: &Tally| Rhythm::estimate(&tally.counts, tally.gaps.clone());
        if let [only] = tallies {
            let rhythm = of_segment(only);
            return Self { own: vec![rhythm.clone()], all: rhythm };
        }
        let of_all = || {
            let mut gaps = Gaps::NONE;
            tallies.iter().for_each(|tally| gaps.merge(&tally.gaps));
            Rhythm::estimate(&together(tallies.iter().map(|tally| &tally.counts)), gaps)
        };
        let (own, all) = rayon::join(|| tallies.par_iter().map(of_segment).collect(), of_all);
        Self { own, all }
    }
}

/// Customers of all segments.
fn together<'c>(counts: impl Iterator<Item = &'c Counts>) -> Counts {
    Counts::of_rows(counts.flat_map(Counts::rows).copied())
}

/// A fit leaves cores idle in its small steps: several at a time keep them busy.
fn purchase_fits(
    models: &[PurchaseModel],
    timed: &Timed<'_>,
    rhythms: &Rhythms,
    discount_per_day: f64,
) -> PurchaseFits {
    let fit = |counts: &Counts, rhythm: &Rhythm| -> Vec<Option<FittedPurchases>> {
        let has_customers = counts.customers() > 0;
        let fit = |model: &PurchaseModel| {
            has_customers.then(|| FittedPurchases::new(*model, counts, rhythm, discount_per_day))
        };
        models.par_iter().map(fit).collect()
    };
    let segments = || timed.counts.par_iter().zip(&rhythms.own);
    let of_segments = || segments().map(|(counts, rhythm)| fit(counts, rhythm)).collect();
    if timed.counts.len() == 1 {
        return of_segments();
    }
    let of_all = || fit(&together(timed.counts.iter().map(|counts| &**counts)), &rhythms.all);
    let (mut fits, all): (PurchaseFits, _) = rayon::join(of_segments, of_all);
    let pool_model =
        |segment: (&Counts, &Rhythm), own: &mut Option<FittedPurchases>, all: &Option<FittedPurchases>| {
            let (Some(own), Some(all)) = (own, all) else { return };
            let pooled = pooling::purchases(own, segment, &all.fit, discount_per_day);
            if pooled.is_some() {
                *own = FittedPurchases { pooled, ..all.clone() };
            }
        };
    segments().zip(&mut fits).for_each(|((counts, rhythm), own)| {
        own.par_iter_mut().zip(&all).for_each(|(own, all)| pool_model((counts, rhythm), own, all));
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
