//! What the current release chose, which is kept until a run is asked to choose again, and what this run chose.

use super::choice::{Choice, Group, Why};
use super::rows::Contracts;
use crate::pipeline::RetentionModel;
use crate::publish::NO_SEGMENT;
use serde::{Deserialize, Serialize};

/// What the current release says of itself.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// What it chose; none without one, or if it was made by a program that did not say.
    pub chosen: Option<Chosen>,
    /// Choose again, whatever it chose.
    pub reselect: bool,
}

/// The models of all groups: the manifest's `contracts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    groups: Vec<ChosenModel>,
}

/// The model of contracts of a term, or of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ChosenModel {
    term_months: u16,
    /// None of all plans together.
    plan: Option<String>,
    model: String,
    why: String,
    /// Whether the release before had chosen it.
    kept: bool,
}

impl Earlier {
    /// Of all that a run takes of it.
    pub fn digest(&self) -> String {
        let models = self.chosen.iter().flat_map(|chosen| &chosen.groups);
        let models: Vec<_> = models
            .filter(|model| model.why == Why::Holdout.word())
            .map(|model| (model.term_months, &model.plan, &model.model))
            .collect();
        blake3::hash(format!("{models:?} {}", self.reselect).as_bytes()).to_string()
    }

    /// The model that a holdout chose for a group, unless the run is asked to choose again.
    pub(super) fn kept(&self, term_months: u16, plan: Option<&str>) -> Option<RetentionModel> {
        let chosen = self.chosen.as_ref().filter(|_| !self.reselect)?;
        let is_of_group = |model: &&ChosenModel| {
            (model.term_months, model.plan.as_deref()) == (term_months, plan)
                && model.why == Why::Holdout.word()
        };
        RetentionModel::of_word(&chosen.groups.iter().find(is_of_group)?.model)
    }
}

impl Chosen {
    /// Of groups with a model of their own; those that take the model of their term follow it.
    pub(super) fn of(groups: &[Group], contracts: &Contracts) -> Self {
        let of_group = |group: &Group| {
            let Choice { model, why, is_kept, .. } =
                group.choice.as_ref().filter(|choice| !choice.is_pooled)?;
            Some(ChosenModel {
                term_months: group.term_months,
                plan: group.plan.map(|plan| name_of(contracts, plan).to_owned()),
                model: model.word().to_owned(),
                why: why.word().to_owned(),
                kept: *is_kept,
            })
        };
        Self { groups: groups.iter().filter_map(of_group).collect() }
    }
}

/// The name of a plan, as tables show it.
pub(super) fn name_of(contracts: &Contracts, plan: u32) -> &str {
    contracts.plan(plan).unwrap_or(NO_SEGMENT)
}
