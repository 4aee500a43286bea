//! `value_model`: every model and formula with its parameters, what they mean and how the fit ended.

use super::{Layout, integer, shown};
use crate::clv::account::{Account, Parameter, Role};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row per parameter; a model that has none gets one row for its reason.
pub(crate) fn sheet(layout: &Layout<'_>, accounts: &[Account]) -> Sheet {
    let rows: Vec<Row<'_>> = accounts
        .iter()
        .flat_map(|account| {
            let parameters = account.parameters.iter().map(move |parameter| (account, Some(parameter)));
            let reason = account.parameters.is_empty().then_some((account, None));
            parameters.chain(reason)
        })
        .collect();
    let mut sheet = Sheet::new("value_model", "segment, model, history seen and parameter", None);
    layout.add_segments(&mut sheet, rows.iter().map(|(account, _)| Some(account.segment)));
    let name = |name, meaning| Column::new(name, ColumnKind::Name, "", meaning);
    sheet.texts(name("model", "Model or formula"), rows.iter().map(|(account, _)| Some(account.model)));
    let meaning = "whole history, or calibration: what came before a calibration date";
    let sample = |account: &Account| if account.is_whole { "whole" } else { "calibration" };
    sheet.texts(name("sample", meaning), rows.iter().map(|(account, _)| Some(sample(account))));
    let column = Column::new("seen_until", ColumnKind::Date, "", "Exclusive end of the history seen");
    sheet.days(column, rows.iter().map(|(account, _)| Some(account.until)));
    let meaning = "chosen: customers are valued by it; candidate; formula, to compare with";
    sheet.texts(name("role", meaning), rows.iter().map(|(account, _)| Some(role(account.role))));
    let meaning = "segment: parameters of its own; all: those of all customers, as its own data are too few or no better \
                   (see reason)";
    let fitted_to = |account: &Account| if account.is_pooled { "all" } else { "segment" };
    sheet.texts(name("fitted_to", meaning), rows.iter().map(|(account, _)| Some(fitted_to(account))));
    let column =
        Column::new("chosen_because", ColumnKind::Name, "", "Why the purchase model was chosen").nullable();
    sheet.texts(column, rows.iter().map(|(account, _)| account.why));
    let meaning = "Symbol in the source; null for a model without estimate";
    let symbols = rows.iter().map(|(_, parameter)| parameter.map(|parameter| parameter.name));
    sheet.texts(name("parameter", meaning).nullable(), symbols);
    add_estimates(&mut sheet, &rows);
    add_fits(&mut sheet, &rows);
    let meaning = "What the parameter means, with its unit: times in weeks, money in the currency of the run";
    let meanings =
        rows.iter().map(|(_, parameter)| parameter.map_or("", |parameter| parameter.meaning.as_str()));
    sheet.texts(name("meaning", meaning), meanings.map(Some));
    sheet
}

type Row<'r> = (&'r Account, Option<&'r Parameter>);

fn add_estimates(sheet: &mut Sheet, rows: &[Row<'_>]) {
    let mut float = |name, meaning, of: fn(&Parameter) -> Option<f64>| {
        let column = Column::new(name, ColumnKind::Float, "", meaning).nullable();
        sheet.floats(column, rows.iter().map(|(_, parameter)| parameter.and_then(of).and_then(shown)));
    };
    float("estimate", "Its value; null where there is none", |parameter| parameter.estimate);
    float("standard_error", "Of the estimate; null where it cannot be told", |parameter| {
        parameter.standard_error
    });
    float("earlier_estimate", "In the release that clv.drift_from names", |parameter| parameter.earlier);
    let meaning = "Estimate less earlier estimate, in standard errors of the earlier one";
    float("drift", meaning, |parameter| parameter.drift);
}

fn add_fits(sheet: &mut Sheet, rows: &[Row<'_>]) {
    let column =
        Column::new("log_likelihood", ColumnKind::Float, "", "Of the model; null for formulas").nullable();
    sheet.floats(column, rows.iter().map(|(account, _)| account.log_likelihood.and_then(shown)));
    let column =
        Column::new("customers", ColumnKind::Integer, "customers", "Customers the model was fitted to");
    sheet.fixed_or_null(column, rows.iter().map(|(account, _)| account.customers.map(integer)).collect());
    let column = Column::new("iterations", ColumnKind::Integer, "", "Evaluations of the likelihood");
    sheet.fixed_or_null(column, rows.iter().map(|(account, _)| account.iterations.map(i64::from)).collect());
    let meaning =
        "yes where a maximum of the likelihood was found, no where not; null for what is not searched for";
    let word = |converged: bool| if converged { "yes" } else { "no" };
    let column = Column::new("converged", ColumnKind::Name, "", meaning).nullable();
    sheet.texts(column, rows.iter().map(|(account, _)| account.converged.map(word)));
    let meaning = "Why there is no estimate, a simpler model in place of this one, or parameters of all customers; what a formula \
                   takes as given";
    let reason = |(account, parameter): &Row<'_>| {
        let own = parameter.and_then(|parameter| parameter.reason.clone());
        own.or_else(|| account.reason.clone())
    };
    let reasons: Vec<Option<String>> = rows.iter().map(reason).collect();
    let column = Column::new("reason", ColumnKind::Name, "", meaning).nullable();
    sheet.texts(column, reasons.iter().map(Option::as_deref));
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Chosen => "chosen",
        Role::Candidate => "candidate",
        Role::Formula => "formula",
    }
}
