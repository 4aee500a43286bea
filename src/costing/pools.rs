//! The money of every resource pool in every period, from inline amounts and ledger rows.

use super::schema::{Input, Leftover, OUTSIDE, UNCLAIMED};
use crate::error::{Error, Kind, Result};
use crate::facts::schema::LedgerSums;
use crate::pipeline::{Amount, CostingDef, Definition, ResourceDef};
use crate::units::{Decimal, Period, TooManyDigits, pow10, round_ratio};
use std::collections::BTreeMap;

/// What feeds each pool, and what feeds none.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    /// By period, then resource.
    pub inputs: Vec<Vec<Vec<Input>>>,
    /// Unclaimed ledger rows, and money outside the periods of the run.
    pub leftovers: Vec<Leftover>,
}

/// Gathers the pools of these periods.
///
/// # Errors
/// An account claimed twice or without any row; an amount with more digits than the money scale.
pub fn pools(
    definition: &Definition,
    costing: &CostingDef,
    ledgers: &[LedgerSums],
    periods: &[Period],
) -> Result<Pools> {
    let mut pools = Pools {
        inputs: vec![vec![Vec::new(); costing.resources.len()]; periods.len()],
        leftovers: Vec::new(),
    };
    let mut faults = Vec::new();
    for (index, resource) in costing.resources.iter().enumerate() {
        if let Err(error) = inline(definition, resource, index, periods, &mut pools) {
            faults.extend(error.messages);
        }
    }
    for ledger in ledgers.iter().filter(|ledger| !ledger.holds_quantities) {
        if let Err(error) = claim(definition, costing, ledger, periods, &mut pools) {
            faults.extend(error.messages);
        }
    }
    for (index, resource) in costing.resources.iter().enumerate() {
        if let Err(error) = scale(definition, resource, index, &mut pools) {
            faults.extend(error.messages);
        }
    }
    if faults.is_empty() {
        faults.extend(missing(definition, costing, periods, &pools));
    }
    if faults.is_empty() { Ok(pools) } else { Err(Error { kind: Kind::Definition, messages: faults }) }
}

/// Periods without money of resources that need every period. A row of 0 is money too.
fn missing<'p>(
    definition: &'p Definition,
    costing: &'p CostingDef,
    periods: &'p [Period],
    pools: &'p Pools,
) -> impl Iterator<Item = String> + 'p {
    let needed = costing.resources.iter().enumerate().filter(|(_, resource)| resource.is_every_period_needed);
    needed.filter_map(|(index, resource)| {
        let empty = periods.iter().zip(&pools.inputs).filter(|(_, inputs)| inputs[index].is_empty());
        let empty: Vec<String> = empty.map(|(period, _)| period.to_string()).collect();
        (!empty.is_empty()).then(|| {
            format!(
                "{}: resource '{}' has no row in {}, and needs one in every period; \
                 add the rows, or leave every_period out to count them as 0",
                definition.place(resource.at),
                resource.name,
                empty.join(", ")
            )
        })
    })
}

/// A scenario's factor on what feeds a resource; each input is rounded once.
fn scale(definition: &Definition, resource: &ResourceDef, index: usize, pools: &mut Pools) -> Result<()> {
    let factor = resource.factor.normalised();
    for (_, amount) in pools.inputs.iter_mut().flat_map(|inputs| &mut inputs[index]) {
        let product = i128::from(*amount).checked_mul(factor.mantissa);
        let money = product.map(|product| round_ratio(product, pow10(factor.scale))).and_then(super::money);
        *amount = money.ok_or_else(|| {
            let (place, name) = (definition.place(resource.at), &resource.name);
            Error::definition(format!(
                "{place}: an amount of resource '{name}' times {factor} {TooManyDigits}"
            ))
        })?;
    }
    Ok(())
}

