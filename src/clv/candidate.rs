//! Candidate models: purchase models in continuous time, each without covariates and, where any are declared, with them; and that of
//! whole periods.

use crate::pipeline::{ClvDef, PurchaseModel};

/// A way to foretell purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) model: PurchaseModel,
    pub(crate) has_covariates: bool,
}

impl Candidate {
    /// All of them: first every model in continuous time without covariates, then, in the same order, with them; then that of whole
    /// periods.
    pub(crate) fn all(clv: &ClvDef) -> Vec<Self> {
        let models = || clv.models.iter().copied().filter(|model| model.is_continuous());
        let mut candidates: Vec<Self> = models().map(|model| Self { model, has_covariates: false }).collect();
        if !clv.covariates.is_empty() {
            candidates.extend(models().map(|model| Self { model, has_covariates: true }));
        }
        let of_periods = clv.models.iter().copied().filter(|model| !model.is_continuous());
        candidates.extend(of_periods.map(|model| Self { model, has_covariates: false }));
        candidates
    }

    /// Those in continuous time, which come first.
    pub(crate) fn continuous(candidates: &[Self]) -> &[Self] {
        &candidates[..candidates.partition_point(|candidate| candidate.model.is_continuous())]
    }

    /// Whether customers may be valued by it: by the declared model with the declared covariates, or by any.
    pub(crate) fn is_eligible(self, clv: &ClvDef) -> bool {
        let has_declared = self.has_covariates != clv.covariates.is_empty() || !self.model.is_continuous();
        clv.model.is_none_or(|declared| declared == self.model && has_declared)
    }
}
