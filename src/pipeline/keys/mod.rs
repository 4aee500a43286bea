//! The keys of a pipeline file: one entry per key, from which follow the checks of its shape, its JSON Schema
//! and the reference tables of `pipelines/README.md`.

mod costing;
mod facts;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;

/// The file itself.
pub(super) static FILE: Section = Section {
    header: "the file",
    keys: &[
        Key::optional("about", Kind::Text, "", "What the pipeline is for, in a sentence or two"),
        Key::required("facts", Kind::Table(&facts::FACTS), "What is read, and at which grain"),
        Key::optional(
            "costing",
            Kind::Table(&costing::COSTING),
            "",
            "Resource pools and activities; its presence turns costing on",
        ),
        Key::optional(
            "profitability",
            Kind::Table(&settings::PROFITABILITY),
            "",
            "Where the classes of customers and product groups begin",
        ),
        Key::optional("publish", Kind::Table(&settings::PUBLISH), "", "Where and how to publish"),
        Key::optional("expect", Kind::Tables(&settings::EXPECT), "", "Control totals and data checks"),
    ],
    exactly_one: &[],
};

/// One table of a pipeline file.
pub(super) struct Section {
    /// As a message names it: `[facts]`, `[[costing.resource]]`; `NAME` stands for a name of the user's choice.
    pub(super) header: &'static str,
    /// In the order a reader should meet them.
    pub(super) keys: &'static [Key],
    /// Keys of which exactly one must be given.
    pub(super) exactly_one: &'static [&'static str],
}

impl Section {
    /// The entry of this key, if there is one.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// This section and all below it, in reading order.
    pub(super) fn with_descendants(&'static self) -> Vec<&'static Section> {
        let below = self.keys.iter().filter_map(|key| key.kind.section());
        std::iter::once(self).chain(below.flat_map(Section::with_descendants)).collect()
    }
}

/// One key of a section.
pub(super) struct Key {
    /// As written in the file.
    pub(super) name: &'static str,
    /// What its value must look like.
    pub(super) kind: Kind,
    /// Whether the section is wrong without it.
    pub(super) required: bool,
    /// What holds without it, as TOML where that is possible; empty when nothing does.
    pub(super) default: &'static str,
    /// Its meaning, without full stop.
    pub(super) doc: &'static str,
}

impl Key {
    const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: true, default: "", doc }
    }

    const fn optional(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Self {
        Self { name, kind, required: false, default, doc }
    }
}

/// What a value must look like.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Any text but the empty one.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A path or pattern of input files.
    Files,
    /// A SQL scalar expression.
    Sql,
    /// A linear combination of SQL aggregates.
    Driver,
    /// A SQL query.
    Query,
    /// An integer between these bounds, both included.
    Integer(i64, i64),
    /// An exact decimal number: a TOML number or a string.
    Number,
    /// One text or several.
    Texts,
    /// SQL scalar expressions by name.
    SqlByName,
    /// Numbers by day, `"2024-01-01" = 100`.
    NumberByDay,
    /// Numbers by name, `"warehouse rent" = 0.4`.
    NumberByName,
    /// A table with fixed keys.
    Table(&'static Section),
    /// An array of such tables, `[[…]]`.
    Tables(&'static Section),
    /// Such tables by a name of the user's choice, `[….NAME]`.
    NamedTables(&'static Section),
}

impl Kind {
    /// The section of the tables this kind holds.
    pub(super) fn section(self) -> Option<&'static Section> {
        match self {
            Kind::Table(section) | Kind::Tables(section) | Kind::NamedTables(section) => Some(section),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// With its article, to stand after "expected".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Text => f.write_str("text in quotes"),
            Kind::Words(words) => f.write_str(&alternatives(words)),
            Kind::Files => f.write_str("a file pattern in quotes"),
            Kind::Sql => f.write_str("a SQL expression in quotes"),
            Kind::Driver => f.write_str("SQL aggregates in quotes"),
            Kind::Query => f.write_str("a SQL query in quotes"),
            Kind::Integer(least, i64::MAX) => write!(f, "an integer from {least}"),
            Kind::Integer(least, most) => write!(f, "an integer from {least} to {most}"),
            Kind::Number => f.write_str("a number"),
            Kind::Texts => f.write_str("text in quotes or a list of such texts"),
            Kind::SqlByName => f.write_str("a table of SQL expressions by name"),
            Kind::NumberByDay => f.write_str("a table of numbers by day"),
            Kind::NumberByName => f.write_str("a table of numbers by name"),
            Kind::Table(section) => write!(f, "a table, {}", section.header),
            Kind::Tables(section) => write!(f, "a list of tables, each begun with {}", section.header),
            Kind::NamedTables(section) => write!(f, "tables by name, {}", section.header),
        }
    }
}

/// `'a', 'b' or 'c'`.
pub(super) fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} or {last}", firsts.join(", ")),
    }
}
