//! Candidate models: purchase models in continuous time, each without covariates and, where any are declared, with them.

use crate::pipeline::{ClvDef, PurchaseModel};

/// A way to foretell purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) model: PurchaseModel,
    pub(crate) has_covariates: bool,
}

impl Candidate {
    /// All of them: first every model without covariates, then, in the same order, with them.
    pub(crate) fn all(clv: &ClvDef) -> Vec<Self> {
        let models = || clv.models.iter().copied().filter(|model| model.is_continuous());
        let mut candidates: Vec<Self> = models().map(|model| Self { model, has_covariates: false }).collect();
        if !clv.covariates.is_empty() {
            candidates.extend(models().map(|model| Self { model, has_covariates: true }));
        }
        candidates
    }

    /// Whether customers may be valued by it: by the declared model with the declared covariates, or by any.
    pub(crate) fn is_eligible(self, clv: &ClvDef) -> bool {
        let has_declared = self.has_covariates != clv.covariates.is_empty();
        clv.model.is_none_or(|declared| declared == self.model && has_declared)
    }
}
