//! An effect on contribution, as answers show it.

use super::exact::Exact;
use crate::profitability::schema::Step;
use serde::Serialize;

/// What a change of contribution is due to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// A step of `bridge`.
    pub effect: &'static str,
    /// Effect on contribution.
    pub amount: Exact,
    /// What it is made of; adds up to it.
    pub parts: Vec<ChangePart>,
}

/// A part of an effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangePart {
    /// `product group` or `activity`.
    pub kind: &'static str,
    /// Of which group or activity.
    pub name: String,
    /// Effect on contribution.
    pub amount: Exact,
}

impl Effect {
    /// From kind, name and amount of its parts, with so many digits after the point.
    pub(super) fn of(step: Step, parts: &[(&'static str, &str, i128)], scale: u8) -> Self {
        let amount = Exact::new(parts.iter().map(|(_, _, amount)| amount).sum::<i128>(), scale);
        let part = |(kind, name, amount): &(&'static str, &str, i128)| ChangePart {
            kind,
            name: (*name).to_owned(),
            amount: Exact::new(*amount, scale),
        };
        Self { effect: step.name(), amount, parts: parts.iter().map(part).collect() }
    }
}
