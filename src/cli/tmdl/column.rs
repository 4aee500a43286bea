//! A column of a semantic model.

use super::words::{described, name};
use crate::publish::PublishedColumn;

/// What a SQL type is in the model, in Power Query, and how it is shown.
struct ModelType {
    data_type: &'static str,
    power_query: &'static str,
}

/// Fixed decimal numbers of Power BI have 4 digits after the point and 19 in all; others are doubles there.
fn model_type(sql_type: &str) -> ModelType {
    let (data_type, power_query) = match sql_type {
        "BIGINT" => ("int64", "Int64.Type"),
        "DOUBLE" => ("double", "type number"),
        "BOOLEAN" => ("boolean", "type logical"),
        "DATE" => ("dateTime", "type date"),
        "TIMESTAMP WITH TIME ZONE" => ("dateTime", "type datetimezone"),
        decimal if scale(decimal).is_some_and(|scale| scale <= 4) => ("decimal", "Currency.Type"),
        decimal if scale(decimal).is_some() => ("double", "type number"),
        _ => ("string", "type text"),
    };
    ModelType { data_type, power_query }
}

/// Digits after the point of `DECIMAL(p,s)`.
fn scale(sql_type: &str) -> Option<u8> {
    sql_type.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?.1.trim().parse().ok()
}

/// The type that a column of a Parquet file is turned into.
pub(super) fn power_query_type(sql_type: &str) -> &'static str {
    model_type(sql_type).power_query
}

/// The column's text. Amounts and counts are summed in tables where sums mean something; of all others nothing is added up
/// unless a measure says so.
pub(super) fn column(column: &PublishedColumn, currency: &str, is_additive: bool) -> String {
    let ModelType { data_type, .. } = model_type(&column.sql_type);
    let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
    let mut text = described("\t", &format!("{}{unit}", column.meaning));
    text.push_str(&format!("\tcolumn {}\n\t\tdataType: {data_type}\n", name(&column.name)));
    if let Some(format) = format_string(column, data_type, currency) {
        text.push_str(&format!("\t\tformatString: {format}\n"));
    }
    let is_amount =
        ["int64", "decimal"].contains(&data_type) && !["", "1", "‰"].contains(&column.unit.as_str());
    let summary = if is_additive && is_amount { "sum" } else { "none" };
    text.push_str(&format!("\t\tsummarizeBy: {summary}\n\t\tsourceColumn: {}\n", column.name));
    text.push_str("\n\t\tannotation SummarizationSetBy = User\n");
    text
}

fn format_string(column: &PublishedColumn, data_type: &str, currency: &str) -> Option<&'static str> {
    Some(match (data_type, column.unit.as_str(), column.sql_type.as_str()) {
        (_, _, "DATE") => "yyyy-mm-dd",
        ("dateTime", ..) => "yyyy-mm-dd hh:nn:ss",
        ("int64", "", _) => "0",
        ("int64", ..) => "#,0",
        ("double", "1", _) => "0.0%",
        ("decimal" | "double", unit, _) if !unit.is_empty() && unit == currency => "#,0.00",
        ("decimal" | "double", ..) => "#,0.####",
        _ => return None,
    })
}
