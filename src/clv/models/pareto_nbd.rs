//! Pareto/NBD: Poisson purchases at gamma rates until a lapse after an exponential time with a gamma rate.
//!
//! D. Schmittlein, D. Morrison, R. Colombo, "Counting your customers: who are they and what will they do next?",
//! Management Science 33 (1987); formulas after P. Fader, B. Hardie, "A note on deriving the Pareto/NBD model and
//! related expressions" (2005), <http://brucehardie.com/notes/009/>: the likelihood is its equation (18) with A₀ of (19)
//! and (20). DERT after P. Fader, B. Hardie, K. Lee, "RFM and CLV: using iso-value curves for customer base analysis",
//! Journal of Marketing Research 42 (2005).
//!
//! Symbols: r, α (weeks) shape and rate of the gamma law of purchase rates λ; s, β (weeks) those of lapsing rates μ.
//!
//! The likelihood is printed as a difference of hypergeometric functions. It is split here into two positive terms: with
//! a(t) = (r)ₓ αʳ (α + t)⁻ʳ⁻ˣ (1 + t/β)⁻ˢ, the density of x purchases until t and alive then, and ρ of
//! `lapse_share`, e^f = a(T) (1 − ρ(T)) and e^g = a(t_x) ρ(t_x). So P(alive) = a(T)/(e^f + e^g).
//!
//! Range: r + s > 0.1, x to 10⁶; α and β may lie any factor apart.

use super::condensed::Condensed;
use super::draws::Buyer;
use super::family::{CommonLapse, Family};
use super::horizon::Horizon;
use super::lapse_share::{Column, LapseShare};
use super::nbd::{PurchaseRates, Purchased};
use super::pairs::Side;
use super::purchase_law::PurchaseLaw;
use super::terms::{Slope, Term, mirrored};
use crate::math::quadrature;
use crate::pipeline::PurchaseModel;
use rayon::prelude::*;

/// Parameters, times in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ParetoNbd {
    pub(super) rates: PurchaseRates,
    pub(super) s: f64,
    pub(super) beta: f64,
}

/// Which end of a silence a term speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// T: silent for another reason than a lapse later on.
    Survived,
    /// t_x: silent from there on by a lapse.
    Lapsed,
}

/// The model.
pub(super) static FAMILY: Family = Family {
    model: PurchaseModel::ParetoNbd,
    parameters: ["r", "alpha", "s", "beta"],
    law: |[r, alpha, s, beta], _| Box::new(ParetoNbd { rates: PurchaseRates { r, alpha }, s, beta }),
    // Survival halves within the mean age.
    start: |shape, age_weeks| shape * age_weeks,
    common_lapse: |s, beta| CommonLapse { value: s / beta, slope: s / beta },
    // β = β₀ exp(−γ₂′z): with exp(γ₂′z) times the rate of lapsing.
    dropout: &[(3, -1.0)],
    simulate: |draws, [_, _, s, beta], buyer, times| {
        let lapse_rate = draws.gamma(s) / beta;
        let life = draws.exponential() / lapse_rate;
        draws.purchases(&Buyer { age: buyer.age.min(life), ..*buyer }, 0.0, times);
    },
};

impl PurchaseLaw for ParetoNbd {
    fn survived_side(&self, side: &Side, weeks_per_tick: f64, _phase: u32) -> Vec<Term> {
        self.side(side, weeks_per_tick, End::Survived)
    }

    fn lapsed_side(&self, side: &Side, weeks_per_tick: f64) -> Vec<Term> {
        self.side(side, weeks_per_tick, End::Lapsed)
    }

    fn survived(&self, purchases: u32, t: f64, _phase: u32) -> Slope {
        self.term(purchases, t, End::Survived).into()
    }

    fn lapsed(&self, purchases: u32, t: f64) -> Slope {
        self.term(purchases, t, End::Lapsed).into()
    }

    fn alive(&self, purchases: u32, t: f64, _survived: &Slope) -> Slope {
        self.ln_alive(purchases, t).into()
    }

