//! Folder columns, `…/year=2024/part-0.parquet`, as Hive lays tables out: values of a file's folders.
//!
//! The type of a column follows from all its values in the source, as in DuckDB 2.0: integers, else dates, else text;
//! and, as in Spark and Polars, timestamps. A value counts as an integer only as an integer is written, so codes with
//! leading zeros are text: `007` and `7` are two codes. Decimals and truth values stay text, for engines differ there:
//! DuckDB has text, Spark doubles and text, Polars doubles and truth values.

use super::constant::{ConstantColumn, PathClaim};
use super::input_file::InputFile;
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use percent_encoding::percent_decode_str;
use std::path::{Component, Path};
use std::sync::Arc;

/// A column of a file's folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderValue {
    name: String,
    /// None for null.
    value: Option<String>,
}

impl FolderValue {
    /// The column's name and its value; none for null.
    pub(crate) fn parts(&self) -> (&str, Option<&str>) {
        (&self.name, self.value.as_deref())
    }
}

/// What Hive, Spark, DuckDB and pyarrow call the folder of null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The values in a path's folders; `written` is the path as the pipeline file speaks of it.
///
/// # Errors
/// Two folders give one column two values.
pub(crate) fn folder_values(written: &Path) -> Result<Vec<FolderValue>> {
    let mut values: Vec<FolderValue> = Vec::new();
    for folder in written.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(folder) = folder else { continue };
        let Some(found) = folder.to_str().and_then(folder_value) else { continue };
        match values.iter().find(|known| known.name == found.name) {
            None => values.push(found),
            Some(known) if known.value == found.value => {}
            Some(known) => {
                let [first, second] = [known, &found].map(|of| of.value.as_deref().unwrap_or("null"));
                return Err(Error::input(format!(
                    "{}: the folders give column '{}' two values, '{first}' and '{second}'; rename one of the folders",
                    written.display(),
                    found.name
                )));
            }
        }
    }
    Ok(values)
}

fn folder_value(folder: &str) -> Option<FolderValue> {
    let (name, value) = folder.split_once('=')?;
    let name = decoded(name);
    (!name.is_empty()).then(|| FolderValue { name, value: (value != NULL).then(|| decoded(value)) })
}

/// The text that was escaped; what is no UTF-8 after that was no escape.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), |decoded| decoded.into_owned())
}

/// What the values of a folder column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FolderType {
    Integer,
    Date,
    Timestamp,
    Text,
}

impl FolderType {
    const TYPED: [Self; 3] = [Self::Integer, Self::Date, Self::Timestamp];

    /// The type that all values have; nulls have every type.
    fn of(values: &[&str]) -> Self {
        let holds_all = |kind: &Self| !values.is_empty() && values.iter().all(|value| kind.holds(value));
        Self::TYPED.into_iter().find(holds_all).unwrap_or(Self::Text)
    }

    fn holds(self, value: &str) -> bool {
        match self {
            Self::Integer => value.parse::<i64>().is_ok_and(|integer| integer.to_string() == value),
            Self::Date => value.len() == 10 && self.array(Some(value)).is_some(),
            Self::Timestamp => value.len() > 10 && !has_zone(value) && self.array(Some(value)).is_some(),
            Self::Text => true,
        }
    }

    /// The value as one row; none if it is of another type.
    fn array(self, value: Option<&str>) -> Option<ArrayRef> {
        let text = StringArray::from(vec![value]);
        let array: ArrayRef = match self {
            Self::Integer => Arc::new(Int64Array::from(vec![value.and_then(|value| value.parse().ok())])),
            Self::Date => cast(&text, &DataType::Date32).ok()?,
            Self::Timestamp => cast(&text, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?,
            Self::Text => Arc::new(text),
        };
        (array.is_null(0) == value.is_none()).then_some(array)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Integer => "integers",
            Self::Date => "dates",
            Self::Timestamp => "timestamps",
            Self::Text => "text",
        }
    }
}

/// Whether a time zone follows the time of day.
fn has_zone(value: &str) -> bool {
    value.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-']))
}

