//! NBD: events of a Poisson process at rates that vary by a gamma law.
//!
//! A. S. C. Ehrenberg, "The pattern of consumer purchases", Applied Statistics 8 (1959); in continuous time the part of
//! every model here that concerns the rate λ, as in P. Fader, B. Hardie, K. Lee (2005), equation (1). Symbols: r and
//! α (weeks) are the shape and the rate of λ's gamma density; R = r + x and A = α + T those of λ after x purchases in T.
//!
//! With r = 10⁸ it is a Poisson process of the single rate r/α, to a relative error of x²/r. Range: r from 10⁻⁷, x to 10⁶,
//! times from 0.

use super::terms::{Slope, Term};
use crate::math::special::{digamma_rising, ln_rising, trigamma_rising};

/// The gamma law of purchase rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PurchaseRates {
    pub(super) r: f64,
    pub(super) alpha: f64,
}

/// ln (r)ₓ and what else depends on x alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purchased {
    x: f64,
    ln_rising: f64,
    digamma_rising: f64,
    trigamma_rising: f64,
}

impl Purchased {
    /// A density divided by what has this logarithm.
    pub(super) fn less(self, ln: f64) -> Self {
        Self { ln_rising: self.ln_rising - ln, ..self }
    }
}

impl PurchaseRates {
    pub(super) fn purchased(&self, purchases: u32) -> Purchased {
        let x = f64::from(purchases);
        Purchased {
            x,
            ln_rising: ln_rising(self.r, x),
            digamma_rising: digamma_rising(self.r, x),
            trigamma_rising: trigamma_rising(self.r, x),
        }
    }

    /// ln of Γ(r + x)/Γ(r) · αʳ/(α + t)ʳ⁺ˣ.
    pub(super) fn term(&self, at: &Purchased, t: f64) -> Term {
        let Self { r, alpha } = *self;
        let reach = alpha + t;
        let slope = at.digamma_rising - (t / alpha).ln_1p();
        let mixed = r * t / reach;
        let mut term = Term {
            value: at.ln_rising - at.x * reach.ln() - r * (t / alpha).ln_1p(),
            gradient: [r * slope, mixed - at.x * alpha / reach, 0.0, 0.0],
            hessian: [[0.0; 4]; 4],
        };
        term.hessian[0][0] = r * slope + r * r * at.trigamma_rising;
        term.hessian[1][0] = mixed;
        term.hessian[1][1] = -alpha * t * (at.x + r) / (reach * reach);
        term
    }

    /// Weeks until the next purchase that one who is alive and stays so exceeds with probability ½: the median of a
    /// Lomax law of shape R and scale A, which exponential waits of rates λ mix to.
    pub(super) fn median_wait(&self, purchases: u32, t: f64) -> f64 {
        (self.alpha + t) * (std::f64::consts::LN_2 / (self.r + f64::from(purchases))).exp_m1()
    }

    /// E(λ) after x purchases in t weeks, and its slope.
    pub(super) fn mean(&self, purchases: u32, t: f64) -> Slope {
        let reach = self.alpha + t;
        let mean = (self.r + f64::from(purchases)) / reach;
        Slope { value: mean, gradient: [self.r / reach, -mean * self.alpha / reach, 0.0, 0.0] }
    }

    /// ln of the probability of no purchase in the next `weeks`, if alive.
    pub(super) fn ln_silent(&self, purchases: u32, age: f64, weeks: f64) -> Slope {
        let (shape, reach) = (self.r + f64::from(purchases), self.alpha + age);
        let growth = (weeks / reach).ln_1p();
        let by_reach = shape * weeks / (reach + weeks);
        let gradient = [-self.r * growth, by_reach * self.alpha / reach, 0.0, 0.0];
        Slope { value: -shape * growth, gradient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_those_who_stay_buy_within_the_median_wait() {
        for (r, alpha, purchases, t) in [(0.55, 10.6, 0, 30.0), (3.0, 2.0, 40, 52.0), (1e8, 1e8, 7, 9.0)] {
            let rates = PurchaseRates { r, alpha };
            let silent = rates.ln_silent(purchases, t, rates.median_wait(purchases, t)).value;
            assert!((silent + std::f64::consts::LN_2).abs() < 1e-7, "{r}: {silent}");
        }
    }
}
