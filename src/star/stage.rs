//! The stage: dimensions from the facts, the costing and the tables of groups.

use super::dim_activity::dim_activity;
use super::dim_channel::dim_channel;
use super::dim_customer::DimCustomer;
use super::dim_customer_group::write_customer_groups;
use super::dim_date::dim_date;
use super::dim_product_group::dim_product_group;
use super::dim_resource::dim_resource;
use super::dim_segment::dim_segment;
use crate::costing::schema::Costing;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat, relations_table};

/// What the run says of the star.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Tables that facts join.
    pub dimensions: usize,
    /// Rows of `dim_customer`.
    pub customers: usize,
}

/// Makes and stages every dimension, and `relations`.
///
/// # Errors
/// A table that cannot be read back, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let mut dimensions = vec![
        dim_activity(format, costing),
        dim_resource(format, costing, definition.costing.as_ref()),
        dim_date(format, facts),
        dim_product_group(format, tables)?,
    ];
    dimensions.extend(dim_channel(format, facts.master.as_ref())?);
    dimensions.extend(dim_segment(format, tables)?);
    let put = |sheet: Sheet| tables.put(&sheet.spec, None, sheet.arrays);
    let customers = DimCustomer::new(facts, format, tables)?.write(tables)?;
    let has_groups = write_customer_groups(format, tables)?;
    let summary = Summary { dimensions: dimensions.len() + 1 + usize::from(has_groups), customers };
    dimensions.into_iter().try_for_each(put)?;
    put(relations_table(|table| tables.is_there(table)))?;
    Ok(summary)
}
