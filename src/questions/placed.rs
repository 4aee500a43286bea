//! Where `[segments]` placed customers: the tiers and treatments by which scenarios select them.

use crate::customers::grouping::Grouping;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::pipeline::{Placement, ScenarioDef};
use crate::publish::read::PublishedReader;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Placements of all customers.
#[derive(Debug)]
pub struct PlacedCustomers {
    groups: Vec<(Placement, Grouping)>,
    /// Ranks that are grouped.
    pub(super) customers: usize,
}

impl PlacedCustomers {
    /// What scenarios select by, from the files of `customer_segment`; nothing where they select by none. `lacking` says why there
    /// are no files.
    ///
    /// # Errors
    /// A scenario that selects by what is not there, a file that cannot be read.
    pub fn read<'s>(
        scenarios: impl Iterator<Item = &'s ScenarioDef> + Clone,
        customers: &Customers,
        files: &[PathBuf],
        lacking: &str,
    ) -> Result<Option<Self>> {
        let asked: BTreeSet<Placement> = scenarios.clone().flat_map(ScenarioDef::placements).collect();
        let Some(first) = asked.first() else { return Ok(None) };
        if files.is_empty() {
            let asking = scenarios.clone().find(|scenario| scenario.placements().next().is_some());
            let name = asking.map_or("", |scenario| scenario.name.as_str());
            return Err(Error::check(format!(
                "scenario '{name}' selects customers by {}, and {lacking}",
                first.name()
            )));
        }
        let reader = PublishedReader::open(files)?;
        let mut groups = Vec::with_capacity(asked.len());
        for placement in asked {
            let grouping = Grouping::by_column(customers, ("customer_segment", &reader), placement.name())?;
            groups.push((placement, grouping));
        }
        Ok(Some(Self { groups, customers: customers.len() }))
    }

    /// Customers by their value of a placement.
    pub(super) fn of(&self, asked: Placement) -> Option<&Grouping> {
        self.groups.iter().find(|(placement, _)| *placement == asked).map(|(_, groups)| groups)
    }
}
