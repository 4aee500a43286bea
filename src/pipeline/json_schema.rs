//! The JSON Schema of a pipeline file, for editors that complete and check TOML.

use super::keys::{Choice, FILE, Key, Kind, Section};
use serde_json::{Map, Value, json};

/// JSON Schema (draft 2020-12) of a pipeline file.
///
/// It knows keys, types, words and bounds; names that refer to each other and SQL are `read`'s to check.
pub fn json_schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "abacus pipeline file".into());
    schema.extend(section_schema(&FILE));
    schema.insert("$defs".into(), json!({ "number": number_schema(), "ratio": ratio_schema() }));
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
    match section.choice {
        Choice::Free => {}
        Choice::OneOf(names) => {
            let choices: Vec<Value> = names.iter().map(|name| json!({ "required": [name] })).collect();
            schema.insert("oneOf".into(), choices.into());
        }
        Choice::AtMostOneOf(names) => {
            schema.insert("not".into(), json!({ "anyOf": pairs(names) }));
        }
    }
    schema
}

/// Any two of the keys at once.
fn pairs(names: &[&str]) -> Vec<Value> {
    let of = |(index, first): (usize, &&str)| {
        let pair = |second: &&str| json!({ "required": [first, second] });
        names[index + 1..].iter().map(pair).collect::<Vec<_>>()
    };
    names.iter().enumerate().flat_map(of).collect()
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
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number => number_reference(),
        Kind::Ratio => ratio_reference(),
        Kind::Texts => texts_schema(),
        Kind::Numbers => json!({ "type": "array", "items": number_reference(), "minItems": 1 }),
        Kind::SqlByName | Kind::DriverByName => by_name(text_schema()),
        Kind::NumberByName => by_name(number_reference()),
        Kind::RatioByName => by_name(ratio_reference()),
        Kind::NumberByNameByName => by_name(by_name(number_reference())),
        Kind::TextsByName => by_name(texts_schema()),
        Kind::NumberByDay => by_day(),
        Kind::NumberOrByDay => json!({ "anyOf": [number_reference(), by_day()] }),
        Kind::Takes(section) => by_name(json!({
            "anyOf": [number_reference(), { "const": "even" }, section_schema(section)],
        })),
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

fn texts_schema() -> Value {
    json!({ "anyOf": [text_schema(), { "type": "array", "items": text_schema(), "minItems": 1 }] })
}

fn number_reference() -> Value {
    json!({ "$ref": "#/$defs/number" })
}

fn ratio_reference() -> Value {
    json!({ "$ref": "#/$defs/ratio" })
}

fn by_name(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

fn by_day() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "format": "date" },
        "additionalProperties": number_reference(),
    })
}

/// A decimal number as text, as a regular expression.
const DIGITS: &str = " *[+-]?([0-9_]+\\.?[0-9_]*|\\.[0-9_]+) *";

fn number_schema() -> Value {
    json!({
        "description": "An exact decimal number without exponent, as a number or in quotes",
        "anyOf": [{ "type": "number" }, { "type": "string", "pattern": format!("^{DIGITS}$") }],
    })
}

fn ratio_schema() -> Value {
    json!({
        "description": "An exact decimal number, or a fraction of two in quotes",
        "anyOf": [{ "type": "number" }, { "type": "string", "pattern": format!("^{DIGITS}(/{DIGITS})?$") }],
    })
}

/// The default as JSON where it is a value, `None` where it is a rule in words.
fn default_value(key: &Key) -> Option<Value> {
    let text = key.default.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (text, key.kind) {
        (Some(text), _) if !text.contains('"') => Some(text.into()),
        (None, Kind::Flag) => key.default.parse::<bool>().ok().map(Value::from),
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
        let not_both = json!([
            { "required": ["amount", "amounts"] },
            { "required": ["amount", "ledger"] },
            { "required": ["amounts", "ledger"] }
        ]);
        assert_eq!(at(&format!("{resource}/not/anyOf")), not_both);
        let capacity = json!([
            { "required": ["practical_minutes"] },
            { "required": ["practical_hours"] },
            { "required": ["people"] }
        ]);
        assert_eq!(at(&format!("{resource}/properties/capacity/oneOf")), capacity);
        let take = at(&format!("{resource}/properties/from/additionalProperties/anyOf"));
        assert_eq!((&take[0], &take[1]), (&json!({ "$ref": "#/$defs/number" }), &json!({ "const": "even" })));
        assert_eq!(take[2]["properties"]["quantity"]["$ref"], json!("#/$defs/number"));
        assert_eq!(at("/properties/publish/properties/customer_activity/default"), json!(false));
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
