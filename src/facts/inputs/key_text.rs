//! Keys of rows as text: for messages, and where two sources are matched by key.

use crate::facts::expr::KeyColumn;
use arrow::array::Array;

pub(crate) fn is_valid(keys: &KeyColumn, row: usize) -> bool {
    match keys {
        KeyColumn::Int { nulls, .. } | KeyColumn::Text { nulls, .. } => {
            nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
        }
        KeyColumn::PlainText(array) => array.is_valid(row),
    }
}

/// A key as messages show it.
pub(crate) fn key_text(keys: &KeyColumn, row: usize) -> String {
    let text = text_of(keys, row);
    if matches!(keys, KeyColumn::Int { .. }) { text } else { format!("'{text}'") }
}

pub(crate) fn text_of(keys: &KeyColumn, row: usize) -> String {
    match keys {
        KeyColumn::Int { values, .. } => values[row].to_string(),
        KeyColumn::Text { dictionary, codes, .. } => {
            dictionary.value(usize::try_from(codes[row]).expect("codes are not negative")).to_owned()
        }
        KeyColumn::PlainText(array) => array.value(row).to_owned(),
    }
}
