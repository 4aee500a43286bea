//! What values of a pipeline file look like.

use super::{Section, alternatives};
use std::fmt;

/// What a value must look like.
#[derive(Clone, Copy)]
pub(in crate::pipeline) enum Kind {
    /// Any text but the empty one.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A day, `"2024-07-01"`.
    Day,
    /// `true` or `false`.
    Flag,
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
    /// A number, or a fraction of two as text, `"0.10/365"`.
    Ratio,
    /// One text or several.
    Texts,
    /// A list of exact decimal numbers.
    Numbers,
    /// SQL scalar expressions by name.
    SqlByName,
    /// Linear combinations of SQL aggregates by name.
    DriverByName,
    /// One text or several by name, `region = ["north", "west"]`.
    TextsByName,
    /// Numbers by day, `"2024-01-01" = 100`.
    NumberByDay,
    /// A number, or numbers by day.
    NumberOrByDay,
    /// Numbers by name, `"warehouse rent" = 0.4`.
    NumberByName,
    /// Numbers or fractions by name.
    RatioByName,
    /// Numbers by name in tables by name, `[….NAME]`.
    NumberByNameByName,
    /// By name: a number, `"even"`, or a table with these keys.
    Takes(&'static Section),
    /// A table with fixed keys.
    Table(&'static Section),
    /// An array of such tables, `[[…]]`.
    Tables(&'static Section),
    /// Such tables by a name of the user's choice, `[….NAME]`.
    NamedTables(&'static Section),
}

impl Kind {
    /// The section of the tables this kind holds.
    pub(in crate::pipeline) fn section(self) -> Option<&'static Section> {
        match self {
            Kind::Takes(section)
            | Kind::Table(section)
            | Kind::Tables(section)
            | Kind::NamedTables(section) => Some(section),
            _ => None,
        }
    }

    /// The kind of the values of a table by name or by day.
    pub(in crate::pipeline) fn of_values(self) -> Option<Kind> {
        match self {
            Kind::SqlByName => Some(Kind::Sql),
            Kind::DriverByName => Some(Kind::Driver),
            Kind::TextsByName => Some(Kind::Texts),
            Kind::NumberByDay | Kind::NumberByName => Some(Kind::Number),
            Kind::RatioByName => Some(Kind::Ratio),
            Kind::NumberByNameByName => Some(Kind::NumberByName),
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
            Kind::Day => f.write_str("a day in quotes such as '2024-07-01'"),
            Kind::Flag => f.write_str("true or false"),
            Kind::Files => f.write_str("a file pattern in quotes"),
            Kind::Sql => f.write_str("a SQL expression in quotes"),
            Kind::Driver => f.write_str("SQL aggregates in quotes"),
            Kind::Query => f.write_str("a SQL query in quotes"),
            Kind::Integer(least, i64::MAX) => write!(f, "an integer from {least}"),
            Kind::Integer(least, most) => write!(f, "an integer from {least} to {most}"),
            Kind::Number => f.write_str("a number"),
            Kind::Ratio => f.write_str("a number, or a fraction in quotes such as '0.10/365'"),
            Kind::Texts => f.write_str("text in quotes or a list of such texts"),
            Kind::Numbers => f.write_str("a list of numbers"),
            Kind::SqlByName => f.write_str("a table of SQL expressions by name"),
            Kind::DriverByName => f.write_str("a table of SQL aggregates by name"),
            Kind::TextsByName => f.write_str("a table of texts, or lists of texts, by name"),
            Kind::NumberByDay => f.write_str("a table of numbers by day"),
            Kind::NumberOrByDay => f.write_str("a number or a table of numbers by day"),
            Kind::NumberByName => f.write_str("a table of numbers by name"),
            Kind::RatioByName => f.write_str("a table of numbers or fractions by name"),
            Kind::NumberByNameByName => f.write_str("tables by name, each of numbers by name"),
            Kind::Takes(_) => f.write_str("a table of shares, 'even' or quantities by name"),
            Kind::Table(section) => write!(f, "a table, {}", section.header),
            Kind::Tables(section) => write!(f, "a list of tables, each begun with {}", section.header),
            Kind::NamedTables(section) => write!(f, "tables by name, {}", section.header),
        }
    }
}
