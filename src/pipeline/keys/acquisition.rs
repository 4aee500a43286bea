//! Keys of `[acquisition]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static ACQUISITION: Section = Section {
    header: "[acquisition]",
    keys: &[
        Key::optional(
            "attributes",
            Kind::Texts,
            "the channel",
            "Attributes of [facts.customers] that are known when a customer comes, by which the value of newcomers is expected",
        ),
        Key::optional(
            "horizon",
            Kind::Text,
            "\"1 year\"",
            "How long after it came a newcomer's value is counted: a count of days, weeks, months or years",
        ),
        Key::optional(
            "holdout_days",
            Kind::Integer(1, 36_600),
            "90",
            "The latest newcomers with a whole horizon, of so many days, are held out to measure what was expected of them",
        ),
    ],
    choice: Choice::Free,
};
