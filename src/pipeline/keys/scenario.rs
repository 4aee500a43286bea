//! Keys of `[scenario.NAME]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static SCENARIO: Section = Section {
    header: "[scenario.NAME]",
    keys: &[
        Key::optional("about", Kind::Text, "", "What it asks"),
        Key::optional(
            "amount",
            Kind::NumberByName,
            "",
            "Another amount of resources, in every period, `{ \"customer service\" = 40_000 }`",
        ),
        Key::optional(
            "amount_factor",
            Kind::NumberByName,
            "",
            "Factors on the money of resources, whether amount or ledger",
        ),
        Key::optional(
            "capacity",
            Kind::NumberByName,
            "",
            "Other practical minutes of time-driven resources, in every period",
        ),
        Key::optional(
            "from",
            Kind::NumberByNameByName,
            "",
            "Other shares, by who takes and of what: `[scenario.NAME.from.\"pick and pack\"]`, `\"warehouse rent\" = 0.5`",
        ),
        Key::optional("rate", Kind::RatioByName, "", "Standard or imputed rates of activities"),
        Key::optional(
            "driver",
            Kind::DriverByName,
            "",
            "Other coefficients in the driver or time equation of activities, of aggregates that the pipeline uses anyway",
        ),
        Key::optional(
            "prices",
            Kind::Number,
            "1",
            "Factor on list revenue, above 0; discounts and returns follow it",
        ),
        Key::optional("fee", Kind::Tables(&FEE), "", "Fees on orders, and what customers do about them"),
        Key::optional(
            "price",
            Kind::Tables(&PRICE),
            "",
            "Other prices of product groups or customers, and the quantity that they move",
        ),
        Key::optional(
            "drop",
            Kind::Table(&DROP),
            "",
            "Product groups, customers or orders that are dropped, and what else goes with them",
        ),
        Key::optional(
            "planned",
            Kind::NumberByName,
            "",
            "Planned driver volume of activities, or units of bills, per period: what a budget starts from",
        ),
        Key::optional(
            "growth",
            Kind::Number,
            "1",
            "Factor on the volumes of activities that are not planned one by one, above 0",
        ),
        Key::optional(
            "publish",
            Kind::Flag,
            "false",
            "Publish the scenario with every release, as rows of `whatif`, `whatif_line`, `whatif_response` and `whatif_customer`",
        ),
    ],
    // Each is about revenue as it is, and changes it.
    choice: Choice::AtMostOneOf(&["prices", "fee", "price", "drop"]),
};

pub(in crate::pipeline) static FEE: Section = Section {
    header: "[[scenario.NAME.fee]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique in the scenario: what the fee is called"),
        Key::optional(
            "below",
            Kind::Number,
            "",
            "Net revenue of an order from which the fee is not due, above 0; without it every order pays",
        ),
        Key::optional("amount", Kind::Number, "0", "Money for each order"),
        Key::optional("share", Kind::Number, "0", "Share of the order's net revenue, from 0 to 1"),
        Key::optional(
            "lost",
            Kind::Number,
            "0",
            "Share of these orders, from 0 to 1, that are not placed any more",
        ),
        Key::optional(
            "merged",
            Kind::Number,
            "0",
            "Share that customers put together with other orders of theirs: lines and revenue stay, the order goes",
        ),
        Key::optional(
            "raised",
            Kind::Number,
            "0",
            "Share that customers raise to `below`, by more of the same goods",
        ),
        ONLY,
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PRICE: Section = Section {
    header: "[[scenario.NAME.price]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique in the scenario: what the change is called"),
        Key::required("factor", Kind::Number, "Factor on list revenue, discount and returns, above 0"),
        Key::optional(
            "elasticity",
            Kind::Number,
            "0",
            "By how many per cent quantity changes when the price rises by one: mostly below 0",
        ),
        Key::optional("product_group", Kind::Texts, "", "Of these product groups alone"),
        ONLY,
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static DROP: Section = Section {
    header: "[scenario.NAME.drop]",
    keys: &[
        Key::optional("product_group", Kind::Texts, "", "Product groups that are not sold any more"),
        ONLY,
        Key::optional(
            "others_lost",
            Kind::Number,
            "0",
            "Share of what else the customers concerned buy, from 0 to 1, that goes too",
        ),
    ],
    choice: Choice::Free,
};

/// Which orders or customers a change of a scenario is about.
const ONLY: Key = Key::optional(
    "only",
    Kind::TextsByName,
    "",
    "Of orders and customers with these values alone: `dimensions` of the transactions, `channel` or `attributes` of the \
     customers, `tier` or `treatment` of `[segments]`, or keys as `customer`, `{ order_channel = [\"web\", \"phone\"] }`",
);

pub(in crate::pipeline) static SENSITIVITY: Section = Section {
    header: "[sensitivity]",
    keys: &[
        Key::optional(
            "off_by",
            Kind::Number,
            "0.1",
            "By which part of itself each estimate is off, above -1 and at most 10, not 0",
        ),
        Key::optional(
            "both_ways",
            Kind::Flag,
            "false",
            "Whether each estimate is off by as much the other way too, in a row of its own; `off_by` is then below 1",
        ),
    ],
    choice: Choice::Free,
};
