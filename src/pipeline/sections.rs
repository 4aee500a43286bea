//! Digests of the parts of a pipeline file: results follow from its values, not from its comments and layout.

use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Parts of a pipeline file that no result follows from.
const INDECISIVE: &[&str] = &[
    "about",
    "run",
    "scenario",
    "publish.gate",
    "publish.grace_minutes",
    "publish.keep",
    "publish.keep_month_ends",
    "publish.path",
    "publish.store",
];

/// A digest of each key of each section, as `section.key`, and of each key outside of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sections(BTreeMap<String, String>);

impl Sections {
    pub(super) fn of(root: &DeTable<'_>) -> Self {
        let mut digests = BTreeMap::new();
        digests
            .extend(planned_scenario(root).map(|scenario| ("plan.(scenario)".to_owned(), digest(scenario))));
        digests.extend(published_scenarios(root));
        for (key, value) in root {
            let section: &str = key.get_ref();
            match value.get_ref() {
                DeValue::Table(table) => {
                    digests.insert(section.to_owned(), String::new());
                    digests.extend(table.iter().map(|(key, value)| {
                        (format!("{section}.{}", key.get_ref()), digest(value.get_ref()))
                    }));
                }
                value => {
                    digests.insert(section.to_owned(), digest(value));
                }
            }
        }
        Self(digests)
    }

    /// The digests of all keys that results follow from.
    pub fn decisive(&self) -> BTreeMap<String, String> {
        self.without(INDECISIVE)
    }

    fn without(&self, parts: &[&str]) -> BTreeMap<String, String> {
        let mut digests = self.0.clone();
        digests.retain(|key, _| !parts.iter().any(|part| lies_in(key, part)));
        digests
    }
}

/// The scenario that is the plan: results follow from it, where they follow from no other.
fn planned_scenario<'t, 'v>(root: &'t DeTable<'v>) -> Option<&'t DeValue<'v>> {
    let table = |value: &'t Spanned<DeValue<'v>>| value.get_ref().as_table();
    let name = table(root.get("plan")?)?.get("scenario")?.get_ref().as_str()?;
    Some(table(root.get("scenario")?)?.get(name)?.get_ref())
}

/// The scenarios that runs publish, as keys of a section of their own.
fn published_scenarios(root: &DeTable<'_>) -> Vec<(String, String)> {
    let scenarios = root.get("scenario").and_then(|scenarios| scenarios.get_ref().as_table());
    let is_published = |scenario: &DeValue<'_>| {
        let flag = scenario.as_table().and_then(|table| table.get("publish"));
        matches!(flag.map(Spanned::get_ref), Some(DeValue::Boolean(true)))
    };
    let published = scenarios.into_iter().flat_map(DeTable::iter);
    let published = published.filter(|(_, scenario)| is_published(scenario.get_ref()));
    let key = |name: &str| format!("whatif.({name})");
    published.map(|(name, scenario)| (key(name.get_ref()), digest(scenario.get_ref()))).collect()
}

/// Whether a key is one of a part of the file: a section, or a key as `section.key`.
pub fn lies_in(key: &str, part: &str) -> bool {
    key.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Keys that differ, or that one of both lacks, in order.
pub fn changed_keys(now: &BTreeMap<String, String>, before: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = now.keys().chain(before.keys()).collect();
    keys.into_iter().filter(|key| now.get(*key) != before.get(*key)).cloned().collect()
}

fn digest(value: &DeValue<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    add(value, &mut hasher);
    hasher.finalize().to_string()
}

/// Each value begins with its kind and its length, so that no two values look the same.
fn add(value: &DeValue<'_>, hasher: &mut blake3::Hasher) {
    let mut text = |kind: &str, text: &str| {
        hasher.update(format!("{kind} {} {text}", text.len()).as_bytes());
    };
    match value {
        DeValue::String(value) => text("text", value),
        DeValue::Integer(value) => text("integer", &value.to_string()),
        DeValue::Float(value) => text("float", &value.to_string()),
        DeValue::Boolean(value) => text("flag", &value.to_string()),
        DeValue::Datetime(value) => text("time", &value.to_string()),
        DeValue::Array(values) => {
            text("list", &values.len().to_string());
            values.iter().for_each(|value| add(value.get_ref(), hasher));
        }
        DeValue::Table(table) => {
            text("table", &table.len().to_string());
            for (key, value) in in_order(table) {
                add(&DeValue::String(key.get_ref().clone()), hasher);
                add(value.get_ref(), hasher);
            }
        }
    }
}

type Entry<'t, 'v> = (&'t Spanned<std::borrow::Cow<'v, str>>, &'t Spanned<DeValue<'v>>);

/// As written: the order of named tables may matter.
fn in_order<'t, 'v>(table: &'t DeTable<'v>) -> Vec<Entry<'t, 'v>> {
    let mut entries: Vec<Entry<'t, 'v>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(text: &str) -> Sections {
        Sections::of(DeTable::parse(text).unwrap().get_ref())
    }

    #[test]
    fn comments_and_layout_change_nothing() {
        let plain = sections("[a]\nb = [1, 2]\n[publish]\nkeep = 3\n");
        assert_eq!(plain, sections("# why\n[publish]\n  keep = 3 # nights\n\n[a]\nb = [1,\n 2]\n"));
        assert_ne!(plain, sections("[a]\nb = [1, 3]\n[publish]\nkeep = 3\n"));
    }

    #[test]
    fn a_scenario_decides_where_it_is_the_plan() {
        let text = |plan: &str, growth: &str| format!("[scenario.a]\ngrowth = {growth}\n[plan]\n{plan}\n");
        let decisive = |text: &str| sections(text).decisive();
        let other = decisive(&text("about = 'x'", "1.1"));
        assert_eq!(other, decisive(&text("about = 'x'", "1.2")));
        let planned = decisive(&text("scenario = 'a'", "1.1"));
        assert_ne!(planned, decisive(&text("scenario = 'a'", "1.2")));
        assert_eq!(changed_keys(&planned, &decisive(&text("scenario = 'a'", "1.2"))), ["plan.(scenario)"]);
    }

    #[test]
    fn a_scenario_decides_where_it_is_published() {
        let text = |more: &str, growth: &str| format!("[scenario.a]\ngrowth = {growth}\n{more}\n");
        let decisive = |text: &str| sections(text).decisive();
        assert_eq!(decisive(&text("publish = false", "1.1")), decisive(&text("", "1.2")));
        let published = decisive(&text("publish = true", "1.1"));
        let changed = changed_keys(&published, &decisive(&text("publish = true", "1.2")));
        assert_eq!(changed, ["whatif.(a)"]);
        assert!(lies_in(&changed[0], "whatif"));
    }

    #[test]
    fn parts_are_sections_or_keys() {
        let sections = sections("about = 'x'\n[a]\nb = 1\nc = 2\n[ab]\nc = 1\n");
        let names = |parts: BTreeMap<String, String>| parts.into_keys().collect::<Vec<_>>();
        assert_eq!(names(sections.without(&["a", "about"])), ["ab", "ab.c"]);
        assert_eq!(names(sections.without(&["a.c", "ab"])), ["a", "a.b", "about"]);
    }
}
