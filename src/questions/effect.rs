//! An effect on contribution, as answers show it.

use super::exact::Exact;
use crate::profitability::schema;
use serde::Serialize;

/// What a change of contribution is due to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// `volume`, `mix`, `price`, `intensity` or `rate`.
    pub effect: &'static str,
    /// Effect on contribution.
    pub amount: Exact,
    /// What it is made of; adds up to it.
    pub parts: Vec<ChangePart>,
}

/// A part of an effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangePart {
    /// `product group`, `list price`, `discount`, `returns`, `product cost`, `activity` or `price concession`.
    pub kind: &'static str,
    /// Of which group or activity.
    pub name: String,
    /// Effect on contribution.
    pub amount: Exact,
}

impl Effect {
    /// With amounts of so many digits after the point.
    pub(super) fn of(effect: schema::Effect, scale: u8) -> Self {
        let amount = Exact::new(effect.amount(), scale);
        let part = |part: schema::EffectPart| ChangePart {
            kind: part.kind,
            name: part.name,
            amount: Exact::new(part.amount, scale),
        };
        Self { effect: effect.effect, amount, parts: effect.parts.into_iter().map(part).collect() }
    }
}