/// Adds the folder columns to a source's files, and gives the warnings about their types.
pub(crate) fn add_folder_columns(files: &mut [InputFile], found: &[Vec<FolderValue>]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for value in found.iter().flatten() {
        if !names.contains(&value.name.as_str()) {
            names.push(&value.name);
        }
    }
    let mut warnings = Vec::new();
    for name in names {
        let of_name = |values: &Vec<FolderValue>| values.iter().position(|value| value.name == name);
        let places: Vec<Option<usize>> = found.iter().map(of_name).collect();
        let values = places.iter().zip(found).zip(&*files);
        let values = values.filter_map(|((place, values), file)| {
            Some((values[(*place)?].value.as_deref()?, file.path.as_path()))
        });
        let values: Vec<(&str, &Path)> = values.collect();
        let kind = FolderType::of(&values.iter().map(|(value, _)| *value).collect::<Vec<_>>());
        warnings.extend(spoilt(name, kind, &values));
        for ((place, values), file) in places.into_iter().zip(found).zip(&mut *files) {
            let Some(place) = place else { continue };
            let value = values[place].value.as_deref();
            if let Some(name) = file.spelling_of(name) {
                let value = value.map(ToOwned::to_owned);
                file.path_claims.push(PathClaim { name, value });
            } else {
                let value = kind.array(value).expect("the type holds every value");
                file.add_constants(vec![ConstantColumn::new(name, value)]);
            }
        }
    }
    warnings
}

/// Says that a column is text because of a few values among integers, dates or timestamps.
fn spoilt(name: &str, kind: FolderType, values: &[(&str, &Path)]) -> Option<String> {
    if kind != FolderType::Text {
        return None;
    }
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup_by_key(|(value, _)| *value);
    for typed in FolderType::TYPED {
        let others: Vec<_> = distinct.iter().filter(|(value, _)| !typed.holds(value)).collect();
        let typed_values = distinct.len() - others.len();
        if typed_values >= others.len() && typed_values > 0 {
            let (value, path) = others.first().expect("else the column had this type");
            let more =
                if others.len() > 1 { format!(" and {} more", others.len() - 1) } else { String::new() };
            return Some(format!(
                "folder column '{name}' has the type text because of '{value}'{more} ({}); its other {typed_values} \
                 values are {}; as a key, text and numbers are different customers",
                path.display(),
                typed.words()
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_folders_not_from_the_file_name() {
        for (path, expected) in [
            (
                "data/year=2024/region=north east/a=b.parquet",
                vec![("year", Some("2024")), ("region", Some("north east"))],
            ),
            ("a%3Db=c%2Fd/50%25 off=caf%C3%A9/x", vec![("a=b", Some("c/d")), ("50% off", Some("café"))]),
            ("region=__HIVE_DEFAULT_PARTITION__/x", vec![("region", None)]),
            ("region=/day=NULL/x", vec![("region", Some("")), ("day", Some("NULL"))]),
            ("share=50%/raw=%FF/x", vec![("share", Some("50%")), ("raw", Some("%FF"))]),
            ("a=1/a=1/=2/x", vec![("a", Some("1"))]),
            ("expr=a=b/x", vec![("expr", Some("a=b"))]),
        ] {
            let found = folder_values(Path::new(path)).unwrap();
            let found: Vec<_> = found.iter().map(|of| (of.name.as_str(), of.value.as_deref())).collect();
            assert_eq!(found, expected, "{path}");
        }
        assert!(folder_values(Path::new("a=1/a=2/x")).is_err());
    }

    #[test]
    fn the_type_of_a_column_is_the_one_that_all_its_values_have() {
        for (values, expected) in [
            (vec!["1", "-20", "0"], FolderType::Integer),
            (vec!["1", "007"], FolderType::Text),
            (vec!["+1"], FolderType::Text),
            (vec!["1", "X1"], FolderType::Text),
            (vec!["9223372036854775808"], FolderType::Text),
            (vec!["2024-01-31", "2024-02-29"], FolderType::Date),
            (vec!["2024-01-31", "2023-02-29"], FolderType::Text),
            (vec!["2024-1-31"], FolderType::Text),
            (vec!["2024-01-31 10:30:00", "2024-01-31T10:30:00.123456"], FolderType::Timestamp),
            (vec!["2024-01-31", "2024-01-31 10:30:00"], FolderType::Text),
            (vec!["2024-01-31 10:30:00+02"], FolderType::Text),
            (vec!["2024-01-31garbage"], FolderType::Text),
            (vec!["1.50"], FolderType::Text),
            (vec!["true"], FolderType::Text),
            (vec!["1", ""], FolderType::Text),
            (vec![], FolderType::Text),
        ] {
            assert_eq!(FolderType::of(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_column_that_few_values_make_text_is_warned_of() {
        let said = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| (*value, Path::new("p"))).collect();
            let kind = FolderType::of(&values.iter().map(|(value, _)| *value).collect::<Vec<_>>());
            spoilt("store", kind, &values)
        };
        assert!(
            said(&["1", "2", "X1"]).unwrap().contains("because of 'X1' (p); its other 2 values are integers")
        );
        assert!(said(&["007", "7"]).is_some());
        for silent in [vec!["1", "2"], vec!["A1", "B2", "7"], vec!["007", "008"], vec![]] {
            assert_eq!(said(&silent), None);
        }
    }
}
