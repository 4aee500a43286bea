//! What BG/NBD and MBG/NBD share: a gamma law of purchase rates λ, a beta law of lapsing probabilities p.
//!
//! After a purchase a customer lapses with probability p: in BG/NBD after each repeat purchase, in MBG/NBD after the
//! first one too. With m = 0 or 1 for "the first too", n = x + m tosses lie behind a customer, and the likelihood is
//!
//! e^f = (r)ₓ αʳ/(α + T)ʳ⁺ˣ · (b)ₙ/(a + b)ₙ    (all n survived, silent until T)
//! e^g = (r)ₓ αʳ/(α + t_x)ʳ⁺ˣ · a (b)ₙ₋₁/(a + b)ₙ    (lapsed at the last), absent if n = 0.
//!
//! Alive at T, λ ~ Gamma(R = r + x, A = α + T) and p ~ Beta(a, B = b + n) independently, and λ/(λp + δ) is what is
//! expected of a customer at continuous discount rate δ. No hypergeometric function is needed: expectations over λ are
//! closed (undiscounted) or sums over nodes, those over p sums over nodes ([`quadrature`]), without the cancellation
//! and the pole at a = 1 of the printed forms. With purchases at every k-th event of a Poisson process (`condensed`), x becomes kx
//! in what concerns λ, e^f has a term per phase, and expectations are those of `renewals`.

use super::condensed::Condensed;
use super::family::CommonLapse;
use super::horizon::Horizon;
use super::nodes::{LapsingNode, Moments, RateNode, lapsing_nodes, rate_nodes};
use super::pairs::Side;
use super::purchase_counts::purchase_distribution;
use super::purchase_law::PurchaseLaw;
use super::terms::{ABSENT, Slope, Term, mirrored};
use crate::math::special::{digamma_rising, ln_rising, trigamma_rising};
use rayon::prelude::*;

/// Parameters, times in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BetaGeometric {
    pub(super) timing: Condensed,
    pub(super) a: f64,
    pub(super) b: f64,
    /// Whether a customer may lapse right after the first purchase (m = 1).
    pub(super) tosses_at_first: bool,
}

/// What depends on x alone.
struct Tossed {
    survived: Term,
    lapsed: Term,
}

impl PurchaseLaw for BetaGeometric {
    fn survived_side(&self, side: &Side, weeks_per_tick: f64, phase: u32) -> Vec<Term> {
        self.side(side, weeks_per_tick, phase, |tossed| &tossed.survived)
    }

    fn lapsed_side(&self, side: &Side, weeks_per_tick: f64) -> Vec<Term> {
        self.side(side, weeks_per_tick, 0, |tossed| &tossed.lapsed)
    }

    fn survived(&self, purchases: u32, t: f64, phase: u32) -> Slope {
        self.survived_term(purchases, t, phase).into()
    }

    fn lapsed(&self, purchases: u32, t: f64) -> Slope {
        self.lapsed_term(purchases, t).into()
    }

    fn ahead(
        &self,
        purchases: u32,
        ages: &[f64],
        _of_ages: &[&[Slope]],
        horizons: &[Horizon],
    ) -> Vec<Vec<Slope>> {
        if self.timing.k > 1 {
            let lapsing = [self.a, self.b, self.tosses(purchases)];
            return self.timing.ahead_of_phases(purchases, ages, horizons, Some(lapsing));
        }
        let alive = AliveAfter::new(self, purchases);
        ages.iter()
            .map(|&age| horizons.iter().map(|horizon| alive.ahead(self, age, horizon)).collect())
            .collect()
    }

    fn ln_silent(&self, purchases: u32, phase: u32, age: f64, weeks: f64) -> Slope {
        self.timing.ln_silent(purchases, phase, age, weeks)
    }

    fn timing(&self) -> Condensed {
        self.timing
    }

    fn purchase_distribution(&self, t: f64, counts: u32) -> Option<Vec<f64>> {
        Some(purchase_distribution(self, t, counts))
    }
}

/// The probability of a lapse where it is the same for all: ln p = −ln (1 + b/a), so its derivative by ln b is p − 1.
pub(super) fn common_lapse(a: f64, b: f64) -> CommonLapse {
    let share = a / (a + b);
    CommonLapse { value: share, slope: share * (1.0 - share) }
}

/// How covariates enter lapsing: a = a₀ exp(γ₂′z) and b = b₀ exp(γ₃′z), each with its own coefficients.
pub(super) const DROPOUT: [(usize, f64); 2] = [(2, 1.0), (3, 1.0)];

impl BetaGeometric {
    /// f of the pair.
    fn survived_term(&self, purchases: u32, t: f64, phase: u32) -> Term {
        let purchased = self.timing.purchased(purchases, phase);
        sum(&self.timing.rates.term(&purchased, t), &self.tossed(purchases).survived)
    }

    /// g of the pair.
    fn lapsed_term(&self, purchases: u32, t: f64) -> Term {
        let purchased = self.timing.purchased(purchases, 0);
        sum(&self.timing.rates.term(&purchased, t), &self.tossed(purchases).lapsed)
    }

    fn side(&self, side: &Side, weeks_per_tick: f64, phase: u32, pick: fn(&Tossed) -> &Term) -> Vec<Term> {
        let group = |(purchases, range): &(u32, std::ops::Range<usize>)| -> Vec<Term> {
            let tossed = self.tossed(*purchases);
            let purchased = self.timing.purchased(*purchases, phase);
            let term =
                |&(_, t): &(u32, u32)| self.timing.rates.term(&purchased, f64::from(t) * weeks_per_tick);
            side.pairs[range.clone()].iter().map(|pair| sum(&term(pair), pick(&tossed))).collect()
        };
        side.by_purchases.par_iter().map(group).collect::<Vec<_>>().concat()
    }

