//! What a group of customers is worth, and by whom: its members with their shares and parts, its waterfall, its place, and what it
//! brought period by period.
//!
//! Numbers are those of the release. Who belongs to the group follows from the customers source and the shares, and the parts of
//! its members must add up to what was published of it.

use super::customer::Step;
use super::exact::Exact;
use super::group_members::{GroupMembers, MemberWalk};
use crate::customers::membership::Membership;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::hierarchy::schema::{CustomerTables, Measures, RESIDUAL_VALUE, memberships};
use crate::hierarchy::{self, SharedCustomers};
use crate::memory::MemoryBudget;
use crate::pipeline::{Definition, HierarchyDef, did_you_mean};
use crate::publish::read::{Cursor, Integers, PublishedReader, Wanted};
use crate::publish::{Home, Release};
use crate::recall::Recalled;
use arrow::array::{Array, ArrayRef, AsArray};
use rayon::prelude::*;
use serde::Serialize;
use std::path::PathBuf;

/// Rows of a published table that are passed over at a time.
const ROWS: usize = 1 << 17;

/// Groups among which one with nearly the asked key is looked for.
const COMPARED: usize = 100_000;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct GroupQuestion<'q> {
    /// Key of the group, as in `customer_group`.
    pub key: &'q str,
    /// Its level; may be left out where one level alone has the key.
    pub level: Option<&'q str>,
    /// How many members are named.
    pub top: usize,
}

/// One group, explained. Amounts are exact decimal texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupExplanation {
    /// Its level.
    pub level: String,
    /// Its key.
    pub group: String,
    /// Of every amount.
    pub currency: String,
    /// Exclusive end of the history.
    pub as_of: String,
    /// Among the groups of its level.
    pub place: GroupPlace,
    /// Over life, as in `customer_group`.
    pub waterfall: Vec<Step>,
    /// What its members are still going to bring; none where that is not known.
    pub residual_value: Option<Exact>,
    /// By customer profit; their parts add up to the waterfall.
    pub members: GroupMembers,
    /// Periods in which members have facts, as in `customer_group_period`; none where that is not published.
    pub periods: Vec<GroupPeriod>,
}

/// Where a group lies among those of its level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupPlace {
    /// By customer profit, 1 the best; none where nobody bought or returned.
    pub rank_profit: Option<i64>,
    /// Groups that have a place.
    pub ranked_groups: i64,
    /// `high profit`, `profit`, `break-even` or `loss`.
    pub profit_class: Option<String>,
    /// Of the pyramid of the level.
    pub tier: Option<String>,
    /// The next level, where there is one.
    pub next_level: Option<String>,
    /// The group of it that all members lie in.
    pub next_group: Option<String>,
}

/// One period of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupPeriod {
    /// First day.
    pub period_start: String,
    /// Customers of the group with facts.
    pub members: i64,
    /// Those with a sale line.
    pub active_members: i64,
    /// The period's waterfall.
    pub waterfall: Vec<Step>,
}

/// Explains one group of the current release.
///
/// # Errors
/// No `[hierarchy]`, an unknown level or group, a key that several levels have; sources that have changed since the release.
pub fn group(
    definition: &Definition,
    recalled: &mut Recalled,
    question: &GroupQuestion<'_>,
) -> Result<GroupExplanation> {
    let Some(def) = &definition.hierarchy else {
        return Err(Error::definition(format!(
            "{}: groups come with [hierarchy], which the pipeline does not have; add it and run",
            definition.path.display()
        )));
    };
    let shared = hierarchy::read(definition, recalled.facts_mut())?;
    let home = Home::open(&definition.publish.path)?;
    let release = home.published()?;
    let asked = Asked::new(definition, def, recalled.facts(), &shared, (home, release))?;
    let (level, group) = asked.find(question)?;
    asked.explain(level, group, question.top)
}

/// The groups of a release.
struct Asked<'r> {
    definition: &'r Definition,
    def: &'r HierarchyDef,
    facts: &'r FactSet,
    memberships: Vec<Membership>,
    tables: CustomerTables,
    home: Home,
    release: Release,
}

impl<'r> Asked<'r> {
    fn new(
        definition: &'r Definition,
        def: &'r HierarchyDef,
        facts: &'r FactSet,
        shared: &SharedCustomers,
        (home, release): (Home, Release),
    ) -> Result<Self> {
        let memberships = memberships(definition, facts, shared, &MemoryBudget::unlimited())?;
        let as_of = facts.as_of.to_string();
        let of_date = |table| files(&home, &release, table, Some(&as_of));
        let tables = CustomerTables::of_files(["customer", "customer_value"].map(of_date))?;
        Ok(Self { definition, def, facts, memberships, tables, home, release })
    }

