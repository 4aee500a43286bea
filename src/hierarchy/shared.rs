//! Reads `[hierarchy.shared]`: customers who belong to several groups of a level.

use crate::customers::membership::{Share, Shares};
use crate::customers::part::{SHARE_SCALE, WHOLE};
use crate::error::{Error, Kind, Result};
use crate::facts::{FactSet, Holds, RowColumn, RowSource, SourceView, Values, check_rows};
use crate::pipeline::{Definition, HierarchyDef, KeyType, SharedDef};
use crate::profitability::schema::key_text;

/// How far the shares of a customer may be from 1 together: seven sevenths with six digits are 0.999999.
const TOLERANCE: i64 = WHOLE / 100_000;

/// Mistakes of one kind that are named; more of them say the same.
const NAMED: usize = 3;

/// Shares of customers, by level.
#[derive(Debug, Default)]
pub struct SharedCustomers {
    levels: Vec<Shares>,
}

impl SharedCustomers {
    /// Those of a level.
    pub(crate) fn of_level(&self, level: usize) -> Shares {
        self.levels.get(level).cloned().unwrap_or_default()
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> u64 {
        self.levels.iter().map(|shares| size_of_val(&shares.rows[..]) as u64).sum()
    }
}

/// Reads the source, where it is declared; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted; an unknown level, a share that is not above 0, shares of a customer
/// that do not add up to 1.
pub fn read(definition: &Definition, facts: &mut FactSet) -> Result<SharedCustomers> {
    let Some((hierarchy, def)) = declared(definition) else { return Ok(SharedCustomers::default()) };
    let mut columns = facts.read_rows(definition, &source(def))?.into_iter();
    let (Some(Values::Ranks(customers)), Some(Values::Names(names, groups)), Some(Values::Numbers(shares))) =
        (columns.next(), columns.next(), columns.next())
    else {
        panic!("customers, names and numbers were wanted");
    };
    let of_level = match columns.next() {
        Some(Values::Names(words, codes)) => Some((places(definition, hierarchy, def, &words)?, codes)),
        _ => None,
    };
    let mut rows: Vec<Vec<Share>> = vec![Vec::new(); hierarchy.levels.len()];
    for (row, (rank, name)) in customers.into_iter().zip(groups).enumerate() {
        let level = of_level.as_ref().map_or(0, |(places, codes)| places[codes[row] as usize]);
        rows[level].push(Share { rank, name, share: shares.get(row).expect("shares are required") });
    }
    let mut messages = Vec::new();
    for (level, rows) in hierarchy.levels.iter().zip(&mut rows) {
        *rows = added_up(std::mem::take(rows));
        let mistakes = mistakes(rows);
        let named = mistakes.iter().take(NAMED).map(|(rank, found)| {
            let customer = key_text(&facts.customers, *rank);
            format!("{}: customer {customer} at level '{level}': {found}", definition.place(def.share.at))
        });
        messages.extend(named);
        if mistakes.len() > NAMED {
            let more = mistakes.len() - NAMED;
            messages.push(format!(
                "{}: {more} more customers at level '{level}' have such shares",
                definition.place(def.share.at)
            ));
        }
    }
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Check, messages });
    }
    let levels = rows.into_iter().map(|rows| Shares { names: names.clone(), rows }).collect();
    Ok(SharedCustomers { levels })
}

/// Opens the source and checks columns and types; reads no row. Gives name, files and rows, where it is declared.
///
/// # Errors
/// All faults of the source.
pub fn check(definition: &Definition, keys: Option<KeyType>) -> Result<Option<SourceView>> {
    declared(definition).map(|(_, def)| check_rows(definition, &source(def), keys)).transpose()
}

fn declared(definition: &Definition) -> Option<(&HierarchyDef, &SharedDef)> {
    let hierarchy = definition.hierarchy.as_ref()?;
    Some((hierarchy, hierarchy.shared.as_ref()?))
}

fn source(def: &SharedDef) -> RowSource<'_> {
    let column = |key, scalar, holds| RowColumn { key, scalar, holds, required: true };
    let mut columns = vec![
        column("customer", &def.customer, Holds::Customer),
        column("group", &def.group, Holds::Name),
        column("share", &def.share, Holds::Number(SHARE_SCALE)),
    ];
    columns.extend(def.level.as_ref().map(|level| column("level", level, Holds::Name)));
    RowSource { name: "shared", files: &def.files, filter: def.filter.as_ref(), columns, rule: None }
}

/// The level of each word of the source.
fn places(
    definition: &Definition,
    hierarchy: &HierarchyDef,
    def: &SharedDef,
    words: &[String],
) -> Result<Vec<usize>> {
    let place = |word: &String| {
        hierarchy.levels.iter().position(|level| level == word).ok_or_else(|| {
            let at = def.level.as_ref().map_or(def.at, |level| level.at);
            Error::check(format!(
                "{}: 'level' is '{word}' in a row of {}, which is none of hierarchy.levels: {}",
                definition.place(at),
                def.files.pattern,
                hierarchy.levels.join(", ")
            ))
        })
    };
    words.iter().map(place).collect()
}

/// Sorted, with one row for each customer and group.
fn added_up(mut rows: Vec<Share>) -> Vec<Share> {
    rows.sort_unstable();
    rows.dedup_by(|next, row| {
        let is_same = (next.rank, next.name) == (row.rank, row.name);
        // A share that is not above 0 stays, to be found.
        let is_added = is_same && next.share > 0 && row.share > 0;
        if is_added {
            row.share += next.share;
        }
        is_added
    });
    rows
}

/// Customers whose shares are none, with what is wrong.
fn mistakes(rows: &[Share]) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let shown = |share: i64| crate::units::format_fixed(share.into(), SHARE_SCALE);
    for of_customer in rows.chunk_by(|a, b| a.rank == b.rank) {
        let rank = of_customer[0].rank;
        let sum: i128 = of_customer.iter().map(|row| i128::from(row.share)).sum();
        if let Some(row) = of_customer.iter().find(|row| row.share <= 0) {
            let found_share = shown(row.share);
            found.push((
                rank,
                format!("the share {found_share} is not above 0; leave out groups without a share"),
            ));
        } else if (sum - i128::from(WHOLE)).abs() > i128::from(TOLERANCE) {
            let sum = crate::units::format_fixed(sum, SHARE_SCALE);
            found.push((rank, format!("shares add up to {sum}, expected 1")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rank: u32, name: u32, share: i64) -> Share {
        Share { rank, name, share }
    }

    #[test]
    fn rows_of_one_customer_and_group_are_one_share() {
        let rows = added_up(vec![share(2, 0, 4), share(1, 1, 5), share(2, 0, 6), share(1, 0, 5)]);
        assert_eq!(rows, [share(1, 0, 5), share(1, 1, 5), share(2, 0, 10)]);
    }

    #[test]
    fn shares_are_above_0_and_add_up_to_1() {
        let third = 333_333_000;
        let rows = [
            share(1, 0, third),
            share(1, 1, third),
            share(1, 2, third),
            share(2, 0, WHOLE / 2),
            share(3, 0, 2 * WHOLE),
            share(3, 1, -WHOLE),
        ];
        let found = mistakes(&added_up(rows.to_vec()));
        assert_eq!(found.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [2, 3]);
        assert!(found[0].1.contains("add up to 0.500000000, expected 1"), "{}", found[0].1);
        assert!(found[1].1.contains("-1.000000000 is not above 0"), "{}", found[1].1);
    }
}
