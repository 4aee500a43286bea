//! One level: its members are gathered, its groups summed up, ranked and written.

use super::customer_reader::CustomerTables;
use super::gathered::{Gathered, Gathering};
use super::group_sums::{GroupSums, Own, Split, sums_of};
use super::group_table::{GroupTable, customer_group};
use super::measures::Measures;
use super::nesting::Nesting;
use super::tiers::{TierSums, Tiers, measure_of};
use crate::customers::membership::Membership;
use crate::customers::ranking::Ranking;
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::memory::{Memory, Scratch};
use crate::pipeline::{Definition, PyramidDef};
use crate::profitability::schema::{WhaleCurve, rank};
use crate::publish::{TableFormat, TableWriter};
use arrow::array::ArrayRef;
use std::ops::Range;

/// What all levels share.
pub(super) struct Levels<'r> {
    pub(super) definition: &'r Definition,
    pub(super) format: TableFormat<'r>,
    pub(super) customers: &'r Customers,
    pub(super) measures: &'r Measures,
    pub(super) tables: &'r CustomerTables,
    pub(super) names: &'r [String],
    /// Attributes, by level and rank.
    pub(super) values: Vec<&'r ArrayRef>,
    pub(super) memberships: Vec<Membership>,
    pub(super) is_nested: bool,
    pub(super) memory: &'r Memory,
}

/// What is said of a level as a whole.
pub(super) struct Level<'r> {
    pub(super) name: &'r str,
    pub(super) counts: Counts,
    pub(super) curve: WhaleCurve,
    pub(super) pyramid: Option<(usize, Tiers<'r>)>,
    /// By measure: of all customers, and of all groups.
    pub(super) totals: [Vec<i128>; 2],
}

/// Counts and sums over the groups of a level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) groups: usize,
    /// Customers who are a group of their own.
    pub(super) alone: i128,
    pub(super) members: i128,
    /// Members who are in other groups too.
    pub(super) shared: i128,
    /// Of 1 each: as many as customers.
    pub(super) shares: i128,
    /// Profitable groups that have members at a loss, and what these lose.
    pub(super) hiding: usize,
    pub(super) hidden_losses: i128,
    /// Profit of groups in which nobody bought or returned.
    pub(super) prospect_profit: i128,
    pub(super) unidentified_profit: i128,
}

/// A level while its groups are summed up.
struct Summing<'r> {
    kept: Scratch,
    by_profit: Ranking,
    /// By the pyramid's measure.
    by_measure: Option<(&'r PyramidDef, usize, Ranking)>,
    counts: Counts,
    totals: Vec<i128>,
    split: Option<Split>,
    splits: usize,
}

impl<'r> Levels<'r> {
    /// Writes the groups of a level.
    ///
    /// # Errors
    /// Groups that are split where levels are nested; sums beyond 18 digits; groups that do not add up to the customers; a failed
    /// write.
    pub(super) fn write(&'r self, number: usize, writer: &mut TableWriter) -> Result<Level<'r>> {
        let membership = &self.memberships[number];
        let next = self.memberships.get(number + 1);
        let gathering = Gathering {
            customers: self.customers,
            measures: self.measures,
            values: self.values[number],
            membership,
            next,
        };
        let gathered = gathering.gather(self.tables, self.memory)?;
        let of_customers = gathered.totals.clone();
        let Summing { kept, by_profit, by_measure, counts, totals, split, splits } =
            self.sum(gathered, membership, next.is_some())?;
        if let Some(next) = next.filter(|_| self.is_nested) {
            let levels = [&self.names[number], &self.names[number + 1]].map(String::as_str);
            let (definition, customers) = (self.definition, self.customers);
            Nesting { definition, customers, levels, memberships: [membership, next] }
                .check(split, splits)?;
        }
        let name = &self.names[number];
        self.close(name, &of_customers, &totals)?;
        let (standing, curve) = rank(self.definition, self.format.money_scale, by_profit)?;
        let pyramid = by_measure
            .map(|(pyramid, measure, ranking)| Tiers::new(pyramid, ranking).map(|tiers| (measure, tiers)));
        let mut pyramid = pyramid.transpose()?;
        let tiers = pyramid.as_ref().map(|(_, tiers)| tiers);
        let table = GroupTable {
            format: self.format,
            level: name,
            customers: self.customers,
            measures: self.measures,
            membership,
            next,
            standing: &standing,
            tiers,
            profit: curve.total(),
        };
        let tier_sums = self.write_groups(&kept, &table, writer)?;
        if let Some((_, tiers)) = &mut pyramid {
            tiers.add(&tier_sums);
        }
        Ok(Level { name, counts, curve, pyramid, totals: [of_customers, totals] })
    }

    /// Sums up members, one partition of groups after another.
    fn sum(&self, gathered: Gathered, membership: &Membership, has_next: bool) -> Result<Summing<'r>> {
        let groups = membership.len();
        let pyramid = self.definition.segments.as_ref().map(|segments| &segments.pyramid);
        let ranking = || Ranking::new(groups, self.memory);
        let mut summing = Summing {
            kept: Scratch::new(slices::slices(0..groups).count(), self.memory),
            by_profit: ranking(),
            by_measure: pyramid.map(|pyramid| (pyramid, measure_of(pyramid, self.measures), ranking())),
            counts: Counts { groups, ..Counts::default() },
            totals: vec![0; self.measures.all().len()],
            split: None,
            splits: 0,
        };
        let unidentified = u32::try_from(self.customers.keys.len()).expect("ranks fit 32 bits");
        let unidentified =
            self.customers.has_unidentified.then(|| membership.only_group(unidentified)).flatten();
        for partition in gathered.rows.partitions().enumerate() {
            let groups = partition.1.clone();
            let (sums, split, splits) = sums_of(&gathered.rows, partition, self.measures, has_next)?;
            for slice in slices::slices(groups.clone()) {
                let places = slice.start - groups.start..slice.end - groups.start;
                summing.kept.keep(slice.start / SLICE_CUSTOMERS, sums.columns(places))?;
            }
            summing.split = summing.split.or(split);
            summing.splits += splits;
            summing.add(self.measures, &sums, groups, unidentified)?;
        }
        Ok(summing)
    }

