//! Condensed NBD: every k-th event of a Poisson process with a gamma rate is a purchase.
//!
//! C. Chatfield, G. J. Goodhardt, "A consumer purchasing model with Erlang inter-purchase times", Journal of the American
//! Statistical Association 68 (1973), 828–835. Gaps are Erlang: sums of k exponential times, which vary by 1/√k of their mean,
//! so that k = 1 is the NBD. A customer with x purchases is j < k events on the way to the next one, its phase.
//!
//! Alone it is what the models of lapsing become when nobody lapses.

use super::horizon::Horizon;
use super::nbd::{PurchaseRates, Purchased};
use super::nodes::Moments;
use super::pairs::Side;
use super::purchase_law::PurchaseLaw;
use super::renewals::Renewals;
use super::terms::{ABSENT, Slope, Term};
use crate::math::special::{digamma_rising, ln_rising};

/// How customers buy while they are alive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Condensed {
    /// Of events.
    pub(super) rates: PurchaseRates,
    pub(super) k: u32,
}

impl Condensed {
    /// Events up to a phase.
    fn events(&self, purchases: u32, phase: u32) -> u32 {
        self.k * purchases + phase
    }

    /// R in phase 0.
    pub(super) fn shape(&self, purchases: u32) -> f64 {
        self.rates.r + f64::from(self.events(purchases, 0))
    }

    /// What of a phase's density depends on the number of purchases alone: without the idle time to the power j.
    pub(super) fn purchased(&self, purchases: u32, phase: u32) -> Purchased {
        let ln_ways = ln_rising(1.0, f64::from(phase));
        self.rates.purchased(self.events(purchases, phase)).less(ln_ways)
    }

    /// ln of the probability of no purchase in the next `weeks` of one who is alive and stays so.
    pub(super) fn ln_silent(&self, purchases: u32, phase: u32, age: f64, weeks: f64) -> Slope {
        let events = self.events(purchases, phase);
        let mut silent = self.rates.ln_silent(events, age, weeks);
        let more = self.k - phase - 1;
        if more == 0 {
            return silent;
        }
        // Fewer than k − j events: (1 + h/A)⁻ᴿ Σ (R)ᵢ/i! sⁱ, s = h/(A + h).
        let (shape, reach) = (self.rates.r + f64::from(events), self.rates.alpha + age);
        let share = weeks / (reach + weeks);
        let (mut sum, mut by_shape, mut by_share) = (0.0, 0.0, 0.0);
        for event in 0..=more {
            let count = f64::from(event);
            let term = (ln_rising(shape, count) - ln_rising(1.0, count)).exp() * share.powf(count);
            sum += term;
            by_shape += term * digamma_rising(shape, count);
            by_share += term * count;
        }
        silent.value += sum.ln();
        silent.gradient[0] += self.rates.r * by_shape / sum;
        silent.gradient[1] -= self.rates.alpha / (reach + weeks) * by_share / sum;
        silent
    }

    /// Weeks until the next purchase that one who is alive and stays so exceeds with probability ½.
    ///
    /// With v = ln (1 + w/A) after w weeks, and z = 1 − (1 − idle/A) e⁻ᵛ, the probability to wait longer is
    /// e^(−Rv) P(z)/P(idle/A), P(z) = Σ (R)ⱼ/j! zʲ over phases: it falls, and lies between bounds that are closed.
    pub(super) fn median_wait(&self, purchases: u32, age: f64, idle: f64) -> f64 {
        if self.k == 1 {
            return self.rates.median_wait(purchases, age);
        }
        let (shape, reach) = (self.shape(purchases), self.rates.alpha + age);
        let active = 1.0 - idle / reach;
        let phases = |z: f64| self.phases(shape, z);
        let now = phases(idle / reach)[0].ln();
        let mut low = std::f64::consts::LN_2 / shape;
        let mut high = low + (phases(1.0)[0].ln() - now) / shape;
        let mut growth = low;
        for _ in 0..100 {
            let left = active * (-growth).exp();
            let [value, slope] = phases(1.0 - left);
            let excess = value.ln() - now - shape * growth + std::f64::consts::LN_2;
            if excess > 0.0 {
                low = growth
            } else {
                high = growth
            }
            let newton = growth - excess / (slope / value * left - shape);
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - growth).abs() <= 1e-12 * growth {
                break;
            }
            growth = next;
        }
        reach * growth.exp_m1()
    }

    /// P(z) and its derivative.
    fn phases(&self, shape: f64, z: f64) -> [f64; 2] {
        let (mut term, mut value, mut slope) = (1.0, 1.0, 0.0);
        for phase in 1..self.k {
            let count = f64::from(phase);
            let next = term * (shape + count - 1.0) / count;
            slope += next * count;
            term = next * z;
            value += term;
        }
        [value, slope]
    }
}

/// The law under which nobody lapses.
impl PurchaseLaw for Condensed {
    fn survived_side(&self, side: &Side, weeks_per_tick: f64, phase: u32) -> Vec<Term> {
        let term =
            |&(x, t): &(u32, u32)| self.rates.term(&self.purchased(x, phase), f64::from(t) * weeks_per_tick);
        side.pairs.iter().map(term).collect()
    }

