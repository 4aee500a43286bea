//! The used rows of a source, column by column: those of one row group, or of all of them so far.

use super::evaluated_rows::Evaluated;
use super::numbering::Numbering;
use crate::facts::inputs::key_text::text_of;
use crate::facts::inputs::numbers::Numbers;
use crate::facts::inputs::row_source::{Holds, NO_CODE, NO_DAY, RowColumn, RowSource, Values};

/// The used rows so far.
pub(super) struct GatheredRows {
    columns: Vec<Values>,
    /// By column: the names so far, numbered as they came.
    names: Vec<Numbering>,
    /// Keys of those whom the facts do not know, numbered as they came.
    strangers: Numbering,
}

/// From this rank on, numbers stand for strangers until all of them are known.
const FIRST_STRANGER: u32 = 1 << 31;

impl GatheredRows {
    /// Nothing yet, with room for so many rows: as a column doubles it would be held three times over.
    pub(super) fn new(source: &RowSource<'_>, rows: usize) -> Self {
        let empty = |column: &RowColumn<'_>| match column.holds {
            Holds::Customer | Holds::Person => Values::Ranks(Vec::with_capacity(rows)),
            Holds::Name | Holds::Id => Values::Names(Vec::new(), Vec::with_capacity(rows)),
            Holds::Number(_) => Values::Numbers(Numbers::with_capacity(rows)),
            Holds::At | Holds::Day => Values::Days(Vec::with_capacity(rows)),
        };
        let columns: Vec<Values> = source.columns.iter().map(empty).collect();
        let names = columns.iter().map(|_| Numbering::default()).collect();
        Self { columns, names, strangers: Numbering::default() }
    }

    /// Adds these rows of a batch. `as_of` in days since 1970-01-01.
    pub(super) fn add(&mut self, source: &RowSource<'_>, batch: &[Evaluated], rows: &[usize], as_of: i32) {
        for (index, (column, evaluated)) in source.columns.iter().zip(batch).enumerate() {
            let there = |row: &usize| (!evaluated.is_null(*row)).then_some(*row);
            let there = rows.iter().map(there);
            match (&mut self.columns[index], evaluated) {
                (Values::Ranks(known), Evaluated::People(keys, ranks)) => {
                    let mut stranger =
                        |row| FIRST_STRANGER + self.strangers.number(text_of(&keys.value, row));
                    let rank = |row: Option<usize>| {
                        row.map_or(NO_CODE, |row| ranks[row].unwrap_or_else(|| stranger(row)))
                    };
                    known.extend(there.map(rank));
                }
                (Values::Names(_, codes), Evaluated::Names(keys)) => {
                    self.names[index].number_all(&keys.value, there, codes);
                }
                (Values::Numbers(numbers), Evaluated::Numbers(fixed)) => {
                    there.for_each(|row| numbers.push(row.map(|row| fixed.values[row])));
                }
                (Values::Days(days), Evaluated::Days(instants)) => {
                    let is_seen = |day: &i32| column.holds == Holds::At || *day < as_of;
                    let day = |row: usize| Some(instants.days[row]).filter(is_seen);
                    days.extend(there.map(|row| row.and_then(day).unwrap_or(NO_DAY)));
                }
                _ => unreachable!("a column is evaluated as what it holds"),
            }
        }
    }

    /// Adds the rows that follow.
    pub(super) fn append(&mut self, next: Self) {
        let strangers = self.strangers.append(next.strangers);
        let names = self.names.iter_mut().zip(next.names).map(|(known, next)| known.append(next));
        let names: Vec<Vec<u32>> = names.collect();
        for ((column, next), names) in self.columns.iter_mut().zip(next.columns).zip(names) {
            match (column, next) {
                (Values::Ranks(ranks), Values::Ranks(next)) => {
                    ranks.extend(
                        next.into_iter().map(|rank| with_strangers(rank, FIRST_STRANGER, &strangers)),
                    );
                }
                (Values::Names(_, codes), Values::Names(_, next)) => {
                    codes.extend(next.into_iter().map(|code| renumbered(code, &names)));
                }
                (Values::Numbers(numbers), Values::Numbers(next)) => {
                    next.iter().for_each(|number| numbers.push(number));
                }
                (Values::Days(days), Values::Days(next)) => days.extend(next),
                _ => unreachable!("both are of one source"),
            }
        }
    }

    /// Gives names and strangers numbers that do not depend on the order of rows.
    pub(super) fn finish(mut self, customers: usize) -> Vec<Values> {
        let first = u32::try_from(customers).expect("ranks fit 32 bits");
        let (_, places) = self.strangers.in_order();
        for (values, known) in self.columns.iter_mut().zip(self.names) {
            match values {
                Values::Ranks(ranks) => {
                    ranks.iter_mut().for_each(|rank| *rank = with_strangers(*rank, first, &places));
                }
                Values::Names(names, codes) => {
                    let (sorted, places) = known.in_order();
                    *names = sorted;
                    codes.iter_mut().for_each(|code| *code = renumbered(*code, &places));
                }
                Values::Numbers(_) | Values::Days(_) => {}
            }
        }
        self.columns
    }
}

/// A rank with the stranger's number among others, which begin at `first`.
fn with_strangers(rank: u32, first: u32, numbers: &[u32]) -> u32 {
    let is_stranger = (FIRST_STRANGER..NO_CODE).contains(&rank);
    if is_stranger { first + numbers[(rank - FIRST_STRANGER) as usize] } else { rank }
}

fn renumbered(code: u32, numbers: &[u32]) -> u32 {
    if code == NO_CODE { NO_CODE } else { numbers[code as usize] }
}
