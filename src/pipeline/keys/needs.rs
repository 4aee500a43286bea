//! Keys of `[needs]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static NEEDS: Section = Section {
    header: "[needs]",
    keys: &[
        Key::required(
            "traits",
            Kind::Texts,
            "By what customers who were not asked are assigned: attributes of [facts.customers], or `rfm_segment`, `tier`, \
             `profit_class`, `size_class`, `state` of [segments]",
        ),
        Key::optional("fewest_segments", Kind::Integer(2, 20), "2", "The fewest segments that are tried"),
        Key::optional("most_segments", Kind::Integer(2, 20), "6", "The most segments that are tried"),
        Key::optional(
            "criterion",
            Kind::Words(&["calinski_harabasz", "silhouette"]),
            "\"calinski_harabasz\"",
            "Their number is the one with the greatest: variance between segments over that within, or mean silhouette",
        ),
        Key::optional(
            "holdout",
            Kind::Number,
            "0.25",
            "Share of respondents, by a hash of their key, held out to measure how well traits predict the segment",
        ),
        Key::optional(
            "seed",
            Kind::Integer(0, 1_000_000),
            "1",
            "Another seed holds out others and begins with other segments",
        ),
    ],
    choice: Choice::Free,
};
