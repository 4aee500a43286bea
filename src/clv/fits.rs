//! Every model fitted at every date and by every clock, segment by segment and to all customers.

use super::candidate::Candidate;
use super::census::{Census, Tally};
use super::histories::Histories;
use super::models::{
    self, Counts, CovariateFit, Design, Fit, Gaps, Lapsing, Purchasing, Reason, Rhythm, fit_covariates,
};
use super::pooling::{self, Pooled};
use super::spend::Spend;
use super::timing::{Timed, Timings};
use crate::error::Result;
use crate::pipeline::PurchaseModel;
use rayon::prelude::*;
use std::sync::Arc;

/// All fits of a run.
#[derive(Debug)]
pub(crate) struct Fits {
    /// Models without and with covariates.
    pub(crate) candidates: Vec<Candidate>,
    design: Design,
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

/// Fits to what came before a date by one clock: by segment and candidate; none where nobody bought before it.
type PurchaseFits = Vec<Vec<Option<FittedPurchases>>>;

/// The purchase model of a segment.
#[derive(Debug, Clone)]
pub(crate) struct FittedPurchases {
    /// With covariates: of customers with their reference values.
    pub(crate) fit: Fit,
    /// None without them.
    pub(crate) covariates: Option<Arc<CovariateFit>>,
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
        let fit = models::fit_regular(model, counts, rhythm);
        Self { fit, covariates: None, pooled: None, rules_out_lapse }
    }

    /// The same model with covariates.
    fn with_covariates(&self, design: &Design, histories: &Histories<'_>, rhythm: &Rhythm) -> Self {
        let found = fit_covariates(&self.fit, design, &histories.by_cell(), rhythm);
        Self { fit: found.fit.clone(), covariates: Some(Arc::new(found)), ..self.clone() }
    }

