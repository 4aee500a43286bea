//! Makes `bridge`, `bridge_part` and `customer_bridge`, a partition for each period that ends a span; partitions whose rows
//! would be the same are taken over, and what they compare is not read.

use super::bought_before::bought_before;
use super::bridge::BridgeTables;
use super::bridge_sums::BridgeSums;
use super::bridge_walk::BridgeWalk;
use super::comparing::Comparing;
use super::comparison::Comparison;
use super::customer_bridge::{ChangeColumns, Changes};
use super::lives::Lives;
use super::stage::Sources;
use super::starts::Starts;
use super::table_context::TableContext;
use super::waterfall::Books;
use crate::customers::slices::in_order;
use crate::error::Result;
use crate::memory::Memory;
use crate::pipeline::Definition;
use crate::publish::StageTables;
use crate::publish::schema::TableSpec;
use crate::units::Period;
use std::ops::Range;

/// What bridges are made from.
#[derive(Clone, Copy)]
pub(crate) struct Bridges<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) context: TableContext<'r>,
    pub(crate) books: &'r Books<'r>,
    pub(crate) sources: Sources<'r>,
    pub(crate) starts: &'r Starts,
    pub(crate) lives: &'r Lives<'r>,
}

/// A partition that is made: the period that ends its spans, and its comparisons among those that are made.
struct Partition {
    period: Period,
    recipe: String,
    comparisons: Range<usize>,
    /// By table: whether it is made, or taken over.
    is_made: Vec<bool>,
}

impl Bridges<'_> {
    /// Writes all partitions.
    ///
    /// # Errors
    /// What the walk returns, a failed write.
    pub(crate) fn write(self, memory: &Memory, staging: StageTables<'_>) -> Result<()> {
        let Sources { facts, costing, .. } = self.sources;
        let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
        let comparing = Comparing::new(costing, &[], 0);
        let (format, groups, services) = (self.context.format, &facts.groups, &comparing.services);
        let tables = BridgeTables { format, periods: &periods, groups, services };
        let mut specs = vec![tables.bridge(&[]).spec, tables.bridge_part(&[]).spec];
        if self.definition.publish.customer_bridge {
            specs.push(ChangeColumns::none().sheet(self.context, &[], &periods).spec);
        }
        let (partitions, made) = self.plan(&specs, staging)?;
        let changes = specs.get(CUSTOMERS).map(|_| changes(&partitions, facts.customers.len(), memory));
        let comparing = Comparing::new(costing, &made, groups.len());
        let Self { books, sources, starts, lives, .. } = self;
        let sums = BridgeWalk { books, sources, starts, lives, comparing }.walk(changes.as_ref(), memory)?;
        for (number, partition) in partitions.iter().enumerate() {
            let name = partition.period.to_string();
            let begin = |table: usize| {
                let is_made = partition.is_made.get(table).copied().unwrap_or(false);
                let begin = || staging.table(&specs[table], Some(&name));
                is_made.then(begin).transpose().map(|writer| Some(writer?.with_recipe(&partition.recipe)))
            };
            let range = partition.comparisons.clone();
            let sums: Vec<(&Comparison, &BridgeSums)> =
                made[range.clone()].iter().zip(&sums[range]).collect();
            for (table, sheet) in [tables.bridge(&sums), tables.bridge_part(&sums)].into_iter().enumerate() {
                if let Some(mut writer) = begin(table)? {
                    writer.write(sheet.arrays)?;
                    writer.finish()?;
                }
            }
            if let Some((mut writer, changes)) = begin(CUSTOMERS)?.zip(changes.as_ref()) {
                let rows =
                    |ranks| Ok(changes.slice(number, &ranks)?.sheet(self.context, &made, &periods).arrays);
                in_order(0..facts.customers.len(), rows, |arrays| writer.write(arrays))?;
                writer.finish()?;
            }
        }
        Ok(())
    }

    /// The partitions that are made, and what they compare; takes over all others.
    fn plan(
        self,
        specs: &[TableSpec],
        staging: StageTables<'_>,
    ) -> Result<(Vec<Partition>, Vec<Comparison>)> {
        let facts = self.sources.facts;
        let kind = self.definition.facts.period;
        let (spans, history) = (self.definition.bridges(), self.definition.bridge_history());
        let all = Comparison::all(&spans, history, kind, &facts.periods);
        let mut made: Vec<Comparison> = Vec::new();
        let mut partitions = Vec::new();
        for (place, recipe) in self.recipes(&all)?.into_iter().enumerate() {
            let ends_span = all.iter().any(|comparison| comparison.after.end == place + 1);
            // Tables without rows are there all the same, as one empty partition.
            let is_only = all.is_empty() && place + 1 == facts.periods.len();
            if !ends_span && !is_only {
                continue;
            }
            let period = facts.periods[place].period;
            let mut is_made = Vec::with_capacity(specs.len());
            for spec in specs {
                is_made.push(!staging.reuse(spec, Some(&period.to_string()), &recipe)?);
            }
            if is_made.contains(&true) {
                let first = made.len();
                made.extend(all.iter().filter(|comparison| comparison.after.end == place + 1).cloned());
                partitions.push(Partition { period, recipe, comparisons: first..made.len(), is_made });
            }
        }
        Ok((partitions, made))
    }

    /// By period, all that its partition follows from: the periods that it compares, and who had bought before them, for that tells
    /// new customers from those who have returned.
    ///
    /// # Errors
    /// A disk that fails.
    fn recipes(self, comparisons: &[Comparison]) -> Result<Vec<String>> {
        let Sources { facts, .. } = self.sources;
        let periods = facts.periods.len();
        let bought_before = match comparisons.is_empty() {
            true => Vec::new(),
            false => bought_before(self.lives, &facts.customers, periods)?,
        };
        let of_period = |period: usize| {
            let (products, recipe) = (facts.digest_of_products(period), self.sources.recipe(period));
            let recipe = format!("{} {products}\n{recipe}", facts.periods[period].period);
            blake3::hash(recipe.as_bytes()).to_hex()
        };
        let of_periods: Vec<_> = (0..periods).map(of_period).collect();
        let mut recipes = Vec::with_capacity(periods);
        for period in 0..periods {
            let mut recipe = blake3::Hasher::new();
            recipe.update(format!("{:?}", facts.groups).as_bytes());
            for comparison in comparisons.iter().filter(|comparison| comparison.after.end == period + 1) {
                let before = bought_before[comparison.before.start];
                recipe.update(format!("\n{comparison:?} {before:032x}").as_bytes());
                for compared in comparison.spans().into_iter().flatten() {
                    recipe.update(of_periods[compared].as_bytes());
                }
            }
            recipes.push(recipe.finalize().to_string());
        }
        Ok(recipes)
    }
}

/// Place of `customer_bridge` among the tables.
const CUSTOMERS: usize = 2;

/// Room for the changes of all customers in these partitions.
fn changes(partitions: &[Partition], customers: usize, memory: &Memory) -> Changes {
    let mut partition_of = Vec::new();
    for (number, partition) in partitions.iter().enumerate() {
        partition_of.extend(partition.comparisons.clone().map(|_| number));
    }
    Changes::new(partition_of, partitions.len(), customers, memory)
}
