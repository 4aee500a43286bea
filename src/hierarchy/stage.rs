//! The stage: one level after another.

use super::customer_reader::CustomerTables;
use super::group_sums::GroupSums;
use super::group_table::{GroupTable, customer_group};
use super::level::Levels;
use super::level_tables::{pyramid, reconciliation, summary, whale_curve};
use super::shared::SharedCustomers;
use crate::customers::membership::Membership;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::memory::{Memory, MemoryBudget};
use crate::pipeline::{Definition, HierarchyDef};
use crate::profitability::schema::Standing;
use crate::publish::{StageTables, TableFormat};
use arrow::array::ArrayRef;

/// What the run says of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Name of the level.
    pub level: String,
    /// Groups, customers without one among them.
    pub groups: usize,
    /// Those whose profit is above 0.
    pub profitable: usize,
    /// Of these, groups with members at a loss.
    pub hiding: usize,
}

/// Makes and stages `customer_group` and the tables of levels.
///
/// # Errors
/// A level that the customers source does not give, groups that are split where levels are nested, sums beyond 18 digits, a failed
/// write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    shared: &SharedCustomers,
    memory: &Memory,
    tables: StageTables<'_>,
) -> Result<Vec<Summary>> {
    let def = definition.hierarchy.as_ref().expect("the stage runs where [hierarchy] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let of_customers = CustomerTables::open(tables, facts.as_of)?;
    let measures = of_customers.measures();
    let (customers, budget) = (&facts.customers, &memory.budget);
    let values = attributes(definition, def, facts)?;
    let levels = Levels {
        definition,
        format,
        customers,
        measures: &measures,
        tables: &of_customers,
        names: &def.levels,
        memberships: memberships(definition, facts, shared, budget)?,
        values,
        is_nested: def.is_nested,
        memory,
    };
    let nothing = GroupTable {
        format,
        level: "",
        customers,
        measures: &measures,
        membership: &levels.memberships[0],
        next: None,
        standing: &Standing::nobody(),
        tiers: None,
        profit: 0,
    };
    let spec = customer_group(&nothing, &GroupSums::empty(&measures), 0..0).spec;
    let mut writer = tables.table(&spec, Some(&facts.as_of.to_string()))?;
    let mut made = Vec::new();
    for level in 0..def.levels.len() {
        made.push(levels.write(level, &mut writer)?);
    }
    writer.finish()?;
    if definition.publish.customer_group_period {
        levels.write_periods(tables)?;
    }
    if definition.publish.customer_group_member {
        levels.write_members(tables)?;
    }
    let sheets =
        [summary(format, &made), whale_curve(format, &made), reconciliation(format, &made, &measures)];
    for sheet in sheets.into_iter().chain(pyramid(format, &made, &measures)) {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let say = |level: &super::level::Level<'_>| Summary {
        level: level.name.to_owned(),
        groups: level.counts.groups,
        profitable: level.curve.profitable(),
        hiding: level.counts.hiding,
    };
    Ok(made.iter().map(say).collect())
}

/// The values of every level, by rank.
fn attributes<'f>(
    definition: &Definition,
    def: &HierarchyDef,
    facts: &'f FactSet,
) -> Result<Vec<&'f ArrayRef>> {
    def.levels.iter().map(|level| attribute(definition, def, facts, level)).collect()
}

/// Who belongs to which group, by level.
///
/// # Errors
/// A level that the customers source does not give, a group that has the key of a customer without one.
pub(crate) fn memberships(
    definition: &Definition,
    facts: &FactSet,
    shared: &SharedCustomers,
    budget: &MemoryBudget,
) -> Result<Vec<Membership>> {
    let Some(def) = &definition.hierarchy else { return Ok(Vec::new()) };
    let values = attributes(definition, def, facts)?;
    let membership = |(level, values): (usize, &ArrayRef)| {
        Membership::new(&facts.customers, values, shared.of_level(level), budget).map_err(|mut fault| {
            let (place, level) = (definition.place(def.at), &def.levels[level]);
            fault.messages.iter_mut().for_each(|it| *it = format!("{place}: level '{level}': {it}"));
            fault
        })
    };
    values.into_iter().enumerate().map(membership).collect()
}

/// The values of a level.
fn attribute<'f>(
    definition: &Definition,
    def: &HierarchyDef,
    facts: &'f FactSet,
    level: &str,
) -> Result<&'f ArrayRef> {
    let mut attributes = facts.master.iter().flat_map(|master| &master.attributes);
    let found = attributes.find(|(attribute, _)| attribute == level).map(|(_, values)| values);
    found.ok_or_else(|| {
        let place = definition.place(def.at);
        Error::definition(format!(
            "{place}: hierarchy.levels: [facts.customers] does not give the attribute '{level}'; add it to its attributes"
        ))
    })
}
