//! Defaults of keys as values: the reader and the stages take them from the tables that the reference is written from, so
//! that no default is written twice.

use super::Section;
use crate::units::Decimal;

impl Section {
    /// The default of an integer key.
    pub(in crate::pipeline) fn default_integer<T: TryFrom<i64>>(&self, key: &str) -> T {
        let integer = self.default_of(key).replace('_', "").parse::<i64>().ok();
        let value = integer.and_then(|integer| T::try_from(integer).ok());
        value.unwrap_or_else(|| panic!("the default of '{key}' in {} is no integer of its kind", self.header))
    }

    /// The default of a number.
    pub(in crate::pipeline) fn default_number(&self, key: &str) -> Decimal {
        number(self.default_of(key))
    }

    /// The default of a text or a word.
    pub(in crate::pipeline) fn default_word(&self, key: &str) -> &'static str {
        unquoted(self.default_of(key))
    }

    /// The default of a list of texts.
    pub(in crate::pipeline) fn default_words(&self, key: &str) -> Vec<&'static str> {
        let list = self.default_of(key).strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        list.expect("the default of a list is a list").split(", ").map(unquoted).collect()
    }

    /// The default of numbers by name.
    pub(in crate::pipeline) fn default_numbers(&self, key: &str) -> Vec<(&'static str, Decimal)> {
        let table = self.default_of(key).strip_prefix("{ ").and_then(|table| table.strip_suffix(" }"));
        let entries = table.expect("the default of a table is a table").split(", ");
        let entry = |entry: &'static str| entry.split_once(" = ").expect("an entry has a name and a number");
        entries.map(entry).map(|(name, text)| (name, number(text))).collect()
    }

    /// The default of a list of numbers.
    pub(in crate::pipeline) fn default_number_list(&self, key: &str) -> Vec<Decimal> {
        let list = self.default_of(key).strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        list.expect("the default of a list is a list").split(", ").map(number).collect()
    }

    fn default_of(&self, key: &str) -> &'static str {
        let found = self.key(key).unwrap_or_else(|| panic!("{} has no key '{key}'", self.header));
        assert!(!found.default.is_empty(), "'{key}' in {} has no default", self.header);
        found.default
    }
}

fn unquoted(text: &'static str) -> &'static str {
    text.trim_matches('"')
}

fn number(text: &str) -> Decimal {
    text.parse::<Decimal>().expect("the default of a number is one").normalised()
}
