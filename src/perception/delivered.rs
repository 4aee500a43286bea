//! Delivered value: what a customer receives less what it gives up, from declared measures.
//!
//! - Delivered value = total value − total cost (P. Kotler, *Marketing Management*, 9th ed. (1997), ch. 2).
//! - Perceived value = (benefits of the episode + of the relationship) / (sacrifices of both) (A. Ravald, C. Grönroos,
//!   "The value concept and relationship marketing" (1996)).
//! - Perceived value = core value ± added value (C. Grönroos, "Value-driven relational marketing" (1997)): the core is what
//!   the core of the offer gives less its price; everything else, the other sacrifices included, adds or takes away.
//! - Service value = (utility + quality of the process) / (price + other costs) (J. L. Heskett, W. E. Sasser,
//!   L. A. Schlesinger, *The Service Profit Chain* (1997), ch. 2).
//!
//! All sums are exact; core and added value add up to the delivered value.

use crate::error::Result;
use crate::pipeline::{CostComponent, DeliveredDef, ValueComponent};
use crate::units::{Fixed18, round_ratio};

/// Value and cost by component, in money or points at `money_scale`; none where a component is not declared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// Episodes, where they are counted.
    pub(crate) episodes: Option<i64>,
    /// By `ValueComponent`.
    pub(crate) value: [Option<i128>; 7],
    /// By `CostComponent`.
    pub(crate) cost: [Option<i128>; 6],
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Delivered {
    pub(crate) total_value: i128,
    pub(crate) total_cost: i128,
    pub(crate) core_value: i128,
    pub(crate) utility: i128,
    pub(crate) process_quality: i128,
    pub(crate) price: i128,
}

impl Given {
    /// Both together.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let add = |left: Option<i128>, right: Option<i128>| match (left, right) {
            (None, None) => None,
            (left, right) => Some(left.unwrap_or(0) + right.unwrap_or(0)),
        };
        let mut sum = *self;
        sum.value.iter_mut().zip(other.value).for_each(|(sum, value)| *sum = add(*sum, value));
        sum.cost.iter_mut().zip(other.cost).for_each(|(sum, cost)| *sum = add(*sum, cost));
        sum.episodes = sum.episodes.or(other.episodes);
        sum
    }

    /// What follows, with the declared core and process.
    pub(crate) fn delivered(&self, def: &DeliveredDef) -> Delivered {
        let of = |components: &[ValueComponent]| {
            components.iter().filter_map(|component| self.value[*component as usize]).sum::<i128>()
        };
        let price = self.cost[CostComponent::Money as usize].unwrap_or(0);
        let total_value = self.value.iter().flatten().sum();
        let process_quality = of(&def.process);
        Delivered {
            total_value,
            total_cost: self.cost.iter().flatten().sum(),
            core_value: of(&def.core) - price,
            utility: total_value - process_quality,
            process_quality,
            price,
        }
    }
}

impl Delivered {
    /// Total value − total cost.
    pub(crate) fn value(&self) -> i128 {
        self.total_value - self.total_cost
    }

    /// Delivered value beyond the core.
    pub(crate) fn added_value(&self) -> i128 {
        self.value() - self.core_value
    }

    pub(crate) fn non_monetary_cost(&self) -> i128 {
        self.total_cost - self.price
    }

    /// Total value / total cost; none where nothing is given up.
    pub(crate) fn ratio(&self) -> Option<f64> {
        (self.total_cost > 0).then(|| self.total_value as f64 / self.total_cost as f64)
    }

    /// (Utility + quality of the process) / (price + other costs).
    pub(crate) fn service_ratio(&self) -> Option<f64> {
        let cost = self.price + self.non_monetary_cost();
        (cost > 0).then(|| (self.utility + self.process_quality) as f64 / cost as f64)
    }

    /// Worth − price − other costs of the mean episode, rounded half away from zero.
    pub(crate) fn per_episode(&self, episodes: Option<i64>) -> Option<i128> {
        let episodes = episodes.filter(|episodes| *episodes > 0)?;
        Some(round_ratio(self.value(), i128::from(episodes)))
    }
}

/// A sum as it is published.
///
/// # Errors
/// More than 18 digits.
pub(crate) fn published(name: &str, value: i128) -> Result<Fixed18> {
    Fixed18::checked(value, format_args!("perception: a value of '{name}'"))
}
