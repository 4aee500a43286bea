//! The data dictionary before the run: which tables and columns a run of a pipeline publishes.
//!
//! `columns.tsv` lists what does not depend on names of the pipeline file; a test rewrites it from what runs publish.
//! The rest follows from the pipeline file. Knows nothing of how a table is made.

mod attributes;
mod queries;

use crate::facts::schema::AttributeTypes;
use crate::pipeline::{Definition, KeyType};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use attributes::check_attributes;
pub use queries::{TableState, check_queries};

/// Table, column and SQL type, separated by tabs, one column a line; keys of customers are of the type `KEY`.
const LISTED: &str = include_str!("columns.tsv");

/// Tables that hold the volume and cost of each activity.
const OF_ACTIVITIES: [&str; 4] = ["customer", "customer_period", "customer_product", "product_group"];
/// Tables that hold expectations for each horizon.
const OF_HORIZONS: [&str; 2] = ["customer_value", "customer_equity"];

/// The columns of every table that pipelines can publish, by table.
#[derive(Debug, Clone, Default)]
pub struct Tables(BTreeMap<String, Table>);

/// Columns with their SQL types.
#[derive(Debug, Clone, Default)]
struct Table {
    columns: Vec<String>,
    types: Vec<String>,
}

impl Tables {
    /// Those of this pipeline; the attributes of customers are its own.
    pub fn of(definition: &Definition) -> Self {
        let mut tables = Self::listed();
        let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
        for activity in activities {
            let columns = ["volume", "cost"].map(|what| format!("{what}_{}", activity.column));
            tables.add(&OF_ACTIVITIES, &columns, "DECIMAL(18,4)");
        }
        for horizon in definition.clv.iter().flat_map(|clv| &clv.horizons) {
            let expected = format!("expected_purchases_{}", horizon.column);
            tables.add(&OF_HORIZONS, &[format!("{expected}_se"), expected], "DOUBLE");
        }
        tables
    }

    /// The columns of `columns.tsv`.
    pub fn listed() -> Self {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for line in LISTED.lines() {
            let mut parts = line.split('\t');
            let mut part = || parts.next().expect("a line has a table, a column and a type").to_owned();
            let table = tables.entry(part()).or_default();
            table.columns.push(part());
            table.types.push(part());
        }
        Self(tables)
    }

    fn add(&mut self, tables: &[&str], columns: &[String], sql_type: &str) {
        for table in tables {
            let table = self.0.entry((*table).to_owned()).or_default();
            table.columns.extend_from_slice(columns);
            table.types.resize(table.columns.len(), sql_type.to_owned());
        }
    }

    /// The columns of a table; none if pipelines publish no such table.
    pub fn columns(&self, table: &str) -> Option<&[String]> {
        self.0.get(table).map(|table| table.columns.as_slice())
    }

    /// The columns of a table with their types; scales of numbers are those of the default.
    pub fn schema(&self, table: &str, keys: KeyType, attributes: &AttributeTypes) -> Option<SchemaRef> {
        let found = self.0.get(table)?;
        let columns = found.columns.iter().zip(&found.types);
        let mut fields: Vec<Field> =
            columns.map(|(name, sql_type)| Field::new(name, data_type(sql_type, keys), true)).collect();
        if table == "customer" {
            fields.extend(attributes.iter().map(|(name, kind)| Field::new(name, kind.clone(), true)));
        }
        Some(Arc::new(Schema::new(fields)))
    }

    /// The names of all tables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The Arrow type of a SQL type of the list.
fn data_type(sql_type: &str, keys: KeyType) -> DataType {
    match (sql_type, keys) {
        ("KEY", KeyType::Int) | ("BIGINT", _) => DataType::Int64,
        ("KEY" | "VARCHAR", _) => DataType::Utf8,
        ("DOUBLE", _) => DataType::Float64,
        ("BOOLEAN", _) => DataType::Boolean,
        ("DATE", _) => DataType::Date32,
        ("TIMESTAMP WITH TIME ZONE", _) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => DataType::Decimal128(if sql_type.starts_with("DECIMAL(18") { 18 } else { 38 }, 4),
    }
}
