//! Reads `[programme]`: movements of points, partitioned by slice of customers and kept packed.

use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::{Error, Result};
use crate::facts::{FactSet, Holds, Numbers, RowColumn, RowRule, RowSource, SourceView, Values, check_rows};
use crate::memory::{Memory, Scratch};
use crate::pipeline::{Definition, KeyType, ProgrammeDef, Scalar};
use crate::units::format_fixed;
use rayon::prelude::*;
use std::ops::Range;

/// What happens to points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Earned,
    Redeemed,
    Expired,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Earned, Kind::Redeemed, Kind::Expired];

    fn word(self) -> &'static str {
        match self {
            Kind::Earned => "earned",
            Kind::Redeemed => "redeemed",
            Kind::Expired => "expired",
        }
    }
}

/// A movement of points of one customer. Of one day, points are earned first and expire last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Movement {
    pub(super) who: u32,
    pub(super) day: i32,
    pub(super) kind: Kind,
    pub(super) points: i64,
    /// What was paid for what earned them, at `money_scale`.
    pub(super) paid: i64,
    /// What redeeming them cost.
    pub(super) cost: i64,
}

/// All movements, by slice of customers.
#[derive(Debug, Default)]
pub struct Points(Option<Scratch>);

/// Digits after the point that points are read with, to see whether they are whole.
const POINT_SCALE: u8 = 6;

/// Reads the source, where it is declared; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted, kinds of movements that are none, a full disk.
pub fn read(definition: &Definition, facts: &mut FactSet, memory: &Memory) -> Result<Points> {
    let Some(def) = &definition.programme else { return Ok(Points::default()) };
    // An external distribution sort: movements outnumber customers, so that no more of them are held than of a few row groups.
    let part = |columns| distributed(movements(definition, def, columns)?, memory);
    let parts = facts.read_row_parts(definition, &source(def, definition.facts.money_scale), part)?;
    Points::new(&parts, memory)
}

/// Movements of the rows of a row group.
fn movements(definition: &Definition, def: &ProgrammeDef, columns: Vec<Values>) -> Result<Vec<Movement>> {
    let mut columns = columns.into_iter();
    let (
        Some(Values::Ranks(who)),
        Some(Values::Days(day)),
        Some(Values::Names(names, kind)),
        Some(Values::Numbers(points)),
    ) = (columns.next(), columns.next(), columns.next(), columns.next())
    else {
        panic!("a customer, a day, a name and a number were wanted");
    };
    let kinds = kinds(definition, def, &names)?;
    let mut numbers = || match columns.next() {
        Some(Values::Numbers(numbers)) => numbers,
        _ => panic!("money is numbers"),
    };
    let paid = def.paid.as_ref().map(|_| numbers());
    let cost = def.cost.as_ref().map(|_| numbers());
    let money =
        |column: &Option<Numbers>, row| column.as_ref().and_then(|column| column.get(row)).unwrap_or(0);
    let movement = |row: usize| Movement {
        who: who[row],
        day: day[row],
        kind: kinds[kind[row] as usize],
        points: points.get(row).and_then(whole).expect("the row contract requires it"),
        paid: money(&paid, row),
        cost: money(&cost, row),
    };
    Ok((0..who.len()).map(movement).collect())
}

/// The kind of each name.
fn kinds(definition: &Definition, def: &ProgrammeDef, names: &[String]) -> Result<Vec<Kind>> {
    let kind = |name: &String| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == name);
        kind.ok_or_else(|| {
            Error::input(format!(
                "{}: programme.kind: found '{name}', expected earned, redeemed or expired; map it in the SQL of kind, such as \
                 `case when … then 'expired' else … end`, or leave such rows out by where",
                definition.place(def.at)
            ))
        })
    };
    names.iter().map(kind).collect()
}

/// Opens the source and checks columns and types; reads no row. Gives name, files and rows, where it is declared.
///
/// # Errors
/// All faults of the source.
pub fn check(definition: &Definition, keys: Option<KeyType>) -> Result<Option<SourceView>> {
    let source = definition.programme.as_ref().map(|def| source(def, definition.facts.money_scale));
    source.map(|source| check_rows(definition, &source, keys)).transpose()
}

