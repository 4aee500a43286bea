//! Keys of `[effects]`.

use super::{Choice, Key, Kind, Section, VERSION};

pub(in crate::pipeline) static EFFECTS: Section = Section {
    header: "[effects]",
    keys: &[
        Key::optional(
            "window_days",
            Kind::Integer(1, 36_600),
            "90",
            "Days from a contact on within which its outcome counts",
        ),
        Key::optional(
            "baseline_days",
            Kind::Integer(1, 36_600),
            "90",
            "Days before a contact that treated customers and those held out are compared by",
        ),
        Key::optional(
            "by",
            Kind::Texts,
            "",
            "Attributes of [facts.customers] by which effects are broken down",
        ),
        Key::optional("contacts", Kind::Table(&CONTACTS), "", "Who was treated, or held out, and when"),
        Key::optional("control", Kind::Table(&CONTROL), "", "Who is held out from every treatment"),
    ],
    choice: Choice::Free,
};

static CONTACTS: Section = Section {
    header: "[effects.contacts]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per customer and treatment"),
        VERSION,
        Key::optional(
            "where",
            Kind::Sql,
            "every row",
            "Rows for which it is not true are excluded, and counted",
        ),
        Key::required("customer", Kind::Sql, "Who: a customer of the transactions"),
        Key::required("at", Kind::Sql, "When: a date or timestamp; of several contacts the first counts"),
        Key::required("treatment", Kind::Sql, "Which treatment: text"),
        Key::optional(
            "arm",
            Kind::Sql,
            "by [effects.control]",
            "Text: `control` of customers who were to be treated and were held out, anything else of those treated",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static CONTROL: Section = Section {
    header: "[effects.control]",
    keys: &[
        Key::required("share", Kind::Number, "Share of customers held out, by a hash of their key: 0 to 1"),
        Key::optional("seed", Kind::Integer(0, 1_000_000), "1", "Another seed holds out other customers"),
    ],
    choice: Choice::Free,
};
