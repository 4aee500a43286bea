//! Keys of `[plan]`.

use super::text_format::{DATE_FORMAT, DECIMAL_MARK, SEPARATOR, THOUSANDS_MARK};
use super::{Choice, Key, Kind, Section, VERSION};

const FILES: Key = Key::required(
    "files",
    Kind::Files,
    "The Parquet or text files (CSV), relative to this file's folder; rows of one period add up",
);

const PERIOD: Key =
    Key::optional("period_column", Kind::Text, "\"period\"", "Column of the date: any day of the period");

pub(in crate::pipeline) static PLAN: Section = Section {
    header: "[plan]",
    keys: &[
        Key::optional("about", Kind::Text, "", "Which plan it is, such as \"Budget 2024\""),
        Key::optional(
            "resources",
            Kind::Table(&PLAN_RESOURCES),
            "",
            "Planned cost, and practical capacity, of resources",
        ),
        Key::optional(
            "activities",
            Kind::Table(&PLAN_ACTIVITIES),
            "",
            "Planned driver volumes of activities",
        ),
        Key::optional(
            "sales",
            Kind::Table(&PLAN_SALES),
            "",
            "Planned units, revenue and product cost of product groups",
        ),
        Key::optional(
            "scenario",
            Kind::Text,
            "",
            "In place of files: the same period a year before, with the numbers of `[scenario.NAME]`",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PLAN_RESOURCES: Section = Section {
    header: "[plan.resources]",
    keys: &[
        FILES,
        VERSION,
        Key::optional(
            "resource_column",
            Kind::Text,
            "\"resource\"",
            "Column of the resource: its name, or an account of a ledger that it claims; accounts that no resource claims are a line of the result",
        ),
        PERIOD,
        Key::optional("cost_column", Kind::Text, "\"cost\"", "Column of the planned cost"),
        Key::optional(
            "practical_minutes_column",
            Kind::Text,
            "",
            "Column of the planned practical minutes; a period without has those of the resource",
        ),
        SEPARATOR,
        DECIMAL_MARK,
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PLAN_ACTIVITIES: Section = Section {
    header: "[plan.activities]",
    keys: &[
        FILES,
        VERSION,
        Key::optional("activity_column", Kind::Text, "\"activity\"", "Column of the activity's name"),
        PERIOD,
        Key::optional(
            "volume_column",
            Kind::Text,
            "\"volume\"",
            "Column of the planned driver volume; of a time-driven activity its minutes",
        ),
        Key::optional(
            "cost_column",
            Kind::Text,
            "",
            "Column of the planned cost, where no resources are planned: else it follows from theirs",
        ),
        Key::optional(
            "fixed_cost_column",
            Kind::Text,
            "",
            "Column of the part of the planned cost that does not follow the volume; else all of it does",
        ),
        SEPARATOR,
        DECIMAL_MARK,
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PLAN_SALES: Section = Section {
    header: "[plan.sales]",
    keys: &[
        FILES,
        VERSION,
        Key::optional(
            "product_group_column",
            Kind::Text,
            "\"product_group\"",
            "Column of the product group; `(none)` stands for lines without one",
        ),
        PERIOD,
        Key::optional("units_column", Kind::Text, "\"units\"", "Column of the planned units on sale lines"),
        Key::optional(
            "list_revenue_column",
            Kind::Text,
            "\"list_revenue\"",
            "Column of their planned list value",
        ),
        Key::optional("discount_column", Kind::Text, "", "Column of the planned discount"),
        Key::optional("returns_column", Kind::Text, "", "Column of the planned net value of returns"),
        Key::optional("product_cost_column", Kind::Text, "", "Column of the planned cost of goods"),
        SEPARATOR,
        DECIMAL_MARK,
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};