/// The place of points among the columns.
const POINTS: usize = 3;

fn source(def: &ProgrammeDef, money_scale: u8) -> RowSource<'_> {
    fn column<'d>(key: &'static str, scalar: &'d Scalar, holds: Holds, required: bool) -> RowColumn<'d> {
        RowColumn { key, scalar, holds, required }
    }
    let mut columns = vec![
        column("customer", &def.customer, Holds::Customer, true),
        column("at", &def.booked, Holds::At, true),
        column("kind", &def.kind, Holds::Name, true),
        column("points", &def.points, Holds::Number(POINT_SCALE), true),
    ];
    let money = Holds::Number(money_scale);
    columns.extend(def.paid.as_ref().map(|paid| column("paid", paid, money, false)));
    columns.extend(def.cost.as_ref().map(|cost| column("cost", cost, money, false)));
    let rule: RowRule = if def.paid.is_some() { |row| rule(row).or_else(|| paid_rule(row)) } else { rule };
    RowSource { name: "programme", files: &def.files, filter: def.filter.as_ref(), columns, rule: Some(rule) }
}

/// The place of what was paid, where it is declared.
const PAID: usize = 4;

fn paid_rule(row: &[Option<i64>]) -> Option<String> {
    row[PAID].filter(|paid| *paid < 0).map(|_| {
        "paid is below 0; points of goods that came back are redeemed or expired, or left out by 'where'"
            .to_owned()
    })
}

/// What is wrong with a row whose values are right one by one.
fn rule(row: &[Option<i64>]) -> Option<String> {
    let points = row[POINTS]?;
    whole(points).is_none_or(|points| points < 0).then(|| {
        let shown = format_fixed(points.into(), POINT_SCALE);
        let shown = shown.trim_end_matches('0').trim_end_matches('.');
        format!(
            "points is {shown}, expected a whole number from 0; points taken back are redeemed or expired"
        )
    })
}

fn whole(points: i64) -> Option<i64> {
    let unit = 10_i64.pow(u32::from(POINT_SCALE));
    (points % unit == 0).then_some(points / unit)
}

/// Columns of a movement: the place of the customer in its slice, day, kind, points, money paid, cost.
const COLUMNS: usize = 6;

/// Movements in any order, by slice of customers.
fn distributed(mut movements: Vec<Movement>, memory: &Memory) -> Result<Scratch> {
    movements.sort_unstable();
    let slices = movements.last().map_or(0, |last| last.who as usize / SLICE_CUSTOMERS + 1);
    let kept = Scratch::new(slices, memory);
    let mut rest = &movements[..];
    for slice in 0..slices {
        let of_slice = rest.partition_point(|movement| movement.who as usize / SLICE_CUSTOMERS == slice);
        let (own, next) = rest.split_at(of_slice);
        keep(&kept, slice, own)?;
        rest = next;
    }
    Ok(kept)
}

fn keep(kept: &Scratch, slice: usize, movements: &[Movement]) -> Result<()> {
    let first = slice as i64 * SLICE_CUSTOMERS as i64;
    let column = |of: &dyn Fn(&Movement) -> i64| movements.iter().map(of).collect::<Vec<i64>>();
    let columns: [Vec<i64>; COLUMNS] = [
        column(&|movement| i64::from(movement.who) - first),
        column(&|movement| movement.day.into()),
        column(&|movement| movement.kind as i64),
        column(&|movement| movement.points),
        column(&|movement| movement.paid),
        column(&|movement| movement.cost),
    ];
    kept.keep(slice, columns.iter().map(Vec::as_slice))
}

