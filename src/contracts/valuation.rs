//! What a contract is still going to bring: renewals to come, discounted to the as-of date, times price less cost.

use super::choice::Group;
use super::contract::{Contract, Fate, Seen};
use super::law::Law;
use super::rows::Span;
use crate::clv::nearest;
use crate::error::Result;
use crate::units::{Day, Fixed18};

/// How contracts of a group are valued.
pub(super) struct Valuer<'g> {
    pub(super) group: &'g Group,
    /// None where no model has a fit.
    law: Option<&'g Law>,
    /// Per term, and per day.
    discount_per_term: f64,
    discount_per_day: f64,
    /// Discounted expected renewals by the number of the next one, from 1 on.
    residual: Vec<f64>,
}

/// The value of a contract.
#[derive(Debug, Clone)]
pub(super) struct Valued<'s> {
    pub(super) contract: Contract<'s>,
    /// Place of the valuer.
    pub(super) place: usize,
    pub(super) seen: Seen,
    /// Of one that runs.
    pub(super) next_renewal: Option<Day>,
    /// That of the next renewal; none of one that does not run.
    pub(super) renewal_probability: Option<f64>,
    /// Expected renewals, discounted to the as-of date; none where no model has a fit.
    pub(super) discounted_terms: Option<f64>,
    /// Money of these for ever, and by horizon.
    pub(super) residual: Option<Fixed18>,
    pub(super) within: Vec<Option<Fixed18>>,
}

impl<'g> Valuer<'g> {
    /// At an effective discount rate per year.
    pub(super) fn new(group: &'g Group, discount_annual: f64) -> Self {
        let law = group.choice.as_ref().map(|choice| &choice.fitted.law);
        let per_day = discount_annual.ln_1p() / 365.25;
        let per_term = (discount_annual.ln_1p() * f64::from(group.term_months) / 12.0).exp_m1();
        // Nobody has lived through more renewals than the last that were counted.
        let next = 1..=u32::try_from(group.tally.counts.last()).expect("renewals are few") + 1;
        let residual =
            law.map(|law| next.map(|next| law.residual(next, per_term)).collect()).unwrap_or_default();
        Self { group, law, discount_per_term: per_term, discount_per_day: per_day, residual }
    }

    /// Discounted expected terms of a new contract, the first one counted in full.
    pub(super) fn new_terms(&self) -> Option<f64> {
        Some(1.0 + self.residual.first()? / (1.0 + self.discount_per_term))
    }

    /// Values a contract that began before the as-of date, within horizons that end on these days.
    ///
    /// # Errors
    /// More than 18 digits.
    pub(super) fn value<'s>(
        &self,
        place: usize,
        contract: Contract<'s>,
        as_of: Day,
        horizons: &[Day],
    ) -> Result<Option<Valued<'s>>> {
        let Some(seen) = contract.seen(as_of) else { return Ok(None) };
        let mut valued = Valued {
            contract,
            place,
            seen,
            next_renewal: None,
            renewal_probability: None,
            discounted_terms: Some(0.0),
            residual: Fixed18::new(0),
            within: vec![Fixed18::new(0); horizons.len()],
        };
        if seen.fate != Fate::Running {
            return Ok(Some(valued));
        }
        let next = seen.renewals + 1;
        let day = contract.renewal_day(next);
        valued.next_renewal = Some(Day(day));
        let Some(law) = self.law else {
            (valued.discounted_terms, valued.residual) = (None, None);
            valued.within.fill(None);
            return Ok(Some(valued));
        };
        let until_next = (-self.discount_per_day * f64::from(day - as_of.0)).exp();
        let terms = until_next * self.residual[seen.renewals as usize];
        valued.renewal_probability = Some(law.retention(next));
        valued.discounted_terms = Some(terms);
        valued.residual = Some(money(contract.last(), terms)?);
        for (within, horizon) in valued.within.iter_mut().zip(horizons) {
            let count = contract.renewals_before(horizon.0) - seen.renewals;
            let terms = until_next * law.residual_within(next, count, self.discount_per_term);
            *within = Some(money(contract.last(), terms)?);
        }
        Ok(Some(valued))
    }
}

/// Price less cost of so many terms, in smallest units, rounded half away from zero.
fn money(span: &Span, terms: f64) -> Result<Fixed18> {
    let margin = (i128::from(span.price) - i128::from(span.cost)) as f64;
    Fixed18::checked(nearest(margin * terms), "contracts: the residual value of a contract")
}
