//! Text: plain, as a dictionary, or one for all rows. Predicates run on the dictionary, not on the rows.

use super::node::Comparison;
use super::vector::{Values, Vector, all, bits};
use arrow::array::{
    AnyDictionaryArray, Array, AsArray, BooleanArray, Datum, Int32Array, Scalar, StringArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::cmp;
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{ArrowNativeType, DataType, Int32Type};
use arrow::error::ArrowError;

/// Texts of one column.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    Plain(StringArray),
    /// Used entries are not null; codes carry the nulls.
    Dictionary(StringArray, Int32Array),
    /// The same for all rows.
    All(Option<String>),
}

impl Texts {
    pub(super) fn from_dictionary(array: &dyn AnyDictionaryArray) -> Result<Self, ArrowError> {
        let values = cast(array.values(), &DataType::Utf8)?.as_string().clone();
        let codes = cast(array.keys(), &DataType::Int32)?.as_primitive::<Int32Type>().clone();
        let nulls = if values.null_count() > 0 { array.logical_nulls() } else { codes.nulls().cloned() };
        Ok(Self::Dictionary(values, Int32Array::new(codes.values().clone(), nulls)))
    }

    pub(super) fn nulls(&self, rows: usize) -> Option<NullBuffer> {
        match self {
            Texts::Plain(texts) => texts.nulls().cloned(),
            Texts::Dictionary(_, codes) => codes.nulls().cloned(),
            Texts::All(text) => text.is_none().then(|| NullBuffer::new_null(rows)),
        }
    }

    /// Each text read, and the rows whose text does not read; once per entry of a dictionary.
    pub(super) fn parse<T: ArrowNativeType>(
        &self,
        rows: usize,
        read: impl Fn(&str) -> Option<T>,
    ) -> (Vector<T>, Vec<usize>) {
        if let Texts::All(text) = self {
            return match text {
                None => (Vector::null(rows), Vec::new()),
                Some(text) => match read(text) {
                    Some(value) => (Vector::constant(value), Vec::new()),
                    None => (Vector::constant(T::default()), (0..rows).collect()),
                },
            };
        }
        let mut values = vec![T::default(); rows];
        let mut failed = Vec::new();
        let nulls = self.nulls(rows);
        let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let known = match self {
            Texts::Dictionary(entries, _) => entries.iter().map(|text| text.and_then(&read)).collect(),
            _ => Vec::new(),
        };
        for (row, value) in values.iter_mut().enumerate().filter(|(row, _)| is_valid(*row)) {
            let found = match self {
                Texts::Dictionary(_, codes) => {
                    usize::try_from(codes.value(row)).ok().and_then(|code| known.get(code).copied().flatten())
                }
                texts => texts.at(row).and_then(&read),
            };
            match found {
                Some(found) => *value = found,
                None => failed.push(row),
            }
        }
        (Vector { values: Values::Each(values.into()), nulls }, failed)
    }