    /// Level and group that are asked about.
    fn find(&self, question: &GroupQuestion<'_>) -> Result<(usize, usize)> {
        let (levels, key) = (&self.def.levels, question.key);
        let named = |name: &str| {
            levels.iter().position(|level| level == name).ok_or_else(|| {
                let known = || format!("known are '{}'", levels.join("', '"));
                let way_out = did_you_mean(name, levels.iter().map(String::as_str), known);
                Error::definition(format!("unknown level '{name}'; {way_out}"))
            })
        };
        let among = match question.level {
            Some(name) => {
                let level = named(name)?;
                level..level + 1
            }
            None => 0..levels.len(),
        };
        let found = |level: usize| Some((level, self.memberships[level].keys.find(key)?));
        let found: Vec<(usize, usize)> = among.clone().filter_map(found).collect();
        match found[..] {
            [found] => Ok(found),
            [] => {
                let elsewhere =
                    (0..levels.len()).find(|level| self.memberships[*level].keys.find(key).is_some());
                if let Some(level) = elsewhere {
                    let (level, asked) = (&levels[level], &levels[among.start]);
                    let message = format!("'{key}' is no group of the level '{asked}' but one of '{level}'");
                    return Err(Error::definition(message));
                }
                let groups = among.clone().map(|level| &self.memberships[level].keys);
                let count: usize = groups.clone().map(|keys| keys.len()).sum();
                let near = groups.filter(|_| count <= COMPARED);
                let near = near.flat_map(|keys| (0..keys.len()).map(|group| keys.key(group)));
                let of = levels[among].join("', '");
                let way_out = did_you_mean(key, near, || {
                    format!(
                        "customer_group lists the {count} groups of the level '{of}', those of one customer in parentheses"
                    )
                });
                Err(Error::definition(format!("unknown group '{key}'; {way_out}")))
            }
            _ => {
                let of: Vec<&str> = found.iter().map(|(level, _)| levels[*level].as_str()).collect();
                Err(Error::definition(format!(
                    "'{key}' is a group of the levels '{}'; say which with --level",
                    of.join("', '")
                )))
            }
        }
    }

    fn explain(&self, level: usize, group: usize, top: usize) -> Result<GroupExplanation> {
        let measures = self.tables.measures();
        let row = self.published(level, group, &measures)?;
        let walk = MemberWalk {
            facts: self.facts,
            tables: &self.tables,
            measures: &measures,
            membership: &self.memberships[level],
            group,
        };
        let (members, sums) = walk.walk(top)?;
        if sums != row.sums {
            return Err(self.changed());
        }
        let (name, key) = (&self.def.levels[level], self.memberships[level].keys.key(group));
        let next_level = self.def.levels.get(level + 1).cloned();
        Ok(GroupExplanation {
            level: name.clone(),
            group: key.to_owned(),
            currency: self.definition.facts.currency.clone(),
            as_of: self.facts.as_of.to_string(),
            place: GroupPlace {
                rank_profit: row.rank_profit,
                ranked_groups: self.ranked_groups(name)?,
                profit_class: row.profit_class,
                tier: row.tier,
                next_group: row.next_group,
                next_level,
            },
            waterfall: self.steps(&measures, &row.sums),
            residual_value: row.residual_value.map(|value| Exact::new(value, self.facts.money_scale)),
            members,
            periods: self.periods(name, key)?,
        })
    }

    fn changed(&self) -> Error {
        Error::check(format!(
            "the customers source or [hierarchy.shared] has changed since release {}: members do not add up to their group; make one \
             with `abacus run` first",
            self.release.id
        ))
    }

    fn steps(&self, measures: &Measures, values: &[i64]) -> Vec<Step> {
        let format = crate::publish::TableFormat::new(&self.definition.facts, self.facts.as_of);
        let measured = measures.all().iter().zip(values).filter(|(measure, _)| !measure.is_value());
        let step = |(measure, value): (&crate::hierarchy::schema::Measure, &i64)| Step {
            step: measure.name.to_owned(),
            amount: Exact::new(*value, measure.scale(format).unwrap_or(0)),
        };
        measured.map(step).collect()
    }