    pub(super) fn tosses(&self, purchases: u32) -> f64 {
        f64::from(purchases) + f64::from(u8::from(self.tosses_at_first))
    }

    fn tossed(&self, purchases: u32) -> Tossed {
        let tosses = self.tosses(purchases);
        let survived = self.tosses_term(tosses, tosses);
        if tosses == 0.0 {
            return Tossed { survived, lapsed: ABSENT };
        }
        let mut lapsed = self.tosses_term(tosses - 1.0, tosses);
        lapsed.value += self.a.ln();
        lapsed.gradient[2] += 1.0;
        Tossed { survived, lapsed }
    }

    /// ln of (b)ₖ/(a + b)ₙ.
    fn tosses_term(&self, k: f64, n: f64) -> Term {
        let Self { a, b, .. } = *self;
        let (both, both_second) = (digamma_rising(a + b, n), trigamma_rising(a + b, n));
        let own = digamma_rising(b, k) - both;
        let mut hessian = [[0.0; 4]; 4];
        hessian[2][2] = -a * both - a * a * both_second;
        hessian[3][2] = -a * b * both_second;
        hessian[3][3] = b * own + b * b * (trigamma_rising(b, k) - both_second);
        Term {
            value: ln_rising(b, k) - ln_rising(a + b, n),
            gradient: [0.0, 0.0, -a * both, b * own],
            hessian,
        }
    }
}

fn sum(left: &Term, right: &Term) -> Term {
    let mut hessian = std::array::from_fn(|row| {
        std::array::from_fn(|column| left.hessian[row][column] + right.hessian[row][column])
    });
    hessian = mirrored(hessian);
    let gradient = std::array::from_fn(|index| left.gradient[index] + right.gradient[index]);
    Term { value: left.value + right.value, gradient, hessian }
}

/// The posterior laws of λ and p for customers alive after x purchases, as nodes.
struct AliveAfter {
    /// R.
    shape: f64,
    lapsing: Vec<LapsingNode>,
    /// Of λA under λ · Gamma(R, A), which is R/A times Gamma(R + 1, A).
    rates: Vec<RateNode>,
}

impl AliveAfter {
    fn new(law: &BetaGeometric, purchases: u32) -> Self {
        let shape = law.timing.shape(purchases);
        Self {
            shape,
            lapsing: lapsing_nodes(law.a, law.b + law.tosses(purchases)),
            rates: rate_nodes(shape + 1.0),
        }
    }

    fn ahead(&self, law: &BetaGeometric, age: f64, horizon: &Horizon) -> Slope {
        let rates = &law.timing.rates;
        let reach = rates.alpha + age;
        let scaled_time = horizon.weeks / reach;
        let scaled_discount = horizon.discount_per_week * reach;
        let Moments([value, by_shape, by_ln_reach, by_a, by_b]) = match scaled_discount > 0.0 {
            true => self.discounted(scaled_time, scaled_discount),
            false => self.undiscounted(scaled_time),
        };
        let share = rates.alpha / reach;
        Slope { value, gradient: [rates.r * by_shape, share * by_ln_reach, law.a * by_a, law.b * by_b] }
    }

    /// E[(1 − (1 + p τ)⁻ᴿ)/p], τ = t/A: the expectation over λ is closed.
    fn undiscounted(&self, time: f64) -> Moments {
        assert!(time.is_finite(), "an undiscounted horizon is finite");
        let mut moments = Moments::default();
        for node in &self.lapsing {
            let growth = (node.p * time).ln_1p();
            let left = (-self.shape * growth).exp();
            let value = -(-self.shape * growth).exp_m1() / node.p;
            let by_ln_reach = -time * self.shape * left / (1.0 + node.p * time);
            moments.add(node, value, growth * left / node.p, by_ln_reach);
        }
        moments
    }

    /// R E[(1 − e^(−(y p + c) τ))/(y p + c)], c = δA, over p and y.
    fn discounted(&self, time: f64, discount: f64) -> Moments {
        let mut moments = Moments::default();
        for node in &self.lapsing {
            let [value, by_shape, by_ln_reach] = match time.is_finite() {
                true => self.over_rates(node.p, time, discount),
                false => self.over_rates_forever(node.p, discount),
            };
            let shape = self.shape;
            moments.add(node, shape * value, value + shape * by_shape, shape * by_ln_reach);
        }
        moments
    }

    fn over_rates_forever(&self, p: f64, discount: f64) -> [f64; 3] {
        let (mut value, mut by_shape, mut square) = (0.0, 0.0, 0.0);
        for node in &self.rates {
            let inverse = 1.0 / (node.y * p + discount);
            let term = node.weight * inverse;
            value += term;
            by_shape += node.by_shape * term;
            square += term * inverse;
        }
        [value, by_shape, -discount * square]
    }

    fn over_rates(&self, p: f64, time: f64, discount: f64) -> [f64; 3] {
        let (mut value, mut by_shape, mut by_ln_reach) = (0.0, 0.0, 0.0);
        for node in &self.rates {
            let fall = node.y * p + discount;
            let kept = -(-fall * time).exp_m1() / fall;
            value += node.weight * kept;
            by_shape += node.by_shape * node.weight * kept;
            by_ln_reach -= node.weight * (discount * kept + (-fall * time).exp() * node.y * p * time) / fall;
        }
        [value, by_shape, by_ln_reach]
    }
}
