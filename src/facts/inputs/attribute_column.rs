//! A column of customers' attributes while rows come in: integers, or texts dictionary-encoded as long as they are few.
//! Most attributes have few values, and two bytes a customer instead of a text hold ten times the customers.

use crate::facts::expr::{KeyColumn, Type};
use arrow::array::{Array, ArrayRef, DictionaryArray, Int64Builder, StringArray, StringBuilder, UInt16Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::UInt16Type;
use hashbrown::HashMap;
use std::sync::Arc;

/// Distinct texts that have a code.
const MOST_NAMES: usize = 1 << 16;

/// Values of an attribute in the order of rows.
pub(crate) enum AttributeColumn {
    Integers(Int64Builder),
    Names(Names),
    Texts(StringBuilder),
}

/// Texts by code.
#[derive(Default)]
pub(crate) struct Names {
    codes: Vec<Option<u16>>,
    names: Vec<String>,
    code_of: HashMap<String, u16>,
}

impl AttributeColumn {
    /// Without rows.
    pub(crate) fn new(ty: Type) -> Self {
        if ty == Type::Text { Self::Names(Names::default()) } else { Self::Integers(Int64Builder::new()) }
    }

    /// Appends these rows of a batch.
    pub(crate) fn add(&mut self, values: &KeyColumn, rows: &[u32]) {
        let is_valid =
            |nulls: &Option<NullBuffer>, row: usize| nulls.as_ref().is_none_or(|n| n.is_valid(row));
        let rows = rows.iter().map(|row| *row as usize);
        match values {
            KeyColumn::Int { values, nulls } => {
                let Self::Integers(all) = self else { panic!("an attribute keeps its type") };
                rows.for_each(|row| all.append_option(is_valid(nulls, row).then(|| values[row])));
            }
            KeyColumn::PlainText(texts) => {
                rows.for_each(|row| self.push(texts.is_valid(row).then(|| texts.value(row))));
            }
            KeyColumn::Text { dictionary, codes, nulls } => {
                for row in rows {
                    let name = is_valid(nulls, row).then(|| usize::try_from(codes[row]).expect("a place"));
                    self.push(
                        name.filter(|code| dictionary.is_valid(*code)).map(|code| dictionary.value(code)),
                    );
                }
            }
        }
    }

    fn push(&mut self, text: Option<&str>) {
        match self {
            Self::Integers(_) => panic!("an attribute keeps its type"),
            Self::Texts(texts) => texts.append_option(text),
            Self::Names(names) => {
                if !names.push(text) {
                    let mut texts = names.texts();
                    texts.append_option(text);
                    *self = Self::Texts(texts);
                }
            }
        }
    }

    /// The column: integers, texts, or a dictionary of texts.
    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Integers(mut values) => Arc::new(values.finish()),
            Self::Texts(mut texts) => Arc::new(texts.finish()),
            Self::Names(Names { codes, names, .. }) => {
                let (codes, names) = (UInt16Array::from(codes), StringArray::from(names));
                Arc::new(DictionaryArray::<UInt16Type>::new(codes, Arc::new(names)))
            }
        }
    }
}

impl Names {
    /// Whether the text has a code, and so a row.
    fn push(&mut self, text: Option<&str>) -> bool {
        let Some(text) = text else {
            self.codes.push(None);
            return true;
        };
        let code = match self.code_of.get(text) {
            Some(code) => *code,
            None if self.names.len() == MOST_NAMES => return false,
            None => {
                let code = u16::try_from(self.names.len()).expect("no more names than codes");
                self.names.push(text.to_owned());
                self.code_of.insert(text.to_owned(), code);
                code
            }
        };
        self.codes.push(Some(code));
        true
    }

    /// The texts of all rows.
    fn texts(&self) -> StringBuilder {
        let mut texts = StringBuilder::new();
        for code in &self.codes {
            texts.append_option(code.map(|code| &self.names[usize::from(code)]));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::DataType;

    #[test]
    fn texts_come_back_whether_they_are_few_or_many() {
        for distinct in [3, MOST_NAMES, MOST_NAMES + 1] {
            let texts: Vec<Option<String>> =
                (0..distinct + 5).map(|row| (row % 7 != 6).then(|| (row % distinct).to_string())).collect();
            let mut column = AttributeColumn::new(Type::Text);
            for chunk in texts.chunks(1000) {
                let array: StringArray = chunk.iter().map(Option::as_deref).collect();
                let rows: Vec<u32> = (0..).take(chunk.len()).collect();
                column.add(&KeyColumn::PlainText(array), &rows);
            }
            let found = arrow::compute::cast(&column.finish(), &DataType::Utf8).unwrap();
            let expected: StringArray = texts.iter().map(Option::as_deref).collect();
            assert_eq!(found.as_string::<i32>(), &expected, "{distinct}");
        }
    }
}