    fn of_age(&self, age: f64, horizons: &[Horizon]) -> Vec<Slope> {
        horizons.iter().map(|horizon| self.survival_weeks(age, horizon)).collect()
    }

    fn ahead(
        &self,
        purchases: u32,
        ages: &[f64],
        of_ages: &[&[Slope]],
        _horizons: &[Horizon],
    ) -> Vec<Vec<Slope>> {
        let one = |(age, weeks): (&f64, &&[Slope])| {
            let mean = self.rates.mean(purchases, *age);
            weeks.iter().map(|weeks| mean.times(weeks)).collect()
        };
        ages.iter().zip(of_ages).map(one).collect()
    }

    /// A later a(t) and either fate.
    fn ln_silent(&self, purchases: u32, _phase: u32, age: f64, weeks: f64) -> Slope {
        let later = age + weeks;
        let (now, then) = (self.column(age).shares(purchases), self.column(later).shares(purchases));
        let now = self.share_term(&now[purchases as usize], age);
        let then = self.share_term(&then[purchases as usize], later);
        let (alive_now, alive_then) = (self.ln_alive(purchases, age), self.ln_alive(purchases, later));
        let ratio = (alive_then.value - alive_now.value).exp();
        let silent = ratio * (1.0 - then.value) + now.value;
        let slope = |index: usize| {
            let growth = alive_then.gradient[index] - alive_now.gradient[index];
            ratio * (growth * (1.0 - then.value) - then.gradient[index]) + now.gradient[index]
        };
        Slope { value: silent.ln(), gradient: std::array::from_fn(|index| slope(index) / silent) }
    }

    fn timing(&self) -> Condensed {
        Condensed { rates: self.rates, k: 1 }
    }
}

impl ParetoNbd {
    /// ln a of the pair.
    fn ln_alive(&self, purchases: u32, t: f64) -> Term {
        self.alive_term(&self.rates.purchased(purchases), t)
    }

    fn term(&self, purchases: u32, t: f64, end: End) -> Term {
        let shares = self.column(t).shares(purchases);
        self.end_term(&self.ln_alive(purchases, t), &shares[purchases as usize], purchases, t, end)
    }

    fn side(&self, side: &Side, weeks_per_tick: f64, end: End) -> Vec<Term> {
        let purchased: Vec<_> =
            side.by_purchases.iter().map(|(x, _)| (*x, self.rates.purchased(*x))).collect();
        let of_purchases = |x: u32| &purchased[purchased.partition_point(|(other, _)| *other < x)].1;
        let column = |(time, slots): &(u32, Vec<usize>)| -> Vec<(usize, Term)> {
            let t = f64::from(*time) * weeks_per_tick;
            let highest = slots.iter().map(|&slot| side.pairs[slot].0).max().unwrap_or(0);
            let shares = self.column(t).shares(highest);
            let term =
                |x: u32| self.end_term(&self.alive_term(of_purchases(x), t), &shares[x as usize], x, t, end);
            slots.iter().map(|&slot| (slot, term(side.pairs[slot].0))).collect()
        };
        let mut terms = vec![super::terms::ABSENT; side.pairs.len()];
        let columns: Vec<_> = side.by_time().par_iter().map(column).collect();
        columns.into_iter().flatten().for_each(|(slot, term)| terms[slot] = term);
        terms
    }

    fn column(&self, t: f64) -> Column {
        Column { r: self.rates.r, s: self.s, a: self.rates.alpha + t, b: self.beta + t }
    }

    fn alive_term(&self, purchased: &Purchased, t: f64) -> Term {
        let Self { s, beta, .. } = *self;
        let mut term = self.rates.term(purchased, t);
        let growth = (t / beta).ln_1p();
        let share = t / (beta + t);
        term.value -= s * growth;
        (term.gradient[2], term.gradient[3]) = (-s * growth, s * share);
        (term.hessian[2][2], term.hessian[3][2], term.hessian[3][3]) =
            (-s * growth, s * share, -s * share * (1.0 - share));
        term.hessian = mirrored(term.hessian);
        term
    }

