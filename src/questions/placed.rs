//! Where `[segments]` placed customers: the tiers and treatments by which scenarios select them.

use crate::customers::grouping::{Grouping, Unlabelled};
use crate::customers::keyed_rows::KeyedRows;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::pipeline::{Placement, ScenarioDef};
use crate::publish::read::{PublishedReader, Wanted};
use arrow::array::UInt32Array;
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
        let columns: Vec<(&str, Wanted)> =
            asked.iter().map(|placement| (placement.name(), Wanted::Names)).collect();
        let all = 0..customers.len();
        let rows = KeyedRows::open(customers, "customer_segment", &reader, &columns)?.next(all.clone())?;
        let mut row_of: Vec<Option<u32>> = vec![None; all.len()];
        (0..).zip(&rows.ranks).for_each(|(row, rank)| row_of[*rank as usize] = Some(row));
        let row_of = UInt32Array::from(row_of);
        let mut groups = Vec::with_capacity(asked.len());
        for (placement, column) in asked.into_iter().zip(&rows.columns) {
            let by_rank = arrow::compute::take(column, &row_of, None);
            let by_rank = by_rank.map_err(|fault| Error::internal(fault.to_string()))?;
            groups.push((placement, Grouping::by_values(&by_rank, Unlabelled::Last)?));
        }
        Ok(Some(Self { groups, customers: all.len() }))
    }

    /// Customers by their value of a placement.
    pub(super) fn of(&self, asked: Placement) -> Option<&Grouping> {
        self.groups.iter().find(|(placement, _)| *placement == asked).map(|(_, groups)| groups)
    }
}