    /// Takes the parameters of all customers where the segment should not have its own.
    fn pool(&mut self, segment: (&Histories<'_>, &Rhythm), all: &Self, discount_per_day: f64) {
        let pooled = pooling::purchases(self, segment, all, discount_per_day);
        if pooled.is_some() {
            *self = Self { pooled, ..all.clone() };
        }
    }

    /// Takes the segment's own parameters without covariates where its effects, and those of all customers, are not worth
    /// having.
    fn without_worthless_effects(&mut self, segment: (&Histories<'_>, &Rhythm), plain: &Self, all: &Self) {
        let Some(covariates) = &self.covariates else { return };
        if plain.pooled.is_none() && pooling::is_better_without(self, segment, plain, all) {
            let without = covariates.without_effects(&plain.fit);
            *self = Self { covariates: Some(Arc::new(without)), ..plain.clone() };
        }
    }

    /// The groups of histories that it is fitted to: cell by cell with covariates, else all together.
    pub(crate) fn cells<'h>(&self, histories: &'h Histories<'_>) -> Vec<&'h Counts> {
        if self.covariates.is_some() { histories.by_cell() } else { vec![&histories.all] }
    }

    /// The model of customers in a cell.
    pub(crate) fn of_cell(&self, cell: usize) -> &Fit {
        self.covariates.as_ref().map_or(&self.fit, |covariates| &covariates.cells[cell])
    }

    /// How many numbers were estimated.
    pub(crate) fn estimated(&self) -> u32 {
        let effects = self.covariates.as_ref().map_or(0, |covariates| covariates.effects());
        u32::from(self.fit.estimated()) + u32::try_from(effects).expect("effects are few")
    }

    /// ln of the likelihood of other histories; none where the fit found nothing to predict from.
    pub(crate) fn log_likelihood(&self, histories: &Histories<'_>, rhythm: &Rhythm) -> Option<f64> {
        match &self.covariates {
            Some(covariates) => covariates.log_likelihood(&histories.by_cell(), rhythm),
            None => models::log_likelihood(&self.fit, &histories.all, rhythm),
        }
    }

    /// The pull of sums over customers by the errors that they share; `pulls` are by cell, or of all. None without errors.
    pub(crate) fn joint_pull(&self, pulls: &[[f64; 4]]) -> Option<Vec<f64>> {
        match &self.covariates {
            Some(covariates) => covariates.joint_pull(pulls),
            None => self.fit.covariance.and_then(|_| Some(pulls.first()?.to_vec())),
        }
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
        candidates: Vec<Candidate>,
        design: &Design,
        census: &Census,
        timings: &Timings<'_>,
        discount_per_day: f64,
    ) -> Result<Self> {
        let first = usize::from(timings.len() > 1);
        let of_date = |(date, tallies): (usize, &Vec<Tally>)| {
            let purchases = || -> (Rhythms, Vec<Option<PurchaseFits>>) {
                let rhythms = Rhythms::new(&candidates, tallies);
                let fit = |timing: usize| {
                    let timed = timings.own(date, timing).filter(|_| date >= first)?;
                    Some(purchase_fits((&candidates, design), timed, &rhythms, discount_per_day))
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
        Ok(Self { candidates, design: design.clone(), rhythms, purchases, spends, timing: 0 })
    }

    /// Chooses the timing that customers are valued by, and fits what waited for it.
    pub(crate) fn value_by(&mut self, timings: &Timings<'_>, timing: usize, discount_per_day: f64) {
        self.timing = timing;
        if self.purchases[0][timing].is_none() {
            let timed = timings.at(0, timing);
            let models = (&self.candidates[..], &self.design);
            let fits = purchase_fits(models, timed, &self.rhythms[0], discount_per_day);
            self.purchases[0][timing] = Some(fits);
        }
    }

    /// The purchase model at a date, of a segment, by its place among the candidates.
    pub(crate) fn of(&self, date: usize, segment: usize, candidate: usize) -> Option<&FittedPurchases> {
        self.by_timing(date, self.timing, segment, candidate)
    }

    /// The same by a timing: by the calendar where that has no clock of its own.
    pub(crate) fn by_timing(
        &self,
        date: usize,
        timing: usize,
        segment: usize,
        candidate: usize,
    ) -> Option<&FittedPurchases> {
        let of_date = &self.purchases[date];
        let fits = of_date[timing].as_ref().or(of_date[0].as_ref())?;
        fits[segment][candidate].as_ref()
    }

    /// What a purchase brings at a date, of a segment.
    pub(crate) fn spend(&self, date: usize, segment: usize) -> Option<&FittedSpend> {
        self.spends[date][segment].as_ref()
    }

    /// Whether a segment takes the parameters of all customers of every model in continuous time, at the as-of date.
    pub(crate) fn is_pooled(&self, segment: usize) -> bool {
        let continuous = Candidate::continuous(&self.candidates).len();
        (0..continuous)
            .all(|candidate| self.of(0, segment, candidate).is_some_and(|fitted| fitted.pooled.is_some()))
            && continuous > 0
    }
}

impl Rhythms {
    fn new(candidates: &[Candidate], tallies: &[Tally]) -> Self {
        if !candidates.iter().any(|candidate| candidate.model.asks_for_gaps()) {
            return Self { own: vec![Rhythm::RANDOM; tallies.len()], all: Rhythm::RANDOM };
        }
        let of_segment = |tally: &Tally| Rhythm::estimate(tally.counts(), tally.gaps.clone());
        if let [only] = tallies {
            let rhythm = of_segment(only);
            return Self { own: vec![rhythm.clone()], all: rhythm };
        }
        let of_all = || {
            let mut gaps = Gaps::NONE;
            tallies.iter().for_each(|tally| gaps.merge(&tally.gaps));
            let rows = tallies.iter().flat_map(|tally| tally.counts().rows());
            Rhythm::estimate(&Counts::of_rows(rows.copied()), gaps)
        };
        let (own, all) = rayon::join(|| tallies.par_iter().map(of_segment).collect(), of_all);
        Self { own, all }
    }
}

/// A fit leaves cores idle in its small steps: several at a time keep them busy.
fn purchase_fits(
    (candidates, design): (&[Candidate], &Design),
    timed: &Timed<'_>,
    rhythms: &Rhythms,
    discount_per_day: f64,
) -> PurchaseFits {
    let fit = |(histories, rhythm): (&Histories<'_>, &Rhythm)| {
        candidate_fits(candidates, design, (histories, rhythm), discount_per_day)
    };
    let segments = || timed.histories.par_iter().zip(&rhythms.own);
    let of_segments = || segments().map(fit).collect();
    if timed.histories.len() == 1 {
        return of_segments();
    }
    let of_all = || fit((&Histories::together(&timed.histories), &rhythms.all));
    let (mut fits, all): (PurchaseFits, _) = rayon::join(of_segments, of_all);
    segments().zip(&mut fits).for_each(|(segment, own)| {
        let pool = |(own, all): (&mut Option<FittedPurchases>, &Option<FittedPurchases>)| {
            let (Some(own), Some(all)) = (own, all) else { return };
            own.pool(segment, all, discount_per_day);
        };
        // Models without covariates first: those with them may fall back on them.
        let continuous = Candidate::continuous(candidates).iter();
        let models = continuous.filter(|candidate| !candidate.has_covariates).count();
        let (plain, with) = own.split_at_mut(models);
        plain.par_iter_mut().zip(&all[..models]).for_each(pool);
        let with = with.par_iter_mut().zip(&all[models..]).zip(plain);
        with.for_each(|((own, all), plain)| {
            if let (Some(own), Some(all), Some(plain)) = (&mut *own, all, plain) {
                own.without_worthless_effects(segment, plain, all);
            }
            pool((own, all));
        });
    });
    fits
}

/// Of one segment: models without covariates first, from which those with them start; none of a model of whole periods, which is
/// fitted to other counts.
fn candidate_fits(
    candidates: &[Candidate],
    design: &Design,
    (histories, rhythm): (&Histories<'_>, &Rhythm),
    discount_per_day: f64,
) -> Vec<Option<FittedPurchases>> {
    if histories.all.customers() == 0 {
        return vec![None; candidates.len()];
    }
    let of_model = |candidate: &Candidate| {
        let plain = FittedPurchases::new(candidate.model, &histories.all, rhythm, discount_per_day);
        let has_covariates = candidates.iter().any(|candidate| candidate.has_covariates);
        let with = has_covariates.then(|| plain.with_covariates(design, histories, rhythm));
        (plain, with)
    };
    let continuous = Candidate::continuous(candidates);
    let models = continuous.par_iter().filter(|candidate| !candidate.has_covariates);
    let (plain, with): (Vec<_>, Vec<_>) = models.map(of_model).unzip();
    let of_periods = candidates[continuous.len()..].iter().map(|_| None);
    plain.into_iter().map(Some).chain(with.into_iter().filter(Option::is_some)).chain(of_periods).collect()
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