    /// ln a + ln ρ or ln a + ln (1 − ρ).
    fn end_term(&self, alive: &Term, share: &LapseShare, purchases: u32, t: f64, end: End) -> Term {
        debug_assert!(share.value > 0.0 && share.value < 1.0, "a share: {share:?}, x {purchases}, t {t}");
        let change = self.share_term(share, t);
        let (scale, sign) = match end {
            End::Survived => (1.0 - share.value, -1.0),
            End::Lapsed => (share.value, 1.0),
        };
        let slope: [f64; 4] = std::array::from_fn(|index| sign * change.gradient[index] / scale);
        let second = |row: usize, column: usize| {
            sign * change.hessian[row][column] / scale - slope[row] * slope[column]
        };
        let hessian = std::array::from_fn(|row| {
            std::array::from_fn(|column| alive.hessian[row][column] + second(row, column))
        });
        let gradient = std::array::from_fn(|index| alive.gradient[index] + slope[index]);
        Term { value: alive.value + scale.ln(), gradient, hessian }
    }

    /// ρ with its derivatives by ln r, ln α, ln s and ln β.
    fn share_term(&self, share: &LapseShare, t: f64) -> Term {
        let (r, s) = (self.rates.r, self.s);
        let by_alpha = self.rates.alpha / (self.rates.alpha + t);
        let by_beta = -self.beta / (self.beta + t);
        let mut hessian = [[0.0; 4]; 4];
        hessian[0][0] = r * share.by_r + r * r * share.by_rr;
        hessian[1][0] = r * by_alpha * share.by_ln_a_r;
        hessian[1][1] = by_alpha * (by_alpha * share.by_ln_aa + (1.0 - by_alpha) * share.by_ln_a);
        hessian[2][0] = r * s * share.by_rs;
        hessian[2][1] = s * by_alpha * share.by_ln_a_s;
        hessian[2][2] = s * share.by_s + s * s * share.by_ss;
        hessian[3][0] = r * by_beta * share.by_ln_a_r;
        hessian[3][1] = by_alpha * by_beta * share.by_ln_aa;
        hessian[3][2] = s * by_beta * share.by_ln_a_s;
        hessian[3][3] = by_beta * (by_beta * share.by_ln_aa + (1.0 + by_beta) * share.by_ln_a);
        hessian = mirrored(hessian);
        let gradient = [r * share.by_r, by_alpha * share.by_ln_a, s * share.by_s, by_beta * share.by_ln_a];
        Term { value: share.value, gradient, hessian }
    }

    /// The discounted weeks within the horizon that a customer alive at `age` is alive: ∫ e^(−δu) (1 + u/B)⁻ˢ du.
    pub(super) fn survival_weeks(&self, age: f64, horizon: &Horizon) -> Slope {
        let (s, reach, discount) = (self.s, self.beta + age, horizon.discount_per_week);
        let parts = |u: f64, growth: f64, left: f64| [left, -s * growth * left, s * u / (reach + u) * left];
        let [value, by_ln_s, by_ln_reach] = if horizon.weeks.is_finite() {
            let length = (horizon.weeks / reach).ln_1p();
            quadrature::finite(length, panels(length, s, discount * horizon.weeks), |growth| {
                let u = reach * growth.exp_m1();
                parts(u, growth, reach * ((1.0 - s) * growth - discount * u).exp())
            })
        } else {
            assert!(discount > 0.0, "an endless horizon is discounted");
            quadrature::half_line(1.0 / (discount + s / reach), |u| {
                let growth = (u / reach).ln_1p();
                parts(u, growth, (-discount * u - s * growth).exp())
            })
        };
        Slope { value, gradient: [0.0, 0.0, by_ln_s, by_ln_reach * self.beta / reach] }
    }
}

/// Enough that the integrand changes by at most about e³ within a panel.
fn panels(length: f64, s: f64, discounting: f64) -> u32 {
    let folds = (((1.0 - s).abs() + 1.0) * length + discounting) / 3.0;
    (1..1000).find(|&panels| f64::from(panels) >= folds).unwrap_or(1000)
}
