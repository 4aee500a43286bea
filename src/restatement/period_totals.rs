//! Control totals of one period.

use crate::costing::schema::{Costing, Leftover, PeriodCosting, UNCLAIMED};
use crate::facts::Record;
use crate::profitability::charged_to_profit;
use crate::units::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// Control totals of one period, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeriodTotals(BTreeMap<String, Decimal>);

/// Rows of transactions and events.
pub(super) const ROWS: &str = "rows";

/// What customers are left with.
pub(super) const PROFIT: &str = "customer_profit";

/// Of the cost assigned, what lies between net revenue and customer profit.
pub(super) const CHARGED: &str = "cost_in_profit";

impl PeriodTotals {
    /// Money of a period by its costing.
    pub(super) fn of_costs(costing: &Costing, period: &PeriodCosting, money_scale: u8) -> Self {
        let costs = costing.period_totals(period);
        let is_unclaimed = |left: &&Leftover| left.reason == UNCLAIMED && left.period == period.period;
        let unclaimed =
            costing.leftovers.iter().filter(is_unclaimed).map(|left| i128::from(left.amount)).sum();
        let totals = [
            ("cost_input", costs.input),
            ("cost_imputed", costs.imputed),
            ("cost_assigned", costs.assigned),
            (CHARGED, charged_to_profit(costing, period)),
            ("cost_retained", costs.retained),
            ("cost_unused", costs.unused),
            ("cost_unassigned", costs.unassigned),
            ("cost_variance", costs.variance),
            ("cost_overdriven", costs.overdriven),
            ("ledger_unclaimed", unclaimed),
        ];
        let mut of_period = Self::default();
        for (name, mantissa) in totals {
            of_period.set(name, Decimal { mantissa, scale: money_scale });
        }
        of_period
    }

    pub(super) fn get(&self, name: &str) -> Decimal {
        self.0.get(name).copied().unwrap_or(Decimal::ZERO)
    }

    pub(super) fn set(&mut self, name: &str, total: Decimal) {
        self.0.insert(name.to_owned(), total);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// By first day of the period, from what a release says of its run; none where the program that wrote it kept none.
    pub fn of_release(run: &Value) -> BTreeMap<String, Self> {
        let periods = run["period_totals"].as_object().into_iter().flatten();
        periods.map(|(period, totals)| (period.clone(), Self::parse(totals))).collect()
    }

    fn parse(totals: &Value) -> Self {
        let totals = totals.as_object().into_iter().flatten();
        Self(totals.filter_map(|(name, total)| Some((name.clone(), total.as_str()?.parse().ok()?))).collect())
    }

    /// For the manifest.
    pub fn to_json(&self) -> Value {
        self.0.iter().map(|(name, total)| (name.clone(), Value::from(total.to_string()))).collect()
    }
}

/// Control totals of every period of a run, by its first day; `profits` are those of the customers of each.
pub fn period_totals(
    costing: &Costing,
    profits: &[i128],
    record: &Record,
    money_scale: u8,
) -> BTreeMap<String, PeriodTotals> {
    let mut by_period = BTreeMap::new();
    for (period, profit) in costing.periods.iter().zip(profits) {
        let mut totals = PeriodTotals::of_costs(costing, period, money_scale);
        totals.set(PROFIT, Decimal { mantissa: *profit, scale: money_scale });
        let name = period.period.to_string();
        let runs = record.periods.iter().filter(|runs| runs.period == name);
        let rows: u64 = runs.flat_map(|runs| &runs.matches).map(|found| found.rows).sum();
        totals.set(ROWS, Decimal { mantissa: rows.into(), scale: 0 });
        by_period.insert(name, totals);
    }
    by_period
}
