//! Keys of `[programme]`.

use super::{Choice, Key, Kind, Section, VERSION};

pub(in crate::pipeline) static PROGRAMME: Section = Section {
    header: "[programme]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet files, one row per movement of points of a loyalty programme",
        ),
        VERSION,
        Key::optional(
            "where",
            Kind::Sql,
            "every row",
            "Rows for which it is not true are excluded, and counted",
        ),
        Key::required(
            "customer",
            Kind::Sql,
            "Whose points: a customer of the facts, who is a member from the first row on",
        ),
        Key::required("at", Kind::Sql, "When: a date or timestamp"),
        Key::required("kind", Kind::Sql, "Text: `earned`, `redeemed` or `expired`"),
        Key::required(
            "points",
            Kind::Sql,
            "How many points, a whole number from 0; earned with 0 says that the customer joined",
        ),
        Key::optional(
            "paid",
            Kind::Sql,
            "net revenue of members",
            "Money from 0: what was paid for what earned the points, of which a part is deferred; a null is nothing",
        ),
        Key::optional("cost", Kind::Sql, "\"0\"", "Money: what redeeming the points cost the company"),
        Key::required(
            "worth",
            Kind::Number,
            "Money: what customers would pay for what one point buys, its stand-alone selling price before breakage",
        ),
        Key::optional(
            "redemption",
            Kind::NumberByDay,
            "",
            "Share of points earned that is expected to be redeemed, from the period of each day on, and before the first as on it; without it, estimated from the \
             programme's own history by period of earning",
        ),
        Key::optional(
            "matching",
            Kind::Table(&MATCHING),
            "",
            "How members are compared with customers who are not: cells in which both were alike before",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static MATCHING: Section = Section {
    header: "[programme.matching]",
    keys: &[
        Key::optional(
            "window_days",
            Kind::Integer(1, 36_600),
            "90",
            "Days after the day on which a member joined within which purchases, contribution and retention count",
        ),
        Key::optional(
            "baseline_days",
            Kind::Integer(1, 36_600),
            "180",
            "Days before that day within which purchases and revenue are counted",
        ),
        Key::optional("by", Kind::Texts, "", "Attributes of [facts.customers] that must be equal"),
        Key::optional(
            "recency_days",
            Kind::Numbers,
            "[30, 90, 180]",
            "Days since the last purchase at which bands begin, ascending",
        ),
        Key::optional(
            "tenure_days",
            Kind::Numbers,
            "[180, 365]",
            "Days since the first purchase at which bands begin, ascending: the cohort",
        ),
        Key::optional(
            "purchases",
            Kind::Numbers,
            "[1, 2, 4, 8]",
            "Purchases in the days before at which bands begin, ascending",
        ),
        Key::optional(
            "revenue",
            Kind::Numbers,
            "no bands",
            "Net revenue in the days before at which bands begin, ascending",
        ),
    ],
    choice: Choice::Free,
};
