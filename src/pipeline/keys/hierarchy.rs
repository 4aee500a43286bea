//! Keys of `[hierarchy]`.

use super::{Choice, Key, Kind, Section, VERSION};

pub(in crate::pipeline) static HIERARCHY: Section = Section {
    header: "[hierarchy]",
    keys: &[
        Key::required(
            "levels",
            Kind::Texts,
            "Attributes of [facts.customers] whose values are the groups, from the customer upwards; a customer without a value is \
             a group of its own",
        ),
        Key::optional(
            "nested",
            Kind::Flag,
            "false",
            "Whether every group must lie within one group of the next level, as accounts of one parent in one household; a group \
             that does not ends the run",
        ),
        Key::optional(
            "shared",
            Kind::Table(&SHARED),
            "",
            "Customers who belong to several groups of a level, by shares; it takes the place of their attribute",
        ),
    ],
    choice: Choice::Free,
};

static SHARED: Section = Section {
    header: "[hierarchy.shared]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per shared customer and group"),
        VERSION,
        Key::optional(
            "where",
            Kind::Sql,
            "every row",
            "Rows for which it is not true are excluded, and counted",
        ),
        Key::required("customer", Kind::Sql, "Who: a customer of the transactions"),
        Key::optional(
            "level",
            Kind::Sql,
            "the only level",
            "Text: the level that the group is of, `\"'household'\"` where all are of one; needed with several levels",
        ),
        Key::required("group", Kind::Sql, "Text: the key of the group, as the level's attribute has it"),
        Key::required(
            "share",
            Kind::Sql,
            "A number above 0; those of a customer at a level add up to 1, up to 0.00001",
        ),
    ],
    choice: Choice::Free,
};
