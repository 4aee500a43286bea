//! Purchases to come of a customer who buys at every k-th event of a Poisson process and may lapse after any purchase.
//!
//! Alive in phase j after x purchases, λ ~ Gamma(R = r + kx + j, A = α + T) and p ~ Beta(a, B). The events within t are negative
//! binomial, N ~ NB(R, τ = t/A), and n of them make m = ⌊(n + j)/k⌋ purchases if nobody lapses; the i-th of these comes if i − 1
//! tosses were survived. So
//!
//! E = Σₙ P(N = n) Σ_{i ≤ m} (B)ᵢ₋₁/(a + B)ᵢ₋₁,
//!
//! a series of positive terms, summed from the likeliest n on in both directions. Discounted at δ for ever, with φ = λ/(λ + δ) the
//! value of the next event, it is E[φᵏ⁻ʲ/(1 − (1 − p)φᵏ)], a sum over nodes of p and λ. The package BTYDplus scales the expectation
//! of BG/NBD in place of all this; here nothing is approximated.
//!
//! Range: R to 10⁸, any time. Accuracy: below 10⁻¹⁰ relative, about 10⁻⁵ within a discounted horizon.

use super::horizon::Horizon;
use super::lookahead::NODES;
use super::nodes::{LapsingNode, Moments, RateNode, lapsing_nodes, rate_nodes};
use super::phases::MOST_PHASES;
use crate::math::special::{digamma_rising, ln_rising};

/// Terms below this share of the sum, all together, are not worth adding.
const NEGLIGIBLE: f64 = 1e-17;

/// Panels of an integral over a discounted horizon.
const PANELS: u32 = 64;

/// Customers alive after a number of purchases.
pub(super) struct Renewals {
    k: u32,
    /// R in phase 0.
    shape: f64,
    /// a and B; none where nobody lapses.
    lapsing: Option<[f64; 2]>,
    /// By m: what comes of so many purchases. As long as was needed so far.
    coming: Vec<Coming>,
    forever: Option<Forever>,
}

/// Nodes of the laws of p, and of λA by phase: under λ · Gamma(R, A), which is R/A times Gamma(R + 1, A).
struct Forever {
    lapsing: Vec<LapsingNode>,
    rates: Vec<Vec<RateNode>>,
}

/// Expected purchases of m that would come if nobody lapsed.
#[derive(Debug, Clone, Copy)]
struct Coming {
    purchases: f64,
    by_a: f64,
    by_b: f64,
    /// The probability to survive the toss after each, with the derivatives of its logarithm.
    survived: f64,
    ln_by_a: f64,
    ln_by_b: f64,
}

/// By phase.
type OfPhases = [Moments; MOST_PHASES];

impl Renewals {
    /// `shape` is R in phase 0, `lapsing` a and B, if anybody lapses.
    pub(super) fn new(k: u32, shape: f64, lapsing: Option<[f64; 2]>, is_discounted: bool) -> Self {
        let nobody =
            Coming { purchases: 0.0, by_a: 0.0, by_b: 0.0, survived: 1.0, ln_by_a: 0.0, ln_by_b: 0.0 };
        let forever = || Forever {
            lapsing: lapsing.map_or_else(|| vec![LapsingNode::NEVER], |[a, b]| lapsing_nodes(a, b)),
            rates: (0..k).map(|phase| rate_nodes(shape + f64::from(phase) + 1.0)).collect(),
        };
        Self { k, shape, lapsing, coming: vec![nobody], forever: is_discounted.then(forever) }
    }

    /// Expected purchases within the horizon and their derivatives by R, ln A, a and B, phase by phase.
    pub(super) fn ahead(&mut self, reach: f64, horizon: &Horizon) -> OfPhases {
        let (time, discount) = (horizon.weeks / reach, horizon.discount_per_week * reach);
        match (discount > 0.0, time.is_finite()) {
            (false, _) => self.undiscounted(time),
            (true, false) => self.forever(discount),
            (true, true) => self.discounted(time, discount),
        }
    }

    fn undiscounted(&mut self, time: f64) -> OfPhases {
        assert!(time.is_finite(), "an undiscounted horizon is finite");
        let mut moments = OfPhases::default();
        for phase in 0..self.k {
            moments[phase as usize] = self.of_phase(phase, time);
        }
        moments
    }

