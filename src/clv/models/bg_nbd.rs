//! BG/NBD: Poisson purchases at gamma rates; after each repeat purchase a customer lapses with a beta probability.
//!
//! P. Fader, B. Hardie, K. Lee, "'Counting your customers' the easy way: an alternative to the Pareto/NBD model",
//! Marketing Science 24 (2005): likelihood (6), P(X(t) = n) (8), E[X(t)] (9), conditional expectation (10);
//! P(alive) after P. Fader, B. Hardie, "Computing P(alive) using the BG/NBD model" (2008), equation (1). DERT is not in
//! the papers: it is the expectation of λ/(λp + δ) over the laws of λ and p given alive.
//!
//! Symbols: r, α (weeks) shape and rate of the gamma law of purchase rates λ; a, b of the beta law of p. A customer
//! without repeat purchase cannot have lapsed: P(alive) = 1. The formulas live in `beta_geometric`, P(X(t) = n)
//! in `purchase_counts`.
//!
//! Range: parameters from 10⁻⁴ to 10⁸ (a from 10⁻³ in predictions), x to 10⁶.

use super::beta_geometric::{self, BetaGeometric, common_lapse};
use super::condensed::Condensed;
use super::family::Family;
use super::nbd::PurchaseRates;
use crate::pipeline::PurchaseModel;

/// The model.
pub(super) static FAMILY: Family = Family {
    model: PurchaseModel::BgNbd,
    parameters: ["r", "alpha", "a", "b"],
    law: |[r, alpha, a, b], k| {
        let timing = Condensed { rates: PurchaseRates { r, alpha }, k };
        Box::new(BetaGeometric { timing, a, b, tosses_at_first: false })
    },
    start: |shape, _| shape,
    common_lapse,
    dropout: &beta_geometric::DROPOUT,
    simulate: |draws, [_, _, a, b], buyer, times| {
        let lapse = draws.beta(a, b);
        draws.purchases(buyer, lapse, times);
    },
};
