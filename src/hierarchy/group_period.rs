//! The walk over periods: every period's rows of `customer_period` are read once, block by block of customers, and added up by
//! group of every level.

use super::customer_reader::BLOCK;
use super::divided::{PeriodBlock, Running};
use super::level::Levels;
use super::measures::{LINES, Measures};
use super::period_table::{PeriodSums, customer_group_period};
use crate::customers::grouped_rows::GroupedRows;
use crate::customers::keyed_rows::KeyedRows;
use crate::customers::membership::{Member, Membership};
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::memory::Scratch;
use crate::publish::read::{Integers, PublishedReader, Wanted};
use crate::publish::{StageTables, TableWriter, WrittenPartition};
use crate::units::Day;
use rayon::prelude::*;
use std::ops::Range;

const CUSTOMER_PERIOD: &str = "customer_period";

/// A period to be read.
struct PeriodOfGroups<'p> {
    partition: &'p WrittenPartition,
    reader: PublishedReader,
    /// What its rows follow from; none of a partition that was taken over.
    recipe: Option<String>,
}

/// What is made of a period while it is read.
struct Filling<'p> {
    /// Of what customers shared among groups brought up to the period before.
    before: Option<&'p Scratch>,
    after: Option<&'p Scratch>,
    /// By level; none of a period that is read for the sums of shared customers alone.
    rows: &'p [GroupedRows],
}

impl Levels<'_> {
    /// Writes what groups bring and cost in every period that is not as it was.
    ///
    /// # Errors
    /// Sums beyond 18 digits, groups that do not add up to the customers, a failed read or write.
    pub(super) fn write_periods(&self, tables: StageTables<'_>) -> Result<()> {
        let partitions = tables.partitions(CUSTOMER_PERIOD);
        let Some(first) = partitions.first() else { return Ok(()) };
        let first = PublishedReader::open(std::slice::from_ref(&first.path))?;
        let measures = Measures::new(|name| first.has(name));
        let all = 0..self.customers.len();
        let has_shared =
            self.memberships.iter().any(|level| level.shared_among(all.clone()).next().is_some());
        let mut periods = Vec::with_capacity(partitions.len());
        let mut earlier = blake3::Hasher::new();
        for partition in &partitions {
            let reader = PublishedReader::open(std::slice::from_ref(&partition.path))?;
            let earlier_digest = if has_shared { earlier.finalize().to_string() } else { String::new() };
            let recipe = format!("{} {} {earlier_digest}", partition.digest, self.belonging(&reader)?);
            let sheet = self.empty_period(&measures, partition)?;
            let is_taken_over = tables.reuse(&sheet.spec, Some(&partition.key), &recipe)?;
            earlier.update(partition.digest.as_bytes());
            periods.push(PeriodOfGroups { partition, reader, recipe: (!is_taken_over).then_some(recipe) });
        }
        let made = periods.iter().rposition(|period| period.recipe.is_some()).map_or(0, |last| last + 1);
        let mut before: Option<Scratch> = None;
        for period in &periods[..made] {
            let blocks = self.customers.len().div_ceil(BLOCK);
            let after = has_shared.then(|| Scratch::new(blocks, self.memory));
            let (before_it, after_it) = (before.as_ref(), after.as_ref());
            match &period.recipe {
                Some(recipe) => {
                    let spec = self.empty_period(&measures, period.partition)?.spec;
                    let writer = tables.table(&spec, Some(&period.partition.key))?.with_recipe(recipe);
                    self.write_period(period, &measures, [before_it, after_it], writer)?;
                }
                None if has_shared => {
                    let filling = Filling { before: before_it, after: after_it, rows: &[] };
                    self.read_period(period, &measures, &filling)?;
                }
                None => {}
            }
            before = after;
        }
        Ok(())
    }

    /// A digest of the groups of every row's customer.
    fn belonging(&self, reader: &PublishedReader) -> Result<String> {
        let mut rows = KeyedRows::open(self.customers, CUSTOMER_PERIOD, reader, &[])?;
        let mut hasher = blake3::Hasher::new();
        for name in self.names {
            hasher.update(format!("{name}\0").as_bytes());
        }
        for first in (0..self.customers.len()).step_by(BLOCK) {
            let ranks = rows.next(first..self.customers.len().min(first + BLOCK))?.ranks;
            for membership in &self.memberships {
                for member in membership.members_of(ranks.iter().copied()) {
                    let key = membership.keys.key(member.group as usize);
                    hasher.update(&(key.len() as u64).to_le_bytes()).update(key.as_bytes());
                    if member.is_shared {
                        hasher.update(format!("{:?}", member.part).as_bytes());
                    }
                }
            }
        }
        Ok(hasher.finalize().to_string())
    }

    fn write_period(
        &self,
        period: &PeriodOfGroups<'_>,
        measures: &Measures,
        [before, after]: [Option<&Scratch>; 2],
        mut writer: TableWriter,
    ) -> Result<()> {
        let blocks = self.customers.len().div_ceil(BLOCK);
        let rows = self.memberships.iter().map(|level| GroupedRows::new(level.len(), blocks, self.memory));
        let rows: Vec<GroupedRows> = rows.collect();
        let of_customers = self.read_period(period, measures, &Filling { before, after, rows: &rows })?;
        let day = day_of(period.partition)?;
        for (level, rows) in rows.iter().enumerate() {
            let mut totals = vec![0; measures.all().len()];
            for (number, groups) in rows.partitions().enumerate() {
                let sums = sums_of(rows, number, groups.clone(), measures)?;
                for (total, column) in totals.iter_mut().zip(&sums.measures) {
                    *total += column.iter().map(|value| i128::from(*value)).sum::<i128>();
                }
                let make = |groups: Range<usize>| {
                    Ok(customer_group_period(self, (day, measures), level, &sums, groups).arrays)
                };
                slices::in_order(groups, make, |arrays| writer.write(arrays))?;
            }
            self.close_period(&period.partition.key, level, measures, [&of_customers, &totals])?;
        }
        writer.finish()
    }

    /// Reads all rows of a period once; gives sums by measure.
    fn read_period(
        &self,
        period: &PeriodOfGroups<'_>,
        measures: &Measures,
        filling: &Filling<'_>,
    ) -> Result<Vec<i128>> {
        let asked: Vec<(&str, Wanted)> =
            measures.all().iter().map(|measure| (measure.name, Wanted::Values)).collect();
        let mut rows = KeyedRows::open(self.customers, CUSTOMER_PERIOD, &period.reader, &asked)?;
        let mut totals = vec![0; measures.all().len()];
        for (number, first) in (0..self.customers.len()).step_by(BLOCK).enumerate() {
            let ranks = first..self.customers.len().min(first + BLOCK);
            let read = rows.next(ranks.clone())?;
            let count = read.ranks.len();
            let columns = read.columns.par_iter().map(|column| {
                let column = Integers::of(column)?;
                Ok((0..count).map(|row| column.or_zero(row)).collect::<Vec<i64>>())
            });
            let columns = columns.collect::<Result<Vec<_>>>()?;
            for (total, column) in totals.iter_mut().zip(&columns) {
                *total += column.iter().map(|value| i128::from(*value)).sum::<i128>();
            }
            let lines = columns[measures.place(LINES).expect("every run has lines")].clone();
            let is_additive = |place: usize| measures.additive().any(|(additive, _)| additive == place);
            let additive = columns.into_iter().enumerate().filter(|(place, _)| is_additive(*place));
            let values = additive.map(|(_, column)| column).collect();
            let block = PeriodBlock { ranks: read.ranks, values };
            let kept = filling.before.map(|scratch| (scratch, number));
            let running = Running::new(self, ranks, kept, &block)?;
            if let Some(after) = filling.after {
                running.keep(after, number)?;
            }
            for (membership, rows) in self.memberships.iter().zip(filling.rows) {
                let members = members_of(membership, &block.ranks);
                let groups: Vec<u32> = members.iter().map(|(_, member)| member.group).collect();
                let parts = block.values.par_iter().enumerate();
                let parts = parts.map(|(measure, values)| running.parts(measure, values, &members));
                let mut columns: Vec<Vec<i64>> = parts.collect();
                columns.push(members.iter().map(|(row, _)| i64::from(lines[*row] > 0)).collect());
                rows.keep(number, &groups, &columns)?;
            }
        }
        Ok(totals)
    }

    /// Holds what groups add up to against the customers of the period.
    fn close_period(
        &self,
        period: &str,
        level: usize,
        measures: &Measures,
        [customers, groups]: [&[i128]; 2],
    ) -> Result<()> {
        for ((measure, of_customers), of_groups) in measures.all().iter().zip(customers).zip(groups) {
            if of_customers != of_groups {
                let (name, level) = (measure.name, &self.names[level]);
                return Err(Error::internal(format!(
                    "hierarchy: '{name}' of the groups of level '{level}' in {period} adds up to {of_groups}, that of customers to \
                     {of_customers}"
                )));
            }
        }
        Ok(())
    }

    fn empty_period(
        &self,
        measures: &Measures,
        partition: &WrittenPartition,
    ) -> Result<crate::publish::schema::Sheet> {
        let period = (day_of(partition)?, measures);
        Ok(customer_group_period(self, period, 0, &PeriodSums::empty(measures), 0..0))
    }
}

