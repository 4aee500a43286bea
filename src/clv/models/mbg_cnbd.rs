//! MBG/CNBD-k: as MBG/NBD, but customers buy more regularly than at random, at every k-th event of a Poisson process.
//!
//! T. Reutterer, M. Platzer, N. Schröder, "Leveraging purchase regularity for predicting customer behavior the easy way",
//! International Journal of Research in Marketing 38 (2021), 194–215; first in M. Platzer, "Stochastic models of noncontractual
//! consumer relationships", master thesis, Vienna University of Economics and Business (2008). MBG/NBD is its k = 1.
//!
//! Symbols: as in `mbg_nbd`; r and α are of the rates of events, so that purchases come at r/(kα) per week on average. k is
//! estimated from the gaps between purchases (`rhythm`). The likelihood, apart from what the gaps add, is
//!
//! Σⱼ (r)ₖₓ₊ⱼ/j! αʳ (T − t_x)ʲ/(α + T)ʳ⁺ᵏˣ⁺ʲ · (b)ₙ/(a + b)ₙ + (r)ₖₓ αʳ/(α + t_x)ʳ⁺ᵏˣ · a (b)ₙ₋₁/(a + b)ₙ, n = x + 1, j < k.
//!
//! The paper's expected purchases are those of BG/NBD, scaled; `renewals` has them without approximation.
//!
//! Range: as `mbg_nbd`, k from 1 to 12.

use super::beta_geometric::{self, BetaGeometric, common_lapse};
use super::condensed::Condensed;
use super::family::Family;
use super::mbg_nbd;
use super::nbd::PurchaseRates;
use crate::pipeline::PurchaseModel;

/// The model.
pub(super) static FAMILY: Family = Family {
    model: PurchaseModel::MbgCnbdK,
    parameters: ["r", "alpha", "a", "b"],
    law: |[r, alpha, a, b], k| {
        let timing = Condensed { rates: PurchaseRates { r, alpha }, k };
        Box::new(BetaGeometric { timing, a, b, tosses_at_first: true })
    },
    start: |shape, _| shape,
    common_lapse,
    dropout: &beta_geometric::DROPOUT,
    simulate: mbg_nbd::simulate,
};
