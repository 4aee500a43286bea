//! `value_model`: every model and formula with its parameters, what they mean and how the fit ended.

use super::TableContext;
use crate::clv::account::{Account, Parameter, Role};
use crate::publish::schema::Sheet;
use crate::units::Day;

/// One row per parameter; a model that has none gets one row for its reason.
pub(crate) fn sheet(context: TableContext<'_>, accounts: &[Account]) -> Sheet {
    let rows: Vec<Row<'_>> = accounts
        .iter()
        .flat_map(|account| {
            let parameters = account.parameters.iter().map(move |parameter| (account, Some(parameter)));
            let reason = account.parameters.is_empty().then_some((account, None));
            parameters.chain(reason)
        })
        .collect();
    let grain = "segment, model, history seen and parameter";
    let mut draft = context.format.draft("value_model", grain, None, &rows);
    context.add_segment(&mut draft, |row| Some(row.0.segment));
    draft.name("model", "Model or formula", |row| row.0.model);
    let meaning = "whole history, or calibration: what came before a calibration date";
    draft.name("sample", meaning, |row| if row.0.is_whole { "whole" } else { "calibration" });
    draft.day("seen_until", "Exclusive end of the history seen", |row| Day(row.0.until));
    let meaning = "chosen: customers are valued by it; candidate; formula, to compare with";
    draft.name("role", meaning, |row| role(row.0.role));
    let meaning = "segment: parameters of its own; all: those of all customers, as its own data are too few or no better \
                   (see reason)";
    draft.name("fitted_to", meaning, |row| if row.0.is_pooled { "all" } else { "segment" });
    draft.name("chosen_because", "Why the purchase model was chosen", |row| row.0.why);
    let meaning =
        "Attributes by which customers of a purchase model differ: none, or those of clv.covariates";
    draft.name("covariates", meaning, |row| row.0.has_covariates.map(|has| context.covariates.word(has)));
    let meaning =
        "Seasons that a purchase model's times are measured by (see purchase_season): none, month or week";
    draft.name("season", meaning, |row| row.0.timing.map(|timing| timing.season.word()));
    let meaning = "Contextual factors that they are measured by too (see contextual_factor): none, or those of clv.contextual_factors";
    draft.name("factors", meaning, |row| row.0.timing.map(|timing| context.factors_word(timing)));
    let meaning =
        "Symbol in the source; gamma.ATTRIBUTE.VALUE.EFFECT of covariates; null for a model without estimate";
    draft.name("parameter", meaning, |row| row.1.map(|parameter| &*parameter.name));
    draft.float("estimate", "", "Its value; null where there is none", |row| row.1?.estimate);
    let meaning = "Of the estimate; null where it cannot be estimated";
    draft.float("standard_error", "", meaning, |row| row.1?.standard_error);
    let meaning = "In the release that clv.drift_from names";
    draft.float("earlier_estimate", "", meaning, |row| row.1?.earlier);
    let meaning = "Estimate less earlier estimate, in standard errors of the earlier one";
    draft.float("drift", "", meaning, |row| row.1?.drift);
    draft.float("log_likelihood", "", "Of the model; null for formulas", |row| row.0.log_likelihood);
    draft.count("customers", "customers", "Customers the model was fitted to", |row| row.0.customers);
    draft.count("iterations", "", "Evaluations of the likelihood", |row| row.0.iterations);
    let meaning =
        "yes where a maximum of the likelihood was found, no where not; null for what is not searched for";
    draft.name("converged", meaning, |row| {
        row.0.converged.map(|converged| if converged { "yes" } else { "no" })
    });
    let meaning = "Why there is no estimate, a simpler model in place of this one, or parameters of all customers; what a formula \
                   takes as given";
    draft.name("reason", meaning, |row| {
        let own = row.1.and_then(|parameter| parameter.reason.as_deref());
        own.or(row.0.reason.as_deref())
    });
    let meaning = "What the parameter means, with its unit: times in weeks, money in the currency of the run";
    draft.name("meaning", meaning, |row| row.1.map_or("", |parameter| parameter.meaning.as_str()));
    draft.finish()
}

type Row<'r> = (&'r Account, Option<&'r Parameter>);

fn role(role: Role) -> &'static str {
    match role {
        Role::Chosen => "chosen",
        Role::Candidate => "candidate",
        Role::Formula => "formula",
    }
}