    /// The group's row of `customer_group`: levels one after another, groups by key.
    fn published(&self, level: usize, group: usize, measures: &Measures) -> Result<GroupRow> {
        let files = files(&self.home, &self.release, "customer_group", None);
        let reader = PublishedReader::open(&files)?;
        let before: usize = self.memberships[..level].iter().map(Membership::len).sum();
        if reader.rows() != self.memberships.iter().map(Membership::len).sum::<usize>() {
            return Err(self.changed());
        }
        let texts = ["group_key", "next_group_key", "profit_class", "tier"];
        let mut asked: Vec<(&str, Wanted)> = texts.iter().map(|name| (*name, Wanted::Values)).collect();
        asked.push(("rank_profit", Wanted::Values));
        asked.extend(measures.all().iter().map(|measure| (measure.name, Wanted::Values)));
        let mut cursor = reader.cursor(&asked)?;
        pass_over(&mut cursor, before + group)?;
        let columns = cursor.next(1)?;
        let [key, next_group, profit_class, tier] = [0, 1, 2, 3].map(|place| text(&columns[place], 0));
        if key.as_deref() != Some(self.memberships[level].keys.key(group)) {
            return Err(self.changed());
        }
        let values = columns[4..].iter().map(|column| Ok(Integers::of(column)?.get(0)));
        let mut values = values.collect::<Result<Vec<_>>>()?;
        let rank_profit = values.remove(0);
        let residual_value = measures.place(RESIDUAL_VALUE).and_then(|place| values[place]);
        // An unknown value is the sum of nothing that could be compared.
        let sums = measures.all().iter().zip(&values);
        let sums = sums.map(|(measure, value)| if measure.is_value() { 0 } else { value.unwrap_or(0) });
        let sums = sums.collect();
        Ok(GroupRow { next_group, profit_class, tier, rank_profit, residual_value, sums })
    }

    fn ranked_groups(&self, level: &str) -> Result<i64> {
        let files = files(&self.home, &self.release, "customer_group_summary", None);
        let reader = PublishedReader::open(&files)?;
        let mut cursor = reader.cursor(&[("level", Wanted::Values), ("ranked_groups", Wanted::Values)])?;
        let rows = reader.rows();
        let columns = cursor.next(rows)?;
        let found = (0..rows).find(|row| text(&columns[0], *row).as_deref() == Some(level));
        let counts = Integers::of(&columns[1])?;
        Ok(found.map_or(0, |row| counts.or_zero(row)))
    }

    fn periods(&self, level: &str, key: &str) -> Result<Vec<GroupPeriod>> {
        let files = self.release.files("customer_group_period");
        let found = files.par_iter().map(|file| {
            let reader = PublishedReader::open(&[self.home.path().join(&file.path)])?;
            let measures = Measures::new(|name| reader.has(name));
            let Some(row) = row_of(&reader, level, key)? else { return Ok(None) };
            let counts = ["members", "active_members"].into_iter();
            let asked = counts.chain(measures.all().iter().map(|measure| measure.name));
            let asked: Vec<(&str, Wanted)> = asked.map(|name| (name, Wanted::Values)).collect();
            let mut cursor = reader.cursor(&asked)?;
            pass_over(&mut cursor, row)?;
            let values = cursor.next(1)?;
            let values = values.iter().map(|column| Ok(Integers::of(column)?.or_zero(0)));
            let values = values.collect::<Result<Vec<i64>>>()?;
            Ok(Some(GroupPeriod {
                period_start: file.partition.clone().unwrap_or_default(),
                members: values[0],
                active_members: values[1],
                waterfall: self.steps(&measures, &values[2..]),
            }))
        });
        found.collect::<Vec<Result<_>>>().into_iter().filter_map(Result::transpose).collect()
    }
}

/// What is published of a group.
struct GroupRow {
    next_group: Option<String>,
    profit_class: Option<String>,
    tier: Option<String>,
    rank_profit: Option<i64>,
    residual_value: Option<i64>,
    /// By measure; 0 of residual value.
    sums: Vec<i64>,
}

/// The files of a table, of one date where one is given.
fn files(home: &Home, release: &Release, table: &str, date: Option<&str>) -> Vec<PathBuf> {
    let files =
        release.files(table).iter().filter(|file| date.is_none() || file.partition.as_deref() == date);
    files.map(|file| home.path().join(&file.path)).collect()
}

fn pass_over(cursor: &mut Cursor<'_>, mut rows: usize) -> Result<()> {
    while rows > 0 {
        let step = rows.min(ROWS);
        cursor.next(step)?;
        rows -= step;
    }
    Ok(())
}

/// The row of a level and group.
fn row_of(reader: &PublishedReader, level: &str, key: &str) -> Result<Option<usize>> {
    let mut cursor = reader.cursor(&[("level", Wanted::Values), ("group_key", Wanted::Values)])?;
    let mut before = 0;
    while cursor.rows_left() > 0 {
        let columns = cursor.next(ROWS)?;
        let [levels, keys] = [0, 1].map(|place| columns[place].as_string::<i32>());
        let is_it = |row: &usize| keys.value(*row) == key && levels.value(*row) == level;
        if let Some(row) = (0..keys.len()).find(is_it) {
            return Ok(Some(before + row));
        }
        before += keys.len();
    }
    Ok(None)
}

fn text(column: &ArrayRef, row: usize) -> Option<String> {
    let column = column.as_string::<i32>();
    column.is_valid(row).then(|| column.value(row).to_owned())
}
