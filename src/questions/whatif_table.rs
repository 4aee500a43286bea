//! A scenario's customers as a table.

use super::lives::Lives;
use super::recalled::Recalled;
use crate::error::Result;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Fixed18;

/// One row for each of these ranks, ascending.
pub(super) fn table(recalled: &Recalled<'_>, lives: &Lives, ranks: &[usize]) -> Result<Sheet> {
    let customers = &recalled.facts.customers;
    let format = TableFormat::new(&recalled.definition.facts, recalled.facts.as_of);
    let mut draft = format.draft("whatif", "customer whose profit differs", None, ranks);
    let ids = ranks.iter().map(|rank| u32::try_from(*rank).expect("ranks fit 32 bits"));
    draft.customer("Customer; null for the unidentified cost object", customers.ids(ids), true);
    let (base, scenario) = (&lives.base, &lives.scenario);
    let meaning = "Customer profit over life, of the release";
    add(&mut draft, "base_profit", meaning, |rank| base.profit[rank])?;
    add(&mut draft, "scenario_profit", "The same in the scenario", |rank| scenario.profit[rank])?;
    add(&mut draft, "profit_difference", "Scenario − base", |rank| {
        scenario.profit[rank] - base.profit[rank]
    })?;
    let meaning = "The difference when only avoidable cost counts";
    add(&mut draft, "avoidable_difference", meaning, |rank| lives.avoidable_difference(rank))?;
    if lives.is_loaded {
        let meaning = "Fully loaded profit over life, of the release";
        add(&mut draft, "base_fully_loaded_profit", meaning, |rank| base.last(rank))?;
        let meaning = "The same in the scenario";
        add(&mut draft, "scenario_fully_loaded_profit", meaning, |rank| scenario.last(rank))?;
        add(&mut draft, "fully_loaded_difference", "Scenario − base", |rank| {
            scenario.last(rank) - base.last(rank)
        })?;
    }
    let meaning =
        "What the customer turns by the last of these profits, if it does: profitable or unprofitable";
    draft.name("turns", meaning, |rank| match (base.last(*rank).signum(), scenario.last(*rank).signum()) {
        (-1 | 0, 1) => Some("profitable"),
        (0 | 1, -1) => Some("unprofitable"),
        _ => None,
    });
    Ok(draft.finish())
}

/// Money of a rank, checked before the column is made.
fn add(
    draft: &mut Draft<'_, usize>,
    name: &'static str,
    meaning: &'static str,
    of: impl Fn(usize) -> i128,
) -> Result<()> {
    for rank in draft.rows() {
        Fixed18::checked(of(*rank), format_args!("whatif: a value of '{name}'"))?;
    }
    draft.money(name, meaning, |rank| Fixed18::new(of(*rank)).expect("every value was checked"));
    Ok(())
}
