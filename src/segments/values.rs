//! Columns of the customers of a slice, narrow and by position.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal64Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use hashbrown::HashMap;

/// A column. Where `known` is given, the other rows are null and their values mean nothing.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) data: Data,
    pub(crate) known: Option<Vec<bool>>,
}

/// What a column holds.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Counts (no scale), or money and volumes with so many digits after the point.
    Fixed(Vec<i64>, Option<u8>),
    Floats(Vec<f64>),
    /// Codes of names; a name may have several.
    Texts(Vec<u32>, Vec<String>),
    Flags(Vec<bool>),
    /// Days since 1970-01-01.
    Days(Vec<i32>),
    /// Microseconds since 1970-01-01.
    Instants(Vec<i64>),
}

/// A row that is not there.
pub(crate) const ABSENT: u32 = u32::MAX;

impl Values {
    /// A column without nulls.
    pub(crate) fn of(data: Data) -> Self {
        Self { data, known: None }
    }

    /// These rows of a column of a published table, null for those that are `ABSENT`; none of another type.
    pub(crate) fn taken(array: &ArrayRef, rows: &[u32]) -> Option<Self> {
        fn take<T: Copy + Default>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()).collect()
        }
        let data = match array.data_type() {
            DataType::Int64 => Data::Fixed(take(array.as_primitive::<Int64Type>().values(), rows), None),
            DataType::Decimal64(_, scale) => {
                let values = take(array.as_primitive::<Decimal64Type>().values(), rows);
                Data::Fixed(values, Some(u8::try_from(*scale).ok()?))
            }
            DataType::Decimal128(_, scale) => {
                Data::Fixed(narrow(array, rows)?, Some(u8::try_from(*scale).ok()?))
            }
            DataType::Float64 => Data::Floats(take(array.as_primitive::<Float64Type>().values(), rows)),
            DataType::Dictionary(..) => coded_names(array, rows)?,
            DataType::Utf8 => coded_texts(array, rows),
            DataType::Boolean => {
                let flags = array.as_boolean().values();
                let flag = |row: &u32| *row != ABSENT && flags.value(*row as usize);
                Data::Flags(rows.iter().map(flag).collect())
            }
            DataType::Date32 => Data::Days(take(array.as_primitive::<Date32Type>().values(), rows)),
            DataType::Timestamp(..) => {
                Data::Instants(take(array.as_primitive::<TimestampMicrosecondType>().values(), rows))
            }
            _ => return None,
        };
        let has_nulls = array.null_count() > 0 || rows.contains(&ABSENT);
        let known = |row: &u32| *row != ABSENT && array.is_valid(*row as usize);
        Some(Self { data, known: has_nulls.then(|| rows.iter().map(known).collect()) })
    }

    /// Whether a row has a value.
    pub(crate) fn is_known(&self, row: usize) -> bool {
        self.known.as_ref().is_none_or(|known| known[row])
    }

    /// The integers of counts and money; none of other columns.
    pub(crate) fn fixed(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Fixed(values, _) => Some(values),
            _ => None,
        }
    }

    /// The same, for good.
    pub(crate) fn into_fixed(self) -> Option<Vec<i64>> {
        match self.data {
            Data::Fixed(values, _) => Some(values),
            _ => None,
        }
    }

    /// Instants; none of other columns.
    pub(crate) fn into_instants(self) -> Option<Vec<i64>> {
        match self.data {
            Data::Instants(values) => Some(values),
            _ => None,
        }
    }

    /// The integer of a row, where it is known.
    pub(crate) fn fixed_at(&self, row: usize) -> Option<i64> {
        self.fixed().filter(|_| self.is_known(row)).map(|values| values[row])
    }

    /// The float of a row, where it is known.
    pub(crate) fn float_at(&self, row: usize) -> Option<f64> {
        match &self.data {
            Data::Floats(values) if self.is_known(row) => Some(values[row]),
            _ => None,
        }
    }

    /// The name of a row, where it is known.
    pub(crate) fn text_at(&self, row: usize) -> Option<&str> {
        match &self.data {
            Data::Texts(codes, names) if self.is_known(row) => Some(&names[codes[row] as usize]),
            _ => None,
        }
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Fixed(values, _) | Data::Instants(values) => values.len(),
            Data::Floats(values) => values.len(),
            Data::Texts(codes, _) => codes.len(),
            Data::Flags(values) => values.len(),
            Data::Days(values) => values.len(),
        }
    }
}

/// Mantissas of decimals that fit 64 bits, as all of one customer do; none if one does not.
fn narrow(array: &ArrayRef, rows: &[u32]) -> Option<Vec<i64>> {
    let values = array.as_primitive::<Decimal128Type>().values();
    let of = |row: &u32| i64::try_from(values.get(*row as usize).copied().unwrap_or(0)).ok();
    rows.iter().map(of).collect()
}

/// Texts by number, with the names that these rows have: a dictionary is of many more rows.
fn coded_names(array: &ArrayRef, rows: &[u32]) -> Option<Data> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    let (keys, known) = (dictionary.keys(), dictionary.values().as_string_opt::<i32>()?);
    let mut code_of = vec![ABSENT; known.len()];
    let mut names: Vec<String> = Vec::new();
    let mut codes = Vec::with_capacity(rows.len());
    for row in rows {
        let row = *row as usize;
        if row >= keys.len() || keys.is_null(row) {
            codes.push(0);
            continue;
        }
        let key = usize::try_from(keys.value(row)).expect("a place in the dictionary");
        if code_of[key] == ABSENT {
            code_of[key] = u32::try_from(names.len()).expect("names of a slice are few");
            names.push(known.value(key).to_owned());
        }
        codes.push(code_of[key]);
    }
    Some(Data::Texts(codes, names))
}

/// Codes by first appearance.
fn coded_texts(array: &ArrayRef, rows: &[u32]) -> Data {
    let texts = array.as_string::<i32>();
    let mut codes: HashMap<&str, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let row = *row as usize;
        if row >= texts.len() || texts.is_null(row) {
            found.push(0);
            continue;
        }
        let text = texts.value(row);
        let code = *codes.entry(text).or_insert_with(|| {
            names.push(text.to_owned());
            u32::try_from(names.len() - 1).expect("names of a slice are few")
        });
        found.push(code);
    }
    Data::Texts(found, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, StringArray};
    use std::sync::Arc;

    #[test]
    fn names_are_those_of_the_rows_taken() {
        let texts = vec![Some("a"), None, Some("b"), Some("c"), Some("b")];
        let names: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        let arrays: [ArrayRef; 2] = [Arc::new(names), Arc::new(StringArray::from(texts))];
        for array in arrays {
            let values = Values::taken(&array, &[4, ABSENT, 1, 0, 2]).unwrap();
            let Data::Texts(_, names) = &values.data else { panic!("texts") };
            assert_eq!(names, &["b", "a"]);
            let found: Vec<Option<&str>> = (0..5).map(|row| values.text_at(row)).collect();
            assert_eq!(found, [Some("b"), None, None, Some("a"), Some("b")]);
        }
    }
}