fn inline(
    definition: &Definition,
    resource: &ResourceDef,
    index: usize,
    periods: &[Period],
    pools: &mut Pools,
) -> Result<()> {
    let amount_of = |amount: &Decimal| money(*amount, definition, resource);
    match &resource.amount {
        Amount::EachPeriod(amount) => {
            let amount = amount_of(amount)?;
            pools.inputs.iter_mut().for_each(|inputs| inputs[index].push((None, amount)));
        }
        Amount::ByPeriod(amounts) => {
            for (period, amount) in amounts {
                feed(pools, periods, *period, index, None, &resource.name, amount_of(amount)?);
            }
        }
        Amount::Ledger(_) | Amount::Nothing => {}
    }
    Ok(())
}

fn money(amount: Decimal, definition: &Definition, resource: &ResourceDef) -> Result<i64> {
    let (amount, scale) = (amount.normalised(), definition.facts.money_scale);
    let fault = |why: &str| {
        let place = definition.place(resource.at);
        Error::definition(format!("{place}: amount {amount} of resource '{}' {why}", resource.name))
    };
    if amount.scale > scale {
        return Err(fault(&format!("has more than {scale} digits after the point; raise facts.money_scale")));
    }
    amount.at_scale(scale).and_then(super::money).ok_or_else(|| fault(&TooManyDigits.to_string()))
}

/// Puts an amount into its pool or, when the run has no such period, beside it.
fn feed(
    pools: &mut Pools,
    periods: &[Period],
    period: Period,
    resource: usize,
    account: Option<&str>,
    node: &str,
    amount: i64,
) {
    match periods.binary_search(&period) {
        Ok(at) => pools.inputs[at][resource].push((account.map(str::to_string), amount)),
        Err(_) => {
            pools.leftovers.push(Leftover { period, node: node.to_string(), amount, reason: OUTSIDE });
        }
    }
}

fn claim(
    definition: &Definition,
    costing: &CostingDef,
    ledger: &LedgerSums,
    periods: &[Period],
    pools: &mut Pools,
) -> Result<()> {
    let claims = claims(definition, costing, ledger)?;
    for ((account, period), amount) in &ledger.sums {
        match claims.get(account.as_str()) {
            Some(&resource) => feed(pools, periods, *period, resource, Some(account), account, *amount),
            None => {
                let inside = periods.binary_search(period).is_ok();
                let reason = if inside { UNCLAIMED } else { OUTSIDE };
                let (period, node, amount) = (*period, account.clone(), *amount);
                pools.leftovers.push(Leftover { period, node, amount, reason });
            }
        }
    }
    Ok(())
}

/// Which resource claims each account of a ledger.
fn claims<'d>(
    definition: &Definition,
    costing: &'d CostingDef,
    ledger: &LedgerSums,
) -> Result<BTreeMap<&'d str, usize>> {
    let mut claims = BTreeMap::new();
    let mut faults = Vec::new();
    for (index, account) in ledger.resources.iter().flat_map(|&index| accounts(costing, index)) {
        let resource = &costing.resources[index];
        let place = definition.place(resource.at);
        if let Some(first) = claims.insert(account, index) {
            let first = &costing.resources[first].name;
            faults.push(format!(
                "{place}: account '{account}' of resource '{}' is already claimed by '{first}'; an account feeds one pool",
                resource.name
            ));
        }
        if !ledger.sums.keys().any(|(found, _)| found == account) {
            faults.push(format!(
                "{place}: account '{account}' of resource '{}' has no rows in {}; correct the account or drop it",
                resource.name, ledger.files
            ));
        }
    }
    if faults.is_empty() { Ok(claims) } else { Err(Error { kind: Kind::Definition, messages: faults }) }
}

fn accounts(costing: &CostingDef, index: usize) -> impl Iterator<Item = (usize, &str)> {
    let accounts: &[String] = match &costing.resources[index].amount {
        Amount::Ledger(ledger) => &ledger.accounts,
        _ => &[],
    };
    accounts.iter().map(move |account| (index, account.as_str()))
}
