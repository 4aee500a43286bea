//! `contract_model`: models of retention with their parameters.

use super::super::choice::Group;
use super::super::fit::{Fitted, Parameter};
use super::TableContext;
use crate::pipeline::RetentionModel;
use crate::publish::schema::Sheet;

/// A parameter of a model of a group; no parameter of a model without a fit.
struct ModelRow<'r> {
    group: &'r Group,
    model: RetentionModel,
    fitted: Result<&'r Fitted, &'r str>,
    parameter: Option<&'r Parameter>,
}

pub(in super::super) fn contract_model(context: TableContext<'_>, groups: &[Group]) -> Sheet {
    let rows: Vec<ModelRow<'_>> = groups.iter().flat_map(rows).collect();
    let mut draft = context.format.draft("contract_model", "term, plan, model and parameter", None, &rows);
    draft.as_of();
    context.add_group(&mut draft, |row| row.group);
    let meaning = "shifted_beta_geometric: churn differs between contracts (Fader and Hardie 2007); hazards: the share lost at each renewal; geometric: one churn rate";
    draft.name("model", meaning, |row| row.model.word());
    let meaning = "alpha, beta: shapes of the beta distribution of the probability to be lost at a renewal; hazard_N: that at renewal N; churn: that at every renewal; null of a model without a fit";
    draft.name("parameter", meaning, |row| row.parameter.map(|parameter| parameter.name.as_str()));
    draft.float("estimate", "1", "Its estimate", |row| Some(row.parameter?.estimate));
    draft.float("standard_error", "1", "Its standard error", |row| row.parameter?.standard_error);
    let meaning = "Logarithm of the likelihood of all renewals that came due";
    draft.float("log_likelihood", "1", meaning, |row| Some(row.fitted.ok()?.log_likelihood));
    draft.flag(
        "is_chosen",
        "Whether it is the row's model in contract_summary, with these parameters",
        |row| row.is_chosen(),
    );
    draft.text("reason", "Why there is no fit", |row| row.fitted.err());
    draft.finish()
}

fn rows(group: &Group) -> Vec<ModelRow<'_>> {
    let mut rows = Vec::new();
    for (model, fitted) in &group.fits {
        let row = |parameter| {
            let fitted = fitted.as_ref().map_err(String::as_str);
            ModelRow { group, model: *model, fitted, parameter }
        };
        match fitted {
            Ok(fitted) => rows.extend(fitted.parameters.iter().map(|parameter| row(Some(parameter)))),
            Err(_) => rows.push(row(None)),
        }
    }
    rows
}

impl ModelRow<'_> {
    fn is_chosen(&self) -> bool {
        let choice = self.group.choice.as_ref();
        choice.is_some_and(|choice| choice.model == self.model && !choice.is_pooled)
    }
}