fn day_of(partition: &WrittenPartition) -> Result<Day> {
    let day = partition.key.parse();
    day.map_err(|_| Error::internal(format!("customer_period has a partition '{}'", partition.key)))
}

/// The members of these rows' customers, each with its row.
fn members_of(membership: &Membership, ranks: &[u32]) -> Vec<(usize, Member)> {
    let mut row = 0;
    let members = membership.members_of(ranks.iter().copied()).into_iter().map(|member| {
        while ranks[row] < member.rank {
            row += 1;
        }
        (row, member)
    });
    members.collect()
}

/// The sums of a partition of groups.
fn sums_of(
    rows: &GroupedRows,
    number: usize,
    groups: Range<usize>,
    measures: &Measures,
) -> Result<PeriodSums> {
    let additive_count = measures.additive().count();
    let mut additive = vec![vec![0_i64; groups.len()]; additive_count];
    let (mut members, mut active) = (vec![0; groups.len()], vec![0; groups.len()]);
    rows.read(number, additive_count + 1, |places, columns| {
        let places: Vec<usize> =
            places.iter().map(|place| usize::try_from(*place).expect("a place")).collect();
        let add = |(sums, values): (&mut Vec<i64>, &Vec<i64>)| {
            for (place, value) in places.iter().zip(values) {
                sums[*place] = sums[*place].checked_add(*value).ok_or_else(too_large)?;
            }
            Ok(())
        };
        additive.par_iter_mut().zip(columns).map(add).collect::<Result<()>>()?;
        for (place, is_active) in places.iter().zip(&columns[additive_count]) {
            members[*place] += 1;
            active[*place] += is_active;
        }
        Ok(())
    })?;
    if !additive.iter().all(|column| crate::units::Fixed18::holds(column)) {
        return Err(too_large());
    }
    Ok(PeriodSums { first_group: groups.start, measures: measures.waterfall(additive)?, members, active })
}

fn too_large() -> Error {
    Error::too_many_digits("hierarchy: a measure of a group in a period")
}
