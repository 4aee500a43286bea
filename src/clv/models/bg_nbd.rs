//! BG/NBD: Poisson purchases at gamma rates; after each repeat purchase a customer lapses with a beta probability.
//!
//! P. Fader, B. Hardie, K. Lee, "'Counting your customers' the easy way: an alternative to the Pareto/NBD model",
//! Marketing Science 24 (2005): likelihood (6), P(X(t) = n) (8), E[X(t)] (9), conditional expectation (10);
//! P(alive) after P. Fader, B. Hardie, "Computing P(alive) using the BG/NBD model" (2008), equation (1). DERT is not in
//! the papers: it is the expectation of λ/(λp + δ) over the laws of λ and p given alive.
//!
//! Symbols: r, α (weeks) shape and rate of the gamma law of purchase rates λ; a, b of the beta law of p. A customer
//! without repeat purchase cannot have lapsed: P(alive) = 1. The formulas live in `beta_geometric`.
//!
//! Range: parameters from 10⁻⁴ to 10⁸ (a from 10⁻³ in predictions), x to 10⁶.

use super::beta_geometric::BetaGeometric;
use super::nbd::PurchaseRates;
use crate::math::special::ln_rising;

/// The law with parameters r, α, a, b.
pub(super) fn law([r, alpha, a, b]: [f64; 4]) -> BetaGeometric {
    BetaGeometric { rates: PurchaseRates { r, alpha }, a, b, tosses_at_first: false }
}

/// P(X(t) = n), n = 0, 1, … below `counts`: repeat purchases of a new customer in t weeks, equation (8).
///
/// The second part needs the probability of at least n purchases of one who never lapses; it is summed from the far end,
/// so small probabilities keep their digits.
pub(super) fn purchase_distribution(law: &BetaGeometric, t: f64, counts: u32) -> Vec<f64> {
    let PurchaseRates { r, alpha } = law.rates;
    let ln_nbd =
        |n: f64| ln_rising(r, n) - ln_rising(1.0, n) - r * (t / alpha).ln_1p() + n * (t / (alpha + t)).ln();
    let ln_survive = |n: f64| ln_rising(law.b, n) - ln_rising(law.a + law.b, n);
    let mut at_least = 0.0;
    let mut tail: Vec<f64> = Vec::new();
    for n in (0..tail_end(law, t, counts)).rev() {
        at_least += ln_nbd(f64::from(n)).exp();
        tail.push(at_least);
    }
    tail.reverse();
    let probability = |n: u32| {
        let count = f64::from(n);
        let bought = (ln_survive(count) + ln_nbd(count)).exp();
        let lapse = law.a / (law.b + count - 1.0) * ln_survive(count).exp();
        if n == 0 || t == 0.0 { bought } else { bought + lapse * tail[n as usize] }
    };
    (0..counts).map(probability).collect()
}

/// Beyond this count purchases of one who never lapses have no weight: each step shrinks by about t/(α + t).
fn tail_end(law: &BetaGeometric, t: f64, counts: u32) -> u32 {
    let fold = (law.rates.alpha + t) / law.rates.alpha;
    let steps = (50.0 + 2.0 * law.rates.r) * fold;
    let whole = (0..24).map(|power| 1_u32 << power).find(|&steps_whole| f64::from(steps_whole) >= steps);
    counts + whole.unwrap_or(1 << 24)
}
