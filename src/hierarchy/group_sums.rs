//! What groups add up to: sums over members, their first and last purchases, their best and worst.

use super::gathered::{IS_ACTIVE, IS_ALONE, IS_RANKED, IS_SHARED, IS_UNVALUED, KEPT, Kept, NO_NEXT};
use super::measures::{CUSTOMER_PROFIT, Measures};
use crate::customers::grouped_rows::GroupedRows;
use crate::error::{Error, Result};
use crate::facts::schema::NO_INSTANT;
use rayon::prelude::*;
use std::ops::Range;

/// A column of a group besides measures, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    FirstOrderAt,
    LastOrderAt,
    Members,
    /// With a sale line.
    Active,
    /// With a sale line or a return line.
    Ranked,
    Shared,
    /// Of 1 each.
    Shares,
    /// Without a value of the attribute.
    Alone,
    AtALoss,
    /// Of those at a loss, above 0.
    Losses,
    Best,
    BestProfit,
    Worst,
    WorstProfit,
    /// With a sale line, and no residual value that is known.
    Unvalued,
    /// The group of the next level; [`NO_NEXT`] where members lie in several.
    Next,
}

/// How many they are.
const OWN: usize = 16;

/// Sums of consecutive groups: columns parallel to them.
#[derive(Debug)]
pub(super) struct GroupSums {
    /// By measure.
    pub(super) measures: Vec<Vec<i64>>,
    own: Vec<Vec<i64>>,
}

/// A group whose members lie in several groups of the next level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) group: usize,
    /// A member who shows it.
    pub(super) rank: u32,
    /// Two groups of the next level; one where the member is in several itself.
    pub(super) next: [i64; 2],
}

/// Sums while members are added.
struct Adding<'r> {
    measures: &'r Measures,
    /// By additive measure: what of it customer profit is.
    signs: Vec<i64>,
    additive: Vec<Vec<i64>>,
    own: Vec<Vec<i64>>,
    first_group: usize,
    split: Option<Split>,
    /// Groups that are split.
    splits: usize,
}

/// The sums of a partition of groups; with `has_next` also the first group that is split, and how many are.
///
/// # Errors
/// A sum beyond 18 digits, a disk that fails.
pub(super) fn sums_of(
    rows: &GroupedRows,
    (number, groups): (usize, Range<usize>),
    measures: &Measures,
    has_next: bool,
) -> Result<(GroupSums, Option<Split>, usize)> {
    let additive = measures.additive().count();
    let mut own = vec![vec![0; groups.len()]; OWN];
    own[Own::FirstOrderAt as usize].fill(NO_INSTANT);
    own[Own::LastOrderAt as usize].fill(NO_INSTANT);
    own[Own::Next as usize].fill(NO_NEXT);
    let mut adding = Adding {
        measures,
        signs: measures.signs_of_profit(),
        additive: vec![vec![0; groups.len()]; additive],
        own,
        first_group: groups.start,
        split: None,
        splits: 0,
    };
    rows.read(number, additive + KEPT, |places, columns| adding.add(places, columns, has_next))?;
    let Adding { measures, additive, own, split, splits, .. } = adding;
    let (additive, own) = (checked(additive)?, checked_losses(own)?);
    Ok((GroupSums { measures: measures.waterfall(additive)?, own }, split, splits))
}

/// Sums of at most 18 digits.
fn checked(columns: Vec<Vec<i64>>) -> Result<Vec<Vec<i64>>> {
    if columns.iter().all(|column| crate::units::Fixed18::holds(column)) {
        return Ok(columns);
    }
    Err(too_large())
}

/// The same of losses, which may be more than the profit of the group has digits.
fn checked_losses(own: Vec<Vec<i64>>) -> Result<Vec<Vec<i64>>> {
    let holds = crate::units::Fixed18::holds(&own[Own::Losses as usize]);
    holds.then_some(own).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::too_many_digits("hierarchy: a measure of a group")
}

