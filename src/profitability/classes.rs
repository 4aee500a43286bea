//! Standing among customers (and among product groups): rank, class, and what counts as high profit.

use crate::customers::ranking::Places;
use crate::error::{Error, Result};
use crate::pipeline::ProfitabilityDef;

/// How profitable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    High,
    Profit,
    BreakEven,
    Loss,
}

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Class::High => "high profit",
            Class::Profit => "profit",
            Class::BreakEven => "break-even",
            Class::Loss => "loss",
        }
    }
}

/// Where the classes are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cuts {
    /// |profit| up to this is break-even.
    pub(crate) break_even: i128,
    /// Profit from this on is high profit.
    pub(crate) high_from: i128,
}

impl Cuts {
    pub(crate) fn class(self, profit: i128) -> Class {
        match profit {
            _ if profit.abs() <= self.break_even => Class::BreakEven,
            _ if profit < 0 => Class::Loss,
            _ if profit >= self.high_from => Class::High,
            _ => Class::Profit,
        }
    }

    /// Unless declared, high profit begins with the profit of the one at the top 20 %, see [`top_fifth`].
    pub(crate) fn declared(
        definition: Option<&ProfitabilityDef>,
        money_scale: u8,
        top_fifth: Option<i128>,
    ) -> Result<Self> {
        let at_scale = |name: &str, amount: crate::units::Decimal| {
            let amount = amount.normalised();
            let exact = amount.at_scale(money_scale).filter(|_| amount.scale <= money_scale);
            exact.ok_or_else(|| {
                let digits = format!("more than {money_scale} digits after the point");
                Error::definition(format!(
                    "profitability.{name}: {amount} has {digits}; raise facts.money_scale"
                ))
            })
        };
        let break_even = definition.map(|p| at_scale("break_even", p.break_even)).transpose()?.unwrap_or(0);
        let high_from = match definition.and_then(|definition| definition.high_profit) {
            Some(amount) => at_scale("high_profit", amount)? + 1,
            None => top_fifth.unwrap_or(i128::MAX),
        };
        Ok(Self { break_even, high_from })
    }
}

/// The place of the one at the top 20 %, ⌈N/5⌉ of N, from 1; 0 of none.
pub(crate) fn top_fifth(count: usize) -> usize {
    count.div_ceil(5)
}

/// Every customer's standing: the place by customer profit, and where the classes are cut.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) places: Places,
    pub(crate) cuts: Cuts,
}

impl Standing {
    /// Without customers: for a table without rows.
    pub(crate) fn nobody() -> Self {
        Self { places: Places::default(), cuts: Cuts { break_even: 0, high_from: i128::MAX } }
    }

    /// The class of a customer with this profit; none for prospects and the unidentified cost object.
    pub(crate) fn class(&self, rank: usize, profit: i64) -> Option<Class> {
        self.places.of(rank).map(|_| self.cuts.class(i128::from(profit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::*;

    #[test]
    fn the_top_fifth_is_rounded_up() {
        assert_eq!([0, 1, 4, 5, 6].map(top_fifth), [0, 1, 1, 1, 2]);
    }

    #[test]
    fn classes_follow_the_declared_cuts() {
        let definition = ProfitabilityDef {
            break_even: "0.10".parse().unwrap(),
            high_profit: Some("1".parse().unwrap()),
            order_bands: Vec::new(),
            bridges: Vec::new(),
            bridge_history: 1,
        };
        let cuts = Cuts::declared(Some(&definition), 2, Some(500)).unwrap();
        for (profit, class) in
            [(101, High), (100, Profit), (11, Profit), (10, BreakEven), (-10, BreakEven), (-11, Loss)]
        {
            assert_eq!(cuts.class(profit), class, "{profit}");
        }
        assert!(Cuts::declared(Some(&definition), 0, None).is_err());
    }
}
