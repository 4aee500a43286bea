//! Distribution of a new customer's purchases: P(X(t) = n), equation (8) of Fader, Hardie and Lee (2005) for BG/NBD.
//!
//! In the other models of this kind it follows in the same way: with m tosses before the first repeat purchase and k events to a
//! purchase, n purchases are kn to kn + k − 1 events after n + m tosses survived, or at least kn of them where the last of n + m
//! tosses was a lapse.

use super::beta_geometric::BetaGeometric;
use super::nbd::PurchaseRates;
use crate::math::special::ln_rising;

/// P(X(t) = n), n = 0, 1, … below `counts`: repeat purchases of a new customer in t weeks.
///
/// The second part needs the probability of at least kn events; it is summed from the far end, so small probabilities keep
/// their digits.
pub(super) fn purchase_distribution(law: &BetaGeometric, t: f64, counts: u32) -> Vec<f64> {
    let BetaGeometric { timing, a, b, .. } = *law;
    let PurchaseRates { r, alpha } = timing.rates;
    if t == 0.0 {
        // Whether a customer has lapsed or not, nothing was bought yet.
        return (0..counts).map(|n| f64::from(u8::from(n == 0))).collect();
    }
    let ln_nbd =
        |n: f64| ln_rising(r, n) - ln_rising(1.0, n) - r * (t / alpha).ln_1p() + n * (t / (alpha + t)).ln();
    let survive = |n: f64| (ln_rising(b, n) - ln_rising(a + b, n)).exp();
    let mut at_least = 0.0;
    let mut tail: Vec<f64> = Vec::new();
    for n in (0..tail_end(&timing.rates, t, counts * timing.k)).rev() {
        at_least += ln_nbd(f64::from(n)).exp();
        tail.push(at_least);
    }
    tail.reverse();
    let probability = |n: u32| {
        let (tosses, events) = (law.tosses(n), timing.k * n);
        let bought: f64 = (events..events + timing.k).map(|event| ln_nbd(f64::from(event)).exp()).sum();
        let lapse = if tosses > 0.0 { a / (b + tosses - 1.0) * tail[events as usize] } else { 0.0 };
        survive(tosses) * (bought + lapse)
    };
    (0..counts).map(probability).collect()
}

/// Beyond this count events have no weight: each step shrinks by about t/(α + t).
fn tail_end(rates: &PurchaseRates, t: f64, counts: u32) -> u32 {
    let fold = (rates.alpha + t) / rates.alpha;
    let steps = (50.0 + 2.0 * rates.r) * fold;
    let whole = (0..24).map(|power| 1_u32 << power).find(|&steps_whole| f64::from(steps_whole) >= steps);
    counts + whole.unwrap_or(1 << 24)
}
