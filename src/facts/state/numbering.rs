//! Dictionary encoding in the making: a number for each name, given as the names come.

use crate::facts::expr::KeyColumn;
use crate::facts::inputs::key_text::text_of;
use crate::facts::inputs::row_source::NO_CODE;
use arrow::array::Array;
use std::collections::HashMap;

/// A number for each name so far.
#[derive(Debug, Default)]
pub(super) struct Numbering(HashMap<String, u32>);

impl Numbering {
    /// The number of a name, the next one if it is new.
    pub(super) fn number(&mut self, name: String) -> u32 {
        let next = u32::try_from(self.0.len()).expect("names fit 31 bits");
        *self.0.entry(name).or_insert(next)
    }

    /// Adds the numbers of a batch's names, `NO_CODE` where there is none. An entry of its dictionary is looked up once.
    pub(super) fn number_all(
        &mut self,
        keys: &KeyColumn,
        rows: impl Iterator<Item = Option<usize>>,
        codes: &mut Vec<u32>,
    ) {
        let entries = match keys {
            KeyColumn::Text { dictionary, .. } => dictionary.len(),
            KeyColumn::Int { .. } | KeyColumn::PlainText(_) => 0,
        };
        let mut of_entry = vec![NO_CODE; entries];
        for row in rows {
            codes.push(row.map_or(NO_CODE, |row| self.number_of(keys, row, &mut of_entry)));
        }
    }

    fn number_of(&mut self, keys: &KeyColumn, row: usize, of_entry: &mut [u32]) -> u32 {
        let KeyColumn::Text { codes, .. } = keys else { return self.number(text_of(keys, row)) };
        let entry = usize::try_from(codes[row]).expect("codes are not negative");
        if of_entry[entry] == NO_CODE {
            of_entry[entry] = self.number(text_of(keys, row));
        }
        of_entry[entry]
    }

    /// Takes another's names over: by number there, the number here.
    pub(super) fn append(&mut self, other: Self) -> Vec<u32> {
        let mut numbers = vec![0; other.0.len()];
        for (name, number) in other.0 {
            numbers[number as usize] = self.number(name);
        }
        numbers
    }

    /// The names in order, and the place of each number there.
    pub(super) fn in_order(self) -> (Vec<String>, Vec<u32>) {
        let mut names: Vec<(String, u32)> = self.0.into_iter().collect();
        names.sort_unstable();
        let mut places = vec![0; names.len()];
        for (place, (_, number)) in (0..).zip(&names) {
            places[*number as usize] = place;
        }
        (names.into_iter().map(|(name, _)| name).collect(), places)
    }
}
