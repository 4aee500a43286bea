//! The action `metaData`: schema and data dictionary of a table, as Delta writes them.

use super::super::release::{PublishedColumn, PublishedTable, Release};
use serde_json::{Value, json};

/// Only `abacus releases vacuum` removes links and nothing removes versions: other programs are to wait for ever.
const FOR_EVER: &str = "interval 36500 days";

/// The action of a table. It has no time, so that the same table is the same text.
pub(super) fn action(name: &str, table: &PublishedTable, release: &Release) -> String {
    let pipeline = release.run["pipeline"].as_str().unwrap_or_default();
    // Keys of partitions are days; their column comes first, as in the views.
    let key = table.partition.as_deref();
    let key_field = key.map(|key| field(key, "date", false, json!({})));
    let fields: Vec<Value> = key_field.into_iter().chain(table.columns.iter().map(column_field)).collect();
    let schema = json!({ "type": "struct", "fields": fields });
    let metadata = json!({
        "id": table_id(pipeline, name),
        "name": name,
        "description": table.comment(),
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(),
        "partitionColumns": key.into_iter().collect::<Vec<_>>(),
        "configuration": {
            "delta.deletedFileRetentionDuration": FOR_EVER,
            "delta.logRetentionDuration": FOR_EVER,
        },
    });
    json!({ "metaData": metadata }).to_string()
}

fn column_field(column: &PublishedColumn) -> Value {
    let comment = json!({ "comment": column.comment() });
    field(&column.name, &delta_type(&column.sql_type), column.nullable, comment)
}

fn field(name: &str, delta_type: &str, nullable: bool, metadata: Value) -> Value {
    json!({ "name": name, "type": delta_type, "nullable": nullable, "metadata": metadata })
}

fn delta_type(sql_type: &str) -> String {
    match sql_type {
        "BIGINT" => "long".to_owned(),
        "VARCHAR" => "string".to_owned(),
        "TIMESTAMP WITH TIME ZONE" => "timestamp".to_owned(),
        // DOUBLE, DATE, BOOLEAN and DECIMAL(precision,scale) have the same names in both.
        other => other.to_ascii_lowercase(),
    }
}

/// A UUID that follows from the names of pipeline and table, marked as one of version 8, which is anybody's own.
fn table_id(pipeline: &str, table: &str) -> String {
    let digest = blake3::hash(format!("{pipeline}/{table}").as_bytes()).to_hex();
    let (a, b, c, d, e) = (&digest[..8], &digest[8..12], &digest[13..16], &digest[17..20], &digest[20..32]);
    format!("{a}-{b}-8{c}-8{d}-{e}")
}
