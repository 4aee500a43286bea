//! Keys of one value of `from`: what a resource or activity takes of another.

use super::text_format::{DATE_FORMAT, DECIMAL_MARK, SEPARATOR, THOUSANDS_MARK};
use super::{Choice, Key, Kind, Section, VERSION};

pub(super) static TAKE: Section = Section {
    header: "a value of from",
    keys: &[
        Key::optional(
            "quantity",
            Kind::Number,
            "",
            "In proportion to a given quantity, the same in every period",
        ),
        Key::optional(
            "quantities",
            Kind::NumberByDay,
            "",
            "In proportion to quantities by any day of their period; a period not listed has 0",
        ),
        Key::optional(
            "driver",
            Kind::Driver,
            "",
            "In proportion to the total of SQL aggregates over all customers",
        ),
        Key::optional(
            "on",
            Kind::Text,
            "\"transactions\"",
            "The source `driver` speaks of: an event source's name, or `acquisitions`",
        ),
        Key::optional("file", Kind::Table(&FILE), "", "In proportion to rows of a small driver file"),
        Key::optional(
            "minutes",
            Kind::Number,
            "",
            "Minutes of a time-driven resource, the same in every period",
        ),
        Key::optional(
            "minutes_by_period",
            Kind::NumberByDay,
            "",
            "Minutes of a time-driven resource by any day of their period; a period not listed has 0",
        ),
        Key::optional(
            "fixed",
            Kind::Number,
            "",
            "Share of the giver's fixed part, from 0 to 1, beside a quantity for the rest",
        ),
    ],
    choice: Choice::OneOf(&["quantity", "quantities", "driver", "file", "minutes", "minutes_by_period"]),
};

static FILE: Section = Section {
    header: "file",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet or text files (CSV), relative to this file's folder",
        ),
        VERSION,
        Key::required(
            "account",
            Kind::Texts,
            "Who takes: the rows whose account column has this text, or one of these",
        ),
        Key::optional("account_column", Kind::Text, "\"account\"", "Column of who takes"),
        Key::optional("period_column", Kind::Text, "\"period\"", "Column of the date: any day of the period"),
        Key::optional("amount_column", Kind::Text, "\"amount\"", "Column of the quantity"),
        SEPARATOR,
        DECIMAL_MARK,
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};
