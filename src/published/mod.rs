//! The data dictionary before the run: which tables and columns a run of a pipeline publishes.
//!
//! `columns.tsv` lists what does not depend on names of the pipeline file; a test rewrites it from what runs publish.
//! The rest follows from the pipeline file. Knows nothing of how a table is made.

mod attributes;
mod queries;

use crate::pipeline::Definition;
use std::collections::BTreeMap;

pub use attributes::check_attributes;
pub use queries::{TableState, check_queries};

/// Table and column, separated by a tab, one column a line.
const LISTED: &str = include_str!("columns.tsv");

/// Tables that hold the volume and cost of each activity.
const OF_ACTIVITIES: [&str; 4] = ["customer", "customer_period", "customer_product", "product_group"];
/// Tables that hold expectations for each horizon.
const OF_HORIZONS: [&str; 2] = ["customer_value", "customer_equity"];

/// The columns of every table that pipelines can publish, by table.
#[derive(Debug, Clone, Default)]
pub struct Tables(BTreeMap<String, Vec<String>>);

impl Tables {
    /// Those of this pipeline; the attributes of customers are its own.
    pub fn of(definition: &Definition) -> Self {
        let mut tables = Self::listed();
        let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
        for activity in activities {
            let columns = ["volume", "cost"].map(|what| format!("{what}_{}", activity.column));
            tables.add(&OF_ACTIVITIES, &columns);
        }
        for horizon in definition.clv.iter().flat_map(|clv| &clv.horizons) {
            let expected = format!("expected_purchases_{}", horizon.column);
            tables.add(&OF_HORIZONS, &[format!("{expected}_se"), expected]);
        }
        tables
    }

    /// The columns of `columns.tsv`.
    pub fn listed() -> Self {
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in LISTED.lines() {
            let (table, column) = line.split_once('\t').expect("a line has a table and a column");
            tables.entry(table.to_owned()).or_default().push(column.to_owned());
        }
        Self(tables)
    }

    fn add(&mut self, tables: &[&str], columns: &[String]) {
        for table in tables {
            self.0.entry((*table).to_owned()).or_default().extend_from_slice(columns);
        }
    }

    /// The columns of a table; none if pipelines publish no such table.
    pub fn columns(&self, table: &str) -> Option<&[String]> {
        self.0.get(table).map(Vec::as_slice)
    }

    /// The names of all tables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