    /// Holds what groups add up to against what customers have.
    fn close(&self, level: &str, customers: &[i128], groups: &[i128]) -> Result<()> {
        for ((measure, of_customers), of_groups) in self.measures.all().iter().zip(customers).zip(groups) {
            if of_customers != of_groups {
                return Err(Error::internal(format!(
                    "hierarchy: '{}' of the groups of level '{level}' adds up to {of_groups}, that of customers to {of_customers}",
                    measure.name
                )));
            }
        }
        Ok(())
    }

    /// Gives sums by tier.
    fn write_groups(
        &self,
        kept: &Scratch,
        table: &GroupTable<'_>,
        writer: &mut TableWriter,
    ) -> Result<Vec<TierSums>> {
        let mut tier_sums: Vec<TierSums> =
            vec![TierSums::default(); table.tiers.map_or(0, |tiers| tiers.layers.len())];
        let make = |groups: Range<usize>| {
            let slice = groups.start / SLICE_CUSTOMERS;
            let sums = GroupSums::of_columns(self.measures, |column| kept.column(slice, column))?;
            let of_tiers = table.tiers.map(|tiers| tiers.sums(self.measures, &sums, groups.clone()));
            Ok((customer_group(table, &sums, groups).arrays, of_tiers.unwrap_or_default()))
        };
        slices::in_order(0..table.membership.len(), make, |(arrays, of_tiers)| {
            for (sum, more) in tier_sums.iter_mut().zip(&of_tiers) {
                sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            writer.write(arrays)
        })?;
        Ok(tier_sums)
    }
}

impl Summing<'_> {
    fn add(
        &mut self,
        measures: &Measures,
        sums: &GroupSums,
        groups: Range<usize>,
        unidentified: Option<u32>,
    ) -> Result<()> {
        let total = |column: &[i64]| column.iter().map(|value| i128::from(*value)).sum::<i128>();
        for (sum, column) in self.totals.iter_mut().zip(&sums.measures) {
            *sum += total(column);
        }
        let counts = &mut self.counts;
        counts.alone += total(sums.own(Own::Alone));
        counts.members += total(sums.own(Own::Members));
        counts.shared += total(sums.own(Own::Shared));
        counts.shares += total(sums.own(Own::Shares));
        for (row, (group, profit)) in groups.zip(sums.profit(measures)).enumerate() {
            let group = u32::try_from(group).expect("groups fit 32 bits");
            if Some(group) == unidentified {
                counts.unidentified_profit += i128::from(*profit);
                continue;
            }
            let losses = sums.own(Own::Losses)[row];
            if *profit > 0 && losses > 0 {
                counts.hiding += 1;
                counts.hidden_losses += i128::from(losses);
            }
            match sums.own(Own::Ranked)[row] {
                0 => counts.prospect_profit += i128::from(*profit),
                _ => self.by_profit.add(group, *profit)?,
            }
            if let Some((_, measure, ranking)) =
                self.by_measure.as_mut().filter(|_| sums.own(Own::Active)[row] > 0)
            {
                ranking.add(group, sums.measures[*measure][row])?;
            }
        }
        Ok(())
    }
}
