//! The beta-geometric/beta-Bernoulli model of purchases at discrete opportunities (BG/BB).
//!
//! P. S. Fader, B. G. S. Hardie, J. Shang, "Customer-base analysis in a discrete-time noncontractual setting",
//! Marketing Science 29 (2010), 1086–1108. While alive a customer buys at each opportunity with probability p; at the
//! beginning of each a customer dies with probability θ; p is beta(α, β), θ beta(γ, δ) over customers. Used are the
//! likelihood (6), the numbers of purchases (7), (8), and given a history P(alive) (11), expected purchases (13) and
//! discounted expected residual transactions (14). In (13) the sum over opportunities is kept: its closed form fails at
//! γ = 1.
//!
//! Symbols: x purchases, tₓ the opportunity of the last one (0 if none), n opportunities observed.

mod limits;

pub(crate) use limits::{reason, shows_no_lapse};

use super::logarithms::{self, Estimate};
use crate::math::hypergeometric::discounted_rising_ratios;
use crate::math::optimise::Evaluation;
use crate::math::special::{digamma_rising, ln_gamma, ln_rising, trigamma_rising};
use std::fmt;

/// The model's parameters, all above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaGeometricBetaBernoulli {
    /// α.
    pub alpha: f64,
    /// β.
    pub beta: f64,
    /// γ.
    pub gamma: f64,
    /// δ.
    pub delta: f64,
}

/// A history: x ≤ tₓ ≤ n, and x = 0 exactly if tₓ = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    /// x.
    pub purchases: u32,
    /// tₓ.
    pub last_purchase: u32,
    /// n.
    pub opportunities: u32,
}

/// How many customers have a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountedHistory {
    /// The history.
    pub history: History,
    /// How many.
    pub customers: u64,
}

/// Why there is no fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody had more than one opportunity: buying and dying cannot be separated.
    OneOpportunity,
    /// Nobody bought.
    NobodyBought,
    /// Everybody bought at every opportunity.
    EverybodyAlways,
    /// No maximum was found.
    NotConverged,
}

/// What is expected of one history.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    model: BetaGeometricBetaBernoulli,
    opportunities: f64,
    /// P(alive at n).
    alive: f64,
    /// Expected purchases at an opportunity while alive: (α + x) / (α + β + n).
    purchase_rate: f64,
}

/// Fits the model by maximum likelihood, from α = β = γ = δ = 1. Rows may come in any order.
///
/// γ at limit 0 or δ at infinity: nobody dies. γ and δ at infinity: one θ for all. α and β at infinity: one p for all.
///
/// # Errors
/// Histories that do not determine the model.
///
/// # Panics
/// A history that cannot be.
pub fn fit(rows: &[CountedHistory]) -> Result<Estimate<4>, Unfit> {
    rows.iter().for_each(|row| row.history.check());
    let mut rows: Vec<&CountedHistory> = rows.iter().filter(|row| row.customers > 0).collect();
    // Sums of floats have one order.
    rows.sort_unstable();
    let most = rows.iter().map(|row| row.history.opportunities).max().unwrap_or(0);
    if most < 2 {
        return Err(Unfit::OneOpportunity);
    }
    if rows.iter().all(|row| row.history.purchases == 0) {
        return Err(Unfit::NobodyBought);
    }
    if rows.iter().all(|row| row.history.purchases == row.history.opportunities) {
        return Err(Unfit::EverybodyAlways);
    }
    let evaluate = |theta: &[f64; 4]| log_likelihood(theta, &rows, most);
    logarithms::fit([1.0; 4], evaluate).ok_or(Unfit::NotConverged)
}

impl From<[f64; 4]> for BetaGeometricBetaBernoulli {
    fn from([alpha, beta, gamma, delta]: [f64; 4]) -> Self {
        Self { alpha, beta, gamma, delta }
    }
}

impl History {
    fn check(&self) {
        let Self { purchases, last_purchase, opportunities } = *self;
        assert!(purchases <= last_purchase && last_purchase <= opportunities, "x ≤ tₓ ≤ n in {self:?}");
        assert_eq!(purchases == 0, last_purchase == 0, "no purchase has no time in {self:?}");
    }
}

impl BetaGeometricBetaBernoulli {
    /// What is expected of a customer with this history.
    ///
    /// # Panics
    /// A history that cannot be.
    pub fn outlook(&self, history: History) -> Outlook {
        history.check();
        let tables = Tables::new(&[self.alpha, self.beta, self.gamma, self.delta], history.opportunities);
        let alive = index(history.opportunities);
        let all = tables.log_sum(&history);
        let n = f64::from(history.opportunities);
        let x = f64::from(history.purchases);
        Outlook {
            model: *self,
            opportunities: n,
            alive: (tables.log_term(&history, alive) - all).exp(),
            purchase_rate: (self.alpha + x) / (self.alpha + self.beta + n),
        }
    }

