//! A scenario's customers as a table.

use super::lives::Lives;
use super::recalled::Recalled;
use crate::error::{Error, Result};
use crate::pipeline::KeyType;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row for each of these ranks, ascending.
pub(super) fn table(recalled: &Recalled<'_>, lives: &Lives, ranks: &[usize]) -> Result<Sheet> {
    let customers = &recalled.facts.customers;
    let rows: Vec<u32> = ranks.iter().map(|rank| u32::try_from(*rank).expect("ranks fit 32 bits")).collect();
    let currency = &recalled.definition.facts.currency;
    let kind = match customers.keys.key_type() {
        KeyType::Int => ColumnKind::IntKey,
        KeyType::Text => ColumnKind::Text,
    };
    let mut sheet = Sheet::new("whatif", "customer whose profit differs", None);
    let key = Column::new("customer_id", kind, "", "Customer; null for the unidentified cost object");
    sheet.add(key.nullable(), customers.ids(&rows));
    let money = |name, meaning| {
        Column::new(name, ColumnKind::Money(recalled.facts.money_scale), currency.clone(), meaning)
    };
    let mut add = |name, meaning, of: &dyn Fn(usize) -> i128| {
        let values = ranks.iter().map(|rank| i64::try_from(of(*rank)).ok()).collect::<Option<Vec<i64>>>();
        let fault = || Error::check(format!("whatif: a value of '{name}' exceeds 18 digits"));
        sheet.fixed(money(name, meaning), values.ok_or_else(fault)?);
        Ok::<_, Error>(())
    };
    let (base, scenario) = (&lives.base, &lives.scenario);
    add("base_profit", "Customer profit over life, of the release", &|rank| base.profit[rank])?;
    add("scenario_profit", "The same in the scenario", &|rank| scenario.profit[rank])?;
    add("profit_difference", "Scenario − base", &|rank| scenario.profit[rank] - base.profit[rank])?;
    let meaning = "The difference when only avoidable cost counts";
    add("avoidable_difference", meaning, &|rank| lives.avoidable_difference(rank))?;
    if lives.is_loaded {
        let meaning = "Fully loaded profit over life, of the release";
        add("base_fully_loaded_profit", meaning, &|rank| base.last(rank))?;
        add("scenario_fully_loaded_profit", "The same in the scenario", &|rank| scenario.last(rank))?;
        let by = |rank| scenario.last(rank) - base.last(rank);
        add("fully_loaded_difference", "Scenario − base", &by)?;
    }
    let turn = |rank: &usize| match (base.last(*rank).signum(), scenario.last(*rank).signum()) {
        (-1 | 0, 1) => Some("profitable"),
        (0 | 1, -1) => Some("unprofitable"),
        _ => None,
    };
    let meaning =
        "What the customer turns by the last of these profits, if it does: profitable or unprofitable";
    sheet.texts(Column::new("turns", ColumnKind::Name, "", meaning).nullable(), ranks.iter().map(turn));
    Ok(sheet)
}
