//! Register of the models in continuous time: one line per model, and one file, in which all that is its own is said.

use super::family::Family;
use super::{bg_nbd, mbg_cnbd, mbg_nbd, pareto_nbd};
use crate::pipeline::PurchaseModel;

/// All of them.
static FAMILIES: [&Family; 4] = [&bg_nbd::FAMILY, &mbg_nbd::FAMILY, &mbg_cnbd::FAMILY, &pareto_nbd::FAMILY];

/// The family of a model.
///
/// # Panics
/// A model of whole periods.
pub(super) fn family_of(model: PurchaseModel) -> &'static Family {
    let found = FAMILIES.into_iter().find(|family| family.model == model);
    found.unwrap_or_else(|| unreachable!("{} is fitted to periods", model.word()))
}

/// The models of all families.
#[cfg(test)]
pub(super) fn continuous() -> [PurchaseModel; 4] {
    FAMILIES.map(|family| family.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_in_continuous_time_has_its_family() {
        assert!(PurchaseModel::ALL.into_iter().filter(|model| model.is_continuous()).eq(continuous()));
    }
}