    /// The logarithm of the likelihood of one history (6).
    ///
    /// # Panics
    /// A history that cannot be.
    pub fn log_likelihood(&self, history: History) -> f64 {
        history.check();
        let theta = [self.alpha, self.beta, self.gamma, self.delta];
        Tables::new(&theta, history.opportunities).log_sum(&history)
    }

    /// The share of customers with n opportunities who have this history: the likelihood of each order of the purchases before the last,
    /// times the number of orders.
    ///
    /// # Panics
    /// A history that cannot be.
    pub fn share_of(&self, history: History) -> f64 {
        let likelihood = self.log_likelihood(history);
        if history.purchases == 0 {
            return likelihood.exp();
        }
        let (before, earlier) = (f64::from(history.last_purchase - 1), f64::from(history.purchases - 1));
        let ways = ln_rising(before - earlier + 1.0, earlier) - ln_gamma(earlier + 1.0);
        (ways + likelihood).exp()
    }

    /// P(X(n) = x): the share of customers with x purchases at n opportunities (7).
    pub fn share_with(&self, purchases: u32, opportunities: u32) -> f64 {
        if purchases > opportunities {
            return 0.0;
        }
        let tables = Tables::new(&[self.alpha, self.beta, self.gamma, self.delta], opportunities);
        let history = History { purchases, last_purchase: purchases, opportunities };
        let x = f64::from(purchases);
        // Purchases may fall on any of the opportunities a customer lived through.
        let ways = |m: usize| ln_rising(m as f64 - x + 1.0, x) - ln_gamma(x + 1.0);
        let lived = index(purchases)..=index(opportunities);
        lived.map(|m| (ways(m) + tables.log_term(&history, m)).exp()).sum()
    }

    /// E[X(n)]: expected purchases of a new customer at n opportunities (8).
    pub fn expected_purchases(&self, opportunities: u32) -> f64 {
        self.newcomer().expected_purchases(opportunities)
    }

    /// A customer before the first opportunity.
    fn newcomer(&self) -> Outlook {
        let purchase_rate = self.alpha / (self.alpha + self.beta);
        Outlook { model: *self, opportunities: 0.0, alive: 1.0, purchase_rate }
    }
}

impl Outlook {
    /// P(alive at opportunity n), the last one observed.
    pub fn probability_alive(&self) -> f64 {
        self.alive
    }

    /// P(alive at opportunity n + 1), the next one (11).
    pub fn probability_alive_next(&self) -> f64 {
        self.alive * self.survival(1.0)
    }

    /// Expected purchases at the next `opportunities` (13).
    pub fn expected_purchases(&self, opportunities: u32) -> f64 {
        let (mut lived, mut sum) = (1.0, 0.0);
        for step in 1..=opportunities {
            lived *= self.survival(f64::from(step));
            sum += lived;
        }
        self.alive * self.purchase_rate * sum
    }

    /// DERT (14): expected purchases from opportunity n + 1 on, the first discounted by one period.
    ///
    /// None if the discount rate per period is not above 0: the sum may have no bound.
    pub fn discounted_purchases(&self, discount_rate: f64) -> Option<f64> {
        if !(discount_rate > 0.0 && discount_rate.is_finite()) {
            return None;
        }
        let BetaGeometricBetaBernoulli { gamma, delta, .. } = self.model;
        let sum = discounted_rising_ratios(delta + self.opportunities + 1.0, gamma, discount_rate);
        Some(self.probability_alive_next() * self.purchase_rate / (1.0 + discount_rate) * sum)
    }

    /// Expected purchases at an opportunity while alive.
    pub fn purchase_rate(&self) -> f64 {
        self.purchase_rate
    }

    /// P(alive at n + step) / P(alive at n + step − 1).
    pub fn survival(&self, step: f64) -> f64 {
        let BetaGeometricBetaBernoulli { gamma, delta, .. } = self.model;
        let before = self.opportunities + (step - 1.0);
        (delta + before) / (gamma + delta + before)
    }
}

/// A rising factorial (a)ₘ for m = 0 … : its logarithm and the two derivatives of that by a.
struct Rising(Vec<[f64; 3]>);

impl Rising {
    fn new(a: f64, most: u32) -> Self {
        let at = |m| [ln_rising(a, m), digamma_rising(a, m), trigamma_rising(a, m)];
        Self((0..=most).map(f64::from).map(at).collect())
    }
}

/// Ratios of beta functions are ratios of rising factorials: B(α + i, β + j) / B(α, β) = (α)ᵢ (β)ⱼ / (α + β)ᵢ₊ⱼ.
struct Tables {
    gamma: f64,
    alpha: Rising,
    beta: Rising,
    alpha_beta: Rising,
    delta: Rising,
    gamma_delta: Rising,
}

