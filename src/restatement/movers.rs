//! Customers whose profit moved most from one release to another: a merge join of both `customer` tables by key.

use crate::error::Result;
use crate::publish::read::{Cursor, PublishedReader, Wanted};
use crate::units::Decimal;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal64Type, Int64Type};
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::path::PathBuf;

/// A customer's profit in both releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mover {
    /// Key; none of the unidentified cost object.
    pub customer: Option<String>,
    /// In the release that is compared with; none where the customer was not there.
    pub before: Option<String>,
    /// Likewise now.
    pub after: Option<String>,
    /// After less before.
    pub change: String,
}

/// The customers whose profit moved most, by amount and then by key, and how many moved.
///
/// # Errors
/// Tables that cannot be read, or whose keys are of two kinds.
pub fn movers(before: &[PathBuf], after: &[PathBuf], most: usize) -> Result<(Vec<Mover>, u64)> {
    let tables = [PublishedReader::open(before)?, PublishedReader::open(after)?];
    let [then, now] = &tables;
    let (mut then, mut now) = (Rows::open(then)?, Rows::open(now)?);
    let (mut moved, mut top) = (0, BinaryHeap::new());
    while let Some((key, before, after)) = next_pair(&mut then, &mut now)? {
        let change = after.unwrap_or(0) - before.unwrap_or(0);
        if change == 0 && before.is_some() == after.is_some() {
            continue;
        }
        moved += 1;
        // The least of the top leaves first; of equal changes, the last by key.
        top.push(Reverse((change.unsigned_abs(), Reverse(key), before, after)));
        if top.len() > most {
            top.pop();
        }
    }
    let mut top: Vec<_> = top.into_iter().map(|Reverse(entry)| entry).collect();
    top.sort_by(|a, b| b.cmp(a));
    let (was, is) = (then.scale, now.scale);
    let mover = |(_, Reverse(key), before, after): (u128, Reverse<Key>, Option<i128>, Option<i128>)| {
        let money = |mantissa: i128| Decimal { mantissa, scale: was.max(is) }.to_string();
        let change = money(after.unwrap_or(0) - before.unwrap_or(0));
        Mover { customer: key.text(), before: before.map(money), after: after.map(money), change }
    };
    Ok((top.into_iter().map(mover).collect(), moved))
}

/// A customer's key, in the order of the table: the unidentified cost object comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i64),
    Text(String),
    Unidentified,
}

impl Key {
    fn text(self) -> Option<String> {
        match self {
            Self::Int(key) => Some(key.to_string()),
            Self::Text(key) => Some(key),
            Self::Unidentified => None,
        }
    }
}

/// The rows of a `customer` table, one after another.
struct Rows<'t> {
    cursor: Cursor<'t>,
    scale: u8,
    keys: Option<ArrayRef>,
    profits: Option<ArrayRef>,
    row: usize,
}

const ROWS: usize = 1 << 16;

impl<'t> Rows<'t> {
    fn open(table: &'t PublishedReader) -> Result<Self> {
        let columns = [("customer_id", Wanted::Values), ("customer_profit", Wanted::Values)];
        let scale = match table.data_type("customer_profit") {
            Some(DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)) => {
                scale.try_into().unwrap_or(0)
            }
            _ => 0,
        };
        Ok(Self { cursor: table.cursor(&columns)?, scale, keys: None, profits: None, row: 0 })
    }

    /// The next customer and its profit, without moving on.
    fn peek(&mut self) -> Result<Option<(Key, i128)>> {
        if self.keys.as_ref().is_none_or(|keys| self.row == keys.len()) {
            let rows = self.cursor.rows_left().min(ROWS);
            if rows == 0 {
                return Ok(None);
            }
            let mut columns = self.cursor.next(rows)?.into_iter();
            (self.keys, self.profits, self.row) = (columns.next(), columns.next(), 0);
        }
        let (Some(keys), Some(profits)) = (&self.keys, &self.profits) else { return Ok(None) };
        let profit = profits.as_primitive::<Decimal64Type>().value(self.row);
        Ok(Some((key_at(keys, self.row), profit.into())))
    }
}

fn key_at(keys: &ArrayRef, row: usize) -> Key {
    match keys.data_type() {
        _ if keys.is_null(row) => Key::Unidentified,
        DataType::Int64 => Key::Int(keys.as_primitive::<Int64Type>().value(row)),
        _ => Key::Text(keys.as_string::<i32>().value(row).to_owned()),
    }
}

type Pair = (Key, Option<i128>, Option<i128>);

/// The next customer by key, with its profit in either table, at one scale.
fn next_pair(then: &mut Rows<'_>, now: &mut Rows<'_>) -> Result<Option<Pair>> {
    let scale = then.scale.max(now.scale);
    let at = |profit: i128, of: u8| {
        Decimal { mantissa: profit, scale: of }.at_scale(scale).expect("18 digits have room for some more")
    };
    let (was, is) = (then.peek()?, now.peek()?);
    let order = match (&was, &is) {
        (None, None) => return Ok(None),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some((was, _)), Some((is, _))) => was.cmp(is),
    };
    then.row += usize::from(order != Ordering::Greater);
    now.row += usize::from(order != Ordering::Less);
    let before = was.filter(|_| order != Ordering::Greater);
    let after = is.filter(|_| order != Ordering::Less);
    let key = before.iter().chain(&after).map(|(key, _)| key.clone()).next().expect("one of them is there");
    let before = before.map(|(_, profit)| at(profit, then.scale));
    Ok(Some((key, before, after.map(|(_, profit)| at(profit, now.scale)))))
}