    /// Over the number of events n, from its mode.
    fn of_phase(&mut self, phase: u32, time: f64) -> Moments {
        let shape = self.shape + f64::from(phase);
        let mut moments = Moments::default();
        if time == 0.0 {
            return moments;
        }
        let share = time / (1.0 + time);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not below 0; events are few"
        )]
        let mode = ((shape - 1.0) * time).max(0.0) as u32;
        let count = f64::from(mode);
        let ln_probability =
            ln_rising(shape, count) - ln_rising(1.0, count) + count * share.ln() - shape * time.ln_1p();
        let start = Events {
            count: mode,
            probability: ln_probability.exp(),
            by_shape: digamma_rising(shape, count) - time.ln_1p(),
        };
        let by_ln_reach = |events: &Events| (shape * time - f64::from(events.count)) / (1.0 + time);
        let mut events = start;
        loop {
            let coming = self.coming(events.count, phase);
            let term = moments.add_term(&events, &coming, by_ln_reach(&events));
            events = events.next(shape, share);
            // Few events make no purchase yet; after them what is left is about a geometric series.
            let is_over = term > 0.0 && term * (1.0 + time) <= NEGLIGIBLE * moments.0[0];
            if events.probability == 0.0 || is_over {
                break;
            }
        }
        let mut events = start;
        while events.count > 0 {
            events = events.previous(shape, share);
            let coming = self.coming(events.count, phase);
            let term = moments.add_term(&events, &coming, by_ln_reach(&events));
            if term <= NEGLIGIBLE * moments.0[0] {
                break;
            }
        }
        moments
    }

    /// What comes of the purchases that so many events make.
    fn coming(&mut self, events: u32, phase: u32) -> Coming {
        let purchases = ((events + phase) / self.k) as usize;
        while self.coming.len() <= purchases {
            let next = self.coming[self.coming.len() - 1].next(self.lapsing, self.coming.len());
            self.coming.push(next);
        }
        self.coming[purchases]
    }

    /// R E[φᵏ⁻ʲ⁻¹/((y + c)(1 − (1 − p)φᵏ))], φ = y/(y + c), c = δA.
    fn forever(&self, discount: f64) -> OfPhases {
        let Forever { lapsing, rates } = self.forever.as_ref().expect("discounting was announced");
        let mut moments = OfPhases::default();
        let k = f64::from(self.k);
        for (phase, (moments, rates)) in moments.iter_mut().zip(rates).enumerate() {
            let shape = self.shape + phase as f64;
            let left = k - phase as f64;
            let next = |rate: &RateNode| NextEvent::new(rate, discount, k, left);
            let events: Vec<NextEvent> = rates.iter().map(next).collect();
            for node in lapsing {
                let (mut value, mut by_shape, mut by_discount) = (0.0, 0.0, 0.0);
                for event in &events {
                    let inverse = 1.0 / (event.lost + node.p * event.kept);
                    let term = event.value * inverse;
                    value += term;
                    by_shape += event.by_shape * term;
                    by_discount -= term * (left + k * (1.0 - node.p) * event.kept * inverse) * event.inverse;
                }
                moments.add(node, shape * value, value + shape * by_shape, shape * discount * by_discount);
            }
        }
        moments
    }

    /// By parts: e^(−cτ) E(τ) + c ∫ e^(−cv) E(v) dv. Purchases of the near future are what has structure, so panels widen with v.
    fn discounted(&mut self, time: f64, discount: f64) -> OfPhases {
        let mut sum = OfPhases::default();
        // With u = vA the derivative by ln A at a fixed u is that of E, and e^(−cv) = e^(−δu) does not move.
        let mut add = |weight: f64, moments: OfPhases| {
            for (sum, more) in sum.iter_mut().zip(moments) {
                sum.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += weight * more);
            }
        };
        add((-discount * time).exp(), self.undiscounted(time));
        let width = time.ln_1p() / f64::from(PANELS);
        for panel in 0..PANELS {
            for (node, weight) in NODES {
                let growth = (f64::from(panel) + node) * width;
                let v = growth.exp_m1();
                add(width * weight * discount * (growth - discount * v).exp(), self.undiscounted(v));
            }
        }
        sum
    }
}

