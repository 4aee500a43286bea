//! Standing among customers (and among product groups): rank, class, and what counts as high profit.

use crate::error::{Error, Result};
use crate::pipeline::ProfitabilityDef;
use rayon::prelude::*;

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

    /// Cuts for profits in descending order. Unless declared, high profit begins with the profit of the one at
    /// the top 20 %, ⌈N/5⌉ of N.
    pub(crate) fn declared(
        definition: Option<&ProfitabilityDef>,
        money_scale: u8,
        descending: impl ExactSizeIterator<Item = i128>,
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
            None => Self::top_fifth(descending),
        };
        Ok(Self { break_even, high_from })
    }

    /// The profit of the one at the top 20 %.
    pub(crate) fn top_fifth(mut descending: impl ExactSizeIterator<Item = i128>) -> i128 {
        let last = descending.len().div_ceil(5);
        last.checked_sub(1).and_then(|index| descending.nth(index)).unwrap_or(i128::MAX)
    }
}

/// Every customer's standing, by rank.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Never had a sale line or a return line, and is not the unidentified cost object.
    pub(crate) is_prospect: Vec<bool>,
    /// From 1; none for prospects and the unidentified cost object.
    pub(crate) rank_profit: Vec<Option<i64>>,
    /// None where `rank_profit` is.
    pub(crate) class: Vec<Option<Class>>,
    /// Profits of ranked customers, descending.
    pub(crate) profits: Vec<i64>,
}

impl Standing {
    /// Ranks customers who bought or returned (`is_customer`) by profit, ties by key. Ranks from `known` on are not
    /// customers.
    pub(crate) fn new(
        definition: Option<&ProfitabilityDef>,
        money_scale: u8,
        known: usize,
        is_customer: &[bool],
        profits: &[i64],
    ) -> Result<Self> {
        let mut order: Vec<usize> = (0..known).filter(|&rank| is_customer[rank]).collect();
        order.par_sort_unstable_by_key(|&rank| (std::cmp::Reverse(profits[rank]), rank));
        let descending: Vec<i64> = order.iter().map(|&rank| profits[rank]).collect();
        let cuts =
            Cuts::declared(definition, money_scale, descending.iter().map(|&profit| i128::from(profit)))?;
        let mut rank_profit = vec![None; profits.len()];
        let mut class = vec![None; profits.len()];
        for (place, &rank) in (1_i64..).zip(&order) {
            rank_profit[rank] = Some(place);
            class[rank] = Some(cuts.class(i128::from(profits[rank])));
        }
        let is_prospect = (0..profits.len()).map(|rank| rank < known && !is_customer[rank]).collect();
        Ok(Self { is_prospect, rank_profit, class, profits: descending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::*;

    #[test]
    fn customers_rank_by_profit_with_ties_by_key_and_without_prospects() {
        let is_customer = [true, false, true, true, true, true];
        let profits = [50, -7, 80, 50, -10, 999];
        let standing = Standing::new(None, 2, 5, &is_customer, &profits).unwrap();
        assert_eq!(standing.rank_profit, [Some(2), None, Some(1), Some(3), Some(4), None]);
        assert_eq!(standing.is_prospect, [false, true, false, false, false, false]);
        assert_eq!(standing.class, [Some(Profit), None, Some(High), Some(Profit), Some(Loss), None]);
        assert_eq!(standing.profits, [80, 50, 50, -10]);
    }

    #[test]
    fn classes_follow_the_declared_cuts() {
        let definition =
            ProfitabilityDef { break_even: "0.10".parse().unwrap(), high_profit: Some("1".parse().unwrap()) };
        let cuts = Cuts::declared(Some(&definition), 2, [500_i128].into_iter()).unwrap();
        for (profit, class) in
            [(101, High), (100, Profit), (11, Profit), (10, BreakEven), (-10, BreakEven), (-11, Loss)]
        {
            assert_eq!(cuts.class(profit), class, "{profit}");
        }
        assert!(Cuts::declared(Some(&definition), 0, [].into_iter()).is_err());
    }
}
