//! Distribution of a new customer's purchases under BG/NBD: P(X(t) = n), equation (8) of Fader, Hardie and Lee (2005).

use super::nbd::PurchaseRates;
use crate::math::special::ln_rising;

/// P(X(t) = n), n = 0, 1, … below `counts`: repeat purchases of a new customer in t weeks, equation (8).
///
/// The second part needs the probability of at least n purchases of one who never lapses; it is summed from the far end,
/// so small probabilities keep their digits.
pub(super) fn purchase_distribution(
    rates: &PurchaseRates,
    [a, b]: [f64; 2],
    t: f64,
    counts: u32,
) -> Vec<f64> {
    let PurchaseRates { r, alpha } = *rates;
    let ln_nbd =
        |n: f64| ln_rising(r, n) - ln_rising(1.0, n) - r * (t / alpha).ln_1p() + n * (t / (alpha + t)).ln();
    let ln_survive = |n: f64| ln_rising(b, n) - ln_rising(a + b, n);
    let mut at_least = 0.0;
    let mut tail: Vec<f64> = Vec::new();
    for n in (0..tail_end(rates, t, counts)).rev() {
        at_least += ln_nbd(f64::from(n)).exp();
        tail.push(at_least);
    }
    tail.reverse();
    let probability = |n: u32| {
        let count = f64::from(n);
        let bought = (ln_survive(count) + ln_nbd(count)).exp();
        let lapse = a / (b + count - 1.0) * ln_survive(count).exp();
        if n == 0 || t == 0.0 { bought } else { bought + lapse * tail[n as usize] }
    };
    (0..counts).map(probability).collect()
}

/// Beyond this count purchases of one who never lapses have no weight: each step shrinks by about t/(α + t).
fn tail_end(rates: &PurchaseRates, t: f64, counts: u32) -> u32 {
    let fold = (rates.alpha + t) / rates.alpha;
    let steps = (50.0 + 2.0 * rates.r) * fold;
    let whole = (0..24).map(|power| 1_u32 << power).find(|&steps_whole| f64::from(steps_whole) >= steps);
    counts + whole.unwrap_or(1 << 24)
}
