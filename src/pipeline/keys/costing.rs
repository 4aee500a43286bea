//! Keys of `[[costing.resource]]` and `[[costing.activity]]`.

use super::{Key, Kind, Section};

pub(super) static COSTING: Section = Section {
    header: "[costing]",
    keys: &[
        Key::optional("resource", Kind::Tables(&RESOURCE), "", "A pool of money per period"),
        Key::optional(
            "activity",
            Kind::Tables(&ACTIVITY),
            "",
            "Something done for customers that takes resources",
        ),
    ],
    exactly_one: &[],
};

static RESOURCE: Section = Section {
    header: "[[costing.resource]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique; activities refer to it"),
        Key::optional("amount", Kind::Number, "", "The same money in every period"),
        Key::optional(
            "amounts",
            Kind::NumberByDay,
            "",
            "Money by any day of its period, `{ \"2024-01-01\" = 1_000.50 }`; a period not listed has 0",
        ),
        Key::optional("ledger", Kind::Table(&LEDGER), "", "Money from rows of a ledger file"),
        Key::optional("capacity", Kind::Table(&CAPACITY), "", "Makes the resource time-driven"),
    ],
    exactly_one: &["amount", "amounts", "ledger"],
};

static LEDGER: Section = Section {
    header: "ledger",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet or CSV files, relative to this file's folder"),
        Key::required(
            "account",
            Kind::Texts,
            "The account or accounts this resource claims, `[\"6100\", \"6110\"]`",
        ),
        Key::optional("account_column", Kind::Text, "\"account\"", "Column of the account"),
        Key::optional("period_column", Kind::Text, "\"period\"", "Column of the date: any day of the period"),
        Key::optional("amount_column", Kind::Text, "\"amount\"", "Column of the amount"),
    ],
    exactly_one: &[],
};

static CAPACITY: Section = Section {
    header: "capacity",
    keys: &[
        Key::optional(
            "practical_minutes",
            Kind::Number,
            "",
            "Minutes per period at practical capacity, above 0",
        ),
        Key::optional("practical_hours", Kind::Number, "", "The same in hours"),
    ],
    exactly_one: &["practical_minutes", "practical_hours"],
};

static ACTIVITY: Section = Section {
    header: "[[costing.activity]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique"),
        Key::optional(
            "column",
            Kind::Text,
            "the name in snake case",
            "Suffix of its columns `volume_…` and `cost_…`: a–z, 0–9 and _, unique",
        ),
        Key::optional(
            "on",
            Kind::Text,
            "\"transactions\"",
            "The source its SQL speaks of: an event source's name",
        ),
        Key::optional(
            "level",
            Kind::Words(&["order", "customer"]),
            "\"order\"",
            "Caused by orders and their lines (part of cost to serve), or by having the customer",
        ),
        Key::optional(
            "resource",
            Kind::Text,
            "",
            "Time-driven: the resource whose minutes it takes. With `driver` in place of `minutes`: all of that resource",
        ),
        Key::optional("minutes", Kind::Driver, "", "Time equation: minutes per customer and period"),
        Key::optional(
            "from",
            Kind::NumberByName,
            "",
            "Shares of resources, `{ \"warehouse rent\" = 0.4 }`; at most 1 per resource over all activities",
        ),
        Key::optional(
            "driver",
            Kind::Driver,
            "",
            "Volume per customer and period over which the shares are spread; `per active customer` counts 1 each",
        ),
    ],
    exactly_one: &[],
};