    fn lapsed_side(&self, side: &Side, _weeks_per_tick: f64) -> Vec<Term> {
        vec![ABSENT; side.pairs.len()]
    }

    fn survived(&self, purchases: u32, t: f64, phase: u32) -> Slope {
        self.rates.term(&self.purchased(purchases, phase), t).into()
    }

    fn lapsed(&self, _purchases: u32, _t: f64) -> Slope {
        ABSENT.into()
    }

    fn ahead(
        &self,
        purchases: u32,
        ages: &[f64],
        _of_ages: &[&[Slope]],
        horizons: &[Horizon],
    ) -> Vec<Vec<Slope>> {
        if self.k > 1 {
            return self.ahead_of_phases(purchases, ages, horizons, None);
        }
        let one =
            |age: f64, horizon: &Horizon| self.rates.mean(purchases, age).scaled(horizon.discounted_weeks());
        ages.iter().map(|&age| horizons.iter().map(|horizon| one(age, horizon)).collect()).collect()
    }

    fn ln_silent(&self, purchases: u32, phase: u32, age: f64, weeks: f64) -> Slope {
        Self::ln_silent(self, purchases, phase, age, weeks)
    }

    fn timing(&self) -> Self {
        *self
    }
}

impl Condensed {
    /// Expected purchases by age, phase after phase, where p follows a beta law: a and b, and the tosses survived.
    pub(super) fn ahead_of_phases(
        &self,
        purchases: u32,
        ages: &[f64],
        horizons: &[Horizon],
        lapsing: Option<[f64; 3]>,
    ) -> Vec<Vec<Slope>> {
        let is_discounted = horizons.iter().any(|horizon| horizon.discount_per_week > 0.0);
        let posterior = lapsing.map(|[a, b, tosses]| [a, b + tosses]);
        let mut renewals = Renewals::new(self.k, self.shape(purchases), posterior, is_discounted);
        let [a, b, _] = lapsing.unwrap_or_default();
        let of_age = |age: &f64| {
            let reach = self.rates.alpha + age;
            let share = self.rates.alpha / reach;
            let slope = |Moments([value, by_shape, by_ln_reach, by_a, by_b]): Moments| Slope {
                value,
                gradient: [self.rates.r * by_shape, share * by_ln_reach, a * by_a, b * by_b],
            };
            let aheads: Vec<_> = horizons.iter().map(|horizon| renewals.ahead(reach, horizon)).collect();
            let of_phase = |phase: usize| aheads.iter().map(move |moments| moments[phase]);
            (0..self.k as usize).flat_map(of_phase).map(slope).collect()
        };
        ages.iter().map(of_age).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::phases::Phases;

    const RATES: PurchaseRates = PurchaseRates { r: 0.85, alpha: 1.45 };

    fn silent(timing: &Condensed, purchases: u32, age: f64, idle: f64, weeks: f64) -> f64 {
        let survived = |later: f64| {
            let terms = (0..timing.k).map(|phase| timing.survived(purchases, age + later, phase));
            Phases::new(terms, idle + later).survived.value
        };
        (survived(weeks) - survived(0.0)).exp()
    }

    /// Seen longer without purchase, by the shares of phases and by the phases' own silences: two ways to the same.
    #[test]
    fn silence_is_what_is_seen_later() {
        for k in [1, 2, 3, 12] {
            let timing = Condensed { rates: RATES, k };
            for (purchases, age, idle) in [(0, 0.0, 0.0), (0, 20.0, 20.0), (5, 30.0, 2.5), (40, 52.0, 0.0)] {
                let terms = (0..k).map(|phase| timing.survived(purchases, age, phase));
                let phases = Phases::new(terms, idle);
                let one =
                    |phase: usize| timing.ln_silent(purchases, u32::try_from(phase).unwrap(), age, 3.0).exp();
                let (found, expected) = (phases.mean(one).value, silent(&timing, purchases, age, idle, 3.0));
                assert!((found - expected).abs() < 1e-12, "k {k}, {purchases}: {found} {expected}");
                let wait = timing.median_wait(purchases, age, idle);
                let half = silent(&timing, purchases, age, idle, wait);
                assert!((half - 0.5).abs() < 1e-9, "k {k}, {purchases}: {half} after {wait} weeks");
            }
        }
    }

    #[test]
    fn regular_buyers_wait_less_the_longer_they_have_waited() {
        let rates = PurchaseRates { r: 1e8, alpha: 1e8 };
        let wait = |k: u32, idle: f64| Condensed { rates, k }.median_wait(10, 100.0, idle);
        assert!((wait(1, 0.0) / wait(1, 3.0) - 1.0).abs() < 1e-6);
        assert!(wait(6, 3.0) < 0.8 * wait(6, 0.0), "{} {}", wait(6, 3.0), wait(6, 0.0));
        // The median of an Erlang-6 time of mean 6.
        assert!((wait(6, 0.0) - 5.670_161).abs() < 1e-5, "{}", wait(6, 0.0));
    }
}
