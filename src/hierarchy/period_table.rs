//! `customer_group_period`: what groups bring and cost in a period.

use super::level::Levels;
use super::measures::Measures;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Day;
use std::ops::Range;

/// Sums of consecutive groups in a period.
#[derive(Debug)]
pub(super) struct PeriodSums {
    pub(super) first_group: usize,
    /// By measure.
    pub(super) measures: Vec<Vec<i64>>,
    /// With a row of the period.
    pub(super) members: Vec<i64>,
    /// With a sale line in it.
    pub(super) active: Vec<i64>,
}

impl PeriodSums {
    /// Of no groups.
    pub(super) fn empty(measures: &Measures) -> Self {
        let measures = vec![Vec::new(); measures.all().len()];
        Self { first_group: 0, measures, members: Vec::new(), active: Vec::new() }
    }
}

/// The rows of those among the groups that have a member in the period.
pub(super) fn customer_group_period(
    levels: &Levels<'_>,
    (period, measures): (Day, &Measures),
    level: usize,
    sums: &PeriodSums,
    groups: Range<usize>,
) -> Sheet {
    let of_period = |group: &usize| sums.members[*group - sums.first_group] > 0;
    let rows: Vec<usize> = groups.filter(of_period).collect();
    let taken =
        |column: &[i64]| rows.iter().map(|group| column[*group - sums.first_group]).collect::<Vec<_>>();
    let grain = "level, group of customers and period";
    let mut draft = levels.format.draft("customer_group_period", grain, Some("period"), &rows);
    let meaning = "Level of the hierarchy: the attribute whose values the groups are";
    draft.name("level", meaning, |_| levels.names[level].as_str());
    let keys = &levels.memberships[level].keys;
    draft.text("group_key", "Group of that level, as in customer_group", |group| keys.key(*group));
    draft.day("period_start", "First day of the period", |_| period);
    let meaning =
        "Customers of the group who have a row in customer_period, a shared one in each of its groups";
    let members = Column::new("members", ColumnKind::Integer, "customers", meaning);
    draft.ready().fixed(members, taken(&sums.members));
    let meaning = "Those with a sale line in the period";
    let active = Column::new("active_members", ColumnKind::Integer, "customers", meaning);
    draft.ready().fixed(active, taken(&sums.active));
    for (measure, values) in measures.all().iter().zip(&sums.measures) {
        draft.ready().fixed(measure.column(levels.format), taken(values));
    }
    draft.finish()
}
