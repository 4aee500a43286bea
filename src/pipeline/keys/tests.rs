//! The key tables against what is written about them.

use super::{FILE, Key, Kind, Section};
use crate::pipeline::sql::FUNCTIONS;
use std::collections::BTreeSet;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/README.md");
/// The second file has what excludes something of the first.
const COMPLETE: &str = concat!(
    include_str!("../../../tests/definitions/right/complete.toml"),
    include_str!("../../../tests/definitions/right/frozen_cut_points.toml"),
);

/// `BLESS=1` rewrites the tables between their markers.
#[test]
fn the_reference_has_the_table_of_every_section_and_every_function() {
    let written = std::fs::read_to_string(README).unwrap();
    let mut expected = written.clone();
    for section in FILE.with_descendants().into_iter().filter(|section| section.header != "[costing]") {
        let begin = format!("<!-- keys of {} -->\n", section.header);
        set_between(&mut expected, &begin, "<!-- end of keys -->", &reference_table(section));
    }
    set_between(&mut expected, "<!-- functions -->\n", "<!-- end of functions -->", &function_table());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(README, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(README).unwrap(), expected, "BLESS=1 rewrites the tables");
}

fn set_between(text: &mut String, begin: &str, end: &str, table: &str) {
    let start = text.find(begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let length = text[start..].find(end).unwrap_or_else(|| panic!("no {end} after {begin}"));
    text.replace_range(start..start + length, table);
}

fn function_table() -> String {
    let rows = FUNCTIONS.iter().map(|entry| {
        let also: String = entry.aliases.iter().map(|alias| format!(", `{alias}`")).collect();
        format!("| `{}`{also} | {} |\n", entry.usage, entry.meaning)
    });
    std::iter::once("| function | gives |\n|---|---|\n".to_owned()).chain(rows).collect()
}

fn reference_table(section: &Section) -> String {
    let rows = section.keys.iter().map(|key| {
        format!(
            "| `{}` | {} | {} | {} |\n",
            key.name,
            reference_type(key.kind),
            reference_default(key),
            key.doc
        )
    });
    std::iter::once("| key | type | default | meaning |\n|---|---|---|---|\n".to_owned())
        .chain(rows)
        .collect()
}

fn reference_type(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".into(),
        Kind::Words(words) => {
            words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" or ")
        }
        Kind::Day => "day as text".into(),
        Kind::Flag => "true or false".into(),
        Kind::Files => "path pattern".into(),
        Kind::Sql => "SQL expression".into(),
        Kind::Driver => "SQL aggregates".into(),
        Kind::Query => "SQL query".into(),
        Kind::Integer(least, i64::MAX) => format!("integer from {least}"),
        Kind::Integer(least, most) => format!("integer {least}–{most}"),
        Kind::Number => "number".into(),
        Kind::Ratio => "number or fraction as text".into(),
        Kind::Texts => "text or list of texts".into(),
        Kind::Numbers => "list of numbers".into(),
        Kind::SqlByName => "SQL expression by name".into(),
        Kind::DriverByName => "SQL aggregates by name".into(),
        Kind::TextsByName => "text or list of texts by name".into(),
        Kind::NumberByDay => "number by day".into(),
        Kind::NumberOrByDay => "number, or number by day".into(),
        Kind::NumberByName => "number by name".into(),
        Kind::RatioByName => "number or fraction by name".into(),
        Kind::NumberByNameByName => "number by name, by name".into(),
        Kind::Takes(_) => "share, `\"even\"` or table by name".into(),
        Kind::Table(_) => "table".into(),
        Kind::Tables(_) => "tables".into(),
        Kind::NamedTables(_) => "tables by name".into(),
    }
}

fn reference_default(key: &Key) -> String {
    let is_toml =
        key.default.starts_with('"') && key.default.matches('"').count() == 2 && key.default.ends_with('"')
            || key.default.starts_with(|first: char| first.is_ascii_digit());
    match (key.required, key.default) {
        (true, _) => "**required**".into(),
        (false, default) if is_toml => format!("`{default}`"),
        (false, default) => default.into(),
    }
}

#[test]
fn the_complete_files_use_every_key() {
    for section in FILE.with_descendants() {
        for key in section.keys {
            let is_written = match key.kind.section() {
                Some(_) if key.name == "costing" => true,
                Some(_) => {
                    COMPLETE.contains(&format!("{}]", key.name))
                        || COMPLETE.contains(&format!("{}.", key.name))
                        || COMPLETE.contains(&format!("{} = {{", key.name))
                }
                None => COMPLETE.contains(&format!("{} = ", key.name)),
            };
            assert!(is_written, "{} of {}", key.name, section.header);
        }
    }
}

#[test]
fn a_key_stands_once_in_its_section() {
    for section in FILE.with_descendants() {
        let names: BTreeSet<&str> = section.keys.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), section.keys.len(), "{}", section.header);
        assert!(section.choice.keys().iter().all(|name| names.contains(name)), "{}", section.header);
        assert!(section.keys.iter().all(|key| !key.doc.ends_with('.')), "{}", section.header);
    }
}