impl Adding<'_> {
    fn add(&mut self, places: &[i64], columns: &[Vec<i64>], has_next: bool) -> Result<()> {
        let places: Vec<usize> =
            places.iter().map(|place| usize::try_from(*place).expect("a place")).collect();
        let (additive, kept) = columns.split_at(self.additive.len());
        let add = |(sums, values): (&mut Vec<i64>, &Vec<i64>)| {
            for (place, value) in places.iter().zip(values) {
                sums[*place] = sums[*place].checked_add(*value).ok_or_else(too_large)?;
            }
            Ok(())
        };
        self.additive.par_iter_mut().zip(additive).map(add).collect::<Result<()>>()?;
        for (row, place) in places.iter().enumerate() {
            let profit = self.signs.iter().zip(additive).map(|(sign, values)| sign * values[row]).sum();
            let kept = |column: Kept| kept[column as usize][row];
            self.add_member(*place, profit, &kept)?;
            if has_next {
                self.follow(*place, kept(Kept::Rank), kept(Kept::Next));
            }
        }
        Ok(())
    }

    fn add_member(&mut self, place: usize, profit: i64, kept: &dyn Fn(Kept) -> i64) -> Result<()> {
        let (flags, rank) = (kept(Kept::Flags), kept(Kept::Rank));
        let at_a_loss = i64::from(profit < 0);
        let counts = [
            (Own::Members, 1),
            (Own::Active, i64::from(flags & IS_ACTIVE != 0)),
            (Own::Ranked, i64::from(flags & IS_RANKED != 0)),
            (Own::Shared, i64::from(flags & IS_SHARED != 0)),
            (Own::Unvalued, i64::from(flags & IS_UNVALUED != 0)),
            (Own::Alone, i64::from(flags & IS_ALONE != 0)),
            (Own::Shares, kept(Kept::Share)),
            (Own::AtALoss, at_a_loss),
            (Own::Losses, -profit.min(0)),
        ];
        for (own, value) in counts {
            let sum = &mut self.own[own as usize][place];
            *sum = sum.checked_add(value).ok_or_else(too_large)?;
        }
        let is_first = self.own[Own::Members as usize][place] == 1;
        // Members come in the order of keys: of equal ones the first counts.
        for (member, best_profit, is_better) in [
            (Own::Best, Own::BestProfit, profit > self.own[Own::BestProfit as usize][place]),
            (Own::Worst, Own::WorstProfit, profit < self.own[Own::WorstProfit as usize][place]),
        ] {
            if is_first || is_better {
                self.own[best_profit as usize][place] = profit;
                self.own[member as usize][place] = rank;
            }
        }
        let (first, last) = (kept(Kept::FirstOrderAt), kept(Kept::LastOrderAt));
        if first != NO_INSTANT {
            let known = &mut self.own[Own::FirstOrderAt as usize][place];
            *known = if *known == NO_INSTANT { first } else { first.min(*known) };
            let known = &mut self.own[Own::LastOrderAt as usize][place];
            *known = if *known == NO_INSTANT { last } else { last.max(*known) };
        }
        Ok(())
    }

    /// Whether the members so far lie in one group of the next level.
    fn follow(&mut self, place: usize, rank: i64, next: i64) {
        let is_first = self.own[Own::Members as usize][place] == 1;
        let known = self.own[Own::Next as usize][place];
        let is_split = if is_first { next == NO_NEXT } else { known != NO_NEXT && next != known };
        if is_first || is_split {
            self.own[Own::Next as usize][place] = if is_split { NO_NEXT } else { next };
        }
        if is_split {
            self.splits += 1;
            let group = self.first_group + place;
            if self.split.is_none_or(|split| group < split.group) {
                let rank = u32::try_from(rank).expect("a rank");
                self.split = Some(Split { group, rank, next: [known, next] });
            }
        }
    }
}

impl GroupSums {
    /// A column besides measures.
    pub(super) fn own(&self, own: Own) -> &[i64] {
        &self.own[own as usize]
    }

    /// All columns of some of the groups, measures first: what [`GroupSums::of_columns`] makes sums of.
    pub(super) fn columns(&self, places: Range<usize>) -> impl Iterator<Item = &[i64]> {
        self.measures.iter().chain(&self.own).map(move |column| &column[places.clone()])
    }

    /// From columns that were kept.
    ///
    /// # Errors
    /// What `column` returns.
    pub(super) fn of_columns(
        measures: &Measures,
        column: impl Fn(usize) -> Result<Vec<i64>>,
    ) -> Result<Self> {
        let of_measures = measures.all().len();
        let mut columns = (0..of_measures + OWN).map(column).collect::<Result<Vec<_>>>()?;
        let own = columns.split_off(of_measures);
        Ok(Self { measures: columns, own })
    }

    /// Sums of no groups.
    pub(super) fn empty(measures: &Measures) -> Self {
        Self { measures: vec![Vec::new(); measures.all().len()], own: vec![Vec::new(); OWN] }
    }

    /// Customer profit of the groups.
    pub(super) fn profit(&self, measures: &Measures) -> &[i64] {
        &self.measures[measures.place(CUSTOMER_PROFIT).expect("every run has customer profit")]
    }
}
