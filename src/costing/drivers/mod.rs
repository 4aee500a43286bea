//! Resource drivers: how a pool is spread over the nodes that take of it. A kind is a file and a line in [`spread`].
//!
//! A kind knows no money. It says which weight of which whole each taker has; what the weights leave of the whole
//! stays at the pool. Reciprocal services need these very fractions, before there is any amount.

mod direct_charge;
mod even;
mod fixed_and_variable;
mod minutes;
mod quantity;
mod share;

pub(crate) use direct_charge::charges;
pub(crate) use minutes::in_minutes;

use super::schema::NO_TAKER;
use crate::pipeline::ResourceDriver;
use crate::units::Decimal;

/// One taker of a pool in one period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taker {
    /// Its share; 0 for kinds without.
    pub(crate) share: Decimal,
    /// Its quantity or minutes; 0 for kinds without.
    pub(crate) quantity: Decimal,
    /// Whether the services' method leaves it out: the others take its part.
    pub(crate) is_left_out: bool,
}

/// What a pool offers in one period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    /// Share of the pool that fixed shares spread.
    pub(crate) fixed: Decimal,
    /// Practical minutes; 0 unless time-driven.
    pub(crate) practical: Decimal,
}

/// Weights over a whole, parallel to the takers; who is left out weighs 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spread {
    /// Of each taker.
    pub(crate) weights: Vec<i128>,
    /// What the weights are parts of; 0: nothing is spread.
    pub(crate) whole: i128,
    /// Why the rest stays.
    pub(crate) reason: &'static str,
}

impl Spread {
    /// Everything stays.
    pub(crate) fn nothing(takers: usize, reason: &'static str) -> Self {
        Self { weights: vec![0; takers], whole: 0, reason }
    }
}

/// Spreads a pool over its takers, who all take by this kind. `None` when digits outgrow 38.
pub(crate) fn spread(kind: &ResourceDriver, offer: Offer, takers: &[Taker]) -> Option<Spread> {
    if takers.iter().all(|taker| taker.is_left_out) {
        return Some(Spread::nothing(takers.len(), NO_TAKER));
    }
    match kind {
        ResourceDriver::Share(_) => share::spread(takers),
        ResourceDriver::Even => Some(even::spread(takers)),
        ResourceDriver::Quantity(_) => quantity::spread(takers),
        ResourceDriver::FixedAndVariable(..) => fixed_and_variable::spread(offer.fixed, takers),
        ResourceDriver::Minutes(_) => minutes::spread(offer.practical, takers),
        ResourceDriver::DirectCharge => unreachable!("direct charges leave the pool before it is spread"),
    }
}

/// Mantissas of numbers at the scale of the finest; `None` when they outgrow 38 digits.
fn aligned(numbers: &[Decimal]) -> Option<(Vec<i128>, u8)> {
    let scale = numbers.iter().map(|number| number.normalised().scale).max().unwrap_or(0);
    let mantissas = numbers.iter().map(|number| number.at_scale(scale)).collect::<Option<Vec<_>>>()?;
    Some((mantissas, scale))
}

/// Weights with those left out set to 0, their sum, and the sum of those left out.
fn without_left_out(weights: Vec<i128>, takers: &[Taker]) -> Option<(Vec<i128>, i128, i128)> {
    let sum_of = |is_left_out: bool| {
        let of = weights.iter().zip(takers).filter(|(_, taker)| taker.is_left_out == is_left_out);
        of.map(|(weight, _)| *weight).try_fold(0_i128, i128::checked_add)
    };
    let (kept, left_out) = (sum_of(false)?, sum_of(true)?);
    let keep = |(weight, taker): (i128, &Taker)| if taker.is_left_out { 0 } else { weight };
    Some((weights.into_iter().zip(takers).map(keep).collect(), kept, left_out))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Takers with these (share, quantity), the ones marked left out.
    pub(crate) fn takers(of: &[(&str, &str, bool)]) -> Vec<Taker> {
        let taker = |&(share, quantity, is_left_out): &(&str, &str, bool)| Taker {
            share: share.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            is_left_out,
        };
        of.iter().map(taker).collect()
    }
}