impl Points {
    /// Of parts that were distributed to slices each for itself.
    fn new(parts: &[Scratch], memory: &Memory) -> Result<Self> {
        let slices = parts.iter().map(Scratch::slices).max().unwrap_or(0);
        let kept = Scratch::new(slices, memory);
        let merge = |slice: usize| {
            let mut movements = Vec::new();
            for part in parts.iter().filter(|part| slice < part.slices()) {
                movements.extend(unpacked(part, slice)?);
            }
            // Stable, since it merges the runs that parts are.
            movements.sort();
            keep(&kept, slice, &movements)
        };
        (0..slices).into_par_iter().with_max_len(1).try_for_each(merge)?;
        Ok(Self(Some(kept)))
    }

    /// The movements of these customers, in order of customer and day.
    ///
    /// # Errors
    /// A disk that fails.
    pub(super) fn of(&self, ranks: &Range<usize>) -> Result<Vec<Movement>> {
        let mut found = Vec::new();
        let Some(kept) = &self.0 else { return Ok(found) };
        let end = kept.slices() * SLICE_CUSTOMERS;
        for slice in slices::slices(ranks.start..ranks.end.min(end)) {
            let movements = unpacked(kept, slice.start / SLICE_CUSTOMERS)?;
            found.extend(movements.into_iter().filter(|movement| slice.contains(&(movement.who as usize))));
        }
        Ok(found)
    }
}

fn unpacked(kept: &Scratch, slice: usize) -> Result<Vec<Movement>> {
    let column = |number: usize| kept.column(slice, number);
    let (place, day, kind) = (column(0)?, column(1)?, column(2)?);
    let (points, paid, cost) = (column(3)?, column(4)?, column(5)?);
    let narrow = |value: i64| u32::try_from(value).expect("it was 32 bits wide");
    let first = narrow(slice as i64 * SLICE_CUSTOMERS as i64);
    let movement = |row: usize| Movement {
        who: first + narrow(place[row]),
        day: i32::try_from(day[row]).expect("it was 32 bits wide"),
        kind: Kind::ALL[usize::try_from(kind[row]).expect("the number of a kind")],
        points: points[row],
        paid: paid[row],
        cost: cost[row],
    };
    Ok((0..place.len()).map(movement).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use std::sync::Arc;

    #[test]
    fn movements_come_back_in_order_held_or_spilled() {
        let far = u32::try_from(SLICE_CUSTOMERS).unwrap() + 7;
        let movement =
            |who, day, kind, points| Movement { who, day, kind, points, paid: points * 3, cost: -1 };
        let rows = [
            movement(far, 3, Kind::Expired, 5),
            movement(2, 9, Kind::Redeemed, 7),
            movement(2, 9, Kind::Earned, 7),
            movement(far, -3, Kind::Earned, i64::from(u32::MAX)),
        ];
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        for budget in [MemoryBudget::unlimited(), MemoryBudget::of(0)] {
            let folder = tempfile::tempdir().unwrap();
            let memory = Memory { allocator: None, budget, spill: Arc::new(SpillFile::new(folder.path())) };
            let parts = [&rows[..1], &rows[1..1], &rows[1..]].map(|part| distributed(part.to_vec(), &memory));
            let points = Points::new(&parts.map(Result::unwrap), &memory).unwrap();
            assert_eq!(points.of(&(0..usize::MAX)).unwrap(), sorted);
            assert_eq!(points.of(&(0..3)).unwrap(), sorted[..2]);
            assert!(points.of(&(3..9)).unwrap().is_empty());
        }
    }

    #[test]
    fn what_was_paid_is_not_negative() {
        let row = |paid| paid_rule(&[None, Some(1), None, Some(7), paid]);
        assert_eq!((row(None), row(Some(0))), (None, None));
        assert!(row(Some(-1)).unwrap().starts_with("paid is below 0"));
    }

    #[test]
    fn points_are_whole_and_not_negative() {
        let row = |points| rule(&[None, Some(1), None, Some(points)]);
        assert_eq!((row(0), row(7_000_000)), (None, None));
        assert!(row(1_500_000).unwrap().starts_with("points is 1.5, expected a whole number"));
        assert!(row(-2_000_000).unwrap().starts_with("points is -2, expected"));
    }
}
