//! The defaults that the key tables document are those that the reader takes.

use super::checked;
use crate::pipeline::Sections;
use crate::pipeline::keys::{FILE, Key, Kind};
use std::path::Path;

/// The sections whose keys have defaults, each with what it cannot be without.
const SECTIONS: &[(&str, &str)] = &[
    ("[facts]", "period = 'month'\ncurrency = 'EUR'"),
    ("[facts.transactions]", "files = 'a.parquet'\ncustomer = 'c'\norder = 'o'\nat = 't'\nrevenue = 'v'"),
    ("[[costing.resource]]", "name = 'warehouse'\namount = 10"),
    ("[[costing.activity]]", "name = 'pick'\nresource = 'warehouse'\ndriver = 'count(*)'"),
    ("[profitability]", ""),
    ("[lifecycle]", ""),
    ("[lifecycle.states]", ""),
    ("[lifecycle.warning]", ""),
    ("[clv]", ""),
    ("[segments]", ""),
    ("[segments.rfm]", ""),
    ("[segments.pyramid]", ""),
    ("[segments.size]", ""),
    ("[segments.loyalty]", ""),
    ("[perception]", ""),
    ("[perception.exchange]", ""),
    ("[perception.delivered]", ""),
    ("[perception.delivered.relationship]", "value = { functional = '1' }"),
    (
        "[perception.surveys]",
        "files = 's.parquet'\ncustomer = 'c'\nat = 't'\nattribute = 'a'\nperformance = 'p'",
    ),
    ("[run]", ""),
    ("[publish]", ""),
    ("[[expect]]", "name = 'sum'\nsql = 'select 1'\nequals = 1"),
];

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let (left_out, _) = definition(|_| false);
    let (written, count) = definition(is_of_one_value);
    assert!(count > 50, "{count} defaults");
    assert_eq!(written, left_out);
}

/// What a file means that writes out the defaults of these keys, and how many it writes.
fn definition(is_written: impl Fn(&Key) -> bool) -> (String, usize) {
    let sections = FILE.with_descendants();
    let mut text = String::new();
    let mut count = 0;
    for (header, needed) in SECTIONS {
        text += &format!("{header}\n{needed}\n");
        let Some(section) = sections.iter().find(|section| section.header == *header) else { continue };
        for key in section.keys.iter().filter(|key| is_written(key) && !needed.contains(key.name)) {
            text += &format!("{} = {}\n", key.name, key.default);
            count += 1;
        }
    }
    let read = checked(Path::new("pipelines/p.toml"), text.as_bytes());
    let mut definition = read.unwrap_or_else(|fault| panic!("{:?} in\n{text}", fault.messages));
    definition.digest.clear();
    definition.text.clear();
    definition.sections = Sections::default();
    (without_positions(&format!("{definition:#?}")), count)
}

/// Whether the default is a value and not a rule in words. SQL is kept as it is written or left out, and a resource that
/// says 'fixed' must have takers of that part.
fn is_of_one_value(key: &Key) -> bool {
    if key.name == "fixed" {
        return false;
    }
    let is_sql = matches!(key.kind, Kind::Sql | Kind::Driver);
    !is_sql && !key.default.is_empty() && format!("k = {}", key.default).parse::<toml::Table>().is_ok()
}

/// The same without lines of places, which differ with the text.
fn without_positions(text: &str) -> String {
    text.lines()
        .filter(|line| !["line: ", "column: "].iter().any(|of| line.trim_start().starts_with(of)))
        .collect()
}