/// A number of events with its probability, and the derivative of the logarithm of that by R.
#[derive(Debug, Clone, Copy)]
struct Events {
    count: u32,
    probability: f64,
    by_shape: f64,
}

impl Events {
    fn next(self, shape: f64, share: f64) -> Self {
        let reached = shape + f64::from(self.count);
        let count = self.count + 1;
        Self {
            count,
            probability: self.probability * reached / f64::from(count) * share,
            by_shape: self.by_shape + 1.0 / reached,
        }
    }

    fn previous(self, shape: f64, share: f64) -> Self {
        let reached = shape + f64::from(self.count) - 1.0;
        Self {
            count: self.count - 1,
            probability: self.probability * f64::from(self.count) / (reached * share),
            by_shape: self.by_shape - 1.0 / reached,
        }
    }
}

impl Moments {
    /// Adds what comes of some events, and returns its value.
    fn add_term(&mut self, events: &Events, coming: &Coming, by_ln_reach: f64) -> f64 {
        let value = events.probability * coming.purchases;
        let by_a = events.probability * coming.by_a;
        let by_b = events.probability * coming.by_b;
        let terms = [value, value * events.by_shape, value * by_ln_reach, by_a, by_b];
        self.0.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        value
    }
}

impl Coming {
    /// One purchase more, which comes if the tosses before it were survived.
    fn next(self, lapsing: Option<[f64; 2]>, purchases: usize) -> Self {
        let coming = Self {
            purchases: self.purchases + self.survived,
            by_a: self.by_a + self.survived * self.ln_by_a,
            by_b: self.by_b + self.survived * self.ln_by_b,
            ..self
        };
        let Some([a, b]) = lapsing else { return coming };
        let tosses = purchases as f64 - 1.0;
        let (stay, all) = (b + tosses, a + b + tosses);
        Self {
            survived: self.survived * stay / all,
            ln_by_a: self.ln_by_a - 1.0 / all,
            ln_by_b: self.ln_by_b + a / (stay * all),
            ..coming
        }
    }
}

/// What the next event of a rate is worth.
struct NextEvent {
    /// With the node's weight.
    value: f64,
    by_shape: f64,
    /// φᵏ and 1 − φᵏ.
    kept: f64,
    lost: f64,
    /// 1/(y + c).
    inverse: f64,
}

impl NextEvent {
    fn new(rate: &RateNode, discount: f64, k: f64, left: f64) -> Self {
        let ln_next = -(discount / rate.y).ln_1p();
        let inverse = 1.0 / (rate.y + discount);
        Self {
            value: rate.weight * ((left - 1.0) * ln_next).exp() * inverse,
            by_shape: rate.by_shape,
            kept: (k * ln_next).exp(),
            lost: -(k * ln_next).exp_m1(),
            inverse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For k = 1 and one p of all the sum is (1 − (1 + pτ)⁻ᴿ)/p.
    #[test]
    fn random_purchases_have_the_closed_form() {
        for (shape, time) in [(0.3, 0.001), (0.3, 90.0), (1.7, 4.0), (52.0, 0.7), (4e4, 0.2)] {
            let (a, b) = (1e11, 4e11);
            let found = Renewals::new(1, shape, Some([a, b]), false).undiscounted(time)[0].0[0];
            let expected = -(-shape * (0.2 * time).ln_1p()).exp_m1() / 0.2;
            assert!((found / expected - 1.0).abs() < 1e-9, "{shape} {time}: {found} {expected}");
        }
    }

    /// Phases on average over k: who starts at a random one buys at a constant rate, if nobody lapses.
    #[test]
    fn phases_average_to_the_rate() {
        let mean_of = |k: u32, rate: f64, weeks: f64| {
            // R so large that λ is known.
            let mut renewals = Renewals::new(k, 1e9, None, false);
            let moments = renewals.ahead(1e9 / rate, &Horizon { weeks, discount_per_week: 0.0 });
            moments.iter().map(|moments| moments.0[0]).sum::<f64>() / f64::from(k)
        };
        for (k, rate, weeks) in [(2, 1.0, 3.0), (7, 0.5, 10.0), (12, 40.0, 50.0)] {
            let (found, expected) = (mean_of(k, rate, weeks), rate * weeks / f64::from(k));
            assert!((found / expected - 1.0).abs() < 1e-6, "{k}: {found} {expected}");
        }
    }
}
