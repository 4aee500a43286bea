//! The schema of a table, and partition values, which the log holds as text, in its types.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, TimeUnit, TimestampMicrosecondType};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
struct Struct {
    fields: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: serde_json::Value,
    nullable: bool,
}

/// The columns of a table that have a plain type; no expression can name one that is nested.
///
/// # Errors
/// The text is no schema, or names an unknown type.
pub(super) fn columns(schema_string: &str) -> Result<Vec<Field>, String> {
    let schema: Struct =
        serde_json::from_str(schema_string).map_err(|fault| format!("the schema cannot be read: {fault}"))?;
    let plain = schema.fields.iter().filter_map(|column| Some((column, column.kind.as_str()?)));
    plain
        .map(|(column, kind)| {
            let unknown = || format!("column '{}' has the type '{kind}', which is unknown here", column.name);
            Ok(Field::new(&column.name, data_type(kind).ok_or_else(unknown)?, column.nullable))
        })
        .collect()
}

fn data_type(kind: &str) -> Option<DataType> {
    Some(match kind {
        "string" => DataType::Utf8,
        "long" | "integer" | "short" | "byte" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => {
            let (precision, scale) = kind.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
            DataType::Decimal128(precision.trim().parse().ok()?, scale.trim().parse().ok()?)
        }
    })
}

/// A partition value as an array of one row. By the protocol an empty text is null, whatever the type.
///
/// # Errors
/// The text is no value of the column's type.
pub(super) fn partition_value(column: &Field, text: Option<&str>) -> Result<ArrayRef, String> {
    let text = text.filter(|text| !text.is_empty());
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let fault = |what: &dyn std::fmt::Display| {
        let (name, kind) = (column.name(), column.data_type());
        format!(
            "partition column '{name}' has the value '{}', which is no {kind}: {what}",
            text.unwrap_or_default()
        )
    };
    // The parser knows no names of zones.
    let is_instant = matches!(column.data_type(), DataType::Timestamp(_, Some(_)));
    let offset = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let parsed_as = if is_instant { &offset } else { column.data_type() };
    let value = cast_with_options(&StringArray::from(vec![text]), parsed_as, &options);
    let mut value = value.map_err(|error| fault(&error))?;
    if is_instant {
        let instants = value.as_primitive::<TimestampMicrosecondType>();
        value = Arc::new(instants.clone().with_timezone("UTC"));
    }
    if value.is_null(0) && text.is_some() { Err(fault(&"it cannot be read")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::display::array_value_to_string;

    #[test]
    fn partition_values_have_the_type_of_the_tables_schema() {
        let fields = ["string", "long", "decimal(9,2)", "boolean", "date", "timestamp", "timestamp_ntz"]
            .map(|kind| format!(r#"{{"name":"c","type":"{kind}","nullable":true,"metadata":{{}}}}"#));
        let schema = format!(r#"{{"type":"struct","fields":[{}]}}"#, fields.join(","));
        let columns = columns(&schema).unwrap();
        let texts =
            ["a/b", "007", "-1.50", "true", "2024-01-31", "2024-01-31 10:00:00", "2024-01-31 10:00:00.5"];
        let expected =
            ["a/b", "7", "-1.50", "true", "2024-01-31", "2024-01-31T10:00:00", "2024-01-31T10:00:00.500"];
        for ((column, text), expected) in columns.iter().zip(texts).zip(expected) {
            let value = partition_value(column, Some(text)).unwrap();
            assert_eq!(value.data_type(), column.data_type());
            assert_eq!(shown(&value), expected);
            for null in [None, Some("")] {
                assert!(partition_value(column, null).unwrap().is_null(0));
            }
        }
        assert!(partition_value(&columns[1], Some("x")).is_err());
        let instant = partition_value(&columns[5], Some("2024-01-31T10:00:00.000000Z")).unwrap();
        assert_eq!(shown(&instant), "2024-01-31T10:00:00");
    }

    /// An instant as wall time of UTC: arrow shows zones by offset only.
    fn shown(value: &ArrayRef) -> String {
        let shown = match value.data_type() {
            DataType::Timestamp(..) => {
                let wall =
                    value.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>);
                Arc::new(wall)
            }
            _ => Arc::clone(value),
        };
        array_value_to_string(&shown, 0).unwrap()
    }

    #[test]
    fn nested_columns_are_passed_over_and_unknown_types_are_not() {
        let schema = |kind: &str| {
            columns(&format!(
                r#"{{"type":"struct","fields":[{{"name":"c","type":{kind},"nullable":true}}]}}"#
            ))
        };
        assert!(schema(r#"{"type":"array","elementType":"long","containsNull":true}"#).unwrap().is_empty());
        assert!(schema(r#""variant""#).is_err());
    }
}
