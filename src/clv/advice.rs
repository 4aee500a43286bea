//! What a reader should know of the data and the fits: the warnings of the run.

use super::candidate::Candidate;
use super::census::{Census, Tally};
use super::choice::Choice;
use super::equity::Equity;
use super::fits::{Fits, FittedPurchases};
use super::left_censoring;
use super::models::bg_bb;
use super::models::{Lapsing, Reason};
use super::period_forecast::fit_of_periods;
use super::segments::Segments;
use crate::pipeline::PurchaseModel;

/// Segments that are named in one warning; of more only the number is given.
const MOST_NAMED: usize = 10;

/// What customers do of whom nobody was seen to lapse.
const ENDLESS: &str = "show no lapse beyond chance, so all count as alive and only the discount rate limits their residual value; a \
                       longer history may tell more, expected purchases up to a horizon are the safer figure";

/// Whether relationships began before the data, so that old customers look new.
pub(crate) fn left_censored_start(census: &Census) -> Option<String> {
    let (first, usual) = left_censoring::spike(&census.lives)?;
    Some(format!(
        "lifetime value: {first} customers are new in the first period, against {usual} in later ones: the data may \
         begin in the middle of relationships, and models take old customers for new ones; start with an earlier \
         history, or leave out customers who were won before it"
    ))
}

/// Segments with the parameters of all customers, with no value, and with one that only the discount rate limits.
pub(crate) fn of_fits(fits: &Fits, choices: &[Choice], segments: &Segments) -> Vec<String> {
    let (mut pooled, mut unvalued, mut endless) = (Vec::new(), Vec::new(), Vec::new());
    for (segment, choice) in choices.iter().enumerate() {
        let Some(fitted) = fits.of(0, segment, choice.candidate) else { continue };
        let name = segments.customers_of(segment);
        let of_spend = fits.spend(0, segment).and_then(|spend| spend.pooled);
        if fitted.pooled.or(of_spend).is_some_and(|pooled| pooled.is_small()) {
            pooled.push(name.clone());
        }
        if !fitted.has_residual() {
            unvalued.push((name, fitted));
        } else if fitted.fit.form.lapsing == Lapsing::Never && fitted.fit.reason != Some(Reason::NoRepeaters)
        {
            endless.push(name);
        }
    }
    let named = [
        (pooled, "are too few for parameters of their own and take those of all customers (see value_model)"),
        (endless, ENDLESS),
    ];
    let named = named.into_iter().filter(|(names, _)| !names.is_empty());
    let mut warnings: Vec<String> =
        named.map(|(names, what)| format!("lifetime value: {} {what}", listed(&names))).collect();
    warnings.extend(without_value(&unvalued));
    warnings
}

/// Segments that BG/BB values although nobody lapses by it, and those that it cannot value.
pub(crate) fn of_periods(
    tallies: &[Tally],
    candidates: &[Candidate],
    choices: &[Choice],
    segments: &Segments,
) -> Vec<String> {
    let (mut endless, mut unfit, mut why) = (Vec::new(), Vec::new(), None);
    let is_valued = |choice: &Choice| candidates[choice.candidate].model == PurchaseModel::BgBb;
    for (segment, _) in choices.iter().enumerate().filter(|(_, choice)| is_valued(choice)) {
        let name = segments.customers_of(segment);
        match fit_of_periods(&tallies[segment], tallies) {
            Ok(estimate) if bg_bb::shows_no_lapse(&estimate) => endless.push(name),
            Ok(_) => {}
            Err(reason) => {
                unfit.push(name);
                why = Some(reason);
            }
        }
    }
    let mut warnings = Vec::new();
    if !endless.is_empty() {
        warnings.push(format!("lifetime value: {} {ENDLESS}", listed(&endless)));
    }
    warnings.extend(why.map(|why| {
        format!("lifetime value: {} are not valued by bg_bb: {why} in whole periods", listed(&unfit))
    }));
    warnings
}

/// Segments whose residual value, and all they brought so far, is below its standard error.
pub(crate) fn of_equities(equities: &[Equity], segments: &Segments) -> Option<String> {
    let mut names = Vec::new();
    for (segment, equity) in equities.iter().enumerate() {
        if equity.is_unsure() {
            names.push(segments.customers_of(segment));
        }
    }
    if names.is_empty() {
        return None;
    }
    Some(format!(
        "lifetime value: {} have a residual value whose standard error is above both its amount and all that they brought so \
         far: it is as good as unknown; take a longer history or fewer segments (see customer_equity)",
        listed(&names)
    ))
}

/// Nobody is valued by what a few customers did, or by a lapse that was not seen for want of time.
fn without_value(unvalued: &[(String, &FittedPurchases)]) -> Option<String> {
    let (_, fitted) = unvalued.first()?;
    let names: Vec<String> = unvalued.iter().map(|(name, _)| name.clone()).collect();
    let why = if fitted.predicts() {
        "nobody was seen to lapse, and the history is too short to say that nobody does"
    } else {
        "fewer than 10 customers bought again, or none had the time to"
    };
    Some(format!(
        "lifetime value: {} have no residual value: {why}; take a longer history or more customers, or state a \
         lifetime in clv.lifetime_periods for the formulas of value_model",
        listed(&names)
    ))
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more segments"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_segments_are_counted() {
        let names: Vec<String> = (0..12).map(|number| format!("customers of kind '{number}'")).collect();
        assert!(listed(&names).ends_with("'9' and 2 more segments"), "{}", listed(&names));
        assert_eq!(listed(&names[..2]), "customers of kind '0', customers of kind '1'");
    }
}
