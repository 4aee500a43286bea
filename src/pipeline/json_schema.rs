//! The JSON Schema of a pipeline file, for editors that complete and check TOML.

use super::keys::{FILE, Key, Kind, Section};
use serde_json::{Map, Value, json};

/// JSON Schema (draft 2020-12) of a pipeline file.
///
/// It knows keys, types, words and bounds; names that refer to each other and SQL are `read`'s to check.
pub fn json_schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "abacus pipeline file".into());
    schema.extend(section_schema(&FILE));
    schema.insert("$defs".into(), json!({ "number": number_schema() }));
    Value::Object(schema)
}

fn section_schema(section: &Section) -> Map<String, Value> {
    let properties: Map<String, Value> =
        section.keys.iter().map(|key| (key.name.to_owned(), key_schema(key))).collect();
    let required: Vec<&str> = section.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema.insert("additionalProperties".into(), false.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if !section.exactly_one.is_empty() {
        let choices: Vec<Value> =
            section.exactly_one.iter().map(|name| json!({ "required": [name] })).collect();
        schema.insert("oneOf".into(), choices.into());
    }
    schema
}

fn key_schema(key: &Key) -> Value {
    let mut schema = kind_schema(key.kind);
    schema.insert("description".into(), key.doc.into());
    if let Some(default) = default_value(key) {
        schema.insert("default".into(), default);
    }
    Value::Object(schema)
}

fn kind_schema(kind: Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Text | Kind::Files | Kind::Sql | Kind::Driver | Kind::Query => text_schema(),
        Kind::Words(words) => json!({ "enum": words }),
        Kind::Integer(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
        Kind::Integer(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Number => number_reference(),
        Kind::Texts => {
            json!({ "anyOf": [text_schema(), { "type": "array", "items": text_schema(), "minItems": 1 }] })
        }
        Kind::SqlByName => json!({ "type": "object", "additionalProperties": text_schema() }),
        Kind::NumberByName => json!({ "type": "object", "additionalProperties": number_reference() }),
        Kind::NumberByDay => json!({
            "type": "object",
            "propertyNames": { "format": "date" },
            "additionalProperties": number_reference(),
        }),
        Kind::Table(section) => Value::Object(section_schema(section)),
        Kind::Tables(section) => json!({ "type": "array", "items": section_schema(section) }),
        Kind::NamedTables(section) => {
            json!({ "type": "object", "additionalProperties": section_schema(section) })
        }
    };
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("every kind is described by an object"),
    }
}

fn text_schema() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn number_reference() -> Value {
    json!({ "$ref": "#/$defs/number" })
}

fn number_schema() -> Value {
    let digits = "^ *[+-]?([0-9_]+\\.?[0-9_]*|\\.[0-9_]+) *$";
    json!({
        "description": "An exact decimal number without exponent, as a number or in quotes",
        "anyOf": [{ "type": "number" }, { "type": "string", "pattern": digits }],
    })
}

/// The default as JSON where it is a value, `None` where it is a rule in words.
fn default_value(key: &Key) -> Option<Value> {
    let text = key.default.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (text, key.kind) {
        (Some(text), _) if !text.contains('"') => Some(text.into()),
        (None, Kind::Integer(..) | Kind::Number) => {
            key.default.replace('_', "").parse::<i64>().ok().map(Value::from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_says_what_the_key_tables_say() {
        let schema = json_schema();
        let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or(Value::Null);
        assert_eq!(at("/required"), json!(["facts"]));
        assert_eq!(at("/additionalProperties"), json!(false));
        assert_eq!(at("/properties/facts/required"), json!(["period", "currency", "transactions"]));
        assert_eq!(
            at("/properties/facts/properties/period/enum"),
            json!(["week", "month", "quarter", "year"])
        );
        assert_eq!(at("/properties/facts/properties/timezone/default"), json!("UTC"));
        assert_eq!(at("/properties/publish/properties/row_group_rows/default"), json!(131_072));
        let event = "/properties/facts/properties/events/additionalProperties";
        assert_eq!(at(&format!("{event}/required")), json!(["files", "customer", "at"]));
        let resource = "/properties/costing/properties/resource/items";
        let one_of =
            json!([{ "required": ["amount"] }, { "required": ["amounts"] }, { "required": ["ledger"] }]);
        assert_eq!(at(&format!("{resource}/oneOf")), one_of);
        assert_eq!(at(&format!("{resource}/properties/amount/$ref")), json!("#/$defs/number"));
    }

    #[test]
    fn a_default_in_words_is_no_default_value() {
        let schema = json_schema();
        let keep = schema.pointer("/properties/publish/properties/keep").unwrap();
        assert!(keep.get("default").is_none());
        assert_eq!(keep["minimum"], json!(1));
    }
}
