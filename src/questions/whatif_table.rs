//! A scenario's customers as a table, slice by slice.

use super::lives::Lives;
use super::recalled::Recalled;
use crate::error::Result;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Fixed18;

/// Which customers a table has, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct WhatIfTable<'r> {
    pub(super) recalled: Recalled<'r>,
    pub(super) is_loaded: bool,
    /// Of a published table, which has all customers of several scenarios; none: only customers whose profit differs.
    pub(super) of_scenario: Option<&'r str>,
}

impl WhatIfTable<'_> {
    /// The rows of a slice.
    ///
    /// # Errors
    /// Money beyond 18 digits.
    pub(super) fn sheet(&self, lives: &Lives) -> Result<Sheet> {
        let customers = &self.recalled.facts.customers;
        let places: Vec<usize> = (0..lives.ranks.len())
            .filter(|place| self.of_scenario.is_some() || lives.differs(*place))
            .collect();
        let format = TableFormat::new(&self.recalled.definition.facts, self.recalled.facts.as_of);
        let mut draft = match self.of_scenario {
            None => format.draft("whatif_customer", "customer whose profit differs", None, &places),
            Some(scenario) => {
                let mut draft = format.draft("whatif_customer", "scenario and customer", None, &places);
                draft.name("scenario", "Name of the scenario", |_| scenario);
                draft
            }
        };
        let rank = |place: &usize| u32::try_from(lives.ranks.start + place).expect("ranks fit 32 bits");
        let ids = customers.ids(places.iter().map(rank));
        draft.customer("Customer; null for the unidentified cost object", ids, true);
        let (base, scenario) = (&lives.base, &lives.scenario);
        let meaning = "Customer profit over life, of the release";
        add(&mut draft, "base_profit", meaning, |place| base.profit[place])?;
        add(&mut draft, "scenario_profit", "The same in the scenario", |place| scenario.profit[place])?;
        let difference = |place: usize| scenario.profit[place] - base.profit[place];
        add(&mut draft, "profit_difference", "Scenario − base", difference)?;
        let meaning = "Fees of the scenario that the customer pays, part of its profit";
        add(&mut draft, "fees", meaning, |place| lives.fees[place])?;
        let meaning = "The difference when only avoidable cost counts";
        add(&mut draft, "avoidable_difference", meaning, |place| lives.avoidable_difference(place))?;
        // A published table has the same columns whatever the run has; values are null where it has no such line.
        if self.is_loaded || self.of_scenario.is_some() {
            let meaning = "Fully loaded profit over life, of the release";
            self.add_loaded(&mut draft, "base_fully_loaded_profit", meaning, |place| base.last(place))?;
            let meaning = "The same in the scenario";
            self.add_loaded(&mut draft, "scenario_fully_loaded_profit", meaning, |place| {
                scenario.last(place)
            })?;
            let difference = |place: usize| scenario.last(place) - base.last(place);
            self.add_loaded(&mut draft, "fully_loaded_difference", "Scenario − base", difference)?;
        }
        let meaning =
            "What the customer turns by the last of these profits, if it does: profitable or unprofitable";
        draft.name("turns", meaning, |place| {
            match (base.last(*place).signum(), scenario.last(*place).signum()) {
                (-1 | 0, 1) => Some("profitable"),
                (0 | 1, -1) => Some("unprofitable"),
                _ => None,
            }
        });
        Ok(draft.finish())
    }

    /// Money below customer profit.
    fn add_loaded(
        &self,
        draft: &mut Draft<'_, usize>,
        name: &'static str,
        meaning: &'static str,
        of: impl Fn(usize) -> i128,
    ) -> Result<()> {
        check(draft.rows(), name, &of)?;
        draft.money(name, meaning, |place| self.is_loaded.then(|| checked(of(*place))));
        Ok(())
    }
}

/// Money of a place.
fn add(
    draft: &mut Draft<'_, usize>,
    name: &'static str,
    meaning: &'static str,
    of: impl Fn(usize) -> i128,
) -> Result<()> {
    check(draft.rows(), name, &of)?;
    draft.money(name, meaning, |place| checked(of(*place)));
    Ok(())
}

/// Checks the values of a column before it is made.
fn check(places: &[usize], name: &str, of: &impl Fn(usize) -> i128) -> Result<()> {
    let mut values =
        places.iter().map(|place| Fixed18::checked(of(*place), format_args!("whatif: a value of '{name}'")));
    values.try_for_each(|value| value.map(drop))
}

fn checked(value: i128) -> Fixed18 {
    Fixed18::new(value).expect("every value was checked")
}
