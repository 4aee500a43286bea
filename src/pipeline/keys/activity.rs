//! Keys of `[[costing.activity]]`.

use super::take::TAKE;
use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static ACTIVITY: Section = Section {
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
            "The source its SQL speaks of: an event source's name, or `acquisitions`",
        ),
        Key::optional(
            "level",
            Kind::Words(&["unit", "order", "customer", "product", "channel", "facility"]),
            "\"order\", with `line = \"acquisition\"` \"customer\"",
            "What causes it: order lines, orders, having the customer; or offering a product group, serving a channel, the business as a whole",
        ),
        Key::optional(
            "line",
            Kind::Words(&["price_concession", "financing", "acquisition"]),
            "cost to serve for the levels unit and order, customer-level cost for customer",
            "The line of the waterfall it forms; levels above the customer form none",
        ),
        Key::optional(
            "of",
            Kind::Text,
            "all of them",
            "The channel, one of `channel` in `[facts.customers]`, or the product group it belongs to, for these two levels",
        ),
        Key::optional(
            "resource",
            Kind::Text,
            "",
            "Time-driven: the resource whose minutes it takes. With `driver` in place of `minutes`: all of that resource. With `charge`: the resource that is drawn down",
        ),
        Key::optional("minutes", Kind::Driver, "", "Time equation: minutes per customer and period"),
        Key::optional(
            "from",
            Kind::Takes(&TAKE),
            "",
            "What it takes of resources and other activities, `{ \"warehouse rent\" = 0.4 }`; it may stand beside `resource` with `minutes`",
        ),
        Key::optional(
            "driver",
            Kind::Driver,
            "",
            "Volume per customer and period over which its cost is spread; `per active customer` counts 1 each",
        ),
        Key::optional(
            "spread",
            Kind::Driver,
            "",
            "In place of `driver`, for the levels product, channel and facility: spreads the cost over customers after all, below customer profit",
        ),
        Key::optional(
            "charge",
            Kind::Driver,
            "",
            "In place of `driver`: money that customers are charged directly, such as freight invoiced per order; it draws down `resource`",
        ),
        Key::optional("fallback", Kind::Driver, "", "The driver of periods in which `driver` has no volume"),
        Key::optional(
            "weights",
            Kind::Table(&WEIGHTS),
            "",
            "Intensity: how much each row of `driver`, `minutes` or `spread` counts",
        ),
        Key::optional(
            "negative",
            Kind::Words(&["error", "signed", "absolute", "zero"]),
            "\"error\"",
            "What a negative volume of a customer in a period means: an error, a credit, as much as a positive one, nothing",
        ),
        Key::optional(
            "rate",
            Kind::Ratio,
            "cost ÷ volume",
            "Standard rate: money per unit of volume; what it leaves over or under is a variance",
        ),
        Key::optional(
            "imputed",
            Kind::Flag,
            "false",
            "Its cost is volume × `rate` and comes out of no pool, such as interest on receivables; a contra line stands against it",
        ),
        Key::optional(
            "actual_minutes",
            Kind::NumberOrByDay,
            "",
            "Minutes really worked, per period or by any day of it, for the efficiency variance; a period not listed is not known; it needs `minutes` and the resource's `standard_rate`",
        ),
        Key::optional(
            "avoidable",
            Kind::Number,
            "1",
            "Share of its cost, from 0 to 1, that ends when what drives it ends",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static WEIGHTS: Section = Section {
    header: "weights",
    keys: &[
        Key::required("column", Kind::Sql, "Column, or SQL expression, whose text picks a row's weight"),
        Key::required("by", Kind::NumberByName, "Weights by text, from 0, `{ phone = 1.5, web = 1 }`"),
        Key::optional("otherwise", Kind::Number, "1", "Weight of every other row"),
    ],
    choice: Choice::Free,
};
