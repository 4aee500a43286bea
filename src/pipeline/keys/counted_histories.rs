//! Keys of `[counted_histories]`.

use super::{Choice, Key, Kind, Section, VERSION};

pub(in crate::pipeline) static COUNTED_HISTORIES: Section = Section {
    header: "[counted_histories]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet files, one row per customer, or per history with the number of customers who have it",
        ),
        VERSION,
        Key::optional(
            "where",
            Kind::Sql,
            "every row",
            "Rows for which it is not true are excluded, and counted",
        ),
        Key::required(
            "purchases",
            Kind::Sql,
            "Opportunities that were taken, a whole number: years with a donation after the year of the first",
        ),
        Key::required(
            "last_purchase",
            Kind::Sql,
            "Number of the last opportunity that was taken, 1 for the first after the one that made them customers; 0 if none was",
        ),
        Key::required(
            "opportunities",
            Kind::Sql,
            "How many opportunities there were, up to 1200: a number, as `\"6\"`, or a column",
        ),
        Key::optional(
            "customers",
            Kind::Sql,
            "1",
            "How many customers the row is about, a whole number from 0",
        ),
        Key::optional(
            "contribution",
            Kind::Sql,
            "",
            "Contribution of a purchase, on average over the row's customers: histories are valued by it",
        ),
        Key::optional(
            "every",
            Kind::Text,
            "\"1 year\"",
            "From one opportunity to the next: a count of days, weeks, months or years; what comes later is discounted by clv.discount_rate_annual",
        ),
        Key::optional(
            "horizon",
            Kind::Integer(1, 1_200),
            "5",
            "Opportunities that purchases are expected for, beside those for ever",
        ),
    ],
    choice: Choice::Free,
};
