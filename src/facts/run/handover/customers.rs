//! Customers of a grain's rows in their order: integers or texts, the unidentified cost object last.

use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::record::{UNIDENTIFIED, key_word, word_key};
use crate::pipeline::KeyType;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int64Type;
use std::cmp::Ordering;
use std::fmt;

/// The customer of each row.
pub(super) enum Customers {
    /// Words in the order of the integers.
    Words(Vec<u64>),
    Texts(StringArray),
}

/// One of them, as messages show it.
pub(super) struct Shown(Option<String>);

impl Customers {
    /// Of a column of keys.
    pub(super) fn of(keys: &ArrayRef, key_type: KeyType) -> Self {
        match key_type {
            KeyType::Text => Self::Texts(keys.as_string::<i32>().clone()),
            KeyType::Int => {
                let word = |key: Option<i64>| key.map_or(UNIDENTIFIED, key_word);
                Self::Words(keys.as_primitive::<Int64Type>().iter().map(word).collect())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Words(words) => words.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// How the customer of a row stands to that of a row elsewhere.
    pub(super) fn compare(&self, row: usize, other: &Self, of: usize) -> Ordering {
        match (self, other) {
            (Self::Words(words), Self::Words(others)) => words[row].cmp(&others[of]),
            (Self::Texts(texts), Self::Texts(others)) => {
                let nulls = texts.is_null(row).cmp(&others.is_null(of));
                nulls.then_with(|| texts.value(row).cmp(others.value(of)))
            }
            _ => unreachable!("all grains of a run have keys of one type"),
        }
    }

    /// Words of records: texts become the numbers that `texts` gives them.
    pub(super) fn words(&self, names: &Interner) -> Vec<u64> {
        match self {
            Self::Words(words) => words.clone(),
            Self::Texts(texts) => {
                texts.iter().map(|text| text.map_or(UNIDENTIFIED, |text| names.intern(text).into())).collect()
            }
        }
    }

    /// The customer of a row in words.
    pub(super) fn shown(&self, row: usize) -> Shown {
        Shown(match self {
            Self::Words(words) if words[row] == UNIDENTIFIED => None,
            Self::Words(words) => Some(word_key(words[row]).to_string()),
            Self::Texts(texts) => texts.is_valid(row).then(|| format!("'{}'", texts.value(row))),
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(key) => write!(f, "customer {key}"),
            None => write!(f, "the unidentified customer"),
        }
    }
}
