//! The facts of a release costed by the ledgers, and then by the definition, of another: what its control totals would
//! have been.

use super::period_totals::{CHARGED, PROFIT, PeriodTotals};
use crate::costing;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::LedgerSums;
use crate::pipeline::Definition;
use crate::units::Decimal;
use std::collections::BTreeMap;

/// Control totals of a release by period, had its ledgers, and then its definition too, been those of another.
#[derive(Debug, Clone, Default)]
pub struct Counterfactual {
    pub(super) ledgers: BTreeMap<String, PeriodTotals>,
    pub(super) definition: BTreeMap<String, PeriodTotals>,
}

/// Costs the facts of a release by other ledgers, and by another definition, whose drivers must be those that the facts
/// were kept for; `before` are its own totals.
///
/// # Errors
/// Ledgers or a definition that do not fit these facts.
pub fn counterfactual(
    before: &BTreeMap<String, PeriodTotals>,
    facts: &FactSet,
    then: &Definition,
    now: &Definition,
    ledgers: &[LedgerSums],
) -> Result<Counterfactual> {
    Ok(Counterfactual {
        ledgers: costed(before, facts, then, ledgers)?,
        definition: costed(before, facts, now, ledgers)?,
    })
}

fn costed(
    before: &BTreeMap<String, PeriodTotals>,
    facts: &FactSet,
    definition: &Definition,
    ledgers: &[LedgerSums],
) -> Result<BTreeMap<String, PeriodTotals>> {
    let costing = costing::run(definition, facts, ledgers)?;
    let mut by_period = before.clone();
    for period in &costing.periods {
        let Some(totals) = by_period.get_mut(&period.period.to_string()) else { continue };
        let costs = PeriodTotals::of_costs(&costing, period, facts.money_scale);
        // Revenue and goods are as they were, so profit changes by what is charged.
        let profit = totals.get(PROFIT).mantissa + totals.get(CHARGED).mantissa - costs.get(CHARGED).mantissa;
        for name in costs.names() {
            totals.set(name, costs.get(name));
        }
        totals.set(PROFIT, Decimal { mantissa: profit, scale: facts.money_scale });
    }
    Ok(by_period)
}