    /// The text of a row, unless it is null.
    pub(super) fn at(&self, row: usize) -> Option<&str> {
        match self {
            Texts::Plain(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Texts::Dictionary(entries, codes) => {
                let code = codes.is_valid(row).then(|| codes.value(row))?;
                usize::try_from(code).ok().map(|code| entries.value(code))
            }
            Texts::All(text) => text.as_deref(),
        }
    }

    /// A predicate of each text.
    pub(super) fn test(
        &self,
        rows: usize,
        predicate: impl Fn(&StringArray) -> Result<BooleanArray, ArrowError>,
    ) -> Result<BooleanArray, ArrowError> {
        match self {
            Texts::Plain(texts) => predicate(texts),
            Texts::Dictionary(values, codes) => {
                let answers = predicate(values)?;
                if answers.null_count() > 0 {
                    return Ok(take(&answers, codes, None)?.as_boolean().clone());
                }
                let (answers, codes_of) = (answers.values(), &codes.values()[..rows]);
                let mut passing = answers.set_indices();
                let bits = match (passing.next(), passing.next()) {
                    // Mostly just one text passes.
                    (Some(only), None) => {
                        let only = i32::try_from(only).expect("dictionaries have fewer than 2^31 entries");
                        bits(codes_of, |code| code == only)
                    }
                    // Codes of null rows may be anything.
                    _ => {
                        let table: Vec<bool> = answers.iter().collect();
                        let answer = |code: usize| table.get(code).copied().unwrap_or(false);
                        bits(codes_of, |code| usize::try_from(code).is_ok_and(answer))
                    }
                };
                Ok(BooleanArray::new(bits, codes.nulls().cloned()))
            }
            Texts::All(text) => {
                let one = predicate(&StringArray::from(vec![text.as_deref()]))?;
                let nulls = one.is_null(0).then(|| NullBuffer::new_null(rows));
                Ok(BooleanArray::new(all(one.value(0), rows), nulls))
            }
        }
    }

    /// Bytewise.
    pub(super) fn compare(
        &self,
        how: Comparison,
        other: &Self,
        rows: usize,
    ) -> Result<BooleanArray, ArrowError> {
        let kernel = kernel(how);
        match (self, other) {
            (texts, Texts::All(text)) => {
                let text = Scalar::new(StringArray::from(vec![text.as_deref()]));
                texts.test(rows, |texts| kernel(texts, &text))
            }
            (Texts::All(text), texts) => {
                let text = Scalar::new(StringArray::from(vec![text.as_deref()]));
                texts.test(rows, |texts| kernel(&text, texts))
            }
            (left, right) => kernel(&left.plain(rows)?, &right.plain(rows)?),
        }
    }

    /// One text per row.
    pub(super) fn plain(&self, rows: usize) -> Result<StringArray, ArrowError> {
        Ok(match self {
            Texts::Plain(texts) => texts.clone(),
            Texts::Dictionary(values, codes) => take(values, codes, None)?.as_string().clone(),
            Texts::All(text) => std::iter::repeat_n(text.as_deref(), rows).collect(),
        })
    }

    /// As a dictionary with codes, unless plain.
    pub(super) fn coded(&self, rows: usize) -> Option<(StringArray, Vector<i32>)> {
        match self {
            Texts::Plain(_) => None,
            Texts::Dictionary(values, codes) => {
                let nulls = codes.nulls().cloned();
                Some((values.clone(), Vector { values: Values::Each(codes.values().clone()), nulls }))
            }
            Texts::All(Some(text)) => Some((StringArray::from(vec![text.as_str()]), Vector::constant(0))),
            Texts::All(None) => Some((StringArray::new_null(0), Vector::null(rows))),
        }
    }

    /// Stays a dictionary if both sides are one or constant.
    pub(super) fn select(mask: &BooleanBuffer, yes: &Self, no: &Self) -> Result<Self, ArrowError> {
        let rows = mask.len();
        let (Some((yes_texts, yes_codes)), Some((no_texts, no_codes))) = (yes.coded(rows), no.coded(rows))
        else {
            let mask = BooleanArray::new(mask.clone(), None);
            let chosen = arrow::compute::kernels::zip::zip(&mask, &yes.plain(rows)?, &no.plain(rows)?)?;
            return Ok(Self::Plain(chosen.as_string().clone()));
        };
        let shift = i32::try_from(yes_texts.len()).expect("dictionaries have fewer than 2^31 entries");
        let codes = Vector::select(mask, &yes_codes, &no_codes.map(|code| code.wrapping_add(shift)));
        let values = concat(&[&yes_texts, &no_texts])?.as_string().clone();
        Ok(Self::Dictionary(values, Int32Array::new(codes.values.spread(rows), codes.nulls)))
    }
}

type Kernel = fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError>;

/// Arrow's kernel for a comparison.
pub(super) fn kernel(how: Comparison) -> Kernel {
    match how {
        Comparison::Equal => cmp::eq,
        Comparison::NotEqual => cmp::neq,
        Comparison::Less => cmp::lt,
        Comparison::LessEqual => cmp::lt_eq,
        Comparison::Greater => cmp::gt,
        Comparison::GreaterEqual => cmp::gt_eq,
    }
}
