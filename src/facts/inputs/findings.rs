//! Findings of row checks, by kind: sums that merge exactly, each with the earliest row as its example.

use super::row_in_group::row_in_group;
use crate::pipeline::Mistake;
use serde::{Deserialize, Serialize};

/// What row checks found of one kind: in a row group, a file or a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The kind.
    pub mistake: Mistake,
    /// Rows of it, among those that were used or quarantined for it.
    pub rows: u64,
    /// Sum of the amounts in question at `money_scale`, as text: JSON numbers end at 64 bits.
    pub money: String,
    /// Row group of the first such row.
    pub row_group: usize,
    /// Its row in the row group.
    pub row: u64,
    /// Its values.
    pub example: String,
}

impl Found {
    /// Adds what was found elsewhere of the same kind; the example is that of the earlier row.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count(other);
        if (other.row_group, other.row) < (self.row_group, self.row) {
            let Self { row_group, row, example, .. } = other.clone();
            (self.row_group, self.row, self.example) = (row_group, row, example);
        }
    }

    /// Adds the rows and money of another file; the example stays.
    pub(crate) fn count(&mut self, other: &Self) {
        let money = |found: &Self| found.money.parse::<i128>().expect("money is kept as an integer");
        self.money = (money(self) + money(other)).to_string();
        self.rows += other.rows;
    }
}

impl Found {
    /// The first of a kind, at a row counted over the whole file.
    pub(crate) fn first(mistake: Mistake, amount: i64, row: u64, example: String) -> Self {
        Self { mistake, rows: 1, money: amount.to_string(), row_group: 0, row, example }
    }

    /// Turns a row counted over the whole file into its row group and the row in it.
    pub(crate) fn place(&mut self, rows_of_groups: impl Iterator<Item = u64>) {
        (self.row_group, self.row) = row_in_group(self.row, rows_of_groups);
    }
}

/// Adds findings of a row group to those of its file, kind by kind.
pub(crate) fn add_all(known: &mut Vec<Found>, more: &[Found]) {
    for found in more {
        match known.iter_mut().find(|known| known.mistake == found.mistake) {
            Some(known) => known.add(found),
            None => known.push(found.clone()),
        }
    }
    known.sort_by_key(|found| found.mistake);
}
