//! MBG/NBD: as BG/NBD, but a customer may lapse after the first purchase too.
//!
//! E. Batislam, M. Denizel, A. Filiztekin, "Empirical validation and comparison of models for customer base analysis",
//! International Journal of Research in Marketing 24 (2007), the modified BG/NBD; the same model as CBG/NBD of
//! D. Hoppe, U. Wagner, "Customer base analysis: the case for a central variant of the betageometric/NBD model",
//! Marketing Journal of Research and Management 3 (2007).
//!
//! Symbols: as in `bg_nbd`. With one toss more behind every customer b becomes b + 1 throughout, and a customer without
//! repeat purchase may have lapsed. The formulas live in `beta_geometric`.
//!
//! Range: as `bg_nbd`.

use super::beta_geometric::{self, BetaGeometric, common_lapse};
use super::condensed::Condensed;
use super::draws::{Buyer, Draws};
use super::family::Family;
use super::nbd::PurchaseRates;
use crate::pipeline::PurchaseModel;

/// The model.
pub(super) static FAMILY: Family = Family {
    model: PurchaseModel::MbgNbd,
    parameters: ["r", "alpha", "a", "b"],
    law: |[r, alpha, a, b], k| {
        let timing = Condensed { rates: PurchaseRates { r, alpha }, k };
        Box::new(BetaGeometric { timing, a, b, tosses_at_first: true })
    },
    start: |shape, _| shape,
    common_lapse,
    dropout: &beta_geometric::DROPOUT,
    simulate,
};

/// Draws a customer, who may lapse after the first purchase.
pub(super) fn simulate(draws: &mut Draws, [_, _, a, b]: [f64; 4], buyer: &Buyer, times: &mut Vec<f64>) {
    let lapse = draws.beta(a, b);
    if draws.uniform() >= lapse {
        draws.purchases(buyer, lapse, times);
    }
}
