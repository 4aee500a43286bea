//! How far ahead a forecast looks, in operational time, and how it discounts what comes.
//!
//! Purchases follow a clock, money the calendar. With u(v) the calendar time at operational time v, both since the end of
//! observation, discounted purchases up to H are ∫ e^(−δu(v)) dE(v) = e^(−δu(H))·E(H) − ∫ E(v) d(e^(−δu(v))). E is smooth and
//! the measure is the same for all customers, so the integral is a sum over the nodes of [`NODES`] with weights made once. Of
//! customers who buy to a beat E has steps, which five nodes smooth: discounted purchases within a horizon are exact to about 10⁻³
//! for them, and to 10⁻⁶ for others.

use super::{DAYS_PER_WEEK, TICKS_PER_DAY};

/// Nodes and weights of Gauss and Legendre on [0, 1], exact for polynomials of degree 9.
pub(crate) const NODES: [(f64, f64); 5] = [
    (0.046_910_077_030_668, 0.118_463_442_528_094_5),
    (0.230_765_344_947_158_5, 0.239_314_335_249_683_2),
    (0.5, 0.284_444_444_444_444_4),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_2),
    (0.953_089_922_969_332, 0.118_463_442_528_094_5),
];

/// Horizons and the discount rate.
#[derive(Debug, Clone)]
pub struct Lookahead {
    /// In the order in which they were declared.
    pub horizons: Vec<Span>,
    /// Continuous rate per day.
    pub discount_per_day: f64,
    /// How purchases for ever are discounted by the calendar; none where the clock is the calendar.
    pub residual: Option<ResidualByCalendar>,
}

/// A horizon.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its length in operational time.
    pub ticks: u32,
    /// Of purchases within it.
    pub discounting: Discounting,
}

/// Discounted purchases as a sum: `end`·E(H) + `scale`·Σ `weights`·E(node·H).
#[derive(Debug, Clone, Copy)]
pub struct Discounting {
    /// Of purchases within the whole of it.
    pub end: f64,
    /// Of all weights.
    pub scale: f64,
    /// Of purchases up to the nodes.
    pub weights: [f64; 5],
}

/// Purchases for ever, discounted by the calendar: those of first days, a year or more, exactly, later ones by operational time
/// and `factor`, the mean of e^(−δ(u(v) − v)) over a year. As a sum `factor`·DERT + the terms of `first_days`.
#[derive(Debug, Clone, Copy)]
pub struct ResidualByCalendar {
    /// Of purchases discounted by operational time.
    pub factor: f64,
    /// What the first days add to that.
    pub first_days: Span,
}

impl Lookahead {
    /// In calendar time.
    pub fn calendar(horizons_days: &[u32], discount_per_day: f64) -> Self {
        let span = |days: &u32| Span {
            ticks: days * u32::try_from(TICKS_PER_DAY).expect("a power of 2"),
            discounting: Discounting::plain(f64::from(*days) / DAYS_PER_WEEK, discount_per_day),
        };
        Self { horizons: horizons_days.iter().map(span).collect(), discount_per_day, residual: None }
    }
}

impl Span {
    /// Its length in weeks.
    pub fn weeks(&self) -> f64 {
        f64::from(self.ticks) / 1024.0 / DAYS_PER_WEEK
    }
}

impl Discounting {
    /// By the time that purchases are measured in: e^(−δH)·E(H) + δ·∫ e^(−δv)·E(v) dv.
    pub fn plain(weeks: f64, discount_per_day: f64) -> Self {
        let discount = discount_per_day * DAYS_PER_WEEK;
        Self {
            end: (-discount * weeks).exp(),
            scale: discount * weeks,
            weights: NODES.map(|(node, weight)| weight * (-discount * node * weeks).exp()),
        }
    }
}
