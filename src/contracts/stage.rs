//! The stage: count, fit, hold against the holdout, choose, value every contract.

use super::choice::{Group, groups};
use super::contract::Contract;
use super::earlier::{Chosen, Earlier};
use super::rows::Contracts;
use super::tables::{
    TableContext, contract_backtest, contract_model, contract_movement, contract_renewal, contract_summary,
};
use super::tally::{Dates, Kind, Tallies, merge, tally};
use super::valuation::Valuer;
use super::writing::{Worth, Writing};
use crate::customers::calendar::Calendar;
use crate::customers::slices;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{ClvDef, ContractsDef, Definition};
use crate::publish::{StageTables, TableFormat};
use crate::units::{Day, pow10};
use std::collections::BTreeMap;

/// What the run says of contracts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Contracts that began before the as-of date, and those of them that run.
    pub contracts: [u64; 2],
    /// Rows that overlap the next row of their contract.
    pub overlapping: u64,
    /// By term in months: the model, and what running contracts are still going to bring; none where no model has a fit.
    pub terms: Vec<(u16, Option<(&'static str, i128)>)>,
    /// Models of all groups, which later releases keep.
    pub chosen: Chosen,
}

/// Makes and stages every table of contracts.
///
/// # Errors
/// Money beyond 18 digits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    contracts: &Contracts,
    earlier: &Earlier,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.contracts.as_ref().expect("the stage runs where [contracts] is");
    let calendar = Calendar::new(&facts.periods, facts.as_of);
    let dates = Dates {
        as_of: facts.as_of,
        calibration: calibration(def, facts),
        observed_from: def.observed_from,
        calendar: &calendar,
    };
    let groups = groups(count(facts, contracts, &dates)?, contracts, def.model, earlier);
    let horizons = definition.clv.as_ref().map(|clv| &clv.horizons[..]).unwrap_or_default();
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let context = TableContext { format, contracts, horizons };
    let writing = Writing {
        contracts,
        customers: &facts.customers,
        context,
        valuers: groups.iter().map(|group| Valuer::new(group, discount_annual(definition))).collect(),
        place_of: places(&groups, contracts.plans.is_some()),
        horizons: horizons.iter().map(|horizon| horizon.length.after(facts.as_of)).collect(),
        as_of: facts.as_of,
    };
    let worth = with_totals(&groups, writing.write(tables)?);
    let rows: Vec<_> = writing.valuers.iter().zip(worth).collect();
    for sheet in [
        contract_summary(context, &rows),
        contract_renewal(context, &groups),
        contract_model(context, &groups),
        contract_backtest(context, dates.calibration, &groups),
        contract_movement(context, &calendar, &groups),
    ] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let chosen = Chosen::of(&groups, contracts);
    let summary = Summary { overlapping: contracts.overlapping, chosen, ..Summary::default() };
    Ok(rows.iter().fold(summary, |summary, (valuer, worth)| summary.with(valuer.group, worth)))
}

fn count(facts: &FactSet, contracts: &Contracts, dates: &Dates<'_>) -> Result<Tallies> {
    let mut all = Tallies::new();
    let of_slice = |ranks| Ok(tally(contracts.of(&ranks).map(|spans| Contract { spans }), dates));
    slices::in_order(0..facts.customers.keys.len(), of_slice, |part| {
        merge(&mut all, part);
        Ok(())
    })?;
    Ok(all)
}

/// The declared day, or after two thirds of the history; none where nothing lies after it.
fn calibration(def: &ContractsDef, facts: &FactSet) -> Option<Day> {
    let (start, end) = (facts.periods.first()?.period.start.0, facts.as_of.0);
    let day = def.calibration.unwrap_or(Day(start + (end - start) * 2 / 3));
    (day.0 < end).then_some(day)
}

/// Effective rate per year: that of `[clv]`.
fn discount_annual(definition: &Definition) -> f64 {
    let declared = definition.clv.as_ref().map(|clv| clv.discount_rate_annual);
    let rate = declared.unwrap_or_else(ClvDef::default_discount_rate_annual);
    rate.mantissa as f64 / pow10(rate.scale) as f64
}

/// The group that values each kind of contract: its plan's, or the term's where no plans are declared.
fn places(groups: &[Group], has_plans: bool) -> BTreeMap<Kind, usize> {
    let valued = groups.iter().enumerate().filter(|(_, group)| group.plan.is_some() == has_plans);
    let kind = |group: &Group| Kind {
        term_months: group.term_months,
        plan: group.plan.unwrap_or(crate::facts::NO_CODE),
    };
    valued.map(|(place, group)| (kind(group), place)).collect()
}

/// Where contracts are valued by plan, adds those of a term up.
fn with_totals(groups: &[Group], mut worth: Vec<Worth>) -> Vec<Worth> {
    for (place, group) in groups.iter().enumerate().filter(|(_, group)| group.plan.is_none()) {
        let of_term = |other: &Group| other.plan.is_some() && other.term_months == group.term_months;
        let parts = groups.iter().zip(worth.clone()).filter(|(other, _)| of_term(other));
        parts.for_each(|(_, part)| worth[place].merge(&part));
    }
    worth
}

impl Summary {
    /// With a group; plans are in the group of their term.
    fn with(mut self, group: &Group, worth: &Worth) -> Self {
        if group.plan.is_none() {
            self.contracts[0] += group.tally.contracts;
            self.contracts[1] += group.tally.running;
            let model = group.choice.as_ref().map(|choice| choice.model.word());
            self.terms.push((group.term_months, model.zip(worth.residual)));
        }
        self
    }
}