impl Tables {
    fn new(&[alpha, beta, gamma, delta]: &[f64; 4], most: u32) -> Self {
        Self {
            gamma,
            alpha: Rising::new(alpha, most),
            beta: Rising::new(beta, most),
            alpha_beta: Rising::new(alpha + beta, most),
            delta: Rising::new(delta, most),
            gamma_delta: Rising::new(gamma + delta, most + 1),
        }
    }

    /// A customer lived through opportunity m: alive still if m = n, else dead by the next. The terms of (6).
    fn log_term(&self, history: &History, m: usize) -> f64 {
        let (x, n) = (index(history.purchases), index(history.opportunities));
        let bought = self.alpha.0[x][0] + self.beta.0[m - x][0] - self.alpha_beta.0[m][0];
        let lived = if m == n {
            self.delta.0[m][0] - self.gamma_delta.0[m][0]
        } else {
            self.gamma.ln() + self.delta.0[m][0] - self.gamma_delta.0[m + 1][0]
        };
        bought + lived
    }

    /// First derivatives of a term, and of second ones αα, αβ, ββ, γγ, γδ, δδ.
    fn slopes(&self, history: &History, m: usize) -> ([f64; 4], [f64; 6]) {
        let (x, n) = (index(history.purchases), index(history.opportunities));
        let (bought, missed, tried) = (self.alpha.0[x], self.beta.0[m - x], self.alpha_beta.0[m]);
        let is_dead = if m == n { 0.0 } else { 1.0 };
        let (lived, ended) = (self.delta.0[m], self.gamma_delta.0[if m == n { m } else { m + 1 }]);
        let first = [
            bought[1] - tried[1],
            missed[1] - tried[1],
            is_dead / self.gamma - ended[1],
            lived[1] - ended[1],
        ];
        let second = [
            bought[2] - tried[2],
            -tried[2],
            missed[2] - tried[2],
            -is_dead / (self.gamma * self.gamma) - ended[2],
            -ended[2],
            lived[2] - ended[2],
        ];
        (first, second)
    }

    fn log_sum(&self, history: &History) -> f64 {
        let largest = self.largest(history);
        let sum: f64 = history.lived().map(|m| (self.log_term(history, m) - largest).exp()).sum();
        largest + sum.ln()
    }

    fn largest(&self, history: &History) -> f64 {
        history.lived().map(|m| self.log_term(history, m)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The logarithm of the likelihood and its derivatives: with weights wₘ of the terms lₘ,
    /// ∇ = Σ w ∇l, and ∇² = Σ w (∇²l + ∇l ∇lᵀ) − ∇ ∇ᵀ.
    fn evaluate(&self, history: &History) -> Evaluation<4> {
        let log_sum = self.log_sum(history);
        let (mut gradient, mut hessian) = ([0.0; 4], [[0.0; 4]; 4]);
        for m in history.lived() {
            let weight = (self.log_term(history, m) - log_sum).exp();
            let (first, [aa, ab, bb, cc, cd, dd]) = self.slopes(history, m);
            let second = [[aa, ab, 0.0, 0.0], [ab, bb, 0.0, 0.0], [0.0, 0.0, cc, cd], [0.0, 0.0, cd, dd]];
            for i in 0..4 {
                gradient[i] += weight * first[i];
                for j in 0..4 {
                    hessian[i][j] += weight * (second[i][j] + first[i] * first[j]);
                }
            }
        }
        for i in 0..4 {
            for j in 0..4 {
                hessian[i][j] -= gradient[i] * gradient[j];
            }
        }
        Evaluation { value: log_sum, gradient, hessian }
    }
}

impl History {
    /// Opportunities the customer may have lived through last.
    fn lived(&self) -> std::ops::RangeInclusive<usize> {
        index(self.last_purchase)..=index(self.opportunities)
    }
}

fn log_likelihood(theta: &[f64; 4], rows: &[&CountedHistory], most: u32) -> Evaluation<4> {
    let tables = Tables::new(theta, most);
    let mut sum = Evaluation { value: 0.0, gradient: [0.0; 4], hessian: [[0.0; 4]; 4] };
    for row in rows {
        let (one, customers) = (tables.evaluate(&row.history), row.customers as f64);
        sum.value += customers * one.value;
        for i in 0..4 {
            sum.gradient[i] += customers * one.gradient[i];
            for j in 0..4 {
                sum.hessian[i][j] += customers * one.hessian[i][j];
            }
        }
    }
    sum
}

fn index(opportunity: u32) -> usize {
    usize::try_from(opportunity).expect("32 bits fit an index")
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneOpportunity => "nobody had more than one opportunity to buy",
            Self::NobodyBought => "nobody bought",
            Self::EverybodyAlways => "everybody bought at every opportunity",
            Self::NotConverged => "no maximum of the likelihood was found",
        })
    }
}

impl std::error::Error for Unfit {}

#[cfg(test)]
mod tests;
